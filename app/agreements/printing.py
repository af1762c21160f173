"""Contents → bytes: PDF/A-2a and PDF/UA-1 with typst, or, in an installation without it, an HTML page that prints well."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

LIBRARY = "typst"
FOLDER = Path(__file__).parent / "documents"


@dataclass(frozen=True, slots=True)
class Printed:
    """A document's bytes, what they are made of, and the version of the paper that this was."""

    media_type: str
    content: bytes
    data: dict[str, Any] | None
    paper_version: int


def has_pdf() -> bool:
    """Whether the library is there."""
    return find_spec(LIBRARY) is not None


def print_paper(data: dict[str, Any], *, version: int, now: datetime) -> Printed:
    """One paper. Takes some hundredths of a second, so never within a block."""
    media_type, content = print_all([data], now=now)
    return Printed(media_type, content, data, version)


def print_all(papers: Sequence[dict[str, Any]], *, now: datetime) -> tuple[str, bytes]:
    """Several papers as one document, each on pages of its own; the media type, and the bytes."""
    if not has_pdf():
        page = _environment().get_template("paper.html").render(papers=papers, lang=papers[0]["lang"])
        return "text/html", page.encode()
    import typst  # 40 MB, and absent from the lean container image

    content: bytes = typst.compile(
        (FOLDER / "paper.typ").read_bytes(),
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],
        # it takes an offset instead of a zone, and no fractions of a second
        timestamp=now.astimezone(UTC).replace(microsecond=0),
        sys_inputs={"data": json.dumps({"papers": list(papers)})},
    )
    return "application/pdf", content


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
