"""Sessions as lists show them: for how many there is room, who waits, and what a class or a student has asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.bookings import rules, service_counts, service_sessions
from app.bookings.models import Booking, BookingMember, BookingState, Quota, SessionState, VisitSession
from app.bookings.rules import Guest, Hall
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity
from app.opportunities.service import NotYourOpportunity
from app.schools.models import SchoolClass

_NOBODY = (0, 0)


@dataclass(frozen=True, slots=True)
class Planned:
    """A session as its host sees it: bookings and people by state."""

    visit: VisitSession
    numbers: Mapping[BookingState, tuple[int, int]]

    def bookings(self, *states: BookingState) -> int:
        """How many bookings are in one of these states."""
        return sum(self.numbers.get(state, _NOBODY)[0] for state in states)

    def people(self, *states: BookingState) -> int:
        """For how many people."""
        return sum(self.numbers.get(state, _NOBODY)[1] for state in states)


def require_host(session: Session, actor: Actor, opportunity_id: UUID) -> Opportunity:
    """A visit, for who may change it. Raises NoSuchOpportunity, NotYourOpportunity and NotAVisit."""
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not service_sessions.is_host(session, actor, opportunity_id, opportunity):
        raise NotYourOpportunity
    if opportunity.kind is not Kind.VISIT:
        raise service_sessions.NotAVisit
    return opportunity


def planned(session: Session, visits: Collection[VisitSession]) -> list[Planned]:
    """These sessions with the numbers of their bookings; one query."""
    query = (
        sa.select(Booking.visit_session_id, Booking.state, sa.func.count(), sa.func.sum(Booking.people))
        .where(Booking.visit_session_id.in_([visit.id for visit in visits]))
        .group_by(Booking.visit_session_id, Booking.state)
    )
    found: dict[UUID, dict[BookingState, tuple[int, int]]] = defaultdict(dict)
    for visit_id, state, bookings, people in session.execute(query):
        found[visit_id][state] = (bookings, int(people))
    return [Planned(visit, found[visit.id]) for visit in visits]


def to_come(
    session: Session, opportunity_ids: Collection[UUID] | None, now: datetime
) -> dict[UUID, list[VisitSession]]:
    """The sessions of these events, or of all, that take place and have not begun; by event, the earliest first."""
    query = sa.select(VisitSession).where(
        VisitSession.state == SessionState.PLANNED, VisitSession.starts_at > now
    )
    if opportunity_ids is not None:
        query = query.where(VisitSession.opportunity_id.in_(opportunity_ids))
    found: dict[UUID, list[VisitSession]] = {}
    for visit in session.scalars(query.order_by(VisitSession.starts_at, VisitSession.id)):
        found.setdefault(visit.opportunity_id, []).append(visit)
    return found


def next_of(
    session: Session, student_id: UUID, now: datetime, *, limit: int
) -> list[tuple[Booking, VisitSession, str]]:
    """What a student has booked or asked for and is still to come, with the event's title; for who may see the student."""
    comes = sa.select(BookingMember.booking_id).where(BookingMember.student_id == student_id)
    query = (
        sa.select(Booking, VisitSession, Opportunity.title)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(Booking.id.in_(comes), Booking.state.in_(rules.OPEN), VisitSession.ends_at > now)
        .order_by(VisitSession.starts_at, Booking.id)
        .limit(limit)
    )
    return [(booking, visit, title) for booking, visit, title in session.execute(query)]


def halls(session: Session, visits: Collection[VisitSession], now: datetime) -> dict[UUID, Hall]:
    """These sessions as the rules of seats see them; two queries, however many there are. Nothing is locked."""
    ids = {visit.opportunity_id for visit in visits}
    events = {one.id: one for one in session.scalars(sa.select(Opportunity).where(Opportunity.id.in_(ids)))}
    quotas = session.scalars(sa.select(Quota).where(Quota.opportunity_id.in_(ids)).order_by(Quota.id)).all()
    found = {}
    for visit in visits:
        event = events[visit.opportunity_id]
        mine = [
            service_counts.share(quota)
            for quota in quotas
            if quota.opportunity_id == event.id and quota.visit_session_id in (None, visit.id)
        ]
        free = min(visit.seats - visit.seats_taken, event.seats - event.seats_taken)
        found[visit.id] = Hall(visit.seats_taken + free, visit.seats_taken, tuple(mine), now)
    return found


def guest(school_class: SchoolClass, *, is_group: bool) -> Guest:
    """A student of the class, or the class, as quotas know them."""
    return Guest(school_class.school_id, school_class.year, school_class.programme_id, is_group)


def awaited(session: Session, visits: Iterable[VisitSession]) -> dict[UUID, int]:
    """How many bookings wait for each of the sessions."""
    query = (
        sa.select(Booking.visit_session_id, sa.func.count())
        .where(
            Booking.visit_session_id.in_([visit.id for visit in visits]),
            Booking.state == BookingState.WAITING,
        )
        .group_by(Booking.visit_session_id)
    )
    return dict(row for row in session.execute(query))


def has_twin(session: Session, opportunity_id: UUID, values: Mapping[str, object]) -> bool:
    """Whether the very same session is planned: a form that was sent twice plans it once."""
    same = [getattr(VisitSession, name) == values[name] for name in ("starts_at", "ends_at", "room")]
    query = sa.select(VisitSession.id).where(
        VisitSession.opportunity_id == opportunity_id, VisitSession.state == SessionState.PLANNED, *same
    )
    return session.scalar(query.limit(1)) is not None


def has_twin_quota(session: Session, opportunity_id: UUID, values: Mapping[str, object]) -> bool:
    """The same for a quota."""
    same = [getattr(Quota, name).is_not_distinct_from(value) for name, value in values.items()]
    return (
        session.scalar(sa.select(Quota.id).where(Quota.opportunity_id == opportunity_id, *same)) is not None
    )


def fits(hall: Hall, one: Guest, people: int, smallest_group: int | None) -> str:
    """What would become of so many: `room`, `wait`, or why they can never come: `small`, `large`."""
    if one.is_group and smallest_group is not None and people < smallest_group:
        return "small"
    if people > rules.most(hall, one):
        return "large"
    return "room" if people <= rules.room(hall, one) else "wait"
