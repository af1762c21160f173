"""API keys over the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.auth import service_keys as keys
from app.auth.models import ApiKey
from app.auth.schemas import KeyIn, KeyIssued, KeyList, KeyOut
from app.rest import (
    Cursor,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
)

router = APIRouter(prefix="/keys", tags=["keys"])


@router.get("", summary="List API keys", responses=answers(422))
def list_keys(call: InCall, limit: Limit = 20, cursor: Cursor = None) -> KeyList:
    """The keys that have been issued, the newest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = keys.list_keys(session, actor, limit=limit + 1, after=after)
    items = [_out(key) for key in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return KeyList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "", summary="Issue an API key", status_code=201, response_model=KeyIssued, responses=answers(409)
)
def create_key(call: InCall, body: KeyIn) -> Response:
    """Issue a key. The answer alone holds its secret: it is kept nowhere, so this call cannot be replayed."""
    with call.write() as (session, actor):
        key, token = keys.issue_key(session, actor, **body.model_dump())
        out = KeyIssued(**_out(key).model_dump(), token=token)
        return call.created(out, location=f"/keys/{key.id}")


@router.post("/{key_id}/revoke", summary="Revoke an API key", responses=answers(404))
def revoke_key(call: InCall, key_id: UUID) -> KeyOut:
    """End a key at once; a second call changes nothing."""
    with call.write() as (session, actor):
        return _out(keys.revoke_key(session, actor, key_id))


def _out(key: ApiKey) -> KeyOut:
    fields = {name: getattr(key, name) for name in KeyOut.model_fields if name != "scopes"}
    return KeyOut(**fields, scopes=key.scopes.split())
