"""Who sees and changes wishes, how many there may be, and how their order changes. Reading is `students.can_see`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from uuid import UUID

from app.auth.actors import Actor
from app.opportunities.models import Status

MOST_RANKED = 10
"""More wishes than these say nothing any more."""
MOST_SAVED = 100

OPEN_TO_WISHES = frozenset({Status.PUBLISHED, Status.FULL})
"""What can be saved: where seats are gone, one may come free."""


class Outlook(StrEnum):
    """What a student can hope for of a wish, as the opportunity stands on a day."""

    OPEN = "open"
    FULL = "full"
    OVER = "over"


def can_change(actor: Actor, student_id: UUID) -> bool:
    """A wish is the student's own: staff advise, and change nothing."""
    return actor.is_student(student_id)


def outlook(status: Status, closes_on: date | None, today: date) -> Outlook:
    """Over is what is closed, and what took applications until a day that is past."""
    if status not in OPEN_TO_WISHES or (closes_on is not None and closes_on < today):
        return Outlook.OVER
    return Outlook.FULL if status is Status.FULL else Outlook.OPEN


def moved(order: Sequence[UUID], wish_id: UUID, position: int | None) -> list[UUID]:
    """The order with one wish at a position, 1 first, or without it; beyond the end is the end.

    >>> from uuid import UUID
    >>> a, b, c = (UUID(int=number) for number in range(3))
    >>> moved([a, b, c], c, 1) == [c, a, b], moved([a, b], c, 9) == [a, b, c], moved([a, b], a, None) == [b]
    (True, True, True)
    """
    others = [one for one in order if one != wish_id]
    if position is not None:
        others.insert(position - 1, wish_id)
    return others
