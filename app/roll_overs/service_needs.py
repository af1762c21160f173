"""Asking the companies that had students of the school whether they offer the same next year."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Kind, Opportunity, Status
from app.placements import rules as placements
from app.placements.models import Placement
from app.postings import service as postings

OVER = (Status.FULL, Status.CLOSED, Status.ARCHIVED)
"""Internships that nobody can apply for any more."""


def offer_again(session: Session, school_id: UUID, year: int, *, now: datetime) -> int:
    """Tell the companies, each once for each internship and year, where its renewal waits filled in; how many internships.

    Nothing is published: the page asks, and somebody of the company confirms.
    """
    begins, ends = (date(one, dates.SCHOOL_YEAR_BEGINS, 1) for one in (year - 1, year))
    found = session.execute(
        sa.select(Opportunity.id, Opportunity.company_id, Opportunity.title)
        .where(
            Opportunity.kind == Kind.INTERNSHIP,
            Opportunity.status.in_(OVER),
            Opportunity.id.in_(
                sa.select(Placement.opportunity_id).where(
                    Placement.school_id == school_id,
                    Placement.state.in_(placements.HOLDS_SEAT),
                    Placement.starts_on >= begins,
                    Placement.starts_on < ends,
                )
            ),
        )
        .order_by(Opportunity.company_id, Opportunity.id)
    ).all()
    asked = 0
    for opportunity_id, company_id, title in found:
        if postings.renewal_of(session, opportunity_id) is not None:
            continue
        notifications.tell(
            session, notifications.people_of_company(session, company_id), NotificationKind.OFFER_AGAIN,
            f"{opportunity_id.hex}:{year}", path=f"/opportunities/{opportunity_id}/renewal", data={"title": title}, now=now,
        )  # fmt: skip
        asked += 1
    return asked
