"""Notifications as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.notifications.models import MailChoice
from app.notifications.rules import NotificationKind
from app.rest import In, Out, Page

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=r"^[^\x00-\x1f]+$")]
PagePath = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^/[!-~]*$")]


class NotificationText(Out):
    """The same sentence in both languages."""

    it: Sentence
    en: Sentence


class NotificationOut(Out):
    """Something that you were told; `path` is the page that it leads to."""

    id: UUID
    kind: NotificationKind
    text: NotificationText
    path: PagePath
    created_at: datetime
    read_at: datetime | None


class NotificationList(Page):
    """What you were told, the latest first."""

    items: Annotated[list[NotificationOut], Field(max_length=100)]
    unread: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(
        description="How many are not read, all pages together."
    )


class NotificationsReadIn(In):
    """Which to mark."""

    ids: Annotated[list[UUID], Field(max_length=100)] | None = Field(None, description="All if left out.")


class NotificationsRead(Out):
    """How many were marked."""

    marked: Annotated[int, Field(ge=0, le=2**31 - 1)]


class MailPreferenceIn(In):
    """When mails of a kind are to come."""

    kind: NotificationKind
    mail: MailChoice


class MailPreferenceOut(Out):
    """When mails of a kind come."""

    kind: NotificationKind
    mail: MailChoice
    choices: Annotated[list[MailChoice], Field(max_length=3)]


class MailPreferencesOut(Out):
    """All kinds that somebody in your role is ever told."""

    preferences: Annotated[list[MailPreferenceOut], Field(max_length=100)]
