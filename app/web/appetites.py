"""One question a year, one tap: does the company host? A mailed link opens the page, a button answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app import errors
from app.appetites import rules, service
from app.appetites.models import Appetite, NotHosting
from app.appetites.schemas import version_of
from app.companies import service as companies
from app.web import appetite_words
from app.web.benefit_words import school_year
from app.web.ui import InView, View

router = APIRouter(prefix="/companies/{company_id}", include_in_schema=False)


@router.get("/appetite")
def show_appetite(view: InView, company_id: UUID) -> Response:
    """The question, what was answered, and what can be offered again."""
    return _page(view, company_id)


def _page(view: View, company_id: UUID, *, is_overtaken: bool = False) -> Response:
    year = rules.asked_year(view.now().date())
    with view.read() as (session, actor):
        row = service.read(session, actor, company_id, year=year)
        company = companies.read(session, actor, company_id)
        works_here = actor.is_of_company(company_id)
        again = service.renewable(session, company_id) if works_here else None
        hidden_at = service.hidden_at(session, company_id)
    return view.show(
        "company/appetite.html", status=409 if is_overtaken else 200, company=company, row=row, again=again,
        works_here=works_here, hidden_at=hidden_at, version=version_of(row), is_overtaken=is_overtaken, words_of=appetite_words,
        school_year=school_year(year), NO=Appetite.NOT_THIS_YEAR,
    )  # fmt: skip


@router.post("/appetite")
def say_appetite(
    view: InView,
    company_id: UUID,
    answer: Annotated[Appetite | NotHosting, Form()],
    version: Annotated[int, Form(ge=0, le=2**31 - 1)],
) -> Response:
    """Each button is a whole answer: a reason is a no with it."""
    if answer is Appetite.NOT_THIS_YEAR:
        raise errors.Invalid(faults=[{"in": "body", "field": "answer", "detail": "says why not this year"}])
    changes = (
        {"appetite": Appetite.NOT_THIS_YEAR, "reason": answer}
        if isinstance(answer, NotHosting)
        else {"appetite": answer}
    )
    year = rules.asked_year(view.now().date())
    with view.write() as (session, actor):
        present = service.for_change(session, actor, company_id, year=year)
        is_overtaken = version_of(present) != version
        if not is_overtaken:
            service.say(session, actor, company_id, changes, year=year, now=view.now())
        is_wanted = answer is Appetite.LOOKING and actor.is_of_company(company_id)
        again = service.renewable(session, company_id) if is_wanted else None
    if is_overtaken:
        return _page(view, company_id, is_overtaken=True)
    if again is not None:
        return view.go(f"/opportunities/{again.id}/renewal")
    return view.go(f"/companies/{company_id}/{'need' if is_wanted else 'appetite#said'}")
