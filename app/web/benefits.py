"""What a school year has brought a company, on one sheet; and the thanks for it, as a PDF to hang up."""

from __future__ import annotations

import json
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app import dates, errors
from app.benefits import service
from app.benefits.service import Benefits
from app.network.rules import LEAST
from app.network.service_indicators import FIRST_YEAR
from app.opportunities.models import Kind
from app.skills import service as skills
from app.web import benefit_words as words
from app.web import language
from app.web.ui import InView, View

router = APIRouter(prefix="/companies/{company_id}", include_in_schema=False)

TEMPLATE = Path(__file__).parent / "documents" / "thanks.typ"
LIBRARY = "typst"
SHOWN_SKILLS = 10
"""More do not fit the sheet."""
StartYear = Annotated[int | None, Query(ge=FIRST_YEAR, le=2099)]


class NothingToThankFor(errors.Conflict):
    """Nobody has been there in that school year."""

    title = "The company has not hosted in this school year"


def has_pdf() -> bool:
    """Whether the library is there."""
    return find_spec(LIBRARY) is not None


@router.get("/benefits")
def show_benefits(view: InView, company_id: UUID, year: StartYear = None) -> Response:
    """The sheet of a school year."""
    found = _find(view, company_id, year)
    with view.open_read() as session:
        labels = skills.refs(session, {one.skill_id for one in found.skills})
    return view.show(
        "company/benefits.html", found=found, labels=labels, shown_skills=SHOWN_SKILLS, benefit_words=words,
        Kind=Kind, least=LEAST, first_year=FIRST_YEAR, this_year=dates.school_year(view.now().date()),
        has_thanks=has_pdf() and found.met.has_hosted, school_year=words.school_year(found.start_year),
    )  # fmt: skip


@router.get("/benefits/thanks.pdf")
def read_thanks(view: InView, company_id: UUID, year: StartYear = None) -> Response:
    """The certificate: PDF/UA-1, in the language of the reader."""
    if not has_pdf():
        raise errors.Unavailable("This installation makes no PDF.")
    found = _find(view, company_id, year)
    if not found.met.has_hosted:
        raise NothingToThankFor
    return Response(
        _thanks(view, found),
        media_type="application/pdf",
        headers={
            "content-disposition": f'attachment; filename="{view.text(words.FILE)}-{found.start_year}.pdf"'
        },
    )


def _find(view: View, company_id: UUID, year: int | None) -> Benefits:
    with view.read() as (session, actor):
        question = service.ask(session, actor, view.surveyor, company_id, year=year, now=view.now())
    return service.show(view.surveyor, question)


def _thanks(view: View, found: Benefits) -> bytes:
    import typst  # 40 MB, and absent from the lean container image

    now, write, met = view.now(), language.Writer(view.language), found.met
    data = {
        "lang": view.language,
        "title": view.text(words.TITLE),
        "company": found.company_name,
        "year": view.text(words.YEAR) % {"year": words.school_year(found.start_year)},
        "lines": [
            view.text(text) % {"number": write.number(number)}
            for text, number in (
                (words.MET, met.students if found.is_exact else 0), (words.HOURS, met.hours if met.placements else 0),
            )
            if number
        ],
        "why": view.text(words.WHY),
        "made": view.text(words.MADE) % {"day": write.day(now.date())},
    }  # fmt: skip
    document: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],
        # it takes an offset instead of a zone, and no fractions of a second
        timestamp=now.astimezone(UTC).replace(microsecond=0),
        sys_inputs={"data": json.dumps(data)},
    )
    return document
