"""Tests of a class: who notes them, what cannot be, and what becomes of visits on these days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.bookings import service, service_split
from app.bookings.models import BookingState
from app.bookings.service import Wanted
from app.class_tests import rules
from app.class_tests import service as class_tests
from app.class_tests.models import ClassTest
from app.class_tests.rules import Sitting
from app.dates import PartName
from app.events import service as events
from app.schools.models import School, SchoolClass
from tests.app.bookings.world import LIMITS, STARTS, World
from tests.app.students.callers import person, staff, student_of
from tests.factories import NOW, Factory
from tests.queries import count_queries

DAY = STARTS.date()
MATHS = {"held_on": DAY.isoformat(), "subject": "matematica"}
SYSTEMS = {"held_on": DAY.isoformat(), "subject": "Sistemi", "part": "morning"}
LATER = {"held_on": "2026-05-04", "subject": "matematica"}


def url(school_class: SchoolClass) -> str:
    return f"/api/v1/classes/{school_class.id}/tests"


def teacher(make: Factory, school_class: SchoolClass) -> dict[str, str]:
    classes = frozenset({school_class.id})
    return person(make, Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=classes))


# --- noting -----------------------------------------------------------------------------------------------------------


def test_a_teacher_notes_several_at_once_and_takes_one_back(client: TestClient, make: Factory) -> None:
    school_class = make.school_class()
    path, headers = url(school_class), teacher(make, school_class)
    answer = client.post(path, json={"tests": [LATER, MATHS, SYSTEMS]}, headers=headers)
    assert answer.status_code == 201, answer.text
    own = {"class_id": str(school_class.id)}
    made = answer.json()["tests"]
    assert made == [
        {"id": made[0]["id"], "part": None} | own | LATER, {"id": made[1]["id"], "part": None} | own | MATHS,
        {"id": made[2]["id"]} | own | SYSTEMS,
    ]  # fmt: skip
    first = client.get(path, params={"limit": 2}, headers=headers).json()
    assert {one["id"] for one in first["items"]} == {made[1]["id"], made[2]["id"]}
    rest = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}, headers=headers).json()
    assert rest == {"items": [made[0]], "next_cursor": None}
    since = client.get(path, params={"from_on": "2026-05-04"}, headers=headers).json()["items"]
    assert since == [made[0]]
    assert client.delete(f"{path}/{made[0]['id']}", headers=headers).status_code == 204
    assert client.delete(f"{path}/{made[0]['id']}", headers=headers).status_code == 404
    other = make.class_test(make.school_class())
    assert client.delete(f"{path}/{other.id}", headers=headers).status_code == 404
    with make.database.read() as session:
        [noted, removed] = events.history(session, "class_test", made[0]["id"])
        rows = session.scalars(sa.select(ClassTest).where(ClassTest.class_id == school_class.id)).all()
    assert (noted.action, removed.action) == ("class_test.noted", "class_test.removed")
    assert noted.data == {"class_id": str(school_class.id), "held_on": "2026-05-04"}  # not in what
    assert all(one.noted_by.startswith("user:") for one in rows)


@pytest.mark.parametrize(
    ("tests", "status", "fields"),
    [
        ([LATER, MATHS | {"held_on": "2026-09-01"}], 422, ["tests.1.held_on"]),
        ([MATHS | {"held_on": "2025-08-31"}], 422, ["tests.0.held_on"]),
        ([LATER, MATHS, LATER | {"subject": "Matematica "}], 422, ["tests.2.subject"]),
        ([LATER, MATHS], 409, ["tests.1.subject"]),
        ([], 422, ["tests"]),
        ([LATER | {"subject": " m "}], 422, ["tests.0.subject"]),
        ([LATER | {"subject": "x" * 81}], 422, ["tests.0.subject"]),
        ([LATER | {"part": "night"}], 422, ["tests.0.part"]),
        ([LATER | {"held_on": "04/05/2026"}], 422, ["tests.0.held_on"]),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_noted(
    client: TestClient, make: Factory, tests: list[dict[str, str]], status: int, fields: list[str]
) -> None:
    school_class = make.school_class()
    make.class_test(school_class, held_on=DAY, subject="MATEMATICA")
    headers = staff(make, school_class)
    answer = client.post(url(school_class), json={"tests": tests}, headers=headers)
    assert (answer.status_code, [one["field"] for one in answer.json()["faults"]]) == (status, fields)
    assert len(client.get(url(school_class), headers=headers).json()["items"]) == 1


def test_a_class_has_only_so_many(make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    world, school_class = World(make), make.school_class()
    make.class_test(school_class)
    monkeypatch.setattr(rules, "MOST_TESTS", 2)
    wanted = [Sitting(DAY, "fisica"), Sitting(DAY, "chimica")]
    with pytest.raises(class_tests.TooManyTests), world.database.write() as session:
        class_tests.note(session, world.lead(school_class.school_id), school_class.id, wanted, now=NOW)


def test_only_the_staff_of_the_class_knows_its_tests(client: TestClient, make: Factory) -> None:
    """To whoever does not see the class, there is none; students ask for none, neither their own class's nor another's."""
    school_class, other = make.school_class(), make.school_class()
    student = make.student(school_class)
    make.class_test(school_class)
    strangers = (
        student_of(make, student.id), teacher(make, other), person(make, Grant(Role.COMPANY_MEMBER, company_id=make.company().id)),
    )  # fmt: skip
    for headers in strangers:
        costs = []
        for path in (url(school_class), f"/api/v1/classes/{uuid4()}/tests"):
            with count_queries(make.database) as queries:
                answers = (
                    client.get(path, headers=headers), client.post(path, json={"tests": [LATER]}, headers=headers),
                    client.delete(f"{path}/{uuid4()}", headers=headers),
                )  # fmt: skip
            assert [one.status_code for one in answers] == [404] * 3
            costs.append(queries.count)
        assert costs[0] == costs[1]
    overseer = person(make, make.grant(Role.COORDINATOR))
    assert client.get(url(school_class), headers=overseer).status_code == 403


def test_they_are_forgotten_when_the_school_year_is_over(make: Factory) -> None:
    school_class = make.school_class()
    make.class_test(school_class, held_on=date(2026, 8, 31))
    make.class_test(school_class, held_on=date(2026, 9, 1))
    with make.database.write() as session:
        assert class_tests.forget_old(session, NOW.replace(month=8, day=31)) == 0
        assert class_tests.forget_old(session, NOW.replace(month=9, day=1)) == 1
        assert class_tests.forget_old(session, NOW.replace(month=9, day=1)) == 0


# --- visits on these days ---------------------------------------------------------------------------------------------


def test_a_class_comes_on_the_day_of_a_test_only_if_it_says_so(client: TestClient, make: Factory) -> None:
    world = World(make)
    visit, school_class = world.plan(), world.school_class(2)
    make.class_test(school_class, held_on=DAY, part=PartName.AFTERNOON)  # the visit is in the morning
    make.class_test(world.school_class(1), held_on=DAY)  # another class's
    make.class_test(school_class, held_on=DAY + timedelta(days=1))
    path, headers = f"/api/v1/visit-sessions/{visit.id}/bookings", teacher(make, school_class)
    make.class_test(school_class, held_on=DAY, part=PartName.MORNING, subject="TPS")
    body: dict[str, Any] = {"class_id": str(school_class.id), "adults": 1}
    refused = client.post(path, json=body, headers=headers)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/test-then")
    [fault] = refused.json()["faults"]
    assert (fault["field"], "TPS" in fault["detail"]) == ("despite_test", True)
    assert world.rows() == []
    assert client.post(path, json=body | {"despite_test": True}, headers=headers).status_code == 201
    assert (
        client.post(path, json=body, headers=headers).status_code == 201
    )  # it is the one booking that it was
    assert len(world.rows()) == 1
    assert world.book(visit).state is BookingState.BOOKED  # who comes alone is asked nothing


def test_halves_of_a_class_are_asked_about_both_days(make: Factory) -> None:
    world = World(make)
    first, second = world.plan(seats=3), world.plan(seats=3, starts_at=STARTS + timedelta(days=1))
    school_class = world.school_class(4)
    make.class_test(school_class, held_on=DAY + timedelta(days=1))

    def split(*, despite: bool) -> int:
        wanted = Wanted(class_id=school_class.id, adults=2, despite_test=despite)
        with world.database.write() as session:
            lead = world.lead(school_class.school_id)
            service_split.book(session, lead, (first.id, second.id), wanted, now=NOW, limits=LIMITS)
        return len(world.rows())

    with pytest.raises(service.TestThen):
        split(despite=False)
    assert world.rows() == []
    assert split(despite=True) == 2


def test_the_host_hears_of_a_test_of_a_class_that_comes_and_not_in_what(
    client: TestClient, make: Factory
) -> None:
    world = World(make)
    visit, school_class = world.plan(), world.school_class(2)
    school = school_class.school_id
    other = world.plan(starts_at=STARTS + timedelta(days=1))
    make.class_test(school_class, held_on=DAY, subject="matematica")
    make.class_test(school_class, held_on=DAY, subject="Sistemi")
    make.class_test(school_class, held_on=DAY + timedelta(days=1), part=PartName.EVENING)
    host = make.bearer(Role.COMPANY_MEMBER, company_id=world.event.company_id)
    path = f"/api/v1/opportunities/{world.event.id}/clashes"
    assert client.get(path, headers=host).json() == {"sessions": []}  # nobody comes yet
    for one in (visit, other):
        world.book_class(one, school_class, adults=1, despite_test=True)
    answer = client.get(path, headers=host)
    [found] = answer.json()["sessions"]
    [clash] = found["clashes"]
    assert found["visit_session_id"] == clash["visit_session_id"] == str(visit.id)
    assert (clash["kind"], clash["title"]) == ("test", _school_name(make, school))
    assert "matematica" not in answer.text


def _school_name(make: Factory, school_id: UUID) -> str:
    found = make.get(School, school_id)
    assert found is not None
    return found.name


def test_a_class_that_one_may_not_see_is_no_class(client: TestClient, make: Factory) -> None:
    """At booking the answer for a class of others is that for none, at the same cost; who oversees it may not book it."""
    world = World(make)
    visit, ours, theirs = world.plan(), world.school_class(2), world.school_class(2)
    path, headers = f"/api/v1/visit-sessions/{visit.id}/bookings", teacher(make, ours)
    seen = []
    for class_id in (theirs.id, uuid4()):
        with count_queries(make.database) as queries:
            answer = client.post(path, json={"class_id": str(class_id), "adults": 1}, headers=headers)
        told = answer.json()
        seen.append((answer.status_code, told["type"], told["faults"], queries.count))
    assert seen[0] == seen[1]
    assert (seen[0][0], seen[0][2][0]["field"]) == (422, "class_id")
    overseer = person(make, make.grant(Role.COORDINATOR))
    body = {"class_id": str(theirs.id), "adults": 1}
    assert client.post(path, json=body, headers=overseer).status_code == 403
