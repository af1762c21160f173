"""Opportunities as the ranking index reads them: plain values, a constant number of queries for any number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.appetites.models import is_hidden
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
    takes_applications: bool
    revision: int
    spans: tuple[Span, ...]
    required: tuple[Need, ...]
    wanted: tuple[Need, ...]
    taught: tuple[Need, ...]
    eligibilities: tuple[Eligibility, ...]


def load_published(session: Session) -> list[Detail]:
    """All published opportunities with free seats of companies that are not hidden, by id; four queries."""
    return _load(session, _IS_SHOWN)


def load_changed(session: Session, *, since: int) -> tuple[list[Detail], list[UUID]]:
    """What has changed after that revision of "opportunities": those published now, and those that no longer are.

    Read the new revision in the same block; rows that change later have a higher one. Five queries.
    """
    is_newer = Opportunity.revision > since
    gone = session.scalars(sa.select(Opportunity.id).where(~_IS_SHOWN, is_newer))
    return _load(session, sa.and_(_IS_SHOWN, is_newer)), list(gone)


def load(session: Session, ids: Sequence[UUID]) -> list[Detail]:
    """These opportunities in whatever state, by id; four queries."""
    return _load(session, Opportunity.id.in_(ids))


def load_full(session: Session, ids: Sequence[UUID]) -> list[Detail]:
    """Those of these opportunities that would be published, were there a free seat, by id; four queries."""
    is_full = sa.and_(Opportunity.status == Status.FULL, ~is_hidden(Opportunity.company_id))
    return _load(session, sa.and_(is_full, Opportunity.id.in_(ids)))


_IS_SHOWN = sa.and_(Opportunity.status == Status.PUBLISHED, ~is_hidden(Opportunity.company_id))


def _load(session: Session, wanted: sa.ColumnElement[bool]) -> list[Detail]:
    chosen = sa.select(Opportunity.id).where(wanted)
    spans = _grouped(session.execute(_spans.where(_span.opportunity_id.in_(chosen))), Span)
    ways = _grouped(session.execute(_ways.where(_way.opportunity_id.in_(chosen))), Eligibility)
    by_role: dict[str, list[Any]] = {role.value: [] for role in SkillRole}
    for row in session.execute(_needs.where(_need.opportunity_id.in_(chosen))):
        by_role[row[0]].append(row[1:])
    needs = [_grouped(by_role[role.value], Need) for role in SkillRole]
    found = []
    for key, *values in session.execute(_rows.where(wanted)):
        parts = (spans.get(key, ()), *(of_role.get(key, ()) for of_role in needs), ways.get(key, ()))
        found.append(Detail(*values, *parts))
    return found


def _as_it_comes(column: Any) -> sa.ColumnElement[Any]:
    """The column without conversion: building half a million UUIDs only to look them up costs seconds."""
    return sa.type_coerce(column, sa.types.NullType())


def _grouped(rows: Iterable[Any], kind: Any) -> dict[Any, tuple[Any, ...]]:
    found: dict[Any, list[Any]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(kind._make(row[1:]))
    return {opportunity_id: tuple(values) for opportunity_id, values in found.items()}


_span, _need, _way = OpportunitySpan, OpportunitySkill, OpportunityEligibility

_rows = (
    sa.select(
        _as_it_comes(Opportunity.id), Opportunity.id, Opportunity.kind, Opportunity.status, Opportunity.title,
        Opportunity.company_id, Company.name, Opportunity.municipality_istat, Municipality.name,
        Municipality.province_code, Municipality.latitude, Municipality.longitude, Opportunity.is_online,
        Opportunity.seats - Opportunity.seats_taken, Opportunity.group_min, Opportunity.group_max, Opportunity.hours,
        Opportunity.daily_hours, Opportunity.min_age, Opportunity.max_age, Opportunity.published_at,
        Opportunity.closes_on, Opportunity.takes_applications, Opportunity.revision,
    )
    .join(Company, Company.id == Opportunity.company_id)
    .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
    .order_by(Opportunity.id)
)  # fmt: skip
_spans = sa.select(
    _as_it_comes(_span.opportunity_id), _span.starts_on, _span.ends_on, _span.weekdays, _span.parts, _span.starts_at,
    _span.ends_at,
).order_by(_span.starts_on, _span.starts_at.nulls_first(), _span.ends_on, _span.id)  # fmt: skip
_needs = sa.select(
    _as_it_comes(_need.role), _as_it_comes(_need.opportunity_id), _need.skill_id, _need.level
).order_by(_need.skill_id)
_ways = sa.select(
    _as_it_comes(_way.opportunity_id), _way.school_kind, _way.sector, _way.programme_id, _way.year
).order_by(_way.programme_id.nulls_last(), _way.year.nulls_last(), _way.id)
