"""`explain=full`: how the score of each line adds up."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from app.matches.schemas import Part
from app.opportunities.models import Kind, OpportunitySkill, SkillRole
from matching.score import PARTS
from tests.app.matches.conftest import World
from tests.app.matches.test_api import matches


@pytest.mark.parametrize("kind", list(Kind))
def test_an_explanation_adds_up_to_the_score(client: TestClient, world: World, kind: Kind) -> None:
    [item] = matches(client, world, kind=kind, explain="full")["items"]  # type: ignore[misc]
    found = item["explanation"]
    assert [line["part"] for line in found["parts"]] == list(Part) == list(PARTS)
    counted = [line for line in found["parts"] if line["value"] is not None]
    assert {line["part"]: line["value"] for line in counted} == item["parts"]
    points = weight = 0.0
    for line in counted:
        assert line["points"] == line["weight"] * line["value"]
        points += line["points"]
        weight += line["weight"]
    assert (found["points"], found["weight"]) == (points, weight)
    assert item["score"] == points / weight


def test_an_explanation_names_each_skill_and_what_meets_it(client: TestClient, world: World) -> None:
    world.make.add(
        OpportunitySkill(
            opportunity_id=world.internship.id, skill_id="cnc-turning", role=SkillRole.TAUGHT, level=2
        )
    )
    world.make.change(world.internship)
    [item] = matches(client, world, kind="internship", explain="full")["items"]  # type: ignore[misc]
    assert item["explanation"]["skills"] == [
        {
            "role": "required", "skill_id": "plc-programming", "it": "plc programming", "en": "plc programming",
            "level": 3, "met": pytest.approx(2 / 3 * 0.95), "interest": 1.0, "gain": None,
            "held": {
                "skill_id": "plc-programming", "it": "plc programming", "en": "plc programming", "level": 2,
                "evidence": "validated",
            },
        },
        {
            "role": "taught", "skill_id": "cnc-turning", "it": "cnc turning", "en": "cnc turning", "level": 2,
            "met": 0.0, "interest": 0.0, "gain": 0.3, "held": None,
        },
    ]  # fmt: skip
    said = {line["part"]: (line["it"], line["en"]) for line in item["explanation"]["parts"]}
    assert said["skills"] == (
        "Competenze chieste: 1. Coperte bene: 0.",
        "Skills asked for: 1. Well covered: 0.",
    )
    assert said["challenge"] == (
        "In media chiede il livello 3,0 e tu arrivi al livello 2,0.",
        "On average it asks for level 3.0 and you bring level 2.0.",
    )
    assert said["calendar"][1] == "We do not know when you are free: counts by half."


def test_a_part_that_does_not_apply_says_why(client: TestClient, world: World) -> None:
    [item] = matches(client, world, kind="visit", explain="full")["items"]  # type: ignore[misc]
    [hours] = [line for line in item["explanation"]["parts"] if line["part"] == "hours"]
    assert hours == {
        "part": "hours", "value": None, "weight": 0.03, "points": None,
        "it": "Non conta: le ore contano solo per i tirocini.", "en": "Does not count: hours count for internships only.",
    }  # fmt: skip


def test_the_sum_is_said_in_both_languages(client: TestClient, world: World) -> None:
    [item] = matches(client, world, kind="internship", explain="full")["items"]  # type: ignore[misc]
    found = item["explanation"]
    numbers = [f"{found['points']:.3f}", f"{found['weight']:.3f}", f"{item['score']:.3f}"]
    assert found["en"] == "Points {} divided by weights {}: score {}.".format(*numbers)
    commas = [number.replace(".", ",") for number in numbers]
    assert found["it"] == "Punti {} diviso pesi {}: punteggio {}.".format(*commas)


def test_full_and_short_pages_tell_the_same_but_for_the_explanation(client: TestClient, world: World) -> None:
    for _ in range(4):
        world.offer(Kind.VISIT)
    short: dict[str, Any] = matches(client, world, limit=3)
    full: dict[str, Any] = matches(client, world, limit=3, explain="full")
    assert all(item.pop("explanation") for item in full["items"])
    assert full == short == matches(client, world, limit=3, explain="short")
    following = matches(client, world, limit=3, explain="full", cursor=full["next_cursor"])
    assert [len(page["items"]) for page in (full, following)] == [3, 3]  # type: ignore[arg-type]


def test_another_length_of_explanation_is_refused(client: TestClient, world: World) -> None:
    answer = client.get(
        f"/api/v1/students/{world.student.id}/matches?explain=long", headers=world.make.bearer()
    )
    assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, "explain")
