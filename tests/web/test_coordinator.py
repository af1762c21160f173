"""The coordinator's pages: what they say, what they cost, and the way through them in a real browser."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.db import Database
from app.network.models import CompanyNote
from app.opportunities.models import Kind
from app.postings.models import PostingEffort
from app.schools.models import SchoolClass
from tests.factories import NOW, Factory
from tests.queries import count_queries
from tests.web.browser import in_every_way
from tests.web.conftest import Site
from tests.web.territory import Territory

QUERIES = {
    "/coordination": 16,
    "/coordination/approvals": 5,
    "/coordination/supply": 10,
    "/coordination/supply/skills.csv": 10,
    "/coordination/needs": 12,
    "/coordination/needs.csv": 12,
    "/coordination/needs/students": 19,
    "/coordination/needs/students.csv": 19,
    "/coordination/companies": 7,
    "/coordination/companies/{company_id}": 16,
    "/coordination/opportunities": 11,
    "/coordination/opportunities/{internship_id}": 17,
    "/coordination/contacts": 6,
    "/coordination/experiences": 7,
    "/coordination/students": 11,
    "/coordination/indicators": 9,
    "/coordination/indicators.csv": 8,
}
"""Statements of each page, the sign-in included, once the index is built; how much there is changes nothing."""


def test_each_page_takes_as_many_queries_for_one_as_for_many(
    visit: Callable[..., Any], land: Territory, database: Database, make: Factory
) -> None:
    client = visit("coordinator")

    def count() -> dict[str, int]:
        found = {}
        for path in QUERIES:
            address = path.format(**vars(land))
            assert client.get(address).status_code == 200, address  # what has changed is read here
            with count_queries(database) as queries:
                client.get(address)
            found[path] = queries.count
        return found

    assert count() == QUERIES
    school_class = make.get(SchoolClass, land.class_id)
    for _ in range(3):
        make.opportunity(make.company())
        make.company(is_approved=False)
        make.student(school_class)
        make.add(CompanyNote(company_id=land.company_id, text="x", written_at=NOW, written_by="user:x"))
    assert count() == QUERIES


def test_a_table_for_a_spreadsheet_holds_no_formula(
    visit: Callable[..., Any], land: Territory, database: Database
) -> None:
    with database.write() as session:
        session.execute(
            sa.text("UPDATE skill_labels SET label = '=HYPERLINK(1)' WHERE label = 'Tornitura CNC'")
        )
    client = visit("coordinator")
    answer = client.get("/coordination/supply/skills.csv?kind=internship")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="internship-skills.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:4] == ["key", "name", "opportunities", "seats"]
    named = {row[0]: row[1] for row in rows[1:]}
    assert named["cnc-turning"] == "'=HYPERLINK(1)"
    assert named["plc-programming"] == "Programmazione PLC"


@pytest.mark.parametrize(
    "address",
    [
        "/coordination/supply?kind=job", "/coordination/companies?standing=lost", "/coordination/indicators?year=1999",
        "/coordination/companies?after=x", "/coordination/needs?skill=-", "/coordination/needs?track=a b",
        "/coordination/needs/students?district=a b", "/coordination/needs/students.csv?skill=-",
    ],
)  # fmt: skip
def test_a_page_that_is_asked_for_wrongly_says_so(visit: Callable[..., Any], address: str) -> None:
    assert visit("coordinator").get(address).status_code == 422


def test_a_table_that_does_not_exist_is_not_here(visit: Callable[..., Any]) -> None:
    assert visit("coordinator").get("/coordination/supply/people.csv").status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001])
def test_a_note_that_says_nothing_or_too_much_comes_back(
    visit: Callable[..., Any], land: Territory, database: Database, text: str
) -> None:
    client = visit("coordinator")
    answer = client.post(f"/coordination/companies/{land.company_id}/notes", data={"text": text})
    assert answer.status_code == 422
    assert "al massimo 2.000 caratteri" in answer.text
    assert f">{text}</textarea>" in answer.text
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CompanyNote)) == 0


WORDS = {
    "it": ("Che cosa ha bisogno di te", "Posti e studenti a confronto", "Tutte le aziende, per stato", "Salva l'appunto", "Togli", "I numeri dell'anno"),
    "en": ("What needs you", "Seats and students compared", "All companies, by state", "Save the note", "Remove", "The figures of the year"),
}  # fmt: skip


@pytest.mark.browser
@in_every_way
def test_a_coordinator_sees_what_is_needed_and_writes_it_down(
    browse: Callable[..., Any], site: Site, language: str, size: str, scripts: bool
) -> None:
    needs, compared, by_state, save, remove, year = WORDS[language]
    page = browse("coordinator", language=language, size=size, scripts=scripts)
    page.goto("/start")
    page.click(f"main a:text-is('{needs}')")
    assert page.inner_text("h1") == needs
    page.click(f"a:text-is('{compared}')")
    assert page.inner_text("h1") == compared
    assert page.locator("#skills ~ .table-scroll tbody tr").count() == 3
    if scripts:
        page.wait_for_selector(".leaflet-container")
    page.click("a.tab-visit")
    assert page.get_attribute("a.tab-visit", "aria-current") == "page"
    page.click(f"text={needs}")
    page.click(f"a:text-is('{by_state}')")
    page.click("main .rows a:text-is('Automazioni Reno srl')")
    assert "mailto:paola@example.org?subject=" in page.get_attribute("a[href^=mailto]", "href")
    note = f"Sentiti al telefono ({language}, {size}, {scripts})."
    page.fill("#text", note)
    page.click(f'button:has-text("{save}")')
    assert page.is_visible(f"text={note}")
    page.click(f"li:has-text('{note}') >> button:has-text('{remove}')")
    assert page.locator(f"text={note}").count() == 0
    page.goto("/coordination")
    page.click(f'a:text-is("{year}")')
    assert page.locator("dl.indicators dt").count() == 14


@pytest.mark.parametrize(("number", "shown"), [(4, False), (5, True)])
def test_what_publications_take_stands_beside_the_figures(
    visit: Callable[..., Any], make: Factory, number: int, shown: bool
) -> None:
    for seconds in range(number):
        make.add(
            PostingEffort(
                kind=Kind.INTERNSHIP, is_renewal=False, seconds=100 + 10 * seconds, clicks=12, published_on=NOW.date(), province_code="BO",
            )
        )  # fmt: skip
    page = visit("coordinator").get("/coordination/indicators").text
    assert ("Tempo e clic per pubblicazione" in page) is shown
    assert ('<td class="text-end">2</td>' in page) is shown  # the median of 100 to 140 seconds, in minutes
