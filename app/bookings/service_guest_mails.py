"""Telling guests by mail what has become of their bookings: they have no inbox here."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app.bookings import letters_guests, service_guests
from app.bookings.models import Booking, BookingGuest, BookingState, VisitSession
from app.companies.models import Company
from app.db import Database
from app.mails import service as mails
from app.opportunities.models import Opportunity

AT_ONCE = 500
"""Guests of one round; the rest waits for the next."""


def queue_due(database: Database, now: datetime, site: str, secret: SecretStr) -> dict[str, int]:
    """Write the mails that are due; how many. Two at once write none twice: rows are locked before they are read.

    `now` is in the territory's time zone.
    """
    due = sa.select(BookingGuest.id).where(BookingGuest.news.is_not(None)).order_by(BookingGuest.id)
    # Most rounds have nothing to do, and must not take the writers' lock for it.
    with database.read() as session:
        ids = list(session.scalars(due.limit(AT_ONCE)))
    if not ids:
        return {"guests_mailed": 0}
    told = 0
    with database.write() as session:
        here = sa.select(BookingGuest).where(BookingGuest.id.in_(ids), BookingGuest.news.is_not(None))
        for guest in session.scalars(here.order_by(BookingGuest.id).with_for_update()).all():
            told += _write(session, guest, now, site, secret)
    return {"guests_mailed": told}


def _write(session: Session, guest: BookingGuest, now: datetime, site: str, secret: SecretStr) -> bool:
    news, guest.news = guest.news, None
    booking = None if guest.booking_id is None else session.get(Booking, guest.booking_id)
    if news is None or booking is None:
        return False
    visit = session.get_one(VisitSession, guest.visit_session_id)
    opportunity = session.get_one(Opportunity, visit.opportunity_id)
    until = booking.due_at.astimezone(now.tzinfo) if booking.due_at is not None else None
    letter = letters_guests.tell(
        guest.language, news, name=guest.name, title=opportunity.title,
        company=session.get_one(Company, opportunity.company_id).name,
        starts_at=visit.starts_at.astimezone(now.tzinfo), where=service_guests.where(session, visit, opportunity),
        online_link=visit.online_link if booking.state is BookingState.BOOKED else None, people=guest.people, until=until,
        address=f"{site}{letters_guests.OWN}?c={service_guests.code_of(guest.id, secret)}",
    )  # fmt: skip
    mails.queue(
        session, to=guest.email, subject=letter.subject, text=letter.text, kind="guest", now=now, language=guest.language
    )  # fmt: skip
    return True
