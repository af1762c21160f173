"""The waiting list of a session: who is served when seats are free, and where everybody stands."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.bookings import rules, service_counts, service_telling
from app.bookings.models import Booking, BookingState, SessionState, VisitSession
from app.bookings.rules import Limits, Place, Waiter
from app.events import service as events
from app.opportunities.models import Opportunity, Status


def serve(
    session: Session,
    actor: Actor,
    visit: VisitSession,
    *,
    now: datetime,
    limits: Limits,
    newcomer: Booking | None = None,
    becomes: BookingState = BookingState.BOOKED,
) -> int:
    """Give the free seats of a locked session to those who wait, in the published order; to how many.

    Each gets an offer with a time limit; a `newcomer`, who has just asked, what was asked for.
    """
    number = 0
    while (turn := _next(session, visit, now)) is not None:
        booking = session.get_one(Booking, turn.served.id)
        for one in turn.passed:
            passed = session.get_one(Booking, one.id)
            passed.passes += 1
            events.record(session, actor, "booking.passed_over", passed.id, {"passes": passed.passes})
        hall = service_counts.hall(session, visit, now)
        counts = rules.counted(hall, turn.served.guest, booking.people)
        service_counts.take(session, actor, booking, visit, counts, now)
        after = becomes if newcomer is not None and booking.id == newcomer.id else BookingState.OFFERED
        change(session, actor, booking, after, due_at=rules.due_at(after, visit.starts_at, now, limits))
        if after is BookingState.OFFERED:
            service_telling.offered(session, booking, visit, now)
        number += 1
    return number


def serve_event(
    session: Session, actor: Actor, opportunity_id: UUID, *, now: datetime, limits: Limits
) -> int:
    """The same for every session of a locked event: what came free in one may be the limit of all."""
    number = 0
    for visit_id in session.scalars(awaited(now).where(VisitSession.opportunity_id == opportunity_id)).all():
        visit = session.get_one(VisitSession, visit_id, populate_existing=True)
        number += serve(session, actor, visit, now=now, limits=limits)
    return number


def awaited(now: datetime) -> sa.Select[UUID]:
    """The sessions to come for which somebody waits, by id."""
    waits = sa.exists().where(
        Booking.visit_session_id == VisitSession.id, Booking.state == BookingState.WAITING
    )
    is_to_come = sa.and_(VisitSession.state == SessionState.PLANNED, VisitSession.starts_at > now)
    return sa.select(VisitSession.id).where(is_to_come, waits).order_by(VisitSession.id)


def change(
    session: Session, actor: Actor, booking: Booking, after: BookingState, *, due_at: datetime | None
) -> None:
    """Go on to a state that is no end, with its clock, and record it."""
    data = {"from": booking.state.value, "to": after.value}
    booking.state, booking.due_at = after, due_at
    session.flush()
    events.record(session, actor, "booking.moved", booking.id, data)


def can_serve(session: Session, visit: VisitSession, now: datetime) -> bool:
    """Whether somebody who waits could be served now."""
    return _next(session, visit, now) is not None


def places(session: Session, bookings: Sequence[Booking], now: datetime) -> Mapping[UUID, Place]:
    """Where those of these stand that wait, by booking; as many queries for many as for one."""
    waiting = [one for one in bookings if one.state is BookingState.WAITING]
    if not waiting:
        return {}
    ids = {one.visit_session_id for one in waiting}
    visits = {one.id: one for one in session.scalars(sa.select(VisitSession).where(VisitSession.id.in_(ids)))}
    halls = service_counts.halls(session, visits.values(), now)
    served = service_counts.served(session, {visit.opportunity_id for visit in visits.values()})
    waiters = _waiters(session, visits.values())
    found = {}
    for one in waiting:
        visit = visits[one.visit_session_id]
        place = rules.place(halls[visit.id], waiters[visit.id], served[visit.opportunity_id], one.id)
        if place is not None:
            found[one.id] = place
    return found


def _next(session: Session, visit: VisitSession, now: datetime) -> rules.Turn | None:
    opportunity = session.get_one(Opportunity, visit.opportunity_id)
    is_open = opportunity.status in (Status.PUBLISHED, Status.FULL)
    if not is_open or visit.state is not SessionState.PLANNED or visit.starts_at <= now:
        return None
    waiters = _waiters(session, [visit])[visit.id]
    if not waiters:
        return None
    hall = service_counts.hall(session, visit, now)
    served = service_counts.served(session, [visit.opportunity_id])
    return rules.next_turn(hall, waiters, served[visit.opportunity_id])


def _waiters(session: Session, visits: Collection[VisitSession]) -> dict[UUID, list[Waiter]]:
    """Who waits, by session; two queries."""
    seeds = {visit.id: visit.draw_seed for visit in visits}
    query = sa.select(Booking).where(
        Booking.visit_session_id.in_(seeds), Booking.state == BookingState.WAITING
    )
    bookings = session.scalars(query.order_by(Booking.id)).all()
    guests = service_counts.guests(session, bookings)
    found: dict[UUID, list[Waiter]] = {one: [] for one in seeds}
    for one in bookings:
        draw = rules.draw(seeds[one.visit_session_id], one.id)
        found[one.visit_session_id].append(
            Waiter(one.id, guests[one.id], one.people, one.asked_at, draw, one.passes)
        )
    return found
