"""Planning sessions by a rule, and what gets in the way of sessions, over the API."""

from __future__ import annotations

from datetime import UTC
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.bookings import service_clashes, service_overview, service_repeating
from app.bookings.schemas import VisitSessionOut
from app.bookings.schemas_repeating import (
    ClashOut,
    OpportunityClashesOut,
    SessionClashesOut,
    SessionRunIn,
    SessionRunOut,
    SessionRunTrialOut,
)
from app.rest import IdempotencyHeader, InCall, answers

router = APIRouter(tags=["bookings"])

OpportunityId = Annotated[UUID, Path(description="The visit.")]


@router.post(
    "/opportunities/{opportunity_id}/session-runs/trial", summary="See what a rule comes to",
    responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def try_session_run(call: InCall, opportunity_id: OpportunityId, body: SessionRunIn) -> SessionRunTrialOut:
    """For whoever changes the visit: the days, those left out and why, and what gets in the way. Nothing is planned."""
    with call.read() as (session, actor):
        planned = service_repeating.preview(
            session, actor, opportunity_id, body.repetition(), room=body.room, school_id=body.school_id, now=call.now()
        )  # fmt: skip
    return SessionRunTrialOut.of(planned)


@router.post(
    "/opportunities/{opportunity_id}/session-runs", status_code=201, summary="Plan sessions by a rule",
    response_model=SessionRunOut, responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_session_run(
    call: InCall,
    opportunity_id: OpportunityId,
    body: SessionRunIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """All of them or none. Refused where the room is taken by another session of the same host; all other clashes are warnings."""
    with call.create(body) as (session, actor):
        made = service_repeating.create(
            session, actor, opportunity_id, body.repetition(), body.values(), school_id=body.school_id, now=call.now()
        )  # fmt: skip
        out = SessionRunOut(sessions=[VisitSessionOut.of(one, is_host=True) for one in made])
        return call.created(out, location=f"/opportunities/{opportunity_id}/sessions")


@router.get(
    "/opportunities/{opportunity_id}/clashes", summary="See what gets in the way of a visit's sessions",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def read_opportunity_clashes(call: InCall, opportunity_id: OpportunityId) -> OpportunityClashesOut:
    """For whoever changes the visit: the same room or host at the same time, the same topic nearby within a week, tests of classes that come."""
    with call.read() as (session, actor):
        opportunity = service_overview.require_host(session, actor, opportunity_id)
        slots = service_clashes.planned(session, [opportunity])
        warned = service_clashes.warn(session, slots, call.now().tzinfo or UTC)
    found = [
        SessionClashesOut(
            visit_session_id=slot.id, starts_at=slot.starts_at,
            clashes=[ClashOut.of(one) for one in warned if one.visit_session_id == slot.id],
        )
        for slot in slots
    ]  # fmt: skip
    return OpportunityClashesOut(sessions=[one for one in found if one.clashes])
