from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.events import service as events
from tests.factories import ACTOR, Factory
from tests.queries import count_queries

URL = "/api/v1/events"


def record(database: Database, *what: tuple[str, str]) -> None:
    with database.write() as session:
        for action, object_id in what:
            events.record(session, ACTOR, action, object_id, {"fields": ["name"]})


def ask(client: TestClient, headers: dict[str, str], **params: Any) -> list[tuple[str, str]]:
    items = client.get(URL, params=params, headers=headers).json()["items"]
    return [(item["action"], item["object_id"]) for item in items]


def test_list_events_answers_the_newest_first(client: TestClient, make: Factory, database: Database) -> None:
    headers = make.bearer(scopes=["events:read"])
    record(database, ("thing.made", "a"), ("thing.edited", "a"), ("other.made", "a"), ("thing.made", "b"))
    assert ask(client, headers, limit=2) == [("thing.made", "b"), ("other.made", "a")]
    assert ask(client, headers, object_type="thing") == [
        ("thing.made", "b"), ("thing.edited", "a"), ("thing.made", "a"),
    ]  # fmt: skip
    assert ask(client, headers, object_type="thing", object_id="a") == [
        ("thing.edited", "a"),
        ("thing.made", "a"),
    ]
    [item] = client.get(URL, params={"limit": 1}, headers=headers).json()["items"]
    assert item == {
        "id": item["id"], "at": item["at"], "action": "thing.made", "object_type": "thing", "object_id": "b",
        "actor_kind": "system", "actor_id": None, "request_id": "", "data": {"fields": ["name"]},
    }  # fmt: skip


def test_list_events_pages(client: TestClient, make: Factory, database: Database) -> None:
    headers = make.bearer()
    record(database, *(("thing.made", str(number)) for number in range(5)))
    pages, cursor = [], None
    for _ in range(3):
        params = {"object_type": "thing", "limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get(URL, params=params, headers=headers).json()
        pages.append([item["object_id"] for item in page["items"]])
        cursor = page["next_cursor"]
    assert (pages, cursor) == ([["4", "3"], ["2", "1"], ["0"]], None)


def test_list_events_costs_the_same_for_one_and_three(
    client: TestClient, make: Factory, database: Database
) -> None:
    headers = make.bearer()
    counts = []
    for more in (1, 2):
        record(database, *[("thing.made", "a")] * more)
        client.get(URL, headers=headers)
        with count_queries(database) as queries:
            client.get(URL, params={"object_type": "thing"}, headers=headers)
        counts.append(queries.count)
    assert counts == [2, 2]  # the key, the events


@pytest.mark.parametrize("role", Role)
def test_events_are_read_by_overseers_only(database: Database, role: Role) -> None:
    actor = Actor(kind="user", id=None, name="Anna", grants=(Grant(role),))
    with database.read() as session:
        if role in (Role.COORDINATOR, Role.ADMINISTRATOR):
            assert events.search(session, actor, object_type="nothing", limit=1) == []
        else:
            with pytest.raises(events.NotYourLog):
                events.search(session, actor, limit=1)


def test_list_events_refuses_what_is_wrong(client: TestClient, make: Factory) -> None:
    assert client.get(URL).status_code == 401
    assert client.get(URL, headers=make.bearer(scopes=["students:read"])).status_code == 403
    for name, value in {
        "cursor": "WyJhIl0", "object_type": "Thing", "object_id": "a b", "limit": 101,
    }.items():  # fmt: skip
        answer = client.get(URL, params={name: value}, headers=make.bearer())
        assert (answer.status_code, answer.json()["faults"][0]["field"]) == (422, name)
    huge = client.get(URL, params={"cursor": "WzkyMjMzNzIwMzY4NTQ3NzU4MDhd"}, headers=make.bearer())
    assert huge.status_code == 422
