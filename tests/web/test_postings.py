"""A company says what it needs, renews last year's, and answers candidates: without scripts, and in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.db import Database
from app.opportunities.models import Opportunity, OpportunitySkill, OpportunitySpan, Status
from app.postings.models import Posting, PostingEffort
from app.web import company_words, posting_forms
from app.web.posting_forms import Piece
from tests import forms
from tests.factories import TODAY, Factory
from tests.web.browser import SIZES, in_every_way, new_page
from tests.web.conftest import Site
from tests.web.territory import Territory
from tests.web.test_axe import look

Visit = Callable[..., TestClient]

TEXT = "Due ragazzi per cablaggio di quadri elettrici, è indispensabile la programmazione PLC. Sono 80 ore."
DETAILS = {
    "title": "Quadri e PLC", "seats": "2", "hours": "80", "daily_hours": "7,5", "place": "istat:037006",
    "span-0-starts_on": "2026-05-04", "span-0-ends_on": "2026-05-22", "span-0-weekdays": ["MO", "TU"], "then": "next",
}  # fmt: skip


@pytest.fixture
def company(visit: Visit) -> TestClient:
    return visit("company")


def path_of(answer: Any) -> str:
    assert answer.status_code == 303, answer.text
    location: str = answer.headers["location"]
    return location


def write(company: TestClient, land: Territory, **fields: str) -> Any:
    posting = re.findall(
        r'name="posting" value="([^"]+)"', company.get(f"/companies/{land.company_id}/need").text
    )
    body = {"text": TEXT, "kind": "internship", "posting": posting[0]} | fields
    return company.post(f"/companies/{land.company_id}/need", data=body)


def version(company: TestClient, path: str) -> str:
    found: str = re.findall(r'name="version" id="version" value="(\d+)"', company.get(path).text)[0]
    return found


def shown(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


# --- writing ----------------------------------------------------------------------------------------------------------


def test_a_text_becomes_a_published_opportunity(
    company: TestClient, land: Territory, database: Database
) -> None:
    skills = path_of(write(company, land))
    page = company.get(skills).text
    assert re.findall(r"<mark>([^<]+)</mark>", page) == [
        "cablaggio di quadri elettrici",
        "programmazione PLC",
    ]
    assert "Per il testo «programmazione PLC» è indispensabile" in page
    path = skills.removesuffix("/skills")
    answer = {"version": version(company, skills), "answer": "text", "step": "skills"}
    key = re.findall(r'name="question" value="(skill_stronger[^"]+)"', page)[0]
    assert (
        path_of(company.post(f"{path}/questions", data=answer | {"question": key})) == f"{skills}#questions"
    )
    assert "skill_stronger" not in company.get(skills).text

    needs = {
        "version": version(company, skills), "skill": ["plc-programming"], "role-plc-programming": "required",
        "level-plc-programming": "3", "then": "next",
    }  # fmt: skip
    details = path_of(company.post(skills, data=needs))
    form = DETAILS | {"version": version(company, details)}
    preview = path_of(company.post(details, data=form))
    page = company.get(preview).text
    assert "Così la vedono gli studenti" in page
    assert 'class="match match-internship"' in page
    assert "hanno quello che serve" in page
    sent = {"version": version(company, preview), "action": "publish"}
    assert path_of(company.post(preview, data=sent)) == preview
    assert "È pubblicata" in company.get(preview).text
    with database.read() as session:
        row = session.scalars(sa.select(Opportunity).where(Opportunity.title == "Quadri e PLC")).one()
        [span] = session.scalars(sa.select(OpportunitySpan).where(OpportunitySpan.opportunity_id == row.id))
        [need] = session.scalars(sa.select(OpportunitySkill).where(OpportunitySkill.opportunity_id == row.id))
        [effort] = session.scalars(sa.select(PostingEffort))
    assert (row.status, row.hours, row.daily_hours, row.text) == (Status.PUBLISHED, 80, 7.5, TEXT)
    assert (span.weekdays, span.parts, need.role, need.level) == (3, 3, "required", 3)
    assert (effort.clicks, effort.size, effort.province_code) == (5, "small", "BO")


def test_a_form_that_is_sent_twice_leads_to_the_same_draft(company: TestClient, land: Territory) -> None:
    key = "6f7c34a1-6f7e-4c51-9b51-0d4b8c9e2a11"
    assert path_of(write(company, land, posting=key)) == path_of(write(company, land, posting=key))


def test_a_draft_waits_on_the_page_of_the_company(company: TestClient, land: Territory) -> None:
    skills = path_of(write(company, land))
    assert f'href="{skills}"' in company.get(f"/companies/{land.company_id}").text


@pytest.mark.parametrize(
    ("fields", "said"), [({"text": " "}, "Che cosa vi serve"), ({"kind": "job"}, "Che cosa offrite")]
)
def test_a_need_that_is_no_need_names_the_field(
    company: TestClient, land: Territory, fields: dict[str, str], said: str
) -> None:
    answer = write(company, land, **fields)
    assert answer.status_code == 422
    assert said in shown(re.findall(r'id="troubles".*?</div>', answer.text, re.DOTALL)[0])


@pytest.mark.parametrize(
    ("fields", "control", "said"),
    [
        ({"title": ""}, "title", "Titolo : Scrivete un titolo"),
        ({"seats": "tanti"}, "seats", "Posti : Scrivete quanti posti"),
        ({"seats": "0"}, "seats", "Posti : Scrivete quanti posti"),
        ({"hours": "9999"}, "hours", "Ore in tutto : Scrivete quante ore"),
        ({"daily_hours": "25"}, "daily_hours", "Ore al giorno : Scrivete quante ore al giorno"),
        ({"min_age": "5"}, "min_age", "Età minima : Scrivete un'età"),
        ({"min_age": "18", "max_age": "17"}, "max_age", "Età massima : È meno dell'età minima."),
        ({"place": "other", "place_name": "Atlantide"}, "place", "Dove : Non troviamo questo comune"),
        (
            {"span-0-starts_on": "2026-02-30"},
            "span-0-starts_on",
            "Primo giorno : Scrivete una data che esiste",
        ),
        ({"span-0-ends_on": "2026-05-01"}, "span-0-ends_on", "Ultimo giorno : Viene prima del primo giorno."),
        ({"span-0-weekdays": []}, "span-0-weekdays", "Giorni della settimana : Scegliete almeno un giorno"),
        ({"closes_on": "domani"}, "closes_on", "Iscrizioni entro il : Scrivete una data"),
        ({"conditions": "x" * 2001}, "conditions", "Condizioni : Scrivete al massimo 2000 caratteri."),
    ],
)
def test_every_fault_names_the_field_and_keeps_what_was_written(
    company: TestClient, land: Territory, fields: dict[str, Any], control: str, said: str
) -> None:
    path = f"/opportunities/{land.draft_id}/details"
    answer = company.post(path, data=DETAILS | {"version": "1"} | fields)
    assert answer.status_code == 422
    told = re.findall(r'<div class="alert.*?</div>', answer.text, re.DOTALL)[0]
    assert said in shown(told).replace("&#39;", "'")
    assert f'href="#{control}"' in told
    assert f'id="{control}"' in answer.text
    assert 'value="Quadri e PLC"' in answer.text or "title" in fields


def test_what_is_missing_is_named_at_the_publication(company: TestClient, land: Territory) -> None:
    path = f"/opportunities/{land.draft_id}"
    answer = company.post(f"{path}/preview", data={"version": "1", "action": "publish"})
    assert answer.status_code == 422
    assert f'href="{path}/details#hours"' in answer.text
    assert f'href="{path}/skills#required"' in answer.text
    assert company.post(f"{path}/preview", data={"version": "1", "action": "explode"}).status_code == 422


def test_what_a_colleague_has_changed_is_not_overwritten(company: TestClient, land: Territory) -> None:
    path = f"/opportunities/{land.draft_id}/details"
    assert company.post(path, data=DETAILS | {"version": "1"}).status_code == 303
    late = company.post(path, data=DETAILS | {"version": "1", "title": "Altro"})
    assert late.status_code == 412
    assert "Qualcuno l'ha già cambiato" in late.text


def test_dates_are_added_and_a_municipality_is_named(
    company: TestClient, land: Territory, make: Factory
) -> None:
    path = f"/opportunities/{land.draft_id}/details"
    sent = DETAILS | {"version": "1", "then": "add", "place": "online", "span-0-ends_on": ""}
    page = company.post(path, data=sent).text
    assert 'name="span-1-starts_on" value=""' in page
    row = make.get(Opportunity, land.draft_id)
    assert row is not None
    assert row.is_online
    sent |= {
        "version": str(row.version),
        "then": "count",
        "span-1-starts_on": "2026-06-01",
        "span-1-ends_on": "",
    }
    assert path_of(company.post(path, data=sent)).endswith("/details#reach")
    with make.database.read() as session:
        spans = session.scalars(
            sa.select(OpportunitySpan).where(OpportunitySpan.opportunity_id == land.draft_id)
        )
        assert sorted(span.starts_on for span in spans) == [date(2026, 5, 4), date(2026, 6, 1)]


def test_the_form_is_right_ends_the_question_for_good(
    company: TestClient, land: Territory, make: Factory
) -> None:
    row = make.get(Opportunity, land.draft_id)
    assert row is not None
    make.change(row, text="Sono 80 ore.", hours=90)
    path = f"/opportunities/{land.draft_id}"
    page = company.get(f"{path}/preview").text
    [key] = re.findall(r'name="question" value="([^"]+)"', page)
    sent = {
        "version": version(company, f"{path}/preview"),
        "question": key,
        "answer": "form",
        "step": "nowhere",
    }
    assert path_of(company.post(f"{path}/questions", data=sent)) == f"{path}/preview#questions"
    assert 'name="question"' not in company.get(f"{path}/preview").text
    make.change(row, hours=100)  # another disagreement is another question
    assert 'name="question"' in company.get(f"{path}/preview").text


def test_a_search_adds_skills(company: TestClient, land: Territory) -> None:
    path = f"/opportunities/{land.draft_id}/skills"
    where = path_of(company.post(path, data={"version": "1", "q": "pneu & co", "then": "search"}))
    assert where == f"{path}?q=pneu+%26+co#search"
    assert 'value="pneumatics"' in company.get(f"{path}?q=pneu").text


# --- renewing ---------------------------------------------------------------------------------------------------------


def test_last_year_s_is_renewed_with_one_click_and_one_confirmation(
    company: TestClient, land: Territory, make: Factory
) -> None:
    row = make.get(Opportunity, land.internship_id)
    assert row is not None
    make.change(row, status=Status.CLOSED)
    path = f"/opportunities/{row.id}/renewal"
    assert f'href="{path}"' in company.get(f"/companies/{land.company_id}").text
    page = company.get(path).text
    fields = dict(
        re.findall(r'name="((?:span-\d-)?(?:starts_on|ends_on|closes_on|seats))"[^>]* value="([^"]*)"', page)
    )
    days = {f"span-{number}-weekdays": ["MO", "WE"] for number in (0, 1)}
    bad = company.post(path, data=fields | days | {"span-0-ends_on": "2000-01-01"})
    assert bad.status_code == 422
    assert "Ultimo giorno" in shown(bad.text)
    first = path_of(company.post(path, data=fields | days))
    assert path_of(company.post(path, data=fields | days)) == first  # a repeated click
    assert path_of(company.get(path)) == first
    assert "È pubblicata" in company.get(first).text
    with make.database.read() as session:
        [posting] = session.scalars(sa.select(Posting))
        [effort] = session.scalars(sa.select(PostingEffort))
        new = session.get_one(Opportunity, posting.opportunity_id)
        starts = session.scalars(
            sa.select(OpportunitySpan.starts_on).where(OpportunitySpan.opportunity_id == new.id)
        )
        shift = min(starts) - (TODAY + timedelta(days=30))
    assert (effort.is_renewal, effort.clicks, new.title) == (True, 1, row.title)
    assert shift == timedelta(days=364)


# --- answering --------------------------------------------------------------------------------------------------------


def candidates(company: TestClient, land: Territory) -> list[str]:
    page = company.get(f"/opportunities/{land.internship_id}/candidates").text
    return re.findall(r'name="pseudonym" value="([^"]+)"', page)


def test_several_candidates_are_answered_on_one_page(
    company: TestClient, visit: Visit, land: Territory
) -> None:
    path = f"/opportunities/{land.internship_id}"
    first, second, *_ = everybody = candidates(company, land)
    sent = {"pseudonym": everybody, f"verdict-{first}": "maybe", f"verdict-{second}": "no"}
    lacking = company.post(f"{path}/answers", data=sent)
    assert lacking.status_code == 409
    assert "Motivo del no" in lacking.text
    assert lacking.text.count(" checked") == 2  # nothing that was ticked is lost
    saved = path_of(company.post(f"{path}/answers", data=sent | {f"reason-{second}": "too_far"}))
    assert saved == f"{path}/candidates?told=saved"
    assert "No, la sede è troppo lontana" in shown(company.get(saved).text)
    again = company.post(f"{path}/answers", data={"pseudonym": [first], f"verdict-{first}": "yes"})
    assert again.status_code == 409  # the version that it stands on has been overtaken
    assert "Intanto una persona della vostra azienda ha risposto" in again.text
    assert company.post(f"{path}/answers", data={"pseudonym": everybody}).status_code == 409
    for student in (land.student_id, land.classmate_id):
        page = visit("teacher").get(f"/students/{student}").text
        assert "troppo lontana" not in page


def test_the_company_sees_how_many_fit_and_how_many_were_answered(
    company: TestClient, land: Territory
) -> None:
    address = f"/companies/{land.company_id}"
    first, *_ = everybody = candidates(company, land)
    assert f"{len(everybody)} candidati" in shown(company.get(address).text)
    assert "vostra risposta" not in shown(company.get(address).text)
    sent = {"pseudonym": [first], f"verdict-{first}": "maybe"}
    path_of(company.post(f"/opportunities/{land.internship_id}/answers", data=sent))
    assert f"{len(everybody)} candidati, 1 con la vostra risposta" in shown(company.get(address).text)


# --- pieces -----------------------------------------------------------------------------------------------------------


def test_every_word_of_faults_is_there() -> None:
    assert company_words.FIELDS.keys() == company_words.HINTS.keys() | {"place"}
    assert (
        posting_forms.wrong([{"field": "spans.2.starts_on", "detail": "lies in the past"}])[0].control
        == "span-2-starts_on"
    )
    assert company_words.page_of("wanted.0.level") == "skills"


def test_a_text_is_cut_where_skills_begin_and_end() -> None:
    class Found:
        def __init__(self, start: int, end: int) -> None:
            self.start, self.end, self.id = start, end, "plc"

    assert posting_forms.pieces("un po' di PLC, sì", [Found(10, 13), Found(11, 12)]) == [
        Piece("un po' di "), Piece("PLC", "plc"), Piece(", sì"),
    ]  # fmt: skip


# --- in a browser -----------------------------------------------------------------------------------------------------

NAMES = {
    "it": {
        "new": "Scrivete di che cosa avete bisogno",
        "on": "Continua",
        "is out": "È pubblicata",
        "send": "Invia le risposte",
    },
    "en": {
        "new": "Write what you need",
        "on": "Continue",
        "is out": "It is published",
        "send": "Send the answers",
    },
}


@pytest.mark.browser
@in_every_way
def test_a_foreman_says_what_is_needed(
    chromium: Any, own_site: Site, axe: str, language: str, size: str, scripts: bool
) -> None:
    said = NAMES[language]
    context = chromium.new_context(
        base_url=own_site.url, viewport=SIZES[size], java_script_enabled=scripts,
        locale={"it": "it-IT", "en": "en-GB"}[language],
    )  # fmt: skip
    forms.send(context, "/sign-in", persona=own_site.land.emails["company"])
    page = new_page(context)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto("/start")
    page.click(f"text={said['new']}")
    page.fill("#text", TEXT)
    page.click(f"main button:has-text('{said['on']}')")
    page.wait_for_url("**/skills")
    assert page.locator("mark").count() == 2
    page.click("button[value=text] >> nth=0")
    page.wait_for_url("**/skills#questions")
    page.click("button[value=next]")
    page.wait_for_url("**/details")
    start = date.today() + timedelta(days=40)  # noqa: DTZ011 -- the service's own clock
    page.fill("#span-0-starts_on", start.isoformat())
    page.fill("#span-0-ends_on", (start + timedelta(days=18)).isoformat())
    page.fill("#hours", "80")
    if scripts:
        before = page.input_value("#version")
        with page.expect_response("**/details"):
            page.focus("#seats")
        page.wait_for_function("before => document.querySelector('#version').value !== before", arg=before)
        assert page.evaluate("document.activeElement.id") == "seats"
        look(page, axe)
    page.click("button[value=next]")
    page.wait_for_url("**/preview")
    assert page.locator("article.match-internship").count() == 1
    page.click("button[value=publish]")
    page.wait_for_selector(f"text={said['is out']}")
    page.click(".alert-success a")
    page.wait_for_selector("article.match-candidate")
    page.check("input[value=maybe] >> nth=0")
    page.click(f"text={said['send']}")
    page.wait_for_selector("#told")
    assert complaints == []
    context.close()
    with own_site.database.read() as session:
        [effort] = session.scalars(sa.select(PostingEffort))
    # With scripts every click is counted; without them every page that is sent.
    assert effort.clicks >= 5
    assert effort.seconds <= 120
