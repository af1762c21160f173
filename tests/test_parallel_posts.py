"""The same POST many times at once, by several threads and to two server processes: one object, one answer."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.companies.models import Company
from app.db import Database
from app.main import create_app
from app.rest import Call
from app.settings import Settings
from tests.factories import Factory
from tests.test_processes import server

POSTS = 50
BODY = {"name": "Parallel"}
KEY = {"Idempotency-Key": "the-same-call"}


def count(database: Database) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Company)) or 0


def judge(answers: list[tuple[int, Any]], database: Database) -> None:
    """One object, and each caller either has it or was told that it is still being made."""
    statuses = Counter(status for status, _ in answers)
    assert set(statuses) <= {201, 409}, statuses
    assert statuses[201] >= 1
    assert len({body["id"] for status, body in answers if status == 201}) == 1
    assert len({str(body) for status, body in answers if status == 201}) == 1
    assert {body["type"] for status, body in answers if status == 409} <= {"/problems/still-running"}
    assert count(database) == 1


def in_threads(database: Database, headers: dict[str, str]) -> list[tuple[int, Any]]:
    app = create_app(Settings(rate_limit_per_minute=100_000, threads=8), database=database)
    client = TestClient(app, raise_server_exceptions=False)

    def post(_: int) -> tuple[int, Any]:
        answer = client.post("/api/v1/companies", json=BODY, headers=headers)
        return answer.status_code, answer.json()

    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(post, range(POSTS)))


def test_equal_posts_of_several_threads_make_one_object(shared: Database) -> None:
    judge(in_threads(shared, Factory(shared).bearer() | KEY), shared)


def test_without_the_guard_they_make_many(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above can fail."""
    monkeypatch.setattr(Call, "_replay", lambda *_: None)
    answers = in_threads(shared, Factory(shared).bearer() | KEY)
    assert count(shared) == Counter(status for status, _ in answers)[201] > 1


def test_equal_posts_to_two_processes_make_one_object(shared: Database) -> None:
    headers = Factory(shared).bearer() | KEY
    url = shared.engine.url.render_as_string(hide_password=False)
    with ExitStack() as stack:
        clients = [stack.enter_context(server(url)) for _ in range(2)]

        def post(number: int) -> tuple[int, Any]:
            answer = clients[number % 2].post("/companies", json=BODY, headers=headers)
            return answer.status_code, answer.json()

        with ThreadPoolExecutor(8) as threads:
            judge(list(threads.map(post, range(POSTS))), shared)
        # Afterwards either process repeats the answer.
        judge([post(0), post(1)], shared)
