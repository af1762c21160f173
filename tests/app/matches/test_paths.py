from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.opportunities.models import Kind, Opportunity, OpportunitySkill, OpportunitySpan, SkillRole
from app.programmes.models import ProgrammeSkill
from tests.app.matches.conftest import World
from tests.app.matches.test_api import (
    ADMINISTRATOR,
    COORDINATOR,
    LEAD,
    NOBODY,
    OTHER_SCHOOL,
    OTHER_STUDENT,
    OWN_COMPANY,
    SAME_CLASS,
    SAME_SCHOOL,
    STUDENT,
    grant,
)  # fmt: skip
from tests.queries import count_queries

MARCH = (date(2026, 3, 2), date(2026, 3, 13))


def course(
    world: World, skill: str, level: int, *, requires: tuple[str, int] | None = None, **values: Any
) -> Opportunity:
    """A published course in two weeks of March, or on the days given."""
    days = values.pop("days", MARCH)
    taught = world.make.opportunity(
        world.company, kind=Kind.TRAINING, title=f"Corso {skill}", hours=values.pop("hours", 30), **values
    )
    world.make.add(
        OpportunitySkill(opportunity_id=taught.id, skill_id=skill, role=SkillRole.TAUGHT, level=level)
    )
    if requires:
        world.make.add(
            OpportunitySkill(
                opportunity_id=taught.id, skill_id=requires[0], role=SkillRole.REQUIRED, level=requires[1]
            )
        )
    world.make.add(OpportunitySpan(opportunity_id=taught.id, starts_on=days[0], ends_on=days[1], weekdays=31))
    world.make.change(taught)
    return taught


def paths(client: TestClient, world: World, **params: Any) -> dict[str, Any]:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/paths",
        params={"goal": "reach"} | params,
        headers=world.make.bearer(),
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def steps(page: dict[str, Any]) -> list[list[str]]:
    return [[step["opportunity"]["id"] for step in item["steps"]] for item in page["items"]]


def test_a_path_says_what_to_take_when_and_what_it_opens(client: TestClient, world: World) -> None:
    taken = course(world, "plc-programming", 3)
    page = paths(client, world, goal=f"opportunity:{world.internship.id}")
    [item] = page.pop("items")
    [step] = item.pop("steps")
    assert step.pop("opportunity")["id"] == str(taken.id)
    skill = {"skill_id": "plc-programming", "level": 3, "it": "plc programming", "en": "plc programming"}
    assert step == {
        "spans": [
            {
                "starts_on": "2026-03-02", "ends_on": "2026-03-13", "weekdays": ["MO", "TU", "WE", "TH", "FR"],
                "parts": ["morning", "afternoon"],
            }
        ],
        "starts_on": "2026-03-02", "ends_on": "2026-03-13", "hours": 30, "travel_km": 0.0, "adds": [skill],
    }  # fmt: skip
    assert sorted(item.pop("opportunity_ids")) == sorted([str(world.internship.id), str(world.visit.id)])
    assert item == {
        "hours": 30, "travel_km": 0.0, "adds": [skill], "closes": [skill], "open": [], "missing_levels": 0, "least_missing_levels": 0,
        "opportunities_gained": 2, "is_best": True,
        "it": "30 ore: colma 1 di 1 mancanze e porta 2 opportunità in più alla tua portata.",
        "en": "30 hours: closes 1 of 1 gaps and brings 2 more opportunities into your reach.",
    }  # fmt: skip
    assert page.pop("weights")["version"]
    assert page == {
        "next_cursor": None, "goal": f"opportunity:{world.internship.id}", "hidden_by": [], "algorithm": "bottega-2",
        "seed": 0, "ranked_on": "2026-01-12",
    }  # fmt: skip


def test_a_goal_of_reach_counts_internships_and_visits_only(client: TestClient, world: World) -> None:
    first = course(world, "plc-programming", 3)
    course(
        world, "cnc-turning", 2, requires=("plc-programming", 3), days=(date(2026, 6, 1), date(2026, 6, 5))
    )
    [item] = paths(client, world)["items"]
    assert [step["opportunity"]["id"] for step in item["steps"]] == [str(first.id)]
    assert sorted(item["opportunity_ids"]) == sorted([str(world.internship.id), str(world.visit.id)])
    assert item["en"] == "30 hours: brings 2 more opportunities into your reach."


def test_a_programme_stands_for_what_is_met_by_its_end(client: TestClient, world: World) -> None:
    programme = world.make.programme()
    for year, level in ((4, 1), (5, 2)):
        world.make.add(
            ProgrammeSkill(programme_id=programme.id, year=year, skill_id="cnc-turning", level=level)
        )
    first = course(world, "cnc-turning", 1, hours=10)
    second = course(
        world, "cnc-turning", 2, requires=("cnc-turning", 1), days=(date(2026, 4, 1), date(2026, 4, 2))
    )
    page = paths(client, world, goal=f"programme:{programme.id}")
    assert steps(page) == [[str(first.id), str(second.id)], [str(first.id)]]
    assert [item["missing_levels"] for item in page["items"]] == [0, 1]
    assert [[need["skill_id"] for need in item["open"]] for item in page["items"]] == [[], ["cnc-turning"]]


def test_hours_and_the_last_day_bound_a_path(client: TestClient, world: World) -> None:
    course(world, "plc-programming", 3)
    assert len(paths(client, world, budget_hours=30, by="2026-03-13")["items"]) == 1
    assert paths(client, world, budget_hours=29)["items"] == []
    assert paths(client, world, by="2026-03-12")["items"] == []


def test_paths_come_in_pages_that_make_up_the_whole(client: TestClient, world: World) -> None:
    world.make.skill("welding")
    for skill, hours in (("plc-programming", 30), ("cnc-turning", 20), ("welding", 10)):
        world.make.change(course(world, skill, 3, hours=hours, days=(date(2026, 3, hours // 10),) * 2))
    wished = world.make.opportunity(world.company)
    for skill in ("plc-programming", "cnc-turning", "welding"):
        world.make.add(
            OpportunitySkill(opportunity_id=wished.id, skill_id=skill, role=SkillRole.REQUIRED, level=3)
        )
    world.make.change(wished)
    goal = f"opportunity:{wished.id}"
    whole = steps(paths(client, world, goal=goal, limit=100))
    pages, cursor = [], None
    while cursor is not None or not pages:
        page = paths(client, world, goal=goal, limit=2, **({"cursor": cursor} if cursor else {}))
        pages.append(steps(page))
        cursor = page["next_cursor"]
    assert len(whole) > 2
    assert [one for found in pages for one in found] == whole


def test_rules_that_hide_the_wish_are_named(client: TestClient, world: World) -> None:
    course(world, "plc-programming", 3)
    old = world.offer(Kind.VISIT, min_age=19)
    page = paths(client, world, goal=f"opportunity:{old.id}")
    assert page["hidden_by"] == [
        {
            "code": "age_low",
            "it": "In quelle date lo studente è troppo giovane.",
            "en": "On those dates the student is too young.",
        }
    ]
    assert [item["missing_levels"] for item in page["items"]] == [0]


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"goal": "wealth"}, "goal"),
        ({"goal": "opportunity:1"}, "goal"),
        ({"goal": "programme:"}, "goal"),
        ({"budget_hours": 0}, "budget_hours"),
        ({"by": "soon"}, "by"),
        ({"limit": 0}, "limit"),
        ({"cursor": "e30"}, "cursor"),
    ],
)
def test_paths_name_a_parameter_that_is_wrong(
    client: TestClient, world: World, params: dict[str, Any], field: str
) -> None:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/paths",
        params={"goal": "reach"} | params,
        headers=world.make.bearer(),
    )
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


@pytest.mark.parametrize(
    ("goal", "problem"),
    [
        ("opportunity:8ef97102-626e-4d8b-9c82-1c9250b783e7", "/problems/no-such-opportunity"),
        ("programme:x", "/problems/no-such-programme"),
    ],
)
def test_a_goal_that_does_not_exist_is_not_found(
    client: TestClient, world: World, goal: str, problem: str
) -> None:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/paths", params={"goal": goal}, headers=world.make.bearer()
    )
    assert (answer.status_code, answer.json()["type"]) == (404, problem)


def test_a_draft_of_another_company_is_no_goal(client: TestClient, world: World) -> None:
    draft = world.make.opportunity(status="draft", published_at=None, published_by=None)
    headers = world.make.bearer(Role.SCHOOL_LEAD, school_id=world.student.school_id)
    address = f"/api/v1/students/{world.student.id}/paths"
    assert client.get(address, params={"goal": f"opportunity:{draft.id}"}, headers=headers).status_code == 404


def test_a_new_course_is_in_the_next_plan(client: TestClient, world: World) -> None:
    assert paths(client, world)["items"] == []
    course(world, "plc-programming", 3)
    assert len(paths(client, world)["items"]) == 1


def test_paths_cost_few_queries(client: TestClient, world: World) -> None:
    course(world, "plc-programming", 3)
    headers = world.make.bearer()
    address = f"/api/v1/students/{world.student.id}/paths?goal=reach"
    client.get(address, headers=headers)
    client.get(address, headers=headers)
    with count_queries(world.make.database) as queries:
        client.get(address, headers=headers)
    assert queries.count == 4  # two of them write down the look


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (STUDENT, 200), (SAME_CLASS, 200), (SAME_SCHOOL, 404), (LEAD, 200), (OTHER_SCHOOL, 404), (OTHER_STUDENT, 404),
        (OWN_COMPANY, 404), (COORDINATOR, 404), (ADMINISTRATOR, 200), (NOBODY, 401),
    ],
)  # fmt: skip
def test_who_sees_a_students_paths(client: TestClient, world: World, who: str, status: int) -> None:
    if who != NOBODY:
        client.cookies.set("bottega_session", world.make.signed_in(grant(world, who)))
    assert client.get(f"/api/v1/students/{world.student.id}/paths?goal=reach").status_code == status
