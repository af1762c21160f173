"""Applications, and how many of them reach a company in a month."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.placements.models import Party


class ApplicationState(StrEnum):
    """The life of an application: (queued →) submitted → seen → shortlisted → accepted → confirmed → approved.

    Accepted is the company's yes, confirmed the student's, approved the school's, which makes the placement. A round
    begins with `proposed`: student and school have said yes, and the company is asked.
    """

    QUEUED = "queued"
    SUBMITTED = "submitted"
    SEEN = "seen"
    SHORTLISTED = "shortlisted"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    CONFIRMED = "confirmed"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class ApplicationEnd(StrEnum):
    """Why an application ended. Each speaks of the opportunity, the days or the clock; none of the person."""

    SEATS_GIVEN = "seats_given"
    OTHER_DATES = "other_dates"
    OTHER_SKILLS = "other_skills"
    TOO_FAR = "too_far"
    PLANS_CHANGED = "plans_changed"
    SCHOOL_DATES = "school_dates"
    NO_AGREEMENT = "no_agreement"
    HOURS_NOT_COUNTED = "hours_not_counted"
    STUDENT_CHANGED = "student_changed"
    OTHER_PLACEMENT = "other_placement"
    OPPORTUNITY_OVER = "opportunity_over"
    NO_ANSWER = "no_answer"
    NO_ROOM = "no_room"


_OPEN = "state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')"
_ENDED = "state IN ('rejected', 'withdrawn', 'expired', 'cancelled')"


def _needs(name: str, *states: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{state}'" for state in states)
    return sa.CheckConstraint(f"state NOT IN ({listed}) OR {name}_at IS NOT NULL", name=f"{name}_said")


class Application(Base):
    """A student asks for a seat of an opportunity, on some days.

    In the states of `rules.HOLDS_SEAT` it holds one. `due_at` is the clock of an open state; `delivered_at` is when the
    company got it, which does not exist for the company before. `ended_for` is the side that ended it, or was silent.
    """

    __tablename__ = "applications"
    __table_args__ = (
        *(
            sa.CheckConstraint(f"({name}_at IS NULL) = ({name}_by IS NULL)", name=f"{name}_pair")
            for name in ("company_accepted", "student_confirmed", "school_approved")
        ),
        _needs("company_accepted", "accepted", "confirmed", "approved"),
        _needs("student_confirmed", "proposed", "confirmed", "approved"),
        _needs("school_approved", "proposed", "approved"),
        _needs("delivered", "submitted", "seen", "shortlisted", "proposed", "accepted", "confirmed", "approved"),
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name="times_pair"),
        sa.CheckConstraint(f"({_OPEN}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint("(state = 'approved') = (placement_id IS NOT NULL)", name="approved_has_placement"),
        sa.CheckConstraint(
            f"({_ENDED}) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (ended_by IS NULL)"
            " AND (ended_at IS NULL) = (ended_for IS NULL)"
            " AND (ended_at IS NULL) = (end_reason IS NULL)",
            name="end_whole",
        ),
        sa.Index(
            "uq_applications_open", "student_id", "opportunity_id", unique=True,
            sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN),
        ),
        sa.Index("ix_applications_due_at", "due_at", sqlite_where=sa.text(_OPEN), postgresql_where=sa.text(_OPEN)),
        sa.Index("ix_applications_created_at_id", "created_at", "id"),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id"), index=True)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    round_id: Mapped[UUID | None]
    placement_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), index=True
    )
    state: Mapped[ApplicationState] = mapped_column(text_enum(ApplicationState))
    due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=31)
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]
    daily_hours: Mapped[float]
    planned_hours: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    delivered_at: Mapped[datetime | None]
    company_accepted_at: Mapped[datetime | None]
    company_accepted_by: Mapped[str | None] = mapped_column(sa.String(80))
    student_confirmed_at: Mapped[datetime | None]
    student_confirmed_by: Mapped[str | None] = mapped_column(sa.String(80))
    school_approved_at: Mapped[datetime | None]
    school_approved_by: Mapped[str | None] = mapped_column(sa.String(80))
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(80))
    ended_for: Mapped[Party | None] = mapped_column(text_enum(Party))
    end_reason: Mapped[ApplicationEnd | None] = mapped_column(text_enum(ApplicationEnd))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class ContactMonth(Base):
    """How many applications, of whatever school, a company has been sent in a month, named by its first day."""

    __tablename__ = "contact_months"
    __table_args__ = (sa.CheckConstraint("sent >= 1", name="sent"),)

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    month: Mapped[date] = mapped_column(primary_key=True)
    sent: Mapped[int]


class ContactLimit(Base):
    """What a company has said of how many applications it wants in a month, and until which day it wants none."""

    __tablename__ = "contact_limits"
    __table_args__ = (sa.CheckConstraint("per_month >= 1", name="per_month"),)

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    per_month: Mapped[int | None]
    paused_until: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
