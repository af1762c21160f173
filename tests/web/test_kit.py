"""The style sheet that is sent: what the pages use of the kit, and nothing that they use is missing."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import pytest

from app.web import files, kit
from tests.web.conftest import Site

FOLDER = files.FOLDER.parent
NAMED = kit.words(FOLDER)
WRITTEN_IN_PIECES = re.compile(r"""["'\s]((?:btn|icon|alert|text|it|form|d|mt|mb)-)(?:["']\s*~|\{\{)""")
LOOKS = """() => [...document.querySelectorAll('body, body *')].map((one) => {
  const style = getComputedStyle(one);
  return one.tagName + ' ' + one.className + ': ' + [...style].filter((name) => !name.startsWith('--'))
    .map((name) => name + ' ' + style.getPropertyValue(name)).join('; ');
})"""


@pytest.fixture(scope="module")
def whole(browser_files: None) -> str:
    """The kit's sheet as it was installed."""
    return (files.FOLDER / files.KIT).read_text("utf-8").removeprefix("\ufeff")


def test_rules_of_unnamed_classes_are_left_out() -> None:
    sheet = (
        "\ufeff/*! licence */ /* why */ @font-face{font-family:x;src:url(\"data:a/b;c,{}\")}"
        ".btn,.modal .btn,a:hover{color:red}.modal{top:0}.btn:not(.modal):is(.carousel,.nav){left:0}"
        ".mb-2\\.5{bottom:0}p:where(.a,b){content:'}{'}.empty{}.btn::after{animation:spin 1s}"
        "@keyframes spin{0%{top:0}to{top:1px}}@keyframes fade{from{top:0}}"
        "@media (min-width:1px){.modal{top:0}@supports (a:b){.btn{top:1px}}}@media print{.modal{top:0}}"
    )  # fmt: skip
    assert kit.styles(sheet, {"btn", "empty"}) == (
        "/*! licence */.btn,a:hover{color:red}.btn:not(.modal):is(.carousel,.nav){left:0}"
        "p:where(.a,b){content:'}{'}.btn::after{animation:spin 1s}"
        "@media (min-width:1px){@supports (a:b){.btn{top:1px}}}@keyframes spin{0%{top:0}to{top:1px}}"
    )


@pytest.mark.parametrize(
    "sheet", ["a{b:c", "a{b:c}}", "@media x{a{b:c}", "@import 'x';a{b:c}", "a{b:c} and more"]
)
def test_a_sheet_that_cannot_be_read_is_refused(sheet: str) -> None:
    with pytest.raises(kit.UnreadableStylesError, match="cannot read the style sheet"):
        kit.styles(sheet, frozenset())


def test_nothing_is_lost_where_all_is_named(whole: str) -> None:
    every = {one.replace("\\", "") for one in re.findall(r"\.((?:[\w-]|\\.)+)", whole)}
    kept = kit.styles(whole, every)
    assert (kept.count("{"), whole.count("@font-face{")) == (whole.count("{") - 1, 1)
    assert len(kit.styles(whole, NAMED)) < len(kept) / 10


def test_classes_are_written_whole() -> None:
    pieces = {
        (file.name, found)
        for file in (FOLDER / "templates").rglob("*.html")
        for found in WRITTEN_IN_PIECES.findall(file.read_text("utf-8"))
    }
    assert pieces == set()


def test_every_symbol_that_is_named_anywhere_is_sent(browser_files: None) -> None:
    sprite = files.load().files[files.SYMBOLS].plain.decode()
    texts = [
        node.value
        for file in FOLDER.parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    texts += [file.read_text("utf-8") for file in (FOLDER / "templates").rglob("*.html")]
    installed = set(re.findall(r'id="(it-[\w-]+)"', (files.FOLDER / files.SYMBOLS).read_text("utf-8")))
    named = installed.intersection(*[re.findall(r"it-[\w-]+", "\n".join(texts))])
    assert 30 < len(named) < len(installed) / 3
    assert named == set(re.findall(r'<symbol id="([^"]+)"', sprite))


@pytest.mark.browser
@pytest.mark.parametrize("size", ["phone", "desk"])
@pytest.mark.parametrize(
    ("who", "path"),
    [(None, "/"), ("student", "/students/{student_id}/profile"), ("company", "/opportunities/{internship_id}/details"),
     ("teacher", "/classes/{class_id}")],
)  # fmt: skip
def test_pages_look_as_with_the_whole_sheet(
    browse: Callable[..., Any], site: Site, whole: str, who: str | None, path: str, size: str
) -> None:
    page = browse(who, size=size)

    def look() -> list[str]:
        page.goto(path.format(**vars(site.land)))
        page.wait_for_load_state("networkidle")
        seen: list[str] = page.evaluate(LOOKS)
        return seen

    sent = look()
    ours = files.load().files[files.SHEET].plain.decode()
    page.route(
        "**/static/style.css*", lambda route: route.fulfill(body=whole + ours, content_type="text/css")
    )
    assert look() == sent
    page.route(
        "**/static/style.css*", lambda route: route.fulfill(body=ours[-30_000:], content_type="text/css")
    )
    assert look() != sent
