"""Which opportunity a school's staff has recommended to which student."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id


class Recommendation(Base):
    """An opportunity that a student is advised to look at; `note` is in the words of whoever advises.

    One for each student and opportunity: the first advice stands. `recommended_by` is empty when a program did it, or
    when the person is gone.
    """

    __tablename__ = "recommendations"
    __table_args__ = (sa.UniqueConstraint("student_id", "opportunity_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"))
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    note: Mapped[str | None] = mapped_column(sa.String(500))
    recommended_at: Mapped[datetime]
    recommended_by: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
