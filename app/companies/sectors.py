"""Economic activities: the ATECO classification of ISTAT, read from the files of the `ateco` package.

A code means nothing without its edition. Two editions are in use: "2025" (since 1 January 2025; in company registers
since 1 April 2025) and "2007", which here is ATECO 2007 as updated in 2022, plus the five codes that the update
dropped. ISTAT's table of correspondence joins these two. Titles are Italian: the package has no English ones.

The files are read at the first question (0.05 s) and without importing the package, which would keep 3 MB of notes.
"""

import json
import re
import unicodedata
from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

Edition = Literal["2007", "2025"]
EDITIONS: tuple[Edition, ...] = ("2007", "2025")

_FILES: dict[Edition, tuple[str, ...]] = {"2007": ("2007", "2022"), "2025": ("2025",)}


@dataclass(frozen=True, slots=True)
class Sector:
    """A section (letter) or a code of two to six digits, dotted: C, 28, 28.9, 28.99, 28.99.2, 28.99.20."""

    code: str
    edition: Edition
    title: str


@dataclass(frozen=True, slots=True)
class Correspondence:
    """A sector of the other edition; `is_whole` when all of the sector asked about lies in it."""

    sector: Sector
    is_whole: bool


def read_sectors() -> tuple[Sector, ...]:
    """All sectors of both editions: 2007 before 2025, in the order of the classification."""
    return tuple(sector for edition in EDITIONS for sector in _by_code(edition).values())


def is_known(code: str, edition: str) -> bool:
    """Whether the dotted code is one of the edition; False too for an edition that does not exist."""
    return any(edition == known and code in _by_code(known) for known in EDITIONS)


def title(code: str, edition: Edition) -> str:
    """Italian title; `KeyError` for a code the edition does not have."""
    return _by_code(edition)[code].title


def search(query: str, edition: Edition) -> tuple[Sector, ...]:
    """The edition's sectors whose code, written with or without dots, or whose title's words begin with the query.

    In the order of the classification; all of them for an empty query. Case and accents do not count.
    """
    code, words = dotted(query), f" {_folded(query)}"
    return tuple(
        sector
        for sector, title in _folded_titles(edition)
        if (code and sector.code.startswith(code)) or words in title
    )


@cache
def _folded_titles(edition: Edition) -> tuple[tuple[Sector, str], ...]:
    return tuple((sector, f" {_folded(sector.title)}") for sector in _by_code(edition).values())


def _folded(text: str) -> str:
    plain = (c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"\w+", "".join(plain)))


def dotted(text: str) -> str:
    """The form in which codes are kept, from what people and registers write.

    >>> dotted("289920"), dotted(" 28.99.20 "), dotted("c")
    ('28.99.20', '28.99.20', 'C')
    """
    written = text.strip().upper()
    if not re.fullmatch(r"\d{2,6}", written, re.ASCII):
        return written
    return ".".join(part for part in (written[:2], written[2:4], written[4:]) if part)


def division(code: str) -> str:
    """First two digits of a dotted code of any edition; `ValueError` for a section, which has no division.

    >>> division("28.99.20")
    '28'
    """
    if not re.fullmatch(r"\d{2}(\.\d{1,2}){0,2}", code, re.ASCII):
        raise ValueError(f"not a dotted ATECO code with a division: {code!r}")
    return code[:2]


def correspondences(code: str, edition: Edition) -> tuple[Correspondence, ...]:
    """What the sector is in the other edition, by ISTAT's theoretical table; empty where the table is silent."""
    return _correspondences(edition).get(code, ())


@cache
def _by_code(edition: Edition) -> dict[str, Sector]:
    nodes = [node for folder in _FILES[edition] for node in _read(f"{folder}/nodes.json")["nodes"]]
    section = {node["code"]: node["parent"] for node in nodes}
    sectors = {node["code"]: Sector(node["code"], edition, _sentence_case(node["title"])) for node in nodes}
    return dict(
        sorted(sectors.items(), key=lambda item: (_section(item[0], section), item[0][0].isdigit(), item[0]))
    )


def _section(code: str, parents: dict[str, str | None]) -> str:
    parent = parents[code]
    return code if parent is None else _section(parent, parents)


def _sentence_case(title: str) -> str:
    return re.sub(r"\bict\b", "ICT", title.capitalize()) if title.isupper() else title


@cache
def _correspondences(edition: Edition) -> dict[str, tuple[Correspondence, ...]]:
    other: Edition = "2025" if edition == "2007" else "2007"
    here, there = ("2022", "2025") if edition == "2007" else ("2025", "2022")
    found: dict[str, dict[str, Correspondence]] = defaultdict(dict)
    for row in _read("correspondence/2025_2022.json")["mappings"]:
        target = _by_code(other)[row[f"code_{there}"]]
        found[row[f"code_{here}"]][target.code] = Correspondence(target, row[f"coverage_{here}"] == "TOTALE")
    return {code: tuple(targets.values()) for code, targets in found.items()}


def _read(path: str) -> Any:
    return json.loads(resources.files("ateco").joinpath("data", *path.split("/")).read_text(encoding="utf-8"))
