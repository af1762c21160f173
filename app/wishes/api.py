"""Wishes over the API: read by the student and the staff, changed by the student."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
    with_etag,
)
from app.wishes import service as wishes
from app.wishes.schemas import WishIn, WishList, WishOut, WishPatch

router = APIRouter(prefix="/students/{student_id}/wishes", tags=["wishes"])

WishId = Annotated[UUID, Path(description="The wish.")]


@router.get("", summary="List a student's wishes", responses=answers(404, 422))
def list_student_wishes(
    call: InCall, student_id: UUID, limit: Limit = 100, cursor: Cursor = None
) -> WishList:
    """For the student and the staff; no company sees them."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        found = wishes.search(session, actor, student_id)[first:]
    call.looked(actor, LookKind.PROFILE, [student_id])
    following = encode_cursor(first + limit) if len(found) > limit else None
    return WishList(items=[WishOut.of(one) for one in found[:limit]], next_cursor=following)


@router.post(
    "", status_code=201, summary="Save an opportunity", response_model=WishOut, responses=answers(404, 409, 422)
)  # fmt: skip
def create_student_wish(
    call: InCall,
    student_id: UUID,
    body: WishIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Save it, and perhaps rank it; what is saved already stays one wish."""
    with call.create(body) as (session, actor):
        made = wishes.save(
            session, actor, student_id, body.opportunity_id, is_ranked=body.is_ranked, now=call.now()
        )
        out = WishOut.of(wishes.read(session, actor, student_id, made.id))
        return call.created(out, location=f"/students/{student_id}/wishes/{out.id}", version=out.version)


@router.get("/{wish_id}", summary="Read a wish", response_model=WishOut, responses=answers(404, 422))
def read_student_wish(call: InCall, student_id: UUID, wish_id: WishId) -> Response:
    """One wish with what its opportunity is."""
    with call.read() as (session, actor):
        out = WishOut.of(wishes.read(session, actor, student_id, wish_id))
    call.looked(actor, LookKind.PROFILE, [student_id])
    return with_etag(out, out.version)


@router.patch(
    "/{wish_id}", summary="Move a wish", response_model=WishOut,
    responses=answers(400, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_student_wish(
    call: InCall,
    student_id: UUID,
    wish_id: WishId,
    body: Annotated[WishPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Put it at a position of the list, or take it out of the list."""
    with call.write() as (session, actor):
        expect_version(if_match, wishes.read(session, actor, student_id, wish_id).wish.version)
        if "position" in body.changes():
            wishes.move(session, actor, student_id, wish_id, body.position, now=call.now())
        out = WishOut.of(wishes.read(session, actor, student_id, wish_id))
    return with_etag(out, out.version)


@router.delete("/{wish_id}", status_code=204, summary="Remove a wish", responses=answers(404, 412, 422, 428))
def remove_student_wish(
    call: InCall, student_id: UUID, wish_id: WishId, if_match: IfMatch = None
) -> Response:
    """It is neither saved nor ranked any longer."""
    with call.write() as (session, actor):
        expect_version(if_match, wishes.read(session, actor, student_id, wish_id).wish.version)
        wishes.remove(session, actor, student_id, wish_id, now=call.now())
    return Response(status_code=204)
