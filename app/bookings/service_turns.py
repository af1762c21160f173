"""What becomes of bookings when their session is changed, cancelled or over, and when their time is up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attendances.models import CheckIn
from app.auth.actors import Actor, system
from app.bookings import (
    rules,
    service_counts,
    service_moves,
    service_sessions,
    service_telling,
    service_waiting,
)
from app.bookings.models import Booking, BookingEnd, BookingState, SessionState, VisitSession
from app.bookings.rules import Limits
from app.db import Database
from app.errors import WrongState
from app.events import service as events
from app.opportunities.models import Opportunity

AT_ONCE = 500
"""Of each in one round; the rest waits for the next."""


class PeopleHaveCome(WrongState):
    """Somebody has been checked in already, so the session takes place."""

    title = "Somebody has come"


# --- by people --------------------------------------------------------------------------------------------------------


def edit(
    session: Session,
    actor: Actor,
    visit: VisitSession,
    opportunity: Opportunity,
    changes: Mapping[str, Any],
    *,
    now: datetime,
    limits: Limits,
) -> None:
    """Change what `service_sessions.get_for_change` gave: who has booked is told of a move, who waits gets new seats.

    Raises what `service_sessions.edit` raises, and PeopleHaveCome where it would be at another time.
    """
    if any(
        getattr(visit, name) != changes.get(name, getattr(visit, name)) for name in ("starts_at", "ends_at")
    ):
        _refuse_come(session, visit.id)
    is_moved = service_sessions.edit(session, actor, visit, opportunity, changes, now=now)
    if is_moved:
        for booking in _open(session, visit.id):
            if booking.state is BookingState.WAITING:
                booking.due_at = visit.starts_at
            elif booking.due_at is not None:
                booking.due_at = min(booking.due_at, visit.starts_at)
            service_telling.moved(session, booking, visit, now)
        session.flush()
    service_waiting.serve(session, actor, visit, now=now, limits=limits)


def cancel(
    session: Session, actor: Actor, visit: VisitSession, opportunity: Opportunity, *, now: datetime
) -> None:
    """Cancel what `service_sessions.get_for_change` gave, with all its bookings; again it changes nothing.

    The doors open before it begins: whoever has been noted as absent until then loses nothing by it, and is told like
    all others. Raises WrongState, and PeopleHaveCome where somebody is there.
    """
    if visit.state is SessionState.CANCELLED:
        return
    service_sessions.refuse_over(visit, now)
    _refuse_come(session, visit.id)
    bookings = _open(session, visit.id, frozenset({BookingState.ABSENT}))
    absent = [booking.id for booking in bookings if booking.state is BookingState.ABSENT]
    session.execute(sa.delete(CheckIn).where(CheckIn.booking_id.in_(absent)))
    session.refresh(visit)  # somebody may have been forgotten before these were locked
    session.refresh(opportunity)
    for booking in bookings:
        after, reason = BookingState.CANCELLED, BookingEnd.SESSION_CANCELLED
        service_moves.end(session, actor, booking, visit, after, reason, now=now)
        service_telling.cancelled(session, booking, visit, now)
    visit.state = SessionState.CANCELLED
    session.flush()
    events.record(session, actor, "session.cancelled", visit.id)
    service_sessions.follow(session, actor, opportunity, now)


# --- by the clock -----------------------------------------------------------------------------------------------------


def run(database: Database, now: datetime, limits: Limits) -> dict[str, int]:
    """Do what is due, each in a block of its own; two at once do nothing twice. `now` is in the territory's time zone."""
    clock = system("clock")
    struck = sa.select(Booking.id).where(Booking.due_at <= now).order_by(Booking.due_at, Booking.id)
    over = sa.select(VisitSession.id).where(_is_over(now)).order_by(VisitSession.ends_at, VisitSession.id)
    # Most rounds have nothing to do, and must not take the writers' lock for it.
    with database.read() as session:
        due = session.scalars(struck.limit(AT_ONCE)).all()
        ended = session.scalars(over.limit(AT_ONCE)).all()
        served = [
            visit_id
            for visit_id in session.scalars(service_waiting.awaited(now))
            if service_waiting.can_serve(session, session.get_one(VisitSession, visit_id), now)
        ]
    told = {"bookings_expired": 0, "sessions_held": 0, "seats_offered": 0}
    for booking_id in due:
        with database.write() as session:
            told["bookings_expired"] += strike(session, clock, booking_id, now, limits)
    for visit_id in ended:
        with database.write() as session:
            told["sessions_held"] += close(session, clock, visit_id, now)
    for visit_id in served:
        with database.write() as session:
            visit = _locked(session, visit_id)
            told["seats_offered"] += service_waiting.serve(session, clock, visit, now=now, limits=limits)
    return told


def strike(session: Session, actor: Actor, booking_id: UUID, now: datetime, limits: Limits) -> bool:
    """End a booking whose time is up, and pass its seats on; whether it was its time."""
    booking = session.get(Booking, booking_id)
    if booking is None:
        return False
    visit = _locked(session, booking.visit_session_id)
    booking = session.get(Booking, booking_id, populate_existing=True)
    if booking is None or booking.due_at is None or booking.due_at > now:
        return False
    reason = rules.AFTER[booking.state]
    service_moves.end(session, actor, booking, visit, BookingState.EXPIRED, reason, now=now)
    service_telling.expired(session, booking, visit, now)
    service_waiting.serve_event(session, actor, visit.opportunity_id, now=now, limits=limits)
    return True


def close(session: Session, actor: Actor, visit_id: UUID, now: datetime) -> bool:
    """Let a session whose time is over be held; whether it was its time."""
    visit = _locked(session, visit_id)
    if visit.state is not SessionState.PLANNED or visit.ends_at > now:
        return False
    visit.state = SessionState.HELD
    session.flush()
    events.record(session, actor, "session.held", visit.id)
    opportunity = session.get_one(Opportunity, visit.opportunity_id, populate_existing=True)
    service_sessions.follow(session, actor, opportunity, now, gone=visit.seats_taken)
    return True


def _is_over(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(VisitSession.state == SessionState.PLANNED, VisitSession.ends_at <= now)


def _locked(session: Session, visit_id: UUID) -> VisitSession:
    """The session as it is now that its event is locked."""
    visit = session.get_one(VisitSession, visit_id)
    service_counts.lock(session, [], visit.opportunity_id)
    session.refresh(visit)
    return visit


def _refuse_come(session: Session, visit_id: UUID) -> None:
    came = sa.select(Booking.id).where(
        Booking.visit_session_id == visit_id, Booking.state == BookingState.ATTENDED
    )
    if session.scalar(came.limit(1)) is not None:
        raise PeopleHaveCome("Note that nobody has come of those who are checked in, then try again.")


def _open(
    session: Session, visit_id: UUID, others: frozenset[BookingState] = frozenset()
) -> Sequence[Booking]:
    states = rules.OPEN | others
    query = sa.select(Booking).where(Booking.visit_session_id == visit_id, Booking.state.in_(states))
    query = query.order_by(Booking.id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).all()
