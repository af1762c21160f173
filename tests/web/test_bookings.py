"""A letter about a booking opens its page, and a button answers: nobody has to know where visits are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from app.bookings.models import Booking
from app.series.models import SeriesProposal
from tests.factories import Factory
from tests.web.territory import Territory


def test_an_offered_seat_is_answered_on_its_page(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/bookings/{land.offered_id}"

    def answer(action: str, version: int) -> Any:
        return student.post(f"{path}/move", data={"action": action, "version": str(version)})

    assert visit().get(path).headers["location"].startswith("/sign-in")
    assert visit("other company").get(path).status_code == 404
    student = visit("student")
    page = student.get(path).text
    assert "Adesso c'è posto" in page
    assert ("Portineria" in page, "Scarpe chiuse." in page, 'value="accept"' in page) == (True, True, True)
    taken = answer("accept", 1)  # the placement of these days stands in the way
    assert (taken.status_code, "altro impegno" in taken.text) == (409, True)
    stale = answer("decline", 9)
    assert (stale.status_code, "Intanto la prenotazione" in stale.text) == (409, True)
    assert answer("decline", 1).headers["location"] == f"{path}#state"
    page = student.get(path).text
    assert ("La risposta è stata no" in page, 'name="action"' in page) == (True, False)
    late = answer("confirm", 2)
    assert (late.status_code, "adesso non si può più fare" in late.text) == (409, True)
    assert answer("fly", 2).status_code == 422


def test_the_host_reads_no_name_and_the_school_does(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/bookings/{land.offered_id}"
    host, teacher = visit("company").get(path).text, visit("teacher").get(path).text
    assert ("Giulia" in host, 'name="action"' in host, "Istituto tecnico Aldini" in host) == (
        False,
        False,
        True,
    )
    assert f'<a href="/students/{land.student_id}">Giulia Rossi</a>' in teacher


def test_who_waits_reads_the_place_and_the_reason(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/bookings/{land.waiting_id}"
    teacher = visit("teacher")
    page = teacher.get(path).text
    assert ("Posto 1 nella lista." in page, "Adesso non c'è posto." in page) == (True, True)
    assert "Una volta è passato avanti" in page
    assert "5 (1 adulto)" in page
    left = teacher.post(f"{path}/move", data={"action": "cancel", "version": "1"})
    assert left.status_code == 303
    assert "Annullato" in teacher.get(path).text


def test_whom_to_ask_on_the_day_is_told_to_whoever_has_seats(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    path = f"/bookings/{land.offered_id}"
    with make.database.write() as session:
        told = {"contact_name": "Rita Bassi", "contact_phone": "051 000000"}
        session.execute(
            sa.update(SeriesProposal).where(SeriesProposal.opportunity_id == land.full_id).values(**told)
        )

    def sees(who: str) -> tuple[bool, bool]:
        page = visit(who).get(path).text
        return "Rampa in cortile." in page, "Rita Bassi" in page and 'href="tel:051000000"' in page

    assert (sees("student"), sees("teacher"), sees("company")) == ((False,) * 2, (False,) * 2, (True,) * 2)
    with make.database.write() as session:
        booked = {"state": "booked", "due_at": None}
        session.execute(sa.update(Booking).where(Booking.id == land.offered_id).values(**booked))
    assert (sees("student"), sees("teacher")) == ((True,) * 2, (True,) * 2)
    of_class = visit("student").get(f"/students/{land.student_id}/bookings").text
    assert "Rita Bassi" not in of_class
