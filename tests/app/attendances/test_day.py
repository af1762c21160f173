"""The day of a visit: who came by list, by number and by code, whose word stands, and the hours that follow."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from app import errors
from app.attendances import rules, service, service_codes, service_worths
from app.attendances.models import CheckIn
from app.attendances.rules import Came
from app.auth.actors import Actor
from app.bookings import service_reading, service_sessions, service_turns
from app.bookings.models import Booking, BookingEnd
from app.bookings.models import BookingState as State
from app.bookings.rules import BookingAction as Action
from app.hours.models import HourCredit
from app.students.models import Student
from tests.app.bookings.world import LIMITS, STARTS, World
from tests.factories import Factory

SECRET = SecretStr("a secret of the tests")
LATER = STARTS + timedelta(hours=3)


@pytest.fixture
def world(make: Factory) -> World:
    return World(make)


def mark(
    world: World, actor: Actor, booking: Booking, *, now: datetime = STARTS, made_at: datetime | None = None, **came: Any
) -> tuple[State, int | None, int | None]:  # fmt: skip
    with world.database.write() as session:
        found = service.mark(session, actor, booking.id, Came(made_at or now, **came), now=now)
        return found.seen.booking.state, found.students, found.adults


def refusal(call: Any, kind: type[errors.Problem]) -> list[str]:
    with pytest.raises(kind) as refused:
        call()
    return [fault["field"] for fault in refused.value.faults]


def credits_of(world: World) -> dict[UUID, int]:
    with world.database.read() as session:
        return {one.student_id: one.hours for one in session.scalars(sa.select(HourCredit))}


def members(world: World, school_class: Any) -> list[UUID]:
    with world.database.read() as session:
        query = sa.select(Student.id).where(Student.class_id == school_class.id)
        return sorted(session.scalars(query))


def test_a_group_is_counted_by_the_host_and_named_by_the_school(world: World) -> None:
    visit, school_class = world.plan(), world.school_class(4)
    booking = world.book_class(visit, school_class)
    host, lead, ids = world.host(), world.lead(school_class.school_id), members(world, school_class)

    early = STARTS - rules.OPENS_BEFORE
    with pytest.raises(service.WrongState):
        mark(world, host, booking, now=early - timedelta(seconds=1))
    assert mark(world, host, booking, now=early) == (State.ATTENDED, 4, 2)
    assert mark(world, host, booking, students=3) == (State.ATTENDED, 3, 2)
    # A mark that was made before, and arrives after, changes nothing; nor does the same again.
    assert mark(world, host, booking, now=LATER, made_at=early, students=1) == (State.ATTENDED, 3, 2)
    version = world.make.get(CheckIn, booking.id).version  # type: ignore[union-attr]
    assert mark(world, host, booking, students=3) == (State.ATTENDED, 3, 2)
    assert world.make.get(CheckIn, booking.id).version == version  # type: ignore[union-attr]

    with pytest.raises(service.NotYourDoor):
        mark(world, host, booking, now=LATER, student_ids=tuple(ids[:2]))
    assert mark(world, lead, booking, now=LATER, student_ids=tuple(ids[:2])) == (State.ATTENDED, 2, 2)
    with pytest.raises(service.SchoolHasSaid):
        mark(world, host, booking, now=LATER + timedelta(hours=1), students=4)
    with world.database.read() as session:
        assert service.read(session, lead, booking.id).who == set(ids[:2])
    assert mark(world, lead, booking, now=LATER + timedelta(hours=1), student_ids=(), adults=0) == (
        State.ABSENT,
        0,
        0,
    )
    world.check()


def test_a_mark_that_makes_no_sense_is_refused_by_its_field(world: World) -> None:
    visit, school_class = world.plan(), world.school_class(2)
    booking = world.book_class(visit, school_class, adults=1)
    lead, stranger = world.lead(school_class.school_id), world.make.student()
    ids = members(world, school_class)
    bad = {
        "students": {"students": 3}, "adults": {"adults": 2}, "student_ids.0": {"student_ids": (stranger.id,)},
        "student_ids.1": {"student_ids": (ids[0], ids[0])},
        "made_at": {"made_at": STARTS + rules.AHEAD + timedelta(seconds=1)},
    }  # fmt: skip
    for field, came in bad.items():
        call = lambda came=came: mark(world, lead, booking, **came)  # noqa: E731
        assert refusal(call, service.BadCheckIn) == [field]
    assert refusal(
        lambda: mark(world, lead, booking, made_at=STARTS - rules.OPENS_BEFORE - timedelta(seconds=1)), service.BadCheckIn
    ) == ["made_at"]  # fmt: skip
    assert refusal(
        lambda: mark(world, lead, booking, student_ids=tuple(ids), students=2), service.BadCheckIn
    ) == ["students"]
    with pytest.raises(service.NotYourDoor):
        mark(world, world.student(world.make.get(Student, ids[0])), booking)  # type: ignore[arg-type]
    with pytest.raises(service_reading.NoSuchBooking):
        mark(world, world.lead(stranger.school_id), booking)
    assert world.now(booking).state is State.BOOKED


def test_the_code_is_told_to_who_brings_it_and_opens_one_booking(world: World) -> None:
    visit, other = world.plan(), world.plan(room="Sala B")
    giulia = world.make.student()
    booking, elsewhere = world.book(visit, giulia), world.book(other)
    waiting = world.book_class(world.plan(seats=2), world.school_class(1), adults=1)

    def told(actor: Actor, one: Booking) -> str | None:
        with world.database.read() as session:
            return service_codes.of_reader(service_reading.find(session, actor, one.id), SECRET)

    code = told(world.student(giulia), booking)
    assert (
        code == service_codes.code_of(booking.id, SECRET) != service_codes.code_of(booking.id, SecretStr("x"))
    )
    assert code is not None
    assert told(world.lead(giulia.school_id), booking) == code
    assert told(world.host(), booking) is None
    pupil = world.make.get(
        Student, members(world, world.make.get(type(world.make.school_class()), waiting.class_id))[0]
    )
    assert told(world.student(pupil), waiting) is None  # type: ignore[arg-type]

    def check_in(actor: Actor, typed: str) -> State:
        with world.database.write() as session:
            found = service.mark_by_code(session, actor, visit.id, typed, Came(STARTS), SECRET, now=STARTS)
            return found.seen.booking.state

    for wrong in ("ACDE-FGHJ", service_codes.code_of(elsewhere.id, SECRET)):
        assert refusal(lambda wrong=wrong: check_in(world.host(), wrong), service_codes.NotItsCode) == [
            "code"
        ]
    with pytest.raises(service.NotYourDoor):
        check_in(world.student(giulia), code)
    assert check_in(world.host(), code.lower().replace("-", " ")) is State.ATTENDED
    assert world.now(elsewhere).state is State.BOOKED
    cancelled = world.book(visit)
    world.move(cancelled, Action.CANCEL)
    assert told(world.lead(cancelled.school_id), cancelled) is None


def test_hours_follow_who_came_and_are_put_right_with_it(world: World) -> None:
    visit, school_class = world.plan(), world.school_class(3)
    booking, ids = world.book_class(visit, school_class), members(world, school_class)
    single, host, lead = world.book(visit), world.host(), world.lead(school_class.school_id)

    def decide(actor: Actor, hours: int) -> None:
        with world.database.write() as session:
            service_worths.decide(session, actor, world.event.id, school_class.school_id, hours, now=LATER)

    def owed(student_id: UUID) -> int:
        return world.make.get(Student, student_id).hours_owed  # type: ignore[union-attr]

    before = owed(ids[0])
    mark(world, host, booking)
    mark(world, host, single)
    assert credits_of(world) == {}
    decide(lead, 4)
    decide(lead, 4)
    assert credits_of(world) == dict.fromkeys(ids, 4)  # and none of the other school
    assert owed(ids[0]) == before - 4
    decide(lead, 3)
    assert (credits_of(world), owed(ids[0])) == (dict.fromkeys(ids, 3), before - 3)
    # Two came, nobody says who: nobody has hours until the school has said it.
    mark(world, host, booking, now=LATER, students=2)
    assert credits_of(world) == {}
    mark(world, lead, booking, now=LATER, student_ids=tuple(ids[1:]))
    assert (credits_of(world), owed(ids[0])) == (dict.fromkeys(ids[1:], 3), before)
    world.move(booking, Action.MISS, now=LATER + timedelta(minutes=1))
    assert credits_of(world) == {}
    world.move(booking, Action.ATTEND, now=LATER + timedelta(minutes=2))
    assert credits_of(world) == dict.fromkeys(ids, 3)
    decide(lead, 0)
    assert (credits_of(world), owed(ids[0])) == ({}, before)
    with pytest.raises(service_worths.NotYourVisitHours):
        decide(host, 4)
    internship = world.make.opportunity()
    with pytest.raises(service_worths.OnlyVisits), world.database.write() as session:
        service_worths.decide(session, lead, internship.id, school_class.school_id, 4, now=LATER)


def test_a_session_that_somebody_has_come_to_is_not_cancelled(world: World) -> None:
    """The doors open before it begins. Who is noted as absent by then is no less told than who was still to come."""
    visit, school_class = world.plan(), world.school_class(2)
    booking, single = world.book_class(visit, school_class), world.book(visit)
    early = STARTS - timedelta(minutes=30)

    def cancel() -> None:
        with world.database.write() as session:
            found, event = service_sessions.get_for_change(session, world.host(), world.event.id, visit.id)
            service_turns.cancel(session, world.host(), found, event, now=early)

    assert mark(world, world.host(), booking, now=early)[0] is State.ATTENDED
    with pytest.raises(service_turns.PeopleHaveCome):
        cancel()

    def edit(**changes: Any) -> None:
        with world.database.write() as session:
            found, event = service_sessions.get_for_change(session, world.host(), world.event.id, visit.id)
            service_turns.edit(session, world.host(), found, event, changes, now=early, limits=LIMITS)

    with pytest.raises(service_turns.PeopleHaveCome):
        edit(starts_at=STARTS + timedelta(minutes=5))
    edit(starts_at=STARTS, room="Sala B")  # the time is the same
    assert world.now(single).state is State.BOOKED
    undone = mark(world, world.host(), booking, now=early + timedelta(minutes=1), students=0, adults=0)
    assert undone[0] is State.ABSENT
    early += timedelta(minutes=2)
    cancel()
    cancel()  # again it changes nothing
    assert {world.now(one).state for one in (booking, single)} == {State.CANCELLED}
    assert {world.now(one).end_reason for one in (booking, single)} == {BookingEnd.SESSION_CANCELLED}
    assert world.make.get(CheckIn, booking.id) is None
    world.check()
