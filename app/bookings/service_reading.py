"""Finding bookings, and showing each reader what is theirs to see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import rules, service_sessions, service_waiting
from app.bookings.models import (
    Booking,
    BookingGuest,
    BookingKind,
    BookingMember,
    BookingState,
    VisitSession,
)
from app.bookings.rules import Place, Side
from app.opportunities import access
from app.opportunities.models import Opportunity
from app.opportunities.rules import can_edit
from app.schools.models import School, SchoolClass
from app.series.models import ProposalState, SeriesProposal
from app.students import service as students


class NoSuchBooking(errors.NotFound):
    """No booking that the actor has to do with has this id."""

    title = "No such booking"


@dataclass(frozen=True, slots=True)
class Seen:
    """A booking with what a list says of it, and for whom its reader speaks. A guest is of no school, and has a name instead."""

    booking: Booking
    visit: VisitSession
    opportunity: Opportunity
    school_name: str | None
    year: int | None
    students: tuple[UUID, ...]
    side: Side
    guest_name: str | None = None
    place: Place | None = None
    proposal: SeriesProposal | None = None
    """Of a published event of a series: what its host says of the day."""

    @property
    def of_the_day(self) -> SeriesProposal | None:
        """Whom to ask on the day and how accessible it is, for the host and whoever has seats, not before."""
        has_seats = self.booking.state in (BookingState.BOOKED, BookingState.ATTENDED)
        return self.proposal if has_seats or self.side is Side.HOST else None

    @property
    def is_guest(self) -> bool:
        """Whether somebody without an account comes."""
        return self.booking.kind is BookingKind.GUEST

    @property
    def is_group(self) -> bool:
        """Whether a class comes."""
        return self.booking.kind is BookingKind.GROUP

    def actions(self, now: datetime) -> list[rules.BookingAction]:
        """What the reader can do now."""
        has_begun = self.visit.starts_at <= now
        return rules.actions(self.side, self.booking.state, is_group=self.is_group, has_begun=has_begun)


_rows = (
    sa.select(
        Booking,
        VisitSession,
        Opportunity,
        School.name,
        SchoolClass.year,
        SeriesProposal,
        BookingGuest.name.label("guest_name"),
    )
    .join(VisitSession, VisitSession.id == Booking.visit_session_id)
    .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
    .outerjoin(School, School.id == Booking.school_id)
    .outerjoin(SchoolClass, SchoolClass.id == Booking.class_id)
    .outerjoin(BookingGuest, BookingGuest.booking_id == Booking.id)
    .outerjoin(
        SeriesProposal,
        sa.and_(
            SeriesProposal.opportunity_id == Opportunity.id, SeriesProposal.state == ProposalState.PUBLISHED
        ),
    )
)


def find(session: Session, actor: Actor, booking_id: UUID, *, scope: str = "placements:read") -> Seen:
    """A booking of the actor's. Raises NoSuchBooking."""
    auth.require_scope(actor, scope)
    rows = session.execute(_rows.where(Booking.id == booking_id)).all()
    if not rows:
        # As many questions as for one that is there: how long the answer takes tells nothing.
        _members(session, [booking_id])
    found = _seen(session, actor, rows)
    if not found:
        raise NoSuchBooking
    return found[0]


def read(session: Session, actor: Actor, booking_id: UUID, *, now: datetime) -> Seen:
    """The same, with its place on the waiting list."""
    return _placed(session, [find(session, actor, booking_id)], now)[0]


def of_session(
    session: Session,
    actor: Actor,
    visit_session_id: UUID,
    *,
    state: BookingState | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
    now: datetime,
) -> list[Seen]:
    """The bookings of a session that the actor has to do with, the earliest first. Raises NoSuchVisitSession."""
    auth.require_scope(actor, "placements:read")
    visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    query = _rows.where(Booking.visit_session_id == visit.id)
    if not (actor.is_administrator or service_sessions.is_host(session, actor, opportunity.id)):
        query = query.where(_visible_to(actor))
    if state is not None:
        query = query.where(Booking.state == state)
    if after is not None:
        query = query.where(sa.tuple_(Booking.asked_at, Booking.id) > after)
    rows = session.execute(query.order_by(Booking.asked_at, Booking.id).limit(limit)).all()
    return _placed(session, _seen(session, actor, rows), now)


def of_student(
    session: Session,
    actor: Actor,
    student_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
    now: datetime,
) -> list[Seen]:
    """A student's bookings, alone and with the class, the latest session first. Raises NoSuchStudent."""
    auth.require_scope(actor, "placements:read")
    students.get(session, actor, student_id, scope="placements:read")
    comes = sa.select(BookingMember.booking_id).where(BookingMember.student_id == student_id)
    query = _rows.where(sa.or_(Booking.student_id == student_id, Booking.id.in_(comes)))
    if after is not None:
        query = query.where(sa.tuple_(VisitSession.starts_at, Booking.id) < after)
    query = query.order_by(VisitSession.starts_at.desc(), Booking.id.desc()).limit(limit)
    return _placed(session, _seen(session, actor, session.execute(query).all()), now)


def of_class(session: Session, actor: Actor, class_id: UUID, *, limit: int, now: datetime) -> list[Seen]:
    """What a class and its students have asked for, the latest session first; empty for who is not their staff."""
    query = _rows.where(Booking.class_id == class_id, _visible_to(actor))
    query = query.order_by(VisitSession.starts_at.desc(), Booking.id.desc()).limit(limit)
    return _placed(session, _seen(session, actor, session.execute(query).all()), now)


def _seen(session: Session, actor: Actor, rows: Sequence[Any]) -> list[Seen]:
    found: list[Seen] = []
    members = _members(session, [row[0].id for row in rows]) if rows else {}
    hosted = _hosted(session, actor, {row.Opportunity for row in rows})
    for booking, visit, opportunity, school_name, year, proposal, guest_name in rows:
        who = members.get(booking.id, ())
        if booking.student_id is not None:
            who = (booking.student_id,)
        side = rules.side_of(
            actor, school_id=booking.school_id, class_id=booking.class_id, members=who,
            is_host=opportunity.id in hosted,
        )  # fmt: skip
        if side is not None:
            seen = Seen(
                booking, visit, opportunity, school_name, year, who, side, guest_name, proposal=proposal
            )
            found.append(seen)
    return found


def _hosted(session: Session, actor: Actor, found: Collection[Opportunity]) -> set[UUID]:
    """Those of these events whose sessions are the actor's, as `service_sessions.is_host` says of one."""
    overseen = access.overseen(session, actor, {one.id for one in found})
    return {
        one.id for one in found if can_edit(actor, one.company_id, one.kind, is_overseen=one.id in overseen)
    }


def _members(session: Session, ids: Collection[UUID]) -> dict[UUID, tuple[UUID, ...]]:
    query = sa.select(BookingMember).where(BookingMember.booking_id.in_(ids))
    found: dict[UUID, tuple[UUID, ...]] = {}
    for one in session.scalars(query.order_by(BookingMember.student_id)):
        found[one.booking_id] = (*found.get(one.booking_id, ()), one.student_id)
    return found


def _placed(session: Session, found: list[Seen], now: datetime) -> list[Seen]:
    places = service_waiting.places(session, [one.booking for one in found], now)
    return [replace(one, place=places.get(one.booking.id)) for one in found]


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.side_of` as a condition, for who is no host."""
    led = [grant.school_id for grant in actor.grants if actor.is_staff_of(grant.school_id)]
    taught = [class_id for grant in actor.grants for class_id in grant.class_ids]
    own = [grant.student_id for grant in actor.grants if grant.student_id is not None]
    comes = sa.select(BookingMember.booking_id).where(BookingMember.student_id.in_(own))
    return sa.or_(
        Booking.school_id.in_(led),
        Booking.class_id.in_(taught),
        Booking.student_id.in_(own),
        Booking.id.in_(comes),
    )
