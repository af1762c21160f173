"""Who has switched the ranking off is ranked nowhere, by nobody."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.matches import batch
from app.matches import service_plain as plain
from app.matches.engine import Engine
from app.matches.models import Match
from app.opportunities.models import Kind, OpportunitySpan
from app.privacy import service_erasure as erasures
from app.settings import Settings
from app.students.models import Student
from tests.app.matches.conftest import World
from tests.app.students.callers import person
from tests.factories import ACTOR, NOW

PATCH = {"Content-Type": "application/merge-patch+json", "If-Match": "*"}


def switch(client: TestClient, world: World, *, on: bool, headers: dict[str, str] | None = None) -> int:
    headers = headers or world.make.bearer()
    path = f"/api/v1/students/{world.student.id}"
    return client.patch(path, json={"is_ranked": on}, headers=headers | PATCH).status_code


def listed(client: TestClient, world: World, **params: object) -> dict[str, Any]:
    path = f"/api/v1/students/{world.student.id}/matches"
    answer = client.get(path, params=params, headers=world.make.bearer())
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def titles(page: dict[str, Any]) -> list[str]:
    return [item["opportunity"]["title"] for item in page["items"]]


def offer(world: World, title: str, *, starts_on: date | None = None, **values: object) -> None:
    opportunity = world.offer(Kind.VISIT, **values)
    world.make.change(opportunity, title=title)
    if starts_on is not None:
        with world.make.database.write() as session:
            session.execute(
                sa.update(OpportunitySpan)
                .where(OpportunitySpan.opportunity_id == opportunity.id)
                .values(starts_on=starts_on)
            )
        world.make.change(opportunity)


def test_the_list_goes_by_distance_then_by_day_and_says_so(client: TestClient, world: World) -> None:
    near = world.make.municipality("037054", name="San Lazzaro", latitude=44.47, longitude=11.41).istat
    offer(world, "San Lazzaro", municipality_istat=near)
    offer(world, "Bologna later", starts_on=date(2026, 5, 20))
    offer(world, "Bologna sooner", starts_on=date(2026, 5, 1))
    offer(world, "Online", municipality_istat=None, is_online=True)
    assert listed(client, world)["items"][0]["score"] is not None
    assert switch(client, world, on=False) == 200
    page = listed(client, world, kind="visit", explain="full")
    assert titles(page) == ["Bologna sooner", "Visit PLC", "Bologna later", "San Lazzaro", "Online"]
    for item in page["items"]:
        assert (item["score"], item["parts"], item["reasons"], item["gap"]) == (None, {}, [], None)
    assert (page["algorithm"], page["seed"], page["weights"]["version"]) == ("distance-1", 0, "none")
    assert {share for kind in Kind for share in page["weights"][kind].values()} == {0.0}
    assert page["items"][-1]["travel_km"] is None


def test_the_list_goes_on_where_it_ended(client: TestClient, world: World) -> None:
    for number in range(3):
        offer(world, f"Visita {number}")
    switch(client, world, on=False)
    seen, cursor = [], None
    while True:
        page = listed(client, world, limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [item["opportunity"]["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 6
    whole = listed(client, world, limit=100)
    assert seen == [item["opportunity"]["id"] for item in whole["items"]]


def test_rules_still_hide_what_cannot_be(client: TestClient, world: World) -> None:
    offer(world, "Adults", min_age=30)
    switch(client, world, on=False)
    assert "Adults" not in titles(listed(client, world))


def test_nobody_else_meets_the_student_and_everything_comes_back(client: TestClient, world: World) -> None:
    headers = world.make.bearer()

    def candidates() -> int:
        path = f"/api/v1/opportunities/{world.internship.id}/candidates"
        return len(client.get(path, headers=headers).json()["items"])

    def reached() -> int:
        path = f"/api/v1/opportunities/{world.internship.id}/reach"
        found: int = client.get(path, headers=headers).json()["visible"]["at_least"]
        return found

    def kept() -> int:
        engine = Engine(Settings(), lambda: NOW)
        batch.match_all(world.make.database, ACTOR, engine, limit=5, advance=lambda _: None)
        with world.make.database.read() as session:
            mine = sa.select(sa.func.count()).where(Match.student_id == world.student.id)
            return session.scalar(mine) or 0

    for _ in range(4):
        world.make.student()
    assert (candidates(), reached()) == (5, 5)
    assert switch(client, world, on=False) == 200
    assert (candidates(), reached(), kept()) == (4, 0, 0)
    assert batch.count_students(world.make.database) == 4
    assert switch(client, world, on=True) == 200
    assert (candidates(), reached()) == (5, 5)
    assert kept() > 0


def test_nothing_is_computed_on_request_either(client: TestClient, world: World) -> None:
    headers, student = world.make.bearer(), str(world.student.id)
    made = client.post("/api/v1/rankings", json={"student_id": student, "limit": 5}, headers=headers).json()
    switch(client, world, on=False)
    answers = [
        client.post("/api/v1/rankings", json={"student_id": student, "limit": 5}, headers=headers),
        client.get(f"/api/v1/rankings/{made['id']}/replay", headers=headers),
        client.get(f"/api/v1/students/{student}/paths", params={"goal": "reach"}, headers=headers),
    ]
    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert all(answer.json()["type"].endswith("ranking-off") for answer in answers)


def test_students_and_their_staff_switch_and_nobody_else(client: TestClient, world: World) -> None:
    student = world.student
    own = person(world.make, Grant(Role.STUDENT, student_id=student.id))
    lead = person(world.make, Grant(Role.SCHOOL_LEAD, school_id=student.school_id))
    other = person(world.make, Grant(Role.SCHOOL_LEAD, school_id=world.make.school().id))
    company = world.make.bearer(Role.COMPANY_ADMIN, company_id=world.company.id)
    switched = [switch(client, world, on=False, headers=headers) for headers in (own, lead, other, company)]
    assert switched == [200, 200, 404, 404]


def test_who_is_archived_is_in_no_list(client: TestClient, world: World) -> None:
    with world.make.database.write() as session:
        session.get_one(Student, world.student.id).archived_at = NOW
    path = f"/api/v1/opportunities/{world.internship.id}/candidates"
    assert client.get(path, headers=world.make.bearer()).json()["items"] == []


def test_without_the_switch_the_student_would_be_ranked(
    client: TestClient, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = {"student_id": str(world.student.id), "limit": 5}
    switch(client, world, on=False)
    monkeypatch.setattr("app.matches.service_rankings.require_ranked", lambda _known: None)
    answer = client.post("/api/v1/rankings", json=question, headers=world.make.bearer())
    assert answer.status_code == 201
    assert answer.json()["lines"]
    assert answer.json()["algorithm"] != plain.ALGORITHM


def test_a_process_drops_from_memory_who_is_gone(world: World) -> None:
    engine = Engine(Settings(), lambda: NOW)
    database, student = world.make.database, world.student.id

    def look() -> set[UUID]:
        with database.read() as session:
            engine.students(session, engine.changes(session))
        return set(engine._known)

    assert student in look()
    with database.write() as session:
        erasures.remove_student(session, ACTOR, student, now=NOW)
    with database.read() as session:
        engine.changes(session)  # any request does this, whatever it asks for
    assert student not in engine._known
