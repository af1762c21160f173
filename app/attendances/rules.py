"""Whose word of who came stands, who is told the code of a booking, and what may be said of a visit."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from app.auth import codes
from app.bookings.models import BookingState
from app.bookings.rules import Side
from app.opportunities.rules import Fault

OPENS_BEFORE = timedelta(minutes=45)
"""People come before it begins."""
AHEAD = timedelta(minutes=5)
"""So far a telephone's clock may be ahead of ours."""
SIGNS = 8
"""23 to the eighth are 78 thousand million, and only who stands at the door may try one."""
CAN_COME = frozenset({BookingState.BOOKED, BookingState.ATTENDED, BookingState.ABSENT})


@dataclass(frozen=True, slots=True)
class Came:
    """What somebody at the door, or the school, says: how many, or who of the group."""

    made_at: datetime
    students: int | None = None
    adults: int | None = None
    student_ids: tuple[UUID, ...] | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """Who was to come."""

    students: int
    adults: int
    members: frozenset[UUID]
    is_group: bool


def mark_faults(came: Came, expected: Expected, *, opens_at: datetime, now: datetime) -> list[Fault]:
    """What is wrong with a mark, by its field."""
    faults = []
    for name, number, most in (
        ("students", came.students, expected.students), ("adults", came.adults, expected.adults),
    ):  # fmt: skip
        if number is not None and number > most:
            faults.append(Fault(name, f"so many have not booked, but {most}"))
    if came.student_ids is not None:
        if came.students is not None:
            faults.append(Fault("students", "is how many stand in student_ids: say one of the two"))
        for number, student_id in enumerate(came.student_ids):
            if student_id not in expected.members:
                faults.append(Fault(f"student_ids.{number}", "does not come with this booking"))
            elif student_id in came.student_ids[:number]:
                faults.append(Fault(f"student_ids.{number}", "stands here twice"))
    if came.made_at > now + AHEAD:
        faults.append(Fault("made_at", "lies in the future"))
    if came.made_at < opens_at:
        faults.append(Fault("made_at", "is before the doors opened"))
    return faults


def counted(came: Came, expected: Expected) -> tuple[int, int]:
    """Students and adults; what is not said is everybody, but no adults of a class without students."""
    students = expected.students if came.students is None else came.students
    if came.student_ids is not None:
        students = len(came.student_ids)
    is_empty_class = expected.students > 0 and students == 0
    if came.adults is not None:
        return students, came.adults
    return students, 0 if is_empty_class else expected.adults


def who_came(
    members: Collection[UUID], students: int, named: Collection[UUID] | None
) -> frozenset[UUID] | None:
    """The students who came; None while the school has not said who of a group that came in part.

    >>> ana, bo = UUID(int=1), UUID(int=2)
    >>> who_came([ana, bo], 2, None) == {ana, bo}, who_came([ana, bo], 1, None), who_came([ana, bo], 1, [bo]) == {bo}
    (True, None, True)
    """
    if named is not None:
        return frozenset(named)
    if students >= len(members):
        return frozenset(members)
    return None if students else frozenset()


def hears_code(side: Side, *, is_group: bool) -> bool:
    """Whoever brings it: the student who comes alone, and the school. At the door it is asked for, and never told."""
    return side is Side.SCHOOL or (side is Side.STUDENT and not is_group)


def written(signs: str) -> str:
    """A code in groups of four.

    >>> written("ACDEFGHJ")
    'ACDE-FGHJ'
    """
    return "-".join(signs[first : first + codes.GROUP] for first in range(0, len(signs), codes.GROUP))


def gives_feedback(side: Side, *, is_group: bool, is_member: bool) -> bool:
    """Each student who was there, and for a group its school."""
    return (side is Side.STUDENT and is_member) or (side is Side.SCHOOL and is_group)
