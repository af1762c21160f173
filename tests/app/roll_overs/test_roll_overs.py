"""A school's step into the new year: who goes where, that twice is once, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import errors
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import TaughtClass
from app.bulk_changes import service as changes
from app.bulk_changes.models import BulkChange
from app.companies.models import Company
from app.db import Database
from app.notifications.models import Notification
from app.opportunities.models import Status
from app.placements.models import State
from app.programmes.models import ProgrammeSkill
from app.roll_overs import rules, service, service_needs
from app.roll_overs.rules import Choice, Key, StudentFate
from app.schools.models import School, SchoolClass
from app.students.models import Evidence, Student, StudentSkill
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries

YEAR = 2026
"""NOW is in the school year 2025."""


@dataclass
class World:
    make: Factory
    school: School
    lead: Actor
    classes: dict[str, SchoolClass]
    students: dict[str, Student]

    @property
    def database(self) -> Database:
        return self.make.database

    def roll(self, *choices: Choice, year: int = YEAR, actor: Actor | None = None) -> BulkChange:
        with self.database.write() as session:
            return changes.roll_over(session, actor or self.lead, self.school.id, year, choices, now=NOW)

    def undo(self, change: BulkChange, *, now: datetime = NOW) -> BulkChange:
        with self.database.write() as session:
            return changes.undo(session, self.lead, change.id, now=now)

    def where(self) -> dict[str, str]:
        """Each student's class, or that they have left."""
        with self.database.read() as session:
            rows = session.execute(
                sa.select(Student, SchoolClass).join(SchoolClass, SchoolClass.id == Student.class_id)
            ).all()
        return {
            row.Student.given_name: "left"
            if row.Student.archived_at
            else f"{row.SchoolClass.year}{row.SchoolClass.section} {row.SchoolClass.start_year}"
            for row in rows
        }

    def classes_of(self, year: int) -> dict[str, str | None]:
        with self.database.read() as session:
            found = session.scalars(
                sa.select(SchoolClass).where(
                    SchoolClass.start_year == year, SchoolClass.school_id == self.school.id
                )
            )
            return {f"{one.year}{one.section}": one.programme_id for one in found}


def build(make: Factory) -> World:
    """3A, 4A and 5A of automation, which ends with the fifth year; and 2C of a common beginning."""
    school = make.school()
    make.programme("it-c", first_year=1, last_year=2)
    courses = {"2C": "it-c"}
    classes = {
        name: make.school_class(
            school, year=int(name[0]), section=name[1], programme_id=courses.get(name, make.programme().id)
        )
        for name in ("2C", "3A", "4A", "5A")
    }
    students = {
        name: make.student(classes[of], given_name=name)
        for name, of in (("Uno", "2C"), ("Due", "3A"), ("Tre", "4A"), ("Quattro", "4A"), ("Cinque", "5A"), ("Sei", "5A"))
    }  # fmt: skip
    with make.database.write() as session:
        user = people.add_user(
            session, ACTOR, email="lead@example.org", name="Lead",
            grants=[Grant(Role.SCHOOL_LEAD, school_id=school.id)],
        )  # fmt: skip
    lead = Actor(kind="user", id=user.id, name="", grants=(Grant(Role.SCHOOL_LEAD, school_id=school.id),))
    return World(make, school, lead, classes, students)


@pytest.fixture
def world(make: Factory) -> World:
    return build(make)


BEFORE = {
    "Uno": "2C 2025",
    "Due": "3A 2025",
    "Tre": "4A 2025",
    "Quattro": "4A 2025",
    "Cinque": "5A 2025",
    "Sei": "5A 2025",
}
AFTER = {
    "Uno": "3C 2026",
    "Due": "4A 2026",
    "Tre": "5A 2026",
    "Quattro": "5A 2026",
    "Cinque": "left",
    "Sei": "left",
}


@dataclass
class Course:
    kind: str
    last_year: int


@pytest.mark.parametrize(
    ("year", "course", "expected"),
    [
        (4, Course("technical", 5), 5),
        (5, Course("technical", 5), None),
        (4, Course("technical", 4), None),  # a four-year course
        (2, Course("technical", 2), 3),  # a common beginning: a track comes afterwards
        (2, Course("its", 2), None),
        (3, Course("iefp", 3), None),
        (4, None, 5),
        (5, None, None),
    ],
)
def test_where_a_class_goes(year: int, course: Course | None, expected: int | None) -> None:
    found = rules.following(Key(year, "A"), course)
    assert (found.year if found else None) == expected


def test_everybody_goes_up_and_twice_changes_nothing(world: World) -> None:
    assert world.where() == BEFORE
    first = world.roll()
    assert (first.size, world.where()) == (6, AFTER)
    automation = world.make.programme().id
    # what 3C studies nobody knows: the common beginning is over
    assert world.classes_of(YEAR) == {"3C": None, "4A": automation, "5A": automation}
    assert world.roll().size == 0
    assert world.where() == AFTER
    assert len(world.classes_of(YEAR)) == 3


def test_two_at_once_move_everybody_once(shared: Database) -> None:
    world = build(Factory(shared))
    with ThreadPoolExecutor(3) as threads:
        sizes = sorted(threads.map(lambda _: world.roll().size, range(3)))
    assert (sizes, world.where()) == ([0, 0, 6], AFTER)


def test_exceptions_per_student(world: World) -> None:
    """Tre repeats the fourth year, Quattro moves to the class that was the second year's, Due leaves, Sei repeats the fifth."""
    students = {name: one.id for name, one in world.students.items()}
    world.roll(
        Choice(students["Tre"], StudentFate.STAYS),
        Choice(students["Quattro"], StudentFate.MOVES, Key(3, "C")),
        Choice(students["Due"], StudentFate.LEAVES),
        Choice(students["Sei"], StudentFate.STAYS),
    )
    assert world.where() == {
        "Uno": "3C 2026", "Due": "left", "Tre": "4A 2026", "Quattro": "3C 2026", "Cinque": "left", "Sei": "5A 2026",
    }  # fmt: skip


def test_who_repeats_alone_has_a_class_with_the_same_programme(world: World) -> None:
    world.roll(Choice(world.students["Uno"].id, StudentFate.STAYS))
    assert world.where()["Uno"] == "2C 2026"
    assert world.classes_of(YEAR)["2C"] == "it-c"


@pytest.mark.parametrize(
    ("choices", "field"),
    [
        (lambda _: [Choice(UUID(int=7), StudentFate.STAYS)], "choices.0.student_id"),
        (
            lambda one: [Choice(one, StudentFate.STAYS), Choice(one, StudentFate.LEAVES)],
            "choices.1.student_id",
        ),
        (lambda one: [Choice(one, StudentFate.MOVES)], "choices.0.to"),
        (lambda one: [Choice(one, StudentFate.STAYS, Key(4, "A"))], "choices.0.to"),
        (lambda one: [Choice(one, StudentFate.MOVES, Key(4, "Z"))], "choices.0.to"),
    ],
)
def test_an_exception_that_cannot_be_meant_names_its_field(world: World, choices: Any, field: str) -> None:
    with pytest.raises(service.BadExceptions) as refusal:
        world.roll(*choices(world.students["Tre"].id))
    assert [one["field"] for one in refusal.value.faults] == [field]
    assert world.where() == BEFORE


@pytest.mark.parametrize("year", [2024, 2027])
def test_only_into_the_year_that_runs_or_the_next(world: World, year: int) -> None:
    with pytest.raises(service.NotInTime) as refusal:
        world.roll(year=year)
    assert refusal.value.faults[0]["field"] == "year"


def test_a_teacher_does_not_move_the_school(world: World) -> None:
    own = frozenset(one.id for one in world.classes.values())
    teacher = Grant(Role.TEACHER, school_id=world.school.id, class_ids=own)
    with pytest.raises(errors.NotAllowed):
        world.roll(actor=Actor(kind="user", id=world.lead.id, name="", grants=(teacher,)))


def test_a_class_that_is_there_is_used(world: World) -> None:
    there = world.make.school_class(world.school, start_year=YEAR, year=5, section="A")
    world.roll()
    with world.database.read() as session:
        assert session.get_one(Student, world.students["Tre"].id).class_id == there.id


def test_who_has_an_open_placement_leaves_when_it_has_ended(world: World) -> None:
    placement = world.make.placement(world.students["Sei"], world.make.opportunity(), state=State.RUNNING)
    assert world.roll().size == 5
    assert world.where()["Sei"] == "5A 2025"
    with world.database.write() as session:
        row = session.get_one(type(placement), placement.id)
        row.state, row.due_at = State.COMPLETED, None
    assert world.roll().size == 1
    assert world.where()["Sei"] == "left"


def test_skills_become_those_of_the_new_class_and_teachers_come_along(world: World) -> None:
    make = world.make
    for year in (4, 5):
        make.add(
            ProgrammeSkill(
                programme_id=make.programme().id, year=year, skill_id=make.skill().id, level=year - 2
            )
        )
    make.skill("cad")
    student = world.students["Tre"]
    for skill, level, evidence in (
        ("plc-programming", 1, Evidence.CURRICULUM),
        ("cad", 2, Evidence.DECLARED),
    ):
        world.make.add(StudentSkill(student_id=student.id, skill_id=skill, level=level, evidence=evidence))
    teacher = Grant(Role.TEACHER, school_id=world.school.id, class_ids=frozenset({student.class_id}))
    world.make.signed_in(teacher)

    def held() -> dict[str, int]:
        with world.database.read() as session:
            rows = session.scalars(sa.select(StudentSkill).where(StudentSkill.student_id == student.id))
            return {one.skill_id: one.level for one in rows}

    change = world.roll()
    assert held() == {"plc-programming": 3, "cad": 2}
    with world.database.read() as session:
        now_in = session.get_one(Student, student.id).class_id
        assert session.scalar(sa.select(sa.func.count()).where(TaughtClass.class_id == now_in)) == 1
    world.undo(change)
    assert held() == {"plc-programming": 2, "cad": 2}


# --- the way back -----------------------------------------------------------------------------------------------------


def test_within_a_day_everything_is_as_it_was(world: World) -> None:
    change = world.roll()
    back = world.undo(change, now=NOW + timedelta(hours=23))
    assert (back.undone, world.where(), world.classes_of(YEAR)) == (6, BEFORE, {})
    assert world.roll().size == 6


def test_after_a_day_it_stays(world: World) -> None:
    change = world.roll()
    with pytest.raises(changes.TooLate, match="1440 minutes"):
        world.undo(change, now=NOW + timedelta(days=1))


def test_who_was_moved_since_stays_there_and_so_does_the_class(world: World) -> None:
    change = world.roll()
    with world.database.write() as session:
        tre = session.get_one(Student, world.students["Tre"].id)
        due = session.get_one(Student, world.students["Due"].id)
        tre.class_id = due.class_id
    back = world.undo(change)
    assert (back.size, back.undone) == (6, 5)
    assert world.where() == BEFORE | {"Tre": "4A 2026"}
    assert list(world.classes_of(YEAR)) == ["4A"]


# --- needs ------------------------------------------------------------------------------------------------------------


def told(world: World) -> Sequence[Notification]:
    with world.database.read() as session:
        return session.scalars(sa.select(Notification).order_by(Notification.path)).all()


def test_companies_are_asked_once_whether_they_offer_it_again(world: World) -> None:
    make = world.make
    company = make.company()
    make.signed_in(Grant(Role.COMPANY_ADMIN, company_id=company.id))

    def placed(status: Status, **values: Any) -> UUID:
        offered = make.opportunity(company, status=status, title=str(status))
        make.placement(world.students["Tre"], offered, **values)
        return offered.id

    closed = placed(Status.CLOSED)
    full = placed(Status.FULL)
    placed(Status.PUBLISHED)
    placed(Status.ARCHIVED, starts_on=date(2025, 3, 3))  # of the year before
    make.opportunity(company, status=Status.CLOSED)  # of nobody here
    world.roll()
    world.roll()
    expected = sorted(f"/opportunities/{one}/renewal" for one in (closed, full))
    assert [one.path for one in told(world)] == expected
    assert {one.kind for one in told(world)} == {"offer_again"}


def test_what_has_been_renewed_is_not_asked_for(world: World) -> None:
    from app.postings.models import Posting

    make = world.make
    old = make.opportunity(status=Status.CLOSED)
    make.signed_in(Grant(Role.COMPANY_ADMIN, company_id=old.company_id))
    make.placement(world.students["Tre"], old)
    company = make.get(Company, old.company_id)
    new = make.opportunity(company, status=Status.DRAFT)
    make.add(Posting(company_id=old.company_id, opportunity_id=new.id, renewed_from_id=old.id))
    with world.database.write() as session:
        assert service_needs.offer_again(session, world.school.id, YEAR, now=NOW) == 0
    assert told(world) == []


# --- the API ----------------------------------------------------------------------------------------------------------


def test_look_ahead_then_move_over_the_api(client: TestClient, world: World) -> None:
    headers = world.make.bearer(Role.SCHOOL_LEAD, school_id=world.school.id)
    path = f"/api/v1/schools/{world.school.id}"
    ahead = client.get(f"{path}/roll-over", params={"year": YEAR}, headers=headers).json()
    assert (ahead["is_done"], len(ahead["classes"])) == (False, 4)
    assert ahead["classes"][0] == {
        "class_id": str(world.classes["2C"].id), "year": 2, "section": "C", "study_path": "",
        "becomes": {"year": 3, "section": "C", "study_path": ""}, "is_new": True, "has_programme": False,
        "students": 1, "waiting": 0,
    }  # fmt: skip
    assert ahead["classes"][3]["becomes"] is None
    tre = str(world.students["Tre"].id)
    body = {
        "year": YEAR,
        "choices": [{"student_id": tre, "fate": "moves", "to": {"year": 3, "section": "C"}}],
    }
    answer = client.post(f"{path}/roll-overs", json=body, headers=headers)
    assert (answer.status_code, answer.json()["kind"], answer.json()["size"]) == (201, "rolled_over", 6)
    assert answer.json()["undoable_until"] == "2026-01-13T09:00:00Z"
    assert world.where() == AFTER | {"Tre": "3C 2026"}
    assert client.get(f"{path}/roll-over", params={"year": YEAR}, headers=headers).json()["is_done"] is True


def test_a_school_of_thirty_costs_as_many_questions_to_look_at_as_one_of_six(world: World) -> None:
    def ask() -> int:
        with count_queries(world.database) as queries, world.database.read() as session:
            service.preview(session, world.lead, world.school.id, YEAR, now=NOW)
        return queries.count

    few = ask()
    for _ in range(24):
        world.make.student(world.classes["3A"])
    assert ask() == few
