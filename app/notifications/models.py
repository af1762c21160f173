"""What people were told, and by which way they want to be told."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class MailChoice(StrEnum):
    """When a notification also goes out as a mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


_WAITS = sa.text("mail_due_at IS NOT NULL")


class Notification(Base):
    """One thing that one person is told once. `data` fills its sentence: titles and names of organisations, no person's.

    `subject_key` says what it is about: the same is not told twice. `mail_due_at` is when its mail is to go; empty when it
    has gone, or is not wanted.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        sa.UniqueConstraint("user_id", "kind", "subject_key"),
        sa.Index("ix_notifications_user_id_created_at", "user_id", "created_at", "id"),
        sa.Index("ix_notifications_mail_due_at", "mail_due_at", sqlite_where=_WAITS, postgresql_where=_WAITS),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(40))
    subject_key: Mapped[str] = mapped_column(sa.String(80))
    data: Mapped[dict[str, Any]]
    path: Mapped[str] = mapped_column(sa.String(200))
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_due_at: Mapped[datetime | None]


class MailPreference(Base):
    """What a person has chosen for one kind of notification; without a row the kind's own choice holds."""

    __tablename__ = "mail_preferences"

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    mail: Mapped[MailChoice] = mapped_column(text_enum(MailChoice))
