"""From a pseudonym to a name, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.auth.models import User
from app.companies.models import Company
from app.disclosures import rules, service
from app.disclosures.models import Disclosure
from app.events.models import Event
from app.opportunities.models import Kind, Opportunity, Status
from app.students.models import Student
from tests.factories import NOW, Factory

URL = "/api/v1/disclosures"


@dataclass
class World:
    """A student, a company with an internship, and everybody whose yes counts."""

    make: Factory
    client: TestClient
    app: FastAPI
    student: Student
    company: Company
    opportunity: Opportunity
    sessions: dict[str, str]

    def call(self, who: str, method: str, path: str, **more: Any) -> Any:
        self.client.cookies.clear()
        self.client.cookies.set("bottega_session", self.sessions[who])
        return self.client.request(method, path, **more)

    def ask(self, who: str = "company", student: Student | None = None) -> Any:
        pseudonym = self.app.state.engine.pseudonym(self.company.id, (student or self.student).id)
        path = f"/api/v1/opportunities/{self.opportunity.id}/disclosures"
        return self.call(who, "POST", path, json={"pseudonym": pseudonym})

    def answer(self, who: str, disclosure_id: str, answer: str, **body: Any) -> Any:
        sent = {"json": body} if answer == "accept" else {}
        return self.call(who, "POST", f"{URL}/{disclosure_id}/{answer}", **sent)

    def read(self, who: str, disclosure_id: str) -> dict[str, Any]:
        body: dict[str, Any] = self.call(who, "GET", f"{URL}/{disclosure_id}").json()
        return body

    def accepted(self) -> str:
        disclosure_id: str = self.ask().json()["id"]
        for who in ("student", "teacher"):
            assert self.answer(who, disclosure_id, "accept").status_code == 200
        return disclosure_id

    def actions(self) -> list[str]:
        with self.make.database.read() as session:
            found = sa.select(Event.action).where(Event.object_type == "disclosure").order_by(Event.id)
            return list(session.scalars(found))


@pytest.fixture
def world(make: Factory, client: TestClient, app: FastAPI) -> World:
    student = make.student(given_name="Giulia", family_name="Rossi")
    company = make.company()
    opportunity = make.opportunity(company, seats=1)
    own = frozenset({student.class_id})
    grants = {
        "student": Grant(Role.STUDENT, student_id=student.id),
        "teacher": Grant(Role.TEACHER, school_id=student.school_id, class_ids=own),
        "lead": Grant(Role.SCHOOL_LEAD, school_id=student.school_id),
        "company": Grant(Role.COMPANY_MEMBER, company_id=company.id),
        "colleague": Grant(Role.COMPANY_ADMIN, company_id=company.id),
        "administrator": Grant(Role.ADMINISTRATOR),
    }
    sessions = {who: make.signed_in(grant, name=who.title()) for who, grant in grants.items()}
    return World(make, client, app, student, company, opportunity, sessions)


# --- asking -----------------------------------------------------------------------------------------------------------


def test_a_request_tells_the_company_nothing_of_the_student(world: World) -> None:
    answer = world.ask()
    body = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"{URL}/{body['id']}")
    assert body == {
        "id": body["id"], "opportunity_id": str(world.opportunity.id), "opportunity_title": "Tirocinio",
        "company_id": str(world.company.id), "company_name": world.company.name, "pseudonym": body["pseudonym"],
        "state": "waiting", "requested_at": "2026-01-12T09:00:00Z", "expires_at": "2026-02-11T09:00:00Z",
        "student_accepted_at": None, "school_accepted_at": None, "student_id": None, "student_name": None,
        "tutor": None,
    }  # fmt: skip


def test_the_student_and_the_school_read_who_is_asked_for(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    for who in ("student", "teacher", "lead", "administrator"):
        body = world.read(who, disclosure_id)
        assert (body["student_name"], body["student_id"]) == ("Giulia Rossi", str(world.student.id))


@pytest.mark.parametrize("pseudonym", ["AAAA-AAAA", "2222-2222"])
def test_an_unknown_pseudonym_is_no_candidate(world: World, pseudonym: str) -> None:
    path = f"/api/v1/opportunities/{world.opportunity.id}/disclosures"
    answer = world.call("company", "POST", path, json={"pseudonym": pseudonym})
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "pseudonym")


def test_whom_the_opportunity_does_not_fit_is_no_candidate(world: World) -> None:
    world.make.change(world.opportunity, min_age=60)
    assert world.ask().json()["type"] == "/problems/unknown-candidate"


def test_the_pseudonym_of_another_company_is_no_candidate(world: World) -> None:
    pseudonym = world.app.state.engine.pseudonym(world.make.company().id, world.student.id)
    path = f"/api/v1/opportunities/{world.opportunity.id}/disclosures"
    assert world.call("company", "POST", path, json={"pseudonym": pseudonym}).status_code == 422


def test_only_a_published_opportunity_asks(world: World) -> None:
    world.make.change(world.opportunity, status=Status.CLOSED)
    assert world.ask().json()["type"] == "/problems/not-ranked"


def test_what_changes_between_the_two_steps_is_seen_by_the_second(world: World) -> None:
    company = Grant(Role.COMPANY_MEMBER, company_id=world.company.id)
    from app.auth.actors import Actor
    from app.matches.service import NotRanked

    actor = Actor(kind="user", id=None, name="Anna", grants=(company,))
    gone = world.make.student()
    with world.make.database.write() as session:
        session.delete(session.get_one(Student, gone.id))
    with world.make.database.write() as session, pytest.raises(service.UnknownCandidate):
        service.ask(session, actor, world.opportunity.id, gone.id, now=NOW, days=1)
    world.make.change(world.opportunity, status=Status.CLOSED)
    with world.make.database.write() as session, pytest.raises(NotRanked):
        service.ask(session, actor, world.opportunity.id, world.student.id, now=NOW, days=1)


def test_a_candidate_is_asked_for_once(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    assert world.ask("colleague").json()["type"] == "/problems/asked-already"
    world.answer("student", disclosure_id, "refuse")
    assert world.ask().json()["type"] == "/problems/asked-already"


def test_a_request_that_nobody_answered_may_be_repeated(world: World) -> None:
    first = world.make.disclosure(world.student, world.opportunity, expires_at=NOW)
    assert world.ask().status_code == 201
    old = world.make.get(Disclosure, first.id)
    assert old is not None
    assert (old.withdrawn_by, old.withdrawn_at) == ("system:expired", NOW)


def test_two_open_requests_for_one_candidate_meet_the_table(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ask()
    monkeypatch.setattr(service, "_refuse_repetition", lambda *_: None)
    assert world.ask().json()["type"] == "/problems/asked-already"


def test_no_more_than_three_for_each_seat_wait(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    others = [world.make.student() for _ in range(4)]
    answers = [world.ask(student=one).status_code for one in others]
    assert answers == [201, 201, 201, 409]
    assert world.ask(student=others[3]).json()["type"] == "/problems/too-many-waiting"
    monkeypatch.setattr(rules, "most_waiting", lambda _: 100)  # the guard switched off
    assert world.ask(student=others[3]).status_code == 201


# --- answering --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", [("student", "teacher"), ("teacher", "student")])
def test_the_name_shows_once_both_have_accepted(world: World, order: tuple[str, str]) -> None:
    disclosure_id = world.ask().json()["id"]
    world.answer(order[0], disclosure_id, "accept")
    before = world.read("company", disclosure_id)
    assert (before["state"], before["student_name"], before["tutor"]) == ("waiting", None, None)
    world.answer(order[1], disclosure_id, "accept")
    after = world.read("company", disclosure_id)
    with world.make.database.read() as session:
        teacher = session.query(User).filter_by(name="Teacher").one()
    assert (after["state"], after["student_name"]) == ("accepted", "Giulia Rossi")
    assert after["tutor"] == {"name": "Teacher", "email": teacher.email}
    assert (after["student_id"], after["student_accepted_at"], after["school_accepted_at"]) == (
        None,
        None,
        None,
    )


def test_each_reading_of_a_name_is_recorded_and_only_those(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    world.read("company", disclosure_id)
    for who in ("student", "teacher"):
        world.answer(who, disclosure_id, "accept")
    world.read("teacher", disclosure_id)
    assert "disclosure.read" not in world.actions()
    world.read("company", disclosure_id)
    world.call("company", "GET", URL)
    assert world.actions() == [
        "disclosure.requested", "disclosure.accepted", "disclosure.accepted", "disclosure.read", "disclosure.read",
    ]  # fmt: skip


def test_the_student_sees_that_the_company_has_read_the_name(world: World) -> None:
    disclosure_id = world.accepted()
    path = f"/api/v1/students/{world.student.id}/looks"
    names = [one for one in world.call("student", "GET", path).json()["items"] if one["kind"] == "name"]
    assert names == []
    world.read("company", disclosure_id)
    [look] = [one for one in world.call("student", "GET", path).json()["items"] if one["kind"] == "name"]
    assert (look["viewer_name"], look["times"]) == (world.company.name, 1)


@pytest.mark.parametrize("who", ["student", "teacher", "lead", "company", "colleague"])
def test_a_name_that_is_taken_back_shows_no_longer(world: World, who: str) -> None:
    disclosure_id = world.accepted()
    assert world.answer(who, disclosure_id, "withdraw").json()["state"] == "withdrawn"
    body = world.read("company", disclosure_id)
    assert (body["state"], body["student_name"], body["tutor"]) == ("withdrawn", None, None)
    for answer, status in (("accept", 409), ("withdraw", 200)):
        assert world.answer("student", disclosure_id, answer).status_code == status


def test_one_no_is_enough_and_final(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    world.answer("student", disclosure_id, "accept")
    assert world.answer("lead", disclosure_id, "refuse").json()["state"] == "refused"
    assert world.answer("lead", disclosure_id, "refuse").status_code == 200
    assert world.answer("teacher", disclosure_id, "accept").json()["type"] == "/problems/not-open"
    assert world.answer("company", disclosure_id, "withdraw").json()["type"] == "/problems/not-open"
    assert world.read("company", disclosure_id)["student_name"] is None


def test_a_second_yes_of_the_same_side_changes_nothing(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    first = world.answer("student", disclosure_id, "accept").json()
    assert world.answer("student", disclosure_id, "accept").json() == first
    assert world.actions().count("disclosure.accepted") == 1


def test_a_name_shows_for_so_long_after_the_second_yes(world: World) -> None:
    disclosure = world.make.disclosure(world.student, world.opportunity, expires_at=NOW + timedelta(days=1))
    for who in ("student", "teacher"):
        last = world.answer(who, str(disclosure.id), "accept").json()
    assert last["expires_at"] == "2026-02-11T09:00:00Z"


def test_after_its_time_nothing_is_accepted_or_shown(world: World) -> None:
    yes = {"student_accepted_at": NOW, "student_accepted_by": "system:tests"}
    disclosure = world.make.disclosure(world.student, world.opportunity, expires_at=NOW, **yes)
    assert world.answer("teacher", str(disclosure.id), "accept").status_code == 409
    assert world.read("company", str(disclosure.id))["state"] == "expired"


def test_only_the_student_and_the_school_answer(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    for who in ("company", "administrator"):
        for answer in ("accept", "refuse"):
            assert world.answer(who, disclosure_id, answer).json()["type"] == "/problems/not-yours-to-answer"
    assert world.answer("administrator", disclosure_id, "withdraw").status_code == 403


# --- the tutor --------------------------------------------------------------------------------------------------------


def test_the_school_may_name_another_tutor_of_its_own(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    world.answer("student", disclosure_id, "accept")
    with world.make.database.read() as session:
        lead, company = (session.query(User).filter_by(name=name).one().id for name in ("Lead", "Company"))
    refused = world.answer("teacher", disclosure_id, "accept", tutor_id=str(company))
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "tutor_id")
    world.answer("teacher", disclosure_id, "accept", tutor_id=str(lead))
    assert world.read("company", disclosure_id)["tutor"]["name"] == "Lead"


def test_who_has_been_switched_off_is_nobodys_tutor(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    with world.make.database.write() as session:
        lead = session.query(User).filter_by(name="Lead").one()
        lead.is_active = False
        tutor_id = str(lead.id)
    refused = world.answer("teacher", disclosure_id, "accept", tutor_id=tutor_id)
    assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, "tutor_id")


def test_a_student_names_no_tutor_and_a_program_must(world: World) -> None:
    disclosure_id = world.ask().json()["id"]
    with world.make.database.read() as session:
        lead = str(session.query(User).filter_by(name="Lead").one().id)
    assert world.answer("student", disclosure_id, "accept", tutor_id=lead).status_code == 422
    world.client.cookies.clear()
    register = world.make.bearer(Role.SCHOOL_LEAD, school_id=world.student.school_id)
    path = f"{URL}/{disclosure_id}/accept"
    assert world.client.post(path, json={}, headers=register).status_code == 422
    assert world.client.post(path, json={"tutor_id": lead}, headers=register).status_code == 200


# --- lists ------------------------------------------------------------------------------------------------------------


def test_lists_have_pages_and_filters(world: World) -> None:
    students = [world.student, *(world.make.student() for _ in range(2))]
    for minutes, one in enumerate(students):
        world.make.disclosure(one, world.opportunity, requested_at=NOW + timedelta(minutes=minutes))
    pages, cursor = [], None
    for _ in range(2):
        params = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = world.call("company", "GET", URL, params=params).json()
        pages.append([item["pseudonym"] for item in page["items"]])
        cursor = page["next_cursor"]
    pseudonyms = [world.app.state.engine.pseudonym(world.company.id, one.id) for one in students]
    assert (pages, cursor) == ([pseudonyms[:0:-1], pseudonyms[:1]], None)
    count: Callable[..., int] = lambda who, **params: len(  # noqa: E731
        world.call(who, "GET", URL, params=params).json()["items"]
    )
    assert count("teacher", class_id=str(world.student.class_id)) == 1
    assert count("teacher", student_id=str(students[1].id)) == 0
    assert count("company", opportunity_id=str(world.opportunity.id)) == 3
    assert count("company", company_id=str(world.company.id)) == 3


def test_a_company_cannot_find_a_student_by_asking(world: World) -> None:
    world.make.disclosure(world.student, world.opportunity)
    for name, value in {"student_id": world.student.id, "class_id": world.student.class_id}.items():
        assert world.call("company", "GET", URL, params={name: str(value)}).json()["items"] == []


def test_people_of_a_training_body_see_no_request_of_an_internship(world: World) -> None:
    with world.make.database.write() as session:
        session.get_one(Company, world.company.id).kind = "training_body"
    visit = world.make.opportunity(world.company, kind=Kind.VISIT)
    asked = [world.make.disclosure(world.student, one) for one in (world.opportunity, visit)]
    grant = Grant(Role.TRAINING_BODY, company_id=world.company.id)
    world.sessions["training body"] = world.make.signed_in(grant)
    items = world.call("training body", "GET", URL).json()["items"]
    assert [item["id"] for item in items] == [str(asked[1].id)]
    assert world.call("training body", "GET", f"{URL}/{asked[0].id}").status_code == 404
