"""After a visit whoever was there is thanked, once, and asked how it was."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.attendances import service
from app.attendances.models import CheckIn
from app.auth.actors import system
from app.bookings.models import Booking, BookingState, VisitSession
from app.companies.models import Company
from app.db import Database
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind

AT_ONCE = 500
LATEST = timedelta(days=14)
"""Who is noted later is not asked any more: nobody remembers."""


def run(database: Database, now: datetime) -> dict[str, int]:
    """Thank for what is over, each booking in a block of its own. `now` is in the territory's time zone."""
    due = (
        sa.select(CheckIn.booking_id)
        .join(Booking, Booking.id == CheckIn.booking_id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(
            CheckIn.thanked_at.is_(None), Booking.state == BookingState.ATTENDED, VisitSession.ends_at <= now,
            VisitSession.ends_at > now - LATEST,
        )
        .order_by(VisitSession.ends_at, CheckIn.booking_id)
    )  # fmt: skip
    with database.read() as session:
        ids = session.scalars(due.limit(AT_ONCE)).all()
    told = 0
    for booking_id in ids:
        with database.write() as session:
            told += _thank(session, booking_id, now)
    return {"visits_thanked": told}


def _thank(session: Session, booking_id: UUID, now: datetime) -> bool:
    check_in = session.get(CheckIn, booking_id, with_for_update=True)
    if check_in is None or check_in.thanked_at is not None:
        return False
    found = service.read(session, system("clock"), booking_id)
    booking, visit = found.seen.booking, found.seen.visit
    people = [
        account
        for student_id in sorted(found.who or ())
        for account in notifications.accounts_of_student(session, student_id)
    ]
    if booking.school_id is not None and booking.class_id is not None and found.seen.is_group:
        people += notifications.staff_of_class(session, booking.school_id, booking.class_id)
    company = session.get_one(Company, found.seen.opportunity.company_id)
    notifications.tell(
        session, people, NotificationKind.VISIT_DONE, booking_id, path=f"/bookings/{booking_id}/feedback",
        data={
            "title": found.seen.opportunity.title, "company": company.name,
            "day": f"{visit.starts_at.astimezone(now.tzinfo):%d/%m/%Y}",
        },
        now=now,
    )  # fmt: skip
    check_in.thanked_at = now.astimezone(UTC)
    return True
