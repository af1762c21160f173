"""Loading: the same every time, whole or not at all, beside what is there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from app import db, demo
from app.auth import service as auth
from app.auth.models import ApiKey
from app.companies.models import Company
from app.db import Database
from app.demo import service
from app.demo.territory import read_territory
from app.events.models import Event
from app.opportunities.models import Opportunity, Status
from app.schools import loading, ministry
from app.schools.models import School, SchoolClass
from app.students.models import Student
from tests.app.demo.world import ON, dump, undone
from tests.factories import ACTOR

SMALL = demo.Size(students=30, companies=12, opportunities=40)


def count(database: Database, kind: type[db.Base]) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(kind)) or 0


def test_same_seed_and_day_make_the_same_rows(referenced: Database) -> None:
    dumps = []
    for _ in range(2):
        with undone(referenced) as database:
            demo.load(database, SMALL, seed=7, on=ON, quiet=True)
            dumps.append(dump(database))
    assert dumps[0] == dumps[1]
    assert len(dumps[0]["students"]) == 30


def test_another_seed_makes_other_rows(referenced: Database) -> None:
    dumps = []
    for seed in (1, 2):
        with undone(referenced) as database:
            demo.load(database, SMALL, seed=seed, on=ON, quiet=True)
            dumps.append(dump(database))
    for table in ("students", "companies", "opportunities"):
        assert not {row[0] for row in dumps[0][table]} & {row[0] for row in dumps[1][table]}


def test_load_counts_what_it_wrote(empty: Database) -> None:
    assert demo.is_empty(empty)
    loaded = demo.load(empty, SMALL, on=ON, quiet=True)
    assert not demo.is_empty(empty)
    kinds = {name: loaded.counts[name] for name in ("internships", "visits", "trainings")}
    assert sum(kinds.values()) == count(empty, Opportunity) == 40
    assert min(kinds.values()) > 0
    assert loaded.counts["students"] == count(empty, Student) == 30
    assert loaded.counts["companies"] == count(empty, Company) == 12
    assert loaded.counts["schools"] == count(empty, School)
    assert loaded.counts["classes"] == count(empty, SchoolClass)
    with empty.read() as session:
        [event] = session.scalars(sa.select(Event).where(Event.action == "demo.loaded"))
        assert event.data == {**loaded.counts, "seed": 1, "on": "2026-11-22"}
        assert all(
            db.revision(session, topic) for topic in ("students", "opportunities", "companies", "schools")
        )
        published = sa.select(Opportunity.revision).where(Opportunity.status == Status.PUBLISHED)
        assert set(session.scalars(published)) == {db.revision(session, "opportunities")}
    assert "30 students, 12 companies" in str(loaded)
    assert loaded.token in str(loaded)


@pytest.mark.parametrize("number", [1, 2])
def test_the_least_demo_is_a_demo(empty: Database, number: int) -> None:
    loaded = demo.load(empty, demo.Size(number, number, number), on=ON, quiet=True)
    assert [loaded.counts[name] for name in ("students", "companies")] == [number, number]
    assert "/students/" in demo.welcome(empty, "http://x")


def test_the_key_works_and_is_stored_nowhere(empty: Database) -> None:
    token = demo.load(empty, SMALL, on=ON, quiet=True).token
    with empty.read() as session:
        actor, _ = auth.identify(
            session, bearer=f"Bearer {token}", cookie=None, request_id="x", now=datetime.now(UTC)
        )
        [key] = session.scalars(sa.select(ApiKey))
    assert actor.is_administrator
    assert actor.scopes == auth.SCOPES
    assert token not in {str(value) for value in vars(key).values()}


def test_a_second_demo_is_refused(empty: Database) -> None:
    demo.load(empty, SMALL, on=ON, quiet=True)
    with pytest.raises(service.NotEmpty):
        demo.load(empty, SMALL, on=ON, quiet=True)
    assert count(empty, Student) == 30


@pytest.mark.parametrize("on", [date(1900, 1, 1), date(2000, 12, 31), date(2100, 1, 1)])
def test_a_day_of_another_time_is_refused(empty: Database, on: date) -> None:
    with pytest.raises(service.BadDay):
        demo.load(empty, SMALL, on=on, quiet=True)
    assert demo.is_empty(empty)


@pytest.mark.parametrize("on", [date(2001, 1, 1), date(2028, 2, 29), date(2099, 12, 31)])
def test_any_other_day_will_do(empty: Database, on: date) -> None:
    assert demo.load(empty, SMALL, on=on, quiet=True).counts["students"] == 30


def test_a_load_that_fails_leaves_nothing(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(service.personas, "write_personas", fail)
    with pytest.raises(KeyboardInterrupt):
        demo.load(empty, SMALL, on=ON, quiet=True)
    assert demo.is_empty(empty)
    assert count(empty, School) == 0


def test_schools_and_classes_that_are_there_are_used(empty: Database) -> None:
    territory = read_territory()
    known = {one.code: one for one in ministry.read_known_schools()}
    wanted = [known[code] for code in sorted({row.school_code for row in territory.classes})]
    with empty.write() as session:
        loading.load_known(session, ACTOR, wanted)
        school = session.scalars(
            sa.select(School).where(School.code == territory.classes[0].school_code)
        ).one()
        school.name = "Another name"
        ids = set(session.scalars(sa.select(School.id)))
        classes = [
            ministry.ClassData(row.school_code, row.year, section, row.study_path, frozenset())
            for row in territory.classes
            for section in row.sections
        ]
        report = ministry.ImportReport(seen=len(classes), kept=len(classes), records=len(classes))
        loading.load_classes(session, ACTOR, classes, report, start_year=2026)
        class_ids = set(session.scalars(sa.select(SchoolClass.id)))
    demo.load(empty, SMALL, on=ON, quiet=True)
    with empty.read() as session:
        assert set(session.scalars(sa.select(School.id))) == ids
        assert set(session.scalars(sa.select(SchoolClass.id))) == class_ids
        assert session.scalar(sa.select(sa.func.count()).where(School.name == "Another name")) == 1
        assert set(session.scalars(sa.select(Student.class_id))) <= class_ids


def test_more_students_than_classes_open_parallel_sections(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    territory = read_territory()
    one_school = tuple(row for row in territory.classes if row.school_code == "BOTF00301V" and row.year >= 3)
    small = replace(territory, classes=one_school)
    monkeypatch.setattr(service, "read_territory", lambda: small)
    sections = sum(len(row.sections) for row in one_school)
    demo.load(empty, demo.Size(students=30 * sections, companies=5, opportunities=10), on=ON, quiet=True)
    with empty.read() as session:
        opened = session.scalars(sa.select(SchoolClass.section)).all()
    assert len(opened) > sections
    assert sum(section.endswith("-2") for section in opened) >= len(opened) - sections > 0


def test_the_wider_area_follows_when_the_nearer_is_full(
    empty: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    territory = read_territory()
    few = [row for row in territory.classes if row.year == 4][:4]
    few += [row for row in territory.classes if row.school_code.startswith("MO")][:4]
    monkeypatch.setattr(service, "read_territory", lambda: replace(territory, classes=tuple(few)))
    demo.load(empty, demo.Size(students=300, companies=5, opportunities=10), on=ON, quiet=True)
    with empty.read() as session:
        codes = set(session.scalars(sa.select(School.code)))
    assert {code[:2] for code in codes} == {"BO", "MO"}


def test_welcome_without_a_demo_is_the_address(empty: Database) -> None:
    assert demo.welcome(empty, "http://x") == "Open http://x"
