"""Who looked is written once a day for each viewer and way, and the reader does not wait for it."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app import db
from app.auth.actors import Actor, Grant, Role
from app.db import Base, Database
from app.events import service_looks
from app.events.models import Look
from app.events.service_looks import LookKind, Looks
from app.students.models import Student
from tests.app.students.callers import person, student_of, teacher_of
from tests.factories import TODAY, Factory
from tests.queries import count_queries

ANNA = Actor(kind="user", id=UUID(int=1), name="Anna")


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def kept(database: Database) -> list[tuple[str, str, int]]:
    with database.read() as session:
        return sorted((look.kind, look.viewer_kind, look.times) for look in session.query(Look))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def looks(database: Database, clock: Clock) -> Looks:
    return Looks(database, delay_seconds=5, timer=clock)


def test_a_first_look_is_written_at_once_and_repetitions_are_gathered(
    looks: Looks, make: Factory, database: Database, clock: Clock
) -> None:
    student = make.student().id
    for _ in range(10):
        looks.see(ANNA, LookKind.PROFILE, [student], TODAY)
    assert kept(database) == [("profile", "user", 1)]
    clock.now += 5
    looks.see(ANNA, LookKind.PROFILE, [student], TODAY)
    assert kept(database) == [("profile", "user", 11)]
    looks.see(ANNA, LookKind.PROFILE, [student], date(2026, 1, 13))
    assert len(kept(database)) == 2


def test_rankings_are_gathered_from_the_first_on(
    looks: Looks, make: Factory, database: Database, clock: Clock
) -> None:
    students = [make.student().id for _ in range(3)]
    with count_queries(database) as queries:
        for student in students:
            looks.see(ANNA, LookKind.RANKING, [student], TODAY)
    assert (queries.count, kept(database)) == (0, [])
    clock.now += 5
    with count_queries(database) as queries:
        looks.see(ANNA, LookKind.RANKING, [students[0]], TODAY)
    assert queries.count == 2  # who is there still; all rows in one statement
    assert kept(database) == [("ranking", "user", 1), ("ranking", "user", 1), ("ranking", "user", 2)]


def test_what_could_not_be_written_waits(
    looks: Looks, make: Factory, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    student = make.student().id
    with monkeypatch.context() as patch:
        patch.setattr(service_looks, "_write", lambda *_: 1 / 0)
        for _ in range(2):
            with suppress(ZeroDivisionError):
                looks.see(ANNA, LookKind.PROFILE, [student], TODAY)
    looks.flush()
    assert kept(database) == [("profile", "user", 2)]


def test_a_student_who_goes_meanwhile_takes_nobody_elses_look_along(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The erasure waits for the looks that have found the student; on SQLite writers never meet."""
    make = Factory(shared)
    gone, stays = make.student().id, make.student().id
    looks, insert = Looks(shared, delay_seconds=0), db.inserting

    def go() -> None:
        with shared.write() as session:
            session.execute(sa.delete(Student).where(Student.id == gone))

    def slowly(session: Session, kind: type[Base]) -> Any:
        going.append(other.submit(go))
        time.sleep(0.5)
        return insert(session, kind)

    going: list[Future[None]] = []
    monkeypatch.setattr(db, "inserting", slowly)
    with ThreadPoolExecutor(1) as other:
        looks.see(ANNA, LookKind.PROFILE, [gone, stays], TODAY)
        going[0].result(timeout=30)
    assert kept(shared) == [("profile", "user", 1)]


def test_two_processes_add_up(make: Factory, database: Database) -> None:
    student = make.student().id
    for _ in range(2):
        Looks(database, delay_seconds=0).see(ANNA, LookKind.PROFILE, [student], TODAY)
    assert kept(database) == [("profile", "user", 2)]


def test_own_looks_and_those_of_the_service_are_none(looks: Looks, make: Factory, database: Database) -> None:
    student = make.student().id
    own = Actor(kind="user", id=UUID(int=2), name="", grants=(Grant(Role.STUDENT, student_id=student),))
    looks.see(own, LookKind.PROFILE, [student], TODAY)
    looks.see(Actor(kind="system", id=None, name="cli"), LookKind.PROFILE, [student], TODAY)
    looks.see(ANNA, LookKind.PROFILE, [], TODAY)
    looks.flush()
    assert kept(database) == []


def test_who_is_gone_is_left_out(looks: Looks, make: Factory, database: Database) -> None:
    student = make.student().id
    looks.see(ANNA, LookKind.PROFILE, [student, UUID(int=9)], TODAY)
    assert kept(database) == [("profile", "user", 1)]


def test_a_company_looks_as_a_company(looks: Looks, make: Factory, database: Database) -> None:
    student, company = make.student().id, UUID(int=5)
    member = Actor(
        kind="user", id=UUID(int=3), name="", grants=(Grant(Role.COMPANY_MEMBER, company_id=company),)
    )
    looks.see(member, LookKind.CANDIDATE, [student], TODAY, about_id=UUID(int=6), company_id=company)
    looks.see(ANNA, LookKind.CANDIDATE, [student], TODAY, about_id=UUID(int=6), company_id=company)
    assert kept(database) == [("candidate", "company", 1), ("candidate", "user", 1)]


def test_memory_stays_bounded(looks: Looks, make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.events.service_looks.MOST_KNOWN", 2)
    for number in range(10):
        looks.see(ANNA, LookKind.PROFILE, [UUID(int=number)], TODAY)
    assert len(looks._known) <= 3


def test_students_and_staff_read_the_looks_and_own_reads_are_none(client: TestClient, make: Factory) -> None:
    school_class = make.school_class()
    student = make.student(school_class)
    path = f"/api/v1/students/{student.id}"
    own, teacher = student_of(make, student.id), teacher_of(make, school_class)
    key = make.bearer(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    for headers in (own, teacher, key, key):
        assert client.get(path, headers=headers).status_code == 200
    client.get("/api/v1/students", headers=teacher)
    client.get(f"{path}/matches", headers=teacher)
    found = client.get(f"{path}/looks", headers=own).json()
    assert found["next_cursor"] is None
    assert [(one["kind"], one["viewer_kind"], one["viewer_name"], one["times"]) for one in found["items"]] == [
        ("profile", "key", "test", 2), ("profile", "user", "Anna", 2), ("ranking", "user", "Anna", 1),
    ]  # fmt: skip
    assert found["items"][0] | {"times": 0} == {
        "day": TODAY.isoformat(), "kind": "profile", "viewer_kind": "key", "viewer_name": "test",
        "opportunity_id": None, "opportunity_title": None, "times": 0,
    }  # fmt: skip
    pages, cursor = [], None
    for _ in range(3):
        params = {"limit": 1} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{path}/looks", params=params, headers=teacher).json()
        pages += page["items"]
        cursor = page["next_cursor"]
    assert (pages, cursor) == (found["items"], None)
    other = person(make, Grant(Role.SCHOOL_LEAD, school_id=make.school().id))
    assert client.get(f"{path}/looks", headers=other).status_code == 404
