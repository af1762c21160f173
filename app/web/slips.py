"""Slips with codes, as a PDF to cut: tagged, selectable, and made by a library that a lean installation lacks."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import segno

from app.students.service_codes import Slip
from app.web import language
from app.web.language import mark as _
from app.web.ui import View

TITLE = _("Codici di accesso, classe %(name)s")
STEPS = _("Apri l'indirizzo o inquadra il quadrato, scrivi il codice, entra.")
PICTURE = _("Codice QR con l'indirizzo e il codice")
UNTIL = _("Vale una volta sola, fino al %(day)s.")
TEMPLATE = Path(__file__).parent / "documents" / "slips.typ"
LIBRARY = "typst"


@dataclass(frozen=True, slots=True)
class Sheet:
    """New codes of a class; `address` is the page where they are typed."""

    school: str
    class_name: str
    address: str
    slips: Sequence[Slip]


def has_pdf() -> bool:
    """Whether the library is there."""
    return find_spec(LIBRARY) is not None


def link(sheet: Sheet, slip: Slip) -> str:
    """The address with the code in it: it fills the form in and does nothing else."""
    return f"{sheet.address}?c={quote(slip.code)}"


def qr_address(sheet: Sheet, slip: Slip) -> str:
    """The link as a QR code, as an address of an image."""
    return segno.make(link(sheet, slip), error="m").svg_data_uri(scale=4, border=2)


def pdf(view: View, sheet: Sheet) -> bytes:
    """A page for every eight slips: PDF/UA-1, in the language of the reader."""
    import typst  # 40 MB, and absent from the lean container image

    write = language.Writer(view.language)
    data = {
        "lang": view.language,
        "title": view.text(TITLE) % {"name": sheet.class_name},
        "school": sheet.school,
        "steps": view.text(STEPS),
        "address": sheet.address,
        "alt": view.text(PICTURE),
        "slips": [
            {
                "name": f"{slip.given_name} {slip.family_name}",
                "code": slip.code,
                "until": view.text(UNTIL) % {"day": write.day(slip.expires_at.date())},
                "qr": _svg(link(sheet, slip)),
            }
            for slip in sheet.slips
        ],
    }  # fmt: skip
    document: bytes = typst.compile(
        TEMPLATE.read_bytes(), format="pdf", pdf_standards="ua-1", sys_inputs={"data": json.dumps(data)}
    )
    return document


def _svg(address: str) -> str:
    text = io.BytesIO()
    segno.make(address, error="m").save(text, kind="svg", border=1)
    return text.getvalue().decode()
