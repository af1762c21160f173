"""Students find and book sessions of visits; teachers book a class, whole or in two halves."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from app.auth.actors import Actor, Grant, Role
from app.bookings import service_sessions
from app.db import Database
from tests.app.bookings.world import session_values
from tests.factories import NOW
from tests.web.territory import Territory

DAY = NOW + timedelta(days=20)


@pytest.fixture
def plan(database: Database, land: Territory) -> Callable[..., UUID]:
    """Another session of the visit in the morning."""

    def planned(seats: int, days: int = 0) -> UUID:
        host = Actor(
            kind="user",
            id=None,
            name="Paola",
            grants=(Grant(Role.COMPANY_ADMIN, company_id=land.company_id),),
        )
        values = session_values(
            starts_at=DAY + timedelta(days=days), seats=seats, room="Portineria", note="Senza gradini."
        )
        with database.write() as session:
            return service_sessions.create(session, host, land.visit_id, values, now=NOW).id

    return planned


def _mornings(page: str) -> int:
    """How many bookings of the visit in the morning a list shows."""
    return len(re.findall(r'/bookings/[0-9a-f-]+">Una mattina in reparto', page))


def test_a_student_books_holds_and_waits(
    visit: Callable[..., Any], land: Territory, plan: Callable[..., UUID]
) -> None:
    path, own = f"/opportunities/{land.visit_id}", f"/students/{land.classmate_id}"
    first, second = plan(3), plan(1, days=1)
    student = visit("classmate")
    assert "Ancora nessuna visita" in student.get(f"{own}/bookings").text
    page = student.get(path).text
    assert ("Senza gradini." in page, "3 posti liberi" in page, "Tieni il posto per 15 minuti" in page) == (
        True,
    ) * 3
    assert "Scegli quando venire" in student.get(f"{own}?kind=visit").text

    def book(visit_session_id: UUID, **more: str) -> Any:
        data = {"student_id": str(land.classmate_id)} | more
        return student.post(f"/visit-sessions/{visit_session_id}/bookings", data=data)

    held = book(first, hold="1").headers["location"]
    page = student.get(held).text
    assert ("Il posto è tenuto" in page, "Restano 15 minuti." in page) == (True, True)
    assert book(first).headers["location"] == held  # asked again, it stays the one booking that it is
    assert (
        student.post(f"{held.partition('#')[0]}/move", data={"action": "confirm", "version": "2"}).status_code
        == 303
    )
    assert "Prenotato" in student.get(path).text
    overlapping = plan(5)
    refused = book(overlapping)
    assert (refused.status_code, "altro impegno" in refused.text) == (409, True)
    other = visit("stranger")
    taken = other.post(f"/visit-sessions/{second}/bookings", data={"student_id": str(land.stranger_id)})
    assert taken.status_code == 303
    assert "Entra in lista d'attesa" in student.get(path).text
    waiting = student.get(book(second).headers["location"]).text
    assert ("In lista d'attesa" in waiting, "Posto 1 nella lista." in waiting) == (True, True)
    page = student.get(f"{own}/bookings").text  # with the ways to answer
    assert (page.count("Annulla la prenotazione"), "Posto 1 nella lista." in page) == (2, True)
    page = student.get(own).text  # and above the proposals
    assert ("Le tue visite</h2>" in page, page.count("Una mattina in reparto</a>")) == (True, 2)
    assert visit("stranger").get(f"{own}/bookings").status_code == 404


def test_a_teacher_books_a_class_whole_or_in_halves(
    visit: Callable[..., Any], land: Territory, plan: Callable[..., UUID]
) -> None:
    whole, half, tight = plan(4), plan(2, days=1), plan(2, days=2)
    teacher = visit("teacher")
    page = teacher.get(f"/opportunities/{land.visit_id}").text
    form = f"/visit-sessions/{whole}/class"
    assert f'href="{form}?class_id={land.class_id}"' in page
    assert visit("student").get(form).status_code == 403
    page = teacher.get(form).text
    assert ("c'è posto per 4 persone" in page, "Rossi Giulia" in page, page.count("checked")) == (
        True,
        True,
        3,
    )
    both = [str(land.student_id), str(land.classmate_id)]
    good = {"class_id": str(land.class_id), "student_ids": both, "adults": "2", "wait": "yes"}

    def book(visit_session_id: UUID = whole, **more: Any) -> Any:
        return teacher.post(f"/visit-sessions/{visit_session_id}/class", data=good | more)

    for wrong, control in (
        ({"student_ids": []}, "student_ids"), ({"adults": "0"}, "adults"), ({"class_id": ""}, "class_id"),
        ({"adults": "1", "second": str(half)}, "adults"), ({"second": "x"}, "second"),
        ({"student_ids": [str(land.stranger_id)]}, "student_ids"),
    ):  # fmt: skip
        refused = book(**wrong)
        assert (refused.status_code, f'href="#{control}"' in refused.text) == (422, True), wrong
    large = book(tight, adults="9")
    assert (large.status_code, "non ci può mai essere posto" in large.text) == (409, True)
    neither = book(half, second=str(half))
    assert (neither.status_code, "Non è stato prenotato niente" in neither.text) == (409, True)
    listed = f"/classes/{land.class_id}/visits"
    before = teacher.get(listed).text
    assert (
        "Visita con i posti finiti" in before
    )  # what was there: the offer of one of them, by name, and the class that waits
    assert ("Giulia Rossi" in before, "Posto 1 nella lista." in before, _mornings(before)) == (True, True, 0)
    assert ("Visite per la classe" in before, before.count("Prenota<span")) == (True, 4)
    assert "Nuovo per più di metà della classe: Pneumatica." in before
    assert (
        before.count("Non ci state mai tutti") == 3
    )  # in the two small sessions, and in the full one of one seat
    assert book(half, second=str(tight)).headers["location"] == f"{listed}#coming"
    page = teacher.get(listed).text
    assert (_mornings(page), page.count("2 persone con la classe")) == (2, 2)
    full = book(half, wait="")
    assert (full.status_code, "ha già una prenotazione" in full.text) == (409, True)
    assert "ha già un impegno" in full.text
    assert book().status_code == 303
    assert _mornings(teacher.get(listed).text) == 3
    assert visit("coordinator").get(listed).status_code == 403
    assert visit("other lead").get(listed).status_code == 404
    assert "Senza gradini." in re.sub(r"\s+", " ", teacher.get(form).text)
