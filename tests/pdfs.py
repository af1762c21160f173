"""A PDF as a screen reader finds it, read with pypdf: its tags with their texts, and what keeps it from being accessible."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.generic import DictionaryObject

PDF_UA = {"pdfuaid:part": "1"}
PDF_A = {"pdfaid:part": "2", "pdfaid:conformance": "A"}
_SPACES = re.compile(r"[\s\u00ad-]+")
_HEADING = re.compile(r"H([1-6])")
_Place = tuple[int, int | None]


@dataclass
class Tag:
    """An element of the structure tree: its own texts, and those of the elements in it, are in reading order."""

    name: str
    entries: Mapping[str, Any]
    kids: list[Tag | _Place] = field(default_factory=list)

    def walk(self) -> Iterator[Tag]:
        """The tag and all below it, in reading order."""
        yield self
        for kid in self.kids:
            if isinstance(kid, Tag):
                yield from kid.walk()

    def places(self) -> list[_Place]:
        """Page and number of all content in it, in reading order."""
        return [place for kid in self.kids for place in (kid.places() if isinstance(kid, Tag) else [kid])]

    def attribute(self, name: str) -> Any:
        """A value of its attributes, or nothing."""
        owners = self.entries.get("/A", [])
        owners = owners if isinstance(owners, list) else [owners]
        return next((one[name] for one in owners if name in one), None)


class Pdf:
    """The document of these bytes."""

    def __init__(self, content: bytes) -> None:
        self.reader = PdfReader(io.BytesIO(content))
        self.catalogue: DictionaryObject = self.reader.trailer["/Root"]
        self.pages = {
            page.indirect_reference.idnum: number
            for number, page in enumerate(self.reader.pages)
            if page.indirect_reference is not None
        }
        self.texts: dict[_Place, str] = {}
        for number, page in enumerate(self.reader.pages):
            for mark, text in _texts(page):
                self.texts[number, mark] = self.texts.get((number, mark), "") + text
        tree = self.catalogue.get("/StructTreeRoot")
        self.roots = [] if tree is None else [one for one in self._kids(tree, None) if isinstance(one, Tag)]
        self.tags = [tag for root in self.roots for tag in root.walk()]

    def _kids(self, element: Any, page: int | None) -> Iterator[Tag | _Place]:
        kids = element.get_object().get("/K", [])
        for kid in kids if isinstance(kids, list) else [kids]:
            one = kid.get_object()
            if isinstance(one, int):
                assert page is not None
                yield page, one
                continue
            reference = one.raw_get("/Pg") if "/Pg" in one else None
            own = self.pages[reference.idnum] if reference is not None else page
            yield Tag(str(one["/S"])[1:], one, list(self._kids(one, own)))

    def text(self, tag: Tag) -> str:
        """All that is read aloud of a tag."""
        return " ".join(self.texts.get(place, "").strip() for place in tag.places())

    def read_aloud(self, *names: str) -> list[str]:
        """The texts of all tags of these names, as `squeeze` leaves them."""
        return [squeeze(self.text(tag)) for tag in self.tags if tag.name in names]

    def claims(self) -> dict[str, str]:
        """What the metadata say it conforms to."""
        found = self.catalogue["/Metadata"].get_data().decode() if "/Metadata" in self.catalogue else ""
        return dict(re.findall(r"<(pdf(?:ua|a)id:\w+)>(\w+)<", found))


def _texts(page: PageObject) -> Iterator[tuple[int | None, str]]:
    """The number of the mark, and a piece of text in it; -1 for decoration, None for what is in no mark at all."""
    marks: list[int] = []
    found: list[tuple[int | None, str]] = []

    def follow(operator: bytes, operands: Any, *_: Any) -> None:
        if operator in (b"BDC", b"BMC"):
            given = operands[1] if len(operands) > 1 else {}
            inherited = marks[-1] if marks and operands[0] != "/Artifact" else -1
            marks.append(given.get("/MCID", inherited) if isinstance(given, dict) else inherited)
        elif operator == b"EMC":
            marks.pop()

    page.extract_text(
        visitor_operand_before=follow,
        visitor_text=lambda text, *_: found.append((marks[-1] if marks else None, text)),
    )
    return iter(found)


def squeeze(text: str) -> str:
    """A text without spaces and hyphens: lines end somewhere else in a PDF."""
    return _SPACES.sub("", text)


def faults(content: bytes, *, title: str, language: str, claims: Mapping[str, str]) -> list[str]:
    """What keeps a document from being accessible, by name: nothing, in all of ours.

    The rules are those of PDF/UA-1 (ISO 14289-1) and of the Matterhorn protocol that a program can judge without
    looking at the page.
    """
    pdf = Pdf(content)
    found = [f"claim {name}" for name, value in claims.items() if pdf.claims().get(name) != value]
    if pdf.catalogue.get("/Lang") != language:
        found.append("language")
    shown = pdf.catalogue.get("/ViewerPreferences", {}).get("/DisplayDocTitle")
    if (pdf.reader.metadata or {}).get("/Title") != title or not shown:
        found.append("title")
    if not pdf.catalogue.get("/MarkInfo", {}).get("/Marked"):
        found.append("marked")
    if [root.name for root in pdf.roots] != ["Document"]:
        found.append("structure")
    return [*found, *_content(pdf), *_headings(pdf.tags), *_tables(pdf.tags), *_pictures(pdf.tags)]


def _content(pdf: Pdf) -> Iterator[str]:
    """All that can be read is read once, in the order in which it stands on the pages."""
    read = [place for root in pdf.roots for place in root.places()]
    if read != sorted(set(read), key=lambda place: (place[0], place[1] or 0)):
        yield "reading order"
    written = {place for place, text in pdf.texts.items() if place[1] != -1 and text.strip()}
    if not written <= set(read):
        yield "content without a tag"


def _headings(tags: Iterable[Tag]) -> Iterator[str]:
    level = 0
    for tag in tags:
        if found := _HEADING.fullmatch(tag.name):
            if int(found[1]) > level + 1:
                yield "heading left out"
            level = int(found[1])
    if level == 0:
        yield "no heading"


def _tables(tags: Iterable[Tag]) -> Iterator[str]:
    """Each cell says which heads it belongs to, and these are in its own table."""
    for table in tags:
        if table.name != "Table":
            continue
        cells = [tag for tag in table.walk() if tag.name in ("TH", "TD")]
        heads = {tag.entries.get("/ID") for tag in cells if tag.name == "TH"}
        if not heads or any(tag.attribute("/Scope") is None for tag in cells if tag.name == "TH"):
            yield "table without heads"
        if any(not set(tag.attribute("/Headers") or ()) & heads for tag in cells if tag.name == "TD"):
            yield "cell without a head"


def _pictures(tags: Iterable[Tag]) -> Iterator[str]:
    for tag in tags:
        if tag.name == "Figure" and not tag.entries.get("/Alt"):
            yield "picture without words"


def expected(paper: Mapping[str, Any]) -> list[str]:
    """What is to be heard of a paper of ours, in this order, as `squeeze` leaves it."""
    words = [paper["title"]]
    for section in paper["sections"]:
        words += [
            section["heading"],
            *(part for fact in section["facts"] for part in fact),
            *section["paragraphs"],
        ]
        words += [f"•{item}" for item in section["items"]]
        words += _cells(section["table"])
    if paper["signatures"]:
        words += [paper["signatures"]["heading"], *_cells(paper["signatures"]), paper["footer"]]
    return [squeeze(one) for one in words]


def _cells(table: Mapping[str, Any] | None) -> list[str]:
    if table is None or not table["rows"]:
        return []
    return [*table["head"], *(cell for row in table["rows"] for cell in row)]
