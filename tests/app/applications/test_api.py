"""Applications over the API: what each side reads of one, several steps at once, and how much a company is sent."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.applications.models import Application
from app.auth.actors import Grant, Role
from app.matches.engine import Engine
from app.opportunities.models import Opportunity
from app.settings import Settings
from tests.app.applications.world import World
from tests.app.students.callers import match, person, staff, student_of
from tests.factories import NOW, TODAY, Factory

API = "/api/v1"
DAYS = {"starts_on": "2026-03-02", "ends_on": "2026-03-13"}


@pytest.fixture
def world(make: Factory) -> World:
    return World(make)


@pytest.fixture
def offered(world: World) -> Opportunity:
    return world.opportunity(title="Tornio", company=world.make.company(name="Reno"))


def company_of(make: Factory, offered: Opportunity) -> dict[str, str]:
    return person(make, Grant(Role.COMPANY_MEMBER, company_id=offered.company_id))


def moves(action: str, *applications: dict[str, Any], **more: str) -> dict[str, Any]:
    items = [{"application_id": one["id"], "version": one["version"]} for one in applications]
    return {"action": action, "items": items} | more


def test_each_side_reads_what_is_theirs(
    client: TestClient, world: World, make: Factory, offered: Opportunity
) -> None:
    me, theirs = student_of(make, world.student.id), company_of(make, offered)
    made = client.post(
        f"{API}/students/{world.student.id}/applications",
        json={"opportunity_id": str(offered.id)} | DAYS,
        headers=me | {"Idempotency-Key": "one-and-the-same"},
    )
    assert made.status_code == 201, made.text
    body = made.json()
    pseudonym = Engine(Settings(), lambda: NOW).pseudonym(offered.company_id, world.student.id)
    assert body == {
        "id": body["id"], "opportunity_id": str(offered.id), "opportunity_title": "Tornio", "kind": "internship",
        "company_id": str(offered.company_id), "company_name": "Reno", "pseudonym": pseudonym, "state": "submitted",
        "waits_for": "company", "due_at": "2026-01-26T09:00:00Z", **DAYS, "created_at": "2026-01-12T09:00:00Z",
        "delivered_at": "2026-01-12T09:00:00Z", "company_accepted_at": None, "student_confirmed_at": None,
        "school_approved_at": None, "ended_at": None, "ended_for": None, "end_reason": None, "placement_id": None,
        "student_id": str(world.student.id), "student_name": body["student_name"], "actions": ["withdraw"],
        "version": body["version"],
    }  # fmt: skip
    assert made.headers["location"] == f"{API}/applications/{body['id']}"
    assert made.headers["etag"] == f'"{body["version"]}"'
    seen = client.get(f"{API}/applications/{body['id']}", headers=theirs).json()
    assert seen == body | {
        "student_id": None, "student_name": None, "actions": ["see", "shortlist", "accept", "reject"],
    }  # fmt: skip


def test_a_repeated_call_makes_one(
    client: TestClient, world: World, make: Factory, offered: Opportunity
) -> None:
    me = student_of(make, world.student.id) | {"Idempotency-Key": "one-and-the-same"}
    url, body = f"{API}/students/{world.student.id}/applications", {"opportunity_id": str(offered.id)}
    first, second = (client.post(url, json=body, headers=me) for _ in range(2))
    assert first.json() == second.json()
    again = client.post(url, json=body, headers=me | {"Idempotency-Key": "another-call"})
    assert again.json()["id"] == first.json()["id"]


def test_three_sides_move_it_to_a_placement(
    client: TestClient, world: World, make: Factory, offered: Opportunity
) -> None:
    application = world.apply(offered)
    url, one = f"{API}/application-moves", {"id": str(application.id), "version": application.version}
    callers = {
        "accept": company_of(make, offered), "confirm": student_of(make, world.student.id),
        "approve": staff(make, world.make.school_class(school_id=world.student.school_id)),
    }  # fmt: skip
    for action, headers in callers.items():
        answer = client.post(url, json=moves(action, one), headers=headers)
        assert answer.status_code == 201, answer.text
        [one] = answer.json()["items"]
    assert (one["state"], one["waits_for"], one["actions"]) == ("approved", None, [])
    assert one["placement_id"] is not None
    seen = client.get(f"{API}/applications/{one['id']}", headers=callers["accept"]).json()
    assert seen["student_name"] == f"{world.student.given_name} {world.student.family_name}"


@pytest.mark.parametrize(
    ("change", "status", "kind", "field"),
    [
        ({"action": "reject"}, 422, "unfit-moves", "reason"),
        ({"action": "see", "reason": "too_far"}, 422, "unfit-moves", "reason"),
        ({"action": "reject", "reason": "no_agreement"}, 422, "unfit-moves", "reason"),
        ({"action": "fly"}, 422, "malformed", "action"),
        ({"items": []}, 422, "malformed", "items"),
        ({"version": 7}, 409, "moved-meanwhile", "items.0.version"),
        ({"action": "cancel", "reason": "too_far"}, 409, "wrong-step", "items.0.application_id"),
    ],
)
def test_what_is_wrong_is_named(
    client: TestClient, world: World, make: Factory, offered: Opportunity, change: dict[str, Any], status: int,
    kind: str, field: str,
) -> None:  # fmt: skip
    application = world.apply(offered)
    change = {"version": application.version} | change  # a copy: the parameters are there for both databases
    body = moves("see", {"id": str(application.id), "version": change.pop("version")}) | change
    answer = client.post(f"{API}/application-moves", json=body, headers=company_of(make, offered))
    assert answer.status_code == status, answer.text
    found = answer.json()
    assert [fault["field"] for fault in found["faults"]] == [field]
    if kind != "malformed":
        assert found["type"] == f"/problems/{kind}"


@pytest.mark.parametrize(
    ("days", "field"),
    [
        ({"starts_on": "2026-03-02"}, "ends_on"),
        ({"starts_on": str(TODAY), "ends_on": str(TODAY)}, "starts_on"),
        ({"starts_on": "2026-03-13", "ends_on": "2026-03-02"}, "ends_on"),
        ({"starts_on": "2026-04-01", "ends_on": "2026-04-02"}, "starts_on"),
        ({"starts_on": "2026-03-07", "ends_on": "2026-03-08"}, "starts_on"),  # a weekend
    ],
)
def test_days_that_cannot_be_had_are_named(
    client: TestClient, world: World, make: Factory, offered: Opportunity, days: dict[str, str], field: str
) -> None:
    answer = client.post(
        f"{API}/students/{world.student.id}/applications",
        json={"opportunity_id": str(offered.id)} | days,
        headers=student_of(make, world.student.id),
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/unfit-days")
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


def test_lists_are_filtered_and_go_on_by_cursor(client: TestClient, world: World, make: Factory) -> None:
    company = make.company()
    offers = [world.opportunity(company=company) for _ in range(3)]
    made: list[Application] = [make.application(world.student, one) for one in offers]
    theirs = company_of(make, offers[0])
    pages, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = client.get(
            f"{API}/applications", params={"company_id": str(company.id), "limit": 2} | more, headers=theirs
        ).json()
        pages.append([one["id"] for one in page["items"]])
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [2, 1]
    assert {one for page in pages for one in page} == {str(one.id) for one in made}
    by_name = client.get(
        f"{API}/applications", params={"student_id": str(world.student.id)}, headers=theirs
    ).json()
    assert by_name["items"] == []
    none = client.get(f"{API}/applications", params={"state": "confirmed"}, headers=theirs).json()
    assert none["items"] == []


def test_a_company_says_how_much_it_wants(client: TestClient, make: Factory) -> None:
    company = make.company()
    boss = person(make, Grant(Role.COMPANY_ADMIN, company_id=company.id))
    url = f"{API}/companies/{company.id}/contact-limit"
    before = client.get(url, headers=boss)
    assert before.json() == {
        "per_month": None, "paused_until": None, "most": 10, "sent": 0, "waiting": 0, "version": 0,
    }  # fmt: skip
    assert client.patch(url, json={"per_month": 3}, headers=match(boss, 7)).status_code == 412
    after = client.patch(url, json={"per_month": 3, "paused_until": "2026-02-01"}, headers=match(boss, 0))
    assert (after.status_code, after.json()["most"], after.json()["paused_until"]) == (200, 3, "2026-02-01")
    assert after.json()["version"] > 0
    assert client.patch(url, json={"per_month": 0}, headers=match(boss)).status_code == 422


@pytest.mark.parametrize(
    ("kind", "said", "takes"),
    [
        ("internship", {}, True), ("training", {}, True), ("visit", {}, False),
        ("visit", {"takes_applications": True}, True), ("internship", {"takes_applications": False}, False),
    ],
)  # fmt: skip
def test_visits_take_no_applications_unless_the_company_says_so(
    client: TestClient, make: Factory, kind: str, said: dict[str, bool], takes: bool
) -> None:
    company = make.company()
    boss = person(make, Grant(Role.COMPANY_ADMIN, company_id=company.id))
    body = {"company_id": str(company.id), "kind": kind, "title": "In reparto"} | said
    made = client.post(f"{API}/opportunities", json=body, headers=boss)
    assert (made.status_code, made.json()["takes_applications"]) == (201, takes)
    url = f"{API}/opportunities/{made.json()['id']}"
    other = client.patch(url, json={"takes_applications": not takes}, headers=match(boss))
    assert other.json()["takes_applications"] is not takes
    usual = client.patch(url, json={"takes_applications": None}, headers=match(boss))
    assert usual.json()["takes_applications"] is (kind != "visit")
