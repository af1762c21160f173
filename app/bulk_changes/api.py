"""Bulk changes over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.bulk_changes import service as changes
from app.bulk_changes.schemas import BulkChangeOut, SkillValidationsIn
from app.recommendations.schemas import RecommendationsIn
from app.rest import IdempotencyHeader, InCall, answers
from app.roll_overs.schemas import RollOverIn

router = APIRouter(tags=["students"])

ChangeId = Annotated[UUID, Path(description="The bulk change.")]


@router.post(
    "/classes/{class_id}/skill-validations",
    summary="Validate skills of a class",
    status_code=201,
    response_model=BulkChangeOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_skill_validations(
    call: InCall,
    class_id: UUID,
    body: SkillValidationsIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the staff of the class. What is no longer declared is left alone; everything can be undone for ten minutes."""
    with call.create(body) as (session, actor):
        change = changes.validate(session, actor, class_id, body.choices(), now=call.now())
        out = BulkChangeOut.of(change, call.now())
        return call.created(out, location=f"/bulk-changes/{out.id}")


@router.post(
    "/opportunities/{opportunity_id}/recommendations",
    summary="Recommend an opportunity to students",
    status_code=201,
    response_model=BulkChangeOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_recommendations(
    call: InCall,
    opportunity_id: UUID,
    body: RecommendationsIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the staff of their school. Who has it recommended already is left alone; it can be undone for ten minutes."""
    with call.create(body) as (session, actor):
        change = changes.recommend(
            session, actor, opportunity_id, body.student_ids, note=body.note, now=call.now()
        )
        out = BulkChangeOut.of(change, call.now())
        return call.created(out, location=f"/bulk-changes/{out.id}")


@router.post(
    "/schools/{school_id}/roll-overs",
    summary="Move a school into a new year",
    status_code=201,
    response_model=BulkChangeOut,
    responses=answers(401, 403, 404, 409, 422),
)
def create_roll_over(
    call: InCall,
    school_id: UUID,
    body: RollOverIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school: classes move up, who has finished leaves. Again moves nobody; undoable for a day."""
    with call.create(body) as (session, actor):
        choices = [one.choice() for one in body.choices]
        change = changes.roll_over(session, actor, school_id, body.year, choices, now=call.now())
        out = BulkChangeOut.of(change, call.now())
        return call.created(out, location=f"/bulk-changes/{out.id}")


@router.get(
    "/bulk-changes/{bulk_change_id}", summary="Read a bulk change", responses=answers(401, 403, 404, 422)
)
def read_bulk_change(call: InCall, bulk_change_id: ChangeId) -> BulkChangeOut:
    """For whoever made it, as long as it can be undone."""
    with call.read() as (session, actor):
        return BulkChangeOut.of(changes.read(session, actor, bulk_change_id), call.now())


@router.post(
    "/bulk-changes/{bulk_change_id}/undo",
    summary="Undo a bulk change",
    responses=answers(401, 403, 404, 409, 422),
)
def undo_bulk_change(call: InCall, bulk_change_id: ChangeId) -> BulkChangeOut:
    """Put back what nobody has changed since; doing it again changes nothing."""
    with call.write() as (session, actor):
        return BulkChangeOut.of(changes.undo(session, actor, bulk_change_id, now=call.now()), call.now())
