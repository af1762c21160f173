"""A class with its wishes, companies with few seats, and people who run rounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.matches.engine import Engine
from app.opportunities.models import Kind, Opportunity
from app.rounds import service as rounds
from app.rounds import service_publishing, service_runs
from app.rounds.models import Round, RunMode
from app.rounds.rules import Action
from app.rounds.service import Seen
from app.schools.models import SchoolClass
from app.settings import Settings
from app.students.models import Student
from tests.factories import NOW, TODAY, Factory

DATES: dict[str, Any] = {
    "opens_on": TODAY,
    "closes_on": TODAY + timedelta(days=10),
    "publish_by": TODAY + timedelta(days=20),
    "starts_on": date(2026, 6, 1),
    "ends_on": date(2026, 7, 31),
}


def lead_of(school_id: UUID) -> Actor:
    """Who leads the school, as a program that needs no account."""
    return Actor(
        kind="key", id=None, name="lead", grants=(Grant(Role.SCHOOL_LEAD, school_id=school_id),), scopes=None
    )


def teacher_of(school_class: SchoolClass) -> Actor:
    """Who teaches one class."""
    grant = Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    return Actor(kind="key", id=None, name="teacher", grants=(grant,))


@dataclass
class World:
    """One school's class; `students` wish for `offers` as `wish` says."""

    make: Factory
    school_class: SchoolClass
    students: list[Student]
    offers: list[Opportunity]
    engine: Engine
    now: datetime = NOW
    round_id: UUID | None = None
    runs: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, make: Factory, students: int = 3, seats: tuple[int, ...] = (1, 1, 1)) -> World:
        """So many students, and an opportunity for each number of seats."""
        school_class = make.school_class()
        return cls(
            make, school_class, [make.student(school_class) for _ in range(students)],
            [make.opportunity(seats=count, title=f"Posto {number}") for number, count in enumerate(seats)],
            Engine(Settings(), lambda: NOW),
        )  # fmt: skip

    @property
    def database(self) -> Database:
        """Where it all is."""
        return self.make.database

    @property
    def lead(self) -> Actor:
        """Who leads the school."""
        return lead_of(self.school_class.school_id)

    def wish(self, student: int, *offers: int) -> None:
        """The student's list, most wanted first."""
        for position, offer in enumerate(offers, start=1):
            self.make.wish(self.students[student], self.offers[offer], position)

    def open(self, **values: Any) -> Seen:
        """A round of the class for internships."""
        given: dict[str, Any] = {
            "school_id": self.school_class.school_id, "territory_id": None, "name": "Tirocini di giugno",
            "kinds": [Kind.INTERNSHIP], "class_ids": [self.school_class.id], "max_wishes": 5,
            "is_wishes_only": False, **DATES,
        }  # fmt: skip
        with self.database.write() as session:
            seen = rounds.create(session, self.lead, given | values, now=self.now)
        self.round_id = seen.round.id
        return seen

    def move(self, action: Action) -> Seen:
        """One step of the round's life."""
        with self.database.write() as session:
            return rounds.move(session, self.lead, self.id, action, now=self.now)

    def run(self, mode: RunMode = RunMode.STABLE, **values: Any) -> int:
        """Run the round; its number."""
        with self.database.write() as session:
            order, _ = service_runs.ask(session, self.lead, self.id, mode=mode, **values)
        number = service_runs.run(self.database, self.engine, self.lead, order, clock=lambda: self.now)
        self.runs.append(number)
        return number

    def publish(self, number: int | None = None) -> int:
        """Publish the class; how many proposals went out."""
        with self.database.write() as session:
            return service_publishing.publish_class(
                session, self.lead, self.id, self.school_class.id, number or self.runs[-1], now=self.now
            )

    @property
    def id(self) -> UUID:
        """The round's."""
        assert self.round_id is not None
        return self.round_id

    @property
    def row(self) -> Round:
        """The round as it is stored."""
        found = self.make.get(Round, self.id)
        assert found is not None
        return found
