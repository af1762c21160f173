"""How long work shows where it stands."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator

import pytest

from app.progress import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def clock(*moments: float) -> Iterator[float]:
    yield from moments


def test_lines_say_beginning_standing_and_end(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = clock(0, 1, 10, 11, 30, 40)
    with progress("Ranking", 1200, clock=lambda: next(ticks)) as advance:
        advance(100)  # after a second: too soon for a line
        advance()  # after ten
        advance()  # one second later
        advance.reach(1200)
    assert capsys.readouterr().err.splitlines() == [
        "Ranking: 1,200 to do",
        "Ranking: 101 of 1,200, 109 s left",
        "Ranking: 1,200 of 1,200, 0 s left",
        "Ranking: 1,200 done in 40.0 s",
    ]


def test_lines_do_without_a_total(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = clock(0, 20, 21)
    with progress("Writing", clock=lambda: next(ticks)) as advance:
        advance(7)
    assert capsys.readouterr().err.splitlines() == ["Writing …", "Writing: 7", "Writing: 7 done in 21.0 s"]
    with progress("Writing"):
        pass
    assert capsys.readouterr().err.splitlines() == ["Writing …", "Writing: done in 0.0 s"]


def test_lines_say_nothing_of_time_before_anything_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    ticks = clock(0, 20, 21)
    with progress("Writing", 5, clock=lambda: next(ticks)) as advance:
        advance.reach(0)
    assert "Writing: 0 of 5" in capsys.readouterr().err.splitlines()


def test_lines_do_not_end_work_that_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ZeroDivisionError), progress("Writing", 5):
        raise ZeroDivisionError
    assert capsys.readouterr().err.splitlines() == ["Writing: 5 to do"]


@pytest.mark.parametrize("total", [1200, None])
def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch, total: int | None) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("Ranking", total) as advance:
        advance(1200)
        assert (advance.done, advance.total) == (1200, total)
    shown = terminal.getvalue()
    assert "Ranking" in shown
    assert "100%" in shown
    assert "1,200" in shown


def test_a_terminal_gets_lines_when_asked_to_be_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    with progress("Ranking", 3, quiet=True) as advance:
        advance(3)
    assert terminal.getvalue().startswith("Ranking: 3 to do\nRanking: 3 done in ")
