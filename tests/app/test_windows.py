"""Counting in this process."""

from __future__ import annotations

import pytest

from app import rates
from app.rates import Windows


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(rates, "time", clock)
    return clock


def test_a_window_begins_with_a_caller_s_first_request_and_ends_a_minute_later(clock: Clock) -> None:
    windows = Windows()
    assert [windows.hit("ada", 2) for _ in range(3)] == [
        (True, 1060.0, 1),
        (True, 1060.0, 0),
        (False, 1060.0, 0),
    ]
    clock.now = 1030.0
    assert windows.hit("eva", 2) == (True, 1090.0, 1)
    assert windows.hit("ada", 2) == (False, 1060.0, 0)
    clock.now = 1060.0
    assert windows.hit("ada", 2) == (True, 1120.0, 1)
    assert windows.hit("eva", 2) == (True, 1090.0, 0)


def test_windows_that_are_over_are_forgotten(clock: Clock) -> None:
    windows = Windows()
    for number in range(100):
        clock.now += 1
        windows.hit(f"caller {number}", 5)
    assert len(windows._windows) == 60
