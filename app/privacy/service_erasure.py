"""Forgetting somebody: asked for by the person or the staff, done along the map, and wiped from the disk.

What stays is a tombstone, an id that stands for nobody, where others' records need one, and a count without a name.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import dates, db, errors
from app.applications import service_steps as applications
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import User
from app.bookings import service_guests as guests
from app.bookings import service_moves as bookings
from app.db import Database, Revision, new_id
from app.events import service as events
from app.placements import service as placements
from app.places.models import Municipality
from app.privacy import map as maps
from app.privacy import rules
from app.privacy.map import Subject
from app.privacy.models import ErasedCount, Erasure, SubjectKind, Tombstone
from app.privacy.service_export import subjects_of_actor, subjects_of_student
from app.schools.models import School, SchoolClass
from app.students import service as students
from app.students.models import Student

FEWEST = 5
"""Counts below it are not shown: they would tell of somebody."""
ASKED, WIPED = "erasures", "erasures_wiped"


class NoSuchErasure(errors.NotFound):
    """No erasure has this id, or it was withdrawn."""

    title = "No such erasure"


# --- asking -------------------------------------------------------------------------------------------------------------


def ask_for_student(
    session: Session, actor: Actor, student_id: UUID, *, now: datetime, hours: int
) -> Erasure:
    """Forget a student: at once for staff, `hours` later for the student. Asking again changes nothing.

    Raises NoSuchStudent.
    """
    student = students.get(session, actor, student_id, scope="students:write")
    is_at_once = rules.is_erased_at_once(actor, student)
    subject = Subject(SubjectKind.STUDENT, student_id)
    if not _lock(session, subject):
        raise students.NoSuchStudent
    erasure = _ask(session, actor, subject, now, timedelta(0) if is_at_once else timedelta(hours=hours))
    if is_at_once:
        carry_out(session, actor, erasure, now)
    return erasure


def remove_student(session: Session, actor: Actor, student_id: UUID, *, now: datetime) -> None:
    """Forget a student at once. Raises NoSuchStudent, and NotAllowed for the student in person, who asks and waits."""
    if not rules.is_erased_at_once(actor, students.get(session, actor, student_id, scope="students:write")):
        raise errors.NotAllowed("Only the school's staff removes a student.")
    ask_for_student(session, actor, student_id, now=now, hours=0)


def ask_for_actor(session: Session, actor: Actor, *, now: datetime, hours: int) -> Erasure:
    """Forget whoever asks, after `hours`: the account, and the student's profile if there is one. Raises NotAPerson."""
    asked = []
    for subject in reversed(subjects_of_actor(session, actor)):  # profiles first, as everywhere
        _lock(session, subject)
        asked.append(_ask(session, actor, subject, now, timedelta(hours=hours)))
    return asked[-1]


def _lock(session: Session, subject: Subject) -> bool:
    """Let whoever asks or forgets at the same time wait, and then see what has been done; whether there is such a person.

    A student is locked before the account and before the erasure, lest two wait for one another.
    """
    key = _KINDS[subject.kind].id
    return session.scalar(sa.select(key).where(key == subject.id).with_for_update()) is not None


_KINDS: dict[SubjectKind, type[Student | User]] = {SubjectKind.STUDENT: Student, SubjectKind.ACCOUNT: User}


def _ask(session: Session, actor: Actor, subject: Subject, now: datetime, wait: timedelta) -> Erasure:
    present = find(session, subject)
    if present is not None:
        present.due_at = max(min(present.due_at, now + wait), present.asked_at)
        return present
    erasure = Erasure(
        id=new_id(), subject_kind=subject.kind, subject_id=subject.id, asked_at=now, due_at=now + wait
    )
    session.add(erasure)
    session.flush()
    events.record(session, actor, f"{_NOUNS[subject.kind]}.erasure_asked", subject.id)
    return erasure


_NOUNS = {SubjectKind.STUDENT: "student", SubjectKind.ACCOUNT: "user"}


def find(session: Session, subject: Subject) -> Erasure | None:
    """The erasure of somebody that is still to be done."""
    return session.scalar(
        sa.select(Erasure).where(
            Erasure.subject_kind == subject.kind,
            Erasure.subject_id == subject.id,
            Erasure.done_at.is_(None),
        )
    )


def read(session: Session, actor: Actor, erasure_id: UUID) -> Erasure:
    """When an erasure is to be done, or was; it tells nobody whose. Raises NoSuchErasure."""
    auth.require_scope(actor, "students:read")
    found = session.get(Erasure, erasure_id)
    if found is None:
        raise NoSuchErasure
    return found


def withdraw_for_student(session: Session, actor: Actor, student_id: UUID) -> None:
    """Think better of it, if there is anything to think better of. Raises NoSuchStudent."""
    students.get(session, actor, student_id, scope="students:write")
    _withdraw(session, actor, [Subject(SubjectKind.STUDENT, student_id)])


def withdraw_for_actor(session: Session, actor: Actor) -> None:
    """Think better of it, if there is anything to think better of. Raises NotAPerson."""
    _withdraw(session, actor, subjects_of_actor(session, actor))


def _withdraw(session: Session, actor: Actor, subjects: list[Subject]) -> None:
    for erasure in [erasure for subject in subjects if (erasure := find(session, subject)) is not None]:
        session.delete(erasure)
        events.record(session, actor, f"{_NOUNS[erasure.subject_kind]}.erasure_withdrawn", erasure.subject_id)


# --- doing --------------------------------------------------------------------------------------------------------------


def list_due(session: Session, now: datetime) -> list[UUID]:
    """The erasures whose time has come."""
    due = sa.select(Erasure.id).where(Erasure.done_at.is_(None), Erasure.due_at <= now)
    return list(session.scalars(due.order_by(Erasure.due_at, Erasure.id)))


def carry_out_due(session: Session, actor: Actor, erasure_id: UUID, now: datetime) -> bool:
    """Carry out an erasure, unless somebody else does so or it was withdrawn."""
    erasure = session.get(Erasure, erasure_id)
    if erasure is None:
        return False
    _lock(session, Subject(erasure.subject_kind, erasure.subject_id))
    erasure = session.get(Erasure, erasure_id, with_for_update=True, populate_existing=True)
    if erasure is None or erasure.done_at is not None:
        return False
    carry_out(session, actor, erasure, now)
    return True


def carry_out(session: Session, actor: Actor, erasure: Erasure, now: datetime) -> None:
    """Forget somebody now: every row that the map finds, in this transaction."""
    erasure.done_at = now
    session.flush()
    for subject in list(_whole(session, Subject(erasure.subject_kind, erasure.subject_id))):
        other = find(session, subject)
        if other is not None:
            other.done_at = now
        tombstone = Tombstone(id=new_id(), kind=subject.kind)
        session.add(tombstone)
        _count(session, subject, now.date())
        session.flush()
        if subject.kind is SubjectKind.STUDENT:
            bookings.give_up(session, actor, subject.id, now)
            applications.give_back(session, actor, subject.id)
            placements.release(session, actor, subject.id)
        elif (address := session.scalar(sa.select(User.email).where(User.id == subject.id))) is not None:
            guests.give_up(session, actor, address, now)
        _forget(session, subject, tombstone.id)
        events.record(session, actor, f"{_NOUNS[subject.kind]}.erased", tombstone.id)
    session.expire(erasure)
    session.refresh(erasure)
    for topic in (ASKED, "students", "students_gone"):
        db.touch(session, topic)


def _whole(session: Session, subject: Subject) -> Iterator[Subject]:
    """A student goes with the accounts that are nothing else; who is gone already needs nothing more."""
    if subject.kind is SubjectKind.ACCOUNT:
        if session.get(User, subject.id) is not None:
            yield subject
        return
    student = session.get(Student, subject.id)
    if student is not None:
        yield from subjects_of_student(session, student)


def _forget(session: Session, subject: Subject, tombstone_id: UUID) -> None:
    for entry, link in maps.read().walk(subject.kind):
        table = entry.table
        rows = link.rows(table, subject.id)
        if link.blank:
            session.execute(sa.update(table).where(rows).values(link.emptied(table, tombstone_id)))
        else:
            session.execute(sa.delete(table).where(rows))


def _count(session: Session, subject: Subject, today: date) -> None:
    row = None
    if subject.kind is SubjectKind.STUDENT:
        row = session.execute(
            sa.select(SchoolClass.start_year, Municipality.province_code, SchoolClass.programme_id)
            .join(Student, Student.class_id == SchoolClass.id)
            .join(School, School.id == Student.school_id)
            .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
            .where(Student.id == subject.id)
        ).one_or_none()
    start_year, province_code, programme_id = row or (dates.school_year(today), None, None)
    insert = db.inserting(session, ErasedCount).values(
        kind=subject.kind, start_year=start_year, province_code=province_code or "", programme_id=programme_id or "",
        number=1,
    )  # fmt: skip
    session.execute(
        insert.on_conflict_do_update(
            index_elements=list(ErasedCount.__table__.primary_key),
            set_={"number": ErasedCount.__table__.c.number + 1},
        )
    )


def counts(session: Session, actor: Actor) -> list[ErasedCount]:
    """How many were forgotten, where it was at least `FEWEST`; for a coordinator in the territory. Raises NotAllowed."""
    auth.require_scope(actor, "events:read")
    if not rules.can_see_counts(actor):
        raise errors.NotAllowed("Only whoever coordinates the network sees these counts.")
    found = sa.select(ErasedCount).where(ErasedCount.number >= FEWEST)
    if not actor.is_administrator:
        found = found.where(ErasedCount.province_code.in_(actor.provinces))
    key = (ErasedCount.start_year, ErasedCount.kind, ErasedCount.province_code, ErasedCount.programme_id)
    return list(session.scalars(found.order_by(*key)))


# --- the disk -----------------------------------------------------------------------------------------------------------


def wipe(database: Database) -> bool:
    """Take what was erased off the disk too, if anything was since the last time; whether it was.

    A deleted row lies on in free pages and in the write-ahead log. SQLite writes the file anew, which locks it for as long
    as that takes; PostgreSQL frees the rows. Backups and archived logs are the operator's.
    """
    with database.read() as session:
        erased, wiped = db.revision(session, ASKED), db.revision(session, WIPED)
    if erased == wiped:
        return False
    try:
        _wipe(database)
    except (OperationalError, sqlite3.OperationalError):  # somebody reads; the next time will do
        return False
    with database.write() as session:
        insert = db.inserting(session, Revision).values(topic=WIPED, number=erased)
        session.execute(insert.on_conflict_do_update(index_elements=["topic"], set_={"number": erased}))
    return True


def _wipe(database: Database) -> None:
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for name in maps.read().entries:
                connection.exec_driver_sql(f"VACUUM {name}")
        return
    # The driver's own transactions are off, so these run outside of any.
    with closing(database.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        cursor.execute("PRAGMA query_only=OFF")
        cursor.execute("VACUUM")
        [busy, *_] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise sqlite3.OperationalError("somebody reads")
