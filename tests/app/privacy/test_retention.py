"""What ends by itself: on the day, after a warning, once, and not when the reason for it has gone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Grant, Role
from app.auth.models import User
from app.commands import keeping
from app.db import Database
from app.events import service as events
from app.events.models import Event, Look
from app.events.service_looks import NOBODY
from app.mails.models import Mail
from app.privacy import service_erasure as erasures
from app.privacy import service_retention as retention
from app.privacy.map import Subject
from app.privacy.models import Erasure, RetentionWarning, SubjectKind
from app.privacy.service_retention import Rule
from app.settings import Settings
from app.students.models import Student
from tests.factories import ACTOR, NOW, Factory

SETTINGS = Settings()
LEFT_ON = date(2026, 8, 31) + timedelta(days=SETTINGS.student_grace_days)


def day(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 9, tzinfo=UTC)


def due(database: Database, on: date) -> list[tuple[UUID, Rule, date]]:
    with database.read() as session:
        return [(one.subject.id, one.rule, one.on) for one in retention.list_due(session, SETTINGS, on)]


def keep(database: Database, on: date) -> dict[str, int]:
    """What the worker does on a day, and again."""
    done = keeping.keep_retention(SETTINGS, database, day(on))
    again = keeping.keep_retention(SETTINGS, database, day(on))
    assert set(again.values()) <= {0}, again
    return {name: value for name, value in done.items() if value}


@pytest.fixture(autouse=True)
def disk_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wiping it waits for the test's own transaction to end; test_erasure looks at real files."""
    monkeypatch.setattr(erasures, "_wipe", lambda _database: None)


@contextmanager
def writing(database: Database) -> Iterator[Session]:
    with database.write() as session:
        yield session


@pytest.fixture
def leaver(make: Factory) -> Student:
    """Still in a class of 2025/26."""
    return make.student()


def state(database: Database, student: Student) -> str:
    with database.read() as session:
        found = session.get(Student, student.id)
        if found is None:
            return "gone"
        return "archived" if found.archived_at else "here"


def test_a_leaver_is_warned_archived_warned_and_forgotten(database: Database, leaver: Student) -> None:
    assert due(database, LEFT_ON - timedelta(days=1)) == []
    assert due(database, LEFT_ON) == [(leaver.id, Rule.LEFT, LEFT_ON)]
    warned_on = LEFT_ON - timedelta(days=SETTINGS.retention_warning_days)
    assert keep(database, warned_on - timedelta(days=1)) == {}
    assert keep(database, warned_on) == {"warned": 1}
    assert keep(database, LEFT_ON - timedelta(days=1)) == {}
    assert state(database, leaver) == "here"
    assert keep(database, LEFT_ON) == {"student_left": 1}
    assert state(database, leaver) == "archived"
    ends_on = LEFT_ON + timedelta(days=SETTINGS.student_keep_days)
    assert keep(database, ends_on - timedelta(days=SETTINGS.retention_warning_days)) == {"warned": 1}
    assert keep(database, ends_on) == {"student_archived": 1}
    assert keeping.erase(SETTINGS, database, day(ends_on))["done"] == 1
    assert state(database, leaver) == "gone"


def test_whoever_is_late_gets_the_whole_time_after_the_warning(database: Database, leaver: Student) -> None:
    late = LEFT_ON + timedelta(days=200)
    assert keep(database, late) == {"warned": 1}
    with database.read() as session:
        [warning] = retention.warnings_for(session, Subject(SubjectKind.STUDENT, leaver.id))
        assert warning.due_on == late + timedelta(days=SETTINGS.retention_warning_days)
    assert keep(database, late + timedelta(days=29)) == {}
    assert keep(database, late + timedelta(days=30)) == {"student_left": 1}


def test_a_new_class_takes_the_warning_back(database: Database, make: Factory, leaver: Student) -> None:
    keep(database, LEFT_ON - timedelta(days=10))
    new_class = make.school_class(start_year=2026, year=5)
    with writing(database) as session:
        session.get_one(Student, leaver.id).class_id = new_class.id
    assert keep(database, LEFT_ON - timedelta(days=5)) == {}
    with database.read() as session:
        assert session.query(RetentionWarning).count() == 0
    keep(database, LEFT_ON)
    assert state(database, leaver) == "here"


def test_an_archived_student_who_is_moved_comes_back(
    database: Database, make: Factory, leaver: Student, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived_on = LEFT_ON + timedelta(days=1)
    new_class = make.school_class(start_year=2026, year=5)
    with writing(database) as session:
        student = session.get_one(Student, leaver.id)
        student.archived_at, student.class_id = day(archived_on), new_class.id
    keep(database, archived_on)
    assert state(database, leaver) == "archived"  # in a running class, but nobody has moved the student since
    with writing(database) as session:
        events.record(session, ACTOR, "student.edited", leaver.id, {"fields": ["class_id"]})
        next(iter(session.new)).at = day(archived_on) + timedelta(hours=1)
    assert keep(database, archived_on + timedelta(days=1)) == {"restored": 1}
    assert state(database, leaver) == "here"


def test_a_student_of_whom_nothing_is_heard_is_archived(database: Database, make: Factory) -> None:
    future_class = make.school_class(start_year=2040)
    student = make.student(future_class)
    [(_, rule, on)] = due(database, date(2030, 1, 1))
    assert (rule, on) == (Rule.IDLE, date(2028, 1, 12))
    with writing(database) as session:
        events.record(session, ACTOR, "student.edited", student.id)
        next(iter(session.new)).at = day(date(2027, 5, 1))
    assert due(database, date(2029, 4, 30)) == [(student.id, Rule.IDLE, date(2029, 4, 30))]
    token_owner = make.signed_in(Grant(Role.STUDENT, student_id=student.id))
    assert token_owner
    with writing(database) as session:
        user = session.query(User).order_by(User.created_at.desc()).first()
        assert user is not None
        actor = Actor(kind="user", id=user.id, name="")
        events.record(session, actor, "user.signed_in", user.id)
        next(iter(session.new)).at = day(date(2035, 1, 1))
    assert due(database, date(2036, 1, 1)) == []


def test_an_account_that_nobody_uses_is_forgotten(database: Database, make: Factory) -> None:
    make.signed_in(Role.COORDINATOR)
    with writing(database) as session:
        user = session.query(User).one()
        user.created_at = NOW - timedelta(days=4000)
        made = session.scalar(sa.select(sa.func.max(Event.at)))
        assert made is not None
    last = made.date()
    unused_on = last + SETTINGS.account_idle_months * timedelta(days=30.4375)
    assert due(database, unused_on - timedelta(days=1)) == []
    assert due(database, unused_on) == [(user.id, Rule.UNUSED, unused_on)]
    assert keep(database, unused_on) == {"warned": 1}
    with database.read() as session:
        [mail] = session.query(Mail)
        assert (mail.to_address, mail.kind) == (user.email, "end_announced")
        assert "/data" in mail.body_text
    assert keep(database, unused_on + timedelta(days=30)) == {"account_unused": 1}
    keeping.erase(SETTINGS, database, day(unused_on + timedelta(days=30)))
    with database.read() as session:
        assert session.query(User).count() == 0


def test_the_demo_s_people_and_students_accounts_have_no_end_of_their_own(
    database: Database, make: Factory, leaver: Student
) -> None:
    make.signed_in(Grant(Role.STUDENT, student_id=leaver.id))
    make.signed_in(Role.COORDINATOR)
    with writing(database) as session:
        for user in session.query(User):
            user.is_demo = True
    assert {rule for _, rule, _ in due(database, date(2099, 1, 1))} <= {Rule.LEFT, Rule.IDLE}


def test_an_erasure_that_was_asked_for_is_not_asked_for_twice(database: Database, leaver: Student) -> None:
    on = date(2026, 2, 1)
    with writing(database) as session:
        session.get_one(Student, leaver.id).archived_at = day(on)
        session.add(
            Erasure(subject_kind="student", subject_id=leaver.id, asked_at=NOW, due_at=day(date(2030, 1, 1)))
        )
    ends_on = on + timedelta(days=SETTINGS.student_keep_days)
    keep(database, ends_on - timedelta(days=30))
    keep(database, ends_on)
    with database.read() as session:
        assert session.query(Erasure).count() == 1
        assert erasures.find(session, Subject(SubjectKind.STUDENT, leaver.id)) is not None


def test_old_looks_and_old_actors_go(database: Database, make: Factory, leaver: Student) -> None:
    user = UUID(int=7)
    with writing(database) as session:
        for at in (date(2020, 1, 1), date(2025, 12, 1)):
            session.add(
                Look(
                    student_id=leaver.id, day=at, kind="profile", viewer_kind="user", viewer_id=user, about_id=NOBODY,
                    times=1,
                )
            )  # fmt: skip
            events.record(session, Actor(kind="user", id=user, name="", request_id="r"), "thing.made", "x")
            next(one for one in session.new if isinstance(one, Event)).at = day(at)
            session.flush()
    with database.read() as session:
        before = session.query(Event).filter(Event.actor_id.is_not(None)).count()
    done = keeping.keep_retention(SETTINGS, database, NOW)
    assert (done["looks"], done["actors"]) == (1, 1)
    with database.read() as session:
        assert session.query(Event).filter(Event.actor_id.is_not(None)).count() == before - 1
        assert [look.day for look in session.query(Look)] == [date(2025, 12, 1)]
