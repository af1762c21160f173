"""API keys over the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth import service_keys as keys
from app.auth.models import ApiKey
from app.auth.schemas import KeyIn, KeyIssued, KeyList, KeyOut, KeyRotation, KeySecretOut
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
    """The keys that you may see, the newest first: all, or those of your school, company or territory."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = keys.list_keys(session, actor, limit=limit + 1, after=after)
        items = _show(session, found[:limit], call.now())
    last = items[-1] if len(found) > limit else None
    return KeyList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "", summary="Issue an API key", status_code=201, response_model=KeyIssued, responses=answers(409)
)
def create_key(call: InCall, body: KeyIn) -> Response:
    """Issue a key. The answer alone holds its secret: it is kept nowhere, so this call cannot be replayed.

    Administrators issue any; a school's leads, a company's administrators and a territory's coordinators their own.
    """
    with call.write() as (session, actor):
        key, token = keys.issue_key(session, actor, **body.model_dump(), now=call.now())
        return call.created(_issued(session, key, token, call.now()), location=f"/keys/{key.id}")


@router.get("/{key_id}", summary="Read an API key", responses=answers(404))
def read_key(call: InCall, key_id: UUID) -> KeyOut:
    """One key with its live secrets. A key that has the scope reads itself."""
    with call.read() as (session, actor):
        return _show(session, [keys.read_key(session, actor, key_id)], call.now())[0]


@router.post("/{key_id}/rotate", summary="Give an API key a new secret", responses=answers(404, 409))
def rotate_key(call: InCall, key_id: UUID, body: KeyRotation) -> KeyIssued:
    """Issue a new secret and let the present one live on, so that programs change over without a gap.

    The answer alone holds the new secret. A key that has the scope rotates itself.
    """
    with call.write() as (session, actor):
        overlap = timedelta(days=body.overlap_days)
        key, token = keys.rotate_key(session, actor, key_id, overlap=overlap, now=call.now())
        return _issued(session, key, token, call.now())


@router.post("/{key_id}/revoke", summary="Revoke an API key", responses=answers(404))
def revoke_key(call: InCall, key_id: UUID) -> KeyOut:
    """End a key, its secrets and its access tokens at once; a second call changes nothing."""
    with call.write() as (session, actor):
        key = keys.revoke_key(session, actor, key_id, now=call.now())
        return _show(session, [key], call.now())[0]


def _issued(session: Session, key: ApiKey, token: str, now: datetime) -> KeyIssued:
    return KeyIssued(**_show(session, [key], now)[0].model_dump(), token=token)


def _show(session: Session, found: Sequence[ApiKey], now: datetime) -> list[KeyOut]:
    secrets = keys.secrets_of(session, found, now)
    return [
        KeyOut(
            **{name: getattr(key, name) for name in KeyOut.model_fields if name not in ("scopes", "secrets")},
            scopes=key.scopes.split(),
            secrets=[KeySecretOut.model_validate(secret) for secret in secrets[key.id]],
        )
        for key in found
    ]
