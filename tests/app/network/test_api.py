from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from tests.factories import Factory

NETWORK = "/api/v1/network"


def test_companies_come_page_by_page(client: TestClient, make: Factory) -> None:
    for name in ("A", "B", "C"):
        make.company(name=name)
    headers, query, found = make.bearer(Role.COORDINATOR), {"limit": "2"}, []
    for _ in range(2):
        page = client.get(f"{NETWORK}/companies", params=query, headers=headers).json()
        found.append([one["name"] for one in page["items"]])
        query["cursor"] = page["next_cursor"]
    assert (found, page["next_cursor"]) == ([["A", "B"], ["C"]], None)
    dormant = client.get(f"{NETWORK}/companies", params={"standing": "dormant"}, headers=headers)
    assert dormant.json() == {"items": [], "next_cursor": None}


def test_notes_come_page_by_page_and_go(client: TestClient, make: Factory) -> None:
    notes = f"/api/v1/companies/{make.company().id}/notes"
    headers = make.bearer(Role.COORDINATOR)
    for text in ("one", "two", "three"):
        answer = client.post(notes, json={"text": text}, headers=headers)
        assert (answer.status_code, answer.json()["text"]) == (201, text)
    first = client.get(notes, params={"limit": "2"}, headers=headers).json()
    cursor = {"limit": "2", "cursor": first["next_cursor"]}
    second = client.get(notes, params=cursor, headers=headers).json()
    ids = [one["id"] for one in (*first["items"], *second["items"])]
    assert (len(set(ids)), second["next_cursor"]) == (3, None)
    for note_id in ids:
        assert client.delete(f"{notes}/{note_id}", headers=headers).status_code == 204
        assert client.delete(f"{notes}/{note_id}", headers=headers).status_code == 404
    assert client.get(notes, headers=headers).json()["items"] == []


def test_one_note_for_a_repeated_call(client: TestClient, make: Factory) -> None:
    notes = f"/api/v1/companies/{make.company().id}/notes"
    headers = make.bearer(Role.COORDINATOR) | {"Idempotency-Key": "once-and-once-only"}
    answers = [client.post(notes, json={"text": "x"}, headers=headers) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(client.get(notes, headers=headers).json()["items"]) == 1


@pytest.mark.parametrize("text", ["", "  ", "x" * 2001, "a\0b", None])
def test_a_note_that_cannot_be_names_its_field(client: TestClient, make: Factory, text: str | None) -> None:
    notes = f"/api/v1/companies/{make.company().id}/notes"
    answer = client.post(notes, json={"text": text}, headers=make.bearer(Role.COORDINATOR))
    assert answer.status_code == 422
    assert [fault["field"] for fault in answer.json()["faults"]] == ["text"]


def test_what_needs_the_coordinator(client: TestClient, make: Factory) -> None:
    make.company(is_approved=False)
    make.company(name="Reno")
    body = client.get(NETWORK, headers=make.bearer(Role.COORDINATOR)).json()
    assert body == {
        "waiting": 1,
        "late": 0,
        "standings": [
            {"standing": "dormant", "companies": 0},
            {"standing": "silent", "companies": 0},
            {"standing": "new", "companies": 1},
            {"standing": "answering", "companies": 0},
        ],
        "unwanted": 0,
        "nobody_fits": 0,
        "students": {
            "key": "",
            "it": "Tutti",
            "en": "All",
            "students": 0,
            "without_internship": 0,
            "not_asked_for": 0,
        },
    }
