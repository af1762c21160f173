"""Codes by which the family of a student under age reports problems, without an account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import dates, db, errors
from app.auth import codes
from app.auth.actors import Actor
from app.concerns import rules
from app.concerns.models import FamilyCode
from app.events import service as events
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Student

VALID_FOR = timedelta(days=365)
LENGTH = 16
PURPOSE = "family code"
ADDRESS = "/family"
"""The page where it is typed."""


class OfAge(errors.Conflict):
    """Who is of age speaks alone: there is no code for the family."""

    title = "The student is of age"


class WrongFamilyCode(errors.NotAllowed):
    """No such code, or it was replaced, is too old, or the student is of age; which, is not said."""

    title = "The code does not open anything"


@dataclass(frozen=True, slots=True)
class Handed:
    """A new code: the only time that it is seen."""

    student: Student
    code: str
    expires_at: datetime


def issue(session: Session, actor: Actor, student_id: UUID, *, secret: SecretStr, now: datetime) -> Handed:
    """Make a code for the family, as staff of the school; the one before ends. Raises NoSuchStudent, NotAllowed, OfAge."""
    student = _in_charge(session, actor, student_id)
    if dates.age_on(student.born_on, now.date()) >= rules.ADULT:
        raise OfAge
    code, at = codes.make(LENGTH), now.astimezone(UTC)
    values = {
        "code_hash": codes.keyed_hash(secret, PURPOSE, code), "made_at": at, "expires_at": at + VALID_FOR,
        "made_by": actor.id if actor.kind == "user" else None,
    }  # fmt: skip
    session.execute(
        db.inserting(session, FamilyCode)
        .values(student_id=student_id, **values)
        .on_conflict_do_update(index_elements=["student_id"], set_=values)
    )
    events.record(session, actor, "student.family_code_made", student_id)
    return Handed(student, code, at + VALID_FOR)


def end(session: Session, actor: Actor, student_id: UUID) -> None:
    """Take the code back; nothing happens when there is none. Raises NoSuchStudent and NotAllowed."""
    _in_charge(session, actor, student_id)
    gone = session.execute(sa.delete(FamilyCode).where(FamilyCode.student_id == student_id))
    if gone.rowcount:  # type: ignore[attr-defined]
        events.record(session, actor, "student.family_code_ended", student_id)


def valid_until(session: Session, student_id: UUID, now: datetime) -> datetime | None:
    """Until when the student's family has a code, for staff who may see the student."""
    return session.scalar(
        sa.select(FamilyCode.expires_at).where(
            FamilyCode.student_id == student_id, FamilyCode.expires_at > now.astimezone(UTC)
        )
    )


def enter(session: Session, code: str, *, secret: SecretStr, now: datetime, request_id: str) -> Actor:
    """Whom a code stands for. Raises WrongFamilyCode."""
    row = session.execute(
        sa.select(Student.id, Student.born_on)
        .join(FamilyCode, FamilyCode.student_id == Student.id)
        .where(
            FamilyCode.code_hash == codes.keyed_hash(secret, PURPOSE, code),
            FamilyCode.expires_at > now.astimezone(UTC),
        )
    ).one_or_none()
    if row is None or dates.age_on(row.born_on, now.date()) >= rules.ADULT:
        raise WrongFamilyCode
    return Actor(kind=rules.FAMILY, id=row.id, name=rules.FAMILY, request_id=request_id)


def forget_ended(session: Session, now: datetime) -> int:
    """Delete codes whose time is over; how many."""
    gone = session.execute(sa.delete(FamilyCode).where(FamilyCode.expires_at <= now.astimezone(UTC)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def _in_charge(session: Session, actor: Actor, student_id: UUID) -> Student:
    student = students.get(session, actor, student_id, scope="students:write")
    if not student_rules.is_in_charge(actor, student):
        raise errors.NotAllowed("Only the staff of the school gives codes to families.")
    return student
