"""Signing in as tests do it: a person, a clock that goes on, and the ways in."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from starlette.testclient import TestClient

from app.auth import service_people as people
from app.auth.actors import Role
from app.auth.models import User
from app.db import Database
from tests import mailbox
from tests.factories import ACTOR, NOW, Factory

EMAIL = "anna.rossi@scuola.example"
PASSWORD = "tre parole a caso"

Browser = Callable[..., TestClient]


class Clock:
    """A clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


def add_person(database: Database, *roles: Role, email: str = EMAIL, password: str | None = PASSWORD) -> User:
    grants = [Factory(database).grant(role) for role in roles]
    with database.write() as session:
        return people.add_user(
            session, ACTOR, email=email, name="Anna Rossi", grants=grants,
            password_hash=people.hash_password(password) if password else None,
        )  # fmt: skip


def with_password(client: TestClient, email: str = EMAIL, password: str = PASSWORD, **fields: str) -> int:
    return client.post("/sign-in", data={"email": email, "password": password} | fields).status_code


def last_mail(database: Database) -> tuple[str, str]:
    """The address in the last mail that waits to be sent, and its code."""
    text = mailbox.written(database)[-1].body_text
    [link] = re.findall(r"^http\S+$", text, re.MULTILINE)
    [code] = re.findall(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$", text, re.MULTILINE)
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}", code


def by_link(client: TestClient, address: str, **fields: str) -> int:
    token = parse_qs(urlsplit(address).query)["token"][0]
    return client.post("/sign-in/link", data={"token": token} | fields).status_code


def is_in(client: TestClient) -> bool:
    return client.get("/account").status_code == 200
