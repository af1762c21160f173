"""Skills and occupations over the API, for anybody."""

from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.db import Database
from app.skills import loading
from app.skills.models import Occupation, OccupationLabel
from tests.app.skills.concepts import ESCO_SKILL, PLC, VOCABULARY
from tests.factories import ACTOR, Factory

AUTOMATION_REF = {
    "id": "automation", "kind": "knowledge", "broader_id": None,
    "label": {"en": "automation", "it": "automazione"},
}  # fmt: skip
PLC_REF = {
    "id": "plc", "kind": "skill", "broader_id": "automation",
    "label": {"en": "PLC programming", "it": "programmazione PLC"},
}  # fmt: skip
LADDER_REF = {
    "id": "ladder", "kind": "tool", "broader_id": "plc",
    "label": {"en": "ladder logic", "it": "linguaggio Ladder"},
}  # fmt: skip
ROBOTS_REF = {
    "id": "robots", "kind": "skill", "broader_id": None, "label": {"en": "robotics", "it": "robotica"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def vocabulary(database: Database) -> None:
    with database.write() as session:
        loading.load(session, ACTOR, VOCABULARY)


def test_read_skill_answers_it_with_its_surroundings(client: TestClient) -> None:
    answer = client.get("/api/v1/skills/plc")
    assert (answer.status_code, answer.json()) == (
        200,
        {
            "id": "plc",
            "kind": "skill",
            "scheme": "bottega",
            "esco_uri": PLC.esco_uri,
            "label": {"en": "PLC programming", "it": "programmazione PLC"},
            "labels": {"en": ["PLC programming", "PLC"], "it": ["programmazione PLC", "PLC"]},
            "description": {"en": "plc in short.", "it": "plc in breve."},
            "broader": [AUTOMATION_REF],
            "narrower": [LADDER_REF],
            "related": [ROBOTS_REF],
        },
    )


def test_read_skill_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v1/skills/sorcery")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-skill")


def test_list_skills_finds_the_nearest_first(client: TestClient) -> None:
    assert client.get("/api/v1/skills", params={"q": "plc"}).json() == {
        "items": [PLC_REF | {"found_as": "PLC"}, LADDER_REF | {"found_as": "schema PLC"}],
        "next_cursor": None,
    }


def test_list_skills_pages(client: TestClient) -> None:
    ids = []
    cursor = None
    for _ in range(4):
        page = client.get(
            "/api/v1/skills", params={"limit": 1} | ({"cursor": cursor} if cursor else {})
        ).json()
        ids += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert (ids, cursor) == (["automation", "plc", "ladder", "robots"], None)


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"broader": "automation"}, ["plc"]),
        ({"is_top": "true"}, ["automation", "robots"]),
        ({"kind": "tool"}, ["ladder"]),
        ({"q": "log", "language": "it"}, []),
        ({"q": "log", "language": "en"}, ["ladder"]),
    ],
)
def test_list_skills_takes_filters(client: TestClient, filters: dict[str, str], ids: list[str]) -> None:
    answer = client.get("/api/v1/skills", params=filters).json()
    assert [item["id"] for item in answer["items"]] == ids


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"q": ""}, "q"),
        ({"q": "x" * 81}, "q"),
        ({"language": "ITA"}, "language"),
        ({"kind": "talent"}, "kind"),
        ({"is_top": "perhaps"}, "is_top"),
        ({"broader": "è"}, "broader"),
        ({"limit": "0"}, "limit"),
        ({"limit": "101"}, "limit"),
        ({"cursor": "WzFd"}, "cursor"),
    ],
)
def test_list_skills_names_the_field_that_is_not_valid(
    client: TestClient, query: dict[str, str], field: str
) -> None:
    answer = client.get("/api/v1/skills", params=query)
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == [field]


@pytest.fixture
def welder(make: Factory) -> None:
    for code, name in (("7", "artigiani"), ("7212", "saldatori")):
        make.add(
            Occupation(
                id=f"isco-{code}", esco_uri=f"http://data.europa.eu/esco/isco/C{code}", isco_group=code,
                code=code, is_group=True,
            )
        )  # fmt: skip
        make.add(
            OccupationLabel(occupation_id=f"isco-{code}", language="it", rank=0, label=name, search_key=name)
        )
    for number in (1, 2):
        make.add(
            Occupation(
                id=f"esco-{number}", esco_uri=f"http://data.europa.eu/esco/occupation/{number}",
                isco_group="7212", code=f"7212.{number}",
            )
        )  # fmt: skip
        for rank, label in enumerate((f"saldatore {number}", f"addetto alla saldatura {number}")):
            make.add(
                OccupationLabel(
                    occupation_id=f"esco-{number}", language="it", rank=rank, label=label, search_key=label,
                    description=None if rank else "Unisce metalli.",
                )
            )  # fmt: skip


@pytest.mark.usefixtures("welder")
def test_read_occupation_answers_it_with_its_groups(client: TestClient) -> None:
    assert client.get("/api/v1/occupations/esco-1").json() == {
        "id": "esco-1",
        "code": "7212.1",
        "esco_uri": "http://data.europa.eu/esco/occupation/1",
        "label": {"it": "saldatore 1"},
        "labels": {"it": ["saldatore 1", "addetto alla saldatura 1"]},
        "description": {"it": "Unisce metalli."},
        "groups": [
            {"id": "isco-7212", "code": "7212", "label": {"it": "saldatori"}},
            {"id": "isco-7", "code": "7", "label": {"it": "artigiani"}},
        ],
    }
    assert [group["id"] for group in client.get("/api/v1/occupations/isco-7212").json()["groups"]] == [
        "isco-7"
    ]


def test_read_occupation_that_does_not_exist_is_a_problem(client: TestClient) -> None:
    answer = client.get("/api/v1/occupations/esco-0")
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/no-such-occupation")


@pytest.mark.usefixtures("welder")
def test_list_occupations_finds_occupations_and_not_groups(client: TestClient) -> None:
    first = client.get("/api/v1/occupations", params={"q": "sald", "limit": 1, "language": "it"}).json()
    assert first["items"] == [
        {"id": "esco-1", "code": "7212.1", "label": {"it": "saldatore 1"}, "found_as": "saldatore 1"}
    ]
    rest = client.get("/api/v1/occupations", params={"q": "sald", "cursor": first["next_cursor"]}).json()
    assert ([item["id"] for item in rest["items"]], rest["next_cursor"]) == (["esco-2"], None)
    assert client.get("/api/v1/occupations", params={"q": "?"}).json()["items"] == []
    assert client.get("/api/v1/occupations").status_code == 422


def test_skill_addresses_of_esco_are_shown_as_they_are(client: TestClient) -> None:
    assert client.get("/api/v1/skills/plc").json()["esco_uri"].startswith(ESCO_SKILL)
