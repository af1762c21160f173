"""A placement, and everybody whose signature its papers need."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.agreements import service_clock
from app.agreements.models import Document, Paper, Signatory, Signature
from app.auth.actors import Grant, Role
from app.auth.models import User
from app.companies.models import Company
from app.mails.models import Mail
from app.placements.models import Placement, State
from app.schools.models import School
from app.students.models import Student
from tests import mailbox
from tests.factories import NOW, Factory

SITE = "http://127.0.0.1:8000"
CODE = re.compile(r"[3-9A-Y]{4}-[3-9A-Y]{4}")
TOKEN = re.compile(r"\?t=([\w-]+)")


@dataclass
class Land:
    """One school, one host, one student who is a minor."""

    make: Factory
    client: TestClient
    school: School
    company: Company
    student: Student
    placement: Placement
    sessions: dict[str, str]

    def call(self, who: str, method: str, path: str, **more: Any) -> Any:
        self.client.cookies.clear()
        if who in self.sessions:
            self.client.cookies.set("bottega_session", self.sessions[who])
        return self.client.request(method, f"/api/v1{path}", **more)

    def move(self, who: str, paper_id: object, action: str, **body: Any) -> Any:
        return self.call(who, "POST", f"/papers/{paper_id}/move", json={"action": action, **body})

    def paper(self, paper_id: object, who: str = "lead") -> Any:
        return self.call(who, "GET", f"/papers/{paper_id}").json()

    def digest(self, paper_id: object) -> str:
        with self.make.database.read() as session:
            found = sa.select(Document.digest).join(
                Paper.__table__, Paper.__table__.c.document_id == Document.id
            )
            return session.scalars(found.where(Paper.__table__.c.id == _id(paper_id))).one()

    def code(self, who: str, paper_id: object) -> str:
        """Have a code mailed, and read the mail."""
        answer = self.call(who, "POST", f"/papers/{paper_id}/signing-codes")
        assert answer.status_code == 201, answer.text
        [code] = set(CODE.findall(self.last_mail().body_text))
        return str(code)

    def last_mail(self) -> Mail:
        return mailbox.written(self.make.database)[-1]

    def sign(self, who: str, paper_id: object, **body: Any) -> Any:
        given = {"digest": self.digest(paper_id)} | body
        if "code" not in given:
            given["code"] = self.code(who, paper_id)
        return self.call(who, "POST", f"/papers/{paper_id}/sign", json=given)

    def record(self, paper_id: object, *roles: str, who: str = "lead", **body: Any) -> Any:
        sent = {"roles": roles, "signed_on": "2026-01-12", "archive_number": "Prot. 12/2026"} | body
        sent = {name: value for name, value in sent.items() if value is not None}
        return self.call(who, "POST", f"/papers/{paper_id}/signatures", json=sent)

    def signatures(self, paper_id: object) -> dict[str, Signature]:
        with self.make.database.read() as session:
            paper = session.get_one(Paper, _id(paper_id))
            found = session.scalars(sa.select(Signature).where(Signature.document_id == paper.document_id))
            return {one.role: one for one in found}

    def state(self, paper_id: object) -> str:
        with self.make.database.read() as session:
            return session.get_one(Paper, _id(paper_id)).state

    def placement_state(self) -> State:
        with self.make.database.read() as session:
            return session.get_one(Placement, self.placement.id).state

    def plan_to_sign(self) -> str:
        plan_id = str(self.make.plan(self.placement).id)
        answer = self.move("teacher", plan_id, "open")
        assert answer.status_code == 200, answer.text
        return plan_id

    def user_id(self, name: str) -> UUID:
        with self.make.database.read() as session:
            return session.scalars(sa.select(User.id).where(User.name == name)).one()


def _id(given: object) -> UUID:
    return given if isinstance(given, UUID) else UUID(str(given))


def settle(make: Factory, client: TestClient, app: FastAPI) -> Land:
    assert app
    school, company = make.school(), make.company()
    school_class = make.school_class(school)
    student = make.student(school_class, given_name="Giulia", family_name="Rossi")
    opportunity = make.opportunity(company, text="Cabla quadri elettrici.")
    own = frozenset({school_class.id})
    grants = {
        "student": Grant(Role.STUDENT, student_id=student.id),
        "teacher": Grant(Role.TEACHER, school_id=school.id, class_ids=own),
        "lead": Grant(Role.SCHOOL_LEAD, school_id=school.id),
        "host": Grant(Role.COMPANY_ADMIN, company_id=company.id),
        "member": Grant(Role.COMPANY_MEMBER, company_id=company.id),
        "stranger": Grant(Role.SCHOOL_LEAD, school_id=make.school().id),
        "administrator": Grant(Role.ADMINISTRATOR),
    }
    sessions = {who: make.signed_in(grant, name=who.title()) for who, grant in grants.items()}
    land = Land(make, client, school, company, student, Placement(), sessions)
    land.placement = make.placement(
        student, opportunity, starts_on=date(2026, 2, 9), school_tutor_id=land.user_id("Teacher"),
        host_tutor_id=land.user_id("Member"),
    )  # fmt: skip
    make.add(Signatory(school_id=school.id, user_id=land.user_id("Lead"), name="Lead"))
    make.add(Signatory(company_id=company.id, user_id=land.user_id("Host"), name="Host"))
    return land


def slug(answer: Any) -> str:
    return str(answer.json()["type"]).removeprefix("/problems/")


def fields(answer: Any) -> list[str]:
    return [fault["field"] for fault in answer.json().get("faults", [])]


def keep(land: Land, days: float) -> dict[str, int]:
    return service_clock.keep(land.make.database, NOW + timedelta(days=days), SITE)
