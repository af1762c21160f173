"""Tests of classes over the API."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.class_tests import service
from app.class_tests.schemas import ClassTestList, ClassTestOut, ClassTestsIn, ClassTestsOut
from app.dates import Day
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["classes"])

ClassId = Annotated[UUID, Path(description="The class.")]


@router.get(
    "/classes/{class_id}/tests", summary="List a class's tests", responses=answers(401, 403, 404, 422)
)
def list_class_tests(
    call: InCall,
    class_id: ClassId,
    from_on: Annotated[Day | None, Query(description="Without those before this day.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClassTestList:
    """For the staff of the class. They are deleted when the school year is over."""
    after = decode_cursor(cursor, date, UUID)
    with call.read() as (session, actor):
        found = service.search(session, actor, class_id, from_on=from_on, after=after, limit=limit + 1)
        items = [ClassTestOut.model_validate(one) for one in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return ClassTestList(items=items, next_cursor=encode_cursor(last.held_on, last.id) if last else None)


@router.post(
    "/classes/{class_id}/tests", status_code=201, summary="Note a class's tests", response_model=ClassTestsOut,
    responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_class_tests(
    call: InCall,
    class_id: ClassId,
    body: ClassTestsIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the staff of the class: several at once, all or none. Sessions of visits on such a day stand lower for the class."""
    with call.create(body) as (session, actor):
        made = service.note(session, actor, class_id, [one.sitting() for one in body.tests], now=call.now())
        out = ClassTestsOut(tests=[ClassTestOut.model_validate(one) for one in made])
        return call.created(out, location=f"/classes/{class_id}/tests")


@router.delete(
    "/classes/{class_id}/tests/{test_id}", status_code=204, summary="Take back a class's test",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def remove_class_test(
    call: InCall, class_id: ClassId, test_id: Annotated[UUID, Path(description="The test.")]
) -> Response:
    """For the staff of the class. A test never changes, so no If-Match is asked for."""
    with call.write() as (session, actor):
        service.remove(session, actor, class_id, test_id)
    return Response(status_code=204)
