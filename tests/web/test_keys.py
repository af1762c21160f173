"""Integrators' keys in the browser: issued, renewed and closed by whoever answers for a school, a company, a territory."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import scopes
from app.auth.models import ApiKey, ApiKeySecret
from app.db import Database
from app.web import words
from tests.factories import NOW, Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]
REGISTER = {"name": "Registro elettronico", "scopes": ["classes:read", "keys:write"]}


def token_of(page: str) -> str:
    [token] = re.findall(r"<code[^>]*>(btg_[0-9a-f]{8}_[\w-]{43})</code>", page)
    return token


def works(visit: Visit, token: str) -> bool:
    status = (
        visit()
        .get("/api/v1/schools", headers={"Authorization": f"Bearer {token}"}, params={"q": "aldini"})
        .status_code
    )
    assert status in (200, 401)
    return status == 200


def test_every_scope_has_words() -> None:
    assert words.SCOPES.keys() == scopes.ALL


@pytest.mark.parametrize(
    ("who", "scope", "bound_to"),
    [
        ("lead", "students:read", "school_id"),
        ("company", "opportunities:write", "company_id"),
        ("coordinator", "companies:read", "territory_id"),
        ("administrator", "events:read", None),
    ],
)
def test_a_key_acts_as_who_issued_it_and_its_secret_is_shown_once(
    visit: Visit, land: Territory, database: Database, who: str, scope: str, bound_to: str | None
) -> None:
    client = visit(who)
    issued = client.post("/keys", data={"name": "Program", "scopes": [scope], "days": "90"})
    assert issued.status_code == 200, issued.text
    assert works(visit, token_of(issued.text))
    assert issued.headers["cache-control"] == "no-store"
    page = client.get("/keys").text
    assert "btg_" not in page
    assert "Usata l'ultima volta il 12 gennaio 2026." in unescape(page)
    with database.read() as session:
        [key] = session.scalars(sa.select(ApiKey))
    bound = [name for name in ("school_id", "company_id", "territory_id") if getattr(key, name) is not None]
    assert bound == ([bound_to] if bound_to else [])
    assert (key.scopes, key.expires_at) == (scope, NOW + timedelta(days=90))


@pytest.mark.parametrize("who", ["student", "teacher", "other company", "nobody"])
def test_the_others_have_no_keys(visit: Visit, land: Territory, database: Database, who: str) -> None:
    client = visit(who)
    assert client.get("/keys").status_code == 403
    assert client.post("/keys", data=REGISTER).status_code == 403
    assert 'href="/keys"' not in client.get("/start").text
    with database.read() as session:
        assert session.scalars(sa.select(ApiKey)).all() == []


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (REGISTER | {"name": " "}, "Scrivi a quale programma serve la chiave."),
        (REGISTER | {"name": "a\x07b"}, "Scrivi a quale programma serve la chiave."),
        ({"name": "Registro"}, "Scegli almeno una cosa che il programma può fare."),
    ],
)
def test_what_is_missing_is_told_and_the_rest_is_kept(
    visit: Visit, land: Territory, sent: dict[str, object], told: str
) -> None:
    answer = visit("lead").post("/keys", data=sent)
    page = unescape(answer.text)
    assert (answer.status_code, told in page) == (422, True)
    assert page.count(" checked") == len(sent.get("scopes", ()))  # type: ignore[arg-type]


def test_what_a_school_has_no_use_for_cannot_be_ticked_nor_sent(visit: Visit, land: Territory) -> None:
    client = visit("lead")
    assert 'value="events:read"' not in client.get("/keys").text
    assert client.post("/keys", data=REGISTER | {"scopes": ["events:read"]}).status_code == 422


def test_a_key_is_renewed_with_an_overlap_and_closed(
    visit: Visit, land: Territory, database: Database
) -> None:
    client = visit("lead")
    old = token_of(client.post("/keys", data=REGISTER).text)
    [rotate, revoke] = re.findall(r'action="(/keys/[^"]+)"', client.get("/keys").text)
    renewed = client.post(rotate, data={"overlap_days": "7"})
    new = token_of(renewed.text)
    assert "Quella di prima vale fino al" in renewed.text
    assert [works(visit, token) for token in (old, new)] == [True, True]
    assert "La versione di prima vale fino al 19 gennaio 2026." in client.get("/keys").text
    again = client.post(rotate, data={"overlap_days": "7"})
    assert (again.status_code, "La chiave di prima vale ancora" in again.text) == (409, True)
    newest = token_of(client.post(rotate, data={"overlap_days": "0"}).text)
    assert [works(visit, token) for token in (old, new, newest)] == [False, False, True]
    assert client.post(revoke).headers["location"] == "/keys"
    assert not works(visit, newest)
    page = client.get("/keys").text
    assert ("Chiusa il 12 gennaio 2026." in page, "Ancora nessuna chiave" in page) == (True, True)
    late = client.post(rotate, data={"overlap_days": "7"})
    assert (late.status_code, "è già chiusa o scaduta" in unescape(late.text)) == (409, True)
    with database.read() as session:
        assert session.scalars(sa.select(ApiKeySecret)).all() == []


def test_the_key_of_another_school_is_not_there(visit: Visit, land: Territory) -> None:
    visit("other lead").post("/keys", data=REGISTER)
    [rotate, revoke] = re.findall(r'action="(/keys/[^"]+)"', visit("other lead").get("/keys").text)
    client = visit("lead")
    assert "Registro" not in client.get("/keys").text
    assert [client.post(path).status_code for path in (rotate, revoke)] == [404, 404]


def test_an_administrator_sees_whose_each_key_is(visit: Visit, land: Territory, make: Factory) -> None:
    visit("lead").post("/keys", data=REGISTER)
    page = visit("administrator").get("/keys").text
    assert "Istituto tecnico Aldini, responsabile della scuola" in page


def test_the_page_is_found_from_where_people_begin(visit: Visit, land: Territory) -> None:
    begins = dict.fromkeys(("lead", "coordinator", "administrator"), "/start")
    begins["company"] = f"/companies/{land.company_id}"
    for who, path in begins.items():
        assert 'href="/keys"' in visit(who).get(path).text, who
    assert 'href="/keys"' not in visit("coordinator").get(begins["company"]).text
