"""Two telephones at one door, lists that arrive twice, and a school that decides meanwhile: one mark, and each hour once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attendances import service, service_worths
from app.attendances.models import CheckIn, CheckInStudent
from app.attendances.rules import Came
from app.auth.actors import Actor
from app.bookings import service_counts
from app.bookings.models import Booking
from app.bookings.models import BookingState as State
from app.db import Database
from app.events.models import Event
from app.hours.models import HourCredit
from app.students.models import Student
from tests.app.bookings.world import STARTS, World
from tests.factories import Factory
from tests.together import at_once

HOURS = 4
LATER = STARTS + timedelta(hours=3)
ROUNDS = 4


@pytest.fixture
def world(shared: Database) -> World:
    return World(Factory(shared))


class Visit:
    """A class that comes, and what it is worth to its school."""

    def __init__(self, world: World, *, day: int = 0, hours: int = HOURS) -> None:
        self.world, self.host = world, world.host()
        self.school_class = world.school_class(3)
        self.lead = world.lead(self.school_class.school_id)
        self.starts_at = STARTS + timedelta(days=day)
        self.booking = world.book_class(world.plan(starts_at=self.starts_at), self.school_class)
        with world.database.read() as session:
            here = sa.select(Student.id).where(Student.class_id == self.school_class.id)
            self.students = sorted(session.scalars(here))
        if hours:
            self.decide(hours)

    def decide(self, hours: int = HOURS) -> None:
        with self.world.database.write() as session:
            school_id, event_id = self.school_class.school_id, self.world.event.id
            service_worths.decide(session, self.lead, event_id, school_id, hours, now=LATER)

    def mark(self, actor: Actor, made_at: datetime, **came: Any) -> None:
        now = self.starts_at + timedelta(hours=3)
        with self.world.database.write() as session:
            service.mark(session, actor, self.booking.id, Came(made_at, **came), now=now)

    def came(self) -> tuple[State, int, int]:
        """The state, how many are noted, and how often it was."""
        with self.world.database.read() as session:
            booking = session.get_one(Booking, self.booking.id)
            noted = session.get_one(CheckIn, self.booking.id)
            times = sa.select(sa.func.count()).where(
                Event.action == "booking.checked_in", Event.object_id == str(booking.id)
            )
            return booking.state, noted.students, session.scalars(times).one()

    def hours(self) -> dict[UUID, list[int]]:
        """The credits of each student, and by how much each owes less."""
        with self.world.database.read() as session:
            found: dict[UUID, list[int]] = {one: [] for one in self.students}
            for credit in session.scalars(sa.select(HourCredit).where(HourCredit.student_id.in_(found))):
                found[credit.student_id].append(credit.hours)
            return found

    def all_once(self) -> dict[UUID, list[int]]:
        """What `hours` is when everybody has them, and nobody twice."""
        return {one: [HOURS] for one in self.students}

    def owed(self) -> set[int]:
        with self.world.database.read() as session:
            return set(session.scalars(sa.select(Student.hours_owed).where(Student.id.in_(self.students))))


def test_two_telephones_at_the_door_note_a_class_once(world: World) -> None:
    for number in range(ROUNDS):
        visit = Visit(world, day=number)
        [owed] = visit.owed()
        results = at_once(*[lambda visit=visit: visit.mark(visit.host, visit.starts_at)] * 4)
        assert results == [None] * 4
        assert visit.came() == (State.ATTENDED, 3, 1)
        assert visit.hours() == visit.all_once()
        assert visit.owed() == {owed - HOURS}
    world.check()


def test_lists_that_were_kept_offline_arrive_twice_in_any_order_and_the_latest_mark_stands(
    world: World,
) -> None:
    for number in range(ROUNDS):
        visit = Visit(world, day=number)
        marks = [
            lambda minutes=minutes, students=students, visit=visit: visit.mark(
                visit.host, visit.starts_at + timedelta(minutes=minutes), students=students
            )
            for minutes, students in ((0, 0), (5, 2), (10, 3))
        ]
        assert at_once(*marks, *reversed(marks)) == [None] * 6
        assert visit.came()[:2] == (State.ATTENDED, 3)
        assert visit.hours() == visit.all_once()
    world.check()


def test_a_school_that_names_while_the_host_counts_has_the_last_word(world: World) -> None:
    """Whichever arrives first, and although the host's number was seen later."""
    for number in range(ROUNDS):
        visit = Visit(world, day=number)
        named = tuple(visit.students[:2])
        results = at_once(
            lambda visit=visit: visit.mark(visit.host, visit.starts_at + timedelta(minutes=9), students=3),
            lambda visit=visit, named=named: visit.mark(visit.lead, visit.starts_at, student_ids=named),
        )
        assert all(one is None or isinstance(one, service.SchoolHasSaid) for one in results)
        assert visit.came()[1] == 2
        assert {student for student, hours in visit.hours().items() if hours} == set(named)
        with world.database.read() as session:
            here = sa.select(CheckInStudent.student_id).where(CheckInStudent.booking_id == visit.booking.id)
            assert set(session.scalars(here)) == set(named)


def test_who_is_noted_while_the_school_decides_has_the_hours(world: World) -> None:
    for number in range(ROUNDS):
        visit = Visit(world, day=number, hours=0)
        assert at_once(visit.decide, lambda visit=visit: visit.mark(visit.host, visit.starts_at)) == [
            None,
            None,
        ]
        assert visit.hours() == visit.all_once()


def no_lock(_session: Session, _students: object, _event: object) -> None:
    """Instead of the guard."""


def test_without_the_lock_two_telephones_fall_over_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_counts, "lock", no_lock)
    is_postgresql = world.database.engine.dialect.name == "postgresql"
    fallen = 0
    for number in range(ROUNDS):
        visit = Visit(world, day=number)
        try:
            at_once(*[lambda visit=visit: visit.mark(visit.host, visit.starts_at)] * 8)
        except sa.exc.SQLAlchemyError:
            fallen += 1
    # SQLite lets one block write at a time, with or without it.
    assert bool(fallen) is is_postgresql
