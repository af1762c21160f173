"""The second factor, and the page of one's own access."""

from __future__ import annotations

import re

import pyotp
import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.auth.models import SignIn, SignInCode
from app.auth.service import COOKIE
from app.db import Database
from app.events.models import Event
from app.main import create_app
from app.settings import Settings
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


def enrolled(database: Database, browser: Browser, clock: Clock) -> tuple[TestClient, pyotp.TOTP, list[str]]:
    """The browser of a person who has set up the second factor a while ago, the generator, and the codes for paper."""
    add_person(database)
    client = browser()
    with_password(client)
    generator, papers = set_up(client, clock)
    clock.wait(minutes=5)
    return client, generator, papers


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
    _first, generator, papers = enrolled(database, browser, clock)
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
    _first, generator, _papers = enrolled(database, browser, clock)
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
    first, generator, _papers = enrolled(database, browser, clock)
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
