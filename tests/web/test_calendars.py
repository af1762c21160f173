"""Closing days and patrons' days on pages: proposed, pasted, refused line by line, taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.calendars.models import ClosingKind, PatronDay, SchoolClosing
from tests.factories import Factory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]


def noted(make: Factory) -> list[tuple[str, str, str, ClosingKind]]:
    with make.database.read() as session:
        rows = session.scalars(sa.select(SchoolClosing).order_by(SchoolClosing.starts_on))
        return [(one.starts_on.isoformat(), one.ends_on.isoformat(), one.name, one.kind) for one in rows]


def test_a_lead_fills_in_what_is_proposed_and_pastes_the_rest(
    visit: Visit, land: Territory, make: Factory
) -> None:
    client, path = visit("lead"), f"/schools/{land.school_id}/closings"
    assert "Ancora niente." in client.get(path).text
    easter = client.get(path, params={"propose": "easter"}).text
    assert "02/04/2026 - 07/04/2026 Vacanze di Pasqua" in easter
    assert 'value="nobody_expected" checked' in easter
    summer = client.get(path, params={"propose": "summer"}).text
    assert "07/06/2026 - 14/09/2026 Vacanze estive" in summer
    assert 'value="lessons_only" checked' in summer
    assert "24/12/2026 - 06/01/2027" in client.get(path, params={"propose": "christmas"}).text
    pasted = (
        "02/04/2026 - 07/04/2026 Vacanze di Pasqua\n\n04.10.2026\tSan Petronio\n2026-12-24;2027-01-06;Natale"
    )
    done = client.post(path, data={"lines": pasted, "kind": "nobody_expected"})
    assert done.status_code == 303
    assert noted(make) == [
        ("2026-04-02", "2026-04-07", "Vacanze di Pasqua", ClosingKind.NOBODY_EXPECTED),
        ("2026-10-04", "2026-10-04", "San Petronio", ClosingKind.NOBODY_EXPECTED),
        ("2026-12-24", "2027-01-06", "Natale", ClosingKind.NOBODY_EXPECTED),
    ]
    shown = client.get(done.headers["location"]).text
    assert "I giorni di chiusura sono salvati." in shown
    with make.database.read() as session:
        first = session.scalars(sa.select(SchoolClosing.id).order_by(SchoolClosing.starts_on)).first()
    assert client.post(f"{path}/{first}/remove").status_code == 303
    assert len(noted(make)) == 2
    colleague = visit("teacher").get(path).text
    assert "San Petronio" in colleague
    assert "Togli" not in colleague


@pytest.mark.parametrize(
    ("lines", "kind", "told"),
    [
        ("Natale dal 24 dicembre", "lessons_only", ["Riga 1", "non si legge"]),
        ("04/10/2026 San Petronio\n31/02/2026 Niente", "lessons_only", ["Riga 2", "non si legge"]),
        ("04/10/2026 S", "lessons_only", ["Riga 1", "non si legge"]),
        ("06/06/2026 - 14/09/2026 Estate", "nobody_expected", ["Riga 1", "sono più di 31 giorni"]),
        ("07/04/2026 - 02/04/2026 Pasqua", "lessons_only", ["Riga 1", "viene prima del primo"]),
        ("04/10/2026 Uno\n04/10/2026 Due", "lessons_only", ["Riga 2", "questi giorni ci sono già"]),
        (" \n ", "lessons_only", ["Scrivi almeno una riga."]),
        ("04/10/2026 San Petronio\n" * 51, "lessons_only", ["Al massimo 50 righe"]),
        ("04/10/2026 San Petronio", "open", ["Scegli che cosa fa"]),
    ],
)
def test_a_line_that_cannot_be_is_named_and_what_was_written_stays(
    visit: Visit, land: Territory, make: Factory, lines: str, kind: str, told: list[str]
) -> None:
    answer = visit("lead").post(f"/schools/{land.school_id}/closings", data={"lines": lines, "kind": kind})
    assert answer.status_code == 422
    assert [one for one in told if one not in answer.text] == []
    assert lines.strip()[:20] in answer.text
    assert noted(make) == []


def test_patrons_are_noted_by_name_in_the_own_province(visit: Visit, land: Territory, make: Factory) -> None:
    client = visit("coordinator")

    def post(place: str, day: str = "13", name: str = "San Cassiano") -> tuple[int, str]:
        answer = client.post("/patron-days", data={"place": place, "day": day, "month": "8", "name": name})
        return answer.status_code, answer.text

    place = "037032"
    assert post(place)[0] == 303
    with make.database.read() as session:
        [row] = session.scalars(sa.select(PatronDay)).all()
    assert (row.month, row.day, row.name) == (8, 13, "San Cassiano")
    assert "13 agosto, San Cassiano" in client.get("/patron-days").text
    for given, told in (
        ((place,), "già: prima toglilo"), (("Atlantide",), "non si trova"), ((place, "32"), "non esiste"), ((place, "13", "S"), "nome del patrono"),
    ):  # fmt: skip
        status, text = post(*given)
        assert (status, told in text) == (422, True), given
    student = visit("student")
    assert "Aggiungi un comune" not in student.get("/patron-days").text
    assert (
        student.post(
            "/patron-days", data={"place": place, "day": "1", "month": "8", "name": "Nessuno"}
        ).status_code
        == 403
    )
    assert client.post(f"/patron-days/{row.id}/remove").status_code == 303
    assert "Ancora nessun comune." in client.get("/patron-days").text
