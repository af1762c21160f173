"""A festival from its founding to its public page: the steering group, a host, and whoever passes by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.bookings.models import VisitSession
from app.series.models import SeriesProposal
from tests.factories import ACTOR, NOW, Factory
from tests.web.territory import Territory

WEEK = {
    "name_it": "Settimana aperta", "name_en": "Open week", "kind": "open_days", "starts_on": "2026-03-02",
    "ends_on": "2026-03-08", "review_days": "5", "brief": "Solo mattine.",
}  # fmt: skip


def with_the_full_visit(make: Factory, land: Territory, *, hours: int = 0) -> datetime:
    with make.database.read() as session:
        begins = session.query(VisitSession.starts_at).filter_by(opportunity_id=land.full_id).scalar()
    return begins + timedelta(hours=hours)


def test_a_series_is_founded_filled_and_read_by_everybody(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    coordinator, host = visit("coordinator"), visit("company")
    territory = {"territory_id": str(make.territory().id)}
    bad = coordinator.post(
        "/coordination/series", data=WEEK | territory | {"ends_on": "2026-03-01", "name_en": "x"}
    )
    assert bad.status_code == 422
    assert "name_en-wrong" in bad.text
    upside_down = coordinator.post("/coordination/series", data=WEEK | territory | {"ends_on": "2026-03-01"})
    assert "ends_on-wrong" in upside_down.text
    made = (
        coordinator.post("/coordination/series", data=WEEK | territory).headers["location"].partition("?")[0]
    )
    public = made.removeprefix("/coordination")
    assert visit().get(public).status_code == 404
    opened = coordinator.post(made, data={"version": "1", "state": "open"})
    assert opened.status_code == 303
    assert coordinator.post(made, data={"version": "1", "state": "closed"}).status_code == 409

    # The host takes the earlier proposal back, and proposes it again.
    assert (
        visit("other company").get(f"/opportunities/{land.far_id}/series").status_code == 409
    )  # an internship
    page = f"/opportunities/{land.morning_id}/series"
    assert "La risposta arriva entro" in host.get(page).text
    assert host.post(f"{page}/move", data={"action": "withdraw", "version": "1"}).status_code == 303
    assert "Proponete di nuovo" in host.get(page).text
    again = host.post(f"{page}/move", data={"action": "propose", "version": "2"})
    assert again.status_code == 303
    nobody = host.post(page, data={"contact_phone": "chiamare"})
    assert (nobody.status_code, "audiences-wrong" in nobody.text, "contact_phone-wrong" in nobody.text) == (
        422,
        True,
        True,
    )

    # The steering group sees what gets in its way, returns it with a reason, then says yes.
    review = f"/coordination/series/{land.series_id}"
    make.add(
        VisitSession(
            opportunity_id=land.morning_id, starts_at=with_the_full_visit(make, land), ends_at=with_the_full_visit(make, land, hours=1),
            seats=20, draw_seed=1, created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    text = coordinator.get(review).text
    assert "Stessa ora, stesso ospite" in text
    [proposal] = re.findall(
        rf'{review}/proposals/([0-9a-f-]+)"', text.partition('id="waiting"')[2].partition("<h2")[0]
    )
    decide = f"{review}/proposals/{proposal}"
    assert coordinator.post(decide, data={"action": "return", "version": "3"}).status_code == 422
    back = coordinator.post(
        decide, data={"action": "return", "version": "3", "reason": "Troppo tardi la mattina."}
    )
    assert back.status_code == 303
    assert "Troppo tardi la mattina." in host.get(page).text
    assert host.post(f"{page}/move", data={"action": "propose", "version": "4"}).status_code == 303
    stale = coordinator.post(decide, data={"action": "publish", "version": "3"})
    assert (stale.status_code, "Intanto la proposta" in stale.text) == (409, True)
    assert coordinator.post(decide, data={"action": "publish", "version": "5"}).status_code == 303

    programme = visit().get(f"/series/{land.series_id}").text
    assert ("Una mattina in reparto" in programme, "Rita Bassi" in programme) == (True, False)
    [linked] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', programme)
    told = json.loads(linked)
    assert (told["@type"], told["name"]) == ("EventSeries", "Festa della tecnica")
    event = told["subEvent"][0]
    assert len(told["subEvent"]) == 2
    assert event["@type"] == "Event"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00", event["startDate"])
    assert "Festa della tecnica" in visit().get("/series").text
    assert "Days of technology" in visit().get("/series?lang=en").text


def test_a_visit_is_proposed_for_a_series_that_is_chosen(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    host = visit("company")
    page = f"/opportunities/{land.morning_id}/series"
    with make.database.write() as session:
        session.execute(sa.delete(SeriesProposal))
    assert "Eventi aperti alle classi." in host.get(page).text
    nothing = host.post(page, data={"audiences": "students", "series_id": "x"})
    assert (nothing.status_code, "series_id-wrong" in nothing.text) == (422, True)
    sent = {"audiences": ["students", "families"], "series_id": str(land.series_id), "is_step_free": "no"}
    assert host.post(page, data=sent).headers["location"] == f"{page}?done=proposed"
    saved = host.post(page, data={"audiences": "teachers", "accessibility": "Un gradino."})
    assert saved.headers["location"] == f"{page}?done=saved"
    text = host.get(page).text
    assert "Un gradino." in text
    assert re.search(r'value="teachers" checked', text)
