"""Filters of a ranking: what fits each of them, what nothing can fit, and that the order stays."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.matches.filters import Facets, Filters, fitting, is_within
from app.opportunities.models import Kind, OpportunitySkill
from app.skills.models import Skill
from matching import Student
from tests.app.matches.conftest import SPRING, World

BOLOGNA = Student("s", 44.49381, 11.33875)
MAY, JUNE = (date(2026, 5, 1), date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 6, 30))


def facet(**values: Any) -> Facets:
    defaults: dict[str, Any] = {
        "place": (44.49381, 11.33875), "periods": (MAY,), "has_all_periods": False,
        "skills": frozenset({"plc", "automation"}), "words": "montaggio quadri automazioni reno bologna",
    }  # fmt: skip
    return Facets(**defaults | values)


@pytest.mark.parametrize(
    ("wanted", "fits", "does_not"),
    [
        (Filters(max_km=30), {}, {"place": (44.05755, 12.56528)}),
        (Filters(max_km=30), {"place": None}, {"place": (44.35227, 11.71582)}),
        (Filters(is_online=True), {"place": None}, {}),
        (Filters(is_online=False), {}, {"place": None}),
        (Filters(skill_id="automation"), {}, {"skills": frozenset({"welding"})}),
        (Filters(text="Quadri RENO"), {}, {"words": "montaggio quadri officine santerno"}),
        (Filters(text="mont"), {}, {"words": "tornitura"}),
        (Filters(starts_on=MAY[0], ends_on=MAY[1]), {"periods": (JUNE, MAY)}, {"periods": (JUNE,)}),
        (Filters(starts_on=MAY[0]), {"periods": ()}, {"periods": ((date(2026, 4, 30), MAY[1]),)}),
        (Filters(ends_on=MAY[1]), {}, {"periods": (MAY, JUNE), "has_all_periods": True}),
    ],
)
def test_each_filter(wanted: Filters, fits: dict[str, Any], does_not: dict[str, Any]) -> None:
    assert fitting(wanted, {"yes": facet(**fits), "no": facet(**does_not)}, BOLOGNA) == ["yes"]


def test_nothing_asked_is_no_filter() -> None:
    assert fitting(Filters(), {"one": facet()}, BOLOGNA) is None
    assert is_within(facet(), date.min, date.max)


def get(client: TestClient, world: World, **query: Any) -> Any:
    return client.get(f"/api/v1/students/{world.student.id}/matches", params=query, headers=_staff(world))


class Untouched(dict[str, Facets]):
    """Raises when somebody looks through it: there may be a hundred thousand."""

    def _raise(self) -> Any:
        raise AssertionError("all facets were looked through")

    __iter__ = keys = items = values = _raise


def test_who_asks_for_everything_looks_through_nothing(client: TestClient, world: World) -> None:
    assert get(client, world, limit=1).status_code == 200
    client.app.state.engine._state.facets = Untouched(client.app.state.engine._state.facets)
    assert get(client, world, limit=1).status_code == 200
    assert get(client, world, limit=1, is_online=False).status_code == 500, "then they are needed"


def _staff(world: World) -> dict[str, str]:
    return world.make.bearer(Role.SCHOOL_LEAD, school_id=world.student.school_id)


def titles(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [line["opportunity"]["title"] for line in answer.json()["items"]]


@pytest.mark.parametrize("is_ranked", [True, False])
def test_filtered_lists_keep_the_order_and_go_on(client: TestClient, world: World, is_ranked: bool) -> None:
    if not is_ranked:
        with world.make.database.write() as session:
            session.merge(world.student).is_ranked = False
    more = [world.offer(Kind.VISIT) for _ in range(4)]
    world.make.change(more[0], title="Robot")
    every = get(client, world, limit=100).json()["items"]
    expected = [
        line
        for line in every
        if "PLC" in line["opportunity"]["title"] and line["opportunity"]["kind"] == "visit"
    ]
    first = get(client, world, kind="visit", text="plc", limit=3).json()
    second = get(client, world, kind="visit", text="plc", limit=3, cursor=first["next_cursor"]).json()
    assert first["items"] + second["items"] == expected
    assert len(expected) == 4
    assert titles(get(client, world, text="robot")) == ["Robot"]


def test_a_broad_skill_finds_what_is_narrower_and_what_is_taught(client: TestClient, world: World) -> None:
    world.make.skill("machining")
    with world.make.database.write() as session:
        session.get_one(Skill, "cnc-turning").broader_id = "machining"
    course = world.make.opportunity(world.company, kind=Kind.TRAINING, title="Tornio")
    world.make.add(OpportunitySkill(opportunity_id=course.id, skill_id="cnc-turning", role="taught", level=2))
    world.make.change(course)
    assert titles(get(client, world, skill_id="machining")) == ["Tornio"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"max_km": 0}, "max_km"),
        ({"starts_on": "soon"}, "starts_on"),
        ({"starts_on": SPRING[1], "ends_on": SPRING[1] - timedelta(days=1)}, "ends_on"),
        ({"skill_id": "unheard-of"}, "skill_id"),
        ({"is_online": "perhaps"}, "is_online"),
        ({"text": ""}, "text"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, world: World, query: dict[str, Any], field: str) -> None:
    answer = get(client, world, **query)
    assert (answer.status_code, [fault["field"] for fault in answer.json()["faults"]]) == (422, [field])
