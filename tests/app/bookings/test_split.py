"""A class in two halves: both sessions are booked, or neither."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.bookings import service_split
from app.bookings.models import Booking, BookingState, VisitSession
from app.bookings.service import NoRoom, TakenElsewhere, Wanted
from app.schools.models import SchoolClass
from app.students.models import Student
from tests.app.bookings.world import LIMITS, STARTS, World
from tests.app.students.callers import person, staff
from tests.factories import NOW, Factory


def _split(
    world: World, school_class: SchoolClass, first: VisitSession, second: VisitSession, adults: int = 2
) -> tuple[Booking, Booking]:
    with world.database.write() as session:
        return service_split.book(
            session, world.lead(school_class.school_id), (first.id, second.id), Wanted(class_id=school_class.id, adults=adults),
            now=NOW, limits=LIMITS,
        )  # fmt: skip


def test_a_class_comes_in_two_halves_or_not_at_all(make: Factory) -> None:
    world = World(make)
    first, second, later = (world.plan(seats=4, starts_at=STARTS + timedelta(days=days)) for days in range(3))
    elsewhere = world.plan(seats=9, starts_at=later.starts_at, room="Sala B")
    school_class = world.school_class(5)
    with world.database.read() as session:
        query = sa.select(Student).where(Student.class_id == school_class.id).order_by(Student.id)
        *_, last = session.scalars(query)
    alone = world.book(elsewhere, last)  # who would be in the second half is busy on that day
    with pytest.raises(TakenElsewhere):
        _split(world, school_class, first, later)
    assert [one.id for one in world.rows()] == [alone.id]  # the first half, which had room, is gone too
    for adults, wrong in (
        (2, first),
        (1, second),
        (4, second),
    ):  # one session twice, no adult for each, no room
        with pytest.raises(NoRoom):
            _split(world, school_class, first, wrong, adults)
    halves = _split(world, school_class, first, second)
    assert [(one.people, one.adults, one.state) for one in halves] == [
        (4, 1, BookingState.BOOKED),
        (3, 1, BookingState.BOOKED),
    ]
    world.check()


def test_halves_are_as_large_as_the_host_asks(make: Factory) -> None:
    world = World(make)
    first = world.plan(seats=9, smallest_group=4)
    second = world.plan(seats=9, starts_at=STARTS + timedelta(days=1), smallest_group=4)
    small = world.school_class(4)
    with pytest.raises(NoRoom):
        _split(world, small, first, second)
    assert world.rows() == []


def test_a_program_divides_a_class_too(client: TestClient, make: Factory) -> None:
    world = World(make)
    first, second = world.plan(seats=4), world.plan(seats=4, starts_at=STARTS + timedelta(days=1))
    school_class, other = world.school_class(5), world.school_class(2)
    path, key = f"/api/v1/visit-sessions/{first.id}/split-bookings", staff(make, school_class)
    body = {"second_session_id": str(second.id), "class_id": str(school_class.id), "adults": 2}
    elsewhere = World(make).plan()
    for wrong, status, field in (
        ({"adults": 1}, 422, "adults"), ({"class_id": str(other.id)}, 422, "class_id"),
        ({"student_ids": [str(school_class.id)] * 2}, 422, "student_ids"),
        ({"student_ids": [str(school_class.id)]}, 422, "student_ids"),
        ({"student_ids": [str(school_class.id), str(other.id)]}, 422, "student_ids.0"),
        ({"second_session_id": "x"}, 422, "second_session_id"),
    ):  # fmt: skip
        refused = client.post(path, json=body | wrong, headers=key)
        assert (refused.status_code, refused.json()["faults"][0]["field"]) == (status, field), wrong
    for one, status in ((first, 409), (elsewhere, 404)):  # one session twice, and one of another visit
        assert (
            client.post(path, json=body | {"second_session_id": str(one.id)}, headers=key).status_code
            == status
        )
    classes = frozenset({other.id})
    stranger = person(make, Grant(Role.TEACHER, school_id=other.school_id, class_ids=classes))
    assert client.post(path, json=body, headers=stranger).status_code == 422
    assert world.rows() == []
    once = key | {"Idempotency-Key": "the-same-call"}
    made = client.post(path, json=body, headers=once)
    assert made.status_code == 201, made.text
    halves = made.json()["bookings"]
    assert [(one["visit_session_id"], one["people"], one["adults"], one["state"]) for one in halves] == [
        (str(first.id), 4, 1, "booked"), (str(second.id), 3, 1, "booked"),
    ]  # fmt: skip
    assert made.headers["location"].endswith(halves[0]["id"])
    assert client.post(path, json=body, headers=once).json() == made.json()
    assert len(world.rows()) == 2
    world.check()
