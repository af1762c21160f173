"""The sheet of a company's year: one page of A4 with everything on it, and the thanks as a PDF that can be read aloud."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from pypdf import PdfReader

from app.hours.models import Evaluation, EvaluationSkill
from app.opportunities.models import Opportunity
from app.placements.models import Party, State
from app.postings.models import Posting
from app.schools.models import SchoolClass
from app.web import benefits
from tests import forms, pdfs
from tests.factories import NOW, TODAY, Factory
from tests.web.conftest import Site
from tests.web.territory import SKILLS, Territory


def fill(make: Factory, land: Territory, on: date = TODAY) -> None:
    """A full sheet: more skills than fit, recommendations, and a publication."""
    offer = make.get(Opportunity, land.internship_id)
    assert offer is not None
    for number in range(9):
        make.skill(f"filler-{number}")
    school_class = make.get(SchoolClass, land.class_id)
    assert school_class is not None
    for number in range(6):
        student = make.student(school_class)
        placement = make.placement(
            student, offer, state=State.COMPLETED, starts_on=on - timedelta(days=20 + number)
        )
        given = {"placement_id": placement.id, "student_id": student.id, "given_by": "x", "given_at": NOW}
        make.add(Evaluation(**given, party=Party.STUDENT, would_repeat=True))
        said = make.add(
            Evaluation(
                **given, party=Party.COMPANY, would_repeat=True, confirmed_at=NOW, confirmed_by="system:tests"
            )
        )
        for skill_id in (*SKILLS, *(f"filler-{one}" for one in range(9))):
            make.add(EvaluationSkill(evaluation_id=said.id, skill_id=skill_id, level=3))
    make.add(Posting(company_id=land.company_id, opportunity_id=offer.id, is_measured=True))


def test_the_company_reads_its_year_and_takes_the_thanks(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    client, year = visit("company"), benefits.words.school_year(2025)
    path = f"/companies/{land.company_id}/benefits"
    assert f'href="{path}"' in client.get(f"/companies/{land.company_id}").text
    fill(make, land)
    page = client.get(path).text
    assert f"anno {year}</h1>" in page
    assert "La maggior parte tornerebbe" in page
    assert "E altre 6." in page
    answer = client.get(f"{path}/thanks.pdf?year=2025")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/pdf")
    assert answer.headers["content-disposition"] == 'attachment; filename="grazie-2025.pdf"'
    title = "Grazie: Automazioni Reno srl"
    assert pdfs.faults(answer.content, title=title, language="it", claims=pdfs.PDF_UA | pdfs.PDF_A) == []
    assert len(PdfReader(io.BytesIO(answer.content)).pages) == 1
    assert client.get(f"{path}/thanks.pdf?year=2021").status_code == 409
    assert "thanks.pdf" not in client.get(f"{path}?year=2021").text


def test_who_coordinates_reads_steps_of_five_and_gets_no_exact_count(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    fill(make, land)
    client = visit("coordinator")
    path = f"/companies/{land.company_id}/benefits"
    assert f'href="{path}"' in client.get(f"/coordination/companies/{land.company_id}").text
    page = client.get(path).text
    assert "almeno 5" in page
    assert "Rinnovate" not in page
    aloud = pdfs.Pdf(client.get(f"{path}/thanks.pdf?year=2025").content).read_aloud("P")
    assert not [line for line in aloud if line.startswith("Studenti")]


def test_without_the_library_there_is_a_page_and_no_file(
    visit: Callable[..., Any], land: Territory, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(make, land)
    monkeypatch.setattr(benefits, "LIBRARY", "no_such_library")
    client = visit("company")
    assert "thanks.pdf" not in client.get(f"/companies/{land.company_id}/benefits").text
    assert client.get(f"/companies/{land.company_id}/benefits/thanks.pdf").status_code == 503


@pytest.mark.browser
def test_a_full_year_prints_on_one_sheet(chromium: Any, own_site: Site) -> None:
    fill(Factory(own_site.database), own_site.land, date.today())  # noqa: DTZ011 -- the service's own clock
    context = chromium.new_context(base_url=own_site.url, locale="it-IT")
    forms.send(context, "/sign-in", persona=own_site.land.emails["company"])
    page = context.new_page()
    page.goto(f"/companies/{own_site.land.company_id}/benefits")
    sheet = PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert len(sheet.pages) == 1
    assert "Competenze viste" in sheet.pages[0].extract_text()
    context.close()
