"""Schools, their classes and their members over the API. Schools are published: readable without an actor."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Query
from starlette.responses import Response

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
from app.schools import classes, members
from app.schools import service as schools
from app.schools.models import SchoolKind
from app.schools.schemas import (
    ClassIn,
    ClassList,
    ClassOut,
    ClassPatch,
    MemberIn,
    MemberList,
    MemberOut,
    MemberPatch,
    SchoolList,
    SchoolOut,
)

router = APIRouter(tags=["schools"])


@router.get("/schools", summary="Search schools", responses=answers(422))
def list_schools(
    call: InCall,
    q: Annotated[
        str | None,
        Query(min_length=2, max_length=80, description="Words of the name, or the beginning of the code."),
    ] = None,
    municipality_istat: Annotated[
        str | None, Query(max_length=6, pattern="^[0-9]{6}$", description="Only in this municipality.")
    ] = None,
    kind: Annotated[SchoolKind | None, Query(description="Only of this kind.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> SchoolList:
    """Find upper secondary schools and their sites."""
    after = decode_cursor(cursor, str, UUID)
    with call.open() as session:
        found = schools.search(
            session, query=q, municipality_istat=municipality_istat, kind=kind, limit=limit + 1, after=after
        )
        items = [SchoolOut.of(school, municipality_name) for school, municipality_name in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return SchoolList(items=items, next_cursor=encode_cursor(last.name, last.id) if last else None)


@router.get("/schools/{school_id}", summary="Read a school", responses=answers(404, 422))
def read_school(call: InCall, school_id: UUID) -> SchoolOut:
    """One school by its id."""
    with call.open() as session:
        return SchoolOut.of(*schools.read(session, school_id))


# --- classes ----------------------------------------------------------------------------------------------------------


@router.get(
    "/schools/{school_id}/classes",
    summary="List the classes of a school",
    responses=answers(401, 403, 404, 422),
)
def list_classes(
    call: InCall,
    school_id: UUID,
    start_year: Annotated[
        int | None, Query(ge=2000, le=2100, description="Only of the school year that begins in this year.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> ClassList:
    """The classes of a school that you may see: teachers see those they teach."""
    after = decode_cursor(cursor, int, int, str, UUID)
    with call.read() as (session, actor):
        found = classes.search(session, actor, school_id, start_year=start_year, limit=limit + 1, after=after)
        items = [ClassOut.of(school_class) for school_class in found[:limit]]
    last = items[-1] if len(found) > limit else None
    place = encode_cursor(last.start_year, last.year, last.section, last.id) if last else None
    return ClassList(items=items, next_cursor=place)


@router.post(
    "/classes",
    summary="Add a class",
    status_code=201,
    response_model=ClassOut,
    responses=answers(400, 401, 403, 409, 422),
)
def create_class(call: InCall, body: ClassIn, idempotency_key: IdempotencyHeader = None) -> Response:  # noqa: ARG001
    """Add a class to a school that you lead."""
    with call.create(body) as (session, actor):
        school_class = classes.create(session, actor, body.model_dump())
        out = ClassOut.of(school_class)
        return call.created(out, location=f"/classes/{out.id}", version=out.version)


@router.get(
    "/classes/{class_id}",
    summary="Read a class",
    response_model=ClassOut,
    responses=answers(401, 403, 404, 422),
)
def read_class(call: InCall, class_id: UUID) -> Response:
    """One class by its id."""
    with call.read() as (session, actor):
        out = ClassOut.of(classes.get(session, actor, class_id))
    return with_etag(out, out.version)


@router.patch(
    "/classes/{class_id}",
    summary="Change a class",
    response_model=ClassOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)
def edit_class(
    call: InCall,
    class_id: UUID,
    body: Annotated[ClassPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Change a class of a school that you lead."""
    with call.write() as (session, actor):
        expect_version(if_match, classes.get(session, actor, class_id, scope="classes:write").version)
        out = ClassOut.of(classes.edit(session, actor, class_id, body.changes()))
    return with_etag(out, out.version)


# --- members ----------------------------------------------------------------------------------------------------------


@router.get(
    "/schools/{school_id}/members",
    summary="List the members of a school",
    responses=answers(401, 403, 404, 422),
)
def list_members(call: InCall, school_id: UUID, limit: Limit = 50, cursor: Cursor = None) -> MemberList:
    """The teachers and leads of a school that you lead."""
    after = decode_cursor(cursor, str, UUID)
    with call.read() as (session, actor):
        found = members.search(session, actor, school_id, limit=limit + 1, after=after)
    items = [MemberOut.of(member) for member in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return MemberList(items=items, next_cursor=encode_cursor(last.name, last.id) if last else None)


@router.post(
    "/schools/{school_id}/members",
    summary="Add a member to a school",
    status_code=201,
    response_model=MemberOut,
    responses=answers(400, 401, 403, 404, 409, 422),
)
def create_member(
    call: InCall,
    school_id: UUID,
    body: MemberIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For administrators: make a person, found by e-mail address or new, a teacher or a lead. Leads invite."""
    with call.create(body) as (session, actor):
        member = members.add(session, actor, school_id, **body.model_dump())
        out = MemberOut.of(member)
        return call.created(out, location=f"/schools/{school_id}/members/{out.id}")


@router.patch(
    "/schools/{school_id}/members/{member_id}",
    summary="Change what a member is to a school",
    responses=answers(400, 401, 403, 404, 409, 415, 422),
)
def edit_member(
    call: InCall,
    school_id: UUID,
    member_id: UUID,
    body: Annotated[MemberPatch, Body(media_type=MERGE_PATCH)],
) -> MemberOut:
    """Give a member of a school that you lead another role, or other classes. One lead is always left."""
    with call.write() as (session, actor):
        return MemberOut.of(
            members.edit(session, actor, school_id, member_id, role=body.role, class_ids=body.class_ids)
        )


@router.delete(
    "/schools/{school_id}/members/{member_id}",
    summary="Remove a member from a school",
    status_code=204,
    responses=answers(401, 403, 404, 409, 422),
)
def remove_member(call: InCall, school_id: UUID, member_id: UUID) -> Response:
    """Take a role from a person; the account stays. One lead is always left."""
    with call.write() as (session, actor):
        members.remove(session, actor, school_id, member_id)
    return Response(status_code=204)
