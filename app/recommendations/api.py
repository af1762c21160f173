"""A student's recommendations over the API; they are made for several students at once in `app.bulk_changes`."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.recommendations import service as recommendations
from app.recommendations.schemas import RecommendationList, RecommendationOut
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["students"])


@router.get(
    "/students/{student_id}/recommendations",
    summary="List what is recommended to a student",
    responses=answers(401, 403, 404, 422),
)
def list_recommendations(
    call: InCall, student_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> RecommendationList:
    """What the staff of the school advises the student to look at, as long as it is open. The latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = recommendations.of_student(session, actor, student_id, limit=limit + 1, after=after)
    items = [RecommendationOut.of(told) for told in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return RecommendationList(
        items=items, next_cursor=encode_cursor(last.recommended_at, last.id) if last else None
    )


@router.delete(
    "/recommendations/{recommendation_id}",
    summary="Take a recommendation back",
    status_code=204,
    responses=answers(401, 403, 404, 422),
)
def remove_recommendation(call: InCall, recommendation_id: UUID) -> Response:
    """For the staff of the student's school; the student no longer sees it."""
    with call.write() as (session, actor):
        recommendations.remove(session, actor, recommendation_id)
    return Response(status_code=204)
