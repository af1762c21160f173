"""What everybody reads of a series: its published events, and their sessions by day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.appetites.models import is_hidden
from app.bookings.models import SessionState, VisitSession
from app.companies.models import Company
from app.opportunities.models import Opportunity, OpportunitySkill, SkillRole
from app.opportunities.rules import PUBLIC
from app.places.models import Municipality
from app.series import rules
from app.series.models import Audience, ProposalState, Series, SeriesProposal, SeriesState
from app.series.service import NoSuchSeries
from app.skills.models import SkillLabel


@dataclass(frozen=True, slots=True)
class SeriesEvent:
    """A published event; `page` is where everybody reads more of it, if its host has chosen to be public."""

    opportunity_id: UUID
    title: str
    company_name: str
    is_company_public: bool
    is_online: bool
    municipality_name: str | None
    province_code: str | None
    region_name: str | None
    audiences: tuple[Audience, ...]
    is_step_free: bool | None
    accessibility: str
    skill_ids: tuple[str, ...]

    @property
    def page(self) -> str:
        """Where to read more: without signing in if the host is public."""
        return f"{'/open' if self.is_company_public else ''}/opportunities/{self.opportunity_id}"


@dataclass(frozen=True, slots=True)
class SeriesSession:
    """One date of an event."""

    id: UUID
    event: SeriesEvent
    starts_at: datetime
    ends_at: datetime
    room: str
    is_online: bool
    seats_free: int
    is_open_to_guests: bool


@dataclass(frozen=True, slots=True)
class Programme:
    """All that a series offers, in the order of its days."""

    series: Series
    days: Mapping[date, list[SeriesSession]]
    without_date: tuple[SeriesEvent, ...]
    labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Of each skill by language."""

    @property
    def sessions(self) -> list[SeriesSession]:
        """Of all days."""
        return [one for day in self.days.values() for one in day]


def published(session: Session, *, limit: int) -> list[Series]:
    """Series that everybody reads, those to come and of late first."""
    query = sa.select(Series).where(Series.state != SeriesState.DRAFT)
    return list(session.scalars(query.order_by(Series.starts_on.desc(), Series.id.desc()).limit(limit)))


def programme(session: Session, series_id: UUID, zone: tzinfo) -> Programme:
    """What a series offers. Raises NoSuchSeries for a draft too."""
    series = session.get(Series, series_id)
    if series is None or series.state is SeriesState.DRAFT:
        raise NoSuchSeries
    events = _events(session, series_id)
    days: dict[date, list[SeriesSession]] = defaultdict(list)
    dated = set()
    for one in _sessions(session, events):
        days[one.starts_at.astimezone(zone).date()].append(one)
        dated.add(one.event.opportunity_id)
    without_date = tuple(one for key, one in events.items() if key not in dated)
    skills = {skill_id for one in events.values() for skill_id in one.skill_ids}
    return Programme(series, days, without_date, _labels(session, skills))


def _events(session: Session, series_id: UUID) -> dict[UUID, SeriesEvent]:
    query = (
        sa.select(
            SeriesProposal, Opportunity, Company.name, Company.is_public, Municipality.name.label("place"),
            Municipality.province_code, Municipality.region_name,
        )
        .join(Opportunity, Opportunity.id == SeriesProposal.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
        .where(
            SeriesProposal.series_id == series_id, SeriesProposal.state == ProposalState.PUBLISHED,
            Opportunity.status.in_(PUBLIC), Company.approved_at.is_not(None), ~is_hidden(Company.id),
        )
        .order_by(Opportunity.title, Opportunity.id)
        .limit(rules.MOST_SHOWN)
    )  # fmt: skip
    rows = session.execute(query).all()
    skills = defaultdict(list)
    taught = sa.select(OpportunitySkill.opportunity_id, OpportunitySkill.skill_id).where(
        OpportunitySkill.role == SkillRole.TAUGHT, OpportunitySkill.opportunity_id.in_([row[1].id for row in rows])
    )  # fmt: skip
    for opportunity_id, skill_id in session.execute(taught.order_by(OpportunitySkill.skill_id)):
        skills[opportunity_id].append(skill_id)
    return {
        event.id: SeriesEvent(
            event.id, event.title, company_name, is_public, event.is_online, place, province, region,
            tuple(rules.of_mask(proposal.audiences)), proposal.is_step_free, proposal.accessibility,
            tuple(skills[event.id]),
        )
        for proposal, event, company_name, is_public, place, province, region in rows
    }  # fmt: skip


def _sessions(session: Session, events: Mapping[UUID, SeriesEvent]) -> list[SeriesSession]:
    query = sa.select(VisitSession).where(
        VisitSession.opportunity_id.in_(events), VisitSession.state != SessionState.CANCELLED
    )
    return [
        SeriesSession(
            one.id, events[one.opportunity_id], one.starts_at, one.ends_at, one.room, one.online_link is not None,
            one.seats - one.seats_taken, one.is_open_to_guests and one.state is SessionState.PLANNED,
        )
        for one in session.scalars(query.order_by(VisitSession.starts_at, VisitSession.id))
    ]  # fmt: skip


def _labels(session: Session, skill_ids: Collection[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = defaultdict(dict)
    query = sa.select(SkillLabel).where(SkillLabel.skill_id.in_(skill_ids), SkillLabel.rank == 0)
    for one in session.scalars(query):
        found[one.skill_id][one.language] = one.label
    return found
