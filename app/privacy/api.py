"""Export, erasure and looks over the API."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.privacy import service_erasure as erasures
from app.privacy import service_export as exports
from app.privacy import service_looks as looks
from app.privacy.models import Erasure
from app.privacy.schemas import (
    ErasedCountList,
    ErasedCountOut,
    ErasureIn,
    ErasureOut,
    LookList,
    LookOut,
)
from app.rest import (
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
)
from app.students import service as students

router = APIRouter(tags=["privacy"])

ZIP = "application/zip"
_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The ZIP file.",
        "content": {ZIP: {"schema": {"type": "string", "format": "binary", "maxLength": 2**31 - 1}}},
    }
}


@router.get(
    "/students/{student_id}/export",
    summary="Take everything about a student",
    response_class=Response,
    responses=_ARCHIVE | answers(404, 422),
)
def read_student_export(call: InCall, student_id: UUID) -> Response:
    """Every row about the student, as JSON and as CSV; for the student, and for staff on the student's request."""
    with call.read() as (session, actor):
        tables = exports.of_student(session, actor, student_id)
    call.looked(actor, LookKind.EXPORT, [student_id])
    return Response(exports.pack(tables, call.now()), headers=exports.FILE, media_type=ZIP)


@router.get(
    "/me/export", summary="Take everything about yourself", response_class=Response, responses=_ARCHIVE
)
def read_my_export(call: InCall) -> Response:
    """Every row about you, your student's profile included, as JSON and as CSV; for people only."""
    with call.read() as (session, actor):
        tables = exports.of_actor(session, actor)
    return Response(exports.pack(tables, call.now()), headers=exports.FILE, media_type=ZIP)


@router.post(
    "/students/{student_id}/erasure",
    status_code=201,
    summary="Ask for a student to be forgotten",
    response_model=ErasureOut,
    responses=answers(404, 409, 422),
)
def create_student_erasure(
    call: InCall,
    student_id: UUID,
    body: ErasureIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """At once when staff ask; when students do, within a day, in which they can think better of it."""
    hours = call.request.app.state.settings.erasure_hours
    with call.create(body) as (session, actor):
        erasure = erasures.ask_for_student(session, actor, student_id, now=call.now(), hours=hours)
        return _created(call, erasure)


@router.delete(
    "/students/{student_id}",
    summary="Remove a student",
    status_code=204,
    responses=answers(401, 403, 404, 412, 422, 428),
)
def remove_student(call: InCall, student_id: UUID, if_match: IfMatch = None) -> Response:
    """Forget a student at once, as an erasure that staff ask for does."""
    with call.write() as (session, actor):
        expect_version(if_match, students.get(session, actor, student_id, scope="students:write").version)
        erasures.remove_student(session, actor, student_id, now=call.now())
    return Response(status_code=204)


@router.delete(
    "/students/{student_id}/erasure",
    status_code=204,
    summary="Withdraw a student's erasure",
    responses=answers(404, 422),
)
def remove_student_erasure(call: InCall, student_id: UUID) -> Response:
    """The student stays; nothing happens when nobody has asked."""
    with call.write() as (session, actor):
        erasures.withdraw_for_student(session, actor, student_id)
    return Response(status_code=204)


@router.post(
    "/me/erasure",
    status_code=201,
    summary="Ask to be forgotten",
    response_model=ErasureOut,
    responses=answers(409, 422),
)
def create_my_erasure(
    call: InCall,
    body: ErasureIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Your account, and your student's profile if you have one, within a day; for people only."""
    hours = call.request.app.state.settings.erasure_hours
    with call.create(body) as (session, actor):
        return _created(call, erasures.ask_for_actor(session, actor, now=call.now(), hours=hours))


@router.delete("/me/erasure", status_code=204, summary="Withdraw your erasure")
def remove_my_erasure(call: InCall) -> Response:
    """You stay; nothing happens when you have not asked."""
    with call.write() as (session, actor):
        erasures.withdraw_for_actor(session, actor)
    return Response(status_code=204)


@router.get(
    "/erasures/{erasure_id}",
    summary="Read an erasure",
    responses=answers(404, 422),
)
def read_erasure(call: InCall, erasure_id: UUID) -> ErasureOut:
    """Whether it is done, for whoever was given its id; it says nothing of the person."""
    with call.read() as (session, actor):
        return ErasureOut.model_validate(erasures.read(session, actor, erasure_id))


def _created(call: InCall, erasure: Erasure) -> Response:
    return call.created(ErasureOut.model_validate(erasure), location=f"/erasures/{erasure.id}")


@router.get(
    "/students/{student_id}/looks",
    summary="List who looked at a student",
    responses=answers(404, 422),
)
def list_student_looks(call: InCall, student_id: UUID, limit: Limit = 50, cursor: Cursor = None) -> LookList:
    """For the student and the staff: who saw the profile, a ranking, or the pseudonym, by day, the newest first."""
    after = decode_cursor(cursor, datetime, str, str, UUID, UUID)
    position = (after[0].date(), *after[1:]) if after else None
    call.request.app.state.looks.flush()
    with call.read() as (session, actor):
        found = looks.search(session, actor, student_id, limit=limit + 1, after=position)
    items = [
        LookOut(
            day=one.day, kind=one.kind, viewer_kind=one.viewer_kind, viewer_name=one.viewer_name,
            opportunity_id=one.opportunity_id, opportunity_title=one.opportunity_title, times=one.times,
        )
        for one in found[:limit]
    ]  # fmt: skip
    following = None
    if len(found) > limit:
        day, kind, viewer_kind, viewer_id, about_id = found[limit - 1].position
        following = encode_cursor(datetime.combine(day, time(), UTC), kind, viewer_kind, viewer_id, about_id)
    return LookList(items=items, next_cursor=following)


@router.get("/erased-counts", summary="Count who was forgotten", responses=answers(422))
def list_erased_counts(call: InCall, limit: Limit = 50, cursor: Cursor = None) -> ErasedCountList:
    """For coordinators, of their territory: by school year, province and programme, where it was at least five."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        found = erasures.counts(session, actor)[max(0, offset) :]
    items = [ErasedCountOut.model_validate(one) for one in found[:limit]]
    following = encode_cursor(max(0, offset) + limit) if len(found) > limit else None
    return ErasedCountList(items=items, next_cursor=following)
