"""The portfolio of events in a span of days: what is in it, what it lacks, and whom to ask next. For who coordinates."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app import dates
from app.actors import portfolio, portfolio_series, service_areas, service_candidates
from app.actors.portfolio import Candidate, Clash, EventSession, Gaps, Suggestion, Week
from app.actors.portfolio_series import NamedSeries, SeriesLoad
from app.actors.rules import Areas
from app.actors.service import divisions_of
from app.auth.actors import Actor
from app.bookings.models import Booking, BookingState, SessionState, VisitSession
from app.companies import access
from app.companies.models import Company
from app.network import service as network
from app.opportunities import access as opportunities
from app.opportunities.models import Opportunity, OpportunitySkill
from app.places.models import Municipality
from app.programmes import service as programmes
from app.schools.models import School, SchoolClass
from app.series.models import ProposalState, Series, SeriesProposal

MOST_SUGGESTIONS = 20
COMES = (BookingState.HELD, BookingState.OFFERED, BookingState.BOOKED, BookingState.ATTENDED)


class Spot(NamedTuple):
    """A municipality with sessions; degrees are those of its town (WGS 84)."""

    istat: str
    name: str
    province_code: str
    latitude: float
    longitude: float
    sessions: int


class Quiet(NamedTuple):
    """A company that nobody has invited, or that has never offered anything."""

    company_id: UUID
    name: str
    is_invited: bool
    has_offered: bool


@dataclass(frozen=True, slots=True)
class Portfolio:
    """All that the page says. `titles` are those of the programmes that are named, in each language."""

    days: tuple[date, date]
    sessions: tuple[EventSession, ...]
    weeks: Sequence[Week]
    spots: Sequence[Spot]
    clashes: Sequence[Clash]
    duplicates: Sequence[tuple[EventSession, ...]]
    overbooked: Sequence[EventSession]
    half_empty: Sequence[EventSession]
    gaps: Gaps
    quiet: Sequence[Quiet]
    suggestions: Sequence[Suggestion]
    series: Sequence[SeriesLoad]
    areas: Areas
    titles: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Question:
    """What the portfolio is made of, taken in one block."""

    days: tuple[date, date]
    now: datetime
    sessions: tuple[EventSession, ...]
    towns: Mapping[str, tuple[str, str, float, float]]
    candidates: Sequence[Candidate]
    areas: Areas
    classes: Collection[tuple[str | None, int]]
    reached: Collection[tuple[str | None, int]]
    titles: Mapping[str, Mapping[str, str]]
    series_of: Mapping[UUID, NamedSeries]
    attended: Mapping[UUID, int]


def ask(session: Session, actor: Actor, *, days: tuple[date, date], most: int, now: datetime) -> Question:
    """Take the sessions of the actor's territory on these days, and its companies. Raises NotYourNetwork.

    `most` is how many applications a company is sent in a month. As many queries for one event as for many.
    """
    network.require(actor)
    areas = service_areas.of_actor(session, actor)
    overseen = sa.and_(Company.is_approved, access.is_overseen(actor, Company.__table__.c.id))
    chosen = sa.select(Company.id).where(overseen)
    sectors = {
        company_id: areas.sectors_of(found) for company_id, found in divisions_of(session, chosen).items()
    }
    sessions, towns = _sessions(session, actor, areas, sectors, days, now)
    with_event = {one.company_id for one in sessions}
    classes = _classes(session, actor, dates.school_year(days[0]))
    return Question(
        days, now, sessions, towns,
        service_candidates.read(session, overseen, areas, sectors, with_event, most=most, now=now), areas, classes,
        _reached(session, actor, days, now), programmes.titles(session, {one for one, _ in classes if one}),
        _series(session, actor, days, now), _attended(session, actor, days, now),
    )  # fmt: skip


def look(question: Question) -> Portfolio:
    """The portfolio; outside of any block."""
    sessions, areas, now = question.sessions, question.areas, question.now
    lacking = portfolio.gaps(
        sessions, areas, classes=question.classes, reached=question.reached, day=question.days[0]
    )
    suggestions = portfolio.suggest(
        question.candidates, lacking, areas, question.days[0], most=MOST_SUGGESTIONS
    )
    return Portfolio(
        question.days, sessions, portfolio.weeks(sessions), _spots(question), portfolio.clashes(sessions),
        portfolio.duplicates(sessions), portfolio.overbooked(sessions),
        [one for one in sessions if portfolio.is_half_empty(one, now)], lacking,
        [
            Quiet(one.company_id, one.name, one.is_invited, one.has_offered)
            for one in question.candidates
            if not (one.is_invited and one.has_offered)
        ],
        suggestions,
        portfolio_series.loads(
            sessions, question.series_of, question.attended, question.candidates, areas, question.days[0]
        ),
        areas, question.titles,
    )  # fmt: skip


def _spots(question: Question) -> list[Spot]:
    counted = Counter(one.municipality_istat for one in question.sessions)
    found = [Spot(istat, *town, counted[istat]) for istat, town in question.towns.items()]
    return sorted(found, key=lambda one: (-one.sessions, one.name))


# --- events -----------------------------------------------------------------------------------------------------------


def _within(days: tuple[date, date], now: datetime) -> sa.ColumnElement[bool]:
    first, last = dates.moments(days, now.tzinfo)
    return sa.and_(
        VisitSession.state != SessionState.CANCELLED, VisitSession.starts_at >= first, VisitSession.starts_at < last
    )  # fmt: skip


def _sessions(
    session: Session,
    actor: Actor,
    areas: Areas,
    sectors: Mapping[UUID, frozenset[str]],
    days: tuple[date, date],
    now: datetime,
) -> tuple[tuple[EventSession, ...], Mapping[str, tuple[str, str, float, float]]]:
    town = aliased(Municipality)  # the rule of who oversees what has its own
    waiting = (
        sa.select(sa.func.coalesce(sa.func.sum(Booking.people), 0))
        .where(Booking.visit_session_id == VisitSession.id, Booking.state == BookingState.WAITING)
        .correlate(VisitSession)
        .scalar_subquery()
    )
    here = sa.and_(_within(days, now), opportunities.overseen_by(actor))
    rows = session.execute(
        sa.select(
            VisitSession.id, VisitSession.starts_at, VisitSession.seats, VisitSession.seats_taken,
            Opportunity.id.label("opportunity_id"), Opportunity.title, Opportunity.company_id, Company.name.label("company"),
            town.istat, town.name.label("place"), town.province_code, town.latitude,
            town.longitude, waiting.label("waiting"),
        )
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .outerjoin(town, town.istat == Opportunity.municipality_istat)
        .where(here)
        .order_by(VisitSession.starts_at, Opportunity.title, VisitSession.id)
    ).all()  # fmt: skip
    topics: dict[UUID, set[str]] = defaultdict(set)
    for opportunity_id, skill_id in session.execute(
        sa.select(OpportunitySkill.opportunity_id, OpportunitySkill.skill_id).where(
            OpportunitySkill.opportunity_id.in_(
                sa.select(Opportunity.id)
                .join(VisitSession, VisitSession.opportunity_id == Opportunity.id)
                .where(here)
            )
        )
    ):
        topics[opportunity_id].add(skill_id)
    found = tuple(
        EventSession(
            one.id, one.opportunity_id, one.title, one.company_id, one.company, one.starts_at.astimezone(now.tzinfo),
            one.istat, one.place and f"{one.place} ({one.province_code})", areas.districts_of(filter(None, [one.istat])),
            sectors.get(one.company_id, frozenset()), frozenset(topics[one.opportunity_id]), one.seats, one.seats_taken,
            int(one.waiting),
        )
        for one in rows
    )  # fmt: skip
    return found, {
        one.istat: (f"{one.place} ({one.province_code})", one.province_code, one.latitude, one.longitude)
        for one in rows
        if one.istat
    }


def _classes(session: Session, actor: Actor, start_year: int) -> frozenset[tuple[str | None, int]]:
    """Programme and year of the territory's classes."""
    schools = network.schools_of(actor).with_only_columns(School.id)
    rows = session.execute(
        sa.select(SchoolClass.programme_id, SchoolClass.year)
        .where(SchoolClass.start_year == start_year, SchoolClass.school_id.in_(schools))
        .distinct()
    )
    return frozenset((row[0], row[1]) for row in rows)


def _reached(
    session: Session, actor: Actor, days: tuple[date, date], now: datetime
) -> frozenset[tuple[str | None, int]]:
    """Programme and year of the classes that have seats."""
    rows = session.execute(
        sa.select(SchoolClass.programme_id, SchoolClass.year)
        .join(Booking, Booking.class_id == SchoolClass.id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(_within(days, now), opportunities.overseen_by(actor), Booking.state.in_(COMES))
        .distinct()
    )
    return frozenset((row[0], row[1]) for row in rows)


def _series(
    session: Session, actor: Actor, days: tuple[date, date], now: datetime
) -> Mapping[UUID, NamedSeries]:
    """By opportunity the series that has published it."""
    rows = session.execute(
        sa.select(SeriesProposal.opportunity_id, Series.id, Series.name_it, Series.name_en)
        .join(Series, Series.id == SeriesProposal.series_id)
        .join(Opportunity, Opportunity.id == SeriesProposal.opportunity_id)
        .join(VisitSession, VisitSession.opportunity_id == Opportunity.id)
        .where(
            SeriesProposal.state == ProposalState.PUBLISHED,
            _within(days, now),
            opportunities.overseen_by(actor),
        )
        .distinct()
    )
    return {row[0]: NamedSeries(*row[1:]) for row in rows}


def _attended(session: Session, actor: Actor, days: tuple[date, date], now: datetime) -> Mapping[UUID, int]:
    """By session the people whose booking ended with their coming; exact, for those who tell it in steps of five."""
    rows = session.execute(
        sa.select(VisitSession.id, sa.func.sum(Booking.people))
        .join(Booking, Booking.visit_session_id == VisitSession.id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(
            _within(days, now), opportunities.overseen_by(actor), Booking.state == BookingState.ATTENDED,
        )
        .group_by(VisitSession.id)
    )  # fmt: skip
    return {row[0]: int(row[1]) for row in rows}
