"""Tests of a class on pages: pasted, refused line by line, taken back, and told where a visit is booked."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth.actors import Actor, Grant, Role
from app.bookings import service_sessions
from app.bookings.models import Booking
from app.class_tests.models import ClassTest
from tests.app.bookings.world import session_values
from tests.factories import NOW, Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]
DAY = NOW + timedelta(days=20)


def noted(make: Factory) -> list[tuple[str, str, str | None]]:
    with make.database.read() as session:
        query = sa.select(ClassTest).where(ClassTest.subject != "elettronica").order_by(ClassTest.held_on)
        return [(one.held_on.isoformat(), one.subject, one.part) for one in session.scalars(query)]


def test_a_teacher_pastes_tests_and_takes_one_back(visit: Visit, land: Territory, make: Factory) -> None:
    client, path = visit("teacher"), f"/classes/{land.class_id}/tests"
    page = client.get(path).text
    assert ("elettronica" in page, "la classe ha chiesto una visita" in page) == (True, True)
    pasted = "10/03 matematica\n\n11.3.2026;TPS e laboratorio\n2026-04-14\tstoria\n15/10: inglese"
    done = client.post(path, data={"lines": pasted, "part": "morning"})
    assert done.status_code == 303
    assert noted(make) == [
        ("2025-10-15", "inglese", "morning"), ("2026-03-10", "matematica", "morning"),
        ("2026-03-11", "TPS e laboratorio", "morning"), ("2026-04-14", "storia", "morning"),
    ]  # fmt: skip
    shown = client.get(done.headers["location"]).text
    assert ("Le verifiche sono salvate." in shown, "storia" in shown, "inglese" in shown) == (
        True,
        True,
        False,
    )
    with make.database.read() as session:
        first = session.scalar(sa.select(ClassTest.id).where(ClassTest.subject == "matematica"))
    assert client.post(f"{path}/{first}/remove").status_code == 303
    assert len(noted(make)) == 3
    assert visit("coordinator").get(path).status_code == 403
    assert [visit(who).get(path).status_code for who in ("student", "other lead", "company")] == [404] * 3


@pytest.mark.parametrize(
    ("lines", "part", "told"),
    [
        ("matematica il 10 marzo", "", ["Riga 1", "non si legge"]),
        ("10/03 matematica\n31/02 fisica", "", ["Riga 2", "non si legge"]),
        ("10/03 m", "", ["Riga 1", "non si legge"]),
        ("10/03/2027 matematica", "", ["Riga 1", "anno scolastico di questa classe"]),
        ("10/03 matematica\n10/03/2026 Matematica", "", ["Riga 2", "scritta due volte"]),
        (" \n ", "", ["Scrivi almeno una riga."]),
        ("10/03 matematica\n" * 51, "", ["Al massimo 50 righe"]),
        ("10/03 matematica", "night", ["Scegli una parte"]),
    ],
)
def test_a_line_that_cannot_be_is_named_and_what_was_written_stays(
    visit: Visit, land: Territory, make: Factory, lines: str, part: str, told: list[str]
) -> None:
    answer = visit("teacher").post(f"/classes/{land.class_id}/tests", data={"lines": lines, "part": part})
    assert answer.status_code == 422
    assert [one for one in told if one not in answer.text] == []
    assert lines.strip()[:16] in answer.text
    assert noted(make) == []


def test_booking_a_class_on_the_day_of_a_test_asks_first(
    visit: Visit, land: Territory, make: Factory
) -> None:
    host = Actor(
        kind="user", id=None, name="Paola", grants=(Grant(Role.COMPANY_ADMIN, company_id=land.company_id),)
    )

    def plan(days: int) -> UUID:
        values = session_values(starts_at=DAY + timedelta(days=days), seats=9)
        with make.database.write() as session:
            return service_sessions.create(session, host, land.visit_id, values, now=NOW).id

    one, other = plan(0), plan(1)
    teacher = visit("teacher")
    teacher.post(f"/classes/{land.class_id}/tests", data={"lines": f"{DAY:%d/%m} matematica"})
    listed = teacher.get(f"/classes/{land.class_id}/visits").text
    assert "Quel giorno la classe ha una verifica di matematica." in listed
    assert listed.index(f"/visit-sessions/{other}/class") < listed.index(f"/visit-sessions/{one}/class")
    assert "Pieno: in lista d'attesa" in listed.replace("&#39;", "'")
    form = f"/visit-sessions/{one}/class"
    page = teacher.get(form).text
    assert ("una verifica di matematica" in page, 'name="despite_test"' in page) == (True, True)
    good = {"class_id": str(land.class_id), "student_ids": [str(land.classmate_id)], "adults": "1"}
    asked = teacher.post(form, data=good)
    assert (asked.status_code, "scegli «prenota lo stesso»" in asked.text) == (409, True)
    assert teacher.post(form, data=good | {"despite_test": "yes"}).status_code == 303
    page = teacher.get(f"/visit-sessions/{other}/class").text
    assert ("verifica di matematica" in page, "Quel giorno la classe" in page) == (True, False)
    assert "la classe ha chiesto una visita" in teacher.get(f"/classes/{land.class_id}/tests").text
    warned = visit("company").get(f"/opportunities/{land.visit_id}/session-runs").text
    assert ("Una classe che ha prenotato ha una verifica" in warned, "matematica" in warned) == (True, False)


def test_the_list_of_the_day_is_linked_from_where_sessions_are(visit: Visit, land: Territory) -> None:
    host = visit("company")
    address = f'href="/visit-sessions/{land.session_id}/day"'
    for path in (
        f"/opportunities/{land.full_id}/sessions",
        f"/opportunities/{land.full_id}/sessions/{land.session_id}",
    ):
        assert address in host.get(path).text


def test_a_session_that_somebody_has_come_to_is_not_cancelled_on_the_page(
    visit: Visit, land: Territory, make: Factory
) -> None:
    path = f"/opportunities/{land.full_id}/sessions/{land.session_id}"
    with make.database.write() as session:
        came = {"state": "attended", "due_at": None}
        session.execute(sa.update(Booking).where(Booking.id == land.offered_id).values(**came))
    answer = visit("company").post(f"{path}/cancel", data={"confirm": "yes"})
    assert (answer.status_code, "Qualcuno è già arrivato" in answer.text) == (409, True)
