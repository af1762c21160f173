"""How long work in the terminal shows where it stands: a bar with the time left, or plain lines.

A bar is drawn on standard error when it is a terminal; otherwise, or when asked to be quiet, a line is written at the
beginning, at most one every ten seconds, and one at the end.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

SECONDS_BETWEEN_LINES = 10.0
Clock = Callable[[], float]


class Advance:
    """Tells how far the work has come; `total` may be unknown."""

    def __init__(self, total: int | None, show: Callable[[int], None]) -> None:
        self.total = total
        self.done = 0
        self._show = show

    def __call__(self, steps: int = 1) -> None:
        """So many steps more are done."""
        self.reach(self.done + steps)

    def reach(self, done: int) -> None:
        """So many steps are done in all."""
        self.done = done
        self._show(done)


@contextmanager
def progress(
    label: str, total: int | None = None, *, quiet: bool = False, clock: Clock = time.monotonic
) -> Iterator[Advance]:
    """Show the work of a block: `with progress("Ranking", 1200) as advance: … advance()`."""
    show = _lines if quiet or not sys.stderr.isatty() else _bar
    with show(label, total, clock) as advance:
        yield advance


@contextmanager
def _lines(label: str, total: int | None, clock: Clock) -> Iterator[Advance]:
    started = said = clock()

    def show(done: int) -> None:
        nonlocal said
        now = clock()
        if now - said >= SECONDS_BETWEEN_LINES:
            said = now
            typer.echo(f"{label}: {_standing(done, total, now - started)}", err=True)

    typer.echo(f"{label}: {total:,} to do" if total is not None else f"{label} …", err=True)
    advance = Advance(total, show)
    yield advance
    counted = f"{advance.done:,} " if advance.done else ""
    typer.echo(f"{label}: {counted}done in {clock() - started:.1f} s", err=True)


def _standing(done: int, total: int | None, seconds: float) -> str:
    if total is None:
        return f"{done:,}"
    if not done:
        return f"0 of {total:,}"
    return f"{done:,} of {total:,}, {max(total - done, 0) * seconds / done:.0f} s left"


@contextmanager
def _bar(label: str, total: int | None, _clock: Clock) -> Iterator[Advance]:
    # Imported here: it costs a tenth of a second that a command without a bar should not pay.
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(show_speed=True),
        TextColumn("{task.completed:,.0f}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=total)
        advance = Advance(total, lambda done: bar.update(task, completed=done))
        yield advance
        bar.update(task, total=advance.done or 1, completed=advance.done or 1)
