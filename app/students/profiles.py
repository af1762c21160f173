"""The hot read: of many students at once, all that ranking needs and nothing that names them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.places.models import Municipality
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.schools.models import School, SchoolClass
from app.students.models import Student, StudentAvailability, StudentInterest, StudentSkill
from app.students.rules import FreeTime

MOST_IDS = 10_000
"""Ids in one statement; databases limit its parameters."""


class ProfileSkill(NamedTuple):
    """A skill at a level; `evidence` is a value of `students.models.Evidence`."""

    skill_id: str
    level: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Profile:
    """A student as ranking sees one.

    `programmes` holds the programme of the class and all broader ones, narrowest first; `school_kind` is what the
    programme says, or else the school; `sector` is empty without a programme. `max_km` None is no limit.
    """

    id: UUID
    version: int
    school_id: UUID
    class_id: UUID
    municipality_istat: str
    province_code: str
    latitude: float
    longitude: float
    max_km: int | None
    skills: tuple[ProfileSkill, ...]
    interests: tuple[str, ...]
    availabilities: tuple[FreeTime, ...]
    programmes: tuple[str, ...]
    school_kind: str
    sector: str
    year: int
    born_on: date
    hours_owed: int


def load(session: Session, student_ids: Collection[UUID] | None = None) -> list[Profile]:
    """The profiles of these students, or of all, by id; an id without a student is left out.

    Five statements, however many students (up to 10,000 ids; five more for each further 10,000).
    """
    if student_ids is None:
        return list(_load(session, None))
    ids = iter(sorted(set(student_ids)))
    profiles: list[Profile] = []
    while some := list(islice(ids, MOST_IDS)):
        profiles.extend(_load(session, some))
    return profiles


def _load(session: Session, ids: Sequence[UUID] | None) -> Iterator[Profile]:
    lines = programmes.chain(session)
    skills = _by_student(session, ids, StudentSkill, ("skill_id", "level", "evidence"))
    interests = _by_student(session, ids, StudentInterest, ("skill_id",))
    free = _by_student(session, ids, StudentAvailability, ("starts_on", "ends_on", "weekdays", "parts"))
    for row in session.execute(_among(_rows, Student.id, ids).order_by(Student.id)):
        yield Profile(
            id=row.id, version=row.version, school_id=row.school_id, class_id=row.class_id,
            municipality_istat=row.municipality_istat, province_code=row.province_code, latitude=row.latitude, longitude=row.longitude,
            max_km=row.max_km,
            skills=tuple(ProfileSkill(*skill) for skill in skills.get(row.id, ())),
            interests=tuple(skill_id for (skill_id,) in interests.get(row.id, ())),
            availabilities=tuple(FreeTime(*one) for one in free.get(row.id, ())),
            programmes=lines.get(row.programme_id, ()),
            school_kind=row.programme_kind or row.school_kind.value,
            sector=row.sector or "", year=row.year, born_on=row.born_on, hours_owed=row.hours_owed,
        )  # fmt: skip


_rows = (
    sa.select(
        Student.id, Student.version, Student.school_id, Student.class_id, Student.municipality_istat, Student.max_km,
        Student.born_on, Student.hours_owed, Municipality.province_code, Municipality.latitude,
        Municipality.longitude,
        School.kind.label("school_kind"), SchoolClass.year, SchoolClass.programme_id,
        Programme.kind.label("programme_kind"), Programme.sector,
    )
    .join(Municipality, Municipality.istat == Student.municipality_istat)
    .join(School, School.id == Student.school_id)
    .join(SchoolClass, SchoolClass.id == Student.class_id)
    .outerjoin(Programme, Programme.id == SchoolClass.programme_id)
)  # fmt: skip


def _among(statement: Any, column: Any, ids: Sequence[UUID] | None) -> Any:
    return statement if ids is None else statement.where(column.in_(ids))


def _by_student(
    session: Session, ids: Sequence[UUID] | None, table: Any, fields: tuple[str, ...]
) -> dict[UUID, list[tuple[Any, ...]]]:
    columns = table.__table__.c
    order = [columns.student_id, columns[fields[0]]]
    found: dict[UUID, list[tuple[Any, ...]]] = {}
    wanted = sa.select(columns.student_id, *(columns[field] for field in fields))
    for student_id, *values in session.execute(_among(wanted, columns.student_id, ids).order_by(*order)):
        found.setdefault(student_id, []).append(tuple(values))
    return found
