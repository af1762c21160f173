"""The API's conventions: repeated posts, cursors."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from pydantic import Field, ValidationError
from starlette.testclient import TestClient

from app import rest
from app.auth.models import IdempotencyKey
from app.companies.models import Company
from app.db import Database
from app.main import create_app
from app.settings import Settings
from tests.factories import NOW, Factory

URL = "/api/v1/companies"
KEY = {"Idempotency-Key": "the-same-call"}


def count(database: Database, name: str) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).where(Company.name == name)) or 0


def test_a_repeated_post_gets_the_first_answer_and_creates_nothing(client: TestClient, make: Factory) -> None:
    headers = make.bearer() | KEY
    first, second = (client.post(URL, json={"name": "Once"}, headers=headers) for _ in range(2))
    assert (first.status_code, first.json()) == (201, second.json())
    assert [second.headers[name] for name in ("location", "etag")] == [
        first.headers[name] for name in ("location", "etag")
    ]
    assert count(make.database, "Once") == 1


def test_a_key_used_for_another_body_is_refused(client: TestClient, make: Factory) -> None:
    headers = make.bearer() | KEY
    client.post(URL, json={"name": "First"}, headers=headers)
    other = client.post(URL, json={"name": "Second"}, headers=headers)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/key-reused")
    assert count(make.database, "Second") == 0


def test_the_same_key_of_another_caller_is_another_key(client: TestClient, make: Factory) -> None:
    answers = [client.post(URL, json={"name": "Each"}, headers=make.bearer() | KEY) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert count(make.database, "Each") == 2


def test_a_failed_post_leaves_its_key_free(client: TestClient, make: Factory) -> None:
    headers = make.bearer() | KEY
    assert client.post(URL, json={"name": "A", "tax_code": "1"}, headers=headers).status_code == 422
    assert client.post(URL, json={"name": "A"}, headers=headers).status_code == 201


def test_a_key_is_forgotten_after_a_day(client: TestClient, make: Factory) -> None:
    headers = make.bearer() | KEY
    client.post(URL, json={"name": "Daily"}, headers=headers)
    with make.database.write() as session:
        session.execute(sa.update(IdempotencyKey).values(created_at=NOW - timedelta(hours=25)))
    assert client.post(URL, json={"name": "Daily"}, headers=headers).status_code == 201
    assert count(make.database, "Daily") == 2


def test_one_object_comes_of_many_equal_posts_at_once(shared: Database) -> None:
    headers = Factory(shared).bearer() | KEY
    app = create_app(Settings(rate_limit_per_minute=100_000), database=shared)
    client = TestClient(app)  # without `with`: the fixture closes the database

    def post(_: int) -> tuple[int, Any]:
        answer = client.post(URL, json={"name": "Parallel"}, headers=headers)
        return answer.status_code, answer.json().get("id")

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(50)))
    ids = {id_ for status, id_ in answers if status == 201}
    assert {status for status, _ in answers} <= {201, 409}
    assert len(ids) == 1
    assert count(shared, "Parallel") == 1


def test_without_a_key_each_post_creates(client: TestClient, make: Factory) -> None:
    headers = make.bearer()
    for _ in range(2):
        client.post(URL, json={"name": "Twice"}, headers=headers)
    assert count(make.database, "Twice") == 2


@pytest.mark.parametrize("values", [("a", 1), (0.1 + 0.2, "x"), ("è", "~")])
def test_a_cursor_comes_back_as_it_went(values: tuple[Any, ...]) -> None:
    assert rest.decode_cursor(rest.encode_cursor(*values), *(type(value) for value in values)) == values


@pytest.mark.parametrize("cursor", ["", "e30", "WzFd", "WyJhIl0", "____", "WzEsMl0"])
def test_a_cursor_of_another_list_is_refused(cursor: str) -> None:
    kinds: Callable[[], Any] = lambda: rest.decode_cursor(cursor, str, UUID)  # noqa: E731
    with pytest.raises(rest.BadCursor):
        kinds()


class Inner(rest.In):
    number: int


class Outer(rest.In):
    """A number wherever one can stand."""

    number: int | None = None
    share: float = 0.5
    numbers: list[int] = Field(default_factory=list)
    inner: Inner | None = None
    by_name: dict[str, int] = Field(default_factory=dict)
    is_open: bool = True


@pytest.mark.parametrize(
    "given",
    [
        {"number": True},
        {"share": False},
        {"numbers": [1, True]},
        {"inner": {"number": False}},
        {"by_name": {"a": True}},
    ],
)
def test_true_and_false_are_no_numbers(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as refused:
        Outer.model_validate(given)
    [fault] = refused.value.errors()
    assert (fault["loc"][0], fault["type"]) == (next(iter(given)), "number_type")


def test_cells_of_a_file_are_numbers_still() -> None:
    """Texts, as a table has them; and what says yes or no still does."""
    read = Outer.model_validate({"number": "3", "share": "0.25", "numbers": ["4"], "is_open": False})
    assert (read.number, read.share, read.numbers, read.is_open) == (3, 0.25, [4], False)
