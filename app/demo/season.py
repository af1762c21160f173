"""A season of the demo: one class, and then the whole territory, from wishes to completed hours, and the rounds to come.

What happens, happens at moments before and up to the demo's day, and through the services that people use, but for
papers, hours and evaluations of the territory: those are written as rows, as the services would have left them.
"""

from __future__ import annotations

import time as clock
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, db, errors
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, TerritoryProvince, User
from app.companies.models import Company, CompanySite
from app.db import Database
from app.demo import people
from app.demo.chance import Chance
from app.places.models import Municipality
from app.progress import progress
from app.schools.models import School, SchoolClass
from app.settings import Settings
from app.students.models import Student

CLASS_SIZE = 25
HOSTS = 12
"""Companies that take the class: the persona's first, then those with the most to tell in their papers."""


class NoDemo(errors.Conflict):
    """A season is played by the demo's people, who are not there."""

    title = "The demo is not loaded"


@dataclass(frozen=True, slots=True)
class Played:
    """What was played, in numbers."""

    counts: dict[str, int]
    seconds: float

    def __str__(self) -> str:
        counts = ", ".join(f"{number:,} {name}" for name, number in self.counts.items())
        return f"The season is played in {self.seconds:.1f} s: {counts}."


@dataclass
class Stage:
    """Where and when it is played, and who plays."""

    database: Database
    settings: Settings
    chance: Chance
    on: date
    school_id: UUID
    class_id: UUID
    students: list[Student]
    hosts: list[tuple[Company, CompanySite]]
    lead: Actor
    tutor: Actor
    host_tutor_id: UUID | None
    coordinator: Actor
    administrator: Actor
    counts: dict[str, int] = field(default_factory=dict)
    placed: dict[UUID, Student] = field(default_factory=dict)
    """Placement → student, of the one class."""
    classes: dict[UUID, list[UUID]] = field(default_factory=dict)
    """School → the other classes."""
    inside: set[UUID] = field(default_factory=set)
    """Those of the schools that lie in the coordinator's territory."""
    wanted: defaultdict[UUID, list[UUID]] = field(default_factory=lambda: defaultdict(list))
    """Student of the other classes → what they like best."""
    editions: dict[UUID, UUID] = field(default_factory=dict)
    """Opportunity → the same for the first weeks of the year."""
    turn_id: UUID | None = None
    """The round of the first weeks of the year."""
    school_tutors: dict[UUID, list[UUID]] = field(default_factory=dict)
    host_tutors: dict[UUID, list[UUID]] = field(default_factory=dict)
    followed: Counter[UUID] = field(default_factory=Counter)

    def at(self, days: float) -> datetime:
        """Nine in the morning, so many days from the demo's day, by the territory's clocks."""
        zone = ZoneInfo(self.settings.time_zone)
        return datetime.combine(self.on, time(9), zone) + timedelta(days=days)

    def monday(self, weeks: int) -> date:
        """The Monday so many weeks from the demo's week."""
        return self.on - timedelta(days=self.on.weekday()) + timedelta(weeks=weeks)

    @property
    def start_year(self) -> int:
        """The school year of the demo's day."""
        return dates.school_year(self.on)

    @property
    def site(self) -> str:
        """The address that mailed links begin with."""
        return self.settings.public_url.rstrip("/")

    def count(self, name: str, number: int = 1) -> None:
        """Note that so much happened."""
        self.counts[name] = self.counts.get(name, 0) + number

    def placed_student(self, placement_id: UUID) -> Actor:
        """The student of a placement, in person."""
        return self.student(self.placed[placement_id])

    @staticmethod
    def student(student: Student) -> Actor:
        """A student, in person."""
        return people.student(student.id)

    @staticmethod
    def company(company_id: UUID) -> Actor:
        """Whoever works for the company."""
        return people.company(company_id)

    @staticmethod
    def school(school_id: UUID) -> Actor:
        """Whoever leads the school."""
        return people.school(school_id)


def play(database: Database, settings: Settings, *, seed: int = 1, on: date, quiet: bool = False) -> Played:
    """Play the season on a demo that has just been loaded for the same day. The same seed and day leave the same rows,
    but for events and secrets. Raises NoDemo."""
    from app.demo import season_class, season_people, season_rounds, season_shared, season_turn, season_weeks

    started = clock.monotonic()
    ids = Chance(seed, "season ids")
    with db.ids_from(ids.id):
        stage = _cast(database, settings, Chance(seed, "season"), on)
        for label, acts in (
            ("One class, its whole year", season_class.ACTS),
            ("The territory, first turn", (season_rounds.rank, *season_people.ACTS, *season_turn.ACTS)),
            ("Its papers and weeks", season_weeks.acts(stage)),
            ("Rounds of the schools", season_rounds.acts(stage)),
            ("What comes after", season_weeks.ENDING),
            ("What is made together", season_shared.ACTS),
        ):
            with progress(label, len(acts), quiet=quiet) as advance:
                for act in acts:
                    act(stage)
                    advance(1)
    return Played(stage.counts, clock.monotonic() - started)


def _cast(database: Database, settings: Settings, chance: Chance, on: date) -> Stage:
    with database.read() as session:
        members = {
            one.role: one
            for one in session.scalars(
                sa.select(Membership)
                .join(User, User.id == Membership.user_id)
                .where(User.is_demo)
                .order_by(Membership.id)
            )
        }
        needed = (Role.STUDENT, Role.TEACHER, Role.COMPANY_ADMIN, Role.COORDINATOR, Role.ADMINISTRATOR)
        if any(role not in members for role in needed):
            raise NoDemo("Load the demo first: python -m app demo.")
        persona = session.get_one(Student, members[Role.STUDENT].student_id)
        students = _class_of(session, persona)
        first = members[Role.COMPANY_ADMIN].company_id
        provinces = frozenset(
            session.scalars(
                sa.select(TerritoryProvince.province_code).where(
                    TerritoryProvince.territory_id == members[Role.COORDINATOR].territory_id
                )
            )
        )
        hosts = _hosts(session, first)
        classes = _other_classes(session, students)
        inside = _inside(session, provinces)
    lead = members.get(Role.SCHOOL_LEAD)
    school = persona.school_id
    return Stage(
        database, settings, chance, on, school, persona.class_id, students, hosts,
        lead=people.person(
            Grant(Role.SCHOOL_LEAD, school_id=school),
            user_id=lead.user_id if lead is not None and lead.school_id == school else None,
        ),
        tutor=people.person(
            Grant(Role.TEACHER, school_id=school, class_ids=frozenset(one.class_id for one in students)),
            user_id=members[Role.TEACHER].user_id,
        ),
        host_tutor_id=members[Role.COMPANY_ADMIN].user_id,
        coordinator=people.person(
            Grant(
                Role.COORDINATOR, territory_id=members[Role.COORDINATOR].territory_id, provinces=provinces
            ),
            user_id=members[Role.COORDINATOR].user_id,
        ),
        administrator=people.person(Grant(Role.ADMINISTRATOR), user_id=members[Role.ADMINISTRATOR].user_id),
        classes=classes, inside=inside & classes.keys(),
    )  # fmt: skip


def _class_of(session: Session, persona: Student) -> list[Student]:
    """Twenty-five students: the persona's class, filled up from the school's other classes of the same year or any."""
    own = sa.case((Student.class_id == persona.class_id, 0), else_=1)
    year = sa.select(SchoolClass.year).where(SchoolClass.id == persona.class_id).scalar_subquery()
    same = sa.case((SchoolClass.year == year, 0), else_=1)
    found = session.scalars(
        sa.select(Student)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(Student.school_id == persona.school_id)
        .order_by(own, same, Student.class_id, Student.id)
        .limit(CLASS_SIZE)
    )
    return list(found)


def _other_classes(session: Session, cast: Sequence[Student]) -> dict[UUID, list[UUID]]:
    rows = session.execute(
        sa.select(SchoolClass.school_id, SchoolClass.id)
        .join(Student, Student.class_id == SchoolClass.id)
        .where(SchoolClass.id.not_in({one.class_id for one in cast}), Student.archived_at.is_(None))
        .distinct()
        .order_by(SchoolClass.school_id, SchoolClass.id)
    )
    found: defaultdict[UUID, list[UUID]] = defaultdict(list)
    for school_id, class_id in rows:
        found[school_id].append(class_id)
    return dict(found)


def _inside(session: Session, provinces: Collection[str]) -> set[UUID]:
    lies = sa.select(School.id).join(Municipality, Municipality.istat == School.municipality_istat)
    return set(session.scalars(lies.where(Municipality.province_code.in_(provinces))))


def _hosts(session: Session, first: UUID | None) -> list[tuple[Company, CompanySite]]:
    """The persona's company, and others that are approved, each with its main site."""
    order = sa.case((Company.id == first, 0), else_=1)
    rows = session.execute(
        sa.select(Company, CompanySite)
        .join(CompanySite, CompanySite.company_id == Company.id)
        .where(Company.approved_at.is_not(None), CompanySite.is_main)
        .order_by(order, Company.id)
        .limit(HOSTS)
    )
    return [(row.Company, row.CompanySite) for row in rows]
