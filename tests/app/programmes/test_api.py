"""Programmes over the API, for anybody."""

from __future__ import annotations

from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app.db import Database
from app.programmes import loading
from app.skills import loading as skills
from tests.app.programmes.curricula import SKILLS, curriculum
from tests.factories import ACTOR

C3 = {
    "id": "c3", "code": "C3", "kind": "technical", "sector": "technological", "areas": ["mechatronics", "energy"],
    "title_it": "Elettronica", "title_en": "Electronics", "broader_id": None, "first_year": 1, "last_year": 5,
    "eqf": 4,
}  # fmt: skip
AUTOMATION = C3 | {
    "id": "c3-automazione", "areas": ["mechatronics"], "title_it": "Automazione e robotica",
    "title_en": "Automation and robotics", "broader_id": "c3", "first_year": 3,
}  # fmt: skip
PLC = {
    "id": "plc", "kind": "skill", "broader_id": None,
    "label": {"en": "PLC programming", "it": "programmazione PLC"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def loaded(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        skills.load(session, ACTOR, SKILLS)
        loading.load(session, ACTOR, curriculum(tmp_path))


def test_read_programme_answers_it_with_versions_and_years(client: TestClient) -> None:
    answer = client.get("/api/v1/programmes/c3")
    version = {
        "version": 1, "title_it": "Elettronica", "title_en": "Electronics", "first_year": 1, "last_year": 5,
        "valid_from": "2010-09-01", "valid_to": None, "source": "DPR 88/2010", "note": None,
    }  # fmt: skip
    assert (answer.status_code, answer.json()) == (
        200,
        C3
        | {
            "versions": [version],
            "broader": [],
            "narrower": [AUTOMATION],
            "years": [{"year": year, "skills": [{"skill": PLC, "level": 1}]} for year in range(2, 6)],
        },
    )
    assert client.get("/api/v1/programmes/c3-automazione").json()["broader"] == [C3]


def test_read_programme_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v1/programmes/magic")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-programme")


def test_list_programmes_pages_by_id(client: TestClient) -> None:
    first = client.get("/api/v1/programmes", params={"kind": "technical", "limit": 1}).json()
    assert first["items"] == [C3]
    rest = client.get(
        "/api/v1/programmes", params={"kind": "technical", "cursor": first["next_cursor"]}
    ).json()
    assert rest == {"items": [AUTOMATION], "next_cursor": None}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": ""}, "q"),
        ({"kind": "university"}, "kind"),
        ({"sector": "a b"}, "sector"),
        ({"area": "x" * 41}, "area"),
        ({"broader": "../x"}, "broader"),
        ({"cursor": "WzFd"}, "cursor"),
    ],
)
def test_list_programmes_names_the_field_that_is_not_valid(
    client: TestClient, query: dict[str, str], field: str
) -> None:
    answer = client.get("/api/v1/programmes", params=query)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]
