"""An edition of the demo's network: a year of events with sessions, bookings, waiting lists, and who came in the end.

Everything goes through the services that people use, event by event, each in a block of its own: what has been broken off
goes on where it stopped, and what is there stays as it is.
"""

from __future__ import annotations

import time as clock
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.auth.actors import Role
from app.auth.models import Membership, User
from app.bookings.rules import Limits
from app.companies.models import Company, CompanyKind, CompanySite
from app.db import Database
from app.demo.calendar import schooldays
from app.demo.chance import Chance
from app.demo.season import NoDemo
from app.demo.territory import DATA, read_territory
from app.opportunities.models import Opportunity
from app.places.models import Municipality
from app.progress import progress
from app.settings import Settings
from app.students.models import Student

SOURCE = "demo-edition"
DAYS_BACK, DAYS_AHEAD = 330, 75
AHEAD = frozenset({0, 3})
"""Of five events, these lie ahead."""
SPREAD = 0.9
"""How unlike the demand for events is: the deviation of its logarithm."""
SOUGHT = 4.0
"""So many times as many ask for the first events ahead, which people look at first."""
LEAST_CLASS = 8
SUNDAY = 6


@dataclass(frozen=True, slots=True)
class EditionSize:
    """How much happens in a year."""

    events: int = 500
    actors: int = 150
    requests: int = 11_000
    """Some of them come to nothing: who asks comes already, or is elsewhere at that time."""


SMALL = EditionSize(events=20, actors=20, requests=200)
"""Enough for every page to have something to show."""


class Host(NamedTuple):
    """Who invites, and where."""

    company_id: UUID
    site_id: UUID
    kind: CompanyKind
    town: str


class Pupil(NamedTuple):
    """A student who may come."""

    id: UUID
    class_id: UUID
    school_id: UUID


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part, and when it is."""

    now: datetime
    limits: Limits
    hosts: Sequence[Host]
    classes: Mapping[UUID, Sequence[Pupil]]
    """Class → its students; the persona's class and in it the persona first."""
    eagerness: Mapping[UUID, float]
    """Class → how often its school asks, beside others."""
    past: Sequence[date]
    ahead: Sequence[date]


@dataclass(frozen=True, slots=True)
class Held:
    """What happened, in numbers."""

    counts: Mapping[str, int]
    seconds: float

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {name}" for name, number in self.counts.items())
        return f"The edition is held in {self.seconds:.1f} s: {counts or 'it was there already'}."


@cache
def read_formats() -> Mapping[str, Any]:
    """The edition's data file."""
    with (DATA / "edition.toml").open("rb") as stream:
        return tomllib.load(stream)


def hold(
    database: Database, settings: Settings, size: EditionSize | None = None, *, seed: int = 1, on: date, quiet: bool = False
) -> Held:  # fmt: skip
    """Hold the edition in a demo that was loaded for the same day; the same seed and day leave the same rows.

    Raises NoDemo.
    """
    from app.demo import edition_event, edition_evidence

    size = size or EditionSize()
    started = clock.monotonic()
    chance = Chance(seed, "edition")
    with database.read() as session:
        cast = _cast(session, settings, chance, size, on)
        there = set(session.scalars(sa.select(Opportunity.external_id).where(Opportunity.source == SOURCE)))
    counts: Counter[str] = Counter()
    demand = _demand(chance, size)
    with progress("Holding events", size.events, quiet=quiet) as advance:
        for number, wanted in enumerate(demand):
            if f"{number + 1:04d}" not in there:
                own = Chance(seed, f"edition event {number}")
                with db.ids_from(own.id), database.write() as session:
                    counts += edition_event.play(session, cast, own, number, wanted)
            advance(1)
    own = Chance(seed, "edition evidence")
    with db.ids_from(own.id), database.write() as session:
        if not edition_evidence.is_there(session):
            counts += edition_evidence.write(session, cast, own)
    if counts:
        with database.write() as session:
            db.touch(session, "opportunities")
    return Held(dict(counts), clock.monotonic() - started)


def _demand(chance: Chance, size: EditionSize) -> list[int]:
    """How many ask for each event: many for a few of them."""
    weights = [
        chance.lognormvariate(0, SPREAD) * (SOUGHT if number in AHEAD else 1.0)
        for number in range(size.events)
    ]
    dealt = Counter(chance.deck(dict(enumerate(weights)), size.requests))
    return [dealt[number] for number in range(size.events)]


def _cast(session: Session, settings: Settings, chance: Chance, size: EditionSize, on: date) -> Cast:
    people = {
        one.role: one
        for one in session.scalars(
            sa.select(Membership)
            .join(User, User.id == Membership.user_id)
            .where(User.is_demo)
            .order_by(Membership.id)
        )
    }
    if not {Role.STUDENT, Role.COMPANY_ADMIN} <= people.keys():
        raise NoDemo("Load the demo first: python -m app demo.")
    classes = _classes(session, people[Role.STUDENT].student_id)
    schools = {pupils[0].school_id for pupils in classes.values()}
    eager = {school_id: chance.paretovariate(1.5) for school_id in sorted(schools)}
    return Cast(
        now=datetime.combine(on, time(9), ZoneInfo(settings.time_zone)),
        limits=Limits.of(settings),
        hosts=_hosts(session, people[Role.COMPANY_ADMIN].company_id, size.actors),
        classes=classes,
        eagerness={one: eager[pupils[0].school_id] for one, pupils in classes.items()},
        past=_days(on - timedelta(days=DAYS_BACK), on - timedelta(days=3)),
        ahead=_days(on + timedelta(days=5), on + timedelta(days=DAYS_AHEAD)),
    )


def _days(first: date, last: date) -> list[date]:
    return [day for day in schooldays(read_territory(), first, last) if day.weekday() != SUNDAY]


def _classes(session: Session, persona_id: UUID | None) -> dict[UUID, list[Pupil]]:
    own = sa.select(Student.class_id).where(Student.id == persona_id).scalar_subquery()
    first = (sa.case((Student.class_id == own, 0), else_=1), sa.case((Student.id == persona_id, 0), else_=1))
    rows = session.execute(
        sa.select(Student.id, Student.class_id, Student.school_id)
        .where(Student.archived_at.is_(None))
        .order_by(first[0], Student.class_id, first[1], Student.id)
    )
    classes: defaultdict[UUID, list[Pupil]] = defaultdict(list)
    for row in rows:
        classes[row.class_id].append(Pupil(*row))
    return dict(classes)


def _hosts(session: Session, first: UUID | None, count: int) -> list[Host]:
    """So many approved companies and bodies, the persona's first, then those that are no firms."""
    order = sa.case((Company.id == first, 0), (Company.kind != CompanyKind.FIRM, 1), else_=2)
    rows = session.execute(
        sa.select(Company.id, CompanySite.id, Company.kind, Municipality.name)
        .join(CompanySite, sa.and_(CompanySite.company_id == Company.id, CompanySite.is_main))
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(Company.approved_at.is_not(None))
        .order_by(order, Company.id)
        .limit(count)
    )
    return [Host(*row) for row in rows]
