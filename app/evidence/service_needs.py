"""What is asked for and what there is, by skill: now, month by month, what comes next, and what would close the gap.

`ask` runs inside a read block, `show` outside of it. Students are told in steps of five; seats and companies as they are.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

import numpy as np
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.actors import service_areas
from app.actors.rules import Areas
from app.appetites import rules as appetites
from app.appetites.models import Appetite, CompanyAppetite
from app.auth.actors import Actor
from app.companies.models import Company
from app.evidence import forecast
from app.evidence.forecast import Month
from app.matches.survey import Surveyor
from app.network import service as network
from app.network import service_supply as supply
from app.network.rules import Balance
from app.network.service import Territory
from app.opportunities import access
from app.opportunities.models import Kind, Opportunity, OpportunitySkill, SkillRole, Status
from app.skills.models import Skill, SkillKind

MONTHS_KEPT = 60
MONTHS_SHOWN = 12
MONTHS_AHEAD = 3
MOST_NEEDS = 15
MOST_WAYS = 3
CRAFTS = frozenset({SkillKind.SKILL, SkillKind.TOOL})
OVER = (Status.CLOSED, Status.ARCHIVED)


class Wanted(NamedTuple):
    """What a reader looks for: the key of a track, of a district, and a skill's id; None asks nothing."""

    track: str | None = None
    district: str | None = None
    skill: str | None = None


class Way(NamedTuple):
    """Something to open, or somebody to ask."""

    id: UUID
    name: str


class Need(NamedTuple):
    """A skill: the seats that ask for it and the students who have it, and by month the seats that were published.

    `unfilled` are seats of a year that closed empty. `trainings` teach it, `visits` show it; `companies` asked for it
    before, have no seat open and have not said no.
    """

    row: supply.Row
    months: list[int]
    ahead: list[Month]
    unfilled: int
    trainings: Sequence[Way]
    visits: Sequence[Way]
    companies: Sequence[Way]

    @property
    def balance(self) -> Balance:
        """What there is less of."""
        return self.row.balance


@dataclass(frozen=True, slots=True)
class Question:
    """What the analysis is made of; months count back from `now`, 0 is the last whole one."""

    territory: network.Question
    published: Mapping[str, Counter[int]]
    first_month: int
    unfilled: Counter[str]
    ways: Mapping[tuple[str, Kind], Sequence[Way]]
    companies: Mapping[str, Sequence[Way]]
    areas: Areas
    crafts: Collection[str]
    """Skills and tools. That a whole school knows mathematics, which few seats ask for, is nothing to act on."""


def ask(session: Session, actor: Actor, surveyor: Surveyor, *, now: datetime) -> Question:
    """Take what the analysis needs. Raises NotYourNetwork."""
    territory = network.ask(session, actor, surveyor)
    one = Opportunity
    rows = session.execute(
        sa.select(
            OpportunitySkill.skill_id, OpportunitySkill.role, one.id, one.kind, one.title, one.status, one.seats,
            one.seats_taken, one.published_at, one.company_id, Skill.kind.label("sort"),
        )
        .join(one, one.id == OpportunitySkill.opportunity_id)
        .join(Skill, Skill.id == OpportunitySkill.skill_id)
        .where(access.overseen_by(actor), one.published_at.is_not(None))
        .order_by(one.title, one.id)
    ).all()  # fmt: skip
    month_of = cache(
        lambda moment: months_ago(moment, now)
    )  # time zones take long, and none begins within a quarter
    published: dict[str, Counter[int]] = defaultdict(Counter)
    unfilled: Counter[str] = Counter()
    ways: dict[tuple[str, Kind], dict[UUID, Way]] = defaultdict(dict)
    asked: dict[str, set[UUID]] = defaultdict(set)
    is_open = set()
    oldest = 0
    for row in rows:
        if row.status is Status.PUBLISHED and row.seats_taken < row.seats:
            is_open.add(row.company_id)
        if row.role is SkillRole.TAUGHT:
            if row.status is Status.PUBLISHED and row.seats_taken < row.seats:
                ways[row.skill_id, row.kind].setdefault(row.id, Way(row.id, row.title))
        elif row.kind is Kind.INTERNSHIP:
            month = month_of(
                row.published_at.replace(minute=row.published_at.minute // 15 * 15, second=0, microsecond=0)
            )
            if 0 <= month < MONTHS_KEPT:
                published[row.skill_id][month] += row.seats
                oldest = max(oldest, month)
            if row.status in OVER and month < MONTHS_SHOWN:
                unfilled[row.skill_id] += row.seats - row.seats_taken
            asked[row.skill_id].add(row.company_id)
    return Question(
        territory, published, oldest, unfilled, {key: list(found.values())[:MOST_WAYS] for key, found in ways.items()},
        _companies(session, asked, is_open, now), service_areas.of_actor(session, actor),
        {row.skill_id for row in rows if row.sort in CRAFTS},
    )  # fmt: skip


def months_ago(moment: datetime, now: datetime) -> int:
    """0 is the month before this one, which is not over and does not count: it is -1.

    >>> from datetime import UTC
    >>> months_ago(datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
    1
    """
    then = moment.astimezone(now.tzinfo)
    return (now.year - then.year) * 12 + now.month - then.month - 1


def ways_to_learn(session: Session, actor: Actor) -> Mapping[str, Sequence[Way]]:
    """By skill a few courses of the actor's territory that teach it and have seats. One query."""
    one = Opportunity
    rows = session.execute(
        sa.select(OpportunitySkill.skill_id, one.id, one.title)
        .join(one, one.id == OpportunitySkill.opportunity_id)
        .where(
            access.overseen_by(actor), one.kind == Kind.TRAINING, one.status == Status.PUBLISHED,
            one.seats_taken < one.seats, OpportunitySkill.role == SkillRole.TAUGHT,
        )
        .order_by(one.title, one.id)
    )  # fmt: skip
    found: dict[str, list[Way]] = defaultdict(list)
    for skill_id, opportunity_id, title in rows:
        if len(found[skill_id]) < MOST_WAYS:
            found[skill_id].append(Way(opportunity_id, title))
    return found


def _companies(
    session: Session, asked: Mapping[str, set[UUID]], is_open: set[UUID], now: datetime
) -> dict[str, list[Way]]:
    """By skill, who asked for it before and can be asked again; those who said that they look first."""
    quiet = set().union(*asked.values()) - is_open if asked else set()
    if not quiet:
        return {}
    year = appetites.asked_year(now.date())
    rows = session.execute(
        sa.select(Company.id, Company.name, CompanyAppetite.appetite)
        .outerjoin(
            CompanyAppetite,
            sa.and_(CompanyAppetite.company_id == Company.id, CompanyAppetite.start_year == year),
        )
        .where(Company.is_approved)
        .order_by(Company.search_key, Company.id)
    ).all()
    able = [row for row in rows if row.id in quiet and not appetites.is_left_alone(row.appetite)]
    able.sort(key=lambda row: row.appetite not in (Appetite.LOOKING, Appetite.INTERESTED))
    return {
        skill: [Way(row.id, row.name) for row in able if row.id in companies][:MOST_WAYS]
        for skill, companies in asked.items()
    }


class Needs(NamedTuple):
    """The skills of which there is least, and districts with more students than seats can take."""

    skills: list[Need]
    districts: list[supply.Row]


def show(surveyor: Surveyor, question: Question, wanted: Wanted = Wanted()) -> Needs:  # noqa: B008 -- cannot change
    """The analysis: skills with too few students, then crafts with too few seats, of each the widest gap first.

    A track or a district that is wanted leaves the seats that are open to it or lie in it; students stay those of the
    whole territory, so that no reader has new groups of them counted.
    """
    territory = _narrowed(network.look(surveyor, question.territory), question, wanted)
    found = supply.compare(territory, Kind.INTERNSHIP)
    uneven = [
        row for row in found.skills if row.balance is not Balance.EVEN and wanted.skill in (None, row.key)
    ]
    uneven.sort(key=lambda row: (-abs(row.seats - row.students), row.it))
    scarce = [row for row in uneven if row.balance is Balance.STUDENTS_LACK]
    crowded = [
        row for row in uneven if row not in scarce and (row.key in question.crafts or row.key == wanted.skill)
    ]
    districts = [
        row for row in found.districts if row.balance in (Balance.NO_SEATS, Balance.SEATS_LACK) and row.key
    ]
    return Needs(
        [_need(question, row) for row in (scarce + crowded)[:MOST_NEEDS]],
        sorted(districts, key=lambda row: (row.seats - row.students, row.it))[:MOST_NEEDS],
    )


def _narrowed(territory: Territory, question: Question, wanted: Wanted) -> Territory:
    columns = list(territory.offers)
    if wanted.district is not None:
        towns = {
            istat
            for one in question.areas.districts
            if one.key == wanted.district
            for istat in one.municipalities
        } or {wanted.district}
        columns = [
            one for one in columns if question.territory.offers[territory.opportunity(one).id] in towns
        ]
    if wanted.track is not None:
        of_track = [
            profile
            for profile in map(territory.profile, territory.students)
            if wanted.track in profile.programmes
        ][:1]
        columns = [
            one
            for one in columns
            if any(supply.admits(territory.opportunity(one), each) for each in of_track)
        ]
    return replace(territory, offers=np.array(columns, np.intp))


def _need(question: Question, row: supply.Row) -> Need:
    by_month = question.published.get(row.key, Counter())
    months = [by_month[month] for month in range(question.first_month, -1, -1)]
    return Need(
        row, months[-MONTHS_SHOWN:], forecast.forecast(months, MONTHS_AHEAD), question.unfilled[row.key],
        question.ways.get((row.key, Kind.TRAINING), ()), question.ways.get((row.key, Kind.VISIT), ()),
        question.companies.get(row.key, ()),
    )  # fmt: skip
