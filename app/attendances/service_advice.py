"""How many will come of those who have booked, and how many more seats the room would bear. Nobody but a person changes seats."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.attendances.models import CheckIn
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import rules as booking_rules
from app.bookings import service_sessions
from app.bookings.models import Booking, BookingKind, BookingState, SessionState, VisitSession

if TYPE_CHECKING:
    from uuid import UUID

    from app.matches.turnout import Advice, Expected, Past

LEAST_PAST = 400
"""Learnt from fewer counted bookings the risk is foretold too low (`benchmarks/attendance.py`: 13 % where 9 % were, from 200)."""
MOST_PAST = 5000
MOST_EXTRA = 30


class NotYourSeats(errors.NotAllowed):
    """Who changes the visit is told what more seats would risk."""

    title = "Not your seats"


class IsOver(errors.Conflict):
    """The session has begun, or is cancelled."""

    title = "The session takes no more seats"


@dataclass(frozen=True, slots=True)
class Question:
    """What the engine needs to advise, read in one block."""

    visit: VisitSession
    past: tuple[Past, ...]
    booked: tuple[Expected, ...]
    newcomer: Expected


@dataclass(frozen=True, slots=True)
class Answer:
    """`advice` is None while too little has been counted."""

    visit: VisitSession
    room: int
    risk: float
    booked: int
    learnt_from: int
    advice: Advice | None


def ask(session: Session, actor: Actor, visit_session_id: UUID, *, now: datetime) -> Question:
    """Read what is known. Raises NoSuchVisitSession, NotYourSeats and IsOver."""
    from app.matches.turnout import Expected, Past  # scipy takes long to load

    auth.require_scope(actor, "placements:read")
    visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    if not service_sessions.is_host(session, actor, opportunity.id, opportunity):
        raise NotYourSeats
    if visit.state is not SessionState.PLANNED or visit.starts_at <= now:
        raise IsOver
    zone = now.tzinfo or UTC

    def expected(booking: Booking, of: VisitSession) -> Expected:
        lead = (of.starts_at - booking.asked_at).total_seconds() / 86400
        return Expected(
            booking.people, booking.kind is BookingKind.GROUP, lead, *_when(of, zone), str(booking.school_id), of.language
        )  # fmt: skip

    rows = sa.select(Booking, VisitSession).join(VisitSession, VisitSession.id == Booking.visit_session_id)
    counted = rows.add_columns(CheckIn.students + CheckIn.adults).join(
        CheckIn, CheckIn.booking_id == Booking.id
    )
    counted = counted.where(VisitSession.ends_at <= now).order_by(VisitSession.ends_at.desc(), Booking.id)
    past = session.execute(counted.limit(MOST_PAST)).all()
    comes = rows.where(Booking.visit_session_id == visit.id, Booking.state == BookingState.BOOKED)
    booked = session.execute(comes.order_by(Booking.id)).all()
    days_left = (visit.starts_at - now).total_seconds() / 86400
    return Question(
        visit,
        tuple(Past(expected(booking, of), came) for booking, of, came in past),
        tuple(expected(booking, of) for booking, of in booked),
        # Nobody knows who will book: somebody alone, of no school that is known.
        Expected(1, False, days_left, *_when(visit, zone), "", visit.language),  # noqa: FBT003
    )


def answer(question: Question, *, room: int | None, risk: float) -> Answer:
    """Compute, outside of any block."""
    from app.matches import turnout  # scipy takes long to load

    visit = question.visit
    people = sum(one.people for one in question.booked)
    places = visit.seats if room is None else room
    advice = None
    if len(question.past) >= LEAST_PAST:
        # The same question gets the same answer.
        advice = turnout.advise(
            turnout.learn(question.past), question.booked, question.newcomer, seats=max(visit.seats, people), room=places,
            risk=risk, most=MOST_EXTRA, seed=visit.draw_seed,
        )  # fmt: skip
    return Answer(visit, places, risk, people, len(question.past), advice)


def _when(visit: VisitSession, zone: tzinfo) -> tuple[int, str]:
    """The weekday and the part of the day in which it begins."""
    moment = booking_rules.moment(visit.starts_at, visit.ends_at, zone)
    weekday = visit.starts_at.astimezone(zone).weekday()
    return weekday, str(moment.parts[0]) if moment is not None and moment.parts else ""
