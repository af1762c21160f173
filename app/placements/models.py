"""Placements: what student, company and school have agreed on."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class PlacementState(StrEnum):
    """The life of a placement: planned → ready → running → closing → completed; or cancelled, or interrupted."""

    PLANNED = "planned"
    READY = "ready"
    RUNNING = "running"
    CLOSING = "closing"
    COMPLETED = "completed"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


State = PlacementState
"""By this name within the service; the API has other states too."""


class Party(StrEnum):
    """Who has to do the next step, or who ended it. The service ends what nobody has made ready in time."""

    STUDENT = "student"
    COMPANY = "company"
    SCHOOL = "school"
    SERVICE = "service"


class EndReason(StrEnum):
    """Why a placement was cancelled or interrupted. None speaks of a person's health or character."""

    STUDENT_CHANGED = "student_changed"
    COMPANY_CHANGED = "company_changed"
    SCHOOL_CHANGED = "school_changed"
    LEFT_SCHOOL = "left_school"
    NOT_READY = "not_ready"
    UNSAFE = "unsafe"
    TOO_LITTLE_ATTENDED = "too_little_attended"
    MOVED = "moved"


class Risk(StrEnum):
    """How dangerous the work is, as the host's own risk assessment says."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


_OPEN = "state IN ('planned', 'ready', 'running', 'closing')"


class Placement(Base):
    """One student at one host for some days. It holds one seat of its opportunity until it is cancelled.

    School, class and company are those of the day it was agreed on. `due_at` is the clock of an open state: when it
    strikes, the worker moves the placement on (`rules.AT_DUE`), so that none hangs. `daily_hours` and the weekdays say
    how the `planned_hours` are spread.
    """

    __tablename__ = "placements"
    __table_args__ = (
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        sa.CheckConstraint("planned_hours > 0", name="planned_hours"),
        sa.CheckConstraint("daily_hours > 0 AND daily_hours <= 24", name="daily_hours"),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="times_pair"),
        sa.CheckConstraint(f"({_OPEN}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint(
            "(state IN ('interrupted', 'cancelled')) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (ended_by IS NULL)"
            " AND (ended_at IS NULL) = (ended_for IS NULL)"
            " AND (ended_at IS NULL) = (end_reason IS NULL)",
            name="end_whole",
        ),
        sa.Index("ix_placements_due_at", "due_at", sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
        sa.Index(
            "uq_placements_open", "student_id", "opportunity_id", unique=True,
            sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN),
        ),
        sa.Index("ix_placements_created_at_id", "created_at", "id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id"), index=True)
    class_id: Mapped[UUID] = mapped_column(sa.ForeignKey("classes.id"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id"), index=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company_sites.id"))
    state: Mapped[State] = mapped_column(text_enum(State, name="state"), default=State.PLANNED)
    due_at: Mapped[datetime | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=31)
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    daily_hours: Mapped[float]
    planned_hours: Mapped[int]
    risk: Mapped[Risk] = mapped_column(text_enum(Risk), default=Risk.LOW)
    school_tutor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    host_tutor_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("users.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(80))
    ended_for: Mapped[Party | None] = mapped_column(text_enum(Party))
    end_reason: Mapped[EndReason | None] = mapped_column(text_enum(EndReason))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class PlacementActivity(Base):
    """What of the host's declared activities the student does."""

    __tablename__ = "placement_activities"

    placement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), primary_key=True
    )
    activity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("host_activities.id", ondelete="CASCADE"), primary_key=True, index=True
    )


class TutorSide(StrEnum):
    """Whose tutor."""

    SCHOOL = "school"
    HOST = "host"


class TutorCapacity(Base):
    """How many students a school's tutor follows at most in a school year, as the school has decided."""

    __tablename__ = "tutor_capacities"
    __table_args__ = (sa.CheckConstraint("most_students BETWEEN 0 AND 200", name="most_students"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    school_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("schools.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    start_year: Mapped[int] = mapped_column(primary_key=True)
    most_students: Mapped[int]
    decided_at: Mapped[datetime]
    decided_by: Mapped[str] = mapped_column(sa.String(80))


class TutorLeave(Base):
    """Days on which a tutor is away, the first and the last included; why is nobody's business."""

    __tablename__ = "tutor_leaves"
    __table_args__ = (sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),)

    user_id: Mapped[UUID] = mapped_column(sa.ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    noted_at: Mapped[datetime]
    noted_by: Mapped[str] = mapped_column(sa.String(80))


class TutorChange(Base):
    """From a day on somebody else is the tutor of a placement; `applied_at` is when the placement was told."""

    __tablename__ = "tutor_changes"
    __table_args__ = (
        sa.Index(
            "ix_tutor_changes_waiting", "from_on",
            sqlite_where=sa.text("applied_at IS NULL"), postgresql_where=sa.text("applied_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    placement_id: Mapped[UUID] = mapped_column(sa.ForeignKey("placements.id", ondelete="CASCADE"), index=True)
    side: Mapped[TutorSide] = mapped_column(text_enum(TutorSide, name="side"))
    before_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    after_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("users.id", ondelete="SET NULL"), index=True)
    from_on: Mapped[date]
    made_at: Mapped[datetime]
    made_by: Mapped[str] = mapped_column(sa.String(80))
    applied_at: Mapped[datetime | None]
