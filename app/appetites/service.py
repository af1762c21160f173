"""Saying, once for each school year, whether a company hosts; and reading what was said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.appetites import rules, service_recalls
from app.appetites.models import Appetite, CompanyAppetite, CompanyRecall, NotHosting
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access
from app.companies import rules as company_rules
from app.companies import service as companies
from app.companies.models import Company
from app.events import service as events
from app.opportunities.models import Opportunity
from app.opportunities.rules import Fault
from app.postings import rules as postings
from app.postings import service as posting_service


class NotYourAppetite(errors.NotAllowed):
    """Whether a company hosts is said by its own people, and by who oversees it when they were told."""

    title = "Only the company, and who oversees it, says whether it hosts"


class UnfitAppetite(errors.Invalid):
    """A no without a reason, or a reason without a no."""

    title = "The answer is not valid"


def read(session: Session, actor: Actor, company_id: UUID, *, year: int) -> CompanyAppetite | None:
    """What the company has said of the school year; None before it has. Raises NoSuchCompany, NotYourAppetite."""
    _require(session, actor, company_id, "companies:read")
    return session.get(CompanyAppetite, (company_id, year))


def for_change(session: Session, actor: Actor, company_id: UUID, *, year: int) -> CompanyAppetite | None:
    """The same, with the company locked: of two first answers at once one comes first. Raises as `read` does."""
    company = _require(session, actor, company_id, "companies:write")
    session.refresh(company, with_for_update=True)
    return session.get(CompanyAppetite, (company_id, year))


def hidden_at(session: Session, company_id: UUID) -> datetime | None:
    """Since when the company is hidden, if it is. Whoever calls has seen that the actor may know."""
    recall = session.get(CompanyRecall, company_id)
    return recall.hidden_at if recall is not None else None


def say(
    session: Session, actor: Actor, company_id: UUID, changes: Mapping[str, Any], *, year: int, now: datetime
) -> CompanyAppetite:
    """Say it, or say something else; the same again changes nothing. A company that was hidden comes back.

    Raises as `read` does, and UnfitAppetite.
    """
    row = for_change(session, actor, company_id, year=year)
    service_recalls.come_back(session, actor, company_id)
    appetite = changes.get("appetite", row and row.appetite)
    if appetite is None:
        raise _unfit([Fault("appetite", "is missing")])
    # Another answer than no takes the reason with it.
    kept = row.reason if row is not None and appetite is Appetite.NOT_THIS_YEAR else None
    reason: NotHosting | None = changes.get("reason", kept)
    wrong = rules.faults(appetite, reason)
    if wrong:
        raise _unfit(wrong)
    if row is None:
        row = CompanyAppetite(company_id=company_id, start_year=year)
        session.add(row)
    elif (row.appetite, row.reason) == (appetite, reason):
        return row
    row.appetite, row.reason = appetite, reason
    row.answered_at, row.answered_by = now.astimezone(UTC), actor.mark
    session.flush()
    events.record(session, actor, "appetite.said", company_id, {"fields": ["appetite", "reason"]})
    return row


def renewable(session: Session, company_id: UUID) -> Opportunity | None:
    """The company's latest opportunity that can be offered again and has not been."""
    renewed = posting_service.renewed(session, company_id)
    found = session.scalars(
        sa.select(Opportunity)
        .where(Opportunity.company_id == company_id, Opportunity.published_at.is_not(None))
        .order_by(Opportunity.published_at.desc(), Opportunity.id.desc())
        .limit(MOST_LOOKED_AT)
    )
    return next((one for one in found if postings.can_renew(one.status) and one.id not in renewed), None)


MOST_LOOKED_AT = 20


def _require(session: Session, actor: Actor, company_id: UUID, scope: str) -> Company:
    auth.require_scope(actor, scope)
    company = companies.require(session, actor, company_id)
    if not company_rules.is_insider(actor, company, access.provinces_of(session, actor, company_id)):
        raise NotYourAppetite
    return company


def _unfit(faults: list[Fault]) -> UnfitAppetite:
    return UnfitAppetite(
        faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
    )
