from datetime import datetime, timedelta
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.auth.models import ApiKey, ApiKeySecret
from app.events.models import Event
from tests.factories import NOW, Factory

BODY = {"name": "School register", "role": "administrator", "scopes": ["schools:read"]}


def issue(client: TestClient, make: Factory, **changes: object) -> dict[str, object]:
    """Issue a key as a signed-in administrator, since a key begets no keys."""
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    answer = client.post("/api/v1/keys", json=BODY | changes)
    client.cookies.clear()
    assert answer.status_code == 201, answer.text
    body: dict[str, object] = answer.json()
    return body


def test_an_issued_key_shows_its_secret_once(client: TestClient, make: Factory) -> None:
    issued = issue(client, make)
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    listed = client.get("/api/v1/keys").json()["items"]
    assert "token" not in listed[0]
    assert {name: value for name, value in issued.items() if name != "token"} in listed


def test_an_issued_key_stores_no_secret(client: TestClient, make: Factory) -> None:
    token = str(issue(client, make)["token"])
    with make.database.read() as session:
        row = session.query(ApiKeySecret).filter_by(prefix=token.split("_")[1]).one()
    secret = token.split("_", 2)[2]
    assert all(secret not in str(value) for value in vars(row).values())


def test_a_key_works_until_it_is_revoked(client: TestClient, make: Factory) -> None:
    issued = issue(client, make)
    headers = {"Authorization": f"Bearer {issued['token']}"}
    assert client.get("/api/v1/keys", headers=headers).status_code == 403
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    for _ in range(2):
        answer = client.post(f"/api/v1/keys/{issued['id']}/revoke")
        assert answer.status_code == 200
        assert answer.json()["revoked_at"] is not None
    client.cookies.clear()
    assert client.get("/api/v1/keys", headers=headers).status_code == 401


def test_an_expired_key_is_refused(client: TestClient, make: Factory) -> None:
    headers = make.bearer()
    with make.database.write() as session:
        session.query(ApiKey).update({"expires_at": NOW - timedelta(seconds=1)})
    assert client.get("/api/v1/keys", headers=headers).status_code == 401


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer x",
        "Basic dXNlcjpwYXNz",
        "Bearer btg_00000000_wrong",
        "Bearer btg__",
        "btg_00000000_x",
    ],
)
def test_wrong_credentials_are_refused(client: TestClient, authorization: str) -> None:
    answer = client.get("/api/v1/keys", headers={"Authorization": authorization})
    assert (answer.status_code, answer.json()["type"]) == (401, "/problems/bad-credentials")


def test_a_key_with_a_wrong_secret_is_refused(client: TestClient, make: Factory) -> None:
    right = make.bearer()["Authorization"]
    wrong = right[:-1] + ("A" if right[-1] != "A" else "B")
    assert client.get("/api/v1/keys", headers={"Authorization": wrong}).status_code == 401


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"scopes": ["everything:read"]}, {"scopes"}),
        ({"role": "school_lead"}, {"school_id"}),
        ({"role": "company_admin"}, {"company_id"}),
        ({"role": "student"}, {"role"}),
        (
            {"role": "coordinator", "school_id": "00000000-0000-4000-8000-000000000000"},
            {"school_id", "territory_id"},
        ),
        ({"days": 0}, {"days"}),
        ({"name": ""}, {"name"}),
        ({"surprise": 1}, {"surprise"}),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_by_field(
    client: TestClient, make: Factory, changes: dict[str, object], faults: set[str]
) -> None:
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    answer = client.post("/api/v1/keys", json=BODY | changes)
    assert answer.status_code == 422
    assert {fault["field"] for fault in answer.json()["faults"]} == faults


def test_a_key_for_a_school_that_does_not_exist_is_a_conflict(client: TestClient, make: Factory) -> None:
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    nowhere = "00000000-0000-4000-8000-000000000000"
    answer = client.post("/api/v1/keys", json=BODY | {"role": "school_lead", "school_id": nowhere})
    assert answer.status_code == 409


def test_the_use_of_a_key_is_noted_once_a_day(client: TestClient, make: Factory) -> None:
    def last_use() -> datetime | None:
        with make.database.read() as session:
            return session.query(ApiKey.last_used_at).scalar()

    headers = make.bearer()
    assert client.get("/api/v1/events", headers=headers).status_code == 200
    assert last_use() == NOW
    for ago, told in ((timedelta(hours=23), NOW - timedelta(hours=23)), (timedelta(days=1), NOW)):
        with make.database.write() as session:
            for kind in (ApiKey, ApiKeySecret):
                session.query(kind).update({"last_used_at": NOW - ago})
        assert client.get("/api/v1/events", headers=headers).status_code == 200
        assert last_use() == told


def test_issuing_and_revoking_are_recorded(client: TestClient, make: Factory) -> None:
    issued = issue(client, make)
    with make.database.read() as session:
        events = session.query(Event).filter_by(object_type="key", object_id=issued["id"]).all()
    assert [(event.action, event.actor_kind, event.data) for event in events] == [
        ("key.issued", "user", {"scopes": ["schools:read"]})
    ]


def test_keys_are_listed_newest_first_in_pages(client: TestClient, make: Factory) -> None:
    names = ["first", "second", "third"]
    for number, name in enumerate(names):
        issued = issue(client, make, name=name)
        with make.database.write() as session:
            of_this = session.query(ApiKey).filter_by(id=UUID(issued["id"]))
            of_this.update({"created_at": NOW + timedelta(minutes=number)})
    client.cookies.set("bottega_session", make.signed_in(Role.ADMINISTRATOR))
    seen, cursor = [], None
    for _ in range(9):
        if seen and cursor is None:
            break
        page = client.get("/api/v1/keys", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == names[::-1]
