"""Sessions, quotas and bookings: one journey for each of the things that people do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app import errors
from app.applications.models import ApplicationState
from app.auth.actors import Actor, Grant, Role
from app.bookings import (
    service,
    service_counts,
    service_moves,
    service_quotas,
    service_reading,
    service_sessions,
)
from app.bookings.models import BookingEnd, BookingMember, SessionState, VisitSession
from app.bookings.models import BookingState as State
from app.bookings.rules import BookingAction as Action
from app.events.models import Event
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.opportunities.service_life import Full
from tests.app.bookings.world import LIMITS, STARTS, World
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries


@pytest.fixture
def world(make: Factory) -> World:
    return World(make)


def _event(world: World) -> Opportunity:
    found = world.make.get(Opportunity, world.event.id)
    assert found is not None
    return found


def _refusal(call: Any, kind: type[errors.Problem]) -> list[str]:
    with pytest.raises(kind) as refused:
        call()
    return [fault["field"] for fault in refused.value.faults]


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_an_event_has_the_dates_and_seats_of_its_sessions(world: World) -> None:
    first, second = world.plan(seats=10), world.plan(seats=5, starts_at=STARTS + timedelta(days=1))
    world.plan(seats=7, room="Sala B")
    event = _event(world)
    assert (event.seats, event.seats_taken, event.has_sessions, event.takes_applications) == (
        22,
        0,
        True,
        False,
    )
    with world.database.read() as session:
        found = session.scalars(sa.select(OpportunitySpan).order_by(OpportunitySpan.starts_on)).all()
        days = [(one.starts_on, str(one.starts_at), one.parts) for one in found]
    local = STARTS.astimezone(NOW.tzinfo)
    assert days[0] == (local.date(), str(local.time()), days[0][2])
    assert [day for day, *_ in days] == [local.date(), local.date() + timedelta(days=1)]
    with world.database.write() as session:
        found_event = opportunities.get_for_change(session, world.host(), event.id)
        for name, value in (("seats", 9), ("spans", []), ("takes_applications", True)):
            edit = lambda name=name, value=value: opportunities.edit(  # noqa: E731
                session, world.host(), found_event, {name: value}, today=NOW.date()
            )
            assert _refusal(edit, opportunities.OfSessions) == [name]
        opportunities.edit(
            session, world.host(), found_event, {"text": "Portate le scarpe."}, today=NOW.date()
        )
    booking = world.book(second)
    world.cancel_session(second)
    world.cancel_session(second)
    assert (world.now(booking).state, world.now(booking).end_reason) == (
        State.CANCELLED,
        BookingEnd.SESSION_CANCELLED,
    )
    assert (_event(world).seats, _event(world).seats_taken) == (17, 0)
    world.tick(first.ends_at)
    assert (_event(world).status, world.make.get(VisitSession, first.id).state) == (
        Status.CLOSED,
        SessionState.HELD,
    )  # type: ignore[union-attr]
    world.check()


BAD_SESSIONS = {
    "ends_at": {"ends_at": STARTS - timedelta(hours=1)},
    "starts_at": {"starts_at": NOW - timedelta(hours=1)},
    "smallest_group": {"smallest_group": 31},
}


def test_a_session_that_makes_no_sense_is_refused_by_its_field(world: World) -> None:
    for field, values in BAD_SESSIONS.items():
        assert _refusal(lambda values=values: world.plan(**values), service_sessions.UnfitSession) == [field]
    assert _refusal(
        lambda: world.plan(ends_at=STARTS + timedelta(days=1)), service_sessions.UnfitSession
    ) == ["ends_at"]
    internship = world.make.opportunity()
    _refusal(lambda: world.plan(internship), service_sessions.NotAVisit)
    visit = world.plan(seats=3)
    world.book(visit)
    world.quota(visit_session_id=visit.id, seats=2, keeps=True, year=5)
    _refusal(lambda: world.edit_session(visit, seats=2), service_sessions.SeatsPromised)
    world.edit_session(visit, seats=4, note="Scarpe chiuse.")
    assert _event(world).seats == 4


# --- singles ----------------------------------------------------------------------------------------------------------


def test_a_student_holds_confirms_and_cancels(world: World) -> None:
    visit, giulia = world.plan(seats=1), world.make.student()
    held = world.book(visit, giulia, is_hold=True)
    assert (held.state, held.due_at) == (State.HELD, NOW + timedelta(minutes=15))
    assert world.book(visit, giulia, is_hold=True).id == held.id
    assert world.move(held, Action.CONFIRM) is State.BOOKED
    assert world.move(held, Action.CONFIRM) is State.BOOKED
    assert (_event(world).status, _event(world).seats_taken) == (Status.FULL, 1)
    _refusal(lambda: world.book(visit, may_wait=False), Full)
    assert world.move(held, Action.CANCEL) is State.CANCELLED
    assert (_event(world).status, _event(world).seats_taken) == (Status.PUBLISHED, 0)
    again = world.book(visit, giulia)
    assert (again.state, again.id != held.id) == (State.BOOKED, True)
    with pytest.raises(errors.WrongState):
        world.move(again, Action.ATTEND)
    assert world.move(again, Action.ATTEND, now=visit.starts_at) is State.ATTENDED
    assert world.move(again, Action.MISS, now=visit.ends_at) is State.ABSENT
    with pytest.raises(errors.WrongState):
        world.move(again, Action.CANCEL, now=visit.ends_at)
    world.check()


def test_a_hold_that_nobody_confirms_is_free_again(world: World) -> None:
    visit = world.plan(seats=1)
    held = world.book(visit, is_hold=True)
    late = held.due_at
    assert late is not None
    with pytest.raises(errors.WrongState):
        world.move(held, Action.CONFIRM, now=late)
    assert world.tick(late - timedelta(seconds=1))["bookings_expired"] == 0
    assert world.tick(late)["bookings_expired"] == 1
    assert world.now(held).state is State.EXPIRED
    assert world.book(visit, now=late).state is State.BOOKED
    world.check()


def test_who_is_elsewhere_then_is_refused_with_the_reason(world: World) -> None:
    visit, giulia = world.plan(), world.make.student()
    day = STARTS.date()
    world.make.placement(giulia, world.make.opportunity(), starts_on=day, ends_on=day)
    assert _refusal(lambda: world.book(visit, giulia), service.TakenElsewhere) == ["student_ids"]
    anna = world.make.student()
    world.make.application(
        anna, world.make.opportunity(), state=ApplicationState.CONFIRMED, starts_on=day, ends_on=day, weekdays=127,
        company_accepted_at=NOW, company_accepted_by="t", student_confirmed_at=NOW, student_confirmed_by="t",
    )  # fmt: skip
    _refusal(lambda: world.book(visit, anna), service.TakenElsewhere)
    ugo = world.make.student()
    world.book(visit, ugo)
    other = World(world.make)
    beside = other.plan(starts_at=STARTS + timedelta(hours=1))
    _refusal(lambda: other.book(beside, ugo), service.TakenElsewhere)
    assert other.book(other.plan(starts_at=STARTS + timedelta(hours=2)), ugo).state is State.BOOKED


def test_closed_events_and_begun_sessions_take_nobody(world: World) -> None:
    visit = world.plan()
    _refusal(lambda: world.book(visit, now=visit.starts_at), service.NotBookable)
    world.make.change(world.event, closes_on=date(2020, 1, 1))
    _refusal(lambda: world.book(visit), service.NotBookable)
    world.make.change(world.event, closes_on=None, status=Status.CLOSED)
    _refusal(lambda: world.book(visit), service.NotBookable)


# --- groups and quotas ------------------------------------------------------------------------------------------------


def test_a_class_is_booked_by_its_school_and_counts_with_its_adults(world: World) -> None:
    visit = world.plan(seats=12, smallest_group=5)
    fourth, small = world.school_class(8), world.school_class(2)
    booking = world.book_class(visit, fourth)
    assert (booking.state, booking.people, booking.adults) == (State.BOOKED, 10, 2)
    assert world.book_class(visit, fourth).id == booking.id
    _refusal(lambda: world.book_class(visit, small), service.NotBookable)
    _refusal(lambda: world.book_class(visit, world.school_class(11)), service.NotBookable)
    with world.database.read() as session:
        [member, *_] = session.scalars(sa.select(BookingMember.student_id))
    stranger = world.make.student(fourth)
    giulia = world.make.get(type(stranger), member)
    assert giulia is not None
    assert _refusal(lambda: world.book(visit, giulia), service.BookedAlready) == ["student_ids"]
    wanted = service.Wanted(class_id=fourth.id, adults=1)
    with world.database.write() as session, pytest.raises(service.UnknownGuest):
        service.book(session, world.student(giulia), visit.id, wanted, now=NOW, limits=LIMITS)
    overseer = Actor(kind="user", id=None, name="Ada", grants=(Grant(Role.ADMINISTRATOR),))
    with world.database.write() as session, pytest.raises(service.NotYourBooking):
        service.book(session, overseer, visit.id, wanted, now=NOW, limits=LIMITS)
    with world.database.write() as session:
        service_moves.give_up(session, world.lead(fourth.school_id), giulia.id, NOW)
    assert (world.now(booking).people, _event(world).seats_taken) == (9, 9)
    world.check()


def test_quotas_overlap_and_a_reservation_keeps_its_seats_until_it_is_released(world: World) -> None:
    visit = world.plan(seats=10)
    ours = world.make.school_class()
    released_at = NOW + timedelta(days=4)
    kept = world.quota(
        visit_session_id=visit.id, seats=4, keeps=True, school_id=ours.school_id, released_at=released_at
    )
    world.quota(seats=5, year=5)
    world.quota(most_groups=1)
    group = world.book_class(visit, world.school_class(3), adults=1)
    assert group.state is State.BOOKED
    assert (
        world.book_class(visit, world.school_class(1), adults=1).state is State.WAITING
    )  # one group at most
    singles = [world.book(visit).state for _ in range(3)]
    assert singles == [State.BOOKED, State.BOOKED, State.WAITING]  # four are kept
    mine = world.book(visit, world.make.student(ours))
    assert (mine.state, world.make.get(type(kept), kept.id).seats_taken) == (State.BOOKED, 1)  # type: ignore[union-attr]
    _refusal(lambda: world.quota(seats=1), service_sessions.SeatsPromised)
    _refusal(
        lambda: world.quota(visit_session_id=visit.id, seats=1, keeps=True, year=5),
        service_sessions.SeatsPromised,
    )
    assert world.tick(released_at - timedelta(minutes=1))["seats_offered"] == 0
    assert world.tick(released_at)["seats_offered"] == 1
    world.move(mine, Action.CANCEL)
    world.check()
    with world.database.write() as session:
        service_quotas.remove(session, world.host(), world.event.id, kept.id, now=NOW, limits=LIMITS)
    world.check()


BAD_QUOTAS: list[tuple[str, dict[str, Any]]] = [
    ("seats", {}),
    ("visit_session_id", {"seats": 2, "keeps": True, "year": 4}),
    ("released_at", {"seats": 2, "released_at": NOW + timedelta(days=1)}),
    ("programme_id", {"seats": 2, "programme_id": "none"}),
]


def test_a_quota_that_makes_no_sense_is_refused_by_its_field(world: World) -> None:
    for field, values in BAD_QUOTAS:
        assert _refusal(lambda values=values: world.quota(**values), service_quotas.UnfitQuota) == [field]


def test_without_the_counter_of_a_quota_too_many_come(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    visit = world.plan()
    world.quota(seats=1)
    monkeypatch.setattr(service_counts, "_count_quota", lambda *_: None)
    assert [world.book(visit).state for _ in range(2)] == [State.BOOKED, State.BOOKED]
    with pytest.raises(AssertionError):
        world.check()


# --- the log ----------------------------------------------------------------------------------------------------------


def test_the_log_leads_to_the_state(world: World) -> None:
    visit = world.plan(seats=1)
    first, second = world.book(visit), world.book(visit)
    world.move(first, Action.CANCEL)
    world.move(second, Action.ACCEPT)
    with world.database.read() as session:
        rows = session.scalars(
            sa.select(Event).where(Event.object_id == str(second.id)).order_by(Event.id)
        ).all()
    assert [(row.action, row.data["to"]) for row in rows] == [
        ("booking.asked", "waiting"), ("booking.moved", "offered"), ("booking.moved", "booked"),
    ]  # fmt: skip


def test_a_list_asks_no_more_for_three_waits_than_for_one(world: World) -> None:
    student = world.make.student()
    asked = []
    for number in range(3):
        event = world.make.opportunity(kind=Kind.VISIT, seats=1)
        visit = world.plan(event, seats=1, starts_at=STARTS + timedelta(days=number))
        world.book(visit)
        assert world.book(visit, student).state is State.WAITING
        for actor in (world.student(student), ACTOR):
            with world.database.read() as session, count_queries(world.database) as queries:
                found = service_reading.of_student(session, actor, student.id, limit=50, now=NOW)
            assert [one.place and one.place.position for one in found] == [1] * (number + 1)
            asked.append(queries.count)
    assert asked[2:] == [*asked[:2], *asked[:2]]
