"""What stands in a calendar: sessions of visits, bookings of them, and the days of placements. Nobody's name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import holidays
from app.auth.actors import AT_SCHOOL, Actor, Role
from app.auth.models import TerritoryProvince
from app.bookings.models import Booking, BookingKind, BookingMember, BookingState, SessionState, VisitSession
from app.bookings.rules import ENDED, PROMISED
from app.companies.models import Company
from app.events.models import Event
from app.feeds import rules
from app.feeds.models import FeedAbout
from app.feeds.rules import Subject
from app.opportunities.models import Opportunity
from app.opportunities.rules import PUBLIC
from app.placements import rules as placement_rules
from app.placements.models import Placement, State
from app.placements.service_calendar import off_days
from app.places.models import Municipality


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a calendar: a session with its moments, or a placement with the days on which somebody is there."""

    uid: str
    sequence: int
    title: str
    company_name: str
    place: str
    path: str
    changed_at: datetime
    is_cancelled: bool
    moments: tuple[datetime, datetime] | None = None
    days: tuple[date, ...] = ()
    people: int | None = None
    seats: int | None = None
    """How many come, of how many who could."""
    link: str | None = None


def of(session: Session, subject: Subject, reader: Actor, now: datetime) -> list[Entry]:
    """The entries of a calendar in their order, as its reader may see them."""
    found = {
        entry.uid: entry
        for entry in (*_sessions(session, subject, reader, now), *_bookings(session, subject, reader, now))
    }
    found |= {entry.uid: entry for entry in _placements(session, subject, reader, now)}
    return [found[uid] for uid in sorted(found)][: rules.MOST_ENTRIES]


# --- sessions of a host, or of a territory ----------------------------------------------------------------------------


def _sessions(session: Session, subject: Subject, reader: Actor, now: datetime) -> list[Entry]:
    is_own = subject.about is FeedAbout.OWN
    companies = rules.companies(reader) if is_own else [subject.company_id] if subject.company_id else []
    territories = reader.territories if is_own else [subject.territory_id] if subject.territory_id else []
    if not companies and not territories:
        return []
    here = sa.select(TerritoryProvince.province_code).where(TerritoryProvince.territory_id.in_(territories))
    rows = session.execute(
        _visits.where(
            VisitSession.ends_at > now - rules.BACK,
            sa.or_(
                Opportunity.company_id.in_(companies),
                sa.and_(Opportunity.status.in_(PUBLIC), Municipality.province_code.in_(here)),
            ),
        )
        # Of too many those furthest back are left out, never those to come.
        .order_by(VisitSession.starts_at.desc(), VisitSession.id)
        .limit(rules.MOST_ENTRIES)
    ).all()
    changed = _changed(session, "session", [row.VisitSession.id for row in rows])
    return [
        _visit_entry(row, changed, people=row.VisitSession.seats_taken, seats=row.VisitSession.seats)
        for row in rows
        if rules.stays(row.VisitSession.ends_at, is_cancelled=_is_cancelled(row.VisitSession), now=now)
    ]


_visits = (
    sa.select(VisitSession, Opportunity, Company.name.label("company_name"), Municipality.name.label("place"))
    .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
    .join(Company, Company.id == Opportunity.company_id)
    .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
)


def _visit_entry(row: Any, changed: Mapping[UUID, datetime], **more: Any) -> Entry:
    visit, opportunity = row.VisitSession, row.Opportunity
    values = {
        "sequence": visit.version, "is_cancelled": _is_cancelled(visit), "path": f"/opportunities/{opportunity.id}",
        "changed_at": changed.get(visit.id, visit.created_at),
    }  # fmt: skip
    return Entry(
        uid=f"session-{visit.id}", title=opportunity.title, company_name=row.company_name,
        place=", ".join(part for part in (visit.room, row.place) if part), moments=(visit.starts_at, visit.ends_at),
        **values | more,
    )  # fmt: skip


def _is_cancelled(visit: VisitSession) -> bool:
    return visit.state is SessionState.CANCELLED


# --- what somebody comes to -------------------------------------------------------------------------------------------


def _bookings(session: Session, subject: Subject, reader: Actor, now: datetime) -> list[Entry]:
    mine = _booked_by(subject, reader)
    if mine is None:
        return []
    rows = session.execute(
        _visits.add_columns(Booking)
        .join(Booking, Booking.visit_session_id == VisitSession.id)
        .where(
            mine, VisitSession.ends_at > now - rules.BACK,
            Booking.state.in_(PROMISED | ENDED | {BookingState.ATTENDED}),
        )
        # Of several bookings of one session the one that holds seats is told, which the last in this order is.
        .order_by(Booking.state.in_(PROMISED), Booking.asked_at, Booking.id)
        .limit(rules.MOST_ENTRIES)
    ).all()  # fmt: skip
    sessions = _changed(session, "session", [row.VisitSession.id for row in rows])
    bookings = _changed(session, "booking", [row.Booking.id for row in rows])
    entries = []
    for row in rows:
        visit, booking = row.VisitSession, row.Booking
        is_cancelled = _is_cancelled(visit) or booking.state in ENDED
        if not rules.stays(visit.ends_at, is_cancelled=is_cancelled, now=now):
            continue
        moments = (sessions.get(visit.id, visit.created_at), bookings.get(booking.id, booking.asked_at))
        entries.append(
            _visit_entry(
                row, sessions, sequence=visit.version + booking.version, is_cancelled=is_cancelled,
                path=f"/bookings/{booking.id}", changed_at=max(moments),
                link=visit.online_link if booking.state is BookingState.BOOKED else None,
                people=booking.people if booking.kind is BookingKind.GROUP else None,
            )
        )  # fmt: skip
    return entries


def _booked_by(subject: Subject, reader: Actor) -> sa.ColumnElement[bool] | None:
    """The bookings that a calendar is about: a student's, or those of whole classes."""
    if subject.about is FeedAbout.CLASS:
        return sa.and_(Booking.class_id == subject.class_id, Booking.kind == BookingKind.GROUP)
    if subject.about is not FeedAbout.OWN:
        return None
    students = [grant.student_id for grant in reader.grants if grant.student_id is not None]
    taught = [class_id for grant in reader.grants for class_id in grant.class_ids]
    led = [grant.school_id for grant in reader.grants if grant.role is Role.SCHOOL_LEAD]
    if not (students or taught or led):
        return None
    comes = sa.select(BookingMember.booking_id).where(BookingMember.student_id.in_(students))
    of_classes = sa.or_(Booking.class_id.in_(taught), Booking.school_id.in_(led))
    return sa.or_(
        Booking.student_id.in_(students),
        Booking.id.in_(comes),
        sa.and_(Booking.kind == BookingKind.GROUP, of_classes),
    )


# --- placements -------------------------------------------------------------------------------------------------------


def _placements(session: Session, subject: Subject, reader: Actor, now: datetime) -> list[Entry]:
    """A student's own, and those that somebody of the school is tutor of."""
    if subject.about is not FeedAbout.OWN:
        return []
    students = [grant.student_id for grant in reader.grants if grant.student_id is not None]
    schools = [grant.school_id for grant in reader.grants if grant.role in AT_SCHOOL]
    tutored = sa.and_(Placement.school_tutor_id == reader.id, Placement.school_id.in_(schools))
    rows = session.execute(
        sa.select(Placement, Opportunity.title, Company.name.label("company_name"), Municipality.name.label("place"))
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .join(Company, Company.id == Placement.company_id)
        .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
        .where(
            sa.or_(Placement.student_id.in_(students), tutored), Placement.ends_on >= (now - rules.BACK).date()
        )
        .order_by(Placement.starts_on, Placement.id)
        .limit(rules.MOST_ENTRIES)
    ).all()  # fmt: skip
    off = off_days(session, [row.Placement for row in rows]) if rows else {}
    changed = _changed(session, "placement", [row.Placement.id for row in rows])
    return [
        Entry(
            uid=f"placement-{row.Placement.id}", sequence=row.Placement.version, title=row.title,
            company_name=row.company_name, place=row.place or "", path=f"/placements/{row.Placement.id}",
            changed_at=changed.get(row.Placement.id, row.Placement.created_at),
            is_cancelled=row.Placement.state is State.CANCELLED, days=_days(row.Placement, off, now),
        )
        for row in rows
    ]  # fmt: skip


def _days(placement: Placement, off: Mapping[UUID, frozenset[date]], now: datetime) -> tuple[date, ...]:
    last = placement.ends_on
    if placement.state in placement_rules.ENDED - {State.CANCELLED} and placement.ended_at is not None:
        last = max(placement.starts_on, min(last, placement.ended_at.astimezone(now.tzinfo).date()))
    return tuple(
        holidays.days(placement.starts_on, last, placement.weekdays, off.get(placement.id, frozenset()))
    )


def _changed(session: Session, kind: str, ids: Sequence[UUID] | Collection[UUID]) -> dict[UUID, datetime]:
    """When each was last changed, as the log of events tells."""
    if not ids:
        return {}
    query = sa.select(Event.object_id, sa.func.max(Event.at).label("at")).where(
        Event.object_type == kind, Event.object_id.in_([str(one) for one in ids])
    )
    return {UUID(row.object_id): row.at for row in session.execute(query.group_by(Event.object_id))}
