"""Several answers at once, all or none; what a yes and a no do to the request for the name; two colleagues at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import errors
from app.answers import rules, service
from app.answers.models import Answer, Reason, Verdict
from app.answers.rules import Given
from app.auth.actors import Actor, Grant, Role
from app.companies.models import Company
from app.db import Database
from app.disclosures.models import Disclosure
from app.events.models import Event
from app.opportunities.models import Opportunity, Status
from app.students.models import Student
from tests.factories import NOW, Factory


@dataclass
class World:
    """A company with an internship, and three students whom it fits."""

    make: Factory
    client: TestClient
    app: FastAPI
    company: Company
    opportunity: Opportunity
    students: list[Student]
    sessions: dict[str, str]

    @property
    def path(self) -> str:
        return f"/api/v1/opportunities/{self.opportunity.id}/answers"

    def item(self, number: int, verdict: str, reason: str | None = None, version: int = 0) -> dict[str, Any]:
        pseudonym = self.app.state.engine.pseudonym(self.company.id, self.students[number].id)
        return {"pseudonym": pseudonym, "verdict": verdict, "reason": reason, "version": version}

    def give(self, *items: dict[str, Any], who: str = "anna") -> Any:
        self.client.cookies.clear()
        self.client.cookies.set("bottega_session", self.sessions[who])
        return self.client.post(self.path, json={"items": list(items)})

    def read(self, who: str = "anna") -> dict[str, str]:
        self.client.cookies.clear()
        self.client.cookies.set("bottega_session", self.sessions[who])
        return {one["pseudonym"]: one["verdict"] for one in self.client.get(self.path).json()["items"]}

    def asked(self) -> list[Disclosure]:
        with self.make.database.read() as session:
            return list(session.scalars(sa.select(Disclosure).where(Disclosure.withdrawn_at.is_(None))))


@pytest.fixture
def world(make: Factory, client: TestClient, app: FastAPI) -> World:
    company = make.company()
    school_class = make.school_class()
    students = [make.student(school_class) for _ in range(3)]
    colleague = Grant(Role.COMPANY_MEMBER, company_id=company.id)
    sessions = {name: make.signed_in(colleague, name=name.title()) for name in ("anna", "bruno")}
    opportunity = make.opportunity(company, seats=1)
    return World(make, client, app, company, opportunity, students, sessions)


def test_all_who_work_there_see_the_same_answers(world: World) -> None:
    answer = world.give(world.item(0, "maybe"), world.item(1, "no", "too_far"))
    assert answer.status_code == 201
    first = answer.json()["items"][0]
    assert first == world.item(0, "maybe", version=1) | {"answered_at": "2026-01-12T09:00:00Z"}
    expected = {world.item(0, "")["pseudonym"]: "maybe", world.item(1, "")["pseudonym"]: "no"}
    assert world.read("anna") == world.read("bruno") == expected


def test_a_yes_asks_for_the_name_and_a_no_takes_the_question_back(world: World) -> None:
    world.give(world.item(0, "yes"), world.item(1, "maybe"))
    [asked] = world.asked()
    assert asked.student_id == world.students[0].id
    assert world.give(world.item(0, "no", "plans_changed", version=1)).status_code == 201
    assert world.asked() == []
    again = world.give(world.item(0, "yes", version=2))
    assert (again.status_code, again.json()["type"]) == (409, "/problems/asked-already")
    assert world.read()[world.item(0, "")["pseudonym"]] == "no"


def test_to_repeat_an_answer_changes_nothing(world: World) -> None:
    world.give(world.item(0, "yes"))
    again = world.give(world.item(0, "yes"), who="bruno")
    assert (again.status_code, again.json()["items"][0]["version"]) == (201, 1)
    assert len(world.asked()) == 1
    with world.make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Event.action == "answer.given")) == 1


def test_a_colleague_is_not_overwritten_and_nothing_is_half_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.give(world.item(0, "maybe"))
    answer = world.give(world.item(1, "maybe"), world.item(0, "no", "too_far"), who="bruno")
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/answered-meanwhile")
    assert [one["field"] for one in answer.json()["faults"]] == ["items.1.version"]
    assert list(world.read().values()) == ["maybe"]
    monkeypatch.setattr(rules, "is_overtaken", lambda *_, **__: False)  # the guard switched off
    assert world.give(world.item(0, "no", "too_far"), who="bruno").status_code == 201
    assert list(world.read().values()) == ["no"]


def test_too_many_names_at_once_store_nothing(world: World) -> None:
    world.students += [world.make.student() for _ in range(2)]
    answer = world.give(*(world.item(number, "yes") for number in range(4)))
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/too-many-waiting")
    assert (world.asked(), world.read()) == ([], {})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"pseudonym": "AAAA-AAAA"}, "items.0.pseudonym"),
        ({"verdict": "no"}, "items.0.reason"),
        ({"reason": "too_far"}, "items.0.reason"),
        ({"reason": "ugly"}, "items.0.reason"),
        ({"verdict": "perhaps"}, "items.0.verdict"),
        ({"version": -1}, "items.0.version"),
    ],
)
def test_every_fault_names_its_field(world: World, change: dict[str, Any], field: str) -> None:
    answer = world.give(world.item(0, "maybe") | change)
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, field)


def test_whom_it_no_longer_fits_is_no_candidate(world: World) -> None:
    world.make.change(world.opportunity, min_age=60)
    assert world.give(world.item(0, "maybe")).json()["faults"][0]["field"] == "items.0.pseudonym"
    world.make.change(world.opportunity, status=Status.CLOSED)
    assert world.give(world.item(0, "maybe")).json()["type"] == "/problems/not-ranked"


def test_no_student_reads_an_answer(world: World) -> None:
    world.give(world.item(0, "no", "other_skills"))
    student = world.students[0]
    world.sessions["student"] = world.make.signed_in(
        Grant(Role.STUDENT, student_id=student.id), name="Giulia"
    )
    world.client.cookies.clear()
    world.client.cookies.set("bottega_session", world.sessions["student"])
    assert world.client.get(world.path).status_code == 403
    for path in (
        f"/api/v1/students/{student.id}",
        f"/api/v1/students/{student.id}/matches",
        "/api/v1/disclosures",
    ):
        assert "other_skills" not in world.client.get(path).text
    page = world.client.get(f"/students/{student.id}").text
    assert "altre competenze" not in page


def test_of_two_at_once_one_is_told_of_the_other(shared: Database) -> None:
    make = Factory(shared)
    opportunity, school_class = make.opportunity(), make.school_class()
    grant = Grant(Role.COMPANY_MEMBER, company_id=opportunity.company_id)
    actor = Actor(kind="user", id=None, name="A", grants=(grant,))
    for _ in range(10):
        student_id, barrier = make.student(school_class).id, Barrier(2)

        def call(one: Given, barrier: Barrier = barrier) -> object:
            barrier.wait()
            try:
                with shared.write() as session:
                    return service.give(session, actor, opportunity.id, [one], now=NOW, days=1)
            except errors.Problem as problem:
                return problem

        said = [Given(student_id, Verdict.MAYBE), Given(student_id, Verdict.NO, Reason.TOO_FAR)]
        with ThreadPoolExecutor(2) as pool:
            results = list(pool.map(call, said))
        assert sum(isinstance(one, service.AnsweredMeanwhile) for one in results) == 1
        with shared.read() as session:
            [row] = session.scalars(sa.select(Answer).where(Answer.student_id == student_id))
        assert row.version == 1
