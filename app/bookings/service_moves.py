"""What people do with a booking: confirm a hold, answer an offer, cancel, and say who came."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.attendances import service as attendances
from app.attendances.rules import Came
from app.auth.actors import Actor
from app.bookings import rules, service, service_counts, service_reading, service_waiting
from app.bookings.models import Booking, BookingEnd, BookingMember, BookingState, VisitSession
from app.bookings.rules import BookingAction, Limits
from app.errors import WrongState as WrongState
from app.events import service as events


class BookingChanged(errors.Conflict):
    """The booking is no longer as it was read."""

    title = "The booking has changed"


def move(
    session: Session,
    actor: Actor,
    booking_id: UUID,
    action: BookingAction,
    *,
    now: datetime,
    limits: Limits,
    version: int | None = None,
) -> Booking:
    """Take a step with a booking; to repeat it changes nothing.

    Raises NoSuchBooking, NotYourBooking, BookingChanged, WrongState (the school has said who came, too) and TakenElsewhere.
    """
    seen = service_reading.find(session, actor, booking_id, scope="placements:write")
    booking, visit = seen.booking, seen.visit
    if not rules.may(seen.side, action, is_group=seen.is_group):
        raise service.NotYourBooking("This step is somebody else's.")
    service_counts.lock(session, seen.students, visit.opportunity_id)
    session.refresh(booking)
    session.refresh(visit)
    if booking.state in rules.TRANSITIONS[action].values():
        return booking
    if version is not None and booking.version != version:
        raise BookingChanged(f"The present version is {booking.version}.")
    after = step(booking, visit, action, now)
    if after in rules.ENDED:
        end(session, actor, booking, visit, after, BookingEnd.OWN_CHOICE, now=now)
        service_waiting.serve_event(session, actor, visit.opportunity_id, now=now, limits=limits)
        return booking
    if after is BookingState.BOOKED:
        service.refuse_clash(session, visit, seen.students, now)
    if action in rules.OF_THE_DAY:
        nobody = 0 if after is BookingState.ABSENT else None
        attendances.note(session, actor, seen, Came(now, nobody, nobody), now=now)
    else:
        service_waiting.change(session, actor, booking, after, due_at=None)
    return booking


def step(booking: Booking, visit: VisitSession, action: BookingAction, now: datetime) -> BookingState:
    """Where a step leads now. Raises WrongState."""
    after = rules.TRANSITIONS[action].get(booking.state)
    if after is None:
        raise WrongState(f"A booking in the state {booking.state} cannot do this: {action}.")
    has_begun = visit.starts_at <= now
    if has_begun != (action in rules.OF_THE_DAY):
        raise WrongState("The session has begun." if has_begun else "The session has not begun.")
    if booking.due_at is not None and booking.due_at <= now:
        raise WrongState("The time to answer is over.")
    return after


def end(
    session: Session,
    actor: Actor,
    booking: Booking,
    visit: VisitSession,
    after: BookingState,
    reason: BookingEnd,
    *,
    now: datetime,
) -> None:
    """End an open booking of a locked event: its seats are free, and nobody is bound by it any longer."""
    if booking.state in rules.HOLDS_SEATS:
        service_counts.give_back(session, actor, booking, visit)
    session.execute(sa.delete(BookingMember).where(BookingMember.booking_id == booking.id))
    data = {"from": booking.state.value, "to": after.value, "reason": reason.value}
    booking.state, booking.due_at = after, None
    booking.ended_at, booking.ended_by, booking.end_reason = now.astimezone(UTC), actor.mark, reason
    session.flush()
    events.record(session, actor, "booking.moved", booking.id, data)


def give_up(session: Session, actor: Actor, student_id: UUID, now: datetime) -> None:
    """Free what is held for a student who is about to be forgotten: single bookings end, groups are one fewer.

    The next round of the clock gives the seats to those who wait.
    """
    rows = session.execute(
        sa.select(Booking, VisitSession)
        .join(BookingMember, BookingMember.booking_id == Booking.id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(BookingMember.student_id == student_id)
        .order_by(VisitSession.opportunity_id, Booking.id)
    ).all()
    for booking, visit in rows:
        service_counts.lock(session, [], visit.opportunity_id)
        session.refresh(booking)
        session.refresh(visit)
        if booking.people - booking.adults > 1:
            if booking.state in rules.HOLDS_SEATS:
                service_counts.give_back(session, actor, booking, visit, people=1)
            booking.people -= 1
            session.execute(
                sa.delete(BookingMember).where(
                    BookingMember.booking_id == booking.id, BookingMember.student_id == student_id
                )
            )
            events.record(session, actor, "booking.moved", booking.id, {"people": booking.people})
        elif booking.state in rules.OPEN:
            end(session, actor, booking, visit, BookingState.CANCELLED, BookingEnd.STUDENT_GONE, now=now)
        session.flush()
