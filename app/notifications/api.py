"""One's inbox over the API. A key has none."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.notifications import letters, rules
from app.notifications import service as notifications
from app.notifications.models import MailChoice, Notification
from app.notifications.rules import NotificationKind
from app.notifications.schemas import (
    MailPreferenceIn,
    MailPreferenceOut,
    MailPreferencesOut,
    NotificationList,
    NotificationOut,
    NotificationsRead,
    NotificationsReadIn,
    NotificationText,
)
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["notifications"])


@router.get("/notifications", summary="List what you were told", responses=answers(401, 403, 422))
def list_notifications(
    call: InCall,
    is_unread: Annotated[bool | None, Query(description="Only what is not read, or only what is.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> NotificationList:
    """Your own inbox, the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = notifications.search(session, actor, is_unread=is_unread, limit=limit + 1, after=after)
        waiting = notifications.count_unread(session, notifications.reader(actor))
    last = found[limit - 1] if len(found) > limit else None
    return NotificationList(
        items=[show(one) for one in found[:limit]],
        unread=waiting,
        next_cursor=encode_cursor(last.created_at, last.id) if last else None,
    )


@router.post("/notifications/read", summary="Mark as read", responses=answers(401, 403, 422))
def mark_notifications(call: InCall, body: NotificationsReadIn) -> NotificationsRead:
    """Those with these ids, or all. A second call changes nothing; what is read is not mailed any more."""
    with call.write() as (session, actor):
        return NotificationsRead(marked=notifications.read(session, actor, body.ids, now=call.now()))


@router.get("/mail-preferences", summary="Read when mails come", responses=answers(401, 403))
def read_mail_preferences(call: InCall) -> MailPreferencesOut:
    """What you have chosen, or what holds until you choose, of each kind that somebody in your role is told."""
    with call.read() as (session, actor):
        return _preferences(notifications.preferences(session, actor))


@router.post("/mail-preferences", summary="Choose when mails come", responses=answers(401, 403, 422))
def choose_mail_preference(call: InCall, body: MailPreferenceIn) -> MailPreferencesOut:
    """What you have to answer cannot be silenced, only gathered into one mail a day. A second call changes nothing."""
    with call.write() as (session, actor):
        notifications.choose(session, actor, body.kind, body.mail)
        return _preferences(notifications.preferences(session, actor))


def _preferences(chosen: dict[NotificationKind, MailChoice]) -> MailPreferencesOut:
    return MailPreferencesOut(
        preferences=[
            MailPreferenceOut(kind=kind, mail=mail, choices=list(rules.choices(kind)))
            for kind, mail in chosen.items()
        ]
    )


def show(one: Notification) -> NotificationOut:
    """The notification with its sentence in both languages."""
    text = {code: letters.sentence(one.kind, one.data, code) for code in ("it", "en")}
    return NotificationOut(
        id=one.id, kind=NotificationKind(one.kind), text=NotificationText(**text), path=one.path, created_at=one.created_at,
        read_at=one.read_at,
    )  # fmt: skip
