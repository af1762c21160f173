"""Hours of placements, what else a school has credited, what it comes to, diaries and evaluations."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.placements.models import Party


class EntryState(StrEnum):
    """Whether a day's hours stand: only the student has spoken, they stand, or student and host say different things."""

    NOTED = "noted"
    CONFIRMED = "confirmed"
    DISPUTED = "disputed"


class CreditKind(StrEnum):
    """What a school credits hours for besides placements."""

    VISIT = "visit"
    TRAINING = "training"
    SAFETY = "safety"
    PROJECT = "project"


class Criterion(StrEnum):
    """What an evaluation marks from 1 to 4; `rules.CRITERIA` says who marks which."""

    RELIABILITY = "reliability"
    INITIATIVE = "initiative"
    COLLABORATION = "collaboration"
    CARE = "care"
    WELCOME = "welcome"
    TASKS = "tasks"
    HELP = "help"
    LEARNING = "learning"
    SAFETY = "safety"
    PLAN_KEPT = "plan_kept"
    PROGRESS = "progress"
    HOST_FITS = "host_fits"


class HourEntry(Base):
    """One day of a placement in up to three voices, in minutes; 0 is "was not there".

    The school's word settles it, else what the host says stands unless the student says something else (`rules.state`).
    `arrived_at` and `left_at` come from the code that the host shows.
    """

    __tablename__ = "hour_entries"
    __table_args__ = (
        sa.UniqueConstraint("placement_id", "worked_on"),
        sa.CheckConstraint("student_minutes BETWEEN 0 AND 1440", name="student_minutes"),
        sa.CheckConstraint("host_minutes BETWEEN 0 AND 1440", name="host_minutes"),
        sa.CheckConstraint("school_minutes BETWEEN 0 AND 1440", name="school_minutes"),
        sa.CheckConstraint(
            "state = CASE WHEN school_minutes IS NOT NULL THEN 'confirmed'"
            " WHEN host_minutes IS NULL THEN 'noted'"
            " WHEN student_minutes IS NULL OR student_minutes = host_minutes THEN 'confirmed'"
            " ELSE 'disputed' END",
            name="state_of_voices",
        ),
        sa.CheckConstraint(
            "coalesce(student_minutes, host_minutes, school_minutes) IS NOT NULL OR arrived_at IS NOT NULL",
            name="says_something",
        ),
        sa.CheckConstraint("left_at IS NULL OR left_at >= arrived_at", name="times_in_order"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placements.id", ondelete="CASCADE"))
    worked_on: Mapped[date]
    state: Mapped[EntryState] = mapped_column(text_enum(EntryState))
    student_minutes: Mapped[int | None]
    host_minutes: Mapped[int | None]
    school_minutes: Mapped[int | None]
    arrived_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class HourCredit(Base):
    """Hours that a school has decided an activity is worth for one student; no national rule says how many."""

    __tablename__ = "hour_credits"
    __table_args__ = (
        sa.UniqueConstraint("student_id", "kind", "title", "held_on"),
        sa.CheckConstraint("hours BETWEEN 1 AND 400", name="hours"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"))
    kind: Mapped[CreditKind] = mapped_column(text_enum(CreditKind))
    title: Mapped[str] = mapped_column(sa.String(160))
    held_on: Mapped[date]
    hours: Mapped[int]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class HourLedger(Base):
    """What a student still owed when counting began, and what has counted since: `Student.hours_owed` is the difference.

    Whoever sets `hours_owed` anew (a register, a class list) moves the opening, as `service_ledger.settle` finds out.
    """

    __tablename__ = "hour_ledgers"
    __table_args__ = (
        sa.CheckConstraint("opening_minutes >= 0", name="opening_minutes"),
        sa.CheckConstraint("counted_minutes >= 0", name="counted_minutes"),
    )

    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True
    )
    opening_minutes: Mapped[int]
    counted_minutes: Mapped[int] = mapped_column(default=0)


class DiaryEntry(Base):
    """Two lines of a student about a day. The host never reads them (docs/decisions)."""

    __tablename__ = "diary_entries"
    __table_args__ = (sa.UniqueConstraint("placement_id", "written_on"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placements.id", ondelete="CASCADE"))
    written_on: Mapped[date]
    did: Mapped[str] = mapped_column(sa.String(300))
    learnt: Mapped[str] = mapped_column(sa.String(300), default="")
    written_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Evaluation(Base):
    """What one side says at the end: the host of the student, the student of the experience, the school of both.

    The host's becomes evidence when the school has confirmed it. `would_repeat`: the host would take somebody again, the
    student would go again, the school would send somebody again.
    """

    __tablename__ = "evaluations"
    __table_args__ = (
        sa.UniqueConstraint("placement_id", "party"),
        sa.CheckConstraint("party <> 'service'", name="party_of_three"),
        sa.CheckConstraint("(confirmed_at IS NULL) = (confirmed_by IS NULL)", name="confirmed_pair"),
        sa.CheckConstraint("confirmed_at IS NULL OR party = 'company'", name="host_is_confirmed"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placements.id", ondelete="CASCADE"))
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    party: Mapped[Party] = mapped_column(text_enum(Party))
    words: Mapped[str] = mapped_column(sa.String(1000), default="")
    would_repeat: Mapped[bool]
    given_at: Mapped[datetime]
    given_by: Mapped[str] = mapped_column(sa.String(80))
    confirmed_at: Mapped[datetime | None]
    confirmed_by: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class EvaluationMark(Base):
    """One mark of an evaluation, 1 to 4."""

    __tablename__ = "evaluation_marks"
    __table_args__ = (sa.CheckConstraint("mark BETWEEN 1 AND 4", name="mark"),)

    evaluation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True
    )
    criterion: Mapped[Criterion] = mapped_column(text_enum(Criterion), primary_key=True)
    mark: Mapped[int]


class EvaluationSkill(Base):
    """The level at which the host has seen a skill of the plan."""

    __tablename__ = "evaluation_skills"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 4", name="level"),)

    evaluation_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("evaluations.id", ondelete="CASCADE"), primary_key=True
    )
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]
