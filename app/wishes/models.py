"""What a student has saved, and what of it the student ranks."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id


class Wish(Base):
    """An opportunity that a student has saved. With a `position`, 1 first, it stands in the list of wishes.

    A student's positions have no holes. The list is the student's standing one; a round takes its own copy of it.
    """

    __tablename__ = "wishes"
    __table_args__ = (
        sa.UniqueConstraint("student_id", "opportunity_id"),
        sa.UniqueConstraint("student_id", "position"),
        sa.CheckConstraint("position >= 1", name="position"),
        sa.CheckConstraint("(position IS NULL) = (ranked_at IS NULL)", name="ranked_pair"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"))
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int | None]
    created_at: Mapped[datetime]
    ranked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
