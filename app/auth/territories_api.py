"""Territories over the API: who coordinates which provinces is published."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.auth import service as auth
from app.auth import service_territories as territories
from app.auth.models import Territory
from app.auth.schemas import TerritoryIn, TerritoryList, TerritoryOut
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/territories", tags=["territories"])


@router.get("", summary="List territories", responses=answers(422))
def list_territories(call: InCall, limit: Limit = 20, cursor: Cursor = None) -> TerritoryList:
    """Territories by name, with the provinces that their coordinators answer for."""
    after = decode_cursor(cursor, str, UUID)
    with call.open() as session:
        found = territories.search(session, limit=limit + 1, after=after)
    items = [_out(territory, codes) for territory, codes in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return TerritoryList(items=items, next_cursor=encode_cursor(last.name, last.id) if last else None)


@router.post(
    "",
    summary="Add a territory",
    status_code=201,
    response_model=TerritoryOut,
    responses=answers(403, 409, 422),
)
def create_territory(call: InCall, body: TerritoryIn, idempotency_key: IdempotencyHeader = None) -> Response:  # noqa: ARG001
    """For administrators: a name, and the codes of the provinces in it."""
    with call.create(body) as (session, actor):
        auth.require_scope(actor, "companies:write")
        territory, codes = territories.create(session, actor, **body.model_dump())
        return call.created(_out(territory, codes), location=f"/territories/{territory.id}")


def _out(territory: Territory, codes: list[str]) -> TerritoryOut:
    return TerritoryOut(id=territory.id, name=territory.name, province_codes=codes)
