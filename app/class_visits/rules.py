"""What a visit is worth to a group that travels together, what stands in the way of each session, and in which order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from app.bookings.rules import Guest as Group
from app.bookings.rules import Hall, most, room
from app.calendars.rules import Closing
from app.class_tests.rules import Sitting


class Hindrance(StrEnum):
    """Why a session does not suit the group as it is."""

    CLOSED = "closed"
    """The school is closed on that day."""
    SMALL = "small"
    """The host asks for more people."""
    LARGE = "large"
    """There can never be room for so many; the class could come in two halves."""
    WAIT = "wait"
    """There is no room for all of them now: they would join the waiting list."""
    TEST = "test"
    """The class has a test then."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A session, for how many of the group there is room now, how many bookings wait, and what stands in the way.

    `tests` are the class's at that time.
    """

    visit_session_id: UUID
    starts_at: datetime
    ends_at: datetime
    language: str
    room: int
    waiting: int
    obstacles: tuple[Hindrance, ...]
    tests: tuple[Sitting, ...] = ()

    @property
    def standing(self) -> int:
        """What it takes to come: 0 nothing, 1 another day for a test, 2 waiting; 3 the group as it is cannot come."""
        found = set(self.obstacles)
        if found - {Hindrance.TEST, Hindrance.WAIT}:
            return 3
        return 2 if Hindrance.WAIT in found else len(found)


@dataclass(frozen=True, slots=True)
class GroupFit:
    """What a visit is to the students of a group: a score of 0 to 1 for each who may be ranked, 0 where a rule is against it."""

    opportunity_id: UUID
    scores: tuple[float, ...]
    travel_km: float | None
    discovers: tuple[str, ...]
    """Skills that it teaches and fewer than half of the group have."""

    @property
    def mean(self) -> float:
        """How well it suits them together; 0 where nobody is ranked."""
        return sum(self.scores) / len(self.scores) if self.scores else 0.0

    @property
    def worst(self) -> float:
        """How well it suits the one whom it suits least."""
        return min(self.scores, default=0.0)

    @property
    def suited(self) -> int:
        """For how many no rule is against it."""
        return sum(score > 0 for score in self.scores)


def obstacles(
    hall: Hall, group: Group, people: int, smallest_group: int | None, day: date, closings: Iterable[Closing], *,
    has_test: bool = False,
) -> tuple[Hindrance, ...]:  # fmt: skip
    """What stands in the way of a session on that day, for so many people."""
    found = []
    if any(one.starts_on <= day <= one.ends_on for one in closings):
        found.append(Hindrance.CLOSED)
    if smallest_group is not None and people < smallest_group:
        found.append(Hindrance.SMALL)
    if people > most(hall, group):
        found.append(Hindrance.LARGE)
    elif people > room(hall, group):
        found.append(Hindrance.WAIT)
    if has_test:
        found.append(Hindrance.TEST)
    return tuple(found)


def discovers(taught: Sequence[str], held: Sequence[Collection[str]]) -> tuple[str, ...]:
    """Those of the taught skills that fewer than half of the group have.

    >>> discovers(["plc", "welding"], [{"welding"}, {"welding", "plc"}, set()])
    ('plc',)
    """
    return tuple(skill for skill in taught if 2 * sum(skill in own for own in held) < len(held))


def turn_key(turn: Turn) -> tuple[int, datetime, str]:
    """Where a session of a visit stands, the smallest first: what the group can book now, then by time."""
    return (turn.standing, turn.starts_at, str(turn.visit_session_id))


def order_key(fit: GroupFit, turns: Sequence[Turn]) -> tuple[int, float, float, str]:
    """Where a visit stands, the smallest first.

    What the group can book now comes before what falls on a test, that before what is full, and last what it cannot. Then the mean and the worst fit count the same, so that
    nobody is taken along to what only others like; of equals the nearest, then the id.
    """
    standing = min((turn.standing for turn in turns), default=3)
    value = round((fit.mean + fit.worst) / 2, 6)
    return (standing, -value, fit.travel_km or 0.0, str(fit.opportunity_id))
