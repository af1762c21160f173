"""The token endpoint, as RFC 6749, RFC 7009 and RFC 8414 have it."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import scopes
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth.actors import Role
from app.auth.models import AccessToken, ApiKey, ApiKeySecret
from tests import contract
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries

TOKEN, REVOKE = "/api/v1/oauth/token", "/api/v1/oauth/revoke"
GRANT = {"grant_type": "client_credentials"}
COMPANIES, EVENTS = "/api/v1/companies", "/api/v1/events"


@pytest.fixture
def credentials(make: Factory) -> tuple[UUID, str]:
    """A client's id and secret."""
    with make.database.write() as session:
        key, token = keys.issue_key(
            session,
            ACTOR,
            name="portal",
            role=Role.ADMINISTRATOR,
            scopes=["companies:read", "events:read"],
            now=NOW,
        )
        return key.id, token


def basic(client_id: object, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def ask(client: TestClient, credentials: tuple[UUID, str], **fields: str) -> Any:
    return client.post(TOKEN, data=GRANT | fields, headers=basic(*credentials))


def status(client: TestClient, token: str, url: str = COMPANIES) -> int:
    code: int = client.get(url, headers={"Authorization": f"Bearer {token}"}).status_code
    return code


def test_a_client_gets_a_token_and_calls_with_it(client: TestClient, credentials: tuple[UUID, str]) -> None:
    answer = ask(client, credentials)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body == {
        "access_token": body["access_token"], "token_type": "Bearer", "expires_in": body["expires_in"],
        "scope": "companies:read events:read",
    }  # fmt: skip
    assert 3590 <= body["expires_in"] <= 3600
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")
    assert status(client, body["access_token"]) == 200


def test_the_secret_may_stand_in_the_form(client: TestClient, credentials: tuple[UUID, str]) -> None:
    fields = {"client_id": str(credentials[0]), "client_secret": credentials[1]}
    assert client.post(TOKEN, data=GRANT | fields).status_code == 200


def test_a_token_has_no_more_than_the_scopes_asked_for(
    client: TestClient, credentials: tuple[UUID, str]
) -> None:
    narrow = ask(client, credentials, scope="companies:read").json()
    assert narrow["scope"] == "companies:read"
    assert [status(client, narrow["access_token"], url) for url in (COMPANIES, EVENTS)] == [200, 403]
    wide = ask(client, credentials).json()["access_token"]
    assert [status(client, wide, url) for url in (COMPANIES, EVENTS)] == [200, 200]


def test_a_part_of_a_scope_can_be_asked_for(client: TestClient, make: Factory) -> None:
    with make.database.write() as session:
        key, token = keys.issue_key(
            session, ACTOR, name="x", role=Role.ADMINISTRATOR, scopes=["schools:read"], now=NOW
        )
    assert ask(client, (key.id, token), scope="classes:read").json()["scope"] == "classes:read"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "unsupported_grant_type"),
        ({"scope": "students:read"}, "invalid_scope"),
        ({"scope": "companies:read students:read"}, "invalid_scope"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"scope": " "}, "invalid_scope"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
)
def test_a_request_that_cannot_be_granted_is_refused_in_the_words_of_the_standard(
    client: TestClient, credentials: tuple[UUID, str], fields: dict[str, str], error: str
) -> None:
    answer = ask(client, credentials, **fields)
    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": answer.json()["error_description"]}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"grant_type=client_credentials&grant_type=client_credentials", None),
        (b"grant_type=%ff", None),
        (b"\xff", None),
        (b"a=1&" * 30, None),
        (b"a=" + b"1" * 9000, None),
        (b'{"grant_type": "client_credentials"}', "application/json"),
    ],
)
def test_a_form_that_cannot_be_read_is_refused(
    client: TestClient, credentials: tuple[UUID, str], content: bytes, media: str | None
) -> None:
    headers = basic(*credentials) | {"Content-Type": media or "application/x-www-form-urlencoded"}
    answer = client.post(TOKEN, content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_every_wrong_client_gets_the_same_answer(client: TestClient, credentials: tuple[UUID, str]) -> None:
    client_id, secret = credentials
    wrong = secret[:-1] + ("A" if secret[-1] != "A" else "B")
    answers = [
        client.post(TOKEN, data=GRANT, headers=headers)
        for headers in (
            basic(client_id, wrong), basic("0" * 36, secret), basic(client_id, "btg_00000000_x"), basic("", ""),
            basic(client_id, "btg_0\0_x"), basic("è", secret),
        )
    ]  # fmt: skip
    assert {(answer.status_code, answer.text) for answer in answers} == {(401, answers[0].text)}
    assert answers[0].json()["error"] == "invalid_client"
    assert {answer.headers["www-authenticate"] for answer in answers} == {'Basic realm="oauth"'}
    for headers in ({}, {"Authorization": "Basic !"}, {"Authorization": f"Bearer {secret}"}):
        answer = client.post(TOKEN, data=GRANT, headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_a_token_ends_with_its_hour_its_secret_its_key_and_its_revocation(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    def change(table: Any, **values: Any) -> None:
        with make.database.write() as session:
            session.execute(sa.update(table).values(**values))

    past = NOW - timedelta(seconds=1)
    token = ask(client, credentials).json()["access_token"]
    assert status(client, token) == 200
    change(AccessToken, expires_at=past)
    assert status(client, token) == 401
    change(ApiKeySecret, expires_at=NOW + timedelta(minutes=5))
    brief = ask(client, credentials).json()
    assert brief["expires_in"] <= 300
    change(ApiKey, expires_at=past)
    assert status(client, brief["access_token"]) == 401
    assert ask(client, credentials).status_code == 401


def test_revoking_the_key_ends_its_tokens_even_if_a_row_is_left(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    token = ask(client, credentials).json()["access_token"]
    with make.database.write() as session:
        session.execute(sa.update(ApiKey).values(revoked_at=NOW))  # the first wall alone
    assert status(client, token) == 401
    with make.database.write() as session:
        session.execute(sa.update(ApiKey).values(revoked_at=None))
        keys.revoke_key(session, ACTOR, credentials[0], now=NOW)
        assert session.query(AccessToken).count() == 0
    assert status(client, token) == 401


@pytest.mark.parametrize(("days", "left"), [(7, 200), (0, 401)])
def test_a_secret_that_is_dropped_takes_its_tokens_along(
    client: TestClient, make: Factory, credentials: tuple[UUID, str], days: int, left: int
) -> None:
    token = ask(client, credentials).json()["access_token"]
    with make.database.write() as session:
        keys.rotate_key(session, ACTOR, credentials[0], overlap=timedelta(days=days), now=NOW)
    assert status(client, token) == left


def test_a_token_is_stored_as_a_hash(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    token = ask(client, credentials).json()["access_token"]
    with make.database.read() as session:
        [row] = session.query(AccessToken).all()
    assert row.token_hash == auth.hash_token(token)
    assert token not in str(vars(row))


def test_a_client_revokes_its_own_token_only(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    token = ask(client, credentials).json()["access_token"]
    with make.database.write() as session:
        key, secret = keys.issue_key(
            session, ACTOR, name="other", role=Role.ADMINISTRATOR, scopes=["events:read"], now=NOW
        )
    for caller, left in (((key.id, secret), 200), (credentials, 401), (credentials, 401)):
        answer = client.post(REVOKE, data={"token": token}, headers=basic(*caller))
        assert (answer.status_code, answer.json()) == (200, {})
        assert status(client, token) == left
    missing = client.post(REVOKE, data={"token": ""}, headers=basic(*credentials))
    assert (missing.status_code, missing.json()["error"]) == (400, "invalid_request")
    assert client.post(REVOKE, data={"token": token}).json()["error"] == "invalid_client"


def test_a_token_begets_no_token_and_is_identified_in_one_question(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    token = ask(client, credentials).json()["access_token"]
    assert ask(client, (credentials[0], token)).status_code == 401
    with make.database.read() as session, count_queries(make.database) as queries:
        actor, use = auth.identify(session, bearer=f"Bearer {token}", cookie=None, request_id="r", now=NOW)
    assert (queries.count, use, actor.id) == (1, None, credentials[0])


def test_tokens_that_have_ended_are_deleted(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    ask(client, credentials)
    with make.database.write() as session:
        assert keys.forget_ended(session, NOW)["access_tokens"] == 0
        assert keys.forget_ended(session, NOW + timedelta(hours=1))["access_tokens"] == 1


def test_asking_for_a_token_is_a_use_of_the_secret(
    client: TestClient, make: Factory, credentials: tuple[UUID, str]
) -> None:
    ask(client, credentials)
    with make.database.read() as session:
        assert session.query(ApiKeySecret.last_used_at).scalar() is not None


def test_the_metadata_tells_what_the_document_tells(client: TestClient) -> None:
    answer = client.get("/.well-known/oauth-authorization-server")
    assert answer.status_code == 200
    told = answer.json()
    flow = contract.document()["components"]["securitySchemes"]["client"]["flows"]["clientCredentials"]
    assert told["token_endpoint"] == flow["tokenUrl"] == f"{told['issuer']}{TOKEN}"
    assert told["scopes_supported"] == sorted(flow["scopes"]) == sorted(scopes.ALL)
    assert told["grant_types_supported"] == ["client_credentials"]
    assert client.post(told["revocation_endpoint"], data={"token": "x"}).status_code == 401
