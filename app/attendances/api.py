"""The day of a visit over the API: who came, what it is worth, how it was, and how many will come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import SecretStr
from starlette.responses import Response

from app.attendances import service, service_advice, service_codes, service_feedback, service_worths
from app.attendances.schemas import (
    CheckInIn,
    CheckInList,
    CheckInOut,
    CodeCheckInIn,
    SeatAdviceOut,
    SessionFeedbackOut,
    VisitFeedbackIn,
    VisitFeedbackOut,
    VisitWorthIn,
    VisitWorthOut,
)
from app.attendances.service import Presence
from app.auth.actors import Actor
from app.bookings.rules import Side
from app.events.service_looks import LookKind
from app.rest import (
    Call,
    Cursor,
    IdempotencyHeader,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
)

router = APIRouter(tags=["attendances"])

VisitSessionId = Annotated[UUID, Path(description="The session.")]
BookingId = Annotated[UUID, Path(description="The booking.")]


def _secret(call: Call) -> SecretStr:
    secret: SecretStr = call.request.app.state.settings.secret_key
    return secret


def _out(call: Call, found: Presence) -> CheckInOut:
    return CheckInOut.of(found, service_codes.of_reader(found.seen, _secret(call)))


def _looked(call: Call, actor: Actor, found: Sequence[Presence]) -> None:
    shown = {
        one for each in found if each.seen.side in (Side.SCHOOL, Side.SERVICE) for one in each.seen.students
    }
    call.looked(actor, LookKind.PROFILE, sorted(shown))


@router.get(
    "/visit-sessions/{visit_session_id}/check-ins", summary="List who came", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def list_check_ins(
    call: InCall, visit_session_id: VisitSessionId, limit: Limit = 50, cursor: Cursor = None
) -> CheckInList:
    """The list of the day: of all bookings for the host, by numbers; of their own for the others."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service.of_session(
            session, actor, visit_session_id, after=after, limit=limit + 1, now=call.now()
        )
    _looked(call, actor, found[:limit])
    last = found[limit - 1].seen.booking if len(found) > limit else None
    return CheckInList(
        items=[_out(call, one) for one in found[:limit]],
        next_cursor=encode_cursor(last.asked_at, last.id) if last else None,
    )


@router.post(
    "/visit-sessions/{visit_session_id}/check-ins", status_code=201, summary="Check in by code", response_model=CheckInOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_code_check_in(
    call: InCall,
    visit_session_id: VisitSessionId,
    body: CodeCheckInIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By the host, with the code that somebody shows or types at the door."""
    with call.create(body) as (session, actor):
        found = service.mark_by_code(
            session, actor, visit_session_id, body.code, body.came(call.now()), _secret(call), now=call.now()
        )
        out = _out(call, found)
        return call.created(out, location=f"/bookings/{out.booking_id}/check-in", version=out.version)


@router.get("/bookings/{booking_id}/check-in", summary="Read who came", responses=answers(401, 403, 404, 422))
def read_check_in(call: InCall, booking_id: BookingId) -> CheckInOut:
    """Who was to come and who came; and the code, for whoever brings it to the door."""
    with call.read() as (session, actor):
        found = service.read(session, actor, booking_id)
    _looked(call, actor, [found])
    return _out(call, found)


@router.post(
    "/bookings/{booking_id}/check-in", status_code=201, summary="Note who came", response_model=CheckInOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_check_in(
    call: InCall,
    booking_id: BookingId,
    body: CheckInIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By the host, in numbers, or by the school, whose word stands; again and later, since telephones lose the network."""
    with call.create(body) as (session, actor):
        out = _out(call, service.mark(session, actor, booking_id, body.came(call.now()), now=call.now()))
        return call.created(out, location=f"/bookings/{booking_id}/check-in", version=out.version)


@router.post(
    "/opportunities/{opportunity_id}/visit-hours", status_code=201, summary="Decide what a visit is worth",
    response_model=VisitWorthOut, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_visit_hours(
    call: InCall,
    opportunity_id: Annotated[UUID, Path(description="The visit.")],
    body: VisitWorthIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By who leads the school. Whoever was there has the hours at once, and loses them if it turns out that they were not."""
    with call.create(body) as (session, actor):
        worth = service_worths.decide(
            session, actor, opportunity_id, body.school_id, body.hours, now=call.now()
        )
        out = VisitWorthOut.model_validate(worth)
        return call.created(out, location=f"/opportunities/{opportunity_id}", version=out.version)


# --- afterwards -------------------------------------------------------------------------------------------------------


@router.post(
    "/bookings/{booking_id}/feedback", status_code=201, summary="Say how it was", response_model=VisitFeedbackOut,
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_visit_feedback(
    call: InCall,
    booking_id: BookingId,
    body: VisitFeedbackIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """By each student who was there, and for a group by its school. Again replaces it; no name goes to the host."""
    with call.create(body) as (session, actor):
        feedback = service_feedback.give(
            session, actor, booking_id, body.discovery, body.recommends, body.words, now=call.now()
        )
        out = VisitFeedbackOut.model_validate(feedback)
        return call.created(out, location=f"/bookings/{booking_id}", version=out.version)


@router.get(
    "/visit-sessions/{visit_session_id}/feedback", summary="Read how it was", responses=answers(401, 403, 404, 422)
)  # fmt: skip
def read_session_feedback(call: InCall, visit_session_id: VisitSessionId) -> SessionFeedbackOut:
    """For the host and whoever coordinates: counts of five and more, and words without names."""
    with call.read() as (session, actor):
        return SessionFeedbackOut.of(service_feedback.of_session(session, actor, visit_session_id))


# --- before -----------------------------------------------------------------------------------------------------------


@router.get(
    "/visit-sessions/{visit_session_id}/seat-advice", summary="Ask how many will come",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def read_seat_advice(
    call: InCall,
    visit_session_id: VisitSessionId,
    room: Annotated[
        int | None, Query(ge=1, le=1000, description="Places on the day; left out is as many as seats.")
    ] = None,
    risk: Annotated[
        float, Query(ge=0.01, le=0.5, description="How likely it may be that somebody finds no place.")
    ] = 0.05,
) -> SeatAdviceOut:
    """For whoever changes the visit, before it begins; learnt from check-ins of the past. Nothing changes by itself."""
    with call.read() as (session, actor):
        question = service_advice.ask(session, actor, visit_session_id, now=call.now())
    return SeatAdviceOut.of(service_advice.answer(question, room=room, risk=risk))
