"""The day of a visit on its pages: without scripts, with them, and with the network switched off."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from app.attendances import service_codes
from app.attendances.models import CheckIn
from app.bookings.models import Booking, BookingState
from app.db import Database
from app.settings import Settings
from tests import forms, pdfs
from tests.factories import TODAY, Factory
from tests.web import territory_days
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site
from tests.web.territory import Territory


@pytest.fixture
def day(database: Database, land: Territory) -> dict[str, str]:
    return territory_days.fill(database, land, TODAY)


def test_the_host_counts_and_the_school_says_who(
    visit: Callable[..., Any], day: dict[str, str], make: Factory, land: Territory
) -> None:
    group, single = (f"/bookings/{day[name]}" for name in ("day_group_id", "day_single_id"))
    path = f"/visit-sessions/{day['day_session_id']}/day"
    company, student, teacher, lead, stranger = map(
        visit, ("company", "classmate", "teacher", "lead", "stranger")
    )

    page = company.get(path).text
    assert ("Giulia" in page, "0 arrivati di" in page, page.count("data-day-mark")) == (False, True, 2)
    assert [one.get(path).status_code for one in (student, teacher)] == [403, 403]
    people = int(re.search(r"0 arrivati di (\d+)", page)[1]) - 3  # type: ignore[index]  # students of the class

    # The code: on the student's page, and in the address that the square leads to, which changes nothing by itself.
    [code] = re.findall(r"<strong>(\w{4}-\w{4})</strong>", stranger.get(single).text)
    assert code not in company.get(single).text
    assert f'value="{code}"' in company.get(f"{path}?c={code}").text
    wrong = company.post(f"/visit-sessions/{day['day_session_id']}/code", data={"code": "AAAA-AAAA"})
    assert (wrong.status_code, "Nessuna prenotazione" in wrong.text) == (422, True)
    assert "0 arrivati" in company.get(path).text
    right = company.post(f"/visit-sessions/{day['day_session_id']}/code", data={"code": code.lower()})
    assert "Arrivo segnato." in company.get(right.headers["location"]).text

    company.post(f"{group}/present", data={"students": str(people), "adults": "2"})
    assert f"{people + 3} arrivati di {people + 3}" in company.get(path).text
    many = company.post(f"{group}/present", data={"students": str(people + 1), "adults": "2"})
    assert (many.status_code, "non possono essere più" in many.text) == (422, True)
    company.post(f"{group}/present", data={"students": str(people - 1), "adults": "2"})

    # The school says who: from then on its word stands.
    names = teacher.get(f"{group}/check-in").text
    assert ("prima di allora nessuno ha le ore" in names, 'id="hours"' in names) == (True, False)
    saved = teacher.post(f"{group}/check-in", data={"student": str(land.classmate_id), "adults": "2"})
    assert "Salvato." in teacher.get(saved.headers["location"]).text
    late = company.post(f"{group}/present", data={"students": str(people), "adults": "2"})
    assert (late.status_code, "La scuola ha già detto" in late.text) == (409, True)
    assert 'id="hours"' in lead.get(f"{group}/check-in").text
    assert lead.post(f"{group}/hours", data={"hours": "4"}).status_code == 303
    there, absent = (
        "Dentro il reparto prove" in lead.get(f"/students/{one}/hours").text
        for one in (land.classmate_id, land.student_id)
    )
    assert (there, absent) == (True, False)
    group_now = make.get(Booking, UUID(day["day_group_id"]))
    assert group_now is not None
    assert group_now.state is BookingState.ATTENDED


def test_after_the_visit_two_answers_and_a_certificate(
    visit: Callable[..., Any], day: dict[str, str], land: Territory
) -> None:
    group, single = (f"/bookings/{day[name]}" for name in ("day_group_id", "day_single_id"))
    session = f"/visit-sessions/{day['day_session_id']}"
    company, classmate, lead, stranger = map(visit, ("company", "classmate", "lead", "stranger"))
    assert "Puoi rispondere dopo la visita" in stranger.get(f"{single}/feedback").text
    assert stranger.get(f"{single}/certificates.pdf").status_code == 409
    for booking, students in ((single, "1"), (group, "2")):
        company.post(f"{booking}/present", data={"students": students})

    half = stranger.post(f"{single}/feedback", data={"discovery": "a_job", "words": "Bella macchina"})
    assert (half.status_code, "Manca una risposta" in half.text, "Bella macchina" in half.text) == (
        422,
        True,
        True,
    )
    whole = {"discovery": "a_job", "recommends": "yes", "words": "Bella macchina"}
    done = stranger.post(f"{single}/feedback", data=whole)
    assert "Grazie! La risposta è salvata." in stranger.get(done.headers["location"]).text
    said = company.get(f"{session}/feedback").text
    assert ("Ancora meno di cinque risposte" in said, "Bella macchina" in said) == (True, False)
    assert company.get(f"{single}/feedback").status_code == 403

    assert sheets(classmate.get(f"{group}/certificates.pdf")) == ["MarcoNeri"]
    assert sheets(lead.get(f"{group}/certificates.pdf")) == ["MarcoNeri", "GiuliaRossi"]
    lead.post(f"{group}/check-in", data={"student": str(land.classmate_id), "adults": "2"})
    assert sheets(lead.get(f"{group}/certificates.pdf")) == ["MarcoNeri"]
    assert company.get(f"{group}/certificates.pdf").status_code == 403
    past = company.get(f"/visit-sessions/{day['day_past_id']}/feedback").text
    assert (past.count("almeno 5"), past.count("Il banco di prova.")) == (2, 5)

    assert company.get(f"{session}/seat-advice").status_code == 409  # it is over
    advice = company.get(f"/visit-sessions/{day['day_next_id']}/seat-advice?room=25&percent=10").text
    assert ("Imparato da 402 prenotazioni" in advice, "i posti li cambiate voi" in advice) == (True, True)


def sheets(answer: Any) -> list[str]:
    """The names on the sheets of a file of certificates, which is accessible and made to be kept."""
    assert answer.headers["content-type"] == "application/pdf", answer.text
    claims = pdfs.PDF_UA | pdfs.PDF_A
    assert (
        pdfs.faults(answer.content, title="Attestato di partecipazione", language="it", claims=claims) == []
    )
    return pdfs.Pdf(answer.content).read_aloud("H2")


def test_wrong_codes_come_ever_more_slowly(visit: Callable[..., Any], day: dict[str, str]) -> None:
    company = visit("company")
    address = f"/visit-sessions/{day['day_session_id']}/code"
    answers = [company.post(address, data={"code": "AAAA-AAAA"}).status_code for _ in range(8)]
    assert answers == [422] * 5 + [429] * 3


@pytest.mark.browser
def test_marks_made_without_network_are_sent_with_their_moment(own_site: Site, chromium: Any) -> None:
    today = datetime.now(UTC).date()
    day = territory_days.fill(own_site.database, own_site.land, today)
    context = chromium.new_context(locale="it-IT", viewport=SIZES["phone"], base_url=own_site.url)
    forms.send(context, "/sign-in", persona=own_site.land.emails["company"])
    page = new_page(context)
    page.goto(f"/visit-sessions/{day['day_session_id']}/day")
    make = Factory(own_site.database)

    context.set_offline(True)
    row = page.locator(f'[data-day-mark="{day["day_group_id"]}"]')
    row.locator("[name=students]").fill("1")
    before = datetime.now(UTC)
    row.locator("button").click()
    page.wait_for_function("document.querySelector('[data-day-said]').textContent.includes('Si invia')")
    row.locator("[name=students]").fill("2")  # changed their mind, still without network: one mark, the last
    row.locator("button").click()
    assert page.evaluate("Object.keys(JSON.parse(Object.values({...localStorage})[0])).length") == 1
    assert make.get(CheckIn, UUID(day["day_group_id"])) is None

    with page.expect_navigation():
        context.set_offline(False)
    noted = make.get(CheckIn, UUID(day["day_group_id"]))
    assert noted is not None
    assert (noted.students, noted.version) == (2, 1)
    assert abs((noted.made_at - before).total_seconds()) < 20
    assert page.evaluate("localStorage.length") == 0
    assert "2 studenti" in page.locator(f"#b-{day['day_group_id']}").inner_text()
    code = service_codes.code_of(UUID(day["day_single_id"]), Settings().secret_key)
    page.goto(f"/visit-sessions/{day['day_session_id']}/day?c={code}")
    page.get_by_role("button", name="Conferma l'arrivo").click()
    assert "Arrivo segnato." in page.locator("main").inner_text()
    context.close()
