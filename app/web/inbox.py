"""What one was told, and which of it comes by mail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import rest
from app.notifications import letters, rules
from app.notifications import service as notifications
from app.notifications.models import MailChoice
from app.notifications.rules import NotificationKind
from app.web.ui import InView

router = APIRouter(include_in_schema=False)

AT_ONCE = 20


@router.get("/inbox")
def show_inbox(
    view: InView, after: Annotated[str | None, Query(max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] = None
) -> Response:
    """The latest first; reading the list marks nothing."""
    position = rest.decode_cursor(after, datetime, UUID)
    with view.read() as (session, actor):
        found = notifications.search(session, actor, limit=AT_ONCE + 1, after=position)
    last = found[AT_ONCE - 1] if len(found) > AT_ONCE else None
    cursor = rest.encode_cursor(last.created_at, last.id) if last else None
    told = [(one, letters.sentence(one.kind, one.data, view.language)) for one in found[:AT_ONCE]]
    return view.show("inbox/inbox.html", told=told, next_cursor=cursor)


@router.post("/inbox/read")
def read_all(view: InView) -> Response:
    """Mark all as read."""
    with view.write() as (session, actor):
        notifications.read(session, actor, now=view.now())
    return view.go("/inbox")


@router.post("/inbox/{notification_id}/open")
def open_one(view: InView, notification_id: UUID) -> Response:
    """Mark it as read, and go where it leads."""
    with view.write() as (session, actor):
        path = notifications.open_one(session, actor, notification_id, now=view.now())
    return view.go(path)


@router.get("/inbox/mails")
def show_choices(view: InView, saved: Annotated[str, Query(max_length=3)] = "") -> Response:
    """When mails come, one line for each kind."""
    with view.read() as (session, actor):
        chosen = notifications.preferences(session, actor)
    lines = [(kind, mail, rules.choices(kind)) for kind, mail in chosen.items()]
    return view.show("inbox/mails.html", lines=lines, is_saved=saved == "yes")


@router.post("/inbox/mails")
def choose(
    view: InView, kind: Annotated[list[NotificationKind], Form()], mail: Annotated[list[MailChoice], Form()]
) -> Response:
    """Keep what was chosen of every line."""
    with view.write() as (session, actor):
        for one, choice in zip(kind, mail, strict=False):
            notifications.choose(session, actor, one, choice)
    return view.go("/inbox/mails?saved=yes")
