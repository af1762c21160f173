"""Every template, by axe-core: WCAG 2.0, 2.1 and 2.2, levels A and AA, on a phone and on a desk."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from functools import cache
from typing import Any

import pyotp
import pytest

from app.auth import form_tokens
from app.web import files, kit
from app.web.ui import TEMPLATES
from tests import forms
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site

pytestmark = pytest.mark.browser

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

CLASSES = "[...document.querySelectorAll('[class]')].flatMap((one) => [...one.classList])"

# Template, who looks, where, and what to do there first.
VIEWS: list[tuple[str, str | None, str, str]] = [
    ("public/home.html", None, "/", ""),
    ("public/home.html", "student", "/", ""),
    ("public/privacy.html", None, "/privacy", ""),
    ("public/accessibility.html", None, "/accessibility", ""),
    ("public/terms.html", None, "/terms", ""),
    ("public/attributions.html", None, "/attributions", ""),
    ("account/sign_in.html", None, "/sign-in?next=/start", ""),
    ("account/sign_in.html", None, "/sign-in", "wrong password"),
    ("account/mail_sent.html", None, "/sign-in", "ask for a mail"),
    ("account/link.html", None, "/sign-in/link?token=used-up", ""),
    ("account/account.html", "student", "/account", "open"),
    ("account/second_factor.html", "other lead", "/second-factor", ""),
    ("account/second_factor.html", "other lead", "/second-factor", "begin"),
    ("account/start.html", "lead", "/start", ""),
    ("account/hats.html", "several", "/hat", ""),
    ("account/hats.html", "nobody", "/hat", ""),
    ("account/code.html", None, "/code?c=ACDE-FGHJ-KMNP", ""),
    ("account/code.html", None, "/code", "wrong code"),
    ("account/welcome.html", "pupil", "/welcome", ""),
    ("teacher/codes.html", "lead", "/classes/{class_id}/codes", ""),
    ("teacher/slips.html", "lead", "/classes/{class_id}/codes", "make codes"),
    ("account/people.html", "lead", "/schools/{school_id}/people", "open"),
    ("account/people.html", "company", "/companies/{company_id}/people", "open"),
    ("account/people.html", "coordinator", "/companies/{unapproved_id}/people", ""),
    ("account/people.html", "administrator", "/coordination/people", ""),
    ("account/keys.html", "administrator", "/keys", ""),
    ("account/keys.html", "lead", "/keys", "make a key and open"),
    ("account/key_issued.html", "lead", "/keys", "make a key"),
    ("account/invitation.html", None, "/invitation", ""),
    ("account/invitation.html", "administrator", "/coordination/people", "invite"),
    ("account/oidc.html", None, "/sign-in", "provider down"),
    ("account/start.html", "coordinator", "/start", ""),
    ("account/start.html", "nobody", "/start", ""),
    ("student/student.html", "student", "/students/{student_id}", "open"),
    ("student/student.html", "student", "/students/{student_id}", "more"),
    ("student/student.html", "teacher", "/students/{student_id}?kind=visit", ""),
    ("student/student.html", "classmate", "/students/{classmate_id}?kind=training", ""),
    ("student/student.html", "stranger", "/students/{stranger_id}", ""),
    ("student/student.html", "student", "/students/{student_id}?show=map", ""),
    ("student/student.html", "student", "/students/{student_id}?text=nessuna", "open"),
    ("student/question.html", "student", "/students/{student_id}/questions/interests", "open"),
    ("student/question.html", "student", "/students/{student_id}/questions/travel", ""),
    ("student/question.html", "student", "/students/{student_id}/questions/times", "half a period"),
    ("student/profile.html", "student", "/students/{student_id}/profile", "open"),
    ("student/skills.html", "student", "/students/{student_id}/skills", "open"),
    ("student/skills.html", "stranger", "/students/{stranger_id}/skills", "several skills"),
    ("student/wishes.html", "student", "/students/{student_id}/wishes", ""),
    ("student/wishes.html", "stranger", "/students/{stranger_id}/wishes", ""),
    ("student/applications.html", "student", "/students/{student_id}/applications", ""),
    ("student/applications.html", "stranger", "/students/{stranger_id}/applications", ""),
    ("company/applications.html", "company", "/opportunities/{internship_id}/applications", ""),
    (
        "company/applications.html",
        "company",
        "/opportunities/{internship_id}/applications?told=no_reason",
        "",
    ),
    ("company/contact_limit.html", "company", "/companies/{company_id}/contact-limit", ""),
    ("teacher/applications.html", "lead", "/schools/{school_id}/applications?chosen=all", ""),
    ("student/compare.html", "student", "/students/{student_id}/wishes", "compare"),
    (
        "student/paths.html",
        "student",
        "/students/{student_id}/paths?goal=opportunity:{internship_id}",
        "open",
    ),
    ("student/hours.html", "student", "/students/{student_id}/hours", ""),
    ("student/hours.html", "teacher", "/students/{student_id}/hours", ""),
    ("student/hours.html", "stranger", "/students/{stranger_id}/hours", ""),
    ("student/attend.html", "student", "/attend?c=ACDEFG", ""),
    ("company/hours.html", "company", "/companies/{company_id}/hours", ""),
    ("company/attendance_code.html", "company", "/companies/{company_id}/attendance-code", ""),
    ("teacher/hours.html", "teacher", "/classes/{class_id}/hours", "open"),
    ("shared/evaluation.html", "student", "/placements/{worked_id}/evaluation", ""),
    ("shared/evaluation.html", "company", "/placements/{closing_id}/evaluation", ""),
    ("shared/evaluation.html", "teacher", "/placements/{closing_id}/evaluation", ""),
    ("student/opportunity.html", "student", "/opportunities/{internship_id}", "open"),
    ("student/opportunity.html", "student", "/opportunities/{far_id}", ""),
    ("student/opportunity.html", "company", "/opportunities/{draft_id}", ""),
    ("company/company.html", "company", "/companies/{company_id}", ""),
    ("company/company.html", "coordinator", "/companies/{unapproved_id}", ""),
    ("company/candidates.html", "company", "/opportunities/{internship_id}/candidates", "open"),
    (
        "company/candidates.html",
        "company",
        "/opportunities/{internship_id}/candidates",
        "no without a reason",
    ),
    ("company/need.html", "company", "/companies/{company_id}/need", ""),
    ("company/skills.html", "company", "/opportunities/{draft_id}/skills?q=pneu", ""),
    ("company/details.html", "company", "/opportunities/{internship_id}/details", ""),
    ("company/details.html", "company", "/opportunities/{draft_id}/details", "wrong seats"),
    ("company/preview.html", "company", "/opportunities/{draft_id}/preview", ""),
    ("company/preview.html", "company", "/opportunities/{internship_id}/preview", ""),
    ("company/renewal.html", "company", "/opportunities/{internship_id}/renewal", ""),
    ("company/disclosures.html", "company", "/companies/{company_id}/disclosures", ""),
    ("teacher/class.html", "teacher", "/classes/{class_id}", ""),
    ("coordinator/needs.html", "coordinator", "/coordination", ""),
    ("coordinator/approvals.html", "coordinator", "/coordination/approvals", ""),
    ("coordinator/supply.html", "coordinator", "/coordination/supply?show=all", "open"),
    ("coordinator/companies.html", "coordinator", "/coordination/companies", ""),
    ("coordinator/companies.html", "coordinator", "/coordination/companies?standing=dormant", ""),
    ("coordinator/company.html", "coordinator", "/coordination/companies/{company_id}", ""),
    ("coordinator/company.html", "coordinator", "/coordination/companies/{unapproved_id}", ""),
    ("coordinator/opportunities.html", "coordinator", "/coordination/opportunities", ""),
    ("coordinator/opportunity.html", "coordinator", "/coordination/opportunities/{internship_id}", ""),
    ("coordinator/students.html", "coordinator", "/coordination/students", ""),
    ("coordinator/analysis.html", "coordinator", "/coordination/needs", ""),
    ("coordinator/unmet.html", "coordinator", "/coordination/needs/students", ""),
    ("coordinator/evidence.html", "coordinator", "/coordination/evidence", ""),
    ("open/edition.html", "coordinator", "/coordination/evidence/{edition_id}", ""),
    ("open/edition.html", None, "/open-data/{released_edition_id}", ""),
    ("open/data.html", None, "/open-data", ""),
    ("placement/outcome.html", "teacher", "/placements/{closing_id}", ""),
    ("coordinator/indicators.html", "coordinator", "/coordination/indicators", ""),
    ("coordinator/contacts.html", "coordinator", "/coordination/contacts", ""),
    ("coordinator/actors.html", "coordinator", "/coordination/actors", ""),
    ("coordinator/actor.html", "coordinator", "/coordination/actors/schools/{school_id}", ""),
    ("coordinator/ties.html", "coordinator", "/coordination/ties", ""),
    (
        "coordinator/portfolio.html",
        "coordinator",
        "/coordination/portfolio?first=2026-01-01&last=2026-12-31",
        "open",
    ),
    ("coordinator/protocols.html", "coordinator", "/territories/{territory_id}/protocols", ""),
    ("coordinator/areas.html", "coordinator", "/territories/{territory_id}/areas", ""),
    ("coordinator/areas_of.html", "administrator", "/coordination/areas", ""),
    ("coordinator/experiences.html", "coordinator", "/coordination/experiences", ""),
    ("placement/booking.html", "student", "/bookings/{offered_id}", ""),
    ("placement/booking.html", "teacher", "/bookings/{waiting_id}", ""),
    ("placement/booking.html", "company", "/bookings/{offered_id}", ""),
    ("visits/sessions.html", "company", "/opportunities/{full_id}/sessions?copy={session_id}", ""),
    ("visits/of_student.html", "student", "/students/{student_id}/bookings", ""),
    ("visits/of_student.html", "stranger", "/students/{stranger_id}/bookings", ""),
    ("visits/of_class.html", "teacher", "/classes/{class_id}/visits", ""),
    ("visits/book_class.html", "teacher", "/visit-sessions/{session_id}/class?class_id={class_id}", ""),
    ("student/opportunity.html", "classmate", "/opportunities/{full_id}", ""),
    ("visits/session.html", "coordinator", "/opportunities/{full_id}/sessions/{session_id}", ""),
    ("day/booking.html", "stranger", "/bookings/{day_single_id}", ""),
    ("day/list.html", "company", "/visit-sessions/{day_session_id}/day?c=AAAA-AAAA", ""),
    ("day/advice.html", "company", "/visit-sessions/{day_next_id}/seat-advice?room=25", ""),
    ("day/feedback.html", "stranger", "/bookings/{day_single_id}/feedback", ""),
    ("day/feedback.html", "lead", "/bookings/{day_group_id}/feedback", ""),
    ("day/said.html", "company", "/visit-sessions/{day_past_id}/feedback", ""),
    ("day/said.html", "coordinator", "/visit-sessions/{day_session_id}/feedback", ""),
    ("day/names.html", "lead", "/bookings/{day_group_id}/check-in?saved=true", ""),
    ("account/feeds.html", "teacher", "/calendar-feeds", "make a calendar"),
    ("visits/run.html", "company", "/opportunities/{full_id}/session-runs", ""),
    ("open/series.html", None, "/series", ""),
    ("open/series_programme.html", None, "/series/{series_id}", ""),
    ("company/series.html", "company", "/opportunities/{morning_id}/series", ""),
    ("kits/list.html", "teacher", "/kits", ""),
    ("kits/list.html", "company", "/kits?kind=visit", ""),
    ("kits/kit.html", "lead", "/kits/{kit_id}?q=of", ""),
    ("kits/kit.html", "company", "/kits/{kit_id}", ""),
    ("kits/edit.html", "company", "/kits/new", ""),
    ("kits/edit.html", "teacher", "/kits/{kit_id}/edit", ""),
    ("company/hosting.html", "company", "/opportunities/{internship_id}/hosting?q=of", ""),
    ("company/hosting.html", "other company", "/opportunities/{internship_id}/hosting", ""),
    ("company/hosting_invitations.html", "company", "/companies/{company_id}/hosting", ""),
    ("company/hosting_invitations.html", "other company", "/companies/{other_company_id}/hosting", ""),
    ("coordinator/series.html", "coordinator", "/coordination/series", "open"),
    ("coordinator/series_review.html", "coordinator", "/coordination/series/{series_id}", "open"),
    ("company/appetite.html", "company", "/companies/{company_id}/appetite", ""),
    ("company/benefits.html", "company", "/companies/{company_id}/benefits", ""),
    ("company/benefits.html", "coordinator", "/companies/{company_id}/benefits?year=2024", ""),
    ("teacher/class.html", "teacher", "/classes/{class_id}?show=today&chosen=all", ""),
    ("teacher/class.html", "coordinator", "/classes/{class_id}", ""),
    ("teacher/school.html", "lead", "/schools/{school_id}/board", ""),
    ("teacher/school.html", "lead", "/schools/{school_id}/board?start_year=2025", ""),
    ("teacher/validation.html", "teacher", "/classes/{class_id}/validation", ""),
    ("teacher/recommend.html", "teacher", "/classes/{class_id}/recommend", ""),
    (
        "teacher/recommend_to.html",
        "teacher",
        "/classes/{class_id}/recommend?opportunity_id={internship_id}",
        "",
    ),
    ("teacher/import.html", "teacher", "/classes/{class_id}/import", "read nothing"),
    ("teacher/import_check.html", "teacher", "/classes/{class_id}/import", "read a list"),
    ("teacher/import_done.html", "teacher", "/classes/{class_id}/import", "load a list"),
    ("rounds/list.html", "lead", "/rounds", ""),
    ("rounds/new.html", "lead", "/rounds/new?school_id={school_id}", ""),
    ("rounds/round.html", "lead", "/rounds/{round_id}", "open"),
    ("rounds/new.html", "coordinator", "/rounds/new?territory_id={territory_id}", ""),
    ("rounds/round.html", "coordinator", "/rounds/{shared_round_id}", ""),
    ("rounds/round.html", "teacher", "/rounds/{open_round_id}", ""),
    ("rounds/board.html", "lead", "/rounds/{round_id}/classes/{class_id}", ""),
    ("rounds/board.html", "lead", "/rounds/{open_round_id}/classes/{class_id}", ""),
    ("rounds/student.html", "lead", "/rounds/{round_id}/students/{student_id}", ""),
    (
        "rounds/student.html",
        "lead",
        "/rounds/{round_id}/students/{student_id}?opportunity={internship_id}&ruling=ban",
        "",
    ),
    ("rounds/publish.html", "lead", "/rounds/{round_id}/publish", ""),
    ("rounds/order.html", "company", "/opportunities/{internship_id}/order", ""),
    ("papers/papers.html", "student", "/papers", ""),
    ("papers/papers.html", "lead", "/papers", ""),
    ("papers/paper.html", "student", "/papers/{plan_id}", ""),
    ("papers/paper.html", "teacher", "/papers/{plan_id}", "open"),
    ("papers/paper.html", "company", "/papers/{sent_id}", ""),
    ("papers/edit.html", "teacher", "/papers/{draft_plan_id}/edit", ""),
    ("papers/agreements.html", "lead", "/schools/{school_id}/agreements", ""),
    ("papers/signatory.html", "company", "/companies/{company_id}/signatory", ""),
    ("papers/class.html", "teacher", "/classes/{class_id}/papers", ""),
    ("papers/guardian.html", None, "/guardian-signature?t={token}", ""),
    ("privacy/data.html", "student", "/students/{student_id}/data", ""),
    ("privacy/data.html", "lead", "/students/{student_id}/data", ""),
    ("privacy/data.html", "company", "/data", ""),
    ("privacy/notice.html", "student", "/notices/student", ""),
    ("privacy/notice.html", None, "/notices/profiling", ""),
    ("public/contact.html", None, "/contact", ""),
    ("open/offers.html", None, "/open", ""),
    ("open/offer.html", None, "/open/opportunities/{internship_id}", ""),
    ("open/guest_form.html", None, "/open/visit-sessions/{guest_session_id}", ""),
    ("open/guest_form.html", None, "/open/visit-sessions/{guest_session_id}", "an empty form"),
    ("open/guest_sent.html", None, "/open/visit-sessions/{guest_session_id}", "ask as a guest"),
    ("open/guest_confirm.html", None, "/guest-booking/confirm?c={guest_link}", ""),
    ("open/guest_booking.html", None, "/guest-booking?c={guest_own}", ""),
    ("open/guest_booking.html", None, "/guest-booking?c={guest_waits}", ""),
    ("visits/session.html", "company", "/opportunities/{guest_event_id}/sessions/{guest_session_id}", ""),
    ("day/list.html", "company", "/visit-sessions/{guest_session_id}/day", ""),
    ("open/companies.html", None, "/open/companies", ""),
    ("open/company.html", None, "/open/companies/{company_id}", ""),
    ("search/search.html", "teacher", "/search?q=ro", ""),
    ("search/skill.html", "student", "/search/skills/pneumatics", ""),
    ("inbox/inbox.html", "student", "/inbox", ""),
    ("inbox/mails.html", "company", "/inbox/mails", ""),
    ("jobs/jobs.html", "administrator", "/jobs", ""),
    ("jobs/job.html", "administrator", "/jobs", "start"),
    ("concerns/student.html", "student", "/students/{student_id}/concerns?placement={placement_id}", ""),
    ("concerns/student.html", "stranger", "/students/{stranger_id}/concerns", ""),
    ("concerns/student.html", "other lead", "/students/{stranger_id}/concerns", "make a family code"),
    ("concerns/student.html", "lead", "/students/{classmate_id}/concerns", ""),
    ("concerns/concern.html", "student", "/concerns/{concern_id}?new=1", ""),
    ("concerns/concern.html", "coordinator", "/concerns/{concern_id}", ""),
    ("concerns/concern.html", "administrator", "/concerns/{concern_id}", ""),
    ("concerns/list.html", "lead", "/concerns", ""),
    ("concerns/list.html", "coordinator", "/concerns?closed=1", ""),
    ("concerns/code.html", None, "/family", "wrong code"),
    ("concerns/family.html", None, "/family", "family code"),
    ("teacher/roll_over.html", "lead", "/schools/{school_id}/roll-over", "open"),
    ("teacher/registers.html", "lead", "/schools/{school_id}/registers", "open"),
    ("placement/list.html", "student", "/placements", ""),
    ("placement/list.html", "teacher", "/placements?state=completed", ""),
    ("placement/show.html", "student", "/placements/{placement_id}", "open"),
    ("placement/show.html", "company", "/placements/{placement_id}", "open"),
    ("placement/show.html", "teacher", "/placements/{placement_id}", "open"),
    ("placement/tutors.html", "teacher", "/placements/{worked_id}", "open"),
    ("placement/tutors.html", "company", "/placements/{worked_id}", "open"),
    ("placement/board.html", "lead", "/schools/{school_id}/placements", "open"),
    ("teacher/closings.html", "lead", "/schools/{school_id}/closings?propose=christmas", ""),
    ("teacher/tests.html", "teacher", "/classes/{class_id}/tests", ""),
    ("coordinator/patrons.html", "coordinator", "/patron-days", ""),
    ("placement/rules.html", "administrator", "/law-rules", "open"),
    ("placement/rules.html", "company", "/law-rules", ""),
    ("company/safety.html", "company", "/companies/{company_id}/safety", ""),
    ("company/safety.html", "lead", "/companies/{company_id}/safety", ""),
    ("teacher/trainings.html", "teacher", "/classes/{class_id}/trainings", ""),
    ("shared/problem.html", "student", "/opportunities/{internship_id}/candidates", ""),
]
ALONE = {"account/recovery_codes.html", "visits/refused.html"}
PIECES = {
    "placement/hours.html",
    "placement/stations.html",
    "shared/stations.html",
    "account/parts.html",
    "company/public.html",
    "company/review.html",
    "coordinator/network_parts.html",
    "coordinator/parts.html",
    "coordinator/series_fields.html",
    "open/rows.html",
    "placement/findings.html",
    "placement/parts.html",
    "placement/terms.html",
    "search/suggestions.html",
    "company/answer.html",
    "company/candidate.html",
    "concerns/parts.html",
    "company/questions.html",
    "company/reach.html",
    "company/writing.html",
    "papers/of_placement.html",
    "papers/parts.html",
    "papers/who.html",
    "shared/applications.html",
    "shared/base.html",
    "shared/chart.html",
    "shared/disclosures.html",
    "shared/map.html",
    "shared/parts.html",
    "shared/more.html",
    "shared/undo.html",
    "visits/lists.html",
    "visits/offered.html",
    "visits/parts.html",
    "student/cards.html",
    "student/filters.html",
    "student/nav.html",
    "student/profile_fields.html",
    "student/recommended.html",
}
LIST = "Cognome;Nome;Nato il;Comune\nVerdi;Anna;03/02/{year};037032\nNeri;;oggi;Atlantide"


def test_every_template_is_looked_at() -> None:
    templates = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert templates == PIECES | ALONE | {template for template, *_ in VIEWS}


@pytest.mark.parametrize(("template", "who", "path", "first"), VIEWS)
def test_pages_have_no_barriers_and_fit(
    browse: Callable[..., Any],
    site: Site,
    axe: str,
    template: str,
    who: str | None,
    path: str,
    first: str,
) -> None:
    page = browse(who, size="desk")
    answer = page.goto(path.format(**vars(site.land), **site.papers))
    assert answer.status == {"shared/problem.html": 403, "account/link.html": 410}.get(template, 200)
    if first == "wrong password":
        page.fill("#email", "a@example.org")
        page.fill("#password", "wrong")
        page.press("#password", "Enter")
        page.wait_for_selector("#wrong")
    elif first == "ask for a mail":
        page.fill("#address", "a@example.org")
        page.press("#address", "Enter")
        page.wait_for_selector("#code")
    elif first == "begin":
        if page.query_selector(".qr") is None:
            page.click("main button >> nth=0")
        page.wait_for_selector(".qr")
    elif first == "wrong code":
        page.fill("#code", "AAAA-AAAA-AAAA")
        page.press("#code", "Enter")
        page.wait_for_selector("#wrong")
    elif first == "family code":
        page.fill("#code", site.land.family_code)
        page.press("#code", "Enter")
        page.wait_for_selector("#new")
    elif first == "make a family code":
        page.click("form[action$=family-code] button")
        page.wait_for_selector(".slip-code")
    elif first == "invite":
        page.fill("#email", "invited@example.org")
        page.press("#email", "Enter")
        page.wait_for_selector(".rows")
        page.goto(site.invitation_of("invited@example.org"))
        page.wait_for_selector("#name")
    elif first == "provider down":
        page.click("button:has-text('Scuola digitale')")
        page.wait_for_selector("h1:has-text('non risponde')")
    elif first == "half a period":
        page.click("summary")
        page.fill("#starts_on", "2026-06-01")
        page.click("main button[type=submit]")
        page.wait_for_selector("#times-wrong")
    elif first == "several skills":
        page.fill("#skill", "p")
        page.press("#skill", "Enter")
        page.wait_for_selector("input[name=skill_id]")
    elif first == "compare":
        for tick in page.query_selector_all("input[name=opportunity]"):
            tick.check()
        page.click("button[form=compare]")
        page.wait_for_selector("table.compare")
    elif first == "read nothing":
        page.click("main button[type=submit]")
        page.wait_for_selector("#wrong")
    elif first in ("read a list", "load a list"):
        page.fill("#pasted", LIST.format(year=date.today().year - 16))  # noqa: DTZ011
        page.click("main button[type=submit]")
        page.wait_for_selector(".list-check .wrong")
        if first == "load a list":
            page.click("button[formaction$=load]")
            page.wait_for_selector(".undo-bar button")
    elif first == "make codes":
        for tick in page.query_selector_all("input[name=student_ids]"):
            tick.check()
        page.click("button[value=page]")
        page.wait_for_selector(".slips")
    elif first == "make a calendar":
        page.click("main li button.btn-primary")
        page.wait_for_selector("#made")
    elif first.startswith("make a key"):
        page.fill("#name", "Registro")
        page.check("input[name=scopes]")
        page.click("form[action='/keys'] button")
        page.wait_for_selector("code.key")
        if first.endswith("open"):
            page.click("main .btn")
            page.wait_for_selector("details")
            page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    elif first == "an empty form":
        page.click("main form button[type=submit]")
        page.wait_for_selector("#troubles")
    elif first == "ask as a guest":
        page.fill("#name", "Dora Verdi")
        page.fill("#email", "dora@example.org")
        page.check("#adult")
        page.click("main form button[type=submit]")
        page.wait_for_selector("text=dora@example.org")
    elif first == "start":
        page.click("main form button")
        page.wait_for_selector("progress")
    elif first == "no without a reason":
        page.check("input[value=no] >> nth=0")
        page.click("#answers button")
        page.wait_for_selector("#told")
    elif first == "wrong seats":
        page.fill("#seats", "tanti")
        page.click("button[value=next]")
        page.wait_for_selector("#troubles")
    elif first == "open":
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    elif first == "more":
        page.click("#more")
        page.wait_for_selector("span#more")
    look(page, axe)
    if first == "load a list":
        page.click(".undo-bar button")  # lest others count one student more
        page.wait_for_selector(".undo-bar:has-text('Annullato')")


@cache
def left_out() -> frozenset[str]:
    """The classes of the kit whose rules are not sent."""
    whole = (files.FOLDER / files.KIT).read_text("utf-8")
    return frozenset(re.findall(r"\.([A-Za-z][\w-]*)", whole)) - kit.words(TEMPLATES.parent)


def look(page: Any, axe: str) -> None:
    """No barrier that axe knows in any size, and nothing is wider than the smallest telephone."""
    page.evaluate(axe)
    for size in SIZES.values():
        page.set_viewport_size(size)
        found = page.evaluate(
            "tags => axe.run(document, {resultTypes: ['violations'], runOnly: {type: 'tag', values: tags}})",
            TAGS,
        )
        violations = [
            (one["id"], [node["html"][:200] for node in one["nodes"]][:3]) for one in found["violations"]
        ]
        assert violations == [], size
    page.set_viewport_size({"width": 320, "height": 640})
    assert left_out().isdisjoint(page.evaluate(CLASSES)), "these have lost their rules: see app/web/kit.py"
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wide) == 0


def test_a_booking_that_is_refused_has_no_barriers_and_fits(
    browse: Callable[..., Any], site: Site, axe: str
) -> None:
    page = browse("student")
    page.goto(f"/bookings/{site.land.offered_id}")
    with page.expect_navigation() as gone:
        # Of a session that is over, as from a page that is no longer true.
        page.evaluate(
            """([address, student, field]) => {
                const form = document.createElement("form")
                form.method = "post"
                form.action = address
                form.append(document.querySelector(`input[name="${field}"]`).cloneNode())
                const who = document.createElement("input")
                who.name = "student_id"
                who.value = student
                form.append(who)
                document.body.append(form)
                form.submit()
            }""",
            [
                f"/visit-sessions/{site.papers['day_past_id']}/bookings",
                str(site.land.student_id),
                form_tokens.FIELD,
            ],
        )
    assert gone.value.status == 409
    page.wait_for_selector(".alert-warning")
    look(page, axe)


def test_the_codes_for_paper_have_no_barriers_and_fit(chromium: Any, site: Site, axe: str) -> None:
    # In a session of its own: a second factor ends the others of its person.
    context = chromium.new_context(base_url=site.url, viewport=SIZES["desk"])
    forms.send(context, "/sign-in", persona=site.land.emails["other company"])
    page = new_page(context)
    page.goto("/second-factor")
    page.click("main button >> nth=0")
    page.fill("#code", pyotp.TOTP(page.inner_text("code.key").replace(" ", "")).now())
    page.press("#code", "Enter")
    page.wait_for_selector(".codes")
    look(page, axe)
    context.close()
