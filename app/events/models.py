"""The log of events."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Event(Base):
    """One thing that happened. `data` names changed fields and counts; it holds no personal values."""

    __tablename__ = "events"
    __table_args__ = (sa.Index("ix_events_object", "object_type", "object_id"),)

    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True
    )
    at: Mapped[datetime] = mapped_column(index=True)
    action: Mapped[str] = mapped_column(sa.String(80))
    object_type: Mapped[str] = mapped_column(sa.String(40))
    object_id: Mapped[str] = mapped_column(sa.String(80))
    actor_kind: Mapped[str] = mapped_column(sa.String(10))
    actor_id: Mapped[UUID | None]
    request_id: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[dict[str, Any]]
