"""Internships, visits and training paths."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class Kind(StrEnum):
    """The three kinds of opportunity."""

    INTERNSHIP = "internship"
    VISIT = "visit"
    TRAINING = "training"


class Status(StrEnum):
    """The life of an opportunity: draft → published → full or closed → archived."""

    DRAFT = "draft"
    PUBLISHED = "published"
    FULL = "full"
    CLOSED = "closed"
    ARCHIVED = "archived"


class SkillRole(StrEnum):
    """What an opportunity has to do with a skill."""

    REQUIRED = "required"
    WANTED = "wanted"
    TAUGHT = "taught"


class Opportunity(Base):
    """What a company, or another body of the network, offers. What `has_sessions` takes its dates and seats from these."""

    __tablename__ = "opportunities"
    __table_args__ = (
        sa.UniqueConstraint("source", "external_id"),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND seats", name="seats"),
        sa.CheckConstraint(
            "is_online = (municipality_istat IS NULL) OR (NOT is_online AND published_at IS NULL)",
            name="placed_or_online",
        ),
        sa.CheckConstraint("(published_at IS NULL) = (published_by IS NULL)", name="published_pair"),
        sa.CheckConstraint("group_min IS NULL OR group_max IS NULL OR group_min <= group_max", name="group"),
        sa.CheckConstraint("min_age IS NULL OR max_age IS NULL OR min_age <= max_age", name="ages"),
        sa.Index("ix_opportunities_status_revision", "status", "revision"),
        sa.Index("ix_opportunities_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("company_sites.id"))
    kind: Mapped[Kind] = mapped_column(text_enum(Kind))
    status: Mapped[Status] = mapped_column(text_enum(Status), default=Status.DRAFT)
    title: Mapped[str] = mapped_column(sa.String(160))
    text: Mapped[str] = mapped_column(sa.String(8000), default="")
    conditions: Mapped[str] = mapped_column(sa.String(2000), default="")
    municipality_istat: Mapped[str | None] = mapped_column(sa.ForeignKey("municipalities.istat"), index=True)
    is_online: Mapped[bool] = mapped_column(default=False)
    seats: Mapped[int]
    seats_taken: Mapped[int] = mapped_column(default=0)
    group_min: Mapped[int | None]
    group_max: Mapped[int | None]
    hours: Mapped[int] = mapped_column(default=0)
    daily_hours: Mapped[float | None]
    min_age: Mapped[int | None]
    max_age: Mapped[int | None]
    closes_on: Mapped[date | None]
    takes_applications: Mapped[bool] = mapped_column(default=True, server_default=sa.true())
    has_sessions: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    source: Mapped[str | None] = mapped_column(sa.String(40))
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    revision: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class OpportunitySpan(Base):
    """An alternative period of an internship, an alternative session of a visit, or a lesson of a training path."""

    __tablename__ = "opportunity_spans"
    __table_args__ = (
        sa.CheckConstraint("starts_on <= ends_on", name="days_in_order"),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name="weekdays"),
        sa.CheckConstraint("parts BETWEEN 1 AND 7", name="parts"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    weekdays: Mapped[int] = mapped_column(default=31)
    parts: Mapped[int] = mapped_column(default=3)
    starts_at: Mapped[time | None]
    ends_at: Mapped[time | None]


class OpportunitySkill(Base):
    """A skill that an opportunity requires, wants or teaches."""

    __tablename__ = "opportunity_skills"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 4", name="level"),)

    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), primary_key=True
    )
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)
    role: Mapped[SkillRole] = mapped_column(text_enum(SkillRole), primary_key=True)
    level: Mapped[int]


class OpportunityEligibility(Base):
    """One way to be eligible: every filled column must hold. No row at all admits everybody."""

    __tablename__ = "opportunity_eligibilities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    school_kind: Mapped[str | None] = mapped_column(sa.String(20))
    sector: Mapped[str | None] = mapped_column(sa.String(40))
    programme_id: Mapped[str | None] = mapped_column(sa.ForeignKey("programmes.id"))
    year: Mapped[int | None]
