"""The review of a company's profile: submitted, then approved or rejected with a reason, by a day that was promised."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.companies import access
from app.companies import service as companies
from app.companies.models import Company
from app.events import service as events
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind


class AlreadyAnswered(errors.Conflict):
    """An approved company is not rejected, and only a rejected one is submitted again."""

    title = "The company has been answered already"


def waiting(session: Session, actor: Actor, *, limit: int) -> list[Company]:
    """Companies that wait for an answer from the actor, those promised first before all others."""
    if not actor.is_overseer:
        return []
    mine = access.is_overseen(actor, Company.__table__.c.id)
    clock = (Company.answer_due_on, Company.submitted_at, Company.id)
    return list(
        session.scalars(sa.select(Company).where(Company.is_waiting, mine).order_by(*clock).limit(limit))
    )


def approve(session: Session, actor: Actor, company_id: UUID, *, now: datetime) -> Company:
    """Let everybody see the company, and let it publish; again changes nothing.

    A rejected one can be approved: people change their minds. Raises NoSuchCompany, OnlyOverseers.
    """
    company = companies.get_to_decide(session, actor, company_id)
    if not company.is_approved:
        company.rejected_at = company.rejected_by = company.rejection_reason = None
        company.approved_at, company.approved_by = now.astimezone(UTC), actor.mark
        _record(session, actor, company, "company.approved")
        _tell(session, company, NotificationKind.COMPANY_APPROVED, now)
    return company


def reject(session: Session, actor: Actor, company_id: UUID, *, reason: str, now: datetime) -> Company:
    """Refuse the profile and say why, which the company reads; the same reason again changes nothing.

    Raises NoSuchCompany, OnlyOverseers, and AlreadyAnswered for an approved company: what it has published stands.
    """
    company = companies.get_to_decide(session, actor, company_id)
    if company.is_approved:
        raise AlreadyAnswered("An approved company is not rejected.")
    if company.rejection_reason != reason:
        company.rejected_at, company.rejected_by = now.astimezone(UTC), actor.mark
        company.rejection_reason = reason
        _record(session, actor, company, "company.rejected")
        _tell(session, company, NotificationKind.COMPANY_REJECTED, now)
    return company


def submit(session: Session, actor: Actor, company_id: UUID, *, now: datetime, review_days: int) -> Company:
    """Ask again after a rejection: the clock starts anew. One that waits already goes on waiting.

    Raises NoSuchCompany, NotYourCompany, AlreadyAnswered.
    """
    company = companies.get_for_change(session, actor, company_id)
    if company.is_approved:
        raise AlreadyAnswered("The company is approved.")
    if not company.is_waiting:
        company.rejected_at = company.rejected_by = company.rejection_reason = None
        companies.start_clock(company, now, review_days)
        _record(session, actor, company, "company.submitted")
    return company


def _tell(session: Session, company: Company, kind: NotificationKind, now: datetime) -> None:
    people = notifications.people_of_company(session, company.id)
    # Each answer anew: a company can be rejected, submitted and rejected again.
    about = f"{company.id}:{now.astimezone(UTC).isoformat()}"
    path = f"/companies/{company.id}"
    notifications.tell(session, people, kind, about, path=path, data={"company": company.name}, now=now)


def _record(session: Session, actor: Actor, company: Company, action: str) -> None:
    session.flush()
    events.record(session, actor, action, company.id)
