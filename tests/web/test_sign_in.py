"""Signing in: by mail and with a password; throttled without locking anybody out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import pairwise

import pytest
import sqlalchemy as sa

from app.auth import devices
from app.auth import service_people as people
from app.auth import service_throttles as throttles
from app.auth.actors import Role
from app.auth.models import User
from app.auth.service import COOKIE
from app.db import Database
from app.events.models import Event
from app.mails.models import Mail
from tests import forms
from tests.factories import ACTOR
from tests.web.signing import (
    EMAIL,
    PASSWORD,
    Browser,
    Clock,
    add_person,
    by_link,
    is_in,
    last_mail,
    with_password,
)

pytestmark = pytest.mark.usefixtures("quick_passwords")


# --- by mail ----------------------------------------------------------------------------------------------------------


def test_opening_the_link_uses_nothing_up_and_confirming_it_signs_in_once(
    database: Database, browser: Browser
) -> None:
    add_person(database, password=None)
    assert browser().post("/sign-in/mail", data={"email": f" {EMAIL.upper()} "}).status_code == 200
    address, _ = last_mail(database)
    scanner, client = browser(), browser()
    for _ in range(3):
        page = scanner.get(address)
        assert (page.status_code, "Accedi come Anna Rossi?" in page.text) == (200, True)
        assert scanner.head(address).status_code in (200, 405)
    assert not is_in(scanner)
    assert by_link(client, address) == 303
    assert is_in(client)
    late = browser()
    assert by_link(late, address) == 410
    assert late.get(address).status_code == 410
    assert not is_in(late)


def test_the_code_beside_the_link_signs_in_where_it_was_asked_for(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    client = browser()
    page = client.post("/sign-in/mail", data={"email": EMAIL, "next": "/privacy"})
    assert f'name="email" value="{EMAIL}"' in page.text
    _, code = last_mail(database)
    wrong = client.post("/sign-in/code", data={"email": EMAIL, "code": "AAAA-AAAA"})
    assert (wrong.status_code, "Questo codice non vale" in wrong.text) == (401, True)
    right = client.post("/sign-in/code", data={"email": EMAIL, "code": code.lower(), "next": "/privacy"})
    assert (right.status_code, right.headers["location"]) == (303, "/privacy")
    assert is_in(client)


def test_the_link_brings_back_to_the_page_that_was_asked_for_and_nowhere_else(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    client = browser()
    client.post("/sign-in/mail", data={"email": EMAIL, "next": "/privacy?a=1"})
    address, _ = last_mail(database)
    assert 'name="next" value="/privacy?a=1"' in client.get(address).text
    client.post("/sign-in/mail", data={"email": EMAIL, "next": "https://evil.example"})
    with database.read() as session:
        assert not any("evil" in text for text in session.scalars(sa.select(Mail.body_text)))


def test_nobody_learns_from_answer_or_work_whether_an_address_is_known(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    with database.write() as session:
        session.merge(add_inactive(session))
    answers, statements = {}, {}
    for email in (EMAIL, "nobody.ever@scuola.example", "gone.away@scuola.example"):
        with recorded(database) as seen:
            answer = browser().post("/sign-in/mail", data={"email": email})
        answers[email] = (answer.status_code, forms.without_tokens(answer.text).replace(email, "…"))
        statements[email] = [one for one in seen if "SAVEPOINT" not in one]
    assert len(set(answers.values())) == 1
    assert statements[EMAIL] == statements["nobody.ever@scuola.example"]
    assert statements[EMAIL] == statements["gone.away@scuola.example"]
    with database.read() as session:
        assert session.scalars(sa.select(Mail.to_address)).all() == [EMAIL]


def add_inactive(session: sa.orm.Session) -> User:
    user = people.add_user(session, ACTOR, email="gone.away@scuola.example", name="Gone")
    user.is_active = False
    return user


@contextmanager
def recorded(database: Database) -> Iterator[list[str]]:
    """The statements that are sent meanwhile."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(database.engine, "before_cursor_execute", note)


@pytest.mark.parametrize("email", ["", "no address", "a@b", "a@b.example\r\nBcc: c@d.example", "@b.example"])
def test_what_is_no_address_is_named_beside_its_field(
    database: Database, browser: Browser, email: str
) -> None:
    answer = browser().post("/sign-in/mail", data={"email": email})
    assert answer.status_code == 422
    assert 'id="address-wrong"' in answer.text
    with database.read() as session:
        assert session.scalars(sa.select(Mail.id)).all() == []


def test_mails_come_no_faster_than_the_back_off_and_there_is_always_a_link_that_works(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    stranger = browser("203.0.113.5")
    for _ in range(120):
        answer = stranger.post("/sign-in/mail", data={"email": EMAIL})
        assert answer.status_code == 200
        clock.wait(minutes=1)
    with database.read() as session:
        mails = session.scalars(sa.select(Mail.created_at).order_by(Mail.created_at)).all()
    assert len(mails) < 20
    waits = [later - earlier for earlier, later in pairwise(mails)]
    assert max(waits) <= timedelta(minutes=11)
    address, _ = last_mail(database)
    assert by_link(browser("198.51.100.9"), address) == 303


# --- the password -----------------------------------------------------------------------------------------------------


def test_every_sign_in_gets_a_new_token_whatever_the_browser_brings(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    client = browser()
    client.cookies.set(COOKIE, "planted" * 6, domain="127.0.0.1")
    assert with_password(client) == 303
    first = client.cookies[COOKIE]
    assert first != "planted" * 6
    assert with_password(client) == 303
    assert client.cookies[COOKIE] != first
    thief = browser()
    thief.cookies.set(COOKIE, first, domain="127.0.0.1")
    assert not is_in(thief), "who signs in again leaves no second token behind"


@pytest.mark.parametrize(("ticked", "days"), [({"is_own_device": "true"}, 30), ({}, 0.5)])
def test_ones_own_device_is_remembered(
    database: Database, browser: Browser, clock: Clock, ticked: dict[str, str], days: float
) -> None:
    add_person(database)
    client = browser()
    answer = client.post("/sign-in", data={"email": EMAIL, "password": PASSWORD} | ticked)
    [cookie] = [one for one in answer.headers.get_list("set-cookie") if one.startswith(COOKIE)]
    assert f"Max-Age={int(days * 86400)}" in cookie
    clock.wait(days=days, seconds=-1)
    assert is_in(client)
    clock.wait(seconds=1)
    assert not is_in(client)


# --- a thousand wrong tries -------------------------------------------------------------------------------------------


def try_often(browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch, times: int) -> dict[str, int]:
    """So many wrong passwords for one account, one a second from eight addresses; what became of them."""
    told = {"verified": 0, "wrong": 0, "refused": 0}
    verify = people.matches

    def counted(stored: str | None, password: str) -> bool:
        told["verified"] += 1
        return verify(stored, password)

    strangers = [browser(f"203.0.113.{number}") for number in range(8)]
    with monkeypatch.context() as patched:
        patched.setattr(people, "matches", counted)
        for number in range(times):
            status = with_password(strangers[number % 8], password=f"guess number {number}")
            told["wrong" if status == 401 else "refused"] += 1
            assert status in (401, 429)
            clock.wait(seconds=1)
    return told


def test_a_thousand_wrong_passwords_are_throttled_and_the_rightful_person_is_not(
    database: Database, browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(database)
    known = browser("198.51.100.1")
    assert with_password(known) == 303
    known.post("/sign-out")
    told = try_often(browser, clock, monkeypatch, 1000)
    assert told == {"verified": 13, "wrong": 13, "refused": 987}
    assert with_password(browser("203.0.113.1")) == 429, "even the right password, from a stranger's address"
    assert with_password(known) == 303
    assert is_in(known)
    elsewhere = browser("198.51.100.77")
    elsewhere.post("/sign-in/mail", data={"email": EMAIL})
    assert by_link(elsewhere, last_mail(database)[0]) == 303
    assert is_in(elsewhere)
    with database.read() as session:
        count = sa.select(Event.action, sa.func.count().label("times")).group_by(Event.action)
        noted = {row.action: row.times for row in session.execute(count)}
    assert (noted["user.sign_in_failed"], noted["user.throttled"]) == (13, 9)


def test_without_the_throttle_all_tries_reach_the_password(
    database: Database, browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(database)
    monkeypatch.setattr(throttles.Backoff, "wait", lambda *_: timedelta())
    told = try_often(browser, clock, monkeypatch, 100)
    assert told == {"verified": 100, "wrong": 100, "refused": 0}


def test_an_account_that_nobody_has_is_throttled_in_the_same_words(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    pages = []
    for number, email in enumerate((EMAIL, "nobody.ever@scuola.example")):
        client = browser(f"203.0.113.{number}")
        answers = [client.post("/sign-in", data={"email": email, "password": "wrong"}) for _ in range(6)]
        pages.append(
            [(one.status_code, forms.without_tokens(one.text).replace(email, "…")) for one in answers]
        )
        assert answers[-1].status_code == 429
        assert "Aspetta 2 secondi" in answers[-1].text
    assert pages[0] == pages[1]


def test_a_device_is_known_after_a_whole_sign_in_only(database: Database, browser: Browser) -> None:
    add_person(database, Role.COORDINATOR)
    client = browser()
    assert with_password(client) == 303
    assert devices.COOKIE not in client.cookies, "a password alone gives nobody tries of their own"
