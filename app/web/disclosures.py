"""Requests for names on pages: a company asks, student and school answer; the lists stand where each looks anyway."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.companies import service as companies
from app.disclosures import service as disclosures
from app.disclosures import service_reading as reading
from app.disclosures.rules import State
from app.disclosures.schemas import DisclosureOut
from app.events.service_looks import LookKind
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

MOST_LISTED = 100


class Answer(StrEnum):
    """What can be done with a request."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"


def listed(
    view: View,
    session: Session,
    actor: Actor,
    *,
    student_id: UUID | None = None,
    class_id: UUID | None = None,
    opportunity_id: UUID | None = None,
) -> list[DisclosureOut]:
    """Requests for a page on which nobody reads a name for the first time: of a student, of a class, of candidates."""
    found = reading.search(
        session,
        actor,
        student_id=student_id,
        class_id=class_id,
        opportunity_id=opportunity_id,
        limit=MOST_LISTED,
    )
    return [reading.show(told, view.engine, view.now()) for told in found]


@router.get("/companies/{company_id}/disclosures")
def show_disclosures(view: InView, company_id: UUID) -> Response:
    """Whom the company has asked for, and the names that it has been given. Every reading of a name is recorded."""
    with view.read() as (session, actor):
        company = companies.read(session, actor, company_id)
        if not actor.is_of_company(company_id):
            raise companies.NoSuchCompany
        found = reading.search(session, actor, company_id=company_id, limit=MOST_LISTED)
    shown = reading.names_shown(found, view.now())
    if shown:
        with view.write() as (session, actor):
            reading.note_reading(session, actor, shown)
    with view.looking_at_many():
        for one in (told.disclosure for told in shown):
            view.looked(LookKind.NAME, [one.student_id], about_id=one.opportunity_id, company_id=company_id)
    items = [reading.show(told, view.engine, view.now()) for told in found]
    items.sort(key=lambda one: one.state is not State.ACCEPTED)  # names first, each part newest first
    return view.show("company/disclosures.html", company=company, items=items, most_listed=MOST_LISTED)


@router.post("/disclosures/{disclosure_id}/{answer}")
def give_answer(
    view: InView,
    disclosure_id: UUID,
    answer: Answer,
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002 -- the address's own word
) -> Response:
    """Accept, refuse or take back."""
    now = view.now()
    with view.write() as (session, actor):
        if answer is Answer.ACCEPT:
            days = view.settings.disclosure_days
            disclosures.accept(session, actor, disclosure_id, now=now, days=days)
        elif answer is Answer.REFUSE:
            disclosures.refuse(session, actor, disclosure_id, now=now)
        else:
            disclosures.withdraw(session, actor, disclosure_id, now=now)
    return view.go(safe_next(next))
