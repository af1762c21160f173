"""One-time codes for students: the school hands them out, and the student signs in without an address.

A code opens the account of a student and nothing more: whose account has other memberships too is refused, lest a
teacher sign in as a colleague.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth import codes, usernames
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, User
from app.db import new_id
from app.events import service as events
from app.schools import classes
from app.schools.models import SchoolClass
from app.students import rules
from app.students.models import Student, StudentCode

VALID_FOR = timedelta(days=14)
LENGTH = 12
MOST_AT_ONCE = 100
PURPOSE = "student code"
ADDRESS = "/code"
"""The page where a code is typed."""


class BadStudents(errors.Invalid):
    """Students who are not of the class, or whose account is more than a student's."""

    title = "Not all of them can have a code"


class WrongCode(errors.NotAllowed):
    """No such code, or it was used, replaced or is too old; which, is not said."""

    title = "The code does not open anything"


@dataclass(frozen=True, slots=True)
class Access:
    """How a student of a class gets in: `used_at` is of the last code that was used."""

    student_id: UUID
    given_name: str
    family_name: str
    has_account: bool
    has_password: bool
    username: str | None
    open_until: datetime | None
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Slip:
    """A new code: the only time that it is seen."""

    student_id: UUID
    given_name: str
    family_name: str
    code: str
    expires_at: datetime


# --- the school ------------------------------------------------------------------------------------------------------


def require_class(
    session: Session, actor: Actor, class_id: UUID, *, scope: str = "students:write"
) -> SchoolClass:
    """A class whose students the actor may give codes to. Raises NoSuchClass and NotAllowed."""
    school_class = classes.get(session, actor, class_id, scope=scope)
    if not rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class gives codes to its students.")
    return school_class


def overview(session: Session, actor: Actor, class_id: UUID, *, now: datetime) -> list[Access]:
    """How each student of the class gets in, by name. Raises NoSuchClass and NotAllowed."""
    require_class(session, actor, class_id, scope="students:read")
    students = session.execute(
        sa.select(Student.id, Student.given_name, Student.family_name)
        .where(Student.class_id == class_id)
        .order_by(Student.family_name, Student.given_name, Student.id)
    ).all()
    ids = [row.id for row in students]
    accounts = {
        row.student_id: row
        for row in session.execute(
            sa.select(Membership.student_id, User.username, User.password_hash)
            .join(User, User.id == Membership.user_id)
            .where(Membership.student_id.in_(ids))
            .order_by(User.created_at.desc())
        )
    }
    open_now = sa.and_(*is_open(now))
    given = {
        row.student_id: row
        for row in session.execute(
            sa.select(
                StudentCode.student_id,
                sa.func.max(sa.case((open_now, StudentCode.expires_at))).label("open_until"),
                sa.func.max(StudentCode.used_at).label("used_at"),
            )
            .where(StudentCode.student_id.in_(ids))
            .group_by(StudentCode.student_id)
        )
    }
    return [
        Access(
            row.id, row.given_name, row.family_name,
            has_account=row.id in accounts,
            has_password=row.id in accounts and accounts[row.id].password_hash is not None,
            username=accounts[row.id].username if row.id in accounts else None,
            open_until=given[row.id].open_until if row.id in given else None,
            used_at=given[row.id].used_at if row.id in given else None,
        )
        for row in students
    ]  # fmt: skip


def issue(
    session: Session,
    actor: Actor,
    class_id: UUID,
    student_ids: Sequence[UUID],
    *,
    secret: SecretStr,
    now: datetime,
) -> list[Slip]:
    """Make a code for each of the students, by name; a code that was open before ends.

    Raises NoSuchClass, NotAllowed and BadStudents.
    """
    require_class(session, actor, class_id)
    # Locked in the order of their ids: of two teachers who do it at once, the second ends the first one's codes.
    found = session.scalars(
        sa.select(Student)
        .where(Student.class_id == class_id, Student.id.in_(student_ids))
        .order_by(Student.id)
        .with_for_update()
    ).all()
    _refuse(session, student_ids, {student.id for student in found})
    ids = [student.id for student in found]
    session.execute(
        sa.update(StudentCode)
        .where(StudentCode.student_id.in_(ids), StudentCode.used_at.is_(None), StudentCode.ended_at.is_(None))
        .values(ended_at=now)
    )
    slips = []
    for student in sorted(found, key=lambda one: (one.family_name, one.given_name, one.id)):
        code = codes.make(LENGTH)
        session.add(
            StudentCode(
                id=new_id(), student_id=student.id, code_hash=codes.keyed_hash(secret, PURPOSE, code),
                made_by=actor.id if actor.kind == "user" else None, made_at=now, expires_at=now + VALID_FOR,
            )
        )  # fmt: skip
        events.record(session, actor, "student.code_made", student.id)
        slips.append(Slip(student.id, student.given_name, student.family_name, code, now + VALID_FOR))
    session.flush()
    return slips


def _refuse(session: Session, student_ids: Sequence[UUID], of_class: set[UUID]) -> None:
    more_than_student = _with_more(session, of_class)
    faults = [
        {"in": "body", "field": f"student_ids.{index}", "detail": detail}
        for index, student_id in enumerate(student_ids)
        if (
            detail := "the class has no student with this id"
            if student_id not in of_class
            else "the account is more than a student's: it signs in by itself"
            if student_id in more_than_student
            else ""
        )
    ]
    if faults:
        raise BadStudents(faults=faults)


def _with_more(session: Session, student_ids: set[UUID]) -> set[UUID]:
    """Those whose account is bound to something else too."""
    other = sa.orm.aliased(Membership)
    found = session.scalars(
        sa.select(Membership.student_id)
        .join(other, sa.and_(other.user_id == Membership.user_id, other.id != Membership.id))
        .where(Membership.student_id.in_(student_ids))
    )
    return {student_id for student_id in found if student_id is not None}


# --- the student -----------------------------------------------------------------------------------------------------


def redeem(session: Session, code: str, *, secret: SecretStr, now: datetime, request_id: str) -> User:
    """Use a code up, and return the student's account: a new one, without address or password, if there is none.

    Raises WrongCode, which leaves a code unused whose account is not active or has become more than a student's.
    """
    used = sa.update(StudentCode).where(
        StudentCode.code_hash == codes.keyed_hash(secret, PURPOSE, code), *is_open(now)
    )
    student_id = session.scalar(used.values(used_at=now).returning(StudentCode.student_id))
    if student_id is None or _with_more(session, {student_id}):
        raise WrongCode
    users = session.scalars(
        sa.select(User)
        .join(Membership, Membership.user_id == User.id)
        .where(Membership.student_id == student_id)
        .order_by(User.created_at, User.id)
    ).all()
    user = next((one for one in users if one.is_active), None)
    if users and user is None:
        raise WrongCode
    if user is None:
        student = session.get_one(Student, student_id)
        actor = Actor(kind="system", id=None, name="code", request_id=request_id)
        user = people.add_user(
            session, actor, name=f"{student.given_name} {student.family_name}"[:120],
            grants=[Grant(Role.STUDENT, student_id=student_id)],
        )  # fmt: skip
    if user.username is None:
        user.username = usernames.free(session)
    by = Actor(kind="user", id=user.id, name=user.name, request_id=request_id)
    events.record(session, by, "student.code_used", student_id)
    return user


def is_open(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Of codes that still open an account."""
    return (
        StudentCode.used_at.is_(None),
        StudentCode.ended_at.is_(None),
        StudentCode.expires_at > now,
    )
