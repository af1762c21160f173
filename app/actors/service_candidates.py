"""Companies that could be asked for an event: where they are, whom they fit, and how much they are asked already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.actors.portfolio import Candidate
from app.actors.rules import Areas
from app.actors.service import places_of
from app.appetites import rules as appetite_rules
from app.appetites.models import CompanyAppetite, CompanyRecall
from app.applications import rules as applications
from app.applications.models import ContactLimit, ContactMonth
from app.companies.models import Company
from app.network.models import CompanyNote
from app.opportunities.models import Opportunity, OpportunityEligibility


def read(
    session: Session,
    overseen: sa.ColumnElement[bool],
    areas: Areas,
    sectors: Mapping[UUID, frozenset[str]],
    with_event: Collection[UUID],
    *,
    most: int,
    now: datetime,
) -> list[Candidate]:
    """All companies by name. Whoever was written to, noted, or has answered the yearly question, has been invited."""
    today = now.date()
    offered = sa.exists().where(Opportunity.company_id == Company.id, Opportunity.published_at.is_not(None))
    noted = sa.exists().where(CompanyNote.company_id == Company.id)
    rows: Any = session.execute(
        sa.select(
            Company.id, Company.name, CompanyAppetite.appetite, CompanyRecall.asked_at, CompanyRecall.hidden_at,
            ContactMonth.sent, ContactLimit.per_month, ContactLimit.paused_until, offered.label("offered"),
            noted.label("noted"),
        )
        .outerjoin(CompanyRecall, CompanyRecall.company_id == Company.id)
        .outerjoin(ContactLimit, ContactLimit.company_id == Company.id)
        .outerjoin(
            ContactMonth,
            sa.and_(ContactMonth.company_id == Company.id, ContactMonth.month == applications.month_of(today)),
        )
        .outerjoin(
            CompanyAppetite,
            sa.and_(
                CompanyAppetite.company_id == Company.id,
                CompanyAppetite.start_year == appetite_rules.asked_year(today),
            ),
        )
        .where(overseen)
        .order_by(Company.search_key, Company.id)
    ).all()  # fmt: skip
    chosen = sa.select(Company.id).where(overseen)
    places, meant_for = places_of(session, chosen), _meant_for(session, chosen)
    return [
        Candidate(
            one.id, one.name, areas.districts_of([istat for istat, _ in places.get(one.id, ())]),
            sectors.get(one.id, frozenset()), frozenset(meant_for.get(one.id, ())), one.appetite, one.sent or 0,
            applications.most_contacts(most, one.per_month),
            is_paused=one.paused_until is not None and one.paused_until > today,
            is_hidden=one.hidden_at is not None,
            is_invited=one.asked_at is not None or one.noted or one.appetite is not None,
            has_offered=one.offered,
            has_event=one.id in with_event,
        )
        for one in rows
    ]  # fmt: skip


def _meant_for(session: Session, chosen: sa.Select[UUID]) -> Mapping[UUID, set[str]]:
    """The programmes that each company's opportunities name."""
    rows = session.execute(
        sa.select(Opportunity.company_id, OpportunityEligibility.programme_id)
        .join(OpportunityEligibility, OpportunityEligibility.opportunity_id == Opportunity.id)
        .where(Opportunity.company_id.in_(chosen), OpportunityEligibility.programme_id.is_not(None))
        .distinct()
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for company_id, programme_id in rows:
        if programme_id is not None:
            found[company_id].add(programme_id)
    return found
