"""Finding schools: published reference data, the same for everybody."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.db import folded, folded_column
from app.places.models import Municipality
from app.schools.models import School, SchoolKind


class NoSuchSchool(errors.NotFound):
    """No school has this id."""

    title = "No such school"


def read(session: Session, school_id: UUID) -> tuple[School, str | None]:
    """The school and the name of its municipality. Raises NoSuchSchool."""
    found = session.execute(_with_municipality.where(School.id == school_id)).one_or_none()
    if found is None:
        raise NoSuchSchool
    return found.School, found.municipality_name


def require(session: Session, school_id: UUID) -> School:
    """The school that a path names. Raises NoSuchSchool."""
    school = session.get(School, school_id)
    if school is None:
        raise NoSuchSchool
    return school


def require_province(session: Session, school_id: UUID) -> str | None:
    """The province of the school that a path names. Raises NoSuchSchool."""
    found = session.execute(
        sa.select(Municipality.province_code)
        .select_from(School)
        .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
        .where(School.id == school_id)
    ).one_or_none()
    if found is None:
        raise NoSuchSchool
    province: str | None = found.province_code
    return province


def search(
    session: Session,
    *,
    query: str | None = None,
    municipality_istat: str | None = None,
    kind: SchoolKind | None = None,
    limit: int,
    after: tuple[str, UUID] | None = None,
) -> list[tuple[School, str | None]]:
    """Schools by name, each with the name of its municipality.

    Every word of `query` must stand in the school's name or begin its code. `after` is the (name, id) that the page
    before ended on.
    """
    order = _with_municipality
    for word in (query or "").split():
        in_name = folded_column(School.name).contains(folded(word), autoescape=True)
        order = order.where(sa.or_(in_name, School.code.startswith(word.upper(), autoescape=True)))
    if municipality_istat is not None:
        order = order.where(School.municipality_istat == municipality_istat)
    if kind is not None:
        order = order.where(School.kind == kind)
    if after is not None:
        name, school_id = after
        order = order.where(
            sa.tuple_(School.name, School.id) > sa.tuple_(sa.literal(name), sa.literal(school_id))
        )
    rows = session.execute(order.order_by(School.name, School.id).limit(limit))
    return [(row.School, row.municipality_name) for row in rows]


_with_municipality = sa.select(School, Municipality.name.label("municipality_name")).outerjoin(
    Municipality, Municipality.istat == School.municipality_istat
)
