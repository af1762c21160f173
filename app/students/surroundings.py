"""Where a student is: what a page says of the class, the school, the programme and the municipality."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.places.models import Municipality
from app.programmes.models import Programme
from app.schools.models import School, SchoolClass
from app.students.models import Student


class Surroundings(NamedTuple):
    """One line of several tables; `programme` has the title in each language, and is empty without a programme."""

    year: int
    section: str
    school_name: str
    municipality_name: str
    province_code: str
    programme: dict[str, str]


def read(session: Session, student: Student) -> Surroundings:
    """Of a student whom the actor may see: whoever sees the student sees these."""
    row = session.execute(
        sa.select(
            SchoolClass.year, SchoolClass.section, School.name.label("school_name"),
            Municipality.name.label("municipality_name"), Municipality.province_code, Programme.title_it,
            Programme.title_en,
        )
        .select_from(SchoolClass)
        .join(School, School.id == SchoolClass.school_id)
        .join(Municipality, Municipality.istat == student.municipality_istat)
        .outerjoin(Programme, Programme.id == SchoolClass.programme_id)
        .where(SchoolClass.id == student.class_id)
    ).one()  # fmt: skip
    title = {"it": row.title_it, "en": row.title_en} if row.title_it else {}
    return Surroundings(*row[:5], title)
