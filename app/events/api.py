"""The log of events over the API."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.auth import service as auth
from app.events import service as events
from app.events.schemas import EventList, EventOut
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/events", tags=["events"])


@router.get("", summary="Read the log", responses=answers(401, 403, 422))
def list_events(
    call: InCall,
    object_type: Annotated[
        str | None,
        Query(pattern="^[a-z_]+$", max_length=40, description="Only of this sort of thing: `opportunity`."),
    ] = None,
    object_id: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
            max_length=80,
            description="Only of the thing with this id.",
        ),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> EventList:
    """For coordinators and administrators: who did what, in which request, the newest first."""
    after = decode_cursor(cursor, int)
    with call.read() as (session, actor):
        auth.require_scope(actor, "events:read")
        found = events.search(
            session, actor, object_type=object_type, object_id=object_id, limit=limit + 1,
            before=after[0] if after else None,
        )  # fmt: skip
        items = [EventOut.model_validate(event) for event in found[:limit]]
    return EventList(items=items, next_cursor=encode_cursor(items[-1].id) if len(found) > limit else None)
