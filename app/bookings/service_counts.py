"""Taking and giving back seats of a session: every counter by a statement that decides and counts at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.bookings import rules
from app.bookings.models import Booking, BookingCount, BookingKind, Quota, SessionState, VisitSession
from app.bookings.rules import Counted, Guest, Hall, Share
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity
from app.schools.models import SchoolClass
from app.students.models import Student


def lock(session: Session, student_ids: Collection[UUID], opportunity_id: UUID) -> None:
    """Let nobody else book for these students, or in this event, until the block ends.

    Students first and the event last, as for applications: so waits never cross. All that is below an event, its
    sessions, quotas and bookings, is changed by who holds the event.
    """
    for key, ids in ((Student.id, student_ids), (Opportunity.id, [opportunity_id])):
        if ids:
            session.execute(sa.select(key).where(key.in_(ids)).order_by(key).with_for_update(key_share=True))


def hall(session: Session, visit: VisitSession, now: datetime) -> Hall:
    """The session as the rules see it, now that it is locked; never with more free seats than the event has.

    Of a visit that a round gives out, too, seats of the event are taken in no session.
    """
    return halls(session, [visit], now)[visit.id]


def halls(session: Session, visits: Collection[VisitSession], now: datetime) -> dict[UUID, Hall]:
    """The same of several, by session; two queries."""
    ids = {visit.opportunity_id for visit in visits}
    fresh = {"populate_existing": True}
    found = session.scalars(sa.select(Opportunity).where(Opportunity.id.in_(ids)), execution_options=fresh)
    events = {one.id: one for one in found}
    query = sa.select(Quota).where(Quota.opportunity_id.in_(ids)).order_by(Quota.id)
    quotas = session.scalars(query, execution_options=fresh).all()
    return {visit.id: _hall(visit, events[visit.opportunity_id], quotas, now) for visit in visits}


def _hall(visit: VisitSession, event: Opportunity, quotas: Sequence[Quota], now: datetime) -> Hall:
    free = min(visit.seats - visit.seats_taken, event.seats - event.seats_taken)
    shares = tuple(
        share(quota)
        for quota in quotas
        if quota.opportunity_id == event.id and quota.visit_session_id in (None, visit.id)
    )
    return Hall(visit.seats_taken + free, visit.seats_taken, shares, now, visit.starts_at)


def share(quota: Quota) -> Share:
    """A quota as the rules see it."""
    return Share(**{name: getattr(quota, name) for name in Share.__dataclass_fields__})


def guest(session: Session, booking: Booking) -> Guest:
    """Who comes, as quotas know them."""
    return guests(session, [booking])[booking.id]


def guests(session: Session, bookings: Collection[Booking]) -> dict[UUID, Guest]:
    """The same of several, by booking; one query."""
    ids = {booking.class_id for booking in bookings if booking.class_id is not None}
    found = {one.id: one for one in session.scalars(sa.select(SchoolClass).where(SchoolClass.id.in_(ids)))}
    return {one.id: _guest(one, found) for one in bookings}


def _guest(booking: Booking, classes: Mapping[UUID, SchoolClass]) -> Guest:
    if booking.class_id is None:
        return Guest(None, None, None, is_group=False)
    of = classes[booking.class_id]
    return Guest(booking.school_id, of.year, of.programme_id, booking.kind is BookingKind.GROUP)


def take(
    session: Session, actor: Actor, booking: Booking, visit: VisitSession, counts: dict[UUID, Counted], now: datetime
) -> None:  # fmt: skip
    """Take the booking's seats, in each quota, in the session and in the event. Raises Full."""
    for quota_id, one in sorted(counts.items()):
        _count_quota(session, quota_id, one, +1)
        session.add(
            BookingCount(booking_id=booking.id, quota_id=quota_id, seats=one.seats, groups=one.groups)
        )
    _count_session(session, visit, +booking.people, has_room(booking.people, now))
    seats.take_seat(session, actor, visit.opportunity_id, booking.people)


def give_back(
    session: Session, actor: Actor, booking: Booking, visit: VisitSession, people: int | None = None
) -> None:
    """Give back all that the booking holds, or the seats of so many of its people. Raises Full for a count that is wrong."""
    number = booking.people if people is None else people
    query = sa.select(BookingCount).where(BookingCount.booking_id == booking.id)
    for one in session.scalars(query.order_by(BookingCount.quota_id)).all():
        if people is None:
            _count_quota(session, one.quota_id, Counted(one.seats, one.groups), -1)
            session.delete(one)
        elif fewer := min(number, one.seats):
            _count_quota(session, one.quota_id, Counted(fewer, 0), -1)
            one.seats -= fewer
    _count_session(session, visit, -number, VisitSession.seats_taken >= number)
    if visit.state is SessionState.PLANNED:
        seats.free_seat(session, actor, visit.opportunity_id, number)
    session.flush()


def has_room(people: int, now: datetime) -> sa.ColumnElement[bool]:
    """`rules.room` without the limits, as a condition: what reservations keep is still free afterwards."""
    kept = (
        sa.select(sa.func.coalesce(sa.func.sum(Quota.seats - Quota.seats_taken), 0))
        .where(
            Quota.visit_session_id == VisitSession.id,
            Quota.keeps,
            sa.or_(Quota.released_at.is_(None), Quota.released_at > now),
        )
        .correlate(VisitSession)
        .scalar_subquery()
    )
    after = VisitSession.seats_taken + people
    return sa.and_(VisitSession.state == SessionState.PLANNED, after + kept <= VisitSession.seats)


def _count_session(
    session: Session, visit: VisitSession, change: int, condition: sa.ColumnElement[bool]
) -> None:
    counted = (
        sa.update(VisitSession)
        .where(VisitSession.id == visit.id, condition)
        .values(seats_taken=VisitSession.seats_taken + change, version=VisitSession.version + 1)
        .returning(VisitSession)
        .execution_options(populate_existing=True)
    )
    if session.scalars(counted).one_or_none() is None:
        raise seats.Full


def _count_quota(session: Session, quota_id: UUID, count: Counted, sign: int) -> None:
    seats_after = Quota.seats_taken + sign * count.seats
    groups_after = Quota.groups_taken + sign * count.groups
    counted = (
        sa.update(Quota)
        .where(
            Quota.id == quota_id,
            seats_after.between(0, sa.func.coalesce(Quota.seats, seats_after)),
            groups_after.between(0, sa.func.coalesce(Quota.most_groups, groups_after)),
        )
        .values(seats_taken=seats_after, groups_taken=groups_after)
        .returning(Quota.id)
        .execution_options(synchronize_session=False)
    )
    if session.scalar(counted) is None:
        raise seats.Full


def served(session: Session, opportunity_ids: Collection[UUID]) -> dict[UUID, dict[UUID | None, int]]:
    """How many seats each school has in these events, by event; those of guests stand under None."""
    rows = session.execute(
        sa.select(VisitSession.opportunity_id, Booking.school_id, sa.func.sum(Booking.people))
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(VisitSession.opportunity_id.in_(opportunity_ids), Booking.state.in_(rules.HOLDS_SEATS))
        .group_by(VisitSession.opportunity_id, Booking.school_id)
    )
    found: dict[UUID, dict[UUID | None, int]] = {one: {} for one in opportunity_ids}
    for opportunity_id, school_id, people in rows:
        found[opportunity_id][school_id] = int(people)
    return found
