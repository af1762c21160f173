"""Guests: who books a session without an account, by an address that a mailed link confirms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from app.bookings.models import BookingState, GuestNews
from app.bookings.rules import Guest

MOST_PEOPLE = 5
"""Of one address in one session."""
CODE_LASTS = timedelta(hours=24)
KEPT_FOR = timedelta(days=30)
"""How long after the visit a guest's name and address are kept: for whoever asks what came of it."""
MOST_HELD = 0.25
"""This part of a session's seats at most is held for addresses that nobody has confirmed: forms are cheap to fill in."""
ANYBODY = Guest(school_id=None, year=None, programme_id=None, is_group=False)
"""A guest, as quotas know one: those of a school, a year or a programme are for others."""
NEWS: Mapping[BookingState, GuestNews] = {
    BookingState.BOOKED: GuestNews.BOOKED,
    BookingState.ATTENDED: GuestNews.BOOKED,
    BookingState.ABSENT: GuestNews.BOOKED,
    BookingState.WAITING: GuestNews.WAITING,
    BookingState.OFFERED: GuestNews.OFFERED,
}
"""What somebody is told who asks again for what they have already."""


def may_hold(people: int, *, held: int, seats: int) -> bool:
    """Whether so many more seats may wait for a confirmation; the first of a session always may.

    >>> may_hold(5, held=0, seats=10), may_hold(3, held=2, seats=20), may_hold(4, held=2, seats=20)
    (True, True, False)
    """
    return held == 0 or held + people <= seats * MOST_HELD
