"""Asking companies that went quiet again, warning them, hiding them, and letting them come back."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.appetites import rules
from app.appetites.models import CompanyRecall
from app.appetites.rules import Quiet, Step
from app.applications import rules as applications
from app.applications import service_contacts as contacts
from app.applications.models import ContactLimit
from app.auth.actors import Actor, system
from app.companies.models import Company
from app.db import Database
from app.events import service as events
from app.network import service_companies as network
from app.network.rules import Standing, Thresholds
from app.network.service_companies import CompanyLine
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity, Status

_TOLD = {
    Step.ASK: NotificationKind.COMPANY_ASKED,
    Step.WARN: NotificationKind.COMPANY_WARNED,
    Step.HIDE: NotificationKind.COMPANY_HIDDEN,
}
_EVENTS = {
    Step.ASK: "company.asked", Step.WARN: "company.warned", Step.HIDE: "company.hidden", Step.RETURN: "company.returned",
}  # fmt: skip


def run(
    database: Database, now: datetime, *, thresholds: Thresholds, months: int, most: int
) -> dict[str, int]:
    """Take the step that each company is due. `most` is how many contacts a company has in a month at most.

    Each in a block of its own, so that one that cannot be told keeps nobody else waiting; done twice at once, it is done once.
    """
    with database.read() as session:
        lines = network.stand(session, system("clock"), now=now, thresholds=thresholds)
        due = [line for line in lines if _step(line, now, months) is not None]
    told = dict.fromkeys(Step, 0)
    for line in due:
        with database.write() as session:
            step = _take(session, line.company_id, thresholds, now=now, months=months, most=most)
        if step is not None:
            told[step] += 1
    return {f"companies_{step}": number for step, number in told.items()}


def come_back(session: Session, actor: Actor, company_id: UUID) -> None:
    """Somebody has answered: neither warned nor hidden any more. Whoever calls has locked the company."""
    recall = session.get(CompanyRecall, company_id)
    if recall is None or recall.warned_at is None:
        return
    was_hidden = recall.hidden_at is not None
    recall.warned_at = recall.hidden_at = None
    session.flush()
    if was_hidden:
        _stamp(session, company_id)
    events.record(session, actor, _EVENTS[Step.RETURN], company_id)


def _step(line: CompanyLine, now: datetime, months: int) -> Step | None:
    quiet = Quiet(
        line.standing is Standing.SILENT, line.standing is Standing.DORMANT, line.last_sign_on, line.appetite,
        line.asked_on, line.warned_on, line.hidden_on,
    )  # fmt: skip
    return rules.next_step(quiet, now.date(), months=months)


def _take(
    session: Session, company_id: UUID, thresholds: Thresholds, *, now: datetime, months: int, most: int
) -> Step | None:
    company = session.scalar(sa.select(Company).where(Company.id == company_id).with_for_update())
    lines = network.stand(session, system("clock"), now=now, thresholds=thresholds, company_id=company_id)
    step = _step(lines[0], now, months) if company is not None and lines else None
    if company is None or step is None:
        return None
    if step is Step.RETURN:
        come_back(session, system("clock"), company_id)
        return step
    people = notifications.people_of_company(session, company_id)
    if not people or (step is Step.ASK and not _has_room(session, company_id, most, now)):
        return None
    recall = session.get(CompanyRecall, company_id)
    if recall is None:
        recall = CompanyRecall(company_id=company_id)
        session.add(recall)
    column = {Step.ASK: "asked_at", Step.WARN: "warned_at", Step.HIDE: "hidden_at"}[step]
    setattr(recall, column, now.astimezone(UTC))
    session.flush()
    if step is Step.HIDE:
        _stamp(session, company_id)
    notifications.tell(
        session, people, _TOLD[step], f"{company_id} {now.date()}", path=f"/companies/{company_id}/appetite",
        data={"company": company.name}, now=now,
    )  # fmt: skip
    events.record(session, system("clock"), _EVENTS[step], company_id)
    return step


def _has_room(session: Session, company_id: UUID, most: int, now: datetime) -> bool:
    """Whether the company takes one more contact this month, which is counted: not in its pause, and within its limit."""
    limit = session.get(ContactLimit, company_id)
    if limit is not None and limit.paused_until is not None and limit.paused_until > now.date():
        return False
    allowed = applications.most_contacts(most, None if limit is None else limit.per_month)
    return contacts.take_room(session, company_id, most=allowed, today=now.date())


def _stamp(session: Session, company_id: UUID) -> None:
    """What it offers is read anew by the rankings."""
    published = sa.select(Opportunity.id).where(
        Opportunity.company_id == company_id, Opportunity.status == Status.PUBLISHED
    )
    for opportunity_id in session.scalars(published.order_by(Opportunity.id)).all():
        db.stamp(session, Opportunity, opportunity_id)
