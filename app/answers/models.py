"""A company's answers to its candidates."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class Verdict(StrEnum):
    """What a company can say of a candidate."""

    YES = "yes"
    MAYBE = "maybe"
    NO = "no"


class Reason(StrEnum):
    """Why not. Each speaks of the opportunity, none of the person; there is no room for more words."""

    SEATS_GIVEN = "seats_given"
    OTHER_DATES = "other_dates"
    OTHER_SKILLS = "other_skills"
    TOO_FAR = "too_far"
    PLANS_CHANGED = "plans_changed"


class Answer(Base):
    """What a company says of one candidate for one opportunity; all who work there see and change the same row."""

    __tablename__ = "answers"
    __table_args__ = (
        sa.UniqueConstraint("opportunity_id", "student_id"),
        sa.CheckConstraint("(verdict = 'no') = (reason IS NOT NULL)", name="reason_of_no"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    verdict: Mapped[Verdict] = mapped_column(text_enum(Verdict))
    reason: Mapped[Reason | None] = mapped_column(text_enum(Reason))
    answered_at: Mapped[datetime]
    answered_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
