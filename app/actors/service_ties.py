"""Who has done what with whom: pairs of a school and a host, out of what happened in a school year and what they signed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app import dates
from app.actors.models import Protocol, ProtocolParty
from app.actors.rules import Tie
from app.agreements.models import Agreement, PaperState
from app.auth.actors import Actor
from app.bookings.models import Booking, BookingState, SessionState, VisitSession
from app.companies import access
from app.companies.models import Company
from app.network import service as network
from app.network.rules import told
from app.opportunities.models import Opportunity
from app.placements.models import Placement, State
from app.schools.models import School

CAME = (BookingState.BOOKED, BookingState.ATTENDED)
AGREED = (PaperState.IN_FORCE, PaperState.SUPERSEDED, PaperState.EXPIRED, PaperState.ENDED)


@dataclass(frozen=True, slots=True)
class Activity:
    """The ties of a territory in a school year, and by actor what is more than their sum.

    `sessions` are those that a company held or plans, with their `seats`; `placed` are the students of an actor, exact:
    whoever shows them tells them in steps of five.
    """

    ties: tuple[Tie, ...]
    sessions: Mapping[UUID, int]
    seats: Mapping[UUID, int]
    placed: Mapping[UUID, int]

    def partners(self) -> Mapping[UUID, int]:
        """With how many others each actor has done something; a protocol alone is nothing done."""
        found: dict[UUID, int] = defaultdict(int)
        for one in self.ties:
            if one.is_real:
                found[one.school_id] += 1
                found[one.company_id] += 1
        return found


def activity(session: Session, actor: Actor, *, start_year: int, now: datetime) -> Activity:
    """What schools and hosts of the actor's territory did with each other. Raises NotYourNetwork. Five queries."""
    network.require(actor)
    days = dates.days_of_school_year(start_year)
    placed = _placements(session, actor, days)
    visited = _visits(session, actor, days, now)
    agreed = _agreements(session, actor, days)
    signed = _protocols(session, actor, days)
    ties = tuple(
        Tie(
            *pair,
            visited.get(pair, 0),
            agreed.get(pair, 0),
            told(placed.get(pair, 0)),
            pair in placed,
            signed.get(pair, 0),
        )
        for pair in sorted({**placed, **visited, **agreed, **signed})
    )
    students: dict[UUID, int] = defaultdict(int)
    for pair, number in placed.items():
        for one in pair:
            students[one] += number
    sessions = _sessions(session, actor, days, now)
    return Activity(
        ties,
        {company_id: number for company_id, (number, _) in sessions.items()},
        {company_id: seats for company_id, (_, seats) in sessions.items()},
        students,
    )


Pair = tuple[UUID, UUID]


def _here(actor: Actor, school_id: Any, company_id: Any) -> sa.ColumnElement[bool]:
    """Both ends are in the territory, and the company is one that everybody may see."""
    return sa.and_(
        school_id.in_(network.schools_of(actor).with_only_columns(School.id)),
        company_id.in_(sa.select(Company.id).where(Company.is_approved)),
        access.is_overseen(actor, company_id),
    )


def _counted(rows: Iterable[Any]) -> dict[Pair, int]:
    return {(school_id, company_id): number for school_id, company_id, number in rows}


def _placements(session: Session, actor: Actor, days: tuple[date, date]) -> dict[Pair, int]:
    one = Placement.__table__.c
    return _counted(
        session.execute(
            sa.select(one.school_id, one.company_id, sa.func.count(one.student_id.distinct()))
            .where(
                _here(actor, one.school_id, one.company_id), one.state != State.CANCELLED,
                one.starts_on.between(*days),
            )
            .group_by(one.school_id, one.company_id)
        )
    )  # fmt: skip


def _visits(session: Session, actor: Actor, days: tuple[date, date], now: datetime) -> dict[Pair, int]:
    first, last = dates.moments(days, now.tzinfo)
    school_id, company_id = Booking.__table__.c.school_id, Opportunity.__table__.c.company_id
    return _counted(
        session.execute(
            sa.select(school_id, company_id, sa.func.count(VisitSession.id.distinct()))
            .join(VisitSession, VisitSession.id == Booking.visit_session_id)
            .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
            .where(
                _here(actor, school_id, company_id), Booking.state.in_(CAME), school_id.is_not(None),
                VisitSession.state != SessionState.CANCELLED,
                VisitSession.starts_at >= first, VisitSession.starts_at < last,
            )
            .group_by(school_id, company_id)
        )
    )  # fmt: skip


def _agreements(session: Session, actor: Actor, days: tuple[date, date]) -> dict[Pair, int]:
    school_id, company_id = sa.inspect(Agreement).c.school_id, sa.inspect(Agreement).c.company_id
    return _counted(
        session.execute(
            sa.select(Agreement.school_id, Agreement.company_id, sa.func.count(Agreement.id.distinct()))
            .where(
                _here(actor, school_id, company_id), Agreement.state.in_(AGREED),
                Agreement.valid_from <= days[1], Agreement.valid_until >= days[0],
            )
            .group_by(Agreement.school_id, Agreement.company_id)
        )
    )  # fmt: skip


def _protocols(session: Session, actor: Actor, days: tuple[date, date]) -> dict[Pair, int]:
    """A school and a host that have signed the same protocol of a territory that the actor coordinates."""
    school, company = aliased(ProtocolParty), aliased(ProtocolParty)
    school_id, company_id = (
        sa.inspect(school).selectable.c.school_id,
        sa.inspect(company).selectable.c.company_id,
    )
    query = (
        sa.select(school_id, company_id, sa.func.count(Protocol.id.distinct()))
        .join_from(school, company, company.protocol_id == school.protocol_id)
        .join(Protocol, Protocol.id == school.protocol_id)
        .where(
            _here(actor, school_id, company_id), Protocol.signed_on <= days[1],
            sa.or_(Protocol.valid_until.is_(None), Protocol.valid_until >= days[0]),
        )
        .group_by(school_id, company_id)
    )  # fmt: skip
    if not actor.is_administrator:
        query = query.where(Protocol.territory_id.in_(actor.territories))
    return _counted(session.execute(query))


def _sessions(
    session: Session, actor: Actor, days: tuple[date, date], now: datetime
) -> Mapping[UUID, tuple[int, int]]:
    """Sessions and their seats by company, with or without anybody of the territory's schools."""
    first, last = dates.moments(days, now.tzinfo)
    company_id = Opportunity.__table__.c.company_id
    rows = session.execute(
        sa.select(company_id, sa.func.count(VisitSession.id), sa.func.sum(VisitSession.seats))
        .join(VisitSession, VisitSession.opportunity_id == Opportunity.id)
        .where(
            access.is_overseen(actor, company_id), VisitSession.state != SessionState.CANCELLED,
            VisitSession.starts_at >= first, VisitSession.starts_at < last,
        )
        .group_by(company_id)
    )  # fmt: skip
    return {row[0]: (row[1], int(row[2])) for row in rows}
