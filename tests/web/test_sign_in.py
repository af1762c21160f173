"""Signing in: by mail, with a password, with a second factor; throttled without locking anybody out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
import sqlalchemy as sa
from anyio.from_thread import BlockingPortal
from fastapi import FastAPI
from starlette.testclient import TestClient

from app.auth import devices
from app.auth import service_people as people
from app.auth import service_throttles as throttles
from app.auth.actors import Grant, Role
from app.auth.models import SignIn, SignInCode, User
from app.auth.service import COOKIE
from app.db import Database
from app.events.models import Event
from app.mails.models import Mail
from app.main import create_app
from app.settings import Settings
from tests import forms
from tests.caller import Caller
from tests.factories import ACTOR, NOW, Factory

EMAIL = "anna.rossi@scuola.example"
PASSWORD = "tre parole a caso"
pytestmark = pytest.mark.usefixtures("quick_passwords")

Browser = Callable[..., TestClient]


class Clock:
    """A clock that goes on when the test says so."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def site(database: Database, settings: Settings, clock: Clock) -> FastAPI:
    return create_app(settings, database=database, clock=clock)


@pytest.fixture
def browser(site: FastAPI, portal: BlockingPortal) -> Iterator[Browser]:
    """A new browser at a network address; no redirect is followed."""
    clients: list[TestClient] = []

    def start(address: str = "192.0.2.1") -> TestClient:
        client = Caller(
            site, base_url="http://127.0.0.1:8000", follow_redirects=False, client=(address, 50000)
        )
        client.portal = portal
        client.event_hooks["request"].append(forms.carry_token)
        client.headers["accept-language"] = "it"
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


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
    with database.read() as session:
        text = session.scalars(sa.select(Mail.body_text).order_by(Mail.created_at.desc()).limit(1)).one()
    [link] = re.findall(r"^http\S+$", text, re.MULTILINE)
    [code] = re.findall(r"^[A-Z2-9]{4}-[A-Z2-9]{4}$", text, re.MULTILINE)
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}", code


def by_link(client: TestClient, address: str, **fields: str) -> int:
    token = parse_qs(urlsplit(address).query)["token"][0]
    return client.post("/sign-in/link", data={"token": token} | fields).status_code


def is_in(client: TestClient) -> bool:
    return client.get("/account").status_code == 200


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


def try_a_thousand_times(browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """1,000 wrong passwords for one account, one a second from eight addresses; what became of them."""
    told = {"verified": 0, "wrong": 0, "refused": 0}
    verify = people.matches

    def counted(stored: str | None, password: str) -> bool:
        told["verified"] += 1
        return verify(stored, password)

    strangers = [browser(f"203.0.113.{number}") for number in range(8)]
    with monkeypatch.context() as patched:
        patched.setattr(people, "matches", counted)
        for number in range(1000):
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
    told = try_a_thousand_times(browser, clock, monkeypatch)
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


def test_without_the_throttle_all_thousand_reach_the_password(
    database: Database, browser: Browser, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(database)
    monkeypatch.setattr(throttles.Backoff, "wait", lambda *_: timedelta())
    told = try_a_thousand_times(browser, clock, monkeypatch)
    assert told == {"verified": 1000, "wrong": 1000, "refused": 0}


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


# --- the second factor ------------------------------------------------------------------------------------------------


def set_up(client: TestClient, clock: Clock) -> tuple[pyotp.TOTP, list[str]]:
    """Set up the second factor in the pages; the code generator, and the codes for paper."""
    assert client.post("/second-factor/begin").status_code == 303
    page = client.get("/second-factor").text
    assert 'src="data:image/svg+xml' in page
    [key] = re.findall(r'<code class="key">([A-Z2-7 ]+)</code>', page)
    generator = pyotp.TOTP(key.replace(" ", ""))
    assert client.post("/second-factor/confirm", data={"code": "000000"}).status_code == 401
    shown = client.post("/second-factor/confirm", data={"code": generator.at(clock.now)})
    assert shown.status_code == 200
    assert forms.token_of(shown.text)
    return generator, re.findall(r"<code>([A-Z2-9-]{14})</code>", shown.text)


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.ADMINISTRATOR])
def test_a_strict_role_reaches_nothing_before_the_second_factor(
    database: Database, browser: Browser, clock: Clock, role: Role
) -> None:
    add_person(database, role)
    client = browser()
    assert with_password(client) == 303
    for path in ("/start", "/account"):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/second-factor?next=%2F{path[1:]}")
    refused = client.get("/api/v1/events")
    assert (refused.status_code, refused.json()["type"]) == (401, "/problems/second-factor-missing")
    for path in (
        "/account/password",
        "/account/sessions/end-others",
        "/second-factor/remove",
        "/second-factor/recovery-codes",
    ):
        answer = client.post(path, data={"new_password": "quattro parole a caso"})
        assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/second-factor")
    before = client.cookies[COOKIE]
    _, codes = set_up(client, clock)
    assert len(codes) == 10
    assert client.cookies[COOKIE] != before, "the old token is worth nothing"
    assert client.get("/api/v1/events").status_code == 200
    assert is_in(client)


def test_the_code_is_asked_for_at_each_sign_in_and_serves_once(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    first = browser()
    with_password(first)
    generator, papers = set_up(first, clock)
    clock.wait(minutes=5)
    code = generator.at(clock.now)
    second, third = browser(), browser()
    for client in (second, third):
        assert with_password(client, next="/privacy") == 303
        assert not is_in(client)
    wrong = second.post("/second-factor", data={"code": "000000"})
    assert (wrong.status_code, "Questo codice non vale" in wrong.text) == (401, True)
    right = second.post("/second-factor", data={"code": code, "next": "/privacy"})
    assert (right.status_code, right.headers["location"]) == (303, "/privacy")
    assert is_in(second)
    assert third.post("/second-factor", data={"code": code}).status_code == 401
    assert third.post("/second-factor", data={"code": papers[0].lower()}).status_code == 303
    assert is_in(third)


def test_who_has_forgotten_the_password_still_needs_the_second_factor(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    first = browser()
    with_password(first)
    generator, _ = set_up(first, clock)
    clock.wait(minutes=5)
    client, new = browser(), {"new_password": "quattro parole a caso"}
    client.post("/sign-in/mail", data={"email": EMAIL})
    assert by_link(client, last_mail(database)[0]) == 303
    answer = client.post("/account/password", data=new)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, "/second-factor")
    assert with_password(browser()) == 303, "the old one is still in force"
    assert client.post("/second-factor", data={"code": generator.at(clock.now)}).status_code == 303
    assert client.post("/account/password", data=new).headers["location"].startswith("/account")
    assert with_password(browser()) == 401


def test_codes_are_throttled_too(database: Database, browser: Browser, clock: Clock) -> None:
    add_person(database)
    first = browser()
    with_password(first)
    generator, _ = set_up(first, clock)
    clock.wait(minutes=5)
    thief = browser("203.0.113.5")
    with_password(thief)
    statuses = [thief.post("/second-factor", data={"code": "000000"}).status_code for _ in range(7)]
    assert statuses == [401] * 5 + [429] * 2
    page = thief.post("/second-factor", data={"code": generator.at(clock.now)})
    assert (page.status_code, "Aspetta 2 secondi" in page.text) == (429, True)
    with_password(first)
    assert first.post("/second-factor", data={"code": generator.at(clock.now)}).status_code == 303


def test_the_demos_people_are_spared_in_development_only(
    database: Database, browser: Browser, settings: Settings
) -> None:
    with database.write() as session:
        people.add_user(
            session,
            ACTOR,
            email="demo@demo.example",
            name="Demo",
            grants=[Grant(Role.ADMINISTRATOR)],
            is_demo=True,
        )
    client = browser()
    assert client.post("/sign-in", data={"persona": "demo@demo.example"}).status_code == 303
    assert is_in(client)
    production = Settings(environment="production", secret_key="a" * 40)  # type: ignore[arg-type]
    with TestClient(create_app(production, database=database), follow_redirects=False) as other:
        other.event_hooks["request"].append(lambda request: forms.carry_token(request, production))
        assert other.post("/sign-in", data={"persona": "demo@demo.example"}).status_code == 401


# --- the account page -------------------------------------------------------------------------------------------------


def test_the_password_is_set_changed_and_removed_by_its_person(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database, password=None)
    client, other = browser(), browser()
    for one in (other, client):
        one.post("/sign-in/mail", data={"email": EMAIL})
        by_link(one, last_mail(database)[0])
        clock.wait(seconds=1)
    assert client.post("/account/password", data={"new_password": PASSWORD}).status_code == 303
    assert is_in(client)
    assert not is_in(other)
    assert with_password(other) == 303
    unasked = {"new_password": "quattro parole a caso"}
    assert other.post("/account/password", data=unasked).status_code == 403, "the old one is asked for"
    clock.wait(minutes=16)
    assert client.get("/account").status_code == 200
    changed = {"password": "not the password", "new_password": "quattro parole a caso"}
    assert client.post("/account/password", data=changed).status_code == 403
    assert client.post("/account/password", data=changed | {"password": ""}).status_code == 403
    assert client.post("/account/password", data=changed | {"password": PASSWORD}).status_code == 303
    assert with_password(browser()) == 401
    assert (
        client.post("/account/password/remove", data={"password": "quattro parole a caso"}).status_code == 303
    )
    assert with_password(browser(), password="quattro parole a caso") == 401


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("short", "È troppo corta"),
        ("ab c" * 51, "È troppo lunga"),
        ("password2026", "È tra le prime"),
        ("1234567890", "Ripete pochi segni"),
        ("anna.rossi", "È fatta del tuo nome"),
    ],
)
def test_a_bad_password_is_refused_in_plain_words(
    database: Database, browser: Browser, password: str, words: str
) -> None:
    add_person(database)
    client = browser()
    with_password(client)
    answer = client.post("/account/password", data={"password": PASSWORD, "new_password": password})
    assert (answer.status_code, words in answer.text) == (422, True)
    assert with_password(browser()) == 303


def test_guessing_the_old_password_in_an_open_session_is_throttled(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    client = browser()
    with_password(client)
    clock.wait(minutes=16)
    guess = {"password": "a guess", "new_password": "quattro parole a caso"}
    statuses = [client.post("/account/password", data=guess).status_code for _ in range(7)]
    assert statuses == [403] * 5 + [429] * 2


def test_sessions_are_listed_and_ended_by_their_person_only(database: Database, browser: Browser) -> None:
    anna = add_person(database)
    marco = add_person(database, email="marco@scuola.example")
    phone, desk, other = browser(), browser(), browser()
    phone.headers["user-agent"] = "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0"
    for client, email in ((phone, EMAIL), (desk, EMAIL), (other, "marco@scuola.example")):
        assert with_password(client, email) == 303
    page = desk.get("/account").text
    assert "Firefox, Android" in page
    assert page.count("questa sessione") == 1
    [of_phone] = re.findall(r"/account/sessions/([0-9a-f-]{36})/end", page)
    with database.read() as session:
        of_marco = session.scalars(sa.select(SignIn.id).where(SignIn.user_id == marco.id)).one()
    assert desk.post(f"/account/sessions/{of_marco}/end").status_code == 404
    assert is_in(other)
    assert desk.post(f"/account/sessions/{of_phone}/end").status_code == 303
    assert not is_in(phone)
    with_password(phone)
    assert desk.post("/account/sessions/end-others").status_code == 303
    assert (is_in(phone), is_in(desk), is_in(other)) == (False, True, True)
    assert anna.id != marco.id


def test_the_account_page_tells_what_happened_to_ones_own_access(
    database: Database, browser: Browser
) -> None:
    add_person(database)
    add_person(database, email="marco@scuola.example")
    with_password(browser(), "marco@scuola.example", "wrong password of marco")
    client = browser()
    with_password(client, password="wrong")
    with_password(client)
    page = client.get("/account").text
    assert page.count("Accesso non riuscito con la password") == 1
    assert page.count("Accesso riuscito con la password") == 1
    assert "12 gennaio 2026, 10:00" in page


def test_the_log_and_the_codes_hold_no_personal_values(database: Database, browser: Browser) -> None:
    add_person(database)
    client = browser("192.0.2.77")
    client.post("/sign-in/mail", data={"email": EMAIL})
    with_password(client, password="wrong")
    with_password(client)
    with database.read() as session:
        stored = str(session.execute(sa.select(Event.__table__)).all())
        stored += str(session.execute(sa.select(SignInCode.__table__)).all())
        stored += str(session.execute(sa.select(SignIn.__table__)).all())
    for value in (EMAIL, "anna", "Rossi", "192.0.2.77", PASSWORD):
        assert value not in stored


def test_what_is_not_fresh_changes_no_second_factor(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    client = browser()
    with_password(client)
    clock.wait(minutes=16)
    assert client.post("/second-factor/begin").status_code == 403
    with_password(client)
    set_up(client, clock)
    assert client.get("/second-factor").headers["location"] == "/account"
    assert client.post("/second-factor/recovery-codes").status_code == 200
    clock.wait(minutes=16)
    for path in ("/second-factor/recovery-codes", "/second-factor/remove"):
        assert client.post(path).status_code == 403
    assert "Attiva." in client.get("/account").text


def test_the_second_factor_is_removed_where_the_role_allows_it(
    database: Database, browser: Browser, clock: Clock
) -> None:
    add_person(database)
    client = browser()
    with_password(client)
    set_up(client, clock)
    assert client.post("/second-factor/remove").status_code == 303
    assert is_in(browser_signed_in(browser))
    assert client.post("/second-factor/remove").status_code == 409


def browser_signed_in(browser: Browser) -> TestClient:
    client = browser()
    with_password(client)
    return client
