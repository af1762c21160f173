"""Every answer that is not a success has one shape, and every answer has the frame's headers."""

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient
from structlog.testing import LogCapture

from app import errors
from app.auth import form_tokens
from app.auth.actors import Role
from app.db import Database
from app.main import create_app
from app.settings import Settings
from tests import contract
from tests.factories import Factory


def problem(answer: object) -> tuple[int, str, str]:
    body = answer.json()  # type: ignore[attr-defined]
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    assert {"type", "title", "status", "detail", "request_id"} <= set(body)
    assert body["request_id"] == answer.headers["request-id"]  # type: ignore[attr-defined]
    return answer.status_code, body["type"], body["detail"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("method", "path", "status", "slug"),
    [
        ("GET", "/api/v1/nowhere", 404, "not-found"),
        ("DELETE", "/api/v1/status", 405, "no-such-method"),
        ("GET", "/api/v1/keys", 401, "not-signed-in"),
        ("GET", "/api/v1/municipalities", 422, "invalid"),
        ("GET", "/api/v1/municipalities/12345", 422, "invalid"),
    ],
)
def test_a_failing_call_is_answered_with_a_problem(
    client: TestClient, method: str, path: str, status: int, slug: str
) -> None:
    assert problem(client.request(method, path))[:2] == (status, f"/problems/{slug}")


def test_what_is_refused_stands_in_the_log(
    client: TestClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong keys and tokens, what is not allowed, forged forms, bad input: who and where, and nothing of what was sent."""
    key, wrong = make.bearer(Role.COORDINATOR, scopes=["students:read"]), {"Authorization": "Bearer btg_1_2"}
    basic = {"client_id": "btg_1", "client_secret": "wrong", "grant_type": "client_credentials"}
    log = LogCapture()
    monkeypatch.setattr(errors, "log", structlog.wrap_logger(None, processors=[log]))
    client.get("/api/v1/status")
    client.get("/api/v1/keys")  # nobody, who says so
    client.get("/api/v1/students", headers=wrong)
    client.post("/api/v1/oauth/token", data=basic)
    client.get("/api/v1/keys", headers=key)
    client.post("/language", data={"language": "it"}, headers={form_tokens.HEADER: "forged"})
    client.post("/language", headers={"Origin": "https://evil.example"})
    client.get("/api/v1/students?limit=0", headers=key)
    told = [
        (one["problem"], one["status"], one["method"], one["route"], bool(one["actor"]))
        for one in log.entries
    ]
    assert told == [
        ("bad-credentials", 401, "get", "/students", False),
        ("invalid_client", 401, "post", "/oauth/token", False),
        ("scope-missing", 403, "get", "/keys", True),
        ("form-token-missing", 403, "post", "/language", False),
        ("not-allowed", 403, "post", "", False),
        ("invalid", 422, "get", "/students", False),
    ]
    assert {one["event"] for one in log.entries} == {"refused"}
    assert "evil" not in str(log.entries)


def test_a_missing_field_is_named(client: TestClient) -> None:
    assert client.get("/api/v1/municipalities").json()["faults"] == [
        {"in": "query", "field": "q", "detail": "Field required"}
    ]


def test_what_a_caller_has_made_up_is_told_back_within_bounds(client: TestClient, make: Factory) -> None:
    """Names of fields are the caller's: a NUL, a name without end and more than anybody reads are not sent back."""
    for body, fields in (
        ({"\0": 1}, {"\ufffd"}), ({"x" * 5000: 1}, {"x" * 2000}), (dict.fromkeys(map(str, range(2000)), 1), None),
    ):  # fmt: skip
        answer = client.post("/api/v1/territories", json=body, headers=make.bearer())
        found = answer.json()["faults"]
        assert answer.status_code == 422
        assert len(found) <= 1000
        assert fields is None or fields <= {one["field"] for one in found}


def test_broken_json_is_a_bad_request(client: TestClient, make: Factory) -> None:
    answer = client.post(
        "/api/v1/keys", content=b"{", headers=make.bearer() | {"content-type": "application/json"}
    )
    assert problem(answer)[0] == 400


def test_a_body_over_the_limit_is_refused_before_it_is_read(client: TestClient, settings: Settings) -> None:
    answer = client.post("/api/v1/keys", content=b"x" * (settings.max_body_bytes + 1))
    assert problem(answer)[:2] == (413, "/problems/too-large")


def test_a_body_without_length_is_counted_while_it_comes(client: TestClient, settings: Settings) -> None:
    pieces = (b"x" * 65536 for _ in range(settings.max_body_bytes // 65536 + 2))
    answer = client.post("/api/v1/keys", content=pieces)
    assert problem(answer)[:2] == (413, "/problems/too-large")


@pytest.mark.parametrize(
    "headers", [{"origin": "https://elsewhere.example"}, {"sec-fetch-site": "cross-site"}, {"origin": "null"}]
)
def test_a_post_from_a_page_of_another_site_is_refused(client: TestClient, headers: dict[str, str]) -> None:
    client.cookies.set("bottega_session", "anything")
    assert problem(client.post("/api/v1/keys", json={}, headers=headers))[0] == 403


def test_an_unforeseen_error_says_nothing_but_an_id(app: FastAPI, client: TestClient) -> None:
    def fail() -> None:
        raise RuntimeError("a secret detail")

    app.get("/fail")(fail)
    answer = client.get("/fail", headers={"Request-Id": "request-42"})
    assert (answer.status_code, answer.headers["request-id"]) == (500, "request-42")
    assert "secret" not in answer.text


def test_a_caller_over_the_rate_limit_is_told_when_to_come_back(database: Database) -> None:
    limited = create_app(Settings(rate_limit_per_minute=2), database=database)
    with TestClient(limited) as caller:
        caller.event_hooks = {"response": [contract.check]}
        answers = [caller.get("/api/v1/status") for _ in range(3)]
        other = caller.get("/api/v1/status", headers={"Authorization": "Bearer btg_11111111_other"})
        page = caller.get("/status")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert [answer.headers["ratelimit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert problem(answers[2])[1] == "/problems/too-many-requests"
    assert int(answers[2].headers["retry-after"]) <= 60
    assert (other.status_code, other.headers["ratelimit-remaining"]) == (
        429,
        "0",
    )  # no way round by inventing keys
    assert (page.status_code, "ratelimit-limit" in page.headers) == (200, False)


def test_a_key_without_administrator_role_issues_no_keys(client: TestClient, make: Factory) -> None:
    territory = str(make.territory().id)
    body = {"name": "x", "role": "coordinator", "territory_id": territory, "scopes": ["schools:read"]}
    assert problem(client.post("/api/v1/keys", json=body, headers=make.bearer(Role.COORDINATOR)))[0] == 403
