"""Opportunities as the ranking index reads them: plain values, a constant number of queries for any number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.companies.models import Company
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
    Status,
)
from app.places.models import Municipality


class Span(NamedTuple):
    """Days, both included, with the weekdays and the parts of the day (bit sets of `app.dates`), perhaps hours."""

    starts_on: date
    ends_on: date
    weekdays: int
    parts: int
    starts_at: time | None
    ends_at: time | None


class Need(NamedTuple):
    """A skill at a level."""

    skill_id: str
    level: int


class Eligibility(NamedTuple):
    """One way to be eligible: every filled field must hold."""

    school_kind: str | None
    sector: str | None
    programme_id: str | None
    year: int | None


@dataclass(frozen=True, slots=True)
class Detail:
    """What ranking and its cards need of an opportunity. Online ones have no coordinates; `hours` 0 is not said."""

    id: UUID
    kind: Kind
    status: Status
    title: str
    company_id: UUID
    company_name: str
    municipality_istat: str | None
    municipality_name: str | None
    province_code: str | None
    latitude: float | None
    longitude: float | None
    is_online: bool
    seats_free: int
    group_min: int | None
    group_max: int | None
    hours: int
    daily_hours: float | None
    min_age: int | None
    max_age: int | None
    published_at: datetime | None
    closes_on: date | None
    revision: int
    spans: tuple[Span, ...]
    required: tuple[Need, ...]
    wanted: tuple[Need, ...]
    taught: tuple[Need, ...]
    eligibilities: tuple[Eligibility, ...]


def load_published(session: Session) -> list[Detail]:
    """All published opportunities with free seats, by id; four queries."""
    return _load(session, Opportunity.status == Status.PUBLISHED)


def load_changed(session: Session, *, since: int) -> tuple[list[Detail], list[UUID]]:
    """What has changed after that revision of "opportunities": those published now, and those that no longer are.

    Read the new revision in the same block; rows that change later have a higher one. Five queries.
    """
    is_newer = Opportunity.revision > since
    gone = session.scalars(sa.select(Opportunity.id).where(Opportunity.status.in_(_NOT_PUBLISHED), is_newer))
    return _load(session, sa.and_(Opportunity.status == Status.PUBLISHED, is_newer)), list(gone)


def load(session: Session, ids: Sequence[UUID]) -> list[Detail]:
    """These opportunities in whatever state, by id; four queries."""
    return _load(session, Opportunity.id.in_(ids))


_NOT_PUBLISHED = [status for status in Status if status is not Status.PUBLISHED]


def _load(session: Session, wanted: sa.ColumnElement[bool]) -> list[Detail]:
    spans = _spans(session, wanted)
    needs = _needs(session, wanted)
    eligibilities = _eligibilities(session, wanted)
    found = []
    for row in session.execute(_columns.where(wanted).order_by(Opportunity.id)):
        parts: list[Any] = [spans.get(row.id, ()), *(needs[role].get(row.id, ()) for role in SkillRole)]
        parts.append(eligibilities.get(row.id, ()))
        found.append(Detail(*row, *parts))
    return found


_columns = (
    sa.select(
        Opportunity.id, Opportunity.kind, Opportunity.status, Opportunity.title, Opportunity.company_id,
        Company.name.label("company_name"), Opportunity.municipality_istat,
        Municipality.name.label("municipality_name"), Municipality.province_code, Municipality.latitude,
        Municipality.longitude, Opportunity.is_online,
        (Opportunity.seats - Opportunity.seats_taken).label("seats_free"), Opportunity.group_min,
        Opportunity.group_max, Opportunity.hours, Opportunity.daily_hours, Opportunity.min_age, Opportunity.max_age,
        Opportunity.published_at, Opportunity.closes_on, Opportunity.revision,
    )
    .join(Company, Company.id == Opportunity.company_id)
    .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
)  # fmt: skip


def _spans(session: Session, wanted: sa.ColumnElement[bool]) -> Mapping[UUID, tuple[Span, ...]]:
    table = OpportunitySpan
    rows = session.execute(
        sa.select(
            table.opportunity_id, table.starts_on, table.ends_on, table.weekdays, table.parts, table.starts_at,
            table.ends_at,
        )
        .where(table.opportunity_id.in_(sa.select(Opportunity.id).where(wanted)))
        .order_by(table.starts_on, table.starts_at.nulls_first(), table.ends_on, table.id)
    )  # fmt: skip
    return _grouped(rows, Span)


def _needs(
    session: Session, wanted: sa.ColumnElement[bool]
) -> Mapping[SkillRole, Mapping[UUID, tuple[Need, ...]]]:
    table = OpportunitySkill
    rows = session.execute(
        sa.select(table.role, table.opportunity_id, table.skill_id, table.level)
        .where(table.opportunity_id.in_(sa.select(Opportunity.id).where(wanted)))
        .order_by(table.skill_id)
    )
    by_role = defaultdict(list)
    for role, *need in rows:
        by_role[role].append(need)
    return {role: _grouped(by_role[role], Need) for role in SkillRole}


def _eligibilities(
    session: Session, wanted: sa.ColumnElement[bool]
) -> Mapping[UUID, tuple[Eligibility, ...]]:
    table = OpportunityEligibility
    rows = session.execute(
        sa.select(table.opportunity_id, table.school_kind, table.sector, table.programme_id, table.year)
        .where(table.opportunity_id.in_(sa.select(Opportunity.id).where(wanted)))
        .order_by(table.programme_id.nulls_last(), table.year.nulls_last(), table.id)
    )
    return _grouped(rows, Eligibility)


def _grouped(rows: Any, kind: Any) -> dict[UUID, tuple[Any, ...]]:
    found = defaultdict(list)
    for opportunity_id, *values in rows:
        found[opportunity_id].append(kind._make(values))
    return {opportunity_id: tuple(values) for opportunity_id, values in found.items()}
