"""The pages of the network: what they cost, what they say, and areas that are changed as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from html import unescape
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest

from app.actors.models import TerritoryAreas
from app.actors.rules import NamedTie, Tie, TieOrder, ordered
from app.companies.models import Company
from app.db import Database
from app.schools.models import School
from app.web import bonds
from tests.factories import Factory
from tests.queries import count_queries
from tests.web.territory import Territory

QUERIES = {
    "/coordination/actors": 14,
    "/coordination/actors.csv": 14,
    "/coordination/actors/schools/{school_id}": 14,
    "/coordination/ties": 14,
    "/coordination/ties.csv": 14,
    "/coordination/portfolio?last=2026-12-31": 17,
    "/coordination/portfolio.csv?last=2026-12-31": 17,
    "/coordination/portfolio/series.csv?last=2026-12-31": 17,
    "/territories/{territory_id}/areas": 8,
    "/territories/{territory_id}/protocols": 17,
}
"""Statements of each page, the sign-in included; how much there is changes nothing."""


def test_each_page_takes_as_many_queries_for_one_as_for_many(
    visit: Callable[..., Any], land: Territory, database: Database, make: Factory
) -> None:
    client = visit("coordinator")

    def count() -> dict[str, int]:
        found = {}
        for path in QUERIES:
            with count_queries(database) as queries:
                assert client.get(path.format(**vars(land))).status_code == 200, path
            found[path] = queries.count
        return found

    assert count() == QUERIES
    school = make.get(School, land.school_id)
    assert school is not None
    for _ in range(3):
        make.agreement(school, make.company(), state="in_force")
    assert count() == QUERIES


def test_sheets_hold_no_formula(visit: Callable[..., Any], make: Factory, land: Territory) -> None:
    school = make.get(School, land.school_id)
    assert school is not None
    make.agreement(school, make.company(name="=HYPERLINK(1)"), state="in_force")
    client = visit("coordinator")
    for name, column in (("actors", "name"), ("ties", "company")):
        answer = client.get(f"/coordination/{name}.csv")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"
        rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
        assert "'=HYPERLINK(1)" in [row[column] for row in rows]


@pytest.mark.parametrize(
    "address",
    ["/coordination/actors?kind=bank", "/coordination/actors?district=a b", "/coordination/ties?order=luck",
     "/coordination/ties?year=1999", "/coordination/ties?kind=friends", "/coordination/actors?after=x"],
)  # fmt: skip
def test_a_page_that_is_asked_for_wrongly_says_so(visit: Callable[..., Any], address: str) -> None:
    assert visit("coordinator").get(address).status_code == 422


HEAD = "part;key;it;en;code;district;sector;skill_id;starts_on;ends_on;reason;decided_by\n"


def test_areas_are_changed_as_a_table(visit: Callable[..., Any], land: Territory, make: Factory) -> None:
    client, address = visit("coordinator"), f"/territories/{land.territory_id}/areas"
    assert client.get("/coordination/areas").headers["location"] == address
    wrong = client.post(
        address, data={"version": "0", "written": f"{HEAD}sector;m;Macchine;Machines;2025-04\nsector;;X;X;2025-28"}
    )  # fmt: skip
    assert (wrong.status_code, "riga 3</a>, key" in wrong.text or "riga 3, key" in wrong.text) == (422, True)
    assert "2025-04" in wrong.text  # what was written is still there
    wrong = client.post(
        address, data={"version": "0", "written": f"{HEAD}sector;m;Macchine;Machines;2025-04"}
    )
    assert "2025-04 non è una divisione ATECO" in wrong.text
    assert client.post(address, data={"version": "0", "written": "nothing"}).status_code == 422
    assert make.get(TerritoryAreas, land.territory_id) is None

    right = f"{HEAD}sector;m;Macchine;Machines;2025-28"
    saved = client.post(address, data={"version": "0", "written": right})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{address}#saved")
    page = client.get(address)
    assert "Fabbricazione di macchinari" in page.text
    late = client.post(address, data={"version": "0", "written": f"{HEAD}sector;n;Altro;Other;2025-62"})
    assert (late.status_code, "Nel frattempo" in late.text) == (409, True)
    sheet = client.get(f"{address}.csv").content
    again = client.post(
        address, data={"version": "1"}, files={"file": ("aree.csv", sheet.replace(b"Macchine", b"Meccanica"))}
    )
    assert again.status_code == 303
    row = make.get(TerritoryAreas, land.territory_id)
    assert row is not None
    assert (row.version, row.document["sectors"][0]["it"]) == (2, "Meccanica")


def test_a_protocol_is_written_down_and_removed(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    client, address = visit("coordinator"), f"/territories/{land.territory_id}/protocols"
    assert client.get("/coordination/protocols").headers["location"] == address
    form: dict[str, Any] = {
        "title": "Patto di Bologna", "signed_on": "2026-01-12", "actors": [str(land.school_id), "Officina di nessuno"],
        "pledges": ["", "visits"], "per_year": ["", "4"], "words": ["", ""],
    }  # fmt: skip
    wrong = client.post(address, data=form)
    assert (wrong.status_code, "Chi firma: almeno due" in wrong.text) == (422, True)
    assert 'value="Officina di nessuno"' in wrong.text
    assert (
        client.post(address, data=form | {"title": "", "signed_on": "ieri"}).text.count('href="#title"') == 1
    )
    company = make.get(Company, land.company_id)
    assert company is not None
    form["actors"][1] = next(  # as the list offers it
        line for line in re.findall(r'<option value="([^"]*)"></option>', wrong.text) if company.name in unescape(line)
    )  # fmt: skip
    form["actors"][1] = unescape(form["actors"][1])
    assert client.post(address, data=form).status_code == 303
    page = client.get(address).text
    assert "Patto di Bologna" in page
    assert "Promessi 4 l'anno" in unescape(page)
    [removal] = re.findall(rf'action="({address}/[^"]*/remove)"', page)
    assert client.post(removal).status_code == 303
    assert "Ancora nessun protocollo" in client.get(address).text


def test_a_picture_is_the_same_each_time_and_keeps_150_actors_apart() -> None:
    chance = Random(7)  # noqa: S311
    schools = [f"Istituto {number}" for number in range(50)]
    hosts = [f"Officina meccanica di precisione {number}" for number in range(100)]
    pairs = {(chance.randrange(50), chance.randrange(100)) for _ in range(400)}
    ties = [
        NamedTie(Tie(UUID(int=1 + school), UUID(int=1000 + host), visits=1), schools[school], hosts[host])
        for school, host in pairs
    ]
    first = bonds.draw(ordered(ties, TieOrder.STRENGTH))
    chance.shuffle(ties)
    assert bonds.draw(ordered(ties, TieOrder.STRENGTH)) == first
    assert len(first.bonds) == len(pairs)
    for is_school in (True, False):
        heights = sorted(one.y for one in first.dots if one.is_school is is_school)
        assert min(later - one for one, later in pairwise(heights)) >= bonds.ROW
        assert heights[-1] <= first.height
    assert all(len(one.text) <= 21 for one in first.dots)

    def crossings(places: dict[int, tuple[float, float]]) -> int:
        drawn = list(places.values())
        return sum(
            (one[0] - other[0]) * (one[1] - other[1]) < 0
            for at, one in enumerate(drawn)
            for other in drawn[:at]
        )

    by_name = {number: (float(school), float(host)) for number, (school, host) in enumerate(sorted(pairs))}
    ours = {number: (one.y1, one.y2) for number, one in enumerate(first.bonds)}
    assert crossings(ours) < 0.85 * crossings(by_name)


def test_too_many_pairs_are_left_out_and_counted() -> None:
    ties = [
        NamedTie(Tie(UUID(int=1), UUID(int=2 + number), visits=1), "Istituto", f"Officina {number}")
        for number in range(bonds.MOST_PAIRS + 5)
    ]
    drawing = bonds.draw(ties)
    assert (len(drawing.bonds), drawing.left_out) == (bonds.MOST_PAIRS, 5)
    assert bonds.draw([]).dots == ()


def test_what_is_only_signed_is_drawn_as_another_line() -> None:
    ties = [
        NamedTie(Tie(UUID(int=1), UUID(int=2), protocols=2), "Istituto", "Reno"),
        NamedTie(Tie(UUID(int=1), UUID(int=3), visits=1, protocols=1), "Istituto", "Savena"),
    ]
    assert [one.ways for one in bonds.draw(ordered(ties, TieOrder.STRENGTH)).bonds] == [1, 0]
