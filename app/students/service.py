"""Students' profiles: reading, and every change of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.db import new_id
from app.events import service as events
from app.places import service as places
from app.schools.models import SchoolClass
from app.skills import service as skills
from app.students import curriculum, parts, rules
from app.students.models import Student
from app.students.parts import FullStudent


class NoSuchStudent(errors.NotFound):
    """No student that the actor may see has this id."""

    title = "No such student"


class UnknownClass(errors.Invalid):
    """The class does not exist, or is not one into which the actor may put students."""

    title = "Unknown class"


class BadProfile(errors.Invalid):
    """A profile that contradicts itself; `faults` has all that was found."""

    title = "The profile is not valid"


class NotYours(errors.NotAllowed):
    """Students change only some of their own profile; `faults` names what else was tried."""

    title = "Not yours to change"


class ExternalIdTaken(errors.Conflict):
    """Another student of the school has this external id in this source."""

    title = "The external id is taken"


class ListMoved(errors.Conflict):
    """The student that the page before ended on is gone; begin the list again."""

    title = "The list has moved"


# --- reading ----------------------------------------------------------------------------------------------------------


def get(session: Session, actor: Actor, student_id: UUID, *, scope: str = "students:read") -> Student:
    """A student that the actor may see, without what hangs on it. Raises NoSuchStudent."""
    auth.require_scope(actor, scope)
    student = session.get(Student, student_id)
    if student is None or not rules.can_see(actor, student):
        raise NoSuchStudent
    return student


def read(session: Session, actor: Actor, student_id: UUID) -> FullStudent:
    """A student's whole profile. Raises NoSuchStudent."""
    return parts.load(session, [get(session, actor, student_id)])[0]


def search(
    session: Session,
    actor: Actor,
    *,
    school_id: UUID | None = None,
    class_id: UUID | None = None,
    source: str | None = None,
    external_id: str | None = None,
    limit: int,
    after: UUID | None = None,
) -> list[FullStudent]:
    """Students that the actor may see, by family and given name.

    `after` is the student that the page before ended on: an id, since names have no place in addresses. Raises
    ListMoved when that student is gone.
    """
    auth.require_scope(actor, "students:read")
    order = sa.select(Student).where(visible_to(actor))
    wanted = {"school_id": school_id, "class_id": class_id, "source": source, "external_id": external_id}
    order = order.filter_by(**{name: value for name, value in wanted.items() if value is not None})
    place = (Student.family_name, Student.given_name, Student.id)
    if after is not None:
        last = session.execute(sa.select(*place).where(Student.id == after, visible_to(actor))).one_or_none()
        if last is None:
            raise ListMoved
        order = order.where(sa.tuple_(*place) > sa.tuple_(*(sa.literal(value) for value in last)))
    return parts.load(session, session.scalars(order.order_by(*place).limit(limit)).all())


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.can_see` as a condition."""
    if actor.is_administrator:
        return sa.true()
    led = [grant.school_id for grant in actor.grants if actor.is_staff_of(grant.school_id)]
    taught = [class_id for grant in actor.grants for class_id in grant.class_ids]
    own = [grant.student_id for grant in actor.grants if grant.student_id is not None]
    return sa.or_(Student.school_id.in_(led), Student.class_id.in_(taught), Student.id.in_(own))


# --- changing ---------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, today: date) -> FullStudent:
    """Add a student; `values` has every field of a profile, its parts as the values of `students.rules`.

    A profile without skills is filled with those that the class has normally met. Raises NotAllowed, BadProfile,
    UnknownClass, UnknownMunicipality, UnknownSkill and ExternalIdTaken.
    """
    auth.require_scope(actor, "students:write")
    if not rules.can_add(actor):
        raise errors.NotAllowed("Only a school's staff adds students.")
    check(session, actor, values, today)
    check_source(values["source"], values["external_id"])
    school_class = session.get_one(SchoolClass, values["class_id"])
    columns = {name: value for name, value in values.items() if name not in parts.PARTS}
    student = Student(id=new_id(), school_id=school_class.school_id, created_at=datetime.now(UTC), **columns)
    session.add(student)
    _flush(session)
    held = values["skills"] or curriculum.of_class(session, school_class)
    whole = {name: values[name] for name in parts.PARTS} | {"skills": held}
    parts.store(session, {student.id: whole}, fresh={student.id})
    events.record(session, actor, "student.created", student.id)
    db.touch(session, "students")
    return parts.load(session, [student])[0]


def edit(
    session: Session, actor: Actor, student_id: UUID, changes: Mapping[str, Any], *, today: date
) -> FullStudent:
    """Change what differs; nothing differs, nothing happens.

    A student who moves to another class, or is left without skills, gets those of the class's curriculum. Raises
    NoSuchStudent, NotYours and everything that `create` raises.
    """
    student = get(session, actor, student_id, scope="students:write")
    before = parts.load(session, [student])[0]
    changed = {name: value for name, value in changes.items() if before.differs(name, value)}
    if not changed:
        return before
    check_rights(actor, before, changed)
    check(session, actor, changed, today)
    check_source(changed.get("source", student.source), changed.get("external_id", student.external_id))
    school_class = session.get_one(SchoolClass, changed.get("class_id", student.class_id))
    for name, value in changed.items():
        if name not in parts.PARTS:
            setattr(student, name, value)
    student.school_id = school_class.school_id
    flag_modified(student, "class_id")  # the version rises with the parts of a profile too
    _flush(session)
    stored = parts.after(before, changed, lambda: curriculum.of_class(session, school_class))
    parts.store(session, {student_id: stored})
    events.record(session, actor, "student.edited", student_id, {"fields": sorted(changed)})
    db.touch(session, "students")
    return parts.load(session, [student])[0]


def check_rights(actor: Actor, before: FullStudent, changed: Mapping[str, Any]) -> None:
    """Refuse changes that are not the actor's to make. Raises NotYours."""
    faults = [
        {"in": "body", "field": name, "detail": "only the school's staff changes this"}
        for name in rules.forbidden_fields(actor, before.student, changed)
    ]
    if "skills" in changed and not rules.is_in_charge(actor, before.student):
        faults += rules.forbidden_skills(before.skills, changed["skills"])
    if faults:
        raise NotYours(faults=faults)


def check(
    session: Session,
    actor: Actor,
    values: Mapping[str, Any],
    today: date,
    *,
    known_skills: Collection[str] | None = None,
) -> None:
    """Refuse values that contradict themselves or lead nowhere; `known_skills` spares their look-up."""
    faults = rules.profile_faults(values, today)
    if faults:
        raise BadProfile(faults=faults)
    if "class_id" in values:
        school_class = session.get(SchoolClass, values["class_id"])
        if school_class is None or not rules.can_place(actor, school_class):
            detail = "no class of yours has this id"
            raise UnknownClass(faults=[{"in": "body", "field": "class_id", "detail": detail}])
    if "municipality_istat" in values:
        places.require(session, values["municipality_istat"])
    if values.get("skills"):
        skills.require(session, [skill.skill_id for skill in values["skills"]], known=known_skills)
    if values.get("interests"):
        skills.require(session, values["interests"], "interests.{}", known=known_skills)


def check_source(source: str | None, external_id: str | None) -> None:
    if (source is None) != (external_id is None):
        field = "source" if source is None else "external_id"
        detail = "source and external_id go together"
        raise BadProfile(faults=[{"in": "body", "field": field, "detail": detail}])


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise ExternalIdTaken from error
