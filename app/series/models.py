"""Series of events, and each event's way into one: proposed, looked at, published or returned."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class SeriesKind(StrEnum):
    """What holds the events together."""

    FESTIVAL = "festival"
    OPEN_DAYS = "open_days"
    PROGRAMME = "programme"


class SeriesState(StrEnum):
    """The life of a series: draft → open for proposals → closed; its page stays."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ProposalState(StrEnum):
    """The life of an event in a series: proposed → in review → published, or returned with a reason."""

    PROPOSED = "proposed"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


class Audience(StrEnum):
    """For whom an event is, besides the years and programmes that its opportunity names."""

    STUDENTS = "students"
    TEACHERS = "teachers"
    COMPANIES = "companies"
    FAMILIES = "families"


class Series(Base):
    """Some days with a name, and what their steering group, the coordinators of the territory, asks for."""

    __tablename__ = "series"
    __table_args__ = (
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("review_days BETWEEN 1 AND 60", name="review_days"),
        sa.Index("ix_series_starts_on_id", "starts_on", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[UUID] = mapped_column(sa.ForeignKey("territories.id"), index=True)
    name_it: Mapped[str] = mapped_column(sa.String(120))
    name_en: Mapped[str] = mapped_column(sa.String(120))
    kind: Mapped[SeriesKind] = mapped_column(text_enum(SeriesKind))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    brief: Mapped[str] = mapped_column(sa.String(2000), default="")
    review_days: Mapped[int] = mapped_column(default=7)
    state: Mapped[SeriesState] = mapped_column(text_enum(SeriesState), default=SeriesState.DRAFT)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


_HAS_CLOCK = "state IN ('proposed', 'in_review')"


class SeriesProposal(Base):
    """An event, which is an opportunity of the kind visit, in a series or on its way into it; in one series at a time.

    `audiences` is a bit set in the order of `Audience`. The name and number of who is there on the day are emptied once
    the series is over (`BOTTEGA_SERIES_CONTACT_DAYS`).
    """

    __tablename__ = "series_proposals"
    __table_args__ = (
        sa.CheckConstraint("audiences BETWEEN 1 AND 15", name="audiences"),
        sa.CheckConstraint(f"({_HAS_CLOCK}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint("(state = 'returned') = (reason IS NOT NULL)", name="returned_with_reason"),
        sa.CheckConstraint("(decided_at IS NULL) = (decided_by IS NULL)", name="decided_pair"),
        sa.Index("ix_series_proposals_series_id_state", "series_id", "state"),
        sa.Index(
            "ix_series_proposals_due_at", "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    series_id: Mapped[UUID] = mapped_column(sa.ForeignKey("series.id"))
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), unique=True
    )
    state: Mapped[ProposalState] = mapped_column(text_enum(ProposalState), default=ProposalState.PROPOSED)
    audiences: Mapped[int]
    is_step_free: Mapped[bool | None]
    accessibility: Mapped[str] = mapped_column(sa.String(1000), default="")
    contact_name: Mapped[str] = mapped_column(sa.String(120), default="")
    contact_phone: Mapped[str] = mapped_column(sa.String(40), default="")
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[str] = mapped_column(sa.String(80))
    due_at: Mapped[datetime | None]
    reminded_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(sa.String(80))
    reason: Mapped[str | None] = mapped_column(sa.String(1000))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
