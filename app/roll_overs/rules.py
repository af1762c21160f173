"""Where a class goes when the school year ends, and who decides."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from app import dates
from app.auth.actors import Actor
from app.placements import rules as placements
from app.schools import rules as schools

USUAL_LAST_YEAR = 5
"""Of a class of which nobody knows what it studies."""
_COMMON_YEARS = 2
"""Programmes of upper secondary schools that end so early are a common beginning: a track is chosen afterwards."""
_WITH_COMMON_YEARS = frozenset({"technical", "vocational", "liceo"})

HOLDS_BACK = placements.OPEN
"""States of placements in which nobody is archived: whoever leaves school finishes first."""


class StudentFate(StrEnum):
    """What becomes of a student when the year ends."""

    UP = "up"
    STAYS = "stays"
    MOVES = "moves"
    LEAVES = "leaves"


class Key(NamedTuple):
    """Which class of a school year it is."""

    year: int
    section: str
    study_path: str = ""


class Choice(NamedTuple):
    """What the school has decided for one student; `to` is the class of who moves."""

    student_id: UUID
    fate: StudentFate
    to: Key | None = None


class Course(Protocol):
    """What of a programme decides."""

    @property
    def kind(self) -> str: ...
    @property
    def last_year(self) -> int: ...


def can_roll_over(actor: Actor, school_id: UUID) -> bool:
    """Who leads the school, and administrators."""
    return schools.leads(actor, school_id)


def is_in_time(year: int, today: date) -> bool:
    """Whether classes can move into that school year now: the one that runs, or the next."""
    return dates.school_year(today) <= year <= dates.school_year(today) + 1


def following(present: Key, course: Course | None) -> Key | None:
    """The class that this one becomes; None when it has finished.

    >>> following(Key(4, "A"), None), following(Key(5, "A"), None)
    (Key(year=5, section='A', study_path=''), None)
    """
    if course is None or (course.kind in _WITH_COMMON_YEARS and course.last_year <= _COMMON_YEARS):
        last = USUAL_LAST_YEAR
    else:
        last = course.last_year
    return present._replace(year=present.year + 1) if present.year < last else None


def keeps_course(course: Course | None, year: int) -> bool:
    """Whether a class in this year still studies the same; else the school says what."""
    return course is not None and year <= course.last_year


def choice_faults(
    choices: Iterable[Choice], students: Mapping[UUID, Key], targets: Collection[Key]
) -> list[dict[str, str]]:
    """What cannot be meant. `students` are those who are moved, with their present class; `targets` next year's classes."""
    faults = []
    seen: set[UUID] = set()
    for number, one in enumerate(choices):
        if one.student_id not in students:
            faults.append(_fault(number, "student_id", "no student of a class that moves up has this id"))
        elif one.student_id in seen:
            faults.append(_fault(number, "student_id", "stands here twice"))
        if (one.fate is StudentFate.MOVES) != (one.to is not None):
            faults.append(_fault(number, "to", "who moves to another class, and nobody else, has one"))
        elif one.to is not None and one.to not in targets:
            faults.append(_fault(number, "to", "the school has no such class in the new year"))
        seen.add(one.student_id)
    return faults


def _fault(number: int, field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": f"choices.{number}.{field}", "detail": detail}
