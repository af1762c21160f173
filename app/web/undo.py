"""What was done to many at once, as a bar on the page that follows; and undoing it."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.bulk_changes import service as changes
from app.bulk_changes.schemas import BulkChangeOut
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

Done = Annotated[UUID | None, Query(description="The change that led here.")]


def bar(view: View, session: Session, actor: Actor, change_id: UUID | None) -> BulkChangeOut | None:
    """What the bar tells; nothing of a change that is somebody else's, or forgotten."""
    if change_id is not None:
        with suppress(changes.NoSuchChange):
            return BulkChangeOut.of(changes.read(session, actor, change_id), view.now())
    return None


@router.post("/bulk-changes/{bulk_change_id}/undo")
def undo(
    view: InView,
    bulk_change_id: UUID,
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002 -- the address's own word
) -> Response:
    """Undo it, and say so on the page that it was done from."""
    with view.write() as (session, actor):
        changes.undo(session, actor, bulk_change_id, now=view.now())
    return view.go(f"{safe_next(next).partition('?')[0]}?done={bulk_change_id}")
