"""A secret address: made with a button, read by a telephone, taken back with another button."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from app.db import Database
from app.main import create_app
from app.settings import Settings
from tests.factories import NOW
from tests.web.territory import Territory


def test_an_address_is_shown_once_read_without_signing_in_and_taken_back(
    visit: Callable[..., Any], land: Territory
) -> None:
    host = visit("company")
    page = host.get("/calendar-feeds").text
    assert ("Le nostre visite" in page, "/account" in page) == (True, True)
    made = host.post("/calendar-feeds", data={"about": "company", "thing_id": str(land.company_id)})
    assert made.headers["cache-control"] == "no-store"
    [token] = re.findall(r"/calendar-feeds/([\w-]{43})\.ics</code>", made.text)
    assert token not in host.get("/calendar-feeds").text
    path = f"/calendar-feeds/{token}.ics"
    phone = visit()
    read = phone.get(path)
    assert read.headers["content-type"] == "text/calendar; charset=utf-8"
    assert read.headers["x-robots-tag"] == "noindex"
    assert read.headers["cache-control"].startswith("private")
    assert "ratelimit-remaining" in read.headers
    assert "Visita con i posti finiti" in read.text
    same = phone.get(path, headers={"If-None-Match": read.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    assert phone.get(f"/calendar-feeds/{token[::-1]}.ics").status_code == 404
    assert phone.get("/calendar-feeds/x.ics").status_code == 404

    stolen = host.post("/calendar-feeds", data={"about": "company", "thing_id": str(land.other_company_id)})
    assert stolen.status_code == 403
    [feed] = re.findall(r'/calendar-feeds/([0-9a-f-]{36})/revoke"', host.get("/calendar-feeds").text)
    assert visit("teacher").post(f"/calendar-feeds/{feed}/revoke").status_code == 404
    assert host.post(f"/calendar-feeds/{feed}/revoke").status_code == 303
    assert phone.get(path).status_code == 404


def test_who_guesses_addresses_is_slowed_down(database: Database) -> None:
    app = create_app(Settings(rate_limit_per_minute=3), database=database, clock=lambda: NOW)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        answers = [client.get(f"/calendar-feeds/{'x' * 42}{number}.ics").status_code for number in range(5)]
    assert answers == [404, 404, 404, 429, 429]
