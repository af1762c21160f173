"""Protocols of a territory, and how far their parties are with what they have committed themselves to, over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import service, service_protocols
from app.actors.models import Protocol
from app.actors.schemas import ProtocolIn, ProtocolList, ProtocolOut, ProtocolPatch
from app.auth.actors import Actor
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    answers,
    expect_version,
    page_of,
    with_etag,
)

router = APIRouter(prefix="/territories/{territory_id}/protocols", tags=["network"])

TerritoryId = Annotated[UUID, Path(description="The territory.")]
ProtocolId = Annotated[UUID, Path(description="The protocol.")]


@router.get("", summary="List protocols", responses=answers(401, 403, 404, 422))
def list_protocols(
    call: InCall, territory_id: TerritoryId, limit: Limit = 20, cursor: Cursor = None
) -> ProtocolList:
    """What actors of the territory have signed, the newest first, with the progress of this school year."""
    with call.read() as (session, actor):
        found, _ = service_protocols.search(session, actor, territory_id, now=call.now())
    items, following = page_of(found, limit, cursor)
    return ProtocolList(items=[ProtocolOut.of(one) for one in items], next_cursor=following)


@router.post(
    "", status_code=201, response_model=ProtocolOut, summary="Add a protocol",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_protocol(
    call: InCall,
    territory_id: TerritoryId,
    body: ProtocolIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For those who coordinate the territory; parties are schools and companies of its directory."""
    with call.create(body) as (session, actor):
        row = service_protocols.create(session, actor, territory_id, body.model_dump(), now=call.now())
        out = _out(call, session, actor, row)
        return call.created(
            out, location=f"/territories/{territory_id}/protocols/{row.id}", version=row.version
        )


@router.patch(
    "/{protocol_id}", summary="Change a protocol", response_model=ProtocolOut,
    responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_protocol(
    call: InCall,
    territory_id: TerritoryId,
    protocol_id: ProtocolId,
    body: Annotated[ProtocolPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For those who coordinate the territory."""
    with call.write() as (session, actor):
        row = service_protocols.for_change(session, actor, territory_id, protocol_id)
        expect_version(if_match, row.version)
        service_protocols.edit(session, actor, row, body.changes(), now=call.now())
        out = _out(call, session, actor, row)
    return with_etag(out, out.version)


@router.delete(
    "/{protocol_id}", status_code=204, summary="Remove a protocol", responses=answers(401, 403, 404, 422)
)
def remove_protocol(call: InCall, territory_id: TerritoryId, protocol_id: ProtocolId) -> None:
    """For those who coordinate the territory."""
    with call.write() as (session, actor):
        row = service_protocols.for_change(session, actor, territory_id, protocol_id)
        service_protocols.remove(session, actor, row)


def _out(call: InCall, session: Session, actor: Actor, row: Protocol) -> ProtocolOut:
    directory = service.read(session, actor, start_year=None, now=call.now())
    [shown] = service_protocols.show(session, [row], directory)
    return ProtocolOut.of(shown)
