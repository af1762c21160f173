"""Students' profiles over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
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
from app.students import service as students
from app.students.schemas import StudentIn, StudentList, StudentOut, StudentPatch

router = APIRouter(prefix="/students", tags=["students"])


@router.get("", summary="List students", responses=answers(401, 403, 409, 422))
def list_students(
    call: InCall,
    class_id: Annotated[UUID | None, Query(description="Only of this class.")] = None,
    school_id: Annotated[UUID | None, Query(description="Only of this school.")] = None,
    source: Annotated[
        str | None, Query(min_length=1, max_length=40, description="Only from this system.")
    ] = None,
    external_id: Annotated[
        str | None, Query(min_length=1, max_length=80, description="Only with this id in that system.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> StudentList:
    """The students that you may see: of your school, of your classes, or yourself."""
    after = decode_cursor(cursor, UUID)
    with call.read() as (session, actor):
        found = students.search(
            session,
            actor,
            class_id=class_id,
            school_id=school_id,
            source=source,
            external_id=external_id,
            limit=limit + 1,
            after=after[0] if after else None,
        )
        items = [StudentOut.of(full) for full in found[:limit]]
    call.looked(actor, LookKind.PROFILE, [item.id for item in items])
    last = items[-1] if len(found) > limit else None
    return StudentList(items=items, next_cursor=encode_cursor(last.id) if last else None)


@router.post(
    "",
    summary="Add a student",
    status_code=201,
    response_model=StudentOut,
    responses=answers(400, 401, 403, 409, 422),
)
def create_student(
    call: InCall,
    body: StudentIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Add a student to a class of yours. Without skills, the profile gets those of the class's curriculum."""
    with call.create(body) as (session, actor):
        out = StudentOut.of(students.create(session, actor, body.values(), today=call.now().date()))
        return call.created(out, location=f"/students/{out.id}", version=out.version)


@router.get(
    "/{student_id}",
    summary="Read a student",
    response_model=StudentOut,
    responses=answers(401, 403, 404, 422),
)
def read_student(call: InCall, student_id: UUID) -> Response:
    """One student's whole profile."""
    with call.read() as (session, actor):
        out = StudentOut.of(students.read(session, actor, student_id))
    call.looked(actor, LookKind.PROFILE, [student_id])
    return with_etag(out, out.version)


@router.patch(
    "/{student_id}",
    summary="Change a student",
    response_model=StudentOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)
def edit_student(
    call: InCall,
    student_id: UUID,
    body: Annotated[StudentPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Change a profile. Students change their own declared skills, interests, availability, travel and languages."""
    with call.write() as (session, actor):
        expect_version(if_match, students.get(session, actor, student_id, scope="students:write").version)
        out = StudentOut.of(students.edit(session, actor, student_id, body.values(), today=call.now().date()))
    return with_etag(out, out.version)
