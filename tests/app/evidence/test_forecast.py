from __future__ import annotations

import random
from math import pi, sin

import pytest

from app.evidence import forecast
from app.evidence.forecast import COVERAGE, Month

AHEAD = 3


def series(draw: random.Random, months: int, *, season: float, drift: float) -> list[float]:
    """Counts around a level that drifts and a year that repeats itself."""
    level = draw.uniform(20, 60)
    found = []
    for month in range(months):
        level += draw.gauss(drift, 1)
        found.append(max(0, round(level + season * sin(2 * pi * month / 12) + draw.gauss(0, 4))))
    return found


@pytest.mark.parametrize(("months", "season", "drift"), [(18, 0, 0.3), (36, 12, 0.1), (60, 20, 0)])
def test_intervals_hold_what_they_promise(months: int, season: float, drift: float) -> None:
    draw = random.Random(7)  # noqa: S311
    hits = [0] * AHEAD
    rounds = 400
    for _ in range(rounds):
        whole = series(draw, months + AHEAD, season=season, drift=drift)
        for step, month in enumerate(forecast.forecast(whole[:months], AHEAD)):
            hits[step] += month.low <= whole[months + step] <= month.high
    assert all(COVERAGE - 0.08 <= hit / rounds <= 0.97 for hit in hits), [hit / rounds for hit in hits]


def test_half_as_wide_they_would_not(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = forecast._quantile
    monkeypatch.setattr(forecast, "_quantile", lambda errors: whole(errors) / 2)
    with pytest.raises(AssertionError):
        test_intervals_hold_what_they_promise(36, 12, 0.1)


def test_a_year_that_repeats_itself_is_told_exactly() -> None:
    year = [5, 8, 3, 1, 0, 0, 2, 9, 14, 11, 7, 6]
    assert forecast.forecast(year * 3, 2) == [Month(5, 5, 5), Month(8, 8, 8)]


def test_bounds_are_in_order_and_widen() -> None:
    draw = random.Random(3)  # noqa: S311
    found = forecast.forecast(series(draw, 20, season=5, drift=0), 6)
    assert all(0 <= one.low <= one.value <= one.high for one in found)
    widths = [one.high - one.value for one in found]
    assert widths == sorted(widths)
