"""What those read who do not sign in: what companies offer that chose to be public."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.appetites.models import is_hidden
from app.companies.models import Company, CompanySite
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.opportunities.service import NoSuchOpportunity
from app.places.models import Municipality

MOST_PLACES = 200


@dataclass(frozen=True)
class Offer:
    """A public opportunity with what a list says of it."""

    id: UUID
    kind: Kind
    title: str
    text: str
    hours: int
    seats_free: int
    is_online: bool
    closes_on: date | None
    published_at: datetime
    company_id: UUID
    company_name: str
    istat: str | None
    municipality_name: str | None
    province_code: str | None
    region_name: str | None
    spans: list[OpportunitySpan] = field(default_factory=list)


@dataclass(frozen=True)
class Place:
    """A municipality and how much is offered there; coordinates in degrees."""

    istat: str
    name: str
    province_code: str
    latitude: float
    longitude: float
    count: int


def _is_open(today: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        Opportunity.status == Status.PUBLISHED,
        sa.or_(Opportunity.closes_on.is_(None), Opportunity.closes_on >= today),
    )


is_public = sa.and_(Company.is_public, Company.approved_at.is_not(None), ~is_hidden(Company.id))
"""A company that everybody may read about."""

_rows = (
    sa.select(
        Opportunity.id, Opportunity.kind, Opportunity.title, Opportunity.text, Opportunity.hours,
        (Opportunity.seats - Opportunity.seats_taken).label("seats_free"), Opportunity.is_online,
        Opportunity.closes_on, Opportunity.published_at, Opportunity.company_id, Company.name.label("company_name"),
        Opportunity.municipality_istat.label("istat"), Municipality.name.label("municipality_name"),
        Municipality.province_code, Municipality.region_name,
    )
    .join(Company, Company.id == Opportunity.company_id)
    .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
    .where(is_public)
)  # fmt: skip


def search(
    session: Session,
    *,
    today: date,
    kind: Kind | None = None,
    istat: str | None = None,
    company_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Offer]:
    """What is open, the latest first."""
    query = _rows.where(_is_open(today))
    equal = {
        Opportunity.kind: kind, Opportunity.municipality_istat: istat, Opportunity.company_id: company_id,
    }  # fmt: skip
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if after is not None:
        query = query.where(sa.tuple_(Opportunity.published_at, Opportunity.id) < after)
    order = (Opportunity.published_at.desc(), Opportunity.id.desc())
    return _with_spans(session, session.execute(query.order_by(*order).limit(limit)).all())


def read(session: Session, opportunity_id: UUID, *, today: date) -> Offer:
    """One that is open. Raises NoSuchOpportunity."""
    found = session.execute(_rows.where(Opportunity.id == opportunity_id, _is_open(today))).all()
    if not found:
        raise NoSuchOpportunity
    return _with_spans(session, found)[0]


def places(session: Session, *, today: date, kind: Kind | None = None) -> list[Place]:
    """Where something is open, the most first."""
    count = sa.func.count().label("count")
    query = (
        sa.select(
            Municipality.istat, Municipality.name, Municipality.province_code, Municipality.latitude,
            Municipality.longitude, count,
        )
        .join(Opportunity, Opportunity.municipality_istat == Municipality.istat)
        .join(Company, Company.id == Opportunity.company_id)
        .where(is_public, _is_open(today))
        .group_by(*Municipality.__table__.primary_key, Municipality.name, Municipality.province_code,
                  Municipality.latitude, Municipality.longitude)
        .order_by(count.desc(), Municipality.name)
        .limit(MOST_PLACES)
    )  # fmt: skip
    if kind is not None:
        query = query.where(Opportunity.kind == kind)
    return [Place(*row) for row in session.execute(query)]


def addresses(session: Session, *, today: date, limit: int) -> list[tuple[UUID, datetime]]:
    """Ids of all that is open, and when each was published: for the map of the site."""
    query = sa.select(Opportunity.id, Opportunity.published_at).join(
        Company, Company.id == Opportunity.company_id
    )
    query = query.where(is_public, _is_open(today)).order_by(Opportunity.published_at.desc()).limit(limit)
    return [(row.id, row.published_at) for row in session.execute(query)]


def companies(session: Session, *, after: tuple[str, UUID] | None = None, limit: int) -> list[Company]:
    """Public companies by name."""
    query = sa.select(Company).where(is_public).order_by(Company.search_key, Company.id).limit(limit)
    if after is not None:
        query = query.where(sa.tuple_(Company.search_key, Company.id) > after)
    return list(session.scalars(query))


def company(session: Session, company_id: UUID) -> tuple[Company, list[tuple[CompanySite, str, str]]]:
    """One public company, and its sites with name and province of their municipalities. Raises NoSuchOpportunity."""
    found = session.scalar(sa.select(Company).where(Company.id == company_id, is_public))
    if found is None:
        raise NoSuchOpportunity
    sites = session.execute(
        sa.select(CompanySite, Municipality.name, Municipality.province_code)
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(CompanySite.company_id == company_id)
        .order_by(CompanySite.is_main.desc(), CompanySite.name, CompanySite.id)
    )
    return found, [(site, name, province) for site, name, province in sites]


def _with_spans(session: Session, rows: Sequence[Any]) -> list[Offer]:
    spans: dict[UUID, list[OpportunitySpan]] = {row.id: [] for row in rows}
    for span in session.scalars(
        sa.select(OpportunitySpan)
        .where(OpportunitySpan.opportunity_id.in_(spans))
        .order_by(OpportunitySpan.starts_on, OpportunitySpan.id)
    ):
        spans[span.opportunity_id].append(span)
    return [Offer(**row._asdict(), spans=spans[row.id]) for row in rows]
