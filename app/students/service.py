"""Students' profiles: reading, and every change of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
from app.db import Base, new_id
from app.events import service as events
from app.places import service as places
from app.schools.models import SchoolClass
from app.skills import service as skills
from app.students import curriculum, rules
from app.students.models import Student, StudentAvailability, StudentInterest, StudentLanguage, StudentSkill
from app.students.rules import FreeTime, HeldSkill, SpokenLanguage


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
    """Another student has this external id in this source."""

    title = "The external id is taken"


class ListMoved(errors.Conflict):
    """The student that the page before ended on is gone; begin the list again."""

    title = "The list has moved"


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
        if field in _PARTS:
            return Counter(getattr(self, field)) != Counter(value)
        return bool(getattr(self.student, field) != value)


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
    return _full(session, [get(session, actor, student_id)])[0]


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
    order = sa.select(Student).where(_visible_to(actor))
    wanted = {"school_id": school_id, "class_id": class_id, "source": source, "external_id": external_id}
    order = order.filter_by(**{name: value for name, value in wanted.items() if value is not None})
    place = (Student.family_name, Student.given_name, Student.id)
    if after is not None:
        last = session.execute(sa.select(*place).where(Student.id == after, _visible_to(actor))).one_or_none()
        if last is None:
            raise ListMoved
        order = order.where(sa.tuple_(*place) > sa.tuple_(*(sa.literal(value) for value in last)))
    return _full(session, session.scalars(order.order_by(*place).limit(limit)).all())


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.can_see` as a condition."""
    if actor.is_administrator:
        return sa.true()
    led = [grant.school_id for grant in actor.grants if actor.is_staff_of(grant.school_id)]
    taught = [class_id for grant in actor.grants for class_id in grant.class_ids]
    own = [grant.student_id for grant in actor.grants if grant.student_id is not None]
    return sa.or_(Student.school_id.in_(led), Student.class_id.in_(taught), Student.id.in_(own))


_PARTS: Mapping[str, tuple[type[Base], type[Any], Sequence[str]]] = {
    "skills": (StudentSkill, HeldSkill, ("skill_id",)),
    "interests": (StudentInterest, str, ("skill_id",)),
    "availabilities": (StudentAvailability, FreeTime, ("starts_on", "ends_on", "weekdays", "parts")),
    "languages": (StudentLanguage, SpokenLanguage, ("language",)),
}
"""What hangs on a student: the table, the value that a row makes, and the order."""


def _full(session: Session, students: Sequence[Student]) -> list[FullStudent]:
    ids = [student.id for student in students]
    parts: dict[str, dict[UUID, list[Any]]] = {}
    for name, (table, kind, order) in _PARTS.items():
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


# --- changing ---------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, values: Mapping[str, Any], *, today: date) -> FullStudent:
    """Add a student; `values` has every field of a profile, its parts as the values of `students.rules`.

    A profile without skills is filled with those that the class has normally met. Raises NotAllowed, BadProfile,
    UnknownClass, UnknownMunicipality, UnknownSkill and ExternalIdTaken.
    """
    auth.require_scope(actor, "students:write")
    if not rules.can_add(actor):
        raise errors.NotAllowed("Only a school's staff adds students.")
    _check(session, actor, values, today)
    _check_source(values["source"], values["external_id"])
    school_class = session.get_one(SchoolClass, values["class_id"])
    columns = {name: value for name, value in values.items() if name not in _PARTS}
    student = Student(id=new_id(), school_id=school_class.school_id, created_at=datetime.now(UTC), **columns)
    session.add(student)
    _flush(session)
    held = values["skills"] or curriculum.of_class(session, school_class)
    _store(session, student.id, {**values, "skills": held})
    events.record(session, actor, "student.created", student.id)
    db.touch(session, "students")
    return _full(session, [student])[0]


def edit(
    session: Session, actor: Actor, student_id: UUID, changes: Mapping[str, Any], *, today: date
) -> FullStudent:
    """Change what differs; nothing differs, nothing happens.

    A student who moves to another class, or is left without skills, gets those of the class's curriculum. Raises
    NoSuchStudent, NotYours and everything that `create` raises.
    """
    student = get(session, actor, student_id, scope="students:write")
    before = _full(session, [student])[0]
    changed = {name: value for name, value in changes.items() if before.differs(name, value)}
    if not changed:
        return before
    _check_rights(actor, before, changed)
    _check(session, actor, changed, today)
    _check_source(changed.get("source", student.source), changed.get("external_id", student.external_id))
    school_class = session.get_one(SchoolClass, changed.get("class_id", student.class_id))
    for name, value in changed.items():
        if name not in _PARTS:
            setattr(student, name, value)
    student.school_id = school_class.school_id
    flag_modified(student, "class_id")  # the version rises with the parts of a profile too
    _flush(session)
    stored, held = dict(changed), changed.get("skills", before.skills)
    if not held or ("class_id" in changed and "skills" not in changed):
        stored["skills"] = curriculum.renew(held, curriculum.of_class(session, school_class))
    _store(session, student_id, stored)
    events.record(session, actor, "student.edited", student_id, {"fields": sorted(changed)})
    db.touch(session, "students")
    return _full(session, [student])[0]


def remove(session: Session, actor: Actor, student_id: UUID) -> None:
    """Delete a student and everything that hangs on it. Raises NoSuchStudent and NotAllowed."""
    student = get(session, actor, student_id, scope="students:write")
    if not rules.is_in_charge(actor, student):
        raise errors.NotAllowed("Only the school's staff removes a student.")
    session.delete(student)
    session.flush()
    events.record(session, actor, "student.removed", student_id)
    db.touch(session, "students")
    db.touch(session, "students_gone")


def _check_rights(actor: Actor, before: FullStudent, changed: Mapping[str, Any]) -> None:
    faults = [
        {"in": "body", "field": name, "detail": "only the school's staff changes this"}
        for name in rules.forbidden_fields(actor, before.student, changed)
    ]
    if "skills" in changed and not rules.is_in_charge(actor, before.student):
        faults += rules.forbidden_skills(before.skills, changed["skills"])
    if faults:
        raise NotYours(faults=faults)


def _check(session: Session, actor: Actor, values: Mapping[str, Any], today: date) -> None:
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
        skills.require(session, [skill.skill_id for skill in values["skills"]])
    if values.get("interests"):
        skills.require(session, values["interests"], "interests.{}")


def _check_source(source: str | None, external_id: str | None) -> None:
    if (source is None) != (external_id is None):
        field = "source" if source is None else "external_id"
        detail = "source and external_id go together"
        raise BadProfile(faults=[{"in": "body", "field": field, "detail": detail}])


def _flush(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        raise ExternalIdTaken from error


def _store(session: Session, student_id: UUID, values: Mapping[str, Any]) -> None:
    for name, (table, kind, _) in _PARTS.items():
        if name not in values:
            continue
        columns = table.__table__.c
        session.execute(sa.delete(table).where(columns.student_id == student_id))
        rows = [
            {"student_id": student_id, **({"skill_id": value} if kind is str else value._asdict())}
            for value in values[name]
        ]
        if rows:
            session.execute(sa.insert(table), rows)
