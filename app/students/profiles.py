"""The hot read: of many students at once, all that ranking needs and nothing that names them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import chain, islice
from typing import Any, NamedTuple, TypeVar
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
    is_ranked: bool = True
    """Whether anybody may be shown a ranking in which the student is."""


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
    skills = _by_student(session, ids, StudentSkill, ProfileSkill)
    interests = _by_student(session, ids, StudentInterest, _Interest)
    free = _by_student(session, ids, StudentAvailability, FreeTime)
    for row in session.execute(_among(_rows, Student.id, ids).order_by(Student.id)).all():
        yield Profile(
            id=row.id, version=row.version, school_id=row.school_id, class_id=row.class_id,
            municipality_istat=row.municipality_istat, province_code=row.province_code,
            latitude=row.latitude, longitude=row.longitude, max_km=row.max_km,
            skills=tuple(skills[row.key]),
            interests=tuple(interest.skill_id for interest in interests[row.key]),
            availabilities=tuple(free[row.key]),
            programmes=lines.get(row.programme_id, ()),
            school_kind=row.programme_kind or row.school_kind.value,
            sector=row.sector or "", year=row.year, born_on=row.born_on, hours_owed=row.hours_owed,
            is_ranked=row.is_ranked and row.archived_at is None,
        )  # fmt: skip


class _Interest(NamedTuple):
    skill_id: str


def _raw(column: Any) -> Any:
    """The column as the driver gives it: to make an id or an enum of each of 100,000 values takes most of the time."""
    return sa.type_coerce(column, sa.String)


Value = TypeVar("Value", ProfileSkill, _Interest, FreeTime)

_rows = (
    sa.select(
        Student.id, _raw(Student.id).label("key"), Student.version, Student.school_id, Student.class_id, Student.municipality_istat, Student.max_km,
        Student.born_on, Student.hours_owed, Student.is_ranked, Student.archived_at, Municipality.province_code, Municipality.latitude,
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
    session: Session, ids: Sequence[UUID] | None, table: Any, kind: type[Value]
) -> dict[Any, list[Value]]:
    """The rows of each student, as values of the kind, in the order of its first field."""
    columns = table.__table__.c
    fields = [columns[field] for field in kind._fields]
    wanted = [_raw(field) if isinstance(field.type, sa.Enum) else field for field in fields]
    statement = _among(sa.select(_raw(columns.student_id), *wanted), columns.student_id, ids)
    found: dict[Any, list[Value]] = defaultdict(list)
    # Rows go again in portions, and equal values are one: half of the time went into collecting garbage.
    make = cache(kind)
    rows = session.execute(statement.order_by(columns.student_id, fields[0])).partitions(1000)
    for student_id, *values in chain.from_iterable(rows):
        found[student_id].append(make(*values))
    return found
