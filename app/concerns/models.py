"""Problems in placements, what is written about each, and the codes by which families report them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class ConcernKind(StrEnum):
    """What it is about."""

    SAFETY = "safety"
    TASKS = "tasks"
    HOURS = "hours"
    BEHAVIOUR = "behaviour"
    OTHER = "other"


class Stage(StrEnum):
    """Who owns it: the school's tutor, the school's lead, the territory's coordinator, whoever runs the service; or nobody."""

    TUTOR = "tutor"
    LEAD = "lead"
    TERRITORY = "territory"
    SERVICE = "service"
    CLOSED = "closed"


class Side(StrEnum):
    """For whom somebody speaks. A company has no side here."""

    STUDENT = "student"
    FAMILY = "family"
    SCHOOL = "school"
    TERRITORY = "territory"
    SERVICE = "service"


_OPEN = "stage <> 'closed'"


class Concern(Base):
    """A problem in a placement. `due_at` is the clock of its owner: when it strikes, the next one owns it.

    `territory_at` says since when the territory's coordinators see it, and `named_at` when they asked who the student is.
    With `skips_tutor` the school's tutor never sees it.
    """

    __tablename__ = "concerns"
    __table_args__ = (
        sa.CheckConstraint("raised_side IN ('student', 'family')", name="raised_side_reports"),
        sa.CheckConstraint(f"({_OPEN}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint(
            f"({_OPEN}) = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)", name="closed_whole"
        ),
        sa.CheckConstraint(
            "(named_at IS NULL) = (named_by IS NULL) AND (named_at IS NULL) = (named_for IS NULL)", name="named_whole"
        ),
        sa.CheckConstraint("stage <> 'tutor' OR NOT skips_tutor", name="tutor_skipped"),
        sa.Index("ix_concerns_due_at", "due_at", sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_concerns_raised_at_id", "raised_at", "id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placements.id", ondelete="CASCADE"), index=True)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    kind: Mapped[ConcernKind] = mapped_column(text_enum(ConcernKind))
    text: Mapped[str] = mapped_column(sa.String(2000))
    skips_tutor: Mapped[bool] = mapped_column(default=False)
    raised_side: Mapped[Side] = mapped_column(text_enum(Side))
    raised_at: Mapped[datetime]
    stage: Mapped[Stage] = mapped_column(text_enum(Stage))
    due_at: Mapped[datetime | None]
    territory_at: Mapped[datetime | None]
    named_at: Mapped[datetime | None]
    named_by: Mapped[str | None] = mapped_column(sa.String(80))
    named_for: Mapped[str | None] = mapped_column(sa.String(500))
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(sa.String(80))
    close_reason: Mapped[str | None] = mapped_column(sa.String(500))


class ConcernMessage(Base):
    """What one side wrote about a concern, for all who see it."""

    __tablename__ = "concern_messages"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    concern_id: Mapped[UUID] = mapped_column(sa.ForeignKey("concerns.id", ondelete="CASCADE"), index=True)
    side: Mapped[Side] = mapped_column(text_enum(Side))
    text: Mapped[str] = mapped_column(sa.String(2000))
    written_at: Mapped[datetime]
    written_by: Mapped[str] = mapped_column(sa.String(80))


class FamilyCode(Base):
    """A code by which the family of a student under age reports problems; only a keyed hash is stored.

    It opens this and nothing else, until it ends or the student is of age; a student has one at most.
    """

    __tablename__ = "family_codes"

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    made_at: Mapped[datetime]
    made_by: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"))
    expires_at: Mapped[datetime]
