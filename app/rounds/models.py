"""Rounds, what goes into them, and what came out."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class RoundState(StrEnum):
    """The life of a round: collecting → frozen → reviewed → published; or cancelled."""

    COLLECTING = "collecting"
    FROZEN = "frozen"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"


class RunMode(StrEnum):
    """How seats are given: `stable`, nobody has cause to complain; `optimal`, as many as possible, as high as possible."""

    STABLE = "stable"
    OPTIMAL = "optimal"


class Ruling(StrEnum):
    """What a person decides beforehand about a student and an opportunity."""

    PIN = "pin"
    BAN = "ban"


_WAITS = "state IN ('collecting', 'frozen', 'reviewed')"


class Round(Base):
    """One assignment of some classes to opportunities of some kinds that take place between two days.

    It belongs to a school, or to a territory whose schools share it. `due_at` is its clock: what is collected freezes
    then, and what nobody has published is cancelled. `run_number` names the run that is to be published.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        sa.CheckConstraint("(school_id IS NULL) <> (territory_id IS NULL)", name="one_owner"),
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("opens_on <= closes_on AND closes_on < publish_by", name="clocks_in_order"),
        sa.CheckConstraint("max_wishes BETWEEN 1 AND 10", name="max_wishes"),
        sa.CheckConstraint(f"({_WAITS}) = (due_at IS NOT NULL)", name="waiting_has_clock"),
        sa.CheckConstraint("(frozen_at IS NULL) = (frozen_by IS NULL)", name="frozen_pair"),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (state <> 'cancelled')", name="ended_pair"
        ),
        sa.CheckConstraint("state NOT IN ('reviewed', 'published') OR run_number IS NOT NULL", name="reviewed_run"),
        sa.Index("ix_rounds_due_at", "due_at", sqlite_where=sa.text(_WAITS), postgresql_where=sa.text(_WAITS)),
        sa.Index("ix_rounds_created_at_id", "created_at", "id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id"), index=True)
    territory_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("territories.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(120))
    kinds: Mapped[str] = mapped_column(sa.String(40))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    opens_on: Mapped[date]
    closes_on: Mapped[date]
    publish_by: Mapped[date]
    max_wishes: Mapped[int]
    is_wishes_only: Mapped[bool] = mapped_column(default=False)
    state: Mapped[RoundState] = mapped_column(text_enum(RoundState), default=RoundState.COLLECTING)
    due_at: Mapped[datetime | None]
    run_number: Mapped[int | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    frozen_at: Mapped[datetime | None]
    frozen_by: Mapped[str | None] = mapped_column(sa.String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class RoundSchool(Base):
    """A school that takes part; each decides for its own students, and sees no others."""

    __tablename__ = "round_schools"

    round_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id"), primary_key=True, index=True)
    joined_at: Mapped[datetime]
    joined_by: Mapped[str] = mapped_column(sa.String(80))


class RoundClass(Base):
    """A class that takes part. Results are published class by class, each wholly or not at all."""

    __tablename__ = "round_classes"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["round_id", "school_id"], ["round_schools.round_id", "round_schools.school_id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL) AND (published_at IS NULL) = (published_run IS NULL)",
            name="published_whole",
        ),
    )  # fmt: skip

    round_id: Mapped[UUID] = mapped_column(primary_key=True)
    class_id: Mapped[UUID] = mapped_column(sa.ForeignKey("classes.id"), primary_key=True, index=True)
    school_id: Mapped[UUID]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(sa.String(80))
    published_run: Mapped[int | None]


class RoundWish(Base):
    """A wish as it stood in the student's list when the round took its copy; position 1 is the first."""

    __tablename__ = "round_wishes"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "student_id", "opportunity_id"),
        sa.CheckConstraint("position >= 1", name="position"),
    )

    round_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rounds.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )


class RoundPin(Base):
    """A person's decision that goes before every run: this student there, or by no means there, and why.

    `period` counts the opportunity's periods from 0; None leaves the choice to the run.
    """

    __tablename__ = "round_pins"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "student_id", "opportunity_id"),
        sa.CheckConstraint("period IS NULL OR (period >= 0 AND ruling = 'pin')", name="period"),
        sa.Index(
            "uq_round_pins_one_seat", "round_id", "student_id", unique=True,
            sqlite_where=sa.text("ruling = 'pin'"), postgresql_where=sa.text("ruling = 'pin'"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    round_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rounds.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    ruling: Mapped[Ruling] = mapped_column(text_enum(Ruling))
    period: Mapped[int | None]
    why: Mapped[str] = mapped_column(sa.String(200), default="")
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(sa.String(80))


class RoundRun(Base):
    """One computation. With the `inputs` of its seats it holds everything that it takes to do it again.

    `offers` are the opportunities as they stood, `weights` the score's; the `fingerprint` tells one question from another. `report` counts; it names nobody.
    """

    __tablename__ = "round_runs"
    __table_args__ = (
        sa.UniqueConstraint("round_id", "number"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.CheckConstraint("placed BETWEEN 0 AND students", name="placed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    round_id: Mapped[UUID] = mapped_column(sa.ForeignKey("rounds.id", ondelete="CASCADE"))
    number: Mapped[int]
    mode: Mapped[RunMode] = mapped_column(text_enum(RunMode))
    near_number: Mapped[int | None]
    seed: Mapped[int]
    is_wishes_only: Mapped[bool]
    algorithm: Mapped[str] = mapped_column(sa.String(40))
    weights: Mapped[dict[str, Any]]
    ranked_on: Mapped[date]
    offers: Mapped[dict[str, Any]]
    fingerprint: Mapped[str] = mapped_column(sa.String(32))
    report: Mapped[dict[str, Any]]
    students: Mapped[int]
    placed: Mapped[int]
    seconds: Mapped[float]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))


class RoundSeat(Base):
    """What a run gives one student, with nothing where `opportunity_id` is None, and what it knew of the student.

    `wish` is the position of the wish that came true, None beyond the wishes. `said` holds the parts of the score and
    the reasons. A row goes with its student: then the run can no longer be done again, and says so.
    """

    __tablename__ = "round_seats"
    __table_args__ = (
        sa.Index("ix_round_seats_run_id_class_id", "run_id", "class_id"),
        sa.CheckConstraint("opportunity_id IS NOT NULL OR (period IS NULL AND wish IS NULL)", name="seat"),
        sa.CheckConstraint("proposed_at IS NULL OR opportunity_id IS NOT NULL", name="proposed_seat"),
    )

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("round_runs.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    class_id: Mapped[UUID] = mapped_column(sa.ForeignKey("classes.id"))
    opportunity_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    period: Mapped[int | None]
    wish: Mapped[int | None]
    score: Mapped[float | None]
    said: Mapped[dict[str, Any]]
    inputs: Mapped[dict[str, Any]]
    proposed_at: Mapped[datetime | None]


class CompanyRank(Base):
    """Where a company puts a candidate for one of its opportunities; position 1 comes first.

    Who has no position follows by the score. The order is the company's standing one; a run takes its own copy.
    """

    __tablename__ = "company_ranks"
    __table_args__ = (
        sa.UniqueConstraint("opportunity_id", "position"),
        sa.CheckConstraint("position >= 1", name="position"),
    )

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    position: Mapped[int]
    ranked_at: Mapped[datetime]
    ranked_by: Mapped[str] = mapped_column(sa.String(80))
