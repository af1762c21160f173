"""What every answer tells browsers: of the API, of pages, of files, of every failure, in development and production."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app import api, headers
from app.auth import service as auth
from app.auth import service_people as people
from app.auth.actors import Role
from app.auth.form_tokens import BROWSER_COOKIE
from app.db import Database
from app.main import create_app
from app.settings import Settings
from app.web import files
from tests import forms
from tests.caller import Caller
from tests.factories import ACTOR, Factory

PRODUCTION = Settings(environment="production", secret_key="p" * 40, public_url="https://bottega.example")  # type: ignore[arg-type]
SOME_ID = "00000000-0000-4000-8000-000000000000"
EXPECTED = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
STORED = {"max-age=300", "no-cache", "public, max-age=31536000, immutable"}
"""What may be kept: the API's document, and files."""


def routes_of(routes: Any, prefix: str = "") -> Iterator[tuple[str, APIRoute]]:
    """Every route with its whole path, of mounted applications and included routers too."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield prefix + route.path, route
        mounted = getattr(getattr(route, "app", None), "routes", None)
        included = getattr(route, "original_router", None)
        if included is not None:
            yield from routes_of(included.routes, prefix)
        elif mounted:
            yield from routes_of(mounted, prefix + route.path)


def check(answer: httpx2.Response, *, is_kept: bool = False) -> None:
    """Fail unless the answer carries every header, and may be kept by nobody unless it is a file."""
    where = f"{answer.request.method} {answer.request.url.path} → {answer.status_code}"
    carried = {name: answer.headers.get(name) for name in EXPECTED}
    assert carried == EXPECTED, where
    assert (answer.headers["cache-control"] in STORED) is is_kept, (
        f"{where}: {answer.headers['cache-control']}"
    )
    assert "server" not in answer.headers, where
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", answer.headers["request-id"]), where
    if answer.content:
        assert answer.headers["content-type"], where
        if answer.headers["content-type"].startswith("text/"):
            assert "charset=utf-8" in answer.headers["content-type"], where


@pytest.fixture
def caller(app: FastAPI) -> Iterator[TestClient]:
    with Caller(
        app, base_url="http://127.0.0.1:8000", follow_redirects=False, raise_server_exceptions=False
    ) as caller:
        caller.event_hooks["request"].append(forms.carry_token)
        yield caller


def test_every_route_in_every_method_for_nobody_and_for_the_administrator(
    app: FastAPI, caller: TestClient, make: Factory
) -> None:
    paths = {re.sub(r"\{[^}]+\}", SOME_ID, path) for path, _ in routes_of(app.routes)}
    assert {
        "/",
        "/sign-in",
        "/status",
        "/api/v1/status",
        f"/api/v1/students/{SOME_ID}",
        "/api/v1/keys",
    } <= paths
    statuses = set()
    for token in (None, make.signed_in(Role.ADMINISTRATOR)):
        caller.cookies.clear()
        if token:
            caller.cookies.set(auth.COOKIE, token)
        for path in sorted(paths - {"/sign-out"}):
            for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"):
                answer = caller.request(method, path)
                check(answer, is_kept=path.endswith("openapi.json") and answer.status_code == 200)
                statuses.add(answer.status_code)
    assert {200, 303, 401, 404, 405, 415, 422} <= statuses


def test_every_file(caller: TestClient) -> None:
    served = files.load()
    assert served.files
    for name in served.files:
        kept = caller.get(served.address(name))
        check(kept, is_kept=True)
        assert (kept.status_code, kept.headers["cache-control"]) == (
            200,
            "public, max-age=31536000, immutable",
        )
    known = caller.get(f"/static/{name}", headers={"if-none-match": kept.headers["etag"]})
    check(known, is_kept=True)
    assert (known.status_code, known.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("GET", "/static/nowhere.js", {}, 404),
        ("GET", "/static/../settings.py", {}, 404),
        ("POST", "/static/style.css", {}, 405),
        ("GET", "/nowhere", {}, 404),
        ("GET", "/api/v1/nowhere", {}, 404),
        ("PUT", "/api/v1/status", {}, 405),
        ("POST", "/sign-in", {"content": b"x" * 3000}, 413),
        ("POST", "/api/v1/skills/recognise", {"content": b"x" * 3000}, 413),
        ("POST", "/api/v1/skills/recognise", {"content": b"x"}, 415),
        (
            "POST",
            "/api/v1/skills/recognise",
            {"content": b"{", "headers": {"content-type": "application/json"}},
            400,
        ),
        ("POST", "/api/v1/skills/recognise", {"json": {}}, 422),
        ("GET", "/start", {}, 303),
        ("GET", "/api/v1/keys", {}, 401),
        ("GET", "/api/v1/keys", {"headers": {"authorization": "Bearer nonsense"}}, 401),
        ("POST", "/sign-out", {"headers": {"origin": "https://evil.example"}}, 403),
        ("POST", "/sign-out", {"headers": {"form-token": "old"}}, 403),
        ("GET", "/?a=%00", {}, 400),
        ("GET", "/api/v1/status?a=%00", {}, 400),
        ("POST", "/sign-in", {"headers": {"content-length": "many"}}, 400),
    ],
)
def test_every_way_to_fail(
    database: Database, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    app = create_app(Settings(max_body_bytes=2000), database=database)
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as caller:
        caller.event_hooks["request"].append(forms.carry_token)
        answer = caller.request(method, path, **sent)
    check(answer)
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("error", "status"), [(RuntimeError("a detail"), 500), (OperationalError("x", {}, Exception()), 503)]
)
def test_our_own_failures(app: FastAPI, caller: TestClient, error: Exception, status: int) -> None:
    def fail() -> None:
        raise error

    app.get("/fail")(fail)
    answer = caller.get("/fail")
    check(answer)
    assert answer.status_code == status


def test_too_many_requests(database: Database) -> None:
    with TestClient(create_app(Settings(rate_limit_per_minute=1), database=database)) as caller:
        answers = [caller.get("/api/v1/status") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    for answer in answers:
        check(answer)


def test_without_the_frame_the_headers_are_missing(app: FastAPI) -> None:
    bare = TestClient(app, base_url="http://127.0.0.1:8000")
    app.user_middleware.clear()
    app.middleware_stack = None
    with pytest.raises((AssertionError, KeyError)):
        check(bare.get("/static/style.css"), is_kept=True)


def test_a_form_may_lead_on_to_a_named_origin_only() -> None:
    assert "form-action 'self' https://id.example;" in headers.content_policy("https://id.example")


# --- production -------------------------------------------------------------------------------------------------------


@pytest.fixture
def in_production(database: Database) -> Iterator[TestClient]:
    if not (files.FOLDER / files.NEEDED).is_file():
        pytest.skip("the browser files are missing: python -m app.web.assets")
    app = create_app(PRODUCTION, database=database)
    with TestClient(app, base_url="https://bottega.example", follow_redirects=False) as caller:
        caller.event_hooks["request"].append(partial(forms.carry_token, settings=PRODUCTION))
        yield caller


def test_production_insists_on_https(in_production: TestClient) -> None:
    for path in ("/", "/api/v1/status", "/static/style.css", "/nowhere"):
        answer = in_production.get(path)
        assert answer.headers["strict-transport-security"] == "max-age=31536000; includeSubDomains"


def test_development_promises_no_https(caller: TestClient) -> None:
    assert "strict-transport-security" not in caller.get("/").headers


def test_cookies_of_production_belong_to_this_host_alone(
    in_production: TestClient, database: Database
) -> None:
    with database.write() as session:
        hashed = people.hash_password("a long password")
        people.add_user(session, ACTOR, email="real@example.org", name="Real", password_hash=hashed)
    page = in_production.get("/sign-in")
    form = {
        "email": "real@example.org",
        "password": "a long password",
        "form_token": forms.token_of(page.text),
    }
    answer = in_production.post("/sign-in", data=form, headers={"form-token": form["form_token"]})
    assert answer.status_code == 303
    cookies = page.headers.get_list("set-cookie") + answer.headers.get_list("set-cookie")
    assert f"__Host-{auth.COOKIE}" in in_production.cookies
    assert f"__Host-{BROWSER_COOKIE}" in in_production.cookies
    for cookie in cookies:
        parts = cookie.split("; ")
        assert parts[0].startswith("__Host-bottega_"), cookie
        assert {"Secure", "HttpOnly", "Path=/"} <= set(parts), cookie
        assert {part.lower() for part in parts} & {"samesite=lax", "samesite=strict"}, cookie
        assert "domain" not in cookie.lower(), cookie
    assert in_production.get("/start").status_code == 200


def test_a_cookie_without_the_prefix_is_not_ours(in_production: TestClient, make: Factory) -> None:
    token = make.signed_in(Role.ADMINISTRATOR)
    planted = in_production.get("/start", headers={"cookie": f"{auth.COOKIE}={token}; other=1"})
    own = in_production.get("/start", headers={"cookie": f"other=1; __Host-{auth.COOKIE}={token}"})
    assert (planted.status_code, own.status_code) == (303, 200)


def test_the_document_names_the_cookie_as_browsers_know_it() -> None:
    for settings, name in ((Settings(), "bottega_session"), (PRODUCTION, "__Host-bottega_session")):
        document = api.document(settings)
        assert document["components"]["securitySchemes"]["session"]["name"] == name
