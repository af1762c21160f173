"""What a school year with students has brought a company. `ask` runs inside a read block, `show` outside of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.benefits import rules, service_replies
from app.benefits.rules import Recommended
from app.benefits.service_replies import Replies
from app.bookings.models import Booking, BookingMember, BookingState, VisitSession
from app.companies import access
from app.companies import rules as company_rules
from app.companies import service as companies
from app.hours.models import EntryState, Evaluation, EvaluationSkill, HourEntry
from app.matches.survey import Surveyor, SurveyQuestion
from app.network.rules import told
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.placements.models import Party, Placement, State
from app.postings import service as postings
from app.postings.service import Spent

HOSTED = (State.RUNNING, State.CLOSING, State.COMPLETED, State.INTERRUPTED)
"""The student has been there."""
MOST_SKILLS = 50


class NotYourBenefits(errors.NotAllowed):
    """What hosting has brought is for the company, and for who oversees it."""

    title = "Only the company, and who oversees it, reads what hosting has brought"


class Offered(NamedTuple):
    """What the company has offered of one kind in the year, and how much of it was taken."""

    kind: Kind
    opportunities: int
    seats: int
    seats_taken: int


class SkillSeen(NamedTuple):
    """A skill that the company has seen and a school recognised: in how many students, and at which level at most."""

    skill_id: str
    students: int
    level: int


class Met(NamedTuple):
    """Whom the company has met: distinct students, and how often, by kind; the hours are whole, and confirmed."""

    has_hosted: bool
    students: int
    placements: int
    visits: int
    hours: int | None


class Waiting(NamedTuple):
    """What the territory asks for now: seats that are open, and students who fit them and have no internship this year."""

    open_seats: int
    students: int


@dataclass(frozen=True, slots=True)
class Benefits:
    """The whole page. Where `is_exact` is not set, counts of students are in steps of five, and 0 is fewer than that."""

    company_id: UUID
    company_name: str
    start_year: int
    is_over: bool
    is_exact: bool
    met: Met
    skills: list[SkillSeen]
    offered: list[Offered]
    replies: Replies
    recommended: tuple[int, Recommended] | None
    spent: Spent
    waiting: Waiting | None


@dataclass(frozen=True, slots=True)
class Question:
    """The page but for who waits, and what counting those takes; `survey` is None for a year that is over."""

    found: Benefits
    survey: SurveyQuestion | None
    offers: Mapping[str, int]
    placed: Collection[UUID]


def ask(
    session: Session,
    actor: Actor,
    surveyor: Surveyor,
    company_id: UUID,
    *,
    year: int | None,
    now: datetime,
) -> Question:
    """A school year by the year in which it began; this one for None. Raises NoSuchCompany, NotYourBenefits."""
    auth.require_scope(actor, "network:read" if actor.is_overseer else "placements:read")
    company = companies.require(session, actor, company_id)
    if not company_rules.is_insider(actor, company, access.provinces_of(session, actor, company_id)):
        raise NotYourBenefits
    this_year = dates.school_year(now.date())
    start_year = this_year if year is None else year
    days = dates.days_of_school_year(start_year)
    exact = rules.is_exact(actor, company_id)
    found = Benefits(
        company_id, company.name, start_year, start_year < this_year, exact,
        met=_met(session, company_id, days, now.tzinfo, exact=exact),
        skills=_skills(session, company_id, days, exact=exact),
        offered=_offered(session, company_id, days, now.tzinfo),
        replies=service_replies.of(session, company_id, days, now.tzinfo, exact=exact),
        recommended=_recommended(session, company_id, days),
        spent=postings.spent(session, company_id, days, now.tzinfo),
        waiting=None,
    )  # fmt: skip
    if start_year != this_year:
        return Question(found, None, {}, ())
    return Question(found, surveyor.ask(session), _open(session, company_id), _placed(session, days))


def show(surveyor: Surveyor, question: Question) -> Benefits:
    """The page, with who waits for a seat of what is open now."""
    found = question.found
    if question.survey is None or not question.offers:
        return found
    surveyed = surveyor.look(question.survey)
    columns = [
        column for column, one in enumerate(surveyed.tables.opportunities) if one.id in question.offers
    ]
    fitting = np.flatnonzero(surveyed.tables.fit[:, columns].any(axis=1))
    waiting = sum(surveyed.profiles[line].id not in question.placed for line in fitting)
    counted = Waiting(sum(question.offers.values()), told(waiting))
    return Benefits(
        **{name: getattr(found, name) for name in Benefits.__slots__ if name != "waiting"}, waiting=counted
    )


# --- who was there ----------------------------------------------------------------------------------------------------


def _hosted(company_id: UUID, days: tuple[date, date]) -> sa.ColumnElement[bool]:
    """Placements belong to the school year in which they begin."""
    return sa.and_(
        Placement.company_id == company_id, Placement.state.in_(HOSTED), Placement.starts_on.between(*days)
    )


def _met(
    session: Session, company_id: UUID, days: tuple[date, date], zone: tzinfo | None, *, exact: bool
) -> Met:
    began_at = dates.moments(days, zone)
    placed = session.execute(
        sa.select(Placement.student_id, Opportunity.kind)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(_hosted(company_id, days))
    ).all()
    visitors = session.scalars(
        sa.select(BookingMember.student_id)
        .join(Booking, Booking.id == BookingMember.booking_id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(
            Opportunity.company_id == company_id, Booking.state == BookingState.ATTENDED,
            VisitSession.starts_at >= began_at[0], VisitSession.starts_at < began_at[1],
        )
    ).all()  # fmt: skip
    visits = sum(one.kind is Kind.VISIT for one in placed) + len(visitors)
    met = {one.student_id for one in placed} | set(visitors)
    students, placements, visits = (
        rules.tell(number, exact=exact) for number in (len(met), len(placed) + len(visitors) - visits, visits)
    )
    minutes = session.scalar(
        sa.select(sa.func.sum(sa.func.coalesce(HourEntry.school_minutes, HourEntry.host_minutes)))
        .join(Placement, Placement.id == HourEntry.placement_id)
        .where(_hosted(company_id, days), HourEntry.state == EntryState.CONFIRMED)
    )
    return Met(
        bool(met), students, placements, visits, int(minutes or 0) // 60 if exact or students else None
    )


def _skills(session: Session, company_id: UUID, days: tuple[date, date], *, exact: bool) -> list[SkillSeen]:
    students = sa.func.count(Evaluation.student_id.distinct())
    rows = session.execute(
        sa.select(EvaluationSkill.skill_id, students, sa.func.max(EvaluationSkill.level))
        .join(Evaluation, Evaluation.id == EvaluationSkill.evaluation_id)
        .join(Placement, Placement.id == Evaluation.placement_id)
        .where(_hosted(company_id, days), Evaluation.confirmed_at.is_not(None))
        .group_by(EvaluationSkill.skill_id)
        .order_by(students.desc(), EvaluationSkill.skill_id)
        .limit(MOST_SKILLS)
    )
    seen = [SkillSeen(skill, rules.tell(number, exact=exact), level) for skill, number, level in rows]
    return [one for one in seen if one.students]


def _recommended(
    session: Session, company_id: UUID, days: tuple[date, date]
) -> tuple[int, Recommended] | None:
    """Of placements that are completed: nobody changes what was said of them any more."""
    said = session.scalars(
        sa.select(Evaluation.would_repeat)
        .join(Placement, Placement.id == Evaluation.placement_id)
        .where(
            _hosted(company_id, days), Placement.state == State.COMPLETED, Evaluation.party == Party.STUDENT
        )
        .order_by(Evaluation.given_at, Evaluation.id)
    )
    return rules.recommended(said.all())


# --- what was offered, and who waits ----------------------------------------------------------------------------------


def _offered(
    session: Session, company_id: UUID, days: tuple[date, date], zone: tzinfo | None
) -> list[Offered]:
    """Opportunities belong to the school year of their first day; those without days to that of their publication."""
    first = (
        sa.select(sa.func.min(OpportunitySpan.starts_on))
        .where(OpportunitySpan.opportunity_id == Opportunity.id)
        .correlate(Opportunity)
        .scalar_subquery()
    )
    published_at = Opportunity.published_at
    begins, ends = dates.moments(days, zone)
    rows = session.execute(
        sa.select(
            Opportunity.kind, sa.func.count(), sa.func.sum(Opportunity.seats), sa.func.sum(Opportunity.seats_taken)
        )
        .where(
            Opportunity.company_id == company_id, published_at.is_not(None),
            sa.or_(
                first.between(*days), sa.and_(first.is_(None), published_at >= begins, published_at < ends)
            ),
        )
        .group_by(Opportunity.kind)
        .order_by(Opportunity.kind)
    )  # fmt: skip
    return [Offered(Kind(kind), *map(int, numbers)) for kind, *numbers in rows]


def _open(session: Session, company_id: UUID) -> dict[str, int]:
    """Free seats of the internships that stand open, by id."""
    free = Opportunity.seats - Opportunity.seats_taken
    rows = session.execute(
        sa.select(Opportunity.id, free).where(
            Opportunity.company_id == company_id, Opportunity.status == Status.PUBLISHED, free > 0,
            Opportunity.kind == Kind.INTERNSHIP,
        )
    )  # fmt: skip
    return {str(opportunity_id): seats for opportunity_id, seats in rows}


def _placed(session: Session, days: tuple[date, date]) -> frozenset[UUID]:
    """Who has an internship in the school year, wherever."""
    return frozenset(
        session.scalars(
            sa.select(Placement.student_id)
            .join(Opportunity, Opportunity.id == Placement.opportunity_id)
            .where(
                Opportunity.kind == Kind.INTERNSHIP, Placement.state != State.CANCELLED,
                Placement.starts_on.between(*days),
            )
        )
    )  # fmt: skip
