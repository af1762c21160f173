"""Changes of several students at once, with what it takes to undo them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class BulkKind(StrEnum):
    """What was done."""

    SKILLS_VALIDATED = "skills_validated"
    RECOMMENDED = "recommended"
    STUDENTS_LOADED = "students_loaded"
    ROLLED_OVER = "rolled_over"


class BulkChange(Base):
    """What one person, or one program, did at once; only they undo it, until `expires_at`.

    `size` counts the things that changed, `undone` those that could be put back.
    """

    __tablename__ = "bulk_changes"
    __table_args__ = (
        sa.CheckConstraint("(undone_at IS NULL) = (undone IS NULL)", name="undone_pair"),
        sa.CheckConstraint("undone IS NULL OR undone <= size", name="undone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[BulkKind] = mapped_column(text_enum(BulkKind))
    size: Mapped[int]
    made_by: Mapped[str] = mapped_column(sa.String(80))
    made_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    undone_at: Mapped[datetime | None]
    undone: Mapped[int | None]


class BulkStep(Base):
    """One thing that changed, and how it was before; it goes with the student, and when it can no longer be undone."""

    __tablename__ = "bulk_steps"

    bulk_change_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("bulk_changes.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    data: Mapped[dict[str, Any]]
