"""What is everybody's: the inbox, the search, long work, and the pages for whoever passes by."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.auth.models import User
from app.companies.models import Company
from app.db import Database
from app.jobs import service_running as running
from app.jobs.models import Job
from app.jobs.rules import JobKind
from app.notifications import service as notifications
from app.notifications.models import MailPreference
from app.notifications.rules import NotificationKind
from app.settings import Settings
from tests.factories import NOW, Factory
from tests.web.browser import in_every_way
from tests.web.conftest import Site
from tests.web.territory import Territory

Visit = Callable[..., Any]


# --- whoever passes by ------------------------------------------------------------------------------------------------


def test_only_what_public_approved_companies_offer_is_open_to_everybody(
    visit: Visit, land: Territory
) -> None:
    page = visit().get("/open").text
    assert "Montaggio e prova di quadri di automazione" in page
    for hidden in ("Robot al mare", "Ancora da finire", "Visita con i posti finiti", "Corso base"):
        assert hidden not in page
    for path in (
        f"/open/opportunities/{land.far_id}", f"/open/opportunities/{land.draft_id}",
        f"/open/opportunities/{land.full_id}", f"/open/companies/{land.other_company_id}",
        f"/open/companies/{land.unapproved_id}",
    ):  # fmt: skip
        assert visit().get(path).status_code == 404, path


def test_a_company_that_waits_is_not_public_whatever_it_has_chosen(
    visit: Visit, land: Territory, database: Database
) -> None:
    with database.write() as session:
        session.get_one(Company, land.unapproved_id).is_public = True
    assert visit().get(f"/open/companies/{land.unapproved_id}").status_code == 404
    assert str(land.unapproved_id) not in visit().get("/sitemap.xml").text


def test_a_company_shows_and_hides_itself(visit: Visit, land: Territory) -> None:
    path = f"/open/opportunities/{land.internship_id}"
    company = visit("company")
    for choice, status in (({}, 404), ({"is_public": "true"}, 200)):
        assert company.post(f"/companies/{land.company_id}/public", data=choice).status_code == 303
        assert visit().get(path).status_code == status
    assert visit("other company").post(f"/companies/{land.company_id}/public").status_code == 403


def linked(visit: Visit, path: str) -> dict[str, Any]:
    [text] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', visit().get(path).text)
    told: dict[str, Any] = json.loads(text)
    return told


def test_search_engines_are_told_what_it_is(visit: Visit, land: Territory, make: Factory) -> None:
    job = linked(visit, f"/open/opportunities/{land.internship_id}")
    assert (job["@type"], job["employmentType"], job["hiringOrganization"]["name"]) == (
        "JobPosting", "INTERN", "Automazioni Reno srl",
    )  # fmt: skip
    assert job["jobLocation"]["address"]["addressLocality"] == "Bologna"
    visit_id = re.findall(r'/open/opportunities/([0-9a-f-]{36})">Una mattina', visit().get("/open").text)[0]
    event = linked(visit, f"/open/opportunities/{visit_id}")
    assert (event["@type"], event["startDate"], event["remainingAttendeeCapacity"]) == (
        "Event",
        event["endDate"],
        2,
    )
    company = make.company(name="</script><b>", is_public=True)
    trap = make.opportunity(company, title="</script><script>alert(1)</script>")
    assert linked(visit, f"/open/opportunities/{trap.id}")["title"] == "</script><script>alert(1)</script>"


def test_the_map_of_the_site_lists_what_is_open(visit: Visit, land: Territory) -> None:
    text = visit().get("/sitemap.xml").text
    assert f"/open/opportunities/{land.internship_id}</loc>" in text
    assert f"/open/companies/{land.company_id}</loc>" in text
    assert str(land.far_id) not in text
    robots = visit().get("/robots.txt").text
    assert "Disallow: /students/\n" in robots
    assert robots.endswith("/sitemap.xml\n")
    for address in re.findall(r"<loc>http://[^/]+(/[^<]*)</loc>", text):
        assert visit().get(address).status_code == 200, address


def test_whoever_looks_for_the_icon_finds_it(visit: Visit) -> None:
    """Beside a PDF browsers ask for one address only."""
    answer = visit().get(visit().get("/favicon.ico").headers["location"])
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


# --- the inbox --------------------------------------------------------------------------------------------------------


def told(database: Database, email: str, count: int) -> None:
    with database.write() as session:
        user_id = session.scalars(sa.select(User.id).where(User.email == email)).one()
        for number in range(count):
            notifications.tell(
                session, [user_id], NotificationKind.NAME_ASKED, number, path="/account",
                data={"company": "Reno srl", "title": f"Tornio {number}"}, now=NOW,
            )  # fmt: skip


def test_the_header_counts_what_is_not_read(visit: Visit, land: Territory, database: Database) -> None:
    told(database, land.emails["student"], 21)
    student = visit("student")
    page = student.get("/inbox").text
    assert re.search(r'unread-count">21<', page)
    assert page.count('class="unread"') == 20
    assert "Tornio 0" in page + student.get(re.findall(r'href="(/inbox\?after=[^"]+)"', page)[0]).text
    [first] = re.findall(r'action="(/inbox/[0-9a-f-]{36}/open)"', page)[:1]
    answer = student.post(first)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert 'unread-count">20<' in student.get("/account").text
    student.post("/inbox/read")
    assert "unread-count" not in student.get("/account").text
    assert visit("classmate").post(first).status_code == 404


def test_mails_are_chosen_kind_by_kind(visit: Visit, land: Territory, database: Database) -> None:
    company = visit("company")
    chosen = {"kind": ["name_given", "company_approved"], "mail": ["never", "daily"]}
    assert company.post("/inbox/mails", data=chosen).headers["location"] == "/inbox/mails?saved=yes"
    with database.read() as session:
        kept = {one.kind: str(one.mail) for one in session.scalars(sa.select(MailPreference))}
    assert kept == {"name_given": "never", "company_approved": "daily"}
    bad = {"kind": "company_approved", "mail": "never"}
    assert company.post("/inbox/mails", data=bad).status_code == 422
    assert "Nel tuo ruolo" in visit("nobody").get("/inbox/mails").text


# --- journeys ---------------------------------------------------------------------------------------------------------

WORDS = {
    "it": {"search": "Cerca", "inbox": "Avvisi", "start": "Calcola le proposte di tutti", "done": "Finito", "stop": "Ferma il lavoro", "stopped": "Fermato"},
    "en": {"search": "Search", "inbox": "Notifications", "start": "Rank for everybody", "done": "Done", "stop": "Stop the job", "stopped": "Stopped"},
}  # fmt: skip


@pytest.mark.browser
@in_every_way
def test_somebody_passes_by_searches_and_reads_what_is_new(
    browse: Callable[..., Any], site: Site, language: str, size: str, scripts: bool
) -> None:
    words = WORDS[language]
    page = browse(None, language=language, size=size, scripts=scripts)
    page.goto("/")
    page.click("main a[href='/open']")
    page.click("text=Montaggio e prova di quadri")
    assert page.inner_text("h1") == "Montaggio e prova di quadri di automazione"
    with page.expect_navigation():
        page.click("header .language button")
    assert page.url.endswith(f"/open/opportunities/{site.land.internship_id}")
    page.click("header .language button")
    page.click("main a:has-text('Automazioni Reno srl')")
    assert page.inner_text("h1") == "Automazioni Reno srl"
    for address in ("/contact", "/accessibility", "/privacy"):
        page.click(f"footer a[href='{address}']")
        assert page.url.endswith(address)
    page.click("header a[href='/sign-in']")
    assert page.is_visible("#email")
    page = browse("teacher", language=language, size=size, scripts=scripts)
    page.goto("/start")
    page.click(f"header a:has-text('{words['search']}')")
    page.fill("#q", "ross")
    page.press("#q", "Enter")
    page.click("main a:has-text('Rossi Giulia')")
    page.go_back()
    page.click(f"header a:has-text('{words['inbox']}')")
    assert page.inner_text("h1") == words["inbox"]


@pytest.mark.browser
@pytest.mark.parametrize(("language", "scripts"), [("it", True), ("en", False)])
def test_long_work_goes_on_without_its_page_and_can_be_stopped(
    browse: Callable[..., Any], site: Site, language: str, scripts: bool
) -> None:
    words, settings = WORDS[language], Settings()

    def begin() -> Any:
        page = browse("administrator", language=language, scripts=scripts)
        page.goto("/jobs")
        page.click(f"text={words['start']}")
        page.wait_for_selector("progress")
        return page

    def handler(work: running.Work) -> dict[str, Any]:
        work.step(1, 4)
        if scripts:
            page.wait_for_selector("[data-job-words]:has-text('1 di 4')")
            assert page.get_attribute("progress", "value") == "1"
            assert page.inner_text("[role=status]") == "1 di 4"
        return {"students": 3, "matches": 12}

    page = begin()
    running.run_next({JobKind.MATCH_RUN: handler}, settings, site.database, lambda: NOW)
    if not scripts:
        page.click("main a.btn")
    page.wait_for_selector(f"main :text('{words['done']}')")
    assert "12" in page.inner_text("dl.pairs")
    page = begin()
    page.click(f"text={words['stop']}")
    page.wait_for_selector(f"main :text('{words['stopped']}')")
    with site.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Job.finished_at.is_(None))) == 0
