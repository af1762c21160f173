"""The one question of the year: a link opens it, a tap answers it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests import forms
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site
from tests.web.territory import Territory


def test_a_link_opens_the_question_and_one_tap_answers_it(visit: Callable[..., Any], land: Territory) -> None:
    path = f"/companies/{land.company_id}/appetite"
    stranger = visit().get(path)
    assert (stranger.status_code, stranger.headers["location"].split("?")[0]) == (303, "/sign-in")
    client = visit("company")
    assert 'id="said"' not in client.get(path).text  # to open it answers nothing
    no = client.post(path, data={"answer": "no_tutor", "version": "0"})
    assert no.headers["location"] == f"{path}#said"
    assert "manca chi segua gli studenti" in client.get(path).text
    late = client.post(path, data={"answer": "interested", "version": "0"})
    assert (late.status_code, "Un collega ha risposto" in late.text) == (409, True)
    assert client.post(path, data={"answer": "not_this_year", "version": "1"}).status_code == 422
    told = visit("coordinator")
    page = told.get("/coordination/companies?appetite=not_this_year").text
    assert ("Automazioni Reno" in page, "Officine Santerno" in page) == (True, False)
    page = told.get(f"/coordination/companies/{land.company_id}").text
    assert ("prima del prossimo anno scolastico" in page, "Una mail già pronta" in page) == (True, False)
    yes = client.post(path, data={"answer": "looking", "version": "1"})
    assert yes.headers["location"].endswith("/renewal")  # last year's, filled in


@pytest.mark.browser
@pytest.mark.parametrize(("language", "size", "scripts"), [("it", "phone", False), ("en", "desk", True)])
def test_a_foreman_answers_in_one_tap(
    chromium: Any, own_site: Site, language: str, size: str, scripts: bool
) -> None:
    context = chromium.new_context(
        base_url=own_site.url, viewport=SIZES[size], java_script_enabled=scripts,
        locale={"it": "it-IT", "en": "en-GB"}[language],
    )  # fmt: skip
    forms.send(context, "/sign-in", persona=own_site.land.emails["company"])
    page = new_page(context)
    page.goto(f"/companies/{own_site.land.company_id}/appetite")
    page.click({"it": "text=Troppe carte", "en": "text=Too much paper"}[language])
    page.wait_for_selector("#said")
    assert {"it": "Non quest'anno", "en": "Not this year"}[language] in page.inner_text("#said")
    context.close()
