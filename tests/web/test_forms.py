"""No form without its token, and nothing that changes without one: on every page, in every template, over the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.testclient import TestClient

from app import api
from app.auth import form_tokens
from app.auth.actors import Role
from app.auth.service import COOKIE
from app.settings import Settings
from app.web.ui import TEMPLATES
from tests import forms
from tests.factories import Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]
FORM = re.compile(r"<form\b.*?>(?P<inside>.*?)</form>", re.DOTALL)
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}


def routes_of(routes: Any) -> Iterator[APIRoute]:
    """Every route, also of included routers."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if inner is not None:
            yield from routes_of(inner.routes)


@pytest.fixture
def bare(app: FastAPI) -> Iterator[TestClient]:
    """A client that adds no token by itself."""
    with TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False) as client:
        yield client


def test_every_form_of_a_page_carries_a_token(visit: Visit, land: Territory) -> None:
    client = visit("teacher")
    for path in ("/", "/start", f"/companies/{land.company_id}", "/nowhere"):
        found = FORM.findall(client.get(path).text)
        assert found, path
        for inside in found:
            assert inside.count(f'name="{form_tokens.FIELD}"') == 1


def test_every_form_of_the_templates_that_changes_something_says_so_in_one_way() -> None:
    # The token is put into what `method="post"` opens; a form that posts in any other way would go without.
    for path in sorted(TEMPLATES.rglob("*.html")):
        source = path.read_text("utf-8")
        for tag in re.findall(r"<form\b[^>]*>", source):
            assert re.search(r'\bmethod="(post|get)"', tag), f"{path.name}: {tag}"
        other = re.sub(
            r'<form\b[^>]*\bmethod="post"[^>]*>', "", source
        )  # it sends the form, with the token, by a script
        assert not re.search(r"formmethod|data-hx-(put|patch|delete)", source), path.name
        assert "data-hx-post" not in other, path.name


def test_nothing_changes_by_a_page_without_a_token(app: FastAPI, bare: TestClient, make: Factory) -> None:
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    posts = [
        (method, re.sub(r"\{[^}]+\}", "00000000-0000-4000-8000-000000000000", route.path))
        for route in routes_of(app.routes)
        for method in sorted(route.methods & UNSAFE)
        if not route.path.startswith(api.PREFIX)
    ]
    assert ("POST", "/sign-in") in posts
    assert ("POST", "/sign-out") in posts
    for method, path in posts:
        answer = bare.request(method, path, data={"x": "y"})
        assert (answer.status_code, "Il modulo è scaduto" in answer.text) == (403, True), f"{method} {path}"


def test_a_token_opens_the_form_of_its_own_session_only(bare: TestClient, make: Factory) -> None:
    mine, other = make.signed_in(Role.ADMINISTRATOR), make.signed_in(Role.ADMINISTRATOR)
    bare.cookies.set(COOKIE, other)
    foreign = forms.token_of(bare.get("/").text)
    bare.cookies.clear()
    bare.cookies.set(COOKIE, mine)
    own = forms.token_of(bare.get("/").text)
    assert bare.post("/sign-out", data={form_tokens.FIELD: foreign}).status_code == 403
    assert bare.post("/sign-out", data={form_tokens.FIELD: own}).status_code == 303


def test_a_browser_without_session_gets_a_cookie_that_its_forms_are_bound_to(bare: TestClient) -> None:
    page = bare.get("/sign-in")
    [cookie] = page.headers.get_list("set-cookie")
    assert cookie.startswith(f"{form_tokens.BROWSER_COOKIE}=")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    form = {form_tokens.FIELD: forms.token_of(page.text), "language": "en"}
    assert "set-cookie" not in bare.get("/sign-in").headers
    assert bare.post("/language", data=form).status_code == 303
    bare.cookies.set(form_tokens.BROWSER_COOKIE, "another", domain="127.0.0.1")
    assert bare.post("/language", data=form).status_code == 403


def test_a_planted_cookie_opens_nothing_where_there_is_a_session(bare: TestClient, make: Factory) -> None:
    planted = form_tokens.issue(Settings(), f"{form_tokens.BROWSER_COOKIE}=planted")
    bare.cookies.set(form_tokens.BROWSER_COOKIE, "planted")
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    assert bare.post("/sign-out", data={form_tokens.FIELD: planted}).status_code == 403


@pytest.mark.parametrize("token", ["", "x", "====", "A" * 88, "é" * 88, None])
def test_what_is_no_token_opens_nothing(bare: TestClient, make: Factory, token: str | None) -> None:
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    answer = bare.post("/sign-out", data={} if token is None else {form_tokens.FIELD: token})
    assert answer.status_code == 403


def test_without_the_guard_the_forged_form_is_obeyed(
    bare: TestClient, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_tokens, "require", lambda *_: None)
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    assert bare.post("/sign-out").status_code == 303
    assert bare.get("/start").status_code == 303


def test_a_page_shows_no_token_twice(bare: TestClient, make: Factory) -> None:
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    tokens = {forms.token_of(bare.get("/").text) for _ in range(3)}
    assert len(tokens) == 3


KEY = {"name": "Register", "role": "administrator", "scopes": ["schools:read"], "days": 30}


def test_the_api_takes_no_change_on_a_cookie_alone(bare: TestClient, make: Factory) -> None:
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    refused = bare.post("/api/v1/keys", json=KEY)
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/form-token-missing")
    assert bare.get("/api/v1/keys").json()["items"] == []
    token = forms.token_of(bare.get("/").text)
    assert bare.post("/api/v1/keys", json=KEY, headers={form_tokens.HEADER: token}).status_code == 201


def test_the_api_asks_a_key_for_no_token(bare: TestClient, make: Factory) -> None:
    bare.headers |= make.bearer()
    assert bare.post("/api/v1/skills/recognise", json={"text": "PLC", "language": "it"}).status_code == 200


def test_signing_out_clears_the_browser(bare: TestClient, make: Factory) -> None:
    bare.cookies.set(COOKIE, make.signed_in(Role.ADMINISTRATOR))
    token = forms.token_of(bare.get("/").text)
    answer = bare.post("/sign-out", data={form_tokens.FIELD: token})
    assert answer.headers["clear-site-data"] == '"cache", "storage"'
    [cookie] = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f'{COOKIE}=""; ')
    assert "Max-Age=0" in cookie
