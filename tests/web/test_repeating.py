"""A host plans a month of sessions: looks at the days, and puts them all into the programme with one button."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from app.bookings.models import VisitSession
from tests.factories import TODAY, Factory
from tests.web.territory import Territory

FIRST = TODAY + timedelta(days=7)


def test_sessions_of_a_month_are_looked_at_and_planned(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    host = visit("company")
    path = f"/opportunities/{land.morning_id}/session-runs"
    assert visit("other company").get(path).status_code == 403
    assert "Tanti turni insieme" in host.get(f"/opportunities/{land.morning_id}/sessions").text
    form = {
        "weekdays": ["TU", "TH"], "every": "1", "first_on": FIRST.isoformat(), "seats": "20", "starts_at": "09:00",
        "ends_at": "11:00", "last_on": (FIRST + timedelta(days=27)).isoformat(), "holidays": "yes", "room": "Sala A",
    }  # fmt: skip
    day = FIRST + timedelta(days=(1 - FIRST.weekday()) % 7)
    look = host.post(path, data=form | {"without": f"{day:%d/%m/%Y}", "action": "look"})
    assert (look.status_code, "l'avete tolto voi" in look.text) == (200, True)
    assert "Metti in programma 7 turni" in look.text
    for change, control in (
        ({"weekdays": []}, "weekdays"), ({"without": "domani"}, "without"), ({"ends_at": "08:00"}, "ends_at"),
        ({"seats": ""}, "seats"), ({"last_on": "2020-01-01"}, "last_on"),
    ):  # fmt: skip
        wrong = host.post(path, data=form | change)
        assert (wrong.status_code, f"{control}-wrong" in wrong.text) == (422, True), control
    made = host.post(path, data=form | {"without": f"{day:%d/%m/%Y}", "action": "make"})
    assert made.status_code == 303
    with make.database.read() as session:
        planned = sa.select(sa.func.count()).where(VisitSession.opportunity_id == land.morning_id)
        assert session.scalar(planned) == 7
    again = host.post(path, data=form | {"room": "SALA  A", "action": "make"})
    assert (again.status_code, "La sala è già presa" in again.text) == (409, True)
    nowhere = host.post(
        path, data=form | {"room": "", "starts_at": "14:00", "ends_at": "15:00", "action": "make"}
    )
    assert nowhere.status_code == 303
    twice = host.post(
        path, data=form | {"room": "", "starts_at": "14:00", "ends_at": "15:00", "action": "make"}
    )
    assert twice.status_code == 409
    elsewhere = host.post(path, data=form | {"room": "Sala B", "action": "look"})
    assert "Stessa ora, stesso ospite" in elsewhere.text
    with make.database.read() as session:
        assert session.scalar(planned) == 15
