"""Which visit comes first for a class, and what stands in the way of a session: one table each."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import pytest

from app.bookings.rules import Guest, Hall
from app.calendars.rules import Closing
from app.class_visits import rules
from app.class_visits.rules import GroupFit, Hindrance, Turn
from tests.factories import NOW

DAY = date(2026, 3, 2)
GROUP = Guest(UUID(int=1), 4, None, is_group=True)


def _fit(number: int, *scores: float, km: float | None = 10) -> GroupFit:
    return GroupFit(UUID(int=number), scores, km, ())


def _turn(*obstacles: Hindrance) -> Turn:
    return Turn(UUID(int=9), NOW, NOW, "it", 30, 0, obstacles)


@pytest.mark.parametrize(
    ("seats", "taken", "people", "smallest", "closings", "found"),
    [
        (30, 0, 27, None, [], []),
        (30, 4, 27, None, [], [Hindrance.WAIT]),
        (26, 0, 27, None, [], [Hindrance.LARGE]),
        (30, 0, 9, 10, [], [Hindrance.SMALL]),
        (30, 0, 27, None, [Closing(DAY, DAY, "Ponte")], [Hindrance.CLOSED]),
        (30, 0, 27, None, [Closing(date(2026, 3, 3), date(2026, 3, 4), "Ponte")], []),
        (30, 30, 9, 10, [Closing(date(2026, 3, 1), DAY, "Ponte")], [Hindrance.CLOSED, Hindrance.SMALL, Hindrance.WAIT]),
    ],
)  # fmt: skip
def test_obstacles_of_a_session(
    seats: int, taken: int, people: int, smallest: int | None, closings: list[Closing], found: list[Hindrance]
) -> None:
    hall = Hall(seats, taken, (), NOW)
    assert list(rules.obstacles(hall, GROUP, people, smallest, DAY, closings)) == found


def test_order_counts_mean_and_worst_alike_and_puts_what_can_be_booked_first() -> None:
    lines = [
        (_fit(1, 0.9, 0.9, 0.9), [_turn(Hindrance.WAIT)]),
        (_fit(2, 0.9, 0.9, 0.0), [_turn()]),  # mean 0.6, worst 0
        (_fit(3, 0.5, 0.5, 0.4), [_turn(Hindrance.CLOSED), _turn()]),  # mean 0.47, worst 0.4
        (_fit(4, 0.5, 0.5, 0.4, km=2), [_turn()]),
        (_fit(5), [_turn()]),  # nobody is ranked
        (_fit(6, 0.9), [_turn(Hindrance.WAIT, Hindrance.TEST), _turn(Hindrance.TEST)]),
        (_fit(7, 0.9), [_turn(Hindrance.LARGE, Hindrance.WAIT)]),
    ]
    order = sorted(lines, key=lambda line: rules.order_key(*line))
    assert [fit.opportunity_id.int for fit, _ in order] == [4, 3, 2, 5, 6, 1, 7]
    assert (_fit(2, 0.9, 0.0).suited, _fit(5).mean, _fit(5).worst) == (1, 0.0, 0.0)
