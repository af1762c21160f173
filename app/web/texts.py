"""The texts of pages and their English: `python -m app.web.texts` brings the catalogue in line with the pages.

New texts get an empty translation, texts that are gone go, and nothing is guessed. A test fails while a text has no
English.
"""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from app.web.language import FOLDER

WEB = Path(__file__).parent
PO = FOLDER / "en" / "LC_MESSAGES" / "messages.po"
_METHODS = [("**.py", "python"), ("templates/**.html", "jinja2.ext:babel_extract")]
_OPTIONS = {"templates/**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}


def extract() -> Catalog:
    """Every text of the pages, with the files that it stands in."""
    found = Catalog(locale="en", project="Bottega", charset="utf-8")
    for file, _line, message, comments, context in extract_from_dir(
        WEB, method_map=_METHODS, options_map=_OPTIONS, keywords=_KEYWORDS
    ):
        # Without line numbers: they would change with every edit of a template.
        found.add(message, locations=[(Path(file).as_posix(), 0)], auto_comments=comments, context=context)
    return found


def read() -> Catalog:
    """The English catalogue as it stands."""
    with PO.open("rb") as source:
        return read_po(source, locale="en")


def update() -> int:
    """Write the catalogue anew; how many texts lack their English."""
    catalogue = read() if PO.is_file() else Catalog(locale="en", charset="utf-8")
    catalogue.update(extract(), no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    PO.parent.mkdir(parents=True, exist_ok=True)
    with PO.open("wb") as target:
        write_po(target, catalogue, omit_header=True, include_lineno=False, width=110)
    return sum(1 for message in catalogue if message.id and not is_translated(message.string))


def is_translated(string: object) -> bool:
    """Whether every form of the text has words."""
    return all(string) if isinstance(string, (list, tuple)) else bool(string)


if __name__ == "__main__":
    sys.stderr.write(f"texts: {update()} lack their English\n")
