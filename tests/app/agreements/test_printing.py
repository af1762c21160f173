"""Documents that everybody can read, on a screen reader and in thirty years."""

from __future__ import annotations

import hashlib
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa

from app.agreements import contents, printing, service
from app.agreements.models import Document, Interruption, Language, PaperKind
from app.auth.actors import system
from app.placements.models import EndReason, Party
from tests import pdfs
from tests.app.agreements.land import Land
from tests.factories import NOW


def data_of(land: Land, kind: PaperKind, language: Language = Language.ITALIAN) -> dict[str, Any]:
    papers = {
        PaperKind.AGREEMENT: lambda: land.make.agreement(land.school, land.company),
        PaperKind.PLAN: lambda: land.make.plan(land.placement),
        PaperKind.AMENDMENT: lambda: land.make.amendment(land.placement),
    }
    paper = papers[kind]()
    with land.make.database.read() as session:
        seen = service.find(session, system("tests"), paper.id)
        return contents.of_paper(session, seen, language, NOW)


def note_of(land: Land, language: Language) -> dict[str, Any]:
    note = Interruption(
        ended_on=date(2026, 2, 12),
        party=Party.COMPANY,
        reason=EndReason.COMPANY_CHANGED,
        text="La sede chiude.",
    )
    with land.make.database.read() as session:
        return contents.of_interruption(session, note, land.placement, land.student, language)


def assert_accessible(content: bytes, *papers: dict[str, Any]) -> None:
    """Nothing keeps it from being read, and it is heard as it was written: heads, lists, tables, places for signatures."""
    title, language = papers[0]["title"], papers[0]["lang"]
    assert pdfs.faults(content, title=title, language=language, claims=pdfs.PDF_UA | pdfs.PDF_A) == []
    pdf = pdfs.Pdf(content)
    assert "".join(map(pdfs.squeeze, map(pdf.text, pdf.roots))) == "".join(
        one for paper in papers for one in pdfs.expected(paper)
    )
    assert pdf.read_aloud("H1") == [pdfs.squeeze(paper["title"]) for paper in papers]
    tables = [
        table for paper in papers
        for table in [*(section["table"] for section in paper["sections"]), paper["signatures"]] if table and table["rows"]
    ]  # fmt: skip
    assert pdf.read_aloud("TH") == [pdfs.squeeze(cell) for table in tables for cell in table["head"]]
    assert len(pdf.read_aloud("TD")) == sum(len(row) for table in tables for row in table["rows"])


@pytest.mark.parametrize("language", Language)
def test_documents_are_archivable_and_heard_as_they_were_written(land: Land, language: Language) -> None:
    pytest.importorskip(printing.LIBRARY)
    each = [*(data_of(land, kind, language) for kind in PaperKind), note_of(land, language)]
    for data in each:
        printed = printing.print_paper(data, version=1, now=NOW.replace(microsecond=7))
        assert printed.media_type == "application/pdf"
        assert_accessible(printed.content, data)
    _, content = printing.print_all(each, now=NOW)
    assert_accessible(content, *each)


def test_what_keeps_a_document_from_being_read_is_found() -> None:
    typst = pytest.importorskip(printing.LIBRARY)
    picture = (
        "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><rect width='9' height='9'/></svg>"
    )
    wrong = (
        '#set text(lang: "fr")\n= Uno\n=== Due\n#table(columns: 2)[uno][due]\n'
        f'#figure(image(bytes("{picture}"), format: "svg"))'
    )
    content = typst.compile(wrong.encode(), format="pdf")
    wanted = {"title": "Uno", "language": "it", "claims": pdfs.PDF_UA}
    assert set(pdfs.faults(content, **wanted)) == {
        "claim pdfuaid:part", "language", "title", "heading left out", "table without heads", "cell without a head",
        "picture without words",
    }  # fmt: skip
    bare = typst.compile(b"Uno", format="pdf", pdf_tags=False)
    assert {"marked", "structure", "content without a tag", "no heading"} <= set(pdfs.faults(bare, **wanted))
    backwards = pdfs.Pdf(content)
    backwards.roots[0].kids.reverse()
    assert list(pdfs._content(backwards)) == ["reading order"]


def test_a_plan_says_each_day_until_the_hours_are_spent(land: Land) -> None:
    data = data_of(land, PaperKind.PLAN)
    schedule = data["sections"][-1]["table"]["rows"]
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
    data["sections"][2]["paragraphs"] = ["<script>alert(1)</script>"]
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
