"""The five journeys without a mouse: what is swapped keeps the focus, and is said."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest

from tests import forms
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site
from tests.web.keyboard import Keyboard
from tests.web.test_postings import TEXT
from tests.web.test_student_journey import newcomer
from tests.web.test_teacher import LIST

pytestmark = pytest.mark.browser

TODAY = date.today()  # noqa: DTZ011 -- the service's own clock


@pytest.fixture
def keys(chromium: Any, own_site: Site) -> Iterator[Callable[..., Keyboard]]:
    """A phone with a keyboard, of one of the territory's people or of nobody."""
    contexts = []

    def start(who: str | None, path: str) -> Keyboard:
        context = chromium.new_context(base_url=own_site.url, viewport=SIZES["phone"], locale="it-IT")
        contexts.append(context)
        if who is not None:
            forms.send(context, "/sign-in", persona=own_site.land.emails[who])
        page = new_page(context)
        page.goto(path)
        return Keyboard(page)

    yield start
    for context in contexts:
        context.close()


def test_a_student(keys: Callable[..., Keyboard], own_site: Site) -> None:
    _, code = newcomer(own_site)
    my = keys(None, f"/code?c={code}")
    my.follow("main button[type=submit]")
    my.follow("main a", "Non adesso")
    my.press("Space", "#interest-cnc-turning")
    my.follow("main button", "Avanti")
    my.press("ArrowDown", "input[name=max_km]")
    my.follow("main button", "Avanti")
    my.press("Enter", "main summary")
    my.write_day("#starts_on", TODAY + timedelta(days=20))
    my.write_day("#ends_on", TODAY + timedelta(days=120))
    my.follow("main button", "Vedi le proposte")

    for _ in range(2):
        my.to(".star button[aria-pressed=false]")
        named = my.page.inner_text(".star button:focus .visually-hidden")
        my.page.keyboard.press("Enter")
        my.hears(f"Salvata{named}")
        assert my.has_focus(".star button[aria-pressed=true]")
    my.press("Space", ".star button[aria-pressed=false]")
    my.page.wait_for_selector(".star button[aria-pressed=true]:focus")
    my.page.keyboard.press("Enter")
    my.hears("Non più salvata: ")
    assert my.has_focus(".star button[aria-pressed=false]")
    my.press("Enter", "#more")
    my.hears("La lista finisce qui.")
    assert my.has_focus("span#more")

    my.page.evaluate("document.activeElement.blur()")
    my.follow("main nav a", "Preferenze")
    for _ in range(2):
        my.follow("main button", "Metti in lista")
    titles = my.page.locator("ol.wishes h3").all_inner_texts()
    my.follow("main button", "Su:")
    assert my.page.locator("ol.wishes h3").all_inner_texts() == titles[::-1]
    assert my.has_focus("ol.wishes button[autofocus]")
    assert "è al posto 1." in my.page.inner_text("[role=status] >> nth=0")
    for _ in range(2):
        my.press("Space", "input[name=opportunity]:not(:checked)")
    my.follow("main button", "Confronta le due scelte")
    assert my.page.locator("table.compare thead th").count() == 2


def test_a_company(keys: Callable[..., Keyboard]) -> None:
    my = keys("company", "/start")
    my.follow("main a", "Scrivete di che cosa avete bisogno")
    my.write("#text", TEXT)
    my.follow("main button", "Continua")
    my.follow("button[value=text]")
    my.follow("button[value=next]")
    before = my.page.input_value("#version")
    my.write_day("#span-0-starts_on", TODAY + timedelta(days=40))
    my.write_day("#span-0-ends_on", TODAY + timedelta(days=58))
    my.write("#hours", "80")
    my.to("#daily_hours")
    my.page.wait_for_function("before => document.querySelector('#version').value !== before", arg=before)
    assert my.has_focus("#daily_hours")
    assert my.page.get_attribute("#reach", "aria-live") == "polite"
    my.follow("button[value=next]")
    my.follow("button[value=publish]")
    my.follow(".alert-success a")
    my.to("input[name^=verdict]")
    my.page.keyboard.press("ArrowRight")
    my.follow("main button", "Invia le risposte")
    assert my.page.is_visible("#told")


def test_a_teacher(keys: Callable[..., Keyboard], own_site: Site) -> None:
    my = keys("teacher", f"/classes/{own_site.land.class_id}")
    my.follow("main a", "Carica l'elenco della classe")
    my.to("#pasted")
    my.page.keyboard.insert_text(LIST.format(year=TODAY.year - 16))
    my.follow("main button", "Leggi l'elenco")
    my.follow("main button", "Carica la riga giusta")
    my.follow(".undo-bar button", "Annulla")
    assert my.page.is_visible(".undo-bar[role=status]:has-text('Annullato')")
    my.follow("main a", "Conferma le competenze")
    my.press("Space", "input[name=chosen]")
    my.follow("main button", "Conferma le competenze scelte")
    my.follow(".undo-bar button", "Annulla")
    my.page.goto(f"/classes/{own_site.land.class_id}")
    my.follow("main a", "Oggi hanno bisogno di te")
    my.follow("main a", "Scegli tutti")
    my.follow("main button", "Consiglia un'opportunità agli scelti")
    my.follow("main ul.rows a")
    my.write("#note", "Guardala con calma.")
    my.follow("main button", "Consiglia")
    assert my.page.is_visible(".undo-bar[role=status]")


def test_a_coordinator(keys: Callable[..., Keyboard]) -> None:
    my = keys("coordinator", "/start")
    my.follow("main a", "Che cosa ha bisogno di te")
    my.follow("main a", "Posti e studenti a confronto")
    my.follow("a.tab-visit")
    my.follow("main a", "Che cosa ha bisogno di te")
    my.follow("main a", "Tutte le aziende, per stato")
    my.follow("main .rows a", "Automazioni Reno srl")
    my.write("#text", "Sentiti al telefono.")
    my.follow("main button", "Salva l'appunto")
    my.follow("main button", "Togli")
    assert not my.page.is_visible("text=Sentiti al telefono.")
    my.follow("header a[href='/search']")
    my.write("#q", "reno")
    my.hears("1 risultato")
    assert my.has_focus("#q")
    my.follow("#found a", "Automazioni Reno srl")


def test_whoever_passes_by(keys: Callable[..., Keyboard], own_site: Site) -> None:
    my = keys(None, "/")
    my.press("Enter", ".skiplinks a")
    assert my.has_focus("main")
    my.follow("main a[href='/open']")
    my.follow(".map-list a")
    my.follow("main a", "Montaggio e prova di quadri")
    my.follow("header .language button")
    assert my.page.url.endswith(f"/open/opportunities/{own_site.land.internship_id}")
    my.follow("footer a[href='/contact']")
    my.follow("header a[href='/sign-in']")
    my.follow("button.persona", "Teacher")
    assert my.page.is_visible("main :text('Class 4 A')")
