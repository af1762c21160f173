"""Classes: whose they are to see, and their changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.places.models import Municipality
from app.programmes import service as programmes
from app.programmes.models import Programme
from app.schools import rules
from app.schools import service as schools
from app.schools.models import School, SchoolClass


class NoSuchClass(errors.NotFound):
    """No class that the actor may see has this id."""

    title = "No such class"


class BadClass(errors.Invalid):
    """A class of a school that does not exist, or in a year that its programme does not have."""

    title = "The class is not valid"


class ClassExists(errors.Conflict):
    """The school has this class already in that school year, or another one with this external id."""

    title = "The school has this class already"


Place = tuple[int, int, str, UUID]
"""Where a class stands in the list of its school's classes: start year, year, section, id."""


def get(session: Session, actor: Actor, class_id: UUID, *, scope: str = "classes:read") -> SchoolClass:
    """A class that the actor may see. Raises NoSuchClass."""
    auth.require_scope(actor, scope)
    found = session.execute(_with_province.where(SchoolClass.id == class_id)).one_or_none()
    if found is None or not rules.can_see_class(actor, *found):
        raise NoSuchClass
    school_class: SchoolClass = found.SchoolClass
    return school_class


_with_province = (
    sa.select(SchoolClass, Municipality.province_code)
    .join(School, School.id == SchoolClass.school_id)
    .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
)


def search(
    session: Session,
    actor: Actor,
    school_id: UUID,
    *,
    start_year: int | None = None,
    limit: int,
    after: Place | None = None,
) -> list[SchoolClass]:
    """Classes of a school that the actor may see, the latest school year first.

    Raises NoSuchSchool, and NotAllowed for those who are neither of its staff nor overseers.
    """
    auth.require_scope(actor, "classes:read")
    province = schools.require_province(session, school_id)
    if not rules.can_list_classes(actor, school_id, province):
        raise errors.NotAllowed("Only the school's staff and overseers see its classes.")
    order = sa.select(SchoolClass).where(SchoolClass.school_id == school_id)
    visible = rules.visible_classes(actor, school_id, province)
    if visible is not None:
        order = order.where(SchoolClass.id.in_(visible))
    if start_year is not None:
        order = order.where(SchoolClass.start_year == start_year)
    # A negative start year turns "latest first" into one ascending row comparison.
    place = (-SchoolClass.start_year, SchoolClass.year, SchoolClass.section, SchoolClass.id)
    if after is not None:
        latest, *rest = after
        order = order.where(
            sa.tuple_(*place) > sa.tuple_(sa.literal(-latest), *(sa.literal(one) for one in rest))
        )
    return list(session.scalars(order.order_by(*place).limit(limit)))


def create(session: Session, actor: Actor, values: Mapping[str, Any]) -> SchoolClass:
    """Add a class; `values` has every column, `subjects` as a list.

    Raises BadClass, UnknownProgramme, NotAllowed for those who do not lead the school, and ClassExists.
    """
    auth.require_scope(actor, "classes:write")
    school_id = values["school_id"]
    if session.get(School, school_id) is None:
        raise BadClass(faults=[_fault("school_id", "no school has this id")])
    _require_lead(actor, school_id)
    school_class = SchoolClass(**_columns(values))
    _check_source(school_class)
    _check_programme(session, school_class)
    session.add(school_class)
    _flush(session)
    events.record(session, actor, "class.created", school_class.id)
    return school_class


def edit(session: Session, actor: Actor, class_id: UUID, changes: Mapping[str, Any]) -> SchoolClass:
    """Change a class. Raises NoSuchClass, NotAllowed, BadClass, UnknownProgramme and ClassExists."""
    school_class = get(session, actor, class_id, scope="classes:write")
    _require_lead(actor, school_class.school_id)
    columns = _columns(changes)
    changed = sorted(name for name, value in columns.items() if value != getattr(school_class, name))
    if not changed:
        return school_class
    for name in changed:
        setattr(school_class, name, columns[name])
    with session.no_autoflush:
        _check_source(school_class)
        _check_programme(session, school_class)
    _flush(session)
    db.touch(session, "students")
    events.record(session, actor, "class.edited", class_id, {"fields": changed})
    return school_class


def _require_lead(actor: Actor, school_id: UUID) -> None:
    if not rules.leads(actor, school_id):
        raise errors.NotAllowed("Only who leads the school changes its classes.")


def _columns(values: Mapping[str, Any]) -> dict[str, Any]:
    columns = dict(values)
    if "subjects" in columns:
        columns["subjects"] = "\n".join(columns["subjects"])
    return columns


def _check_source(school_class: SchoolClass) -> None:
    if (school_class.source is None) != (school_class.external_id is None):
        raise BadClass(faults=[_fault("external_id", "source and external_id go together")])


def _check_programme(session: Session, school_class: SchoolClass) -> None:
    if school_class.programme_id is None:
        return
    programmes.require(session, [school_class.programme_id])
    programme = session.get_one(Programme, school_class.programme_id)
    if not programme.first_year <= school_class.year <= programme.last_year:
        detail = f"the programme has the years {programme.first_year} to {programme.last_year}"
        raise BadClass(faults=[_fault("year", detail)])


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise ClassExists from error


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}
