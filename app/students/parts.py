"""What hangs on a student's row: skills, interests, free time, languages. Read and replaced whole, for many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import Base
from app.students import curriculum
from app.students.models import Student, StudentAvailability, StudentInterest, StudentLanguage, StudentSkill
from app.students.rules import FreeTime, HeldSkill, SpokenLanguage

PARTS: Mapping[str, tuple[type[Base], type[Any], Sequence[str]]] = {
    "skills": (StudentSkill, HeldSkill, ("skill_id",)),
    "interests": (StudentInterest, str, ("skill_id",)),
    "availabilities": (StudentAvailability, FreeTime, ("starts_on", "ends_on", "weekdays", "parts")),
    "languages": (StudentLanguage, SpokenLanguage, ("language",)),
}
"""What hangs on a student: the table, the value that a row makes, and the order."""


@dataclass(frozen=True, slots=True)
class FullStudent:
    """A student with everything that hangs on the row, each in a stable order."""

    student: Student
    skills: tuple[HeldSkill, ...]
    interests: tuple[str, ...]
    availabilities: tuple[FreeTime, ...]
    languages: tuple[SpokenLanguage, ...]

    def differs(self, field: str, value: Any) -> bool:
        """Whether setting the field to the value changes anything."""
        if field in PARTS:
            return Counter(getattr(self, field)) != Counter(value)
        return bool(getattr(self.student, field) != value)


def load(session: Session, students: Sequence[Student]) -> list[FullStudent]:
    """These students with everything that hangs on them; four statements for any number."""
    ids = [student.id for student in students]
    parts: dict[str, dict[UUID, list[Any]]] = {}
    for name, (table, kind, order) in PARTS.items():
        of_students = parts[name] = {student_id: [] for student_id in ids}
        columns = table.__table__.c
        fields = ("skill_id",) if kind is str else kind._fields
        rows = session.execute(
            sa.select(columns.student_id, *(columns[field] for field in fields))
            .where(columns.student_id.in_(ids))
            .order_by(*(columns[field] for field in order))
        )
        for student_id, *values in rows:
            of_students[student_id].append(kind(*values))
    return [
        FullStudent(student, **{name: tuple(of[student.id]) for name, of in parts.items()})
        for student in students
    ]


def after(
    before: FullStudent, changed: Mapping[str, Any], usual: Callable[[], list[HeldSkill]]
) -> dict[str, Any]:
    """The parts of a profile that a change replaces, with the class's usual skills where they come in."""
    stored = {name: value for name, value in changed.items() if name in PARTS}
    held = changed.get("skills", before.skills)
    if not held or ("class_id" in changed and "skills" not in changed):
        stored["skills"] = curriculum.renew(held, usual())
    return stored


def store(session: Session, parts: Mapping[UUID, Mapping[str, Any]], *, fresh: Collection[UUID] = ()) -> None:
    """Replace these parts of these students; `fresh` ones have none yet. At most two statements for each part."""
    for name, (table, kind, _) in PARTS.items():
        of_students = {student_id: named[name] for student_id, named in parts.items() if name in named}
        columns = table.__table__.c
        known = [student_id for student_id in of_students if student_id not in fresh]
        if known:
            session.execute(sa.delete(table).where(columns.student_id.in_(known)))
        rows = [
            {"student_id": student_id, **({"skill_id": value} if kind is str else value._asdict())}
            for student_id, values in of_students.items()
            for value in values
        ]
        if rows:
            session.execute(sa.insert(table), rows)
