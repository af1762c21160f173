"""Guests on pages: the form, the mailed link, their own page, and the host's list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.bookings import service_guest_mails
from app.bookings.models import Booking, BookingGuest, BookingState, VisitSession
from app.companies.models import Company
from app.db import Database
from app.mails.models import Mail
from app.opportunities.models import Opportunity, Status
from app.settings import Settings
from tests import forms
from tests.factories import NOW, Factory
from tests.web import territory_guests
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site
from tests.web.territory import Territory

FORM = {"name": "Dora Verdi", "email": "Dora@example.org", "people": "1", "adult": "yes"}


@pytest.fixture
def guests(database: Database, land: Territory, settings: Settings) -> dict[str, str]:
    return territory_guests.fill(database, land, NOW, settings.secret_key)


def _mails(database: Database, address: str) -> list[str]:
    with database.read() as session:
        query = sa.select(Mail.body_text).where(Mail.to_address == address)
        return list(session.scalars(query.order_by(Mail.created_at)))


def _link(database: Database, address: str) -> str:
    return re.findall(r"http\S+(/guest-booking/confirm\?c=\S+)", _mails(database, address)[-1])[0]


def _main(answer: Any) -> str:
    """What a page says, without the tokens of the forms around it."""
    [found] = re.findall(r"<h1.*</main>", answer.text, re.DOTALL)
    return str(found)


def test_a_form_is_answered_alike_whoever_fills_it_in(
    visit: Callable[..., Any], guests: dict[str, str], database: Database
) -> None:
    client, path = visit(None), f"/open/visit-sessions/{guests['guest_session_id']}"
    assert "Adesso non c'è posto" in client.get(path).text
    new, used = (
        client.post(path, data=FORM | {"email": one}) for one in ("x@example.org", "comes@example.org")
    )
    assert (new.status_code, used.status_code) == (200, 200)
    assert _main(new).replace("x@example.org", "") == _main(used).replace("comes@example.org", "")
    assert [len(_mails(database, f"{one}@example.org")) for one in ("x", "comes")] == [1, 0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", " "), ("name", "x" * 121), ("name", "Dora\nVerdi"), ("email", "dora"), ("email", ""), ("people", "0"),
        ("people", "6"), ("people", "due"), ("adult", ""),
    ],
)  # fmt: skip
def test_a_wrong_field_is_named_and_the_others_stay(
    visit: Callable[..., Any], guests: dict[str, str], database: Database, field: str, value: str
) -> None:
    client, path = visit(None), f"/open/visit-sessions/{guests['guest_session_id']}"
    answer = client.post(path, data=FORM | {field: value})
    assert answer.status_code == 422
    assert re.findall(r'<li><a href="#(\w+)">', answer.text) == [field]
    assert field == "name" or 'value="Dora Verdi"' in answer.text
    assert _mails(database, "dora@example.org") == []


def test_who_asks_too_often_is_told_the_same_and_mailed_nothing(
    visit: Callable[..., Any], guests: dict[str, str], database: Database
) -> None:
    client, path = visit(None), f"/open/visit-sessions/{guests['guest_session_id']}"
    answers = [_main(client.post(path, data=FORM)) for _ in range(6)]
    assert len(set(answers)) == 1
    assert len(_mails(database, "dora@example.org")) == 3


def test_opening_a_link_books_nothing_and_a_click_books_once(
    visit: Callable[..., Any], guests: dict[str, str]
) -> None:
    client, page = visit(None), f"/guest-booking/confirm?c={guests['guest_link']}"
    for _ in range(2):
        assert "Conferma il posto" in client.get(page).text
    confirmed = client.post("/guest-booking/confirm", data={"c": guests["guest_link"]})
    assert confirmed.status_code == 303
    own = client.get(confirmed.headers["location"]).text
    assert "In lista d'attesa" in own
    assert "Ines Bianchi" in own
    again = client.post("/guest-booking/confirm", data={"c": guests["guest_link"]})
    assert (again.status_code, "già stato usato" in again.text) == (409, True)
    assert client.get(page).status_code == 409
    assert client.get("/guest-booking/confirm?c=other").status_code == 410


def test_a_guest_cancels_and_the_next_one_is_offered_the_seat(
    visit: Callable[..., Any], guests: dict[str, str], database: Database, settings: Settings
) -> None:
    client = visit(None)
    own, waits = guests["guest_own"], guests["guest_waits"]
    assert "Posto 1 nella lista" in client.get(f"/guest-booking?c={waits}").text
    for _ in range(2):
        answer = client.post("/guest-booking/move", data={"c": own, "action": "cancel"})
        assert answer.headers["location"] == f"/guest-booking?c={own}#state"
    assert "Annullato" in client.get(f"/guest-booking?c={own}").text
    offered = client.get(f"/guest-booking?c={waits}").text
    assert 'value="accept"' in offered
    service_guest_mails.queue_due(database, NOW, "https://bottega.example", settings.secret_key)
    assert waits in _mails(database, "waits@example.org")[-1]
    client.post("/guest-booking/move", data={"c": waits, "action": "accept"})
    assert "Da mostrare all'ingresso" in client.get(f"/guest-booking?c={waits}").text
    late = client.post("/guest-booking/move", data={"c": own, "action": "accept"})
    assert (late.status_code, "non si può più fare" in late.text) == (409, True)
    assert (
        client.post("/guest-booking/move", data={"c": own[:-1] + "x", "action": "cancel"}).status_code == 410
    )


def test_guests_delete_their_data_with_a_tick(
    visit: Callable[..., Any], guests: dict[str, str], database: Database
) -> None:
    client, own = visit(None), guests["guest_own"]
    lacking = client.post("/guest-booking/forget", data={"c": own})
    assert (lacking.status_code, 'id="confirm-wrong"' in lacking.text) == (422, True)
    assert "cancellati" in client.post("/guest-booking/forget", data={"c": own, "confirm": "yes"}).text
    assert client.get(f"/guest-booking?c={own}").status_code == 410
    with database.read() as session:
        assert "Carla Rossi" not in session.scalars(sa.select(BookingGuest.name)).all()


def test_the_host_sees_names_and_counts_them_at_the_door(
    visit: Callable[..., Any], guests: dict[str, str], database: Database, land: Territory
) -> None:
    host, other = visit("company"), visit("teacher")
    event, session_id = guests["guest_event_id"], guests["guest_session_id"]
    page = host.get(f"/opportunities/{event}/sessions/{session_id}").text
    assert ("Carla Rossi" in page, "Aldo Neri" in page, "@example.org" in page) == (True, True, False)
    assert other.get(f"/opportunities/{event}/sessions/{session_id}").status_code == 403
    with database.write() as session:
        guest = session.scalars(sa.select(BookingGuest).where(BookingGuest.name == "Carla Rossi")).one()
        found = session.get_one(VisitSession, guest.visit_session_id)
        found.starts_at, found.ends_at = NOW - timedelta(hours=1), NOW + timedelta(hours=1)
        booking_id = guest.booking_id
    assert host.get(f"/bookings/{booking_id}").text.count("Carla Rossi") == 1
    assert other.get(f"/bookings/{booking_id}").status_code == 404
    day = f"/visit-sessions/{session_id}/day"
    assert ("Carla Rossi" in host.get(day).text, "2 persone" in host.get(day).text) == (True, True)
    many = host.post(f"/bookings/{booking_id}/present", data={"students": "0", "adults": "3"})
    assert many.status_code == 422
    host.post(f"/bookings/{booking_id}/present", data={"students": "0", "adults": "1"})
    assert "1 arrivati di 2" in host.get(day).text
    with database.read() as session:
        assert session.get_one(Booking, booking_id).state is BookingState.ATTENDED


def test_search_engines_learn_where_to_book(
    visit: Callable[..., Any], guests: dict[str, str], make: Factory, land: Territory
) -> None:
    event, company = (
        make.get(kind, UUID(key))
        for kind, key in ((Opportunity, guests["guest_event_id"]), (Company, str(land.company_id)))
    )
    assert isinstance(event, Opportunity)
    assert isinstance(company, Company)
    make.change(event, status=Status.PUBLISHED)
    with make.database.write() as session:
        session.get_one(Company, company.id).is_public = True
    page = visit(None).get(f"/open/opportunities/{event.id}").text
    address = f"/open/visit-sessions/{guests['guest_session_id']}"
    assert (
        f'"potentialAction": {{"@type": "ReserveAction", "target": "http://127.0.0.1:8000{address}"}}' in page
    )
    assert f'href="{address}"' in page
    assert "Disallow: /guest-booking" in visit(None).get("/robots.txt").text


@pytest.mark.browser
@pytest.mark.parametrize(("language", "size", "scripts"), [("it", "phone", False), ("en", "desk", True)])
def test_a_guest_from_the_form_to_the_end(
    chromium: Any, own_site: Site, language: str, size: str, scripts: bool
) -> None:
    land, day = own_site.land, (datetime.now(UTC) + timedelta(days=60)).date().isoformat()
    context = chromium.new_context(
        base_url=own_site.url, viewport=SIZES[size], java_script_enabled=scripts,
        locale={"it": "it-IT", "en": "en-GB"}[language],
    )  # fmt: skip
    forms.send(context, "/sign-in", persona=land.emails["company"])
    page = new_page(context)
    page.goto(f"/opportunities/{land.visit_id}/sessions")
    for name, value in {"day": day, "starts": "09:00", "ends": "11:00", "seats": "3"}.items():
        page.fill(f"#{name}", value)
    page.check("#is_open_to_guests")
    page.click("main form[action$='/sessions'] button[type=submit]")
    page.wait_for_selector(f'a[href^="/opportunities/{land.visit_id}/sessions/"]')
    with own_site.database.read() as session:
        query = sa.select(VisitSession.id).where(VisitSession.is_open_to_guests)
        visit_id = session.scalars(query).one()
    context.close()

    context = chromium.new_context(
        base_url=own_site.url, viewport=SIZES[size], java_script_enabled=scripts,
        locale={"it": "it-IT", "en": "en-GB"}[language],
    )  # fmt: skip
    page = new_page(context)
    page.goto(f"/open/visit-sessions/{visit_id}")
    page.fill("#name", "Carla Rossi")
    page.fill("#email", "carla@example.org")
    page.select_option("#people", "2")
    page.click("main form button[type=submit]")
    page.wait_for_selector("#adult-wrong")
    page.check("#adult")
    page.click("main form button[type=submit]")
    page.wait_for_selector("text=carla@example.org")
    page.goto(_link(own_site.database, "carla@example.org"))
    page.click("main form button[type=submit]")
    page.wait_for_selector("#state")
    assert {"it": "Prenotato", "en": "Booked"}[language] in page.inner_text("#state")
    assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
    page.click("button[value=cancel]")
    page.wait_for_selector(f'#state:has-text("{ {"it": "Annullato", "en": "Cancelled"}[language] }")')
    page.check("#confirm")
    page.click("form[action$='/forget'] button")
    page.wait_for_selector("h1")
    context.close()
    with own_site.database.read() as session:
        assert session.scalars(sa.select(BookingGuest)).all() == []
