"""A log line names nobody: not in its values, not in an error's message, not in an address."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest
import structlog
from fastapi import FastAPI
from starlette.testclient import TestClient

from app import logs, redaction
from app.db import Database
from app.settings import Settings
from tests import forms
from tests.app.privacy.people import PLANTED, plant
from tests.factories import Factory

PLAIN_ID = UUID("0189d3b0-0000-4000-8000-0000000000aa")


@pytest.fixture(params=["production", "development"])
def lines(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a service writes."""
    written = io.StringIO()
    root = logging.getLogger()
    handlers, level, before = root.handlers, root.level, structlog.get_config()
    monkeypatch.setattr("sys.stderr", written)
    logs.set_up(Settings(environment=request.param, secret_key="x" * 40))
    monkeypatch.setattr(logging.getLogger("httpx2"), "level", logging.WARNING)  # the tests' own client
    yield written
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def written_by(values: dict[str, Any], name: str = "app.tests") -> dict[str, Any]:
    record = logging.LogRecord(name, logging.INFO, "", 0, "", None, None)
    line = dict(redaction.redact(None, "", values | {"_record": record}))
    del line["_record"]
    return line


@pytest.mark.parametrize(
    "value",
    [1, 1.5, True, None, date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), PLAIN_ID, "retention_kept", "", "037006",
     str(PLAIN_ID), "/students/{student_id}", "OperationalError", "2026-01-01", ["a", 1], {"a": "b"}],
)  # fmt: skip
def test_what_names_nobody_stays(value: object) -> None:
    assert written_by({"what": value}) == {"what": value}


@pytest.mark.parametrize(
    "value",
    ["Giulia Rossi", "giulia@example.org", "RSSGLI08E44A944X", "+39 051 123456", "Rossi", "via Emilia 1", "x" * 200,
     "riga\nnuova", ValueError("Giulia"), ["giulia rossi"], {"a": "Giulia"}],
)  # fmt: skip
def test_what_could_name_somebody_goes(value: object) -> None:
    said = json.dumps(written_by({"what": value}), default=str)
    assert redaction.REDACTED in said
    assert "iulia" not in said
    assert "ossi" not in said


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("sent to giulia.rossi@example.org now", "sent to [redacted] now"),
        ("code RSSGLI08E44A944X", "code [redacted]"),
        ("IT60X0542811101000000123456 paid", "[redacted] paid"),
        ("call +39 051 1234567", "call [redacted]"),
        ("INSERT failed [parameters: ('Giulia',)]", "INSERT failed [parameters: [redacted]"),
        ("DETAIL: Key (name)=(Giulia) exists", "DETAIL:[redacted]"),
        ("key btg_01234567_abcdefghijklmnop", "key [redacted]"),
        (f"GET /calendar-feeds/{'a-_' * 14}b.ics", "GET /calendar-feeds/[redacted].ics"),
        ("Uvicorn running on http://127.0.0.1:8000 (Press CTRL+C to quit)",) * 2,
        ("2026-11-22 Started server process [4242]",) * 2,
    ],
)
def test_lines_of_libraries(text: str, left: str) -> None:
    assert written_by({"event": text}, "uvicorn.error") == {"event": left}


def test_a_request_id_of_the_caller_is_hashed_and_ours_stays() -> None:
    ours = "0123456789ab" * 2
    assert written_by({"request_id": ours}) == {"request_id": ours}
    given = written_by({"request_id": "giulia.rossi"})["request_id"]
    assert given.startswith("given-")
    assert given == written_by({"request_id": "giulia.rossi"})["request_id"]


def test_an_error_tells_its_kinds_and_places_but_not_its_words(lines: io.StringIO) -> None:
    def fail() -> None:
        try:
            {}["Giulia Rossi"]
        except KeyError as error:
            raise ValueError("no giulia@example.org") from error

    try:
        fail()
    except ValueError:
        structlog.get_logger("app.tests").exception("broken")
        logging.getLogger("some.library").exception("broken too")
    said = lines.getvalue()
    assert "iulia" not in said
    assert said.count("builtins.ValueError") == said.count("builtins.KeyError") == 2
    assert "test_an_error_tells_its_kinds" in said


def broken(app: FastAPI) -> None:
    """A fault that repeats what it was given, as those of databases and parsers do."""

    def fail(*_: object, **values: object) -> None:
        raise RuntimeError(f"cannot store {PLANTED}: {values}")

    app.state.engine.student = fail


def test_a_journey_with_faults_names_nobody(
    lines: io.StringIO, app: FastAPI, make: Factory, database: Database
) -> None:
    client = TestClient(app, base_url="http://127.0.0.1:8000")
    client.event_hooks = {"request": [forms.carry_token], "response": []}
    planted = plant(client, make, database)
    broken(app)
    request = {"Request-Id": PLANTED["request"]}
    for path in (f"/api/v1/students/{planted.student_id}/matches", f"/students/{planted.student_id}"):
        assert client.get(path, headers=planted.own | request).status_code == 500
    client.get(f"/{PLANTED['family_name']}", headers=request)
    client.get("/api/v1/students", params={"external_id": PLANTED["external_id"]}, headers=request)
    said = lines.getvalue().lower()
    assert said.count("runtimeerror") == 2
    assert [name for name, value in PLANTED.items() if value.lower() in said] == []
    assert str(planted.student_id) not in said


@pytest.mark.parametrize("guard", ["redact", "tell_errors"])
def test_without_its_guards_the_log_would_tell(
    lines: io.StringIO, guard: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", lines)
    keep = structlog.processors.format_exc_info if guard == "tell_errors" else lambda _l, _m, line: line
    monkeypatch.setattr(redaction, guard, keep)
    logs.set_up(Settings())
    structlog.get_logger("app.tests").error(
        "broken", name="Giulia Rossi" if guard == "redact" else "", exc_info=ValueError("Giulia Rossi")
    )
    assert "Giulia" in lines.getvalue()
