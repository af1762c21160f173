"""A few simulated years: the published rule against first come, first served, on the same arrivals."""

from __future__ import annotations

import statistics
from datetime import timedelta

import pytest

from app.bookings import rules
from benchmarks import fair_booking
from benchmarks.fair_booking import Booked, Figures

YEARS = [fair_booking.invent(seed, 25) for seed in range(4)]


def mean(policy: fair_booking.Policy, field: str, *, has_list: bool = True) -> float:
    found: list[Figures] = [fair_booking.figures(year, policy, has_list=has_list) for year in YEARS]
    return statistics.mean(getattr(one, field) for one in found)


def test_the_rule_is_fairer_than_first_come_and_fills_as_many_seats(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = [fair_booking.figures(year, rules.next_turn) for year in YEARS]
    theirs = [fair_booking.figures(year, fair_booking.first_come) for year in YEARS]
    without_list = mean(fair_booking.first_come, "filled", has_list=False)
    filled, worst, jain = (
        statistics.mean(getattr(one, field) for one in ours) for field in ("filled", "worst", "jain")
    )
    assert worst > statistics.mean(one.worst for one in theirs)
    assert jain > statistics.mean(one.jain for one in theirs)
    assert filled > 1.02 * without_list
    assert filled == pytest.approx(statistics.mean(one.filled for one in theirs), rel=0.01)
    # Without its limits the promise to keep seats costs some.
    monkeypatch.setattr(rules, "NEARLY", 0.0)
    monkeypatch.setattr(rules, "LAST_CALL", timedelta(0))
    assert mean(rules.next_turn, "filled") < 0.99 * filled


def test_nobody_is_seated_twice_or_without_a_seat() -> None:
    for event in YEARS[0].events:
        coming = Booked(event, rules.next_turn).coming
        assert len({one.id for one in coming}) == len(coming)
        for visit in range(len(event.starts)):
            assert sum(one.people for one in coming if one.visit == visit) <= event.seats
