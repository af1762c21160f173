"""Requests for names over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.disclosures import service as disclosures
from app.disclosures import service_reading as reading
from app.disclosures.schemas import DisclosureAcceptIn, DisclosureIn, DisclosureList, DisclosureOut
from app.events.service_looks import LookKind
from app.matches import service as matches
from app.matches.asked import InEngine
from app.matches.engine import Engine
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["disclosures"])


DisclosureId = Annotated[UUID, Path(description="The request.")]


@router.post(
    "/opportunities/{opportunity_id}/disclosures",
    summary="Ask who a candidate is",
    status_code=201,
    response_model=DisclosureOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_disclosure(
    call: InCall,
    engine: InEngine,
    opportunity_id: UUID,
    body: DisclosureIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the company that offers it. Name and tutor show when the student and the school have both accepted."""
    with call.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, engine, opportunity_id)
    student_id = matches.find_candidates(engine, question, {body.pseudonym}).get(body.pseudonym)
    if student_id is None:
        raise disclosures.unknown()
    with call.create(body) as (session, actor):
        asked = disclosures.ask(session, actor, opportunity_id, student_id, now=call.now(), days=_days(call))
        out = reading.show(reading.find(session, actor, asked.id), engine, call.now())
        return call.created(out, location=f"/disclosures/{out.id}")


@router.get("/disclosures", summary="List requests for names", responses=answers(401, 403, 422))
def list_disclosures(
    call: InCall,
    engine: InEngine,
    company_id: Annotated[UUID | None, Query(description="Only of this company.")] = None,
    opportunity_id: Annotated[UUID | None, Query(description="Only for this opportunity.")] = None,
    student_id: Annotated[UUID | None, Query(description="Only for this student; not for companies.")] = None,
    class_id: Annotated[UUID | None, Query(description="Only for students of this class.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> DisclosureList:
    """Those that you have asked, or are asked: of your company, for you, for your students. The latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = reading.search(
            session, actor, company_id=company_id, opportunity_id=opportunity_id, student_id=student_id,
            class_id=class_id, after=after, limit=limit + 1,
        )  # fmt: skip
    items = _tell(call, engine, found[:limit])
    last = items[-1] if len(found) > limit else None
    return DisclosureList(
        items=items, next_cursor=encode_cursor(last.requested_at, last.id) if last else None
    )


@router.get(
    "/disclosures/{disclosure_id}", summary="Read a request for a name", responses=answers(401, 403, 404, 422)
)
def read_disclosure(call: InCall, engine: InEngine, disclosure_id: DisclosureId) -> DisclosureOut:
    """Whenever it shows a company a name, that is recorded."""
    with call.read() as (session, actor):
        told = reading.read(session, actor, disclosure_id)
    return _tell(call, engine, [told])[0]


@router.post(
    "/disclosures/{disclosure_id}/accept", summary="Accept that a name is shown",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def accept_disclosure(
    call: InCall, engine: InEngine, disclosure_id: DisclosureId, body: DisclosureAcceptIn
) -> DisclosureOut:
    """For the student, and for the staff of the school: each speaks for one side, and both are needed."""
    with call.write() as (session, actor):
        disclosures.accept(
            session, actor, disclosure_id, tutor_id=body.tutor_id, now=call.now(), days=_days(call)
        )
        return reading.show(reading.find(session, actor, disclosure_id), engine, call.now())


@router.post(
    "/disclosures/{disclosure_id}/refuse", summary="Refuse that a name is shown",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def refuse_disclosure(call: InCall, engine: InEngine, disclosure_id: DisclosureId) -> DisclosureOut:
    """For the student, and for the staff of the school; one no is enough."""
    with call.write() as (session, actor):
        return reading.show(
            disclosures.refuse(session, actor, disclosure_id, now=call.now()), engine, call.now()
        )


@router.post(
    "/disclosures/{disclosure_id}/withdraw", summary="Take back a request, or a yes",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def withdraw_disclosure(call: InCall, engine: InEngine, disclosure_id: DisclosureId) -> DisclosureOut:
    """For all three at any time; from then on the name does not show."""
    with call.write() as (session, actor):
        return reading.show(
            disclosures.withdraw(session, actor, disclosure_id, now=call.now()), engine, call.now()
        )


def _tell(call: InCall, engine: Engine, found: list[reading.Told]) -> list[DisclosureOut]:
    # What shows a name is recorded before the name goes out.
    shown = reading.names_shown(found, call.now())
    if shown:
        with call.write() as (session, actor):
            reading.note_reading(session, actor, shown)
    with call.looking_at_many():
        for one in (told.disclosure for told in shown):
            about = {"about_id": one.opportunity_id, "company_id": one.company_id}
            call.looked(actor, LookKind.NAME, [one.student_id], **about)
    return [reading.show(told, engine, call.now()) for told in found]


def _days(call: InCall) -> int:
    days: int = call.request.app.state.settings.disclosure_days
    return days
