"""A territory with a school of twelve students, two companies, and what they offer; and another territory beside it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from app.auth.actors import Actor, Grant, Role
from app.companies.models import Company
from app.matches.engine import Engine
from app.matches.survey import Surveyor
from app.network import service
from app.network.service import Territory
from app.opportunities.models import Kind, Opportunity, OpportunitySkill, SkillRole
from app.schools.models import SchoolClass
from app.settings import Settings
from app.students.models import Evidence, Student, StudentSkill
from tests.factories import NOW, Factory

BOLOGNA = Actor("user", None, "Silvia", (Grant(Role.COORDINATOR, provinces=frozenset({"BO"})),))
MILAN = Actor("user", None, "Carlo", (Grant(Role.COORDINATOR, provinces=frozenset({"MI"})),))
ADMINISTRATOR = Actor("user", None, "Ada", (Grant(Role.ADMINISTRATOR),))


@dataclass(frozen=True)
class World:
    """What the tests of the network speak of."""

    make: Factory
    surveyor: Surveyor
    school_class: SchoolClass
    company: Company

    def students(self, number: int, *skills: str, **values: object) -> list[Student]:
        """So many students of the class with these skills at level 3."""
        of = values.pop("of", self.school_class)
        found = [self.make.student(of, **values) for _ in range(number)]  # type: ignore[arg-type]
        for student in found:
            for skill in skills:
                self.make.add(
                    StudentSkill(student_id=student.id, skill_id=skill, level=3, evidence=Evidence.VALIDATED)
                )
        return found

    def offer(self, *skills: str, **values: object) -> Opportunity:
        """A published internship that requires these skills at level 3."""
        offer = self.make.opportunity(
            values.pop("company", self.company),  # type: ignore[arg-type]
            **{"kind": Kind.INTERNSHIP, "hours": 80} | values,
        )
        for skill in skills:
            self.make.add(
                OpportunitySkill(opportunity_id=offer.id, skill_id=skill, role=SkillRole.REQUIRED, level=3)
            )
        self.make.change(offer)
        return offer

    def survey(self, actor: Actor = BOLOGNA) -> Territory:
        """The survey of the actor's territory."""
        with self.make.database.read() as session:
            question = service.ask(session, actor, self.surveyor)
        return service.look(self.surveyor, question)


@pytest.fixture
def world(make: Factory, settings: Settings) -> World:
    for skill in ("plc-programming", "cnc-turning"):
        make.skill(skill)
    surveyor = Surveyor(Engine(settings, lambda: NOW))
    return World(make, surveyor, make.school_class(), make.company(name="Reno"))
