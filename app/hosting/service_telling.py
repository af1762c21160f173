"""Who is told what of a shared opportunity: the firm that it is asked, the lead company what the answer is."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.hosting.models import HostingPartner
from app.hosting.plans import Plan, names_of
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind


def invited(session: Session, plan: Plan, partner: HostingPartner, now: datetime) -> None:
    """The firm is asked, for the first time or anew."""
    _tell(session, NotificationKind.HOSTING_INVITED, plan, partner, partner.company_id, now)


def answered(session: Session, plan: Plan, partner: HostingPartner, now: datetime) -> None:
    """The lead company has an answer."""
    _tell(session, NotificationKind.HOSTING_ANSWERED, plan, partner, plan.opportunity.company_id, now)


def withdrawn(session: Session, plan: Plan, partner: HostingPartner, now: datetime) -> None:
    """The firm is not counted upon any more."""
    _tell(session, NotificationKind.HOSTING_WITHDRAWN, plan, partner, partner.company_id, now)


def _tell(
    session: Session, kind: NotificationKind, plan: Plan, partner: HostingPartner, whom: UUID, now: datetime
) -> None:
    names = names_of(session, {partner.company_id, plan.opportunity.company_id})
    data = {
        "title": plan.opportunity.title, "company": names[plan.opportunity.company_id],
        "partner": names[partner.company_id],
    }  # fmt: skip
    notifications.tell(
        session, notifications.people_of_company(session, whom), kind, f"{partner.id}:{partner.invited_at:%Y%m%dT%H%M%S}:{partner.state}",
        path=f"/opportunities/{plan.opportunity.id}/hosting", data=data, now=now,
    )  # fmt: skip
