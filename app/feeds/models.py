"""Secret addresses of calendars; only a hash of each is kept."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class FeedAbout(StrEnum):
    """What a calendar is about."""

    OWN = "own"
    CLASS = "class"
    COMPANY = "company"
    TERRITORY = "territory"


class CalendarFeed(Base):
    """The address of a calendar that somebody has made; it ends when it is taken back, and with the role that let it be made."""

    __tablename__ = "calendar_feeds"
    __table_args__ = (
        sa.CheckConstraint(
            "(about = 'class') = (class_id IS NOT NULL)"
            " AND (about = 'company') = (company_id IS NOT NULL)"
            " AND (about = 'territory') = (territory_id IS NOT NULL)",
            name="about_one",
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), index=True)
    about: Mapped[FeedAbout] = mapped_column(text_enum(FeedAbout))
    class_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("classes.id", ondelete="CASCADE"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"))
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    language: Mapped[str] = mapped_column(sa.String(2), default="it")
    created_at: Mapped[datetime]
