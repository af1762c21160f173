"""Who is forgotten is found nowhere any more: no table, no file, no log line, no memory of any process."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import dates, logs
from app.auth.actors import Grant, Role
from app.commands import keeping, worker
from app.db import Base, Database
from app.events import service_chain as chain
from app.main import create_app
from app.privacy import map as maps
from app.privacy import service_erasure as erasures
from app.privacy.models import ErasedCount, Erasure, Tombstone
from app.settings import Settings
from app.students import service as students
from app.students.models import Student
from tests import forms
from tests.app.privacy.people import PLANTED, Person, plant
from tests.app.students.callers import person
from tests.factories import ACTOR, NOW, Factory

YES = {"confirm": True}
SETTINGS = Settings(rate_limit_per_minute=100_000, look_delay_seconds=0)


# --- the proof ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def real(own_engine: sa.Engine) -> Iterator[Database]:
    """A database of its own, with real transactions: what is erased must leave the disk."""
    database = Database(own_engine.url.render_as_string(hide_password=False))
    yield database
    database.close()


def told(planted: Person) -> dict[str, list[str]]:
    """What must be nowhere: each planted text, and the ids as either database writes them."""
    wanted = {name: [value.lower()] for name, value in PLANTED.items()}
    for name, one in (("student's id", planted.student_id), ("account's id", planted.user_id)):
        wanted[name] = [str(one), one.hex]
    return wanted


def serve(database: Database) -> TestClient:
    """A process of its own on the database."""
    app = create_app(SETTINGS, database=database, clock=lambda: NOW)
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    client.event_hooks = {"request": [forms.carry_token], "response": []}
    return client


def in_tables(database: Database, wanted: dict[str, list[str]]) -> list[str]:
    found = []
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            for row in session.execute(sa.select(table)):
                text = " ".join(str(value) for value in row).lower()
                found += [
                    f"{name} in {table.name}"
                    for name, forms in wanted.items()
                    if any(f in text for f in forms)
                ]
    return sorted(set(found))


def in_files(folder: Path, wanted: dict[str, list[str]]) -> list[str]:
    found = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        content = path.read_bytes().lower()
        found += [
            f"{name} in {path.name}"
            for name, forms in wanted.items()
            if any(form.encode() in content for form in forms)
        ]
    return found


@pytest.fixture
def log_lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Every line that a service in production writes."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr("sys.stderr", written)
    logs.set_up(Settings(environment="production", secret_key="x" * 40))
    monkeypatch.setattr(logging.getLogger("httpx2"), "level", logging.WARNING)  # the test's own client
    yield written
    root.handlers, root.level = handlers, level


def work(database: Database, hours: int) -> None:
    """What the worker does, so many hours later."""
    for job in worker.jobs().values():
        job.do(SETTINGS, database, NOW + timedelta(hours=hours))


def forgotten(database: Database, client: TestClient, planted: Person, by: dict[str, str]) -> None:
    """The student asks, or the staff, and a day goes by."""
    path = "/api/v1/me/erasure" if by is planted.own else f"/api/v1/students/{planted.student_id}/erasure"
    assert client.post(path, json=YES, headers=by).status_code == 201
    work(database, 24)


@pytest.mark.parametrize("who", ["own", "lead"])
def test_nothing_is_left_of_who_was_forgotten(
    real: Database, tmp_path: Path, log_lines: io.StringIO, who: str
) -> None:
    make = Factory(real)
    other_process = create_app(SETTINGS, database=real, clock=lambda: NOW)
    with serve(real) as client:
        planted = plant(client, make, real)
        other = TestClient(other_process, base_url="http://127.0.0.1:8000")
        admin = make.bearer()
        assert other.get(f"/api/v1/students/{planted.student_id}/matches", headers=admin).status_code == 200
        assert planted.student_id in other_process.state.engine._known
        wanted = told(planted)
        before = {line.split(" in ")[0] for line in in_tables(real, wanted)}
        assert before == set(wanted), "what is looked for was there"
        if real.engine.dialect.name == "sqlite":
            assert {line.split(" in ")[0] for line in in_files(tmp_path, wanted)} >= set(wanted) - {"request"}

        forgotten(real, client, planted, planted.own if who == "own" else planted.lead)

        assert in_tables(real, wanted) == []
        assert in_files(tmp_path, wanted) == []
        assert other.get("/api/v1/students", headers=admin).json()["items"] == []
        candidates = f"/api/v1/opportunities/{planted.opportunity_id}/candidates"
        assert other.get(candidates, headers=planted.company).json()["items"] == []
        assert planted.student_id not in other_process.state.engine._known
        assert client.get("/api/v1/me/export", headers=planted.own).status_code == 401
    lines = log_lines.getvalue().lower()
    assert [name for name, forms in wanted.items() if any(form in lines for form in forms)] == []
    with real.read() as session:
        stones = session.scalars(sa.select(Tombstone.id)).all()
        assert len(stones) == 2
        assert chain.verify(session, gone=stones).finding is None


SKIPPED = (
    "students", "users", "idempotency_keys", "events", "company_contacts", "retention_warnings", "erasures", "mails",
    "invitations", "oidc_flows",
)  # fmt: skip
"""What no foreign key carries along; the database itself deletes the rest with the student or the account."""


@pytest.mark.parametrize("table", SKIPPED)
def test_the_proof_fails_when_a_table_is_forgotten(
    real: Database, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    walk = maps.DataMap.walk

    def without(self: maps.DataMap, kind: Any) -> Iterator[Any]:
        return (pair for pair in walk(self, kind) if pair[0].name != table)

    with serve(real) as client:
        planted = plant(client, Factory(real), real)
        monkeypatch.setattr(maps.DataMap, "walk", without)
        client.post("/api/v1/me/erasure", json=YES, headers=planted.own)
        keeping.erase(SETTINGS, real, NOW + timedelta(days=1))
    assert in_tables(real, told(planted)) != []


def test_what_is_not_skipped_is_carried_along_too() -> None:
    for entry in maps.read().entries.values():
        if entry.name in SKIPPED or entry.name in {
            "api_keys",
            "bulk_changes",
            "companies",
            "jobs",
            "kits",
            "law_rules",
            "opportunities",
            "rounds",
            "series",
        }:
            continue
        assert {key.ondelete for key in entry.table.foreign_keys} & {"CASCADE"}, entry.name


def test_without_the_wipe_the_file_still_tells(
    real: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if real.engine.dialect.name != "sqlite":
        monkeypatch.setattr(erasures, "_wipe", lambda _database: pytest.fail("nothing to wipe"))
        assert not erasures.wipe(real)
        return
    monkeypatch.setattr(erasures, "_wipe", lambda _database: None)
    with serve(real) as client:
        planted = plant(client, Factory(real), real)
        forgotten(real, client, planted, planted.lead)
        assert in_tables(real, told(planted)) == []
        assert in_files(tmp_path, told(planted)) != []


# --- asking and thinking better of it -----------------------------------------------------------------------------------


@pytest.fixture
def planted(client: TestClient, make: Factory, database: Database) -> Person:
    return plant(client, make, database)


def due(database: Database, hours: float) -> list[UUID]:
    with database.read() as session:
        return erasures.list_due(session, NOW + timedelta(hours=hours))


def test_a_student_waits_and_can_think_better_of_it(
    client: TestClient, planted: Person, database: Database
) -> None:
    path = f"/api/v1/students/{planted.student_id}/erasure"
    answer = client.post(path, json=YES, headers=planted.own)
    body = answer.json()
    assert (answer.status_code, body["done_at"], body["subject_kind"]) == (201, None, "student")
    assert body["due_at"].startswith((NOW + timedelta(hours=12)).isoformat()[:16])
    assert client.get(answer.headers["location"], headers=planted.own).json() == body
    assert client.post(path, json=YES, headers=planted.own).json() == body  # asking twice is asking once
    assert (len(due(database, 11.9)), len(due(database, 12))) == (0, 1)
    assert client.delete(path, headers=planted.own).status_code == 204
    assert client.delete(path, headers=planted.own).status_code == 204
    assert due(database, 1000) == []
    assert client.get(answer.headers["location"], headers=planted.own).status_code == 404
    assert client.get(f"/api/v1/students/{planted.student_id}", headers=planted.own).status_code == 200


def test_staff_forget_at_once(client: TestClient, planted: Person, database: Database) -> None:
    path = f"/api/v1/students/{planted.student_id}"
    client.post(f"{path}/erasure", json=YES, headers=planted.own)
    answer = client.post(f"{path}/erasure", json=YES, headers=planted.lead)
    assert answer.json()["done_at"] is not None
    assert client.get(path, headers=planted.lead).status_code == 404
    assert client.get(answer.headers["location"], headers=planted.lead).json()["done_at"] is not None
    assert due(database, 1000) == []


def test_an_account_asks_for_itself(client: TestClient, make: Factory, database: Database) -> None:
    headers = person(make, Grant(Role.ADMINISTRATOR))
    assert client.post("/api/v1/me/erasure", json=YES, headers=headers).status_code == 201
    assert len(due(database, 24)) == 1
    assert client.delete("/api/v1/me/erasure", headers=headers).status_code == 204
    assert due(database, 24) == []


def test_nobody_else_asks(client: TestClient, planted: Person, make: Factory) -> None:
    path = f"/api/v1/students/{planted.student_id}/erasure"
    other = person(make, Grant(Role.SCHOOL_LEAD, school_id=make.school().id))
    for headers in (other, planted.company, make.bearer(Role.COORDINATOR)):
        assert client.post(path, json=YES, headers=headers).status_code == 404
        assert client.delete(path, headers=headers).status_code == 404
    assert client.post("/api/v1/me/erasure", json=YES, headers=planted.company).status_code == 403
    assert client.delete("/api/v1/me/erasure", headers=planted.company).status_code == 403


@pytest.mark.parametrize("body", [{}, {"confirm": False}, {"confirm": "yes"}, {"confirm": None}])
def test_without_a_confirmation_nothing_happens(
    client: TestClient, planted: Person, body: dict[str, Any]
) -> None:
    answer = client.post("/api/v1/me/erasure", json=body, headers=planted.own)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["confirm"]


def test_an_account_that_is_more_than_the_student_stays(
    client: TestClient, planted: Person, database: Database
) -> None:
    from app.auth import service_people as people

    with database.write() as session:
        people.add_membership(session, planted.user_id, Grant(Role.ADMINISTRATOR))
    client.post(f"/api/v1/students/{planted.student_id}/erasure", json=YES, headers=planted.lead)
    assert client.get("/api/v1/me/export", headers=planted.own).status_code == 200


def test_what_is_carried_out_twice_is_done_once(
    client: TestClient, planted: Person, database: Database
) -> None:
    client.post("/api/v1/me/erasure", json=YES, headers=planted.own)
    both = due(database, 24)
    assert len(both) == 2  # the account and the profile
    done = []
    for erasure_id in [*both, *both]:
        with database.write() as session:
            done.append(erasures.carry_out_due(session, ACTOR, erasure_id, NOW))
    assert sorted(done) == [False, False, False, True] or sorted(done) == [False, False, True, True]
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Tombstone)) == 2
        assert session.query(Erasure).filter(Erasure.done_at.is_(None)).count() == 0


def test_an_erasure_of_somebody_who_is_gone_already_ends(database: Database) -> None:
    with database.write() as session:
        erasure = Erasure(subject_kind="student", subject_id=UUID(int=5), asked_at=NOW, due_at=NOW)
        session.add(erasure)
        session.flush()
        assert erasures.carry_out_due(session, ACTOR, erasure.id, NOW)
        assert not erasures.carry_out_due(session, ACTOR, UUID(int=6), NOW)
        assert session.scalar(sa.select(sa.func.count()).select_from(Tombstone)) == 0


@pytest.mark.parametrize("is_guarded", [True, False])
def test_several_at_once_forget_a_student_once(
    shared: Database, monkeypatch: pytest.MonkeyPatch, *, is_guarded: bool
) -> None:
    """All have seen the student before any of them forgets; SQLite lets them in one by one."""
    if not is_guarded:
        if shared.engine.dialect.name == "sqlite":
            return
        monkeypatch.setattr(erasures, "_lock", lambda *_: True)
    student, together, get = Factory(shared).student(), Barrier(3), students.get

    def meet(*args: Any, **values: Any) -> Student:
        found = get(*args, **values)
        with suppress(BrokenBarrierError):
            together.wait(0.5 if is_guarded else 30)
        return found

    def ask(_number: int) -> str:
        try:
            with shared.write() as session:
                erasures.ask_for_student(session, ACTOR, student.id, now=NOW, hours=0)
        except students.NoSuchStudent:
            return "gone"
        return "forgotten"

    monkeypatch.setattr(students, "get", meet)
    with ThreadPoolExecutor(3) as threads:
        said = sorted(threads.map(ask, range(3)))
    with shared.read() as session:
        stones = session.scalar(sa.select(sa.func.count()).select_from(Tombstone))
        counts = session.scalars(sa.select(ErasedCount.number)).all()
    assert ((said, stones, counts) == (["forgotten", "gone", "gone"], 1, [1])) is is_guarded


# --- counts -------------------------------------------------------------------------------------------------------------


def test_only_counts_of_five_or_more_are_shown(client: TestClient, make: Factory, database: Database) -> None:
    school_class = make.school_class(start_year=2024)
    students = [make.student(school_class) for _ in range(5)] + [make.student(make.school_class())]
    headers, lists = make.bearer(), []
    for student in students:
        client.post(f"/api/v1/students/{student.id}/erasure", json=YES, headers=headers)
        lists.append(client.get("/api/v1/erased-counts", headers=headers).json()["items"])
    shown = {
        "kind": "student", "start_year": 2024, "province_code": "BO", "programme_id": "it-c3-automazione", "number": 5,
    }  # fmt: skip
    assert lists == [[], [], [], [], [shown], [shown]]
    elsewhere = make.bearer(Role.COORDINATOR, territory_id=make.territory("Rimini", "RN").id)
    for coordinator, seen in ((make.bearer(Role.COORDINATOR), [shown]), (elsewhere, [])):
        assert client.get("/api/v1/erased-counts", headers=coordinator).json()["items"] == seen
    lead = make.bearer(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    assert client.get("/api/v1/erased-counts", headers=lead).status_code == 403
    with database.read() as session:
        assert session.query(ErasedCount).count() == 2
        assert session.query(Student).count() == 0


@pytest.mark.parametrize(
    ("moment", "year"), [("2026-08-31", 2025), ("2026-09-01", 2026), ("2026-01-12", 2025)]
)
def test_school_year(moment: str, year: int) -> None:
    from datetime import date

    assert dates.school_year(date.fromisoformat(moment)) == year


def test_a_busy_file_is_wiped_the_next_time(real: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from sqlalchemy.exc import OperationalError

    def busy(_database: Database) -> None:
        raise OperationalError("VACUUM", {}, RuntimeError("busy"))

    make = Factory(real)
    student = make.student()
    with serve(real) as client:
        client.post(f"/api/v1/students/{student.id}/erasure", json=YES, headers=make.bearer())
    wipe: Callable[[Database], bool] = erasures.wipe
    with monkeypatch.context() as patch:
        patch.setattr(erasures, "_wipe", busy)
        assert wipe(real) is False
    assert [wipe(real), wipe(real)] == [True, False]
