"""What companies say of each school year: whether they host, and if not, why."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, text_enum


class Appetite(StrEnum):
    """How much a company wants to host in a school year."""

    LOOKING = "looking"
    INTERESTED = "interested"
    ORGANISED = "organised"
    NOT_THIS_YEAR = "not_this_year"


class NotHosting(StrEnum):
    """Why not this year. Each can be acted upon, and none speaks of a person."""

    NO_TUTOR = "no_tutor"
    NO_FITTING_WORK = "no_fitting_work"
    LITTLE_WORK = "little_work"
    REORGANISING = "reorganising"
    TOO_MUCH_PAPER = "too_much_paper"
    NO_FITTING_STUDENTS = "no_fitting_students"


class CompanyAppetite(Base):
    """What a company has said of the school year that begins in `start_year`; the latest word of whoever spoke for it."""

    __tablename__ = "company_appetites"
    __table_args__ = (
        sa.CheckConstraint("(appetite = 'not_this_year') = (reason IS NOT NULL)", name="reason_of_no"),
    )

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    start_year: Mapped[int] = mapped_column(primary_key=True)
    appetite: Mapped[Appetite] = mapped_column(text_enum(Appetite))
    reason: Mapped[NotHosting | None] = mapped_column(text_enum(NotHosting))
    answered_at: Mapped[datetime]
    answered_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class CompanyRecall(Base):
    """When a company that went quiet was last asked, and since when it is warned and hidden; a sign of life clears both."""

    __tablename__ = "company_recalls"
    __table_args__ = (
        sa.CheckConstraint("hidden_at IS NULL OR warned_at IS NOT NULL", name="hidden_after_warning"),
    )

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    asked_at: Mapped[datetime]
    warned_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]


def is_hidden(
    company_id: sa.ColumnElement[UUID] | sa.orm.InstrumentedAttribute[UUID],
) -> sa.ColumnElement[bool]:
    """Whether the company of this column is hidden: nobody answered the question nor the warning."""
    return sa.exists().where(CompanyRecall.company_id == company_id, CompanyRecall.hidden_at.is_not(None))
