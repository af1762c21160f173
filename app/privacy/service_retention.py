"""What ends by itself, and the warning before: students who have left, accounts that nobody uses, who did old events.

Everything here is found by its date, so it can be asked what would be done on any day, and doing it twice does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, db
from app.auth.actors import Actor
from app.auth.models import Membership, User
from app.events import service as events
from app.events.models import Event
from app.mails import service as mails
from app.privacy.map import Subject
from app.privacy.models import Erasure, RetentionWarning, SubjectKind
from app.schools.models import SchoolClass
from app.settings import Settings
from app.students.models import Student

SCHOOL_YEAR_ENDS = (8, 31)
_MONTH = timedelta(days=30.4375)


class Rule(StrEnum):
    """Why something ends."""

    LEFT = "student_left"
    IDLE = "student_idle"
    ARCHIVED = "student_archived"
    UNUSED = "account_unused"


@dataclass(frozen=True, slots=True)
class Due:
    """Somebody whose data end, the rule, and the day."""

    subject: Subject
    rule: Rule
    on: date


# --- what ends when -----------------------------------------------------------------------------------------------------


def list_due(session: Session, settings: Settings, today: date) -> list[Due]:
    """Everything that ends up to this day, by day."""
    found = [*_leavers(session, settings, today), *_archived(session, settings, today)]
    found += _unused(session, settings, today)
    asked = {
        (kind, subject_id)
        for kind, subject_id in session.execute(
            sa.select(Erasure.subject_kind, Erasure.subject_id).where(Erasure.done_at.is_(None))
        )
    }
    found = [due for due in found if (due.subject.kind, due.subject.id) not in asked]
    return sorted(found, key=lambda due: (due.on, due.rule, due.subject.id))


def _leavers(session: Session, settings: Settings, today: date) -> Iterable[Due]:
    """Who is still in a class whose school year is over has not been moved to a new one; or nothing happens any more."""
    latest = _latest_events(Event.object_id, "student")
    rows = session.execute(
        sa.select(Student.id, Student.created_at, SchoolClass.start_year, latest.c.at)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .outerjoin(latest, latest.c.key == _as_text(session, Student.id))
        .where(Student.archived_at.is_(None))
    )
    active = _active_students(session)
    for row in rows:
        subject = Subject(SubjectKind.STUDENT, row.id)
        left = date(row.start_year + 1, *SCHOOL_YEAR_ENDS) + timedelta(days=settings.student_grace_days)
        seen: list[datetime] = [row.created_at, row.at or row.created_at, active.get(row.id, row.created_at)]
        last = max(seen).date()
        idle = last + settings.student_idle_months * _MONTH
        on, rule = min((left, Rule.LEFT), (idle, Rule.IDLE))
        if on <= today:
            yield Due(subject, rule, on)


def _as_text(session: Session, column: sa.orm.InstrumentedAttribute[UUID]) -> sa.ColumnElement[str]:
    """An id as events write it."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.cast(column, sa.String)
    plain = sa.type_coerce(column, sa.String)
    starts = ((1, 8), (9, 4), (13, 4), (17, 4), (21, 12))
    first, *others = (sa.func.substr(plain, start, length) for start, length in starts)
    text: sa.ColumnElement[str] = first
    for other in others:
        text = text + "-" + other
    return text


def _latest_events(column: sa.orm.InstrumentedAttribute[str], object_type: str) -> sa.Subquery:
    return (
        sa.select(column.label("key"), sa.func.max(Event.at).label("at"))
        .where(Event.object_type == object_type)
        .group_by(column)
        .subquery()
    )


def _last_seen(session: Session) -> dict[UUID, datetime]:
    """When each person last did anything, signing in included."""
    rows = session.execute(
        sa.select(Event.actor_id, sa.func.max(Event.at))
        .where(Event.actor_kind == "user")
        .group_by(Event.actor_id)
    )
    return {user_id: at for user_id, at in rows if user_id is not None}


def _active_students(session: Session) -> dict[UUID, datetime]:
    seen = _last_seen(session)
    rows = session.execute(
        sa.select(Membership.student_id, Membership.user_id).where(Membership.student_id.is_not(None))
    )
    return {one: seen[user_id] for one, user_id in rows if one is not None and user_id in seen}


def _archived(session: Session, settings: Settings, today: date) -> Iterable[Due]:
    keep = timedelta(days=settings.student_keep_days)
    rows = session.execute(sa.select(Student.id, Student.archived_at).where(Student.archived_at.is_not(None)))
    for student_id, archived_at in rows:
        if archived_at is not None and (on := archived_at.date() + keep) <= today:
            yield Due(Subject(SubjectKind.STUDENT, student_id), Rule.ARCHIVED, on)


def _unused(session: Session, settings: Settings, today: date) -> Iterable[Due]:
    """Accounts; a student's goes with the student, and the demo's people have no life."""
    seen = _last_seen(session)
    students = sa.select(Membership.user_id).where(Membership.student_id.is_not(None))
    rows = session.execute(
        sa.select(User.id, User.created_at).where(User.id.not_in(students), User.is_demo.is_(False))
    )
    for user_id, created_at in rows:
        last = max(created_at, seen.get(user_id, created_at)).date()
        if (on := last + settings.account_idle_months * _MONTH) <= today:
            yield Due(Subject(SubjectKind.ACCOUNT, user_id), Rule.UNUSED, on)


# --- warning and doing --------------------------------------------------------------------------------------------------


def warn(session: Session, actor: Actor, settings: Settings, now: datetime) -> list[Due]:
    """Tell, once, whose data will end within the days of warning; take back warnings that no longer hold."""
    coming = list_due(session, settings, now.date() + timedelta(days=settings.retention_warning_days))
    by_key = {(due.subject.kind, due.subject.id, str(due.rule)): due for due in coming}
    present = session.scalars(sa.select(RetentionWarning)).all()
    for warning in present:
        if by_key.pop((warning.subject_kind, warning.subject_id, warning.rule), None) is None:
            session.delete(warning)
    for due in by_key.values():
        # Whoever is told late gets the whole time all the same.
        on = max(due.on, now.date() + timedelta(days=settings.retention_warning_days))
        session.add(
            RetentionWarning(
                subject_kind=due.subject.kind, subject_id=due.subject.id, rule=due.rule, warned_at=now, due_on=on
            )
        )  # fmt: skip
        noun = "student" if due.subject.kind is SubjectKind.STUDENT else "user"
        events.record(session, actor, f"{noun}.end_announced", due.subject.id, {"rule": str(due.rule)})
        _mail(session, settings, due, on, now)
    return list(by_key.values())


_MAILS = {
    "it": (
        "Bottega: i tuoi dati stanno per finire",
        "Dal {day} il tuo profilo o il tuo accesso finisce. Perché, e che cosa puoi fare: {url}/data",
    ),
    "en": (
        "Bottega: your data are about to end",
        "From {day} on your profile or your account ends. Why, and what you can do: {url}/data",
    ),
}
"""A subject that names nobody, and a text that says everything only to who signs in."""


def _mail(session: Session, settings: Settings, due: Due, on: date, now: datetime) -> None:
    people = sa.select(User.email, User.language).where(User.email.is_not(None), User.is_active)
    if due.subject.kind is SubjectKind.ACCOUNT:
        people = people.where(User.id == due.subject.id)
    else:
        people = people.join(Membership, Membership.user_id == User.id).where(
            Membership.student_id == due.subject.id
        )
    for address, language in session.execute(people):
        subject, text = _MAILS.get(language, _MAILS["it"])
        mails.queue(
            session, to=address or "", subject=subject, text=text.format(day=on, url=settings.public_url),
            kind="end_announced", now=now, language=language,
        )  # fmt: skip


def carry_out(session: Session, actor: Actor, settings: Settings, now: datetime) -> dict[str, int]:
    """Do what is due and was announced in time: archive, or ask for the erasure that the worker carries out."""
    done = dict.fromkeys((str(rule) for rule in Rule), 0)
    announced = {
        (row.subject_kind, row.subject_id, row.rule): row
        for row in session.scalars(sa.select(RetentionWarning).where(RetentionWarning.due_on <= now.date()))
    }
    for due in list_due(session, settings, now.date()):
        warning = announced.get((due.subject.kind, due.subject.id, str(due.rule)))
        if warning is None:
            continue
        session.delete(warning)
        _DO[due.rule](session, actor, due.subject, now)
        done[due.rule] += 1
    return done


def _archive(session: Session, actor: Actor, subject: Subject, now: datetime) -> None:
    student = session.get_one(Student, subject.id)
    student.archived_at = now
    events.record(session, actor, "student.archived", subject.id)
    db.touch(session, "students")


def _ask_for_erasure(session: Session, actor: Actor, subject: Subject, now: datetime) -> None:
    session.add(Erasure(subject_kind=subject.kind, subject_id=subject.id, asked_at=now, due_at=now))
    noun = "student" if subject.kind is SubjectKind.STUDENT else "user"
    events.record(session, actor, f"{noun}.erasure_asked", subject.id)


_DO: dict[Rule, Callable[[Session, Actor, Subject, datetime], None]] = {
    Rule.LEFT: _archive,
    Rule.IDLE: _archive,
    Rule.ARCHIVED: _ask_for_erasure,
    Rule.UNUSED: _ask_for_erasure,
}


def restore(session: Session, actor: Actor, now: datetime) -> int:
    """Bring back archived students who have been moved to a class of a running school year; how many."""
    year = dates.school_year(now.date())
    found = session.scalars(
        sa.select(Student)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(Student.archived_at.is_not(None), SchoolClass.start_year >= year)
    ).all()
    back = [student for student in found if _moved_since(session, student)]
    for student in back:
        student.archived_at = None
        events.record(session, actor, "student.restored", student.id)
        db.touch(session, "students")
    return len(back)


def _moved_since(session: Session, student: Student) -> bool:
    """Whether anybody has changed the profile after it was archived."""
    last = session.scalar(
        sa.select(sa.func.max(Event.at)).where(
            Event.object_type == "student",
            Event.object_id == str(student.id),
            Event.action == "student.edited",
        )
    )
    return last is not None and student.archived_at is not None and last > student.archived_at


def forget_actors(session: Session, now: datetime, *, years: int) -> int:
    """Take from old events which person did them; how many."""
    until = datetime.combine(now.date().replace(year=now.year - years, day=1), time(), UTC)
    done = session.execute(
        sa.update(Event)
        .where(Event.at < until, Event.actor_kind == "user", Event.actor_id.is_not(None))
        .values(actor_id=None, request_id="", actor_salt="")
    )
    return int(done.rowcount)  # type: ignore[attr-defined]


def warnings_for(session: Session, subject: Subject) -> list[RetentionWarning]:
    """What somebody has to be told about the end of their data."""
    return list(
        session.scalars(
            sa.select(RetentionWarning)
            .where(RetentionWarning.subject_kind == subject.kind, RetentionWarning.subject_id == subject.id)
            .order_by(RetentionWarning.due_on)
        )
    )
