"""Days off over the API. They are published, as schools are: readable without an actor."""

from __future__ import annotations

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app.calendars import service as calendars
from app.calendars.schemas import (
    PatronDayIn,
    PatronDayList,
    PatronDayOut,
    SchoolClosingList,
    SchoolClosingOut,
    SchoolClosingsIn,
    SchoolClosingsOut,
)
from app.dates import Day
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["calendars"])

SchoolId = Annotated[UUID, Path(description="The school.")]


@router.get(
    "/schools/{school_id}/closings", summary="List a school's closing days", responses=answers(404, 422)
)
def list_school_closings(
    call: InCall,
    school_id: SchoolId,
    from_on: Annotated[Day | None, Query(description="Without those that are over by this day.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> SchoolClosingList:
    """When the school is closed, and what that means for who is placed with a host."""
    after = decode_cursor(cursor, date, UUID)
    with call.open() as session:
        found = calendars.closings(session, school_id, from_on=from_on, after=after, limit=limit + 1)
        items = [SchoolClosingOut.model_validate(one) for one in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return SchoolClosingList(
        items=items, next_cursor=encode_cursor(last.starts_on, last.id) if last else None
    )


@router.post(
    "/schools/{school_id}/closings", status_code=201, summary="Note a school's closing days",
    response_model=SchoolClosingsOut, responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_school_closings(
    call: InCall,
    school_id: SchoolId,
    body: SchoolClosingsIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school: several at once, all or none."""
    with call.create(body) as (session, actor):
        made = calendars.close(session, actor, school_id, [one.closing() for one in body.closings])
        out = SchoolClosingsOut(closings=[SchoolClosingOut.model_validate(one) for one in made])
        return call.created(out, location=f"/schools/{school_id}/closings")


@router.delete(
    "/schools/{school_id}/closings/{closing_id}", status_code=204, summary="Take back a school's closing days",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def remove_school_closing(call: InCall, school_id: SchoolId, closing_id: UUID) -> Response:
    """For who leads the school. A closing never changes, so no If-Match is asked for."""
    with call.write() as (session, actor):
        calendars.reopen(session, actor, school_id, closing_id)
    return Response(status_code=204)


@router.get("/patron-days", summary="List patron saints' days", responses=answers(422))
def list_patron_days(
    call: InCall,
    municipality_istat: Annotated[
        str | None, Query(max_length=6, pattern="^[0-9]{6}$", description="Only of this municipality.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> PatronDayList:
    """On which day of the year whoever works in a municipality has a holiday of their own."""
    after = decode_cursor(cursor, str, str)
    with call.open() as session:
        found = calendars.patrons(
            session, municipality_istat=municipality_istat, after=after, limit=limit + 1
        )
        items = [PatronDayOut.of(*one) for one in found[:limit]]
    last = items[-1] if len(found) > limit else None
    place = encode_cursor(last.municipality_name, last.municipality_istat) if last else None
    return PatronDayList(items=items, next_cursor=place)


@router.post(
    "/patron-days", status_code=201, summary="Note a patron saint's day",
    response_model=PatronDayOut, responses=answers(400, 401, 403, 409, 422),
)  # fmt: skip
def create_patron_day(
    call: InCall,
    body: PatronDayIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who coordinates the municipality's province, and for who leads a school of it."""
    with call.create(body) as (session, actor):
        out = PatronDayOut.of(*calendars.note_patron(session, actor, **body.model_dump()))
        return call.created(out, location=f"/patron-days?municipality_istat={out.municipality_istat}")


@router.delete(
    "/patron-days/{patron_id}", status_code=204, summary="Take back a patron saint's day",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def remove_patron_day(call: InCall, patron_id: UUID) -> Response:
    """For the same; it never changes, so no If-Match is asked for."""
    with call.write() as (session, actor):
        calendars.remove_patron(session, actor, patron_id)
    return Response(status_code=204)
