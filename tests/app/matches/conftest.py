"""A small world: one student, and opportunities of each kind around."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pytest

from app.companies.models import Company
from app.opportunities.models import Kind, Opportunity, OpportunitySkill, OpportunitySpan, SkillRole
from app.students.models import Evidence, Student, StudentInterest, StudentSkill
from tests.factories import Factory

SPRING = (date(2026, 5, 4), date(2026, 5, 29))


@dataclass(frozen=True)
class World:
    """What the tests of rankings speak of."""

    make: Factory
    student: Student
    company: Company
    internship: Opportunity
    visit: Opportunity
    training: Opportunity

    def offer(self, kind: Kind, company: Company | None = None, **values: object) -> Opportunity:
        """A published opportunity that needs, or teaches, PLC programming."""
        opportunity = self.make.opportunity(
            company or self.company, kind=kind, title=f"{kind.capitalize()} PLC", hours=80, **values
        )
        role = SkillRole.TAUGHT if kind is Kind.TRAINING else SkillRole.REQUIRED
        self.make.add(
            OpportunitySkill(opportunity_id=opportunity.id, skill_id="plc-programming", role=role, level=3)
        )
        self.make.add(
            OpportunitySpan(
                opportunity_id=opportunity.id, starts_on=SPRING[0], ends_on=SPRING[1], weekdays=31
            )
        )
        self.make.change(opportunity)
        return opportunity


@pytest.fixture
def world(make: Factory) -> World:
    for skill in ("plc-programming", "cnc-turning"):
        make.skill(skill)
    student = make.student()
    make.add(
        StudentSkill(student_id=student.id, skill_id="plc-programming", level=2, evidence=Evidence.VALIDATED)
    )
    make.add(StudentInterest(student_id=student.id, skill_id="plc-programming"))
    company = make.company()
    empty = World(make, student, company, None, None, None)  # type: ignore[arg-type]
    offers = [empty.offer(kind) for kind in (Kind.INTERNSHIP, Kind.VISIT, Kind.TRAINING)]
    return World(make, student, company, *offers)
