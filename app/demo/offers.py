"""Internships, visits and training paths in every state of their life."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, product
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.demo.calendar import Calendar, Span
from app.demo.chance import Chance
from app.demo.companies import DemoCompany
from app.demo.rows import Rows
from app.demo.territory import Offer, Territory
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
    Status,
)
from app.opportunities.rules import usually_takes_applications
from app.programmes.models import Programme

A_YEAR = timedelta(weeks=52)
PUBLISHER = "system:demo"


@dataclass(frozen=True, slots=True)
class Plan:
    """When something takes place, and for how many."""

    spans: Sequence[Span]
    hours: int
    daily_hours: float | None
    seats: int
    group: tuple[int, int] | None = None


class Offers:
    """Invents what companies offer and writes it."""

    def __init__(
        self, session: Session, rows: Rows, territory: Territory, calendar: Calendar, chance: Chance,
        companies: Sequence[DemoCompany],
    ) -> None:  # fmt: skip
        self._session, self._rows, self._territory = session, rows, territory
        self._calendar, self._chance = calendar, chance
        self._numbers = territory.numbers["opportunities"]
        appetite = territory.numbers["companies"]["appetite"]
        programmes = session.execute(sa.select(Programme.id, Programme.kind, Programme.sector)).all()
        self._kinds = {row.id: row.kind for row in programmes}
        self._sectors = {row.id: row.sector for row in programmes}
        self._offering: dict[str, tuple[list[DemoCompany], list[float]]] = {}
        for kind in Kind:
            able = [company for company in companies if company.archetype.offers_of(kind)]
            if able:
                self._offering[kind] = able, list(accumulate(appetite[company.size] for company in able))
        self._persona = companies[0]
        self._told: Counter[tuple[UUID, str]] = Counter()

    def publish(self, count: int, advance: Callable[[int], None]) -> Counter[str]:
        """So many opportunities, in all kinds and states; how many of each kind. The first one is the persona's."""
        chance = self._chance
        kinds = chance.deck({Kind(kind): share for kind, share in self._numbers["kinds"].items()}, count)
        states = chance.deck(
            {Status(state): share for state, share in self._numbers["status"].items()}, count
        )
        written: Counter[str] = Counter()
        persona = self._territory.personas["company"]
        for number, (kind, status) in enumerate(zip(kinds, states, strict=True)):
            if number == 0:
                company = self._persona
                offer = next(one for one in company.archetype.offers if one.id == persona["offer"])
                self._write(company, offer, Status.PUBLISHED, is_persona=True)
            else:
                able, weights = self._offering.get(kind) or next(iter(self._offering.values()))
                company = chance.choices(able, cum_weights=weights)[0]
                offer = self._next_offer(company, kind)
                self._write(company, offer, status if company.is_approved else Status.DRAFT)
            written[offer.kind] += 1
            advance(1)
        return written

    def _next_offer(self, company: DemoCompany, kind: Kind) -> Offer:
        """The company's texts in turn, so that none comes again before the others."""
        offers = company.archetype.offers_of(kind) or list(company.archetype.offers)
        told = (company.id, str(kind))
        if told not in self._told:
            self._told[told] = self._chance.randrange(len(offers))
        self._told[told] += 1
        return offers[self._told[told] % len(offers)]

    # --- one opportunity ----------------------------------------------------------------------------------------------

    def _write(self, company: DemoCompany, offer: Offer, status: Status, *, is_persona: bool = False) -> None:
        chance = self._chance
        opportunity_id, kind = chance.id(), Kind(offer.kind)
        plan = self._plan(offer, kind, alternatives=3 if is_persona else chance.choice((1, 2, 2, 3)))
        is_sketch = status is Status.DRAFT and chance.happens(0.3)
        spans = [] if is_sketch else list(plan.spans)
        if status is Status.ARCHIVED:
            spans = [
                one._replace(starts_on=one.starts_on - A_YEAR, ends_on=one.ends_on - A_YEAR) for one in spans
            ]
        created_at, published_at = self._moments(status)
        words = {**company.words, "lessons": str(len(plan.spans))}
        self._rows.add(
            Opportunity, id=opportunity_id, company_id=company.id, site_id=None if offer.online else company.site_id,
            kind=kind, status=status, title=chance.write(chance.choice(offer.title), words),
            text=chance.write(offer.text, words), conditions=self._conditions(company, offer),
            municipality_istat=None if offer.online else company.municipality, is_online=offer.online,
            seats=plan.seats, seats_taken=self._seats_taken(status, plan.seats, is_persona=is_persona),
            group_min=plan.group[0] if plan.group else None, group_max=plan.group[1] if plan.group else None,
            hours=plan.hours, daily_hours=plan.daily_hours, min_age=offer.min_age, max_age=None,
            closes_on=self._closes_on(status, spans), takes_applications=usually_takes_applications(kind),
            published_at=published_at, published_by=PUBLISHER if published_at else None, created_at=created_at, source=None, external_id=None,
            revision=0, version=1,
        )  # fmt: skip
        if status is Status.PUBLISHED:
            db.stamp(self._session, Opportunity, opportunity_id)
        self._rows.extend(
            OpportunitySpan,
            [{"id": chance.id(), "opportunity_id": opportunity_id, **one._asdict()} for one in spans],
        )
        self._rows.extend(OpportunitySkill, _skill_rows(opportunity_id, offer))
        ways = [] if is_persona else self._eligible(offer)
        self._rows.extend(
            OpportunityEligibility,
            [{"id": chance.id(), "opportunity_id": opportunity_id, **way} for way in ways],
        )

    def _plan(self, offer: Offer, kind: Kind, *, alternatives: int) -> Plan:
        chance, calendar = self._chance, self._calendar
        seats = chance.within(offer.seats)
        if kind is Kind.VISIT:
            hours = chance.within(offer.hours)
            sessions = calendar.sessions(chance, hours, alternatives)
            least, most = offer.group
            most = chance.randint((least + most) // 2, most)
            return Plan(sessions, hours, None, most * len(sessions), (least, most))
        if kind is Kind.TRAINING:
            lessons = calendar.lessons(
                chance, chance.within(offer.lessons), offer.lesson_hours, in_evenings=offer.online
            )
            return Plan(lessons, offer.lesson_hours * len(lessons), None, seats)
        weeks = chance.within(offer.weeks)
        if alternatives == 1 and chance.happens(0.3):
            [period] = calendar.afternoons(chance, weeks + 4)
            return Plan([period], (weeks + 4) * period.weekdays.bit_count() * 4, 4.0, seats)
        daily = float(chance.choice(self._numbers["daily_hours"]))
        return Plan(calendar.periods(chance, weeks, alternatives), int(weeks * 5 * daily), daily, seats)

    def _moments(self, status: Status) -> tuple[datetime, datetime | None]:
        """When it was written, and published if it was."""
        chance = self._chance
        days = chance.randint(370, 420) if status is Status.ARCHIVED else chance.randint(1, 75)
        day = self._calendar.on - timedelta(days=days)
        at = datetime.combine(day, time(chance.randint(6, 17), chance.randrange(60)), UTC)
        return at - timedelta(days=chance.randrange(6), minutes=5), None if status is Status.DRAFT else at

    def _seats_taken(self, status: Status, seats: int, *, is_persona: bool) -> int:
        if status is Status.FULL:
            return seats
        if status is Status.DRAFT or is_persona or seats == 1 or self._chance.happens(0.6):
            return 0
        return self._chance.randrange(1, seats)

    def _closes_on(self, status: Status, spans: Sequence[Span]) -> date | None:
        on = self._calendar.on
        if status is Status.CLOSED and self._chance.happens(0.5):
            return on - timedelta(days=self._chance.randint(1, 20))
        if not spans or self._chance.happens(0.7):
            return None
        last = max(one.starts_on for one in spans) - timedelta(days=self._chance.randint(5, 12))
        return last if last > on else None

    def _conditions(self, company: DemoCompany, offer: Offer) -> str:
        """A few lines about how it is to work there, as the setting has it."""
        chance, pools = self._chance, self._territory.conditions
        if offer.online:
            return "\n".join(chance.some(pools["online"], chance.randint(1, 2)))
        lines = chance.some(pools[company.archetype.setting], chance.randint(0, 2))
        if offer.kind == Kind.INTERNSHIP and chance.happens(0.6):
            lines.append(chance.choice(pools["lunch"]))
        if chance.happens(0.5):
            lines.append(chance.choice(pools["transport"]))
        return "\n".join(lines)

    def _eligible(self, offer: Offer) -> list[dict[str, Any]]:
        """Ways to be eligible, at a grain left to chance; none admits everybody."""
        grain = self._chance.pick(self._numbers["eligibility"])
        first, last = offer.years
        if grain == "open" and first > 3:
            grain = "year"
        years: list[int | None] = list(range(first, last + 1))
        programmes: list[str | None] = list(offer.programmes)
        none: list[str | None] = [None]
        kinds, sectors = (
            list(dict.fromkeys(of[one] for one in offer.programmes)) for of in (self._kinds, self._sectors)
        )
        ways: Mapping[str, Any] = {
            "open": (),
            "year": product(none, none, none, years),
            "kind": product(kinds, none, none, [None]),
            "sector": product(none, sectors, none, [None]),
            "programme": product(none, none, programmes, [None]),
            "programme_and_year": product(none, none, programmes, years),
        }
        columns = ("school_kind", "sector", "programme_id", "year")
        return [dict(zip(columns, way, strict=True)) for way in ways[grain]]


def _skill_rows(opportunity_id: UUID, offer: Offer) -> list[dict[str, Any]]:
    by_role = {
        SkillRole.REQUIRED: offer.required,
        SkillRole.WANTED: offer.wanted,
        SkillRole.TAUGHT: offer.taught,
    }
    return [
        {"opportunity_id": opportunity_id, "skill_id": skill_id, "role": role, "level": level}
        for role, skills in by_role.items()
        for skill_id, level in skills.items()
    ]
