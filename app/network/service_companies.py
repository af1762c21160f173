"""Companies of the territory by how they stand: new, answering, silent, dormant. The last sign of life is in the log."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.appetites import rules as appetite_rules
from app.appetites.models import Appetite, CompanyAppetite, CompanyRecall, NotHosting
from app.auth.actors import Actor
from app.auth.models import ApiKey, Membership
from app.companies import access
from app.companies.models import Company
from app.events.models import Event
from app.network import rules, service
from app.network.models import CompanyNote
from app.network.rules import Standing, Thresholds
from app.opportunities.models import Opportunity, Status


class CompanyLine(NamedTuple):
    """A company with the day on which its people, or its programs, last did anything, and whether it says it hosts."""

    company_id: UUID
    name: str
    standing: Standing
    approved_on: date
    last_sign_on: date
    published: int
    noted_on: date | None
    appetite: Appetite | None
    reason: NotHosting | None
    asked_on: date | None
    warned_on: date | None
    hidden_on: date | None


def stand(
    session: Session, actor: Actor, *, now: datetime, thresholds: Thresholds, company_id: UUID | None = None
) -> list[CompanyLine]:
    """Approved companies of the territory (or one of them): the dormant first, then those quiet for longest.

    Raises NotYourNetwork. Three queries for any number.
    """
    service.require(actor)
    wanted = sa.and_(Company.is_approved, access.is_overseen(actor, Company.__table__.c.id))
    if company_id is not None:
        wanted = sa.and_(wanted, Company.id == company_id)
    companies = session.execute(
        sa.select(
            Company.id, Company.name, Company.submitted_at, Company.approved_at, _noted_at, CompanyAppetite.appetite,
            CompanyAppetite.reason, CompanyRecall.asked_at, CompanyRecall.warned_at, CompanyRecall.hidden_at,
        )
        .outerjoin(CompanyRecall, CompanyRecall.company_id == Company.id)
        .outerjoin(
            CompanyAppetite,
            sa.and_(
                CompanyAppetite.company_id == Company.id,
                CompanyAppetite.start_year == appetite_rules.asked_year(now.date()),
            ),
        )
        .where(wanted)
    ).all()  # fmt: skip
    chosen = sa.select(Company.id).where(wanted)
    signs: dict[UUID, datetime] = {row[0]: row[1] for row in session.execute(_signs(chosen))}
    offers = {
        row.company_id: row for row in session.execute(_offers.where(Opportunity.company_id.in_(chosen)))
    }
    zone, today = now.tzinfo, now.date()
    found = []
    for one in companies:
        offered = offers.get(one.id)
        moments = (one.submitted_at, signs.get(one.id), offered and offered.last)
        last = max(moment for moment in moments if moment is not None).astimezone(zone).date()
        approved_on = one.approved_at.astimezone(zone).date()
        recall = (one.asked_at, one.warned_at, one.hidden_at)
        found.append(
            CompanyLine(
                one.id, one.name, rules.standing(approved_on, last, today, thresholds), approved_on, last,
                offered.published if offered else 0, one.noted_at and one.noted_at.astimezone(zone).date(),
                one.appetite, one.reason, *(at and at.astimezone(zone).date() for at in recall),
            )
        )  # fmt: skip
    order = list(Standing)
    return sorted(
        found, key=lambda one: (order.index(one.standing), one.last_sign_on, one.name, one.company_id)
    )


def count(lines: list[CompanyLine]) -> dict[Standing, int]:
    """How many stand how."""
    counted = Counter(line.standing for line in lines)
    return {standing: counted[standing] for standing in Standing}


_noted_at = (
    sa.select(sa.func.max(CompanyNote.written_at))
    .where(CompanyNote.company_id == Company.id)
    .correlate(Company)
    .scalar_subquery()
    .label("noted_at")
)
_offers = sa.select(
    Opportunity.company_id,
    sa.func.max(Opportunity.published_at).label("last"),
    sa.func.count(sa.case((Opportunity.status == Status.PUBLISHED, 1))).label("published"),
).group_by(Opportunity.company_id)


def _signs(companies: sa.Select[UUID]) -> sa.Select[Any, Any]:
    """When the people and the programs of these companies last did anything."""
    people = sa.select(Membership.company_id, Membership.user_id.label("actor_id"))
    programs = sa.select(ApiKey.company_id, ApiKey.id.label("actor_id"))
    doers = sa.union_all(
        people.where(Membership.company_id.in_(companies)), programs.where(ApiKey.company_id.in_(companies))
    ).subquery()
    last = sa.func.max(Event.at)
    return (
        sa.select(doers.c.company_id, last)
        .join(Event, Event.actor_id == doers.c.actor_id)
        .group_by(doers.c.company_id)
    )
