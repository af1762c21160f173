"""Tutors over the API: what each follows and may follow, who is away, and who takes over."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from app import dates
from app.placements import service_tutors as tutors
from app.placements.schemas import (
    StartYear,
    TutorCapacityIn,
    TutorLeaveIn,
    TutorList,
    TutorOfSchool,
    TutorSubstitutionIn,
    TutorSubstitutionOut,
)
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["placements"])

SchoolId = Annotated[UUID, Path(description="The school.")]


@router.get(
    "/schools/{school_id}/tutors", summary="List a school's tutors", responses=answers(401, 403, 404, 422)
)
def list_school_tutors(
    call: InCall,
    school_id: SchoolId,
    start_year: Annotated[
        StartYear | None, Query(description="The school year's first; the present one if left out.")
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> TutorList:
    """How many students each follows in a school year, and how many there may be; for the school's staff."""
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    year = dates.school_year(call.now().date()) if start_year is None else start_year
    with call.read() as (session, actor):
        found = tutors.list_of_school(session, actor, school_id, year)[first:]
    following = encode_cursor(first + limit) if len(found) > limit else None
    return TutorList(items=[TutorOfSchool.of(one) for one in found[:limit]], next_cursor=following)


@router.post(
    "/schools/{school_id}/tutor-capacities", status_code=201, summary="Decide how many students a tutor follows",
    response_model=TutorOfSchool, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_tutor_capacity(
    call: InCall,
    school_id: SchoolId,
    body: TutorCapacityIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school. It replaces what was decided for that school year."""
    with call.create(body) as (session, actor):
        made = tutors.decide(
            session, actor, school_id, body.user_id, body.start_year, body.most_students, now=call.now()
        )
        return call.created(TutorOfSchool.of(made), location=f"/schools/{school_id}/tutors")


@router.post(
    "/schools/{school_id}/tutor-leaves", status_code=201, summary="Note when a tutor is away",
    response_model=TutorOfSchool, responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_tutor_leave(
    call: InCall,
    school_id: SchoolId,
    body: TutorLeaveIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For who leads the school; why is not asked. Placements on those days are found fault with until somebody takes over."""
    with call.create(body) as (session, actor):
        made = tutors.note_leave(
            session, actor, school_id, body.user_id, body.starts_on, body.ends_on, now=call.now()
        )
        return call.created(TutorOfSchool.of(made), location=f"/schools/{school_id}/tutors")


@router.post(
    "/tutor-substitutions", status_code=201, summary="Let somebody take over from a tutor",
    response_model=TutorSubstitutionOut, responses=answers(401, 403, 409, 422),
)  # fmt: skip
def create_tutor_substitution(
    call: InCall,
    body: TutorSubstitutionIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """From a day on, in several placements at once: for the school, and of the host's tutors for the host too."""
    with call.create(body) as (session, actor):
        made = tutors.substitute(
            session, actor, body.side, body.before_id, body.after_id, from_on=body.from_on,
            placement_ids=body.placement_ids, now=call.now(),
        )  # fmt: skip
        out = TutorSubstitutionOut(
            side=body.side, before_id=body.before_id, after_id=body.after_id, from_on=body.from_on,
            placement_ids=sorted(one.placement_id for one in made),
        )  # fmt: skip
        return call.created(out, location="/placements")
