"""The edition: every page has something to show, everything counted is there, and it goes on where it was broken off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from app import demo
from app.auth.actors import Role
from app.auth.models import Membership
from app.bookings import service_turns
from app.bookings.models import Booking, BookingKind, BookingState, Quota, SessionState, VisitSession
from app.bookings.rules import HOLDS_SEATS, Limits
from app.db import Database
from app.demo import edition, edition_event
from app.demo.season import NoDemo
from app.evidence.models import Enrolment, ReportedOutcome
from app.opportunities.models import Opportunity, Status
from app.placements.models import Placement, State
from app.series.models import ProposalState, Series, SeriesProposal, SeriesState
from app.settings import Settings
from tests.app.demo.world import ON, dump, undone

DAY = datetime.combine(ON, time(9), ZoneInfo(Settings().time_zone))
SIZE = demo.Size(students=160, companies=40, opportunities=20)
EVENTS = edition.EditionSize(events=9, actors=8, requests=170)
BROKEN_AFTER = 4
OF_IT = (
    "visit_sessions",
    "quotas",
    "bookings",
    "booking_members",
    "booking_counts",
    "series",
    "series_proposals",
    "placements",
    "reported_outcomes",
    "enrolments",
    "kits",
    "class_tests",
)


def hold(database: Database, size: edition.EditionSize = EVENTS) -> edition.Held:
    return edition.hold(database, Settings(), size, seed=3, on=ON, quiet=True)


@dataclass(frozen=True)
class World:
    """The edition held in one go, and, in the database, as it goes on after it was broken off."""

    database: Database
    held: edition.Held
    rest: edition.Held
    whole: dict[str, list[Any]]


@pytest.fixture(scope="module")
def world(referenced: Database) -> Iterator[World]:
    with undone(referenced) as database:
        with pytest.raises(NoDemo):
            hold(database)
        demo.load(database, SIZE, seed=3, on=ON, quiet=True)
        held, whole = hold(database), dump(database)
    with undone(referenced) as database:
        demo.load(database, SIZE, seed=3, on=ON, quiet=True)
        with pytest.MonkeyPatch.context() as broken:
            broken.setattr(edition_event, "play", Broken(BROKEN_AFTER).play)
            with pytest.raises(KeyboardInterrupt):
                hold(database)
        yield World(database, held, hold(database), whole)


class Broken:
    """What is broken off after so many events."""

    def __init__(self, after: int) -> None:
        self._left, self._play = after, edition_event.play

    def play(self, *args: Any) -> Counter[str]:
        self._left -= 1
        if self._left < 0:
            raise KeyboardInterrupt
        return self._play(*args)


def test_every_state_is_there_and_counted(world: World) -> None:
    database, held = world.database, world.held
    with database.read() as session:
        states = Counter(session.scalars(sa.select(Booking.state)))
        sessions = Counter(session.scalars(sa.select(VisitSession.state)))
        hosts = sa.select(sa.func.count(Opportunity.company_id.distinct()))
        assert session.scalar(hosts.where(Opportunity.source == edition.SOURCE)) == EVENTS.actors
        assert session.scalar(sa.select(sa.func.count()).select_from(Quota))
    assert states.keys() >= set(BookingState) - {BookingState.HELD}
    assert set(sessions) == set(SessionState)
    assert held.counts["bookings"] == sum(states.values())
    assert 0.9 * EVENTS.requests < held.counts["bookings"] <= EVENTS.requests
    assert {state: held.counts.get(state, 0) for state in BookingState} == {
        state: states[state] for state in BookingState
    }
    assert held.counts["sessions"] == sum(sessions.values())
    assert f"{EVENTS.events} events, {held.counts['sessions']} sessions" in str(held)


def test_some_sessions_are_overbooked_and_some_half_empty(world: World) -> None:
    database = world.database
    asked = sa.func.sum(Booking.people) / sa.cast(VisitSession.seats, sa.Float)
    with database.read() as session:
        load = session.scalars(
            sa.select(asked)
            .join(Booking, Booking.visit_session_id == VisitSession.id)
            .group_by(VisitSession.id)
        ).all()
    assert min(load) < 0.5
    assert max(load) > 1.2


def test_no_clock_is_late_and_every_count_is_right(world: World) -> None:
    database = world.database
    with database.read() as session:
        assert session.scalars(sa.select(Booking.id).where(Booking.due_at <= DAY)).all() == []
        seated = sa.func.coalesce(sa.func.sum(Booking.people), 0)
        holds = sa.and_(Booking.visit_session_id == VisitSession.id, Booking.state.in_(HOLDS_SEATS))
        for visit, people in session.execute(
            sa.select(VisitSession, seated).outerjoin(Booking, holds).group_by(VisitSession.id)
        ):
            assert visit.seats_taken == people <= visit.seats
            assert (visit.state is SessionState.PLANNED) == (visit.ends_at > DAY) or (
                visit.state is SessionState.CANCELLED
            )
        over = sa.select(Opportunity.status).where(
            Opportunity.has_sessions,
            ~sa.exists().where(
                VisitSession.opportunity_id == Opportunity.id, VisitSession.state == SessionState.PLANNED
            ),
        )
        assert set(session.scalars(over)) == {Status.CLOSED}
    assert service_turns.run(database, DAY, Limits.of(Settings())) == {
        "bookings_expired": 0, "sessions_held": 0, "seats_offered": 0,
    }  # fmt: skip


def test_the_personas_have_something_to_look_at(world: World) -> None:
    database = world.database
    with database.read() as session:
        people = {one.role: one for one in session.scalars(sa.select(Membership))}
        persona, company = people[Role.STUDENT].student_id, people[Role.COMPANY_ADMIN].company_id
        assert session.scalar(sa.select(sa.func.count()).where(Booking.student_id == persona))
        hosted = (
            sa.select(Booking.kind)
            .join(VisitSession, VisitSession.id == Booking.visit_session_id)
            .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
            .where(Opportunity.company_id == company)
        )
        assert set(session.scalars(hosted)) == {BookingKind.SINGLE, BookingKind.GROUP}


def test_the_pages_of_evidence_have_something_to_show(world: World) -> None:
    with world.database.read() as session:
        states = set(session.scalars(sa.select(SeriesProposal.state)))
        series = Counter(session.scalars(sa.select(Series.state)))
        over = sa.select(Placement).join(ReportedOutcome, ReportedOutcome.placement_id == Placement.id)
        placements = session.scalars(over).all()
        tracks = session.execute(sa.select(Enrolment.track, Enrolment.start_year, Enrolment.students)).all()
    assert series == dict.fromkeys(SeriesState, 1)
    assert states >= {ProposalState.PUBLISHED, ProposalState.PROPOSED}
    assert placements
    assert all(one.state is State.COMPLETED and one.ends_on < ON for one in placements)
    with world.database.read() as session:
        held = sa.select(sa.func.count()).where(Placement.opportunity_id == Opportunity.id).scalar_subquery()
        offers = session.execute(
            sa.select(Opportunity.seats_taken, held).where(
                Opportunity.id.in_({one.opportunity_id for one in placements})
            )
        ).all()
    assert all(seats == number for seats, number in offers)
    assert {year for _, year, _ in tracks} == {2024, 2025, 2026}
    assert all("inventato" in track and students for track, _, students in tracks)
    assert world.held.counts["enrolments"] == len(tracks)
    assert (world.held.counts["kits"], world.held.counts["tests"]) == (3, 4)


def test_it_goes_on_where_it_was_broken_off_and_is_the_same(world: World) -> None:
    assert world.rest.counts["events"] == EVENTS.events - BROKEN_AFTER
    again = dump(world.database)
    assert {name: again[name] for name in OF_IT} == {name: world.whole[name] for name in OF_IT}
    assert "it was there already" in str(hold(world.database))
