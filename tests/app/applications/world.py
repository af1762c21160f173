"""A student, a school and companies: what each does with an application, each in a block of its own."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.applications import service, service_clocks, service_moves
from app.applications.models import Application
from app.applications.models import ApplicationEnd as EndReason
from app.applications.models import ApplicationState as State
from app.applications.rules import ApplicationAction as Action
from app.applications.rules import Caps
from app.applications.service_moves import Wanted
from app.auth.actors import Actor, Grant, Role, system
from app.opportunities.models import Opportunity, OpportunitySpan
from app.placements.service import Terms
from app.students.models import Student
from tests.factories import NOW, Factory

CAPS = Caps(open_per_student=3, contacts_per_month=50)
MONDAY = date(2026, 3, 2)
FRIDAY = date(2026, 3, 13)


class World:
    """A student, staff of the class, and companies with internships of ten days."""

    def __init__(self, make: Factory) -> None:
        self.make, self.database = make, make.database
        self.student = make.student()

    def opportunity(self, starts_on: date = MONDAY, ends_on: date = FRIDAY, **values: Any) -> Opportunity:
        made = self.make.opportunity(**{"hours": 80} | values)
        self.make.add(OpportunitySpan(opportunity_id=made.id, starts_on=starts_on, ends_on=ends_on))
        return made

    def giulia(self, student: Student | None = None) -> Actor:
        grant = Grant(Role.STUDENT, student_id=(student or self.student).id)
        return Actor(kind="user", id=None, name="Giulia", grants=(grant,))

    def school(self) -> Actor:
        grant = Grant(Role.SCHOOL_LEAD, school_id=self.student.school_id)
        return Actor(kind="user", id=None, name="Marco", grants=(grant,))

    def company(self, opportunity: Opportunity) -> Actor:
        grant = Grant(Role.COMPANY_MEMBER, company_id=opportunity.company_id)
        return Actor(kind="user", id=None, name="Roberto", grants=(grant,))

    def apply(self, opportunity: Opportunity, student: Student | None = None, **values: Any) -> Application:
        student = student or self.student
        with self.database.write() as session:
            return service.apply(
                session, self.giulia(student), student.id, opportunity.id,
                **{"now": NOW, "caps": CAPS} | values,
            )  # fmt: skip

    def propose(self, opportunity: Opportunity, student: Student | None = None, **values: Any) -> Application:
        terms = Terms(starts_on=MONDAY, ends_on=FRIDAY, daily_hours=8, planned_hours=80)
        with self.database.write() as session:
            student = session.get_one(Student, (student or self.student).id)
            offered = session.get_one(Opportunity, opportunity.id)
            return service.propose(
                session, system("round"), student, offered, terms,
                **{"round_id": None, "now": NOW} | values,
            )  # fmt: skip

    def move(
        self,
        actor: Actor,
        action: Action,
        *applications: Application,
        reason: EndReason | None = None,
        **values: Any,
    ) -> list[State]:
        wanted = [Wanted(one.id) for one in applications]
        with self.database.write() as session:
            moved = service_moves.move(
                session, actor, action, wanted, reason=reason, **{"now": NOW, "caps": CAPS} | values
            )
            return [one.application.state for one in moved]

    def to(self, state: State, application: Application) -> None:
        """Take an application on to a state by the usual way."""
        offered = self.make.get(Opportunity, application.opportunity_id)
        assert offered is not None
        steps = {
            State.ACCEPTED: (self.company(offered), Action.ACCEPT),
            State.CONFIRMED: (self.giulia(), Action.CONFIRM),
            State.APPROVED: (self.school(), Action.APPROVE),
        }
        for reached, (actor, action) in steps.items():
            self.move(actor, action, application)
            if reached is state:
                return

    def now(self, application: Application) -> Application:
        found = self.make.get(Application, application.id)
        assert found is not None
        return found

    def seats_taken(self, opportunity: Opportunity) -> int:
        found = self.make.get(Opportunity, opportunity.id)
        assert found is not None
        return found.seats_taken

    def tick(self, days: float = 0, caps: Caps = CAPS) -> dict[str, int]:
        return service_clocks.run(self.database, NOW + timedelta(days=days), caps)
