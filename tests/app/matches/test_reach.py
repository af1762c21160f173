from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.companies.models import CompanySite
from app.opportunities.models import Kind, Opportunity, OpportunityEligibility, Status
from app.students.models import Evidence, StudentSkill
from tests.app.matches.conftest import World
from tests.app.matches.test_api import (
    ADMINISTRATOR,
    COORDINATOR,
    LEAD,
    NOBODY,
    OTHER_COMPANY,
    OWN_COMPANY,
    SAME_CLASS,
    STUDENT,
    grant,
)  # fmt: skip

FEWER = {"at_least": 0, "it": "meno di 5", "en": "fewer than 5"}


def at_least(number: int) -> dict[str, Any]:
    return {"at_least": number, "it": f"almeno {number}", "en": f"at least {number}"}


def reach(client: TestClient, world: World, opportunity: Opportunity) -> dict[str, Any]:
    answer = client.get(f"/api/v1/opportunities/{opportunity.id}/reach", headers=world.make.bearer())
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def add(world: World, number: int, level: int = 3, **values: Any) -> None:
    """So many students who programme PLCs."""
    for _ in range(number):
        student = world.make.student(**values)
        world.make.add(
            StudentSkill(
                student_id=student.id, skill_id="plc-programming", level=level, evidence=Evidence.VALIDATED
            )
        )


def test_reach_counts_in_steps_of_five_and_names_no_small_place(client: TestClient, world: World) -> None:
    near = world.make.municipality("037008", name="Castenaso", latitude=44.51, longitude=11.47)
    add(world, 7)
    add(world, 4, municipality_istat=near.istat)
    add(world, 5, level=2)
    assert reach(client, world, world.internship) == {
        "visible": at_least(15),
        "fit": at_least(10),
        "places": [{"municipality_istat": "037006", "name": "Bologna (BO)", "students": at_least(5)}],
        "elsewhere": FEWER,
        "obstacles": [
            {
                "code": "skills",
                "it": "Manca una competenza richiesta.",
                "en": "A required skill is missing.",
                "students": at_least(5),
            }
        ],
        "changes": [
            {
                "code": code, "it": it, "en": en, "gained": at_least(5), "lost": FEWER,
            }
            for code, it, en in (
                (
                    "lower_skill",
                    "Chiedendo plc programming solo al livello 2.",
                    "Asking for plc programming at level 2 only.",
                ),
                ("drop_skill", "Senza chiedere plc programming.", "Without asking for plc programming."),
            )
        ],
        "algorithm": "bottega-2",
        "ranked_on": "2026-01-12",
    }  # fmt: skip


@pytest.mark.parametrize("more", [0, 3])
def test_what_concerns_fewer_than_five_is_not_told(client: TestClient, world: World, more: int) -> None:
    add(world, more)
    body = reach(client, world, world.internship)
    assert (body["visible"], body["fit"], body["elsewhere"]) == (FEWER, FEWER, FEWER)
    assert (body["places"], body["obstacles"], body["changes"]) == ([], [], [])


def test_one_student_more_does_not_show(client: TestClient, world: World) -> None:
    add(world, 6)
    before = reach(client, world, world.internship)
    add(world, 1)
    assert reach(client, world, world.internship) == before


def test_changes_are_told_in_words(client: TestClient, world: World) -> None:
    far = world.make.municipality(
        "039014", name="Ravenna", province_code="RA", latitude=44.41, longitude=12.2
    )
    world.make.add(CompanySite(company_id=world.company.id, name="Due", municipality_istat=far.istat))
    strict = world.offer(Kind.INTERNSHIP, min_age=18, max_age=18)
    world.make.add(OpportunityEligibility(opportunity_id=strict.id, year=3))
    world.make.change(strict)
    add(world, 5, municipality_istat=far.istat)
    add(world, 6, born_on=date(2008, 5, 20))
    add(world, 7, born_on=date(2007, 5, 1))
    assert [one["code"] for one in reach(client, world, strict)["obstacles"]] == []
    world.make.change(strict, min_age=None)
    body = reach(client, world, strict)
    assert {one["en"]: one["gained"]["at_least"] for one in body["changes"]} == {
        "Admitting year of study 4 too.": 5
    }
    assert [one["code"] for one in body["obstacles"]] == ["year"]
    open_to_all = world.offer(Kind.INTERNSHIP, min_age=18, max_age=18)
    body = reach(client, world, open_to_all)
    assert {one["en"]: one["gained"]["at_least"] for one in body["changes"]} == {
        "If it were online.": 5,
        "If it were at your site in Ravenna (RA).": 5,
        "A week earlier.": 5,
        "Admitting from age 17, where the law allows it.": 5,
        "Admitting up to age 19.": 5,
    }
    assert {one["code"]: one["students"]["at_least"] for one in body["obstacles"]} == {
        "age_low": 5,
        "age_high": 5,
        "travel": 5,
    }


def test_a_draft_has_a_reach_too(client: TestClient, world: World) -> None:
    add(world, 5)
    draft = world.make.opportunity(world.company, status=Status.DRAFT, published_at=None, published_by=None)
    assert reach(client, world, draft)["fit"] == at_least(5)


def test_another_site_is_named_by_its_municipality(client: TestClient, world: World) -> None:
    far = world.make.municipality(
        "039014", name="Ravenna", province_code="RA", latitude=44.41, longitude=12.2
    )
    world.make.add(CompanySite(company_id=world.company.id, name="Due", municipality_istat=far.istat))
    add(world, 8, municipality_istat=far.istat)
    changes = reach(client, world, world.internship)["changes"]
    assert [(one["code"], one["it"], one["gained"]["at_least"]) for one in changes] == [
        ("site", "Se fosse nella vostra sede di Ravenna (RA).", 5),
        ("online", "Se fosse online.", 5),
    ]


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (STUDENT, 403), (SAME_CLASS, 403), (LEAD, 403), (OWN_COMPANY, 200), (OTHER_COMPANY, 403), (COORDINATOR, 200),
        (ADMINISTRATOR, 200), (NOBODY, 401),
    ],
)  # fmt: skip
def test_who_sees_an_opportunitys_reach(client: TestClient, world: World, who: str, status: int) -> None:
    if who != NOBODY:
        client.cookies.set("bottega_session", world.make.signed_in(grant(world, who)))
    assert client.get(f"/api/v1/opportunities/{world.internship.id}/reach").status_code == status
