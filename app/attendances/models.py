"""Who came to a visit, what a school credits for it, and two answers about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class Discovery(StrEnum):
    """What somebody discovered on a visit."""

    A_JOB = "a_job"
    A_COMPANY = "a_company"
    A_TECHNOLOGY = "a_technology"
    A_PATH = "a_path"
    NOTHING_NEW = "nothing_new"


class Recommends(StrEnum):
    """Whether somebody would tell others to come."""

    YES = "yes"
    PERHAPS = "perhaps"
    NO = "no"


class CheckIn(Base):
    """How many of a booking came. Once the school has said who, `is_named`, the host's number changes nothing.

    `made_at` is when it was seen, by the clock of who marked it; `noted_at` when it arrived here, which is later where there
    was no network.
    """

    __tablename__ = "check_ins"
    __table_args__ = (sa.CheckConstraint("students >= 0 AND adults >= 0", name="people"),)

    booking_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    students: Mapped[int]
    adults: Mapped[int]
    is_named: Mapped[bool] = mapped_column(default=False)
    made_at: Mapped[datetime]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(sa.String(80))
    thanked_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class CheckInStudent(Base):
    """A student of a group who came, by the word of the school."""

    __tablename__ = "check_in_students"

    booking_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class VisitWorth(Base):
    """How many hours a school has decided that a visit is worth for each student who came; no national rule says it."""

    __tablename__ = "visit_worths"
    __table_args__ = (sa.CheckConstraint("hours BETWEEN 0 AND 24", name="hours"),)

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id"), primary_key=True)
    hours: Mapped[int]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class VisitCredit(Base):
    """The credit that a student has because of a booking, so that it follows when attendance is put right."""

    __tablename__ = "visit_credits"

    booking_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    hour_credit_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("hour_credits.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class VisitFeedback(Base):
    """Two answers about a visit, and a few words: of a student, or, without one, of the school about its group."""

    __tablename__ = "visit_feedback"
    __table_args__ = (
        sa.UniqueConstraint("booking_id", "student_id"),
        sa.Index(
            "ix_visit_feedback_booking_id_school", "booking_id", unique=True,
            sqlite_where=sa.text("student_id IS NULL"), postgresql_where=sa.text("student_id IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    booking_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bookings.id", ondelete="CASCADE"))
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    discovery: Mapped[Discovery] = mapped_column(text_enum(Discovery))
    recommends: Mapped[Recommends] = mapped_column(text_enum(Recommends))
    words: Mapped[str] = mapped_column(sa.String(300), default="")
    given_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
