"""The log of events, and who looked at whom."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Event(Base):
    """One thing that happened. `data` names changed fields and counts; it holds no personal values.

    Triggers let nobody change or delete a row; the one exception is to forget: the ids may go together with their salts,
    by which alone they can be held against their seals, and the id of the request, which the chain does not cover. `chain` is written once (see `service_chain`).
    """

    __tablename__ = "events"
    __table_args__ = (
        sa.Index("ix_events_object", "object_type", "object_id"),
        sa.Index("ix_events_actor_id_at", "actor_id", "at"),
    )

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
    object_salt: Mapped[str] = mapped_column(sa.String(32), default="")
    object_seal: Mapped[str] = mapped_column(sa.String(64), default="")
    actor_salt: Mapped[str] = mapped_column(sa.String(32), default="")
    actor_seal: Mapped[str] = mapped_column(sa.String(64), default="")
    chain: Mapped[str | None] = mapped_column(sa.String(64))


class AuditDay(Base):
    """The end of the chain after the events of one day (UTC), and how many there were; append-only too."""

    __tablename__ = "audit_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    events: Mapped[int]
    digest: Mapped[str] = mapped_column(sa.String(64))
    sealed_at: Mapped[datetime]


class Look(Base):
    """How often somebody other than the student looked at the student on one day, in one way.

    `viewer_id` is a user's, a key's, or a company's where a company saw a pseudonym; `about_id` is the opportunity or the
    ranking, and the nil id where there is none.
    """

    __tablename__ = "looks"

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    day: Mapped[date] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    viewer_kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    viewer_id: Mapped[UUID] = mapped_column(primary_key=True, index=True)
    about_id: Mapped[UUID] = mapped_column(primary_key=True)
    times: Mapped[int]
