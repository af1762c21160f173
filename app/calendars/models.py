"""Days that only some people have off: those of a school, and those of a municipality."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class ClosingKind(StrEnum):
    """What a school's closing means for a student who is placed with a host on these days.

    Hosts work on when lessons stop, in the summer above all: only where the school says that nobody is expected are the
    days left out.
    """

    LESSONS_ONLY = "lessons_only"
    NOBODY_EXPECTED = "nobody_expected"


class SchoolClosing(Base):
    """Days on which a school is closed, the first and the last included. Never changed: taken back and noted anew."""

    __tablename__ = "school_closings"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "starts_on", "ends_on"),
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    name: Mapped[str] = mapped_column(sa.String(80))
    kind: Mapped[ClosingKind] = mapped_column(text_enum(ClosingKind, name="kind"))


class PatronDay(Base):
    """The day of a municipality's patron saint, each year: a holiday for whoever works there."""

    __tablename__ = "patron_days"
    __table_args__ = (
        sa.CheckConstraint("month BETWEEN 1 AND 12", name="month"),
        sa.CheckConstraint("day BETWEEN 1 AND 31", name="day"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    municipality_istat: Mapped[str] = mapped_column(sa.ForeignKey("municipalities.istat"), unique=True)
    month: Mapped[int]
    day: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(80))
