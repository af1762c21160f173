"""What people come for, in a real browser: a student's three rankings, a company's candidates, a name asked for and given."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from app.schools.models import SchoolClass
from tests import forms, screens
from tests.factories import Factory
from tests.web import territory
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site

pytestmark = pytest.mark.browser

KINDS = {
    "it": {"internship": "Tirocini", "visit": "Visite", "training": "Percorsi formativi"},
    "en": {"internship": "Internships", "visit": "Visits", "training": "Training paths"},
}
GREETING = {"it": "Ciao Giulia, ecco le proposte per te", "en": "Hello Giulia, here is what fits you"}
REASON = {
    "it": "Programmazione PLC: hai il livello 3, confermato dal tuo insegnante.",
    "en": "PLC programming: you have level 3, confirmed by your teacher.",
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("language", "scripts"), [("it", True), ("en", True), ("it", False)])
def test_student_sees_three_kinds_of_ranked_cards(
    browse: Callable[..., Any], site: Site, language: str, scripts: bool, size: str
) -> None:
    page = browse("student", language=language, size=size, scripts=scripts)
    page.goto("/start")
    assert page.url == f"{site.url}/students/{site.land.student_id}"
    assert page.inner_text("h1") == GREETING[language]
    for kind, name in KINDS[language].items():
        page.click(f"nav >> text={name}")
        assert page.get_attribute(f"a.tab-{kind}", "aria-current") == "page"
        page.wait_for_selector(f"article.match-{kind} .reasons li")
    page.click(f"nav >> text={KINDS[language]['internship']}")
    assert REASON[language] in page.inner_text("article.match >> nth=0")
    page.click("article.match >> nth=0 >> summary")
    assert page.is_visible("article.match >> nth=0 >> table.parts")
    page.click("article.match >> nth=0 >> h3 a")
    assert REASON[language] in page.inner_text("main")


@pytest.mark.parametrize("scripts", [True, False])
def test_list_goes_on(browse: Callable[..., Any], site: Site, scripts: bool) -> None:
    page = browse("student", scripts=scripts)
    page.goto(f"/students/{site.land.student_id}")
    assert page.locator("article.match").count() == 10
    path = f"{site.url}/api/v1/students/{site.land.student_id}/matches?kind=internship&limit=100"
    rest = len(page.request.get(path).json()["items"]) - 10
    assert 0 < rest <= 10
    page.click("a#more")
    page.wait_for_selector("span#more")
    # With scripts the rest joins the list; without them it is the next page.
    assert page.locator("#matches > li").count() == (10 + rest if scripts else rest)
    if scripts:
        assert page.evaluate("document.activeElement.id") == "more"


def test_person_signs_in_and_out_by_keyboard(browse: Callable[..., Any], site: Site) -> None:
    page = browse(size="phone")
    page.goto(f"/students/{site.land.classmate_id}")
    assert page.inner_text("h1") == "Accedi"
    page.focus("#email")
    page.keyboard.type(site.land.emails["classmate"])
    page.keyboard.press("Tab")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    page.wait_for_selector("#wrong")
    assert page.input_value("#email") == site.land.emails["classmate"]
    assert page.evaluate("document.activeElement.id") == "password"
    page.keyboard.type(territory.PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/students/{site.land.classmate_id}")
    page.click("text=Esci")
    page.wait_for_url(f"{site.url}/")
    page.goto(f"/students/{site.land.classmate_id}")
    assert page.inner_text("h1") == "Accedi"


def test_newcomer_becomes_a_persona_with_one_click(browse: Callable[..., Any], site: Site) -> None:
    page = browse(language="en")
    page.goto("/")
    page.click("text=Try it as an example person")
    page.click("button.persona:has-text('Teacher')")
    page.click("main >> text=Class 4 A")
    page.click("main >> text=Rossi Giulia")
    assert page.inner_text("h1") == "Matches for Giulia Rossi"
    page.click("text=Sign out")


def test_skip_link_comes_first(browse: Callable[..., Any]) -> None:
    page = browse()
    page.goto("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Vai al contenuto"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(("language", "scripts"), [("it", True), ("en", False)])
def test_company_sees_candidates_without_names(
    browse: Callable[..., Any], site: Site, language: str, scripts: bool
) -> None:
    page = browse("company", language=language, scripts=scripts)
    page.goto("/start")
    page.click(
        "main a.btn:text-matches('candidat[oi]', 'i')"
        if language == "it"
        else "main a.btn:has-text('Candidates')"
    )
    page.wait_for_selector("article.match-candidate")
    titles = page.locator("article.match-candidate h3").all_inner_texts()
    assert len(titles) == 3 or "Visita" in page.inner_text("main")
    assert all(re.search(r" [A-Z0-9]{4}-[A-Z0-9]{4}$", title) for title in titles)
    shown = page.inner_text("main")
    assert [name for name in ("Giulia", "Rossi", "Marco", "Neri") if name in shown] == []


# --- from a slip of paper to a name ------------------------------------------------------------------------------------


def enter(chromium: Any, site: Site, who: str | None, *, size: str = "desk") -> Any:
    """A page in a browser of its own, signed in as one of the territory's people."""
    context = chromium.new_context(base_url=site.url, locale="it-IT", viewport=SIZES[size])
    if who is not None:
        forms.send(context, "/sign-in", persona=site.land.emails[who])
    return new_page(context)


def newcomer(site: Site) -> str:
    """A student of the teacher's class who has never entered; the name as the class lists it."""
    make, land = Factory(site.database), site.land
    school_class = make.get(SchoolClass, land.class_id)
    assert school_class is not None
    student = make.student(school_class, given_name="Anna", family_name="Conti", max_km=60)
    territory.profile(make, student.id, date.today() + timedelta(days=30))  # noqa: DTZ011
    return "Conti Anna"


def test_a_code_on_paper_leads_to_a_name_for_the_company(chromium: Any, own_site: Site) -> None:
    name = newcomer(own_site)
    teacher, company = enter(chromium, own_site, "teacher"), enter(chromium, own_site, "company")
    pupil = enter(chromium, own_site, None, size="phone")

    teacher.goto("/start")
    teacher.click("main >> text=Classe 4 A")
    teacher.click("text=Accessi e codici degli studenti")
    for tick in teacher.query_selector_all("input[name=student_ids]"):
        tick.uncheck()
    teacher.check(f"li:has-text('{name}') input")
    teacher.click("text=Fai i codici e mostrali")
    assert teacher.locator(".slip").count() == 1
    code = teacher.inner_text(".slip-code")

    pupil.goto("/")
    pupil.click("text=Accedi >> nth=0")
    pupil.click("text=Ho un codice della mia scuola")
    pupil.fill("#code", code.lower().replace("-", " "))
    pupil.click("main button:has-text('Entra')")
    pupil.wait_for_url("**/welcome")
    username = pupil.input_value("#username")
    assert "anna" not in username
    pupil.fill("#password", "tre parole a caso")
    pupil.fill("#repeated", "tre parole a caso")
    pupil.click("text=Salva")
    pupil.wait_for_selector("article.match-internship .reasons li")
    pupil.click("text=Esci")
    pupil.goto("/sign-in")
    pupil.fill("#email", username)
    pupil.fill("#password", "tre parole a caso")
    pupil.press("#password", "Enter")
    pupil.wait_for_selector("article.match-internship .reasons li")
    assert pupil.inner_text("h1").startswith("Ciao Anna")
    assert REASON["it"] in pupil.inner_text("#matches")

    company.goto(f"/opportunities/{own_site.land.internship_id}/candidates")
    assert "Anna" not in company.inner_text("main")
    # Which of the candidates is Anna, nobody at the company knows: they say yes to all.
    yes = company.query_selector_all("input[value=yes]")
    for one in yes:
        one.check()
    company.click("text=Invia le risposte")
    company.click("#told >> text=Le vostre richieste")
    assert company.locator("main ul.rows > li").count() == len(yes)
    assert "Conti" not in company.inner_text("main")

    pupil.reload()
    assert "La scuola non ha ancora risposto." in pupil.inner_text("main")
    pupil.click("button:has-text('Accetta')")
    pupil.wait_for_selector("text=Tu hai detto di sì.")
    company.reload()
    assert "Conti" not in company.inner_text("main")
    teacher.goto(f"/classes/{own_site.land.class_id}")
    teacher.click("li:has-text('Anna Conti') >> button:has-text('Accetta')")
    teacher.wait_for_selector("text=Sì dello studente e della scuola")
    company.reload()
    told = company.inner_text("main li:has-text('Anna Conti')")
    assert "Tutor della scuola: Teacher, teacher@example.org" in told
    assert company.locator("main li:has-text('Tutor della scuola')").count() == 1
    assert "Anna Conti" in company.inner_text("main ul.rows > li >> nth=0")

    pupil.goto("/start")
    pupil.click("text=Chi ha visto il tuo profilo")
    assert "Automazioni Reno srl" in pupil.inner_text("main")
    for page in (teacher, company, pupil):
        page.context.close()


# --- the demo ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["it", "en"])
def test_demo_shows_the_job(chromium: Any, demo_address: str, language: str) -> None:
    context = chromium.new_context(
        viewport=SIZES["phone"], locale={"it": "it-IT", "en": "en-GB"}[language], base_url=demo_address
    )
    page = new_page(context)
    for persona, article in ((screens.STUDENT, "match-internship"), (screens.COMPANY, "match-candidate")):
        page.goto("/sign-in")
        page.click(f"form:has(input[value='{persona}']) button")
        if persona == screens.STUDENT:
            assert page.inner_text("h1").startswith({"it": "Ciao Giulia", "en": "Hello Giulia"}[language])
            for kind, name in reversed(KINDS[language].items()):
                page.click(f"nav >> text={name}")
                assert page.locator(f"article.match-{kind}").count() == 10
        else:
            page.click("main a.btn[href$=candidates] >> nth=3")
        page.wait_for_selector(f"article.{article}")
        reasons = page.locator(f"article.{article} .reasons").all_inner_texts()
        assert all(1 <= len(told.splitlines()) <= 4 for told in reasons)
    context.close()


def test_screens_of_the_documentation_exist() -> None:
    sizes = {
        screen.name: (screens.FOLDER / f"{screen.name}.png").stat().st_size for screen in screens.SCREENS
    }
    assert {name: size for name, size in sizes.items() if size > screens.LARGEST} == {}
