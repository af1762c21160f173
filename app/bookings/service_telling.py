"""Who is told what of a booking: the student of a single one, the staff of the class of a group, a guest by mail."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.bookings.models import Booking, BookingGuest, GuestNews, VisitSession
from app.companies.models import Company
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity


def offered(session: Session, booking: Booking, visit: VisitSession, now: datetime) -> None:
    """Seats are kept for them until the offer's time is over."""
    _tell(session, booking, visit, NotificationKind.SEATS_OFFERED, now)


def expired(session: Session, booking: Booking, visit: VisitSession, now: datetime) -> None:
    """Their time is up: an offer went on to the next, or nothing came free."""
    _tell(session, booking, visit, NotificationKind.BOOKING_EXPIRED, now)


def moved(session: Session, booking: Booking, visit: VisitSession, now: datetime) -> None:
    """The session is at another time, or in another room."""
    _tell(session, booking, visit, NotificationKind.SESSION_MOVED, now)


def cancelled(session: Session, booking: Booking, visit: VisitSession, now: datetime) -> None:
    """The session does not take place."""
    _tell(session, booking, visit, NotificationKind.SESSION_CANCELLED, now)


def _tell(
    session: Session, booking: Booking, visit: VisitSession, kind: NotificationKind, now: datetime
) -> None:
    if booking.school_id is None or booking.class_id is None:
        _tell_guest(session, booking, _NEWS[kind])
        return
    opportunity = session.get_one(Opportunity, visit.opportunity_id)
    if booking.student_id is not None:
        people = notifications.accounts_of_student(session, booking.student_id)
    else:
        people = notifications.staff_of_class(session, booking.school_id, booking.class_id)
    data = {
        "title": opportunity.title,
        "company": session.get_one(Company, opportunity.company_id).name,
        "day": f"{visit.starts_at.astimezone(now.tzinfo):%d/%m/%Y %H:%M}",
        "until": "" if booking.due_at is None else f"{booking.due_at.astimezone(now.tzinfo):%d/%m/%Y %H:%M}",
    }
    about = f"{booking.id}:{visit.version}:{booking.version}"
    notifications.tell(session, people, kind, about, path=f"/bookings/{booking.id}", data=data, now=now)


_NEWS = {
    NotificationKind.SEATS_OFFERED: GuestNews.OFFERED,
    NotificationKind.BOOKING_EXPIRED: GuestNews.EXPIRED,
    NotificationKind.SESSION_MOVED: GuestNews.MOVED,
    NotificationKind.SESSION_CANCELLED: GuestNews.CANCELLED,
}


def _tell_guest(session: Session, booking: Booking, news: GuestNews) -> None:
    """The next round of mails tells them; whoever has not confirmed the address hears nothing more."""
    is_theirs = sa.and_(BookingGuest.booking_id == booking.id, BookingGuest.confirmed_at.is_not(None))
    session.execute(sa.update(BookingGuest).where(is_theirs).values(news=news))
