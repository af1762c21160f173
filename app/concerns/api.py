"""Concerns over the API. Programs read them; only people report, and families do so on their own page."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.auth.actors import Actor
from app.concerns import service as concerns
from app.concerns import service_family as families
from app.concerns import service_reading as reading
from app.concerns.models import Side
from app.concerns.rules import Deadlines
from app.concerns.schemas import (
    ConcernCloseIn,
    ConcernIn,
    ConcernLineOut,
    ConcernList,
    ConcernMessageIn,
    ConcernMessageOut,
    ConcernNameIn,
    ConcernOut,
    FamilyCodeOut,
)
from app.concerns.service_reading import Case
from app.events.service_looks import LookKind
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["placements"])

ConcernId = Annotated[UUID, Path(description="The concern.")]


@router.post(
    "/placements/{placement_id}/concerns",
    summary="Report a problem",
    status_code=201,
    response_model=ConcernOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_concern(
    call: InCall,
    placement_id: Annotated[UUID, Path(description="The placement.")],
    body: ConcernIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """The red button, for the student of the placement. The school answers within days, and no company reads it."""
    deadlines = Deadlines.of(call.request.app.state.settings)
    with call.create(body) as (session, actor):
        case = concerns.report(
            session, actor, placement_id, body.kind, body.text, skips_tutor=body.skips_tutor, now=call.now(),
            deadlines=deadlines,
        )  # fmt: skip
        out = ConcernOut.whole(case, reading.messages(session, case.concern.id))
        return call.created(out, location=f"/concerns/{out.id}")


@router.get("/concerns", summary="List reported problems", responses=answers(401, 403, 422))
def list_concerns(
    call: InCall,
    placement_id: Annotated[UUID | None, Query(description="Only of this placement.")] = None,
    is_open: Annotated[bool | None, Query(description="Only open ones, or only closed ones.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ConcernList:
    """Your own, those of your school, those that came to your territory; none for companies. The latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = reading.search(
            session, actor, placement_id=placement_id, is_open=is_open, after=after, limit=limit + 1
        )
    with call.looking_at_many():
        for one in found[:limit]:
            _look(call, actor, one)
    last = found[limit - 1].concern if len(found) > limit else None
    return ConcernList(
        items=[ConcernLineOut.of(one) for one in found[:limit]],
        next_cursor=encode_cursor(last.raised_at, last.id) if last else None,
    )


@router.get(
    "/concerns/{concern_id}", summary="Read a reported problem", responses=answers(401, 403, 404, 422)
)
def read_concern(call: InCall, concern_id: ConcernId) -> ConcernOut:
    """With all that was written about it."""
    with call.read() as (session, actor):
        case = reading.find(session, actor, concern_id)
        out = ConcernOut.whole(case, reading.messages(session, concern_id))
    _look(call, actor, case)
    return out


@router.post(
    "/concerns/{concern_id}/messages",
    summary="Write about a reported problem",
    status_code=201,
    response_model=ConcernMessageOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_concern_message(
    call: InCall,
    concern_id: ConcernId,
    body: ConcernMessageIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For everybody who sees it; the others are told. It does not stop the clock."""
    with call.create(body) as (session, actor):
        message = concerns.write(session, actor, concern_id, body.text, now=call.now())
        out = ConcernMessageOut.of(reading.find(session, actor, concern_id), message)
        return call.created(out, location=f"/concerns/{concern_id}")


@router.post(
    "/concerns/{concern_id}/name", summary="Ask whom a problem is about", responses=answers(401, 403, 404, 409, 422)
)  # fmt: skip
def ask_concern_name(call: InCall, concern_id: ConcernId, body: ConcernNameIn) -> ConcernOut:
    """For coordinators, once it has come to them. The student and the school are told, and the reason is kept."""
    with call.write() as (session, actor):
        case = concerns.ask_name(session, actor, concern_id, body.reason, now=call.now())
        out = ConcernOut.whole(case, reading.messages(session, concern_id))
    _look(call, actor, case)
    return out


@router.post(
    "/concerns/{concern_id}/close", summary="Close a reported problem", responses=answers(401, 403, 404, 422)
)
def close_concern(call: InCall, concern_id: ConcernId, body: ConcernCloseIn) -> ConcernOut:
    """For whoever has reported it, and with a reason for who runs the service. The school cannot close it."""
    with call.write() as (session, actor):
        case = concerns.close(session, actor, concern_id, reason=body.reason, now=call.now())
        return ConcernOut.whole(case, reading.messages(session, concern_id))


@router.post(
    "/students/{student_id}/family-code",
    summary="Make a code for a student's family",
    response_model=FamilyCodeOut,
    responses=answers(401, 403, 404, 409, 422),
)
def renew_family_code(call: InCall, student_id: UUID) -> FamilyCodeOut:
    """For staff: hand it to the parents, who report problems with it. The code before ends; who is of age has none."""
    secret = call.request.app.state.settings.secret_key
    with call.write() as (session, actor):
        handed = families.issue(session, actor, student_id, secret=secret, now=call.now())
        return FamilyCodeOut(student_id=student_id, code=handed.code, expires_at=handed.expires_at)


@router.delete(
    "/students/{student_id}/family-code",
    summary="End the code of a student's family",
    status_code=204,
    responses=answers(401, 403, 404, 422),
)
def remove_family_code(call: InCall, student_id: UUID) -> Response:
    """It opens nothing any more; nothing happens when there is none."""
    with call.write() as (session, actor):
        families.end(session, actor, student_id)
    return Response(status_code=204)


def _look(call: InCall, actor: Actor, case: Case) -> None:
    if case.student_name is not None:
        kind = LookKind.NAME if case.side is Side.TERRITORY else LookKind.PROFILE
        call.looked(actor, kind, [case.concern.student_id])
