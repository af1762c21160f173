"""A host plans a session, a student books it, and a teacher finds and books it for the class: with and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import forms
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site

WORDS = {
    "it": {
        "plan": "Metti in programma", "sure": "Annulla questo turno", "book": "Prenota", "booked": "Prenotato", "hold": "Tieni il posto",
        "held": "Il posto è tenuto", "confirm": "Conferma il posto", "people": "3 persone con la classe", "gone": "non si fa più",
    },
    "en": {
        "plan": "Plan it", "sure": "Cancel this session", "book": "Book", "booked": "Booked", "hold": "Hold the seat",
        "held": "The seat is held", "confirm": "Confirm the seat", "people": "3 people with the class", "gone": "does not take place",
    },
}  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(("language", "size", "scripts"), [("it", "phone", False), ("en", "desk", True)])
def test_a_session_from_the_plan_to_the_end(
    chromium: Any, own_site: Site, language: str, size: str, scripts: bool
) -> None:
    land, words = own_site.land, WORDS[language]
    visit = f"/opportunities/{land.visit_id}"
    day = (datetime.now(UTC) + timedelta(days=60)).date().isoformat()

    @contextmanager
    def person(who: str) -> Iterator[Any]:
        context = chromium.new_context(
            base_url=own_site.url, viewport=SIZES[size], java_script_enabled=scripts,
            locale={"it": "it-IT", "en": "en-GB"}[language],
        )  # fmt: skip
        forms.send(context, "/sign-in", persona=land.emails[who])
        page = new_page(context)
        yield page
        assert page.evaluate("document.documentElement.scrollWidth") <= SIZES[size]["width"]
        context.close()

    with person("company") as page:
        page.goto(f"/companies/{land.company_id}")
        page.click(f'a[href="{visit}/sessions"]')
        page.fill("#day", day)
        page.fill("#starts", "09:00")
        page.fill("#ends", "11:00")
        page.fill("#seats", "4")
        page.fill("#note", "Si entra senza gradini.")
        page.click(f"text={words['plan']}")
        page.wait_for_selector(f'a[href^="{visit}/sessions/"]')
    with person("classmate") as page:
        page.goto(visit)
        assert "Si entra senza gradini." in page.inner_text("#main")
        page.click(f'button:has-text("{words["hold"]}")')
        page.wait_for_selector("#state")
        assert words["held"] in page.inner_text("#state")
        page.click(f"text={words['confirm']}")
        page.wait_for_selector(f'#state:has-text("{words["booked"]}")')
    with person("teacher") as page:
        page.goto(f"/classes/{land.class_id}/visits")
        page.click(f'.match a:has-text("{words["book"]}")')
        page.uncheck(f"#s-{land.classmate_id}")  # who comes alone
        page.click(f'main button:has-text("{words["book"]}")')
        page.wait_for_selector(f"text={words['people']}")
    with person("company") as page:
        page.goto(f"{visit}/sessions")
        page.click(f'a[href^="{visit}/sessions/"]')
        rows = page.locator("table tbody tr")
        assert rows.count() == 2
        assert not re.search("Giulia|Marco", page.inner_text("#main"))
        page.check("#confirm")
        page.click(f'button:has-text("{words["sure"]}")')
        page.wait_for_selector(".alert-success")
    with person("classmate") as page:
        page.goto(f"/students/{land.classmate_id}/bookings")
        assert words["gone"] in page.inner_text("#main")
