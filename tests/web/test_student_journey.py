"""Journey 1: a code from the teacher, three questions, ranked cards, wishes in order, two side by side."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.schools.models import SchoolClass
from app.settings import Settings
from app.students import service_codes as codes
from tests import forms
from tests.factories import ACTOR, Factory
from tests.web.browser import SIZES, in_every_way, new_page
from tests.web.conftest import Site

pytestmark = pytest.mark.browser

WORDS = {
    "it": {
        "enter": "Entra", "later": "Non adesso", "next": "Avanti", "skip": "Salta", "free": "Giugno e luglio",
        "see": "Vedi le proposte", "done": "Fatto!", "save": "Salva", "saved": "Salvata", "wishes": "Preferenze",
        "rank": "Metti in lista", "up": "Su:", "first": "è al posto 1.", "compare": "Confronta le due scelte",
        "why": "Perché va bene", "skills": "Competenze", "add": "Aggiungi", "added": "Salvata: Pneumatica.",
    },
    "en": {
        "enter": "Enter", "later": "Not now", "next": "Next", "skip": "Skip", "free": "June and July",
        "see": "See the opportunities", "done": "Done!", "save": "Save", "saved": "Saved", "wishes": "Wishes",
        "rank": "Put in the list", "up": "Up:", "first": "is now number 1.", "compare": "Compare the two",
        "why": "Why it fits", "skills": "Skills", "add": "Add", "added": "Saved: Pneumatics.",
    },
}  # fmt: skip


def newcomer(site: Site) -> tuple[UUID, str]:
    """A student of the class about whom nothing is known, and the code that the teacher hands out."""
    make = Factory(site.database)
    school_class = make.get(SchoolClass, site.land.class_id)
    student = make.student(school_class, given_name="Amina", max_km=60)
    with site.database.write() as session:
        [slip] = codes.issue(
            session, ACTOR, site.land.class_id, [student.id], secret=Settings().secret_key, now=datetime.now(UTC)
        )  # fmt: skip
    return student.id, slip.code


@in_every_way
def test_first_visit(chromium: Any, own_site: Site, language: str, size: str, scripts: bool) -> None:
    say = WORDS[language]
    complaints: list[str] = []
    context = chromium.new_context(
        viewport=SIZES[size], base_url=own_site.url, java_script_enabled=scripts, locale=language
    )
    forms.send(context, "/language", language=language)
    page = new_page(context)
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    student_id, code = newcomer(own_site)
    base = f"{own_site.url}/students/{student_id}"

    page.goto(f"/code?c={code}")
    page.click("main button[type=submit]")
    page.click(f"text={say['later']}")
    assert page.url == f"{base}/questions/interests"
    page.check("#interest-cnc-turning")
    page.click(f"main >> text={say['next']}")
    assert page.url == f"{base}/questions/travel"
    page.click(f"main a:has-text('{say['skip']}')")
    assert page.is_visible(f"text={say['free']}")
    page.click("summary")
    for field, days in (("#starts_on", 20), ("#ends_on", 120)):
        page.fill(field, (date.today() + timedelta(days=days)).isoformat())  # noqa: DTZ011 -- the service's own clock
    page.click(f"text={say['see']}")
    assert page.url == f"{base}?new=1"
    assert say["done"] in page.inner_text("[role=status]")
    assert page.locator("article.match .reasons li").count() > 10

    for number in (0, 1):
        star = page.locator(".star button").nth(number)
        star.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f"article.match >> nth={number} >> .star button[aria-pressed=true]")
    if scripts:
        assert page.evaluate("document.activeElement.getAttribute('aria-pressed')") == "true"

    page.click(f"nav >> text={say['wishes']}")
    for _ in range(2):
        page.click(f"text={say['rank']} >> nth=0")
    titles = page.locator("ol.wishes h3").all_inner_texts()
    page.click(f"button:has-text('{say['up']}')")
    assert page.locator("ol.wishes h3").all_inner_texts() == titles[::-1]
    assert say["first"] in page.inner_text("[role=status]")
    if scripts:
        drag(page)
        assert page.locator("ol.wishes h3").all_inner_texts() == titles
    for tick in page.locator("input[name=opportunity]").all():
        tick.check()
    page.click(f"text={say['compare']}")
    assert page.locator("table.compare thead th").count() == 2
    assert say["why"] in page.inner_text("table.compare")

    page.click(f"nav >> text={say['skills']}")
    page.fill("#skill", "pneumatic")
    if scripts:
        page.wait_for_selector("#skill-options option", state="attached")
        page.fill("#skill", page.get_attribute("#skill-options option", "value"))
    page.click(f"aside button:has-text('{say['add']}')")
    if not scripts:
        assert say["added"] in page.inner_text("[role=status]")
    assert complaints == []
    context.close()


def drag(page: Any) -> None:
    """The second wish above the first, by its grip; a hand that has not caught it takes it again."""
    wanted = page.locator("ol.wishes h3").nth(1).inner_text()
    for _ in range(3):
        page.locator("ol.wishes").evaluate(
            "list => list.scrollIntoView({block: 'center', behavior: 'instant'})"
        )
        grip = page.locator(".grip").nth(1).bounding_box()
        first = page.locator("ol.wishes > li").first.bounding_box()
        # To the middle of the first card: near the window's edge the page begins to scroll away below the pointer.
        x, goal = grip["x"] + 10, first["y"] + first["height"] / 2
        page.mouse.move(x, grip["y"] + 10)
        page.mouse.down()
        page.mouse.move(x, grip["y"] - 10, steps=5)
        page.mouse.move(x, goal, steps=15)
        # The list makes room with a movement, in which it looks at nothing; a hand is never still, and so is looked at after it.
        for trembling in range(100):
            if page.locator("ol.wishes h3").first.inner_text() == wanted:
                with page.expect_navigation():
                    page.mouse.up()
                return
            page.mouse.move(x, goal + trembling % 3)
            page.wait_for_timeout(50)
        page.mouse.up()
    raise AssertionError(f"{wanted} stays second: its grip was at {grip}, the first card at {first}")
