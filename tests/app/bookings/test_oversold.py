"""The proof that no seat of a session is given twice: four processes of eight threads, ten thousand attempts."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa

from app.bookings import service, service_counts, service_waiting
from app.bookings.models import Booking, BookingState, VisitSession
from app.bookings.rules import BookingAction as Action
from app.db import Database, new_id
from app.events.models import Event
from app.opportunities.models import Opportunity
from app.students.models import Student
from tests.app.bookings import crowd
from tests.app.bookings.crowd import Attempt
from tests.app.bookings.world import STARTS, World
from tests.conftest import say_at_the_end
from tests.factories import Factory
from tests.together import THREADS, at_once, compete, compete_in_processes

SEATS = 10


def _fill(database: Database, attempts: int, events: int, sessions: int) -> list[Attempt]:
    """So many attempts for few seats, each by another student or for another session, each session on a day of its own."""
    make = Factory(database)
    visits = []
    for number in range(events):
        world = World(make)
        for day in range(sessions):
            starts_at = STARTS + timedelta(days=number * sessions + day)
            visits.append(world.plan(seats=SEATS, starts_at=starts_at).id)
    model = make.student()
    columns = {column.key: getattr(model, column.key) for column in sa.inspect(Student).columns}
    students = [new_id() for _ in range(attempts // len(visits))]
    with database.write() as session:
        session.execute(sa.insert(Student), [columns | {"id": student} for student in students])
    return list(product(students, visits))


def _booked(database: Database) -> tuple[set[int], set[int], set[int]]:
    """How many come to each session, how many each says are taken, and how many each event says."""
    count = (
        sa.select(sa.func.count())
        .where(Booking.state == BookingState.BOOKED)
        .group_by(Booking.visit_session_id)
    )
    with database.read() as session:
        return (
            set(session.scalars(count)),
            set(session.scalars(sa.select(VisitSession.seats_taken))),
            set(session.scalars(sa.select(Opportunity.seats_taken))),
        )


def test_ten_thousand_attempts_give_each_seat_once(shared: Database, request: pytest.FixtureRequest) -> None:
    attempts = _fill(shared, 10_000, events=5, sessions=4)
    began = time.monotonic()
    told = compete_in_processes(shared, attempts, crowd.book)
    seconds = time.monotonic() - began
    say_at_the_end(
        request.config,
        f"bookings on {shared.engine.dialect.name}: {len(attempts)} attempts, {dict(told)}, {seconds:.1f} s",
    )
    assert (told["taken"], told["full"]) == (20 * SEATS, len(attempts) - 20 * SEATS)
    assert _booked(shared) == ({SEATS}, {SEATS}, {4 * SEATS})


def test_to_look_first_and_count_afterwards_oversells(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the test above can fail: threads of one process are enough."""
    monkeypatch.setattr(service_counts, "lock", lambda *_: None)
    monkeypatch.setattr(service_waiting, "serve", crowd.seat_who_has_looked)
    monkeypatch.setattr(service, "_refuse_full", lambda *_: None)
    url = shared.engine.url.render_as_string(hide_password=False)
    attempts = _fill(shared, 300, events=1, sessions=1)
    told = compete(url, attempts, 2 * THREADS, crowd.look_and_book)
    assert told["taken"] > SEATS
    assert max(_booked(shared)[0]) > SEATS


def test_clicks_at_once_make_one_booking_and_pass_a_seat_on_once(shared: Database) -> None:
    world = World(Factory(shared))
    visit, giulia = world.plan(seats=1), world.make.student()
    at_once(*[lambda: world.book(visit, giulia)] * 8)
    with shared.read() as session:
        [booking] = session.scalars(sa.select(Booking)).all()
    others = [world.book(visit, world.make.student()) for _ in range(3)]
    at_once(*[lambda: world.move(booking, Action.CANCEL)] * 4)
    offered = [one for one in others if world.now(one).state is BookingState.OFFERED]
    assert len(offered) == 1
    late = world.now(offered[0]).due_at
    assert late is not None
    at_once(*[lambda: world.tick(late)] * 4)
    states = Counter(world.now(one).state for one in others)
    assert states == {BookingState.EXPIRED: 1, BookingState.OFFERED: 1, BookingState.WAITING: 1}
    world.check()


def test_an_offer_is_taken_once_however_often_it_is_accepted(shared: Database) -> None:
    """From several telephones, and against a change of mind: one answer counts, and the seat has one owner."""
    make = Factory(shared)
    for number in range(4):
        world = World(make)
        visit = world.plan(seats=1, starts_at=STARTS + timedelta(days=number))
        first, *others = (world.book(visit, make.student()) for _ in range(3))
        world.move(first, Action.CANCEL)
        [offered] = [one for one in others if world.now(one).state is BookingState.OFFERED]
        results = at_once(
            *[lambda world=world, offered=offered: world.move(offered, Action.ACCEPT)] * 4,
            lambda world=world, offered=offered: world.move(offered, Action.DECLINE),
        )
        states = {world.now(one).state for one in others}
        assert states in (
            {BookingState.BOOKED, BookingState.WAITING}, {BookingState.DECLINED, BookingState.OFFERED},
        )  # fmt: skip
        is_taken = BookingState.BOOKED in states
        assert results[:4].count(BookingState.BOOKED) == (4 if is_taken else 0)
        with shared.read() as session:
            mine = (Event.object_id == str(offered.id), Event.action == "booking.moved")
            steps = session.scalars(sa.select(Event.data).where(*mine)).all()
        assert sum(one is not None and one.get("to") in ("booked", "declined") for one in steps) == 1, steps
        world.check()


def test_without_the_lock_an_offer_is_taken_and_declined(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is second is then stopped by the row's version only, which has no words for people."""
    monkeypatch.setattr(service_counts, "lock", lambda *_: None)
    fallen, make = 0, Factory(shared)
    for number in range(8):
        world = World(make)
        visit = world.plan(seats=1, starts_at=STARTS + timedelta(days=number))
        first, offered = (world.book(visit, make.student()) for _ in range(2))
        world.move(first, Action.CANCEL)
        try:
            at_once(*[lambda world=world, offered=offered: world.move(offered, Action.ACCEPT)] * 8)
        except sa.exc.SQLAlchemyError:
            fallen += 1
    assert bool(fallen) is (
        shared.engine.dialect.name == "postgresql"
    )  # SQLite lets one block write at a time
