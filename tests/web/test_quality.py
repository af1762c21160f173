"""What holds for every page: sound HTML, a light first view, a keyboard that reaches all, nothing that moves unasked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from app.notifications import letters
from app.web import assets, texts
from tests.web import gulpease
from tests.web.browser import SIZES, new_page
from tests.web.conftest import Site
from tests.web.test_axe import VIEWS

HEAVIEST = 300_000
"""Bytes of a first view, as they are sent: pages, styles, scripts, fonts, symbols, outlines."""
EASIEST_ENOUGH = 60
WORDS_OF_A_SENTENCE = 5
"""Shorter texts are labels."""
SAID_AGAIN = re.compile(r"The .role. attribute must not be used on an? .(td|th|tr|thead|tbody).")
"""Where the style sheet makes cards of a table's rows, browsers forget that it is one, and its roles are said again."""
PLACES = sorted({(who, path) for _, who, path, _ in VIEWS}, key=str)
WALKS = [
    (None, "/"),
    (None, "/open"),
    ("student", "/students/{student_id}"),
    ("company", "/companies/{company_id}"),
    ("teacher", "/classes/{class_id}"),
    ("coordinator", "/start"),
    ("student", "/inbox/mails"),
]
FOR_STUDENTS = re.compile(
    r"templates/(student|inbox|search|open|privacy|shared)/|account/(code|welcome)\.html"
)


# --- HTML -------------------------------------------------------------------------------------------------------------


@pytest.mark.browser
def test_every_page_is_valid_html(contexts: Callable[..., Any], site: Site, tmp_path: Path) -> None:
    checker = assets.ROOT / "node_modules" / "vnu-jar" / "build" / "dist" / "vnu.jar"
    if not checker.is_file():
        pytest.skip("the Nu checker is missing: python -m app.web.assets --tools")
    java = shutil.which("java")
    if java is None:
        pytest.skip("java is missing: apt-get install default-jre-headless")
    named = {}
    for number, (who, path) in enumerate(PLACES):
        file = tmp_path / f"{number:03d}.html"
        address = path.format(**vars(site.land), **site.papers)
        answer = contexts(who, "it", "phone", scripts=True).request.get(address)
        assert answer.status < 500, address
        file.write_bytes(answer.body())
        named[file.name] = f"{address} ({who})"
    (tmp_path / "broken.html").write_text(
        "<!DOCTYPE html><html lang=it><title>x</title><p><ul></ul></p>", "utf-8"
    )
    done = subprocess.run(
        [java, "-jar", str(checker), "--format", "json", "--exit-zero-always", str(tmp_path)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    said = [
        one
        for one in json.loads(done.stderr)["messages"]
        if one["type"] == "error" and not SAID_AGAIN.match(one["message"])
    ]
    faults: dict[str, set[str]] = {}
    for one in said:
        faults.setdefault(Path(one["url"]).name, set()).add(one["message"])
    assert faults.pop("broken.html", None), "the checker finds nothing at all"
    assert {named[name]: sorted(messages) for name, messages in faults.items()} == {}


# --- weight -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(chromium: Any, contexts: Callable[..., Any], site: Site) -> Iterator[Callable[..., Any]]:
    """A page in a browser that has seen nothing yet, signed in as somebody."""
    made = []

    def start(who: str | None, **more: Any) -> Any:
        state = contexts(who, "it", "phone", scripts=True).storage_state()
        context = chromium.new_context(
            base_url=site.url, viewport=SIZES["phone"], locale="it-IT", storage_state=state, **more
        )
        made.append(context)
        return new_page(context)

    yield start
    for context in made:
        context.close()


HEAVY = [(None, "/"), (None, "/open"), ("student", "/students/{student_id}"), ("company", "/companies/{company_id}"),
         ("teacher", "/classes/{class_id}"), ("lead", "/start")]  # fmt: skip


@pytest.mark.browser
@pytest.mark.parametrize(("who", "path"), HEAVY)
def test_the_first_view_is_light(fresh: Callable[..., Any], site: Site, who: str | None, path: str) -> None:
    page = fresh(who)
    answers: list[Any] = []
    page.on("requestfinished", lambda request: answers.append(request))  # noqa: PLW0108 -- playwright marks its listeners
    page.goto(path.format(**vars(site.land)))
    page.wait_for_load_state("networkidle")
    sizes = {one.url: one.sizes() for one in answers if not one.url.startswith("data:")}
    assert len(sizes) > 5
    total = sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sizes.values())
    assert total <= HEAVIEST, sorted(
        ((size["responseBodySize"], url) for url, size in sizes.items()), reverse=True
    )[:5]


# --- keyboard and movement --------------------------------------------------------------------------------------------

FOCUSED = """() => {
  const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one);
  if (one === document.body) return null;
  window.walked = window.walked || [];
  if (!window.walked.includes(one)) window.walked.push(one);
  const shows = (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== 'none';
  return {
    number: window.walked.indexOf(one), name: one.outerHTML.slice(0, 120), shows,
    isSeen: box.width > 1 && box.height > 1 && box.bottom > 0 && box.top < innerHeight,
  };
}"""
REACHABLE = """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  .filter((one) => one.type !== 'hidden' && !one.disabled && one.checkVisibility({visibilityProperty: true})
    && !(one.type === 'radio' && !one.checked)).length"""


@pytest.mark.browser
@pytest.mark.parametrize(("who", "path"), WALKS)
def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    browse: Callable[..., Any], site: Site, who: str | None, path: str
) -> None:
    page = browse(who, size="phone")
    page.emulate_media(reduced_motion="reduce")  # or the page would still be on its way to what has the focus
    page.goto(path.format(**vars(site.land)))
    page.wait_for_load_state("networkidle")
    for canvas in page.locator(
        ".map-canvas"
    ).all():  # a map, with its buttons, is made when it comes near the window
        canvas.scroll_into_view_if_needed()
        canvas.and_(page.locator("[data-ready]")).wait_for()
    page.evaluate("scrollTo(0, 0)")
    count = page.evaluate(REACHABLE)
    walked = []
    for _ in range(count + 5):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        if here is None or here["number"] < len(walked) - 1:
            break  # through the page and out of it
        assert here["number"] == len(walked), f"the keyboard is caught at {here['name']}"
        assert here["shows"], f"nobody sees that the focus is at {here['name']}"
        assert here["isSeen"], f"the focus is out of sight at {here['name']}"
        walked.append(here["name"])
    assert len(walked) == count, walked


@pytest.mark.browser
@pytest.mark.parametrize(("who", "path"), WALKS)
def test_nothing_moves_for_those_who_do_not_want_it(
    fresh: Callable[..., Any], site: Site, who: str | None, path: str
) -> None:
    page = fresh(who, reduced_motion="reduce")
    page.goto(path.format(**vars(site.land)))
    page.wait_for_load_state("networkidle")
    moving = page.evaluate(
        "() => [...document.querySelectorAll('*')].filter((one) => { const s = getComputedStyle(one);"
        " return s.transitionDuration.split(',').some((t) => parseFloat(t) > 0) || s.animationName !== 'none'; })"
        ".map((one) => one.outerHTML.slice(0, 100))"
    )
    assert moving == []


@pytest.mark.browser
def test_suggestions_come_while_one_types_and_leave_the_focus_alone(browse: Callable[..., Any]) -> None:
    page = browse("teacher", size="phone")
    page.goto("/search")
    page.focus("#q")
    page.keyboard.type("giu")
    page.wait_for_selector("#found a:has-text('Rossi Giulia')")
    assert page.evaluate("document.activeElement.id") == "q"
    page.wait_for_selector("#said[role=status]:has-text('1 risultato')", state="attached")
    page.keyboard.type("zzz")
    page.wait_for_selector("#said:has-text('Non ho trovato niente')", state="attached")
    assert page.evaluate("document.activeElement.id") == "q"


@pytest.mark.browser
@pytest.mark.parametrize("scripts", [True, False])
def test_the_map_says_what_the_list_says(browse: Callable[..., Any], scripts: bool) -> None:
    page = browse(None, scripts=scripts)
    page.goto("/open")
    links = page.locator(".map-list a")
    assert links.all_inner_texts() == ["Bologna (BO)"]
    if not scripts:
        assert not page.is_visible(".map-canvas")
        links.first.click()
    else:
        page.locator(".map-canvas").scroll_into_view_if_needed()
        page.wait_for_selector(".map-canvas[data-ready] .map-province", state="attached")
        assert page.locator(".map-point").all_inner_texts() == ["6"]
        links.first.focus()
        assert page.locator(".map-point.map-here").count() == 1
        page.evaluate("document.activeElement.blur()")
        page.click(".map-point")
        assert page.evaluate("document.activeElement.textContent") == "Bologna (BO)"
        page.keyboard.press("Enter")
    page.wait_for_url("**/open?place=037006")
    assert page.inner_text(".notice").startswith("Solo a Bologna.")


# --- words ------------------------------------------------------------------------------------------------------------


def test_texts_for_students_are_easy_to_read() -> None:
    by_page: dict[str, list[str]] = {}
    for message in texts.extract():
        text = message.id if isinstance(message.id, str) else message.id[-1] if message.id else ""
        for page, _ in message.locations:
            if FOR_STUDENTS.search(page) and len(text.split()) >= WORDS_OF_A_SENTENCE:
                by_page.setdefault(page, []).append(text)
    by_page["notifications"] = [words["it"] for words in letters.SENTENCES.values()]
    assert len(by_page) > 8
    hard = {
        page: round(index)
        for page, of_page in by_page.items()
        if (index := gulpease.index(of_page)) < EASIEST_ENOUGH
    }
    assert hard == {}


def test_the_index_knows_a_hard_text() -> None:
    hard = "Ai sensi della normativa vigente, l'amministrazione procedente provvede all'espletamento degli adempimenti"
    assert gulpease.index([hard]) < EASIEST_ENOUGH - 15
