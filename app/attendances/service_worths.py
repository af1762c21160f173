"""What a visit is worth in hours: a decision of each school, from which the credits of who came follow by themselves."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.attendances.models import CheckIn, CheckInStudent, VisitCredit, VisitWorth
from app.attendances.rules import who_came
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import service_counts, service_reading
from app.bookings.models import Booking, BookingMember, BookingState, VisitSession
from app.bookings.service_reading import Seen
from app.events import service as events
from app.hours import service_ledger as ledgers
from app.hours.models import CreditKind, HourCredit
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity


class NotYourVisitHours(errors.NotAllowed):
    """What a visit is worth is for who leads the school to decide, for its own students."""

    title = "The school decides what a visit is worth"


class OnlyVisits(errors.Conflict):
    """Only a visit is worth hours by a decision; internships have a ledger day by day."""

    title = "Only a visit is worth hours by a decision"


def read(session: Session, actor: Actor, opportunity_id: UUID, school_id: UUID) -> VisitWorth | None:
    """What a school has decided; None for nothing yet. Raises NoSuchOpportunity and NotYourVisitHours."""
    auth.require_scope(actor, "placements:read")
    opportunities.read(session, actor, opportunity_id)
    _require_lead(actor, school_id)
    return session.get(VisitWorth, (opportunity_id, school_id))


def decide(
    session: Session, actor: Actor, opportunity_id: UUID, school_id: UUID, hours: int, *, now: datetime
) -> VisitWorth:
    """Say how many hours a visit is worth, 0 for none: everybody of the school who was there has them at once.

    Raises NoSuchOpportunity, NotYourVisitHours and OnlyVisits.
    """
    auth.require_scope(actor, "placements:write")
    opportunity = opportunities.read(session, actor, opportunity_id)
    _require_lead(actor, school_id)
    if opportunity.kind is not Kind.VISIT:
        raise OnlyVisits
    _lock(session, opportunity_id, school_id)
    worth = session.get(VisitWorth, (opportunity_id, school_id), populate_existing=True)
    if worth is not None and worth.hours == hours:
        return worth
    if worth is None:
        worth = VisitWorth(opportunity_id=opportunity_id, school_id=school_id, version=1)
        session.add(worth)
    worth.hours, worth.decided_at, worth.decided_by = hours, now.astimezone(UTC), actor.mark
    session.flush()
    events.record(session, actor, "worth.decided", opportunity_id, {"hours": hours})
    # Read now that the event is held: who is noted meanwhile waits, and then finds what the visit is worth.
    for booking_id in session.scalars(_bookings(opportunity_id, school_id, _NOTED)).all():
        one = service_reading.find(session, actor, booking_id)
        settle(session, actor, one, _who(session, one), now=now)
    return worth


_NOTED = (BookingState.ATTENDED, BookingState.ABSENT)


def _bookings(opportunity_id: UUID, school_id: UUID, states: Collection[BookingState]) -> sa.Select[UUID]:
    return (
        sa.select(Booking.id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(
            VisitSession.opportunity_id == opportunity_id, Booking.school_id == school_id, Booking.state.in_(states)
        )
        .order_by(Booking.id)
    )  # fmt: skip


def _lock(session: Session, opportunity_id: UUID, school_id: UUID) -> None:
    """Hold the students who come or came, and the event: whoever may be noted until it is held is among them."""
    comes = _bookings(opportunity_id, school_id, (BookingState.BOOKED, *_NOTED))
    members = sa.select(BookingMember.student_id).where(BookingMember.booking_id.in_(comes.order_by(None)))
    service_counts.lock(session, session.scalars(members).all(), opportunity_id)


def settle(
    session: Session, actor: Actor, seen: Seen, who: Collection[UUID] | None, *, now: datetime
) -> None:
    """Let the credits of a booking be those of who came; `who` None is not known yet, and nobody has any.

    The students are locked. Who has the same credit by the school's own hand keeps that one, so that nothing counts twice.
    """
    booking, visit = seen.booking, seen.visit
    if booking.school_id is None:
        return
    worth = session.get(VisitWorth, (visit.opportunity_id, booking.school_id))
    wanted = set(who or ()) if worth is not None and worth.hours else set()
    query = sa.select(HourCredit).join(VisitCredit, VisitCredit.hour_credit_id == HourCredit.id)
    here = {one.student_id: one for one in session.scalars(query.where(VisitCredit.booking_id == booking.id))}
    changed = set()
    for student_id, credit in sorted(here.items()):
        if student_id not in wanted:
            changed.add(student_id)
            session.execute(sa.delete(VisitCredit).where(VisitCredit.hour_credit_id == credit.id))
            session.delete(credit)
            events.record(session, actor, "credit.removed", credit.id)
        elif worth is not None and credit.hours != worth.hours:
            changed.add(student_id)
            credit.hours, credit.decided_at, credit.decided_by = (
                worth.hours,
                worth.decided_at,
                worth.decided_by,
            )
    session.flush()
    if worth is not None and (new := wanted - here.keys()):
        changed |= _add(session, actor, seen.opportunity, booking, visit, worth, new, now)
    if changed:
        ledgers.settle(session, changed)


def _add(
    session: Session, actor: Actor, opportunity: Opportunity, booking: Booking, visit: VisitSession, worth: VisitWorth,
    students: Collection[UUID], now: datetime,
) -> set[UUID]:  # fmt: skip
    rows = [
        {
            "id": db.new_id(), "student_id": student_id, "kind": CreditKind.VISIT, "title": opportunity.title[:160],
            "held_on": visit.starts_at.astimezone(now.tzinfo).date(), "hours": worth.hours,
            "decided_at": worth.decided_at, "decided_by": worth.decided_by, "version": 1,
        }
        for student_id in sorted(students)
    ]  # fmt: skip
    insert = db.inserting(session, HourCredit).on_conflict_do_nothing()
    added = session.execute(insert.returning(HourCredit.id, HourCredit.student_id), rows).all()
    if not added:
        return set()
    links = [{"booking_id": booking.id, "hour_credit_id": one.id} for one in added]
    session.execute(db.inserting(session, VisitCredit).values(links))
    events.record_many(session, actor, [("credit.created", one.id, None) for one in added])
    return {one.student_id for one in added}


def _who(session: Session, seen: Seen) -> frozenset[UUID] | None:
    check_in = session.get(CheckIn, seen.booking.id)
    if check_in is None:
        return frozenset(seen.students if seen.booking.state is BookingState.ATTENDED else ())
    query = sa.select(CheckInStudent.student_id).where(CheckInStudent.booking_id == seen.booking.id)
    named = frozenset(session.scalars(query)) if check_in.is_named else None
    return who_came(seen.students, check_in.students, named)


def _require_lead(actor: Actor, school_id: UUID) -> None:
    if not actor.is_staff_of(school_id):
        raise NotYourVisitHours


def of_booking(session: Session, seen: Seen) -> int:
    """Hours that the booking's school gives for the visit; 0 for none, or nothing decided."""
    worth = session.get(VisitWorth, (seen.visit.opportunity_id, seen.booking.school_id))
    return worth.hours if worth is not None else 0
