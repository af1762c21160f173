"""One running placement and everybody around it, each with the headers of a session of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.actors import Actor, Grant, Role
from app.laws import loading as laws
from app.opportunities.models import Opportunity, OpportunitySkill, SkillRole
from app.placements.models import Placement, State
from app.students.models import Student
from tests.factories import ACTOR, Factory

MONDAY = date(2026, 1, 5)


def actor_of(grant: Grant) -> Actor:
    return Actor(kind="user", id=None, name="Anna", grants=(grant,))


@dataclass
class Place:
    """A placement of two weeks since Monday the fifth of January; it is Monday the twelfth, nine o'clock."""

    make: Factory
    student: Student
    opportunity: Opportunity
    placement: Placement

    @property
    def pupil(self) -> Grant:
        return Grant(Role.STUDENT, student_id=self.student.id)

    @property
    def host(self) -> Grant:
        return Grant(Role.COMPANY_MEMBER, company_id=self.opportunity.company_id)

    @property
    def teacher(self) -> Grant:
        return Grant(
            Role.TEACHER, school_id=self.student.school_id, class_ids=frozenset({self.student.class_id})
        )

    @property
    def path(self) -> str:
        return f"/api/v1/placements/{self.placement.id}"


def place(make: Factory, *, student: Student | None = None, **values: Any) -> Place:
    """One that runs, by the shipped rules of law."""
    with make.database.write() as session:
        laws.load(session, ACTOR, laws.read_rules())
    student = student or make.student()
    opportunity = make.opportunity()
    make.skill()
    make.add(
        OpportunitySkill(
            opportunity_id=opportunity.id, skill_id="plc-programming", role=SkillRole.WANTED, level=2
        )
    )
    values = {"state": State.RUNNING, "starts_on": MONDAY} | values
    return Place(make, student, opportunity, make.placement(student, opportunity, **values))


class Seat:
    """A caller who is signed in as somebody."""

    def __init__(self, client: TestClient, make: Factory, grant: Grant | Role) -> None:
        self.client = client
        self.token = make.signed_in(grant)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        self.client.cookies.clear()
        self.client.cookies.set(auth.COOKIE, self.token)
        kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
        if body is not None:
            headers["Content-Type"] = kind
        return self.client.request(method, path, json=body, headers=headers)
