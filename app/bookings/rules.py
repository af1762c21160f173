"""For how many there is room, who of those who wait is served next, how a booking goes on, and who sees what of it.

The rule of seats, in plain words. A session has seats, and everybody who comes takes one, adults too. A *limit* says how
many of some people may come, or how many groups. A *reservation* keeps seats for some people until it is released. There
is room for as many as there are free seats, less those kept for others, and never for more than each limit leaves.

The rule of the waiting list. Whoever asks joins it, and it is served at once: first the school with the fewest seats in
this event, then the earlier request, then the draw. Who does not fit is passed over, and that is counted where it costs
seats that the one passed over could use; after `MOST_PASSES` of them these seats are kept until there are enough. They are
kept only while `NEARLY` all that it needs is there, and until `LAST_CALL` before the session: no seat stays empty for a hope.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple, Self
from uuid import UUID

from app import dates
from app.auth.actors import Actor
from app.bookings.models import BookingEnd, BookingState
from app.settings import Settings

MOST_PASSES = 3
"""So often others go before one that does not fit; then its seats are kept."""
NEARLY, LAST_CALL = 0.75, timedelta(days=7)
"""Measured: see decision 36 and `benchmarks/fair_booking.py`."""
MOST_SESSIONS, MOST_QUOTAS = 100, 50
"""Of one event."""

# --- seats ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Guest:
    """What a quota knows of who comes; a guest is of no school and no year."""

    school_id: UUID | None
    year: int | None
    programme_id: str | None
    is_group: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A quota as it stands. `seats` or `most_groups` None is no limit; `keeps` makes it a reservation."""

    id: UUID
    seats: int | None
    seats_taken: int = 0
    most_groups: int | None = None
    groups_taken: int = 0
    school_id: UUID | None = None
    year: int | None = None
    programme_id: str | None = None
    keeps: bool = False
    released_at: datetime | None = None

    def is_for(self, guest: Guest) -> bool:
        """Whether the quota is about them: each thing that it names must hold."""
        return (
            self.school_id in (None, guest.school_id)
            and self.year in (None, guest.year)
            and self.programme_id in (None, guest.programme_id)
        )

    def kept(self, now: datetime) -> int:
        """Seats that it keeps free at this moment."""
        is_over = not self.keeps or (self.released_at is not None and self.released_at <= now)
        return 0 if is_over or self.seats is None else self.seats - self.seats_taken


@dataclass(frozen=True, slots=True)
class Hall:
    """The seats of a session and all quotas that touch it."""

    seats: int
    seats_taken: int
    shares: tuple[Share, ...]
    now: datetime
    starts_at: datetime | None = None

    @property
    def free(self) -> int:
        """Seats that nobody has."""
        return self.seats - self.seats_taken


class Counted(NamedTuple):
    """What a booking takes of one quota."""

    seats: int
    groups: int


def room(hall: Hall, guest: Guest) -> int:
    """For how many people of this sort there is room."""
    mine = [share for share in hall.shares if share.is_for(guest)]
    rooms = [hall.free - sum(share.kept(hall.now) for share in hall.shares if share not in mine)]
    for share in mine:
        if not share.keeps and share.seats is not None:
            rooms.append(share.seats - share.seats_taken)
        if guest.is_group and share.most_groups is not None and share.groups_taken >= share.most_groups:
            rooms.append(0)
    return max(0, min(rooms))


def most(hall: Hall, guest: Guest) -> int:
    """For how many of this sort there would be room if nobody had come and all that can be released were."""
    last = datetime.max.replace(tzinfo=UTC)
    shares = tuple(replace(share, seats_taken=0, groups_taken=0) for share in hall.shares)
    return room(replace(hall, seats_taken=0, shares=shares, now=last), guest)


def counted(hall: Hall, guest: Guest, people: int) -> dict[UUID, Counted]:
    """How so many count: in each limit, and in reservations for as many as these still keep, the first released first."""
    counts = {}
    left = people
    last = datetime.max.replace(tzinfo=UTC)
    for share in sorted(hall.shares, key=lambda one: (one.released_at or last, one.id)):
        if not share.is_for(guest):
            continue
        if not share.keeps:
            counts[share.id] = Counted(people, int(guest.is_group))
        elif drawn := min(left, share.kept(hall.now)):
            counts[share.id] = Counted(drawn, 0)
            left -= drawn
    return counts


def seated(hall: Hall, guest: Guest, people: int) -> Hall:
    """The hall with so many more."""
    counts = counted(hall, guest, people)
    none = Counted(0, 0)
    shares = tuple(
        replace(
            share,
            seats_taken=share.seats_taken + counts.get(share.id, none).seats,
            groups_taken=share.groups_taken + counts.get(share.id, none).groups,
        )
        for share in hall.shares
    )
    return replace(hall, seats_taken=hall.seats_taken + people, shares=shares)


def split(
    students: int, adults: int, rooms: tuple[int, int], least: int
) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """Students and adults of the two halves of a class, as even as these rooms let them be; None where they do not fit.

    >>> split(25, 2, (20, 20), 1), split(25, 2, (6, 40), 1)
    (((13, 1), (12, 1)), ((5, 1), (20, 1)))
    >>> split(25, 2, (10, 10), 1), split(25, 1, (20, 20), 1)
    (None, None)
    """
    ways = [
        ((first, some), (students - first, adults - some))
        for some in range(1, adults)
        for first in range(1, students)
    ]
    fitting = [
        way for way in ways if all(least <= sum(half) <= room for half, room in zip(way, rooms, strict=True))
    ]
    # Of two that are as even, the one with more in the first session.
    return min(
        fitting, key=lambda way: (abs(sum(way[0]) - sum(way[1])), -sum(way[0]), -way[0][0]), default=None
    )


# --- waiting ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiter:
    """A booking that waits."""

    id: UUID
    guest: Guest
    people: int
    asked_at: datetime
    draw: str
    passes: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """Who is served next, and who of those before is passed over at a cost."""

    served: Waiter
    passed: tuple[Waiter, ...]


def draw(seed: int, booking_id: UUID) -> str:
    """The lot of a booking, the smallest first; anybody who knows the session's seed can draw it again.

    >>> draw(7, UUID(int=1))[:4]
    'a3f8'
    """
    return hashlib.sha256(f"{seed}:{booking_id}".encode()).hexdigest()


def in_order(waiters: Collection[Waiter], served: Mapping[UUID | None, int]) -> list[Waiter]:
    """The list, the next first; `served` has the seats that each school has in this event, and guests together as one."""
    return sorted(waiters, key=lambda one: (served.get(one.guest.school_id, 0), one.asked_at, one.draw))


def next_turn(hall: Hall, waiters: Collection[Waiter], served: Mapping[UUID | None, int]) -> Turn | None:
    """Who is served next, if anybody can be."""
    before: list[Waiter] = []
    for one in in_order(waiters, served):
        if one.people > room(hall, one.guest):
            before.append(one)
            continue
        after = seated(hall, one.guest, one.people)
        passed = [other for other in before if room(after, other.guest) < room(hall, other.guest)]
        if not any(_has_priority(hall, other) for other in passed):
            return Turn(one, tuple(passed))
    return None


def _has_priority(hall: Hall, waiter: Waiter) -> bool:
    # For one that can never fit, or hardly in time, no seat stays empty.
    is_late = hall.starts_at is not None and hall.now >= hall.starts_at - LAST_CALL
    is_near = NEARLY * waiter.people <= room(hall, waiter.guest)
    can_fit = waiter.people <= most(hall, waiter.guest)
    return waiter.passes >= MOST_PASSES and is_near and can_fit and not is_late


class Place(NamedTuple):
    """Where a booking stands on the list, and why it waits."""

    position: int
    before_people: int | None
    """The size of the one directly before it; None for the first."""
    room: int
    passes: int


def place(
    hall: Hall, waiters: Collection[Waiter], served: Mapping[UUID | None, int], booking_id: UUID
) -> Place | None:
    """The place of one that waits; None for one that does not."""
    order = in_order(waiters, served)
    for index, one in enumerate(order):
        if one.id == booking_id:
            before = order[index - 1].people if index else None
            return Place(index + 1, before, room(hall, one.guest), one.passes)
    return None


# --- life -------------------------------------------------------------------------------------------------------------


class BookingAction(StrEnum):
    """What people do with a booking."""

    CONFIRM = "confirm"
    ACCEPT = "accept"
    DECLINE = "decline"
    CANCEL = "cancel"
    ATTEND = "attend"
    MISS = "miss"


HOLDS_SEATS = frozenset(
    {
        BookingState.HELD,
        BookingState.BOOKED,
        BookingState.OFFERED,
        BookingState.ATTENDED,
        BookingState.ABSENT,
    }
)
OPEN = frozenset({BookingState.HELD, BookingState.BOOKED, BookingState.WAITING, BookingState.OFFERED})
HAS_CLOCK = OPEN - {BookingState.BOOKED}
ENDED = frozenset({BookingState.CANCELLED, BookingState.DECLINED, BookingState.EXPIRED})
PROMISED = frozenset({BookingState.HELD, BookingState.BOOKED})
"""The student means to come: nothing else may be at that time. An offer is a question, and a wait a hope."""

TRANSITIONS: Mapping[BookingAction, Mapping[BookingState, BookingState]] = {
    BookingAction.CONFIRM: {BookingState.HELD: BookingState.BOOKED},
    BookingAction.ACCEPT: {BookingState.OFFERED: BookingState.BOOKED},
    BookingAction.DECLINE: {BookingState.OFFERED: BookingState.DECLINED},
    BookingAction.CANCEL: dict.fromkeys(OPEN - {BookingState.OFFERED}, BookingState.CANCELLED),
    BookingAction.ATTEND: dict.fromkeys(
        (BookingState.BOOKED, BookingState.ABSENT), BookingState.ATTENDED
    ),
    BookingAction.MISS: dict.fromkeys((BookingState.BOOKED, BookingState.ATTENDED), BookingState.ABSENT),
}  # fmt: skip
"""Where each action leads. From a state that does not stand here it is refused; where it has led already it changes nothing."""
OF_THE_DAY = frozenset({BookingAction.ATTEND, BookingAction.MISS})
"""Said by who was there, once the session has begun; all others before."""
AFTER: Mapping[BookingState, BookingEnd] = {
    BookingState.HELD: BookingEnd.NO_ANSWER,
    BookingState.OFFERED: BookingEnd.NO_ANSWER,
    BookingState.WAITING: BookingEnd.NO_SEAT,
}
"""Why a booking ends whose clock has struck."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a hold and an offer keep seats."""

    hold: timedelta
    offer: timedelta

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the operator has set."""
        return cls(
            timedelta(minutes=settings.booking_hold_minutes), timedelta(hours=settings.booking_offer_hours)
        )


def due_at(state: BookingState, starts_at: datetime, now: datetime, limits: Limits) -> datetime | None:
    """When the clock of a state strikes, never after the session has begun; None for a state without one."""
    waits = {BookingState.HELD: limits.hold, BookingState.OFFERED: limits.offer}
    if state is BookingState.WAITING:
        return starts_at
    return min(now.astimezone(UTC) + waits[state], starts_at) if state in waits else None


class Side(StrEnum):
    """For whom somebody speaks of a booking."""

    STUDENT = "student"
    SCHOOL = "school"
    HOST = "host"
    SERVICE = "service"


def may(side: Side, action: BookingAction, *, is_group: bool) -> bool:
    """A single is the student's, and the school's; a group the school's. Who came is for the host and the school to say."""
    if action in OF_THE_DAY:
        return side in (Side.HOST, Side.SCHOOL)
    return side is Side.SCHOOL or (side is Side.STUDENT and not is_group)


def actions(side: Side, state: BookingState, *, is_group: bool, has_begun: bool) -> list[BookingAction]:
    """What this side can do now."""
    return [
        action
        for action in BookingAction
        if state in TRANSITIONS[action]
        and may(side, action, is_group=is_group)
        and (action in OF_THE_DAY) == has_begun
    ]


def side_of(
    actor: Actor,
    *,
    school_id: UUID | None,
    class_id: UUID | None,
    members: Collection[UUID],
    is_host: bool,
) -> Side | None:
    """For whom the actor speaks; None when the booking does not exist for the actor.

    A host, and who oversees it, learns the school, the year and how many come, and no student (decision 0027); a guest is of
    no school.
    """
    if any(actor.is_student(one) for one in members):
        return Side.STUDENT
    if actor.is_staff_of(school_id, class_id):
        return Side.SCHOOL
    if actor.is_administrator:
        return Side.SERVICE
    return Side.HOST if is_host else None


def sees_students(side: Side, *, is_group: bool) -> bool:
    """Whether this side learns who comes: the host never does, and of a group its students do not either."""
    return side in (Side.SCHOOL, Side.SERVICE) or (side is Side.STUDENT and not is_group)


# --- time -------------------------------------------------------------------------------------------------------------

_PARTS = (
    (time.min, time(13), dates.PartName.MORNING),
    (time(13), time(18), dates.PartName.AFTERNOON),
    (time(18), time.max, dates.PartName.EVENING),
)


class Moment(NamedTuple):
    """When a session is, as everything else that clashes says it: on the clocks of the place."""

    starts_on: date
    ends_on: date
    weekdays: int
    starts_at: time
    ends_at: time

    @property
    def parts(self) -> list[dates.PartName]:
        """The parts of the day that it touches."""
        return [name for first, last, name in _PARTS if self.starts_at < last and first < self.ends_at]


def moment(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> Moment | None:
    """The day and the hours; None where they are not of one day.

    >>> from zoneinfo import ZoneInfo
    >>> moment(datetime(2026, 3, 29, 7, tzinfo=UTC), datetime(2026, 3, 29, 9, tzinfo=UTC), ZoneInfo("Europe/Rome"))[2:]
    (64, datetime.time(9, 0), datetime.time(11, 0))
    """
    first, last = starts_at.astimezone(zone), ends_at.astimezone(zone)
    if first.date() != last.date():
        return None
    weekdays = dates.weekdays_between(first.date(), first.date())
    return Moment(first.date(), first.date(), weekdays, first.time(), last.time())
