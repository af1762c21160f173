"""Documents that everybody can read, on a screen reader and in thirty years."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser

import pytest
import sqlalchemy as sa

from app.agreements import contents, printing, service
from app.agreements.models import Document, Language, PaperKind
from app.auth.actors import system
from tests.app.agreements.land import Land
from tests.app.agreements.structure import Pdf, Tag
from tests.factories import NOW


def data_of(land: Land, kind: PaperKind, language: Language = Language.ITALIAN) -> dict[str, object]:
    papers = {
        PaperKind.AGREEMENT: lambda: land.make.agreement(land.school, land.company),
        PaperKind.PLAN: lambda: land.make.plan(land.placement),
        PaperKind.AMENDMENT: lambda: land.make.amendment(land.placement),
    }
    paper = papers[kind]()
    with land.make.database.read() as session:
        seen = service.find(session, system("tests"), paper.id)
        return contents.of_paper(session, seen, language, NOW)


@pytest.mark.parametrize("kind", PaperKind)
def test_a_document_is_archivable_and_accessible(land: Land, kind: PaperKind) -> None:
    pytest.importorskip(printing.LIBRARY)
    data = data_of(land, kind)
    printed = printing.print_paper(data, version=1, now=NOW.replace(microsecond=7))
    assert printed.media_type == "application/pdf"
    pdf, content = Pdf(printed.content), printed.content
    # what it claims to be: PDF/A-2a and PDF/UA-1
    for claim in (
        b"<pdfaid:part>2</pdfaid:part>", b"<pdfaid:conformance>A</pdfaid:conformance>", b"<pdfuaid:part>1</pdfuaid:part>",
    ):  # fmt: skip
        assert claim in content
    # language, marks, and a title that the window shows
    catalogue = pdf.one(b"/Type/Catalog")
    assert b"/Lang(it)" in catalogue.replace(b" ", b"")
    assert re.search(rb"/MarkInfo ?<<[^>]*/Marked true", catalogue)
    assert b"/DisplayDocTitle true" in catalogue
    assert (
        str(data["title"]).encode() in content
        or str(data["title"]).encode("utf-16-be").hex().upper().encode() in content
    )
    tags = list(pdf.root().walk())
    assert tags[0].name == "Document"
    assert_headings(tags, data)
    assert_tables(tags, data)
    # all that can be read is in a tag, or decoration
    assert pdf.unmarked() == []
    assert sum(isinstance(kid, int) for tag in tags for kid in tag.kids) > 20


def assert_headings(tags: list[Tag], data: dict[str, object]) -> None:
    headings = [(tag.name, tag.title) for tag in tags if re.fullmatch(r"H\d", tag.name)]
    sections = [("H2", section["heading"]) for section in data["sections"]]  # type: ignore[attr-defined]
    signatures = [("H2", data["signatures"]["heading"])]  # type: ignore[index]
    assert headings == [("H1", data["title"]), *sections, *signatures]


def assert_tables(tags: list[Tag], data: dict[str, object]) -> None:
    wanted = [section["table"] for section in data["sections"] if section["table"]]  # type: ignore[attr-defined]
    tables = [tag for tag in tags if tag.name == "Table"]
    assert len(tables) == len(wanted) + 1
    for tag, table in zip(tables, wanted, strict=False):
        names = [one.name for one in tag.walk()]
        assert (names.count("TH"), names.count("TD")) == (len(table["head"]), sum(map(len, table["rows"])))
    assert all("/Scope" in tag.attributes for tag in tags if tag.name == "TH")


def test_the_contents_stand_in_reading_order_on_each_page(land: Land) -> None:
    pytest.importorskip(printing.LIBRARY)
    printed = printing.print_paper(data_of(land, PaperKind.PLAN), version=1, now=NOW)
    pages: dict[int | None, list[int]] = {}
    for tag in Pdf(printed.content).root().walk():
        for kid in tag.kids:
            if isinstance(kid, int):
                pages.setdefault(tag.page, []).append(kid)
    assert pages
    for numbers in pages.values():
        assert numbers == sorted(numbers)


def test_a_plan_says_each_day_until_the_hours_are_spent(land: Land) -> None:
    data = data_of(land, PaperKind.PLAN)
    schedule = data["sections"][-1]["table"]["rows"]  # type: ignore[index]
    assert (schedule[0][0], schedule[-1][0], len(schedule)) == ("9/2/2026", "20/2/2026", 10)
    assert {row[2] for row in schedule} == {"8"}


def test_english_is_whole(land: Land) -> None:
    plan = land.make.plan(land.placement)
    with land.make.database.read() as session:
        seen = service.find(session, system("tests"), plan.id)
        it, en = (contents.of_paper(session, seen, language, NOW) for language in Language)
    pairs = [
        (one["heading"], other["heading"]) for one, other in zip(it["sections"], en["sections"], strict=True)
    ]
    assert all(one != other for one, other in pairs)
    assert en["lang"] == "en"


def test_without_the_library_the_document_is_a_page(land: Land, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printing, "LIBRARY", "no_such_library")
    data = data_of(land, PaperKind.PLAN)
    data["sections"][2]["paragraphs"] = ["<script>alert(1)</script>"]  # type: ignore[index]
    printed = printing.print_paper(data, version=1, now=NOW)
    page = printed.content.decode()
    assert printed.media_type == "text/html"
    assert '<html lang="it">' in page
    assert "<script>" not in page
    HTMLParser().feed(page)
    assert page.count('<th scope="col">') == 8


def test_what_was_printed_is_what_is_kept_and_taken(land: Land) -> None:
    plan_id = land.plan_to_sign()
    [kept] = land.paper(plan_id)["documents"]
    taken = land.call("student", "GET", f"/documents/{kept['id']}")
    assert taken.headers["content-type"].split(";")[0] == kept["media_type"]
    with land.make.database.read() as session:
        digest = session.scalars(sa.select(Document.digest)).one()
    assert hashlib.sha256(taken.content).hexdigest() == digest == kept["digest"]
