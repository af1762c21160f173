"""Kits over the API: telling them, copying them, and how long it took."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from starlette.responses import Response

from app.kits import service, service_copies
from app.kits.schemas import KitCopyIn, KitCopyOut, KitCopyPatch, KitIn, KitList, KitOut, KitPatch
from app.opportunities.models import Kind
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    Slug,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
    with_etag,
)

router = APIRouter(prefix="/kits", tags=["kits"])

KitId = Annotated[UUID, Path(description="The kit.")]
CopyId = Annotated[UUID, Path(description="The copy.")]


@router.get("", summary="List kits", responses=answers(401, 403, 422))
def list_kits(
    call: InCall,
    kind: Annotated[Kind | None, Query(description="What a copy becomes.")] = None,
    programme: Annotated[Slug | None, Query(description="Of this track.")] = None,
    skill: Annotated[Slug | None, Query(description="That teach this skill.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> KitList:
    """What schools and companies of your territories have made together, the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service.search(
            session, actor, kind=kind, programme_id=programme, skill_id=skill, after=after, limit=limit + 1
        )
        items = [KitOut.of(one) for one in service.show(session, actor, found[:limit])]
    last = found[limit - 1] if len(found) > limit else None
    return KitList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "", status_code=201, summary="Tell a project as a kit", response_model=KitOut,
    responses=answers(400, 401, 403, 409, 422),
)  # fmt: skip
def create_kit(
    call: InCall,
    body: KitIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For one of its makers, and who coordinates the territory. Nobody is named before saying yes."""
    with call.create(body) as (session, actor):
        kit = service.create(session, actor, body.model_dump(), now=call.now())
        [seen] = service.show(session, actor, [kit])
        return call.created(KitOut.of(seen), location=f"/kits/{kit.id}", version=kit.version)


@router.get("/{kit_id}", summary="Read a kit", response_model=KitOut, responses=answers(401, 403, 404, 422))
def read_kit(call: InCall, kit_id: KitId) -> Response:
    """With its steps, what it asks of each side, how often it was copied, and what was measured."""
    with call.read() as (session, actor):
        [seen] = service.show(session, actor, [service.read(session, actor, kit_id)])
        out = KitOut.of(seen)
    return with_etag(out, out.version)


@router.patch(
    "/{kit_id}", summary="Change a kit", response_model=KitOut,
    responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_kit(
    call: InCall,
    kit_id: KitId,
    body: Annotated[KitPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For its makers, and who coordinates the territory; whether a maker is named, the maker alone says."""
    with call.write() as (session, actor):
        kit = service.get_for_change(session, actor, kit_id)
        expect_version(if_match, kit.version)
        service.edit(session, actor, kit, body.changes(), now=call.now())
        [seen] = service.show(session, actor, [kit])
        out = KitOut.of(seen)
    return with_etag(out, out.version)


@router.post(
    "/{kit_id}/copies", status_code=201, summary="Copy a kit into a draft", response_model=KitCopyOut,
    responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_kit_copy(
    call: InCall,
    kit_id: KitId,
    body: KitCopyIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """A company copies for itself; a school proposes it to a company, whose draft it is."""
    with call.create(body) as (session, actor):
        made, opportunity = service_copies.copy(
            session, actor, kit_id, body.company_id, school_id=body.school_id, now=call.now()
        )
        out = KitCopyOut.of(made, opportunity)
        return call.created(out, location=f"/kits/{kit_id}", version=out.version)


@router.patch(
    "/{kit_id}/copies/{copy_id}", summary="Say how long it took", response_model=KitCopyOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_kit_copy(
    call: InCall,
    kit_id: KitId,
    copy_id: CopyId,
    body: Annotated[KitCopyPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Once the opportunity is closed: the company says its minutes, the school that proposed it the teacher's."""
    with call.write() as (session, actor):
        made, opportunity, sides = service_copies.find(session, actor, kit_id, copy_id)
        expect_version(if_match, made.version)
        service_copies.measure(session, actor, made, opportunity, sides, body.changes())
        out = KitCopyOut.of(made, opportunity)
    return with_etag(out, out.version)
