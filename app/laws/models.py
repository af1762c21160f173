"""The rule table, what hosts declare of their safety, and the safety training that students have had."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.placements.models import Risk


class Severity(StrEnum):
    """What a finding does: it keeps a placement from beginning, it asks somebody to look, or it only says so."""

    FORBIDS = "forbids"
    WARNS = "warns"
    INFORMS = "informs"


class Measure(StrEnum):
    """What a rule looks at. The thresholds are its parameters; everything else about it is data."""

    MINIMUM_HOURS = "minimum_hours"
    ATTENDED_SHARE = "attended_share"
    DAILY_HOURS = "daily_hours"
    WEEKLY_HOURS = "weekly_hours"
    NIGHT = "night"
    MINIMUM_AGE = "minimum_age"
    HOST_TUTOR_LOAD = "host_tutor_load"
    SCHOOL_TUTOR_LOAD = "school_tutor_load"
    TUTOR_NAMED = "tutor_named"
    TUTOR_PRESENT = "tutor_present"
    RISK_ASSESSMENT = "risk_assessment"
    BANNED_ACTIVITY = "banned_activity"
    GENERAL_TRAINING = "general_training"
    SPECIFIC_TRAINING = "specific_training"
    INSURANCE = "insurance"
    AGREEMENT = "agreement"
    REGISTER = "register"


class LawRule(Base):
    """One version of a rule, never changed: another view of the law, or its end, is a new row.

    On a day the version holds that began last among those whose days include it, unless it `is_repealed`; so a version
    with an `ends_on` is an exception for some time, after which the one before it holds again. `applies_to` lists kinds of
    study path, and is empty for all. What `is_recalled` was written from memory: the school verifies it. `origin` names a
    rule that ships with the service.
    """

    __tablename__ = "law_rules"
    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.CheckConstraint("version >= 1", name="version"),
        sa.CheckConstraint("ends_on IS NULL OR starts_on <= ends_on", name="days_in_order"),
        sa.Index("ix_law_rules_created_at_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(sa.String(60))
    version: Mapped[int]
    measure: Mapped[Measure] = mapped_column(text_enum(Measure))
    parameters: Mapped[dict[str, Any]]
    severity: Mapped[Severity] = mapped_column(text_enum(Severity))
    is_repealed: Mapped[bool] = mapped_column(default=False)
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    jurisdiction: Mapped[str] = mapped_column(sa.String(5), default="IT")
    applies_to: Mapped[str] = mapped_column(sa.String(80), default="")
    source: Mapped[str] = mapped_column(sa.String(200))
    link: Mapped[str | None] = mapped_column(sa.String(300))
    is_recalled: Mapped[bool] = mapped_column(default=False)
    message_it: Mapped[str] = mapped_column(sa.String(500))
    message_en: Mapped[str] = mapped_column(sa.String(500))
    origin: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))


class HostSafety(Base):
    """What a host declares: the day of its risk assessment and the risk it comes to, and its place in the national register.

    The assessment itself stays with the host.
    """

    __tablename__ = "host_safety"
    __table_args__ = (
        sa.CheckConstraint("(assessed_on IS NULL) = (risk IS NULL)", name="assessment_pair"),
        sa.CheckConstraint("(register_number IS NULL) = (registered_on IS NULL)", name="register_pair"),
    )

    company_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("companies.id", ondelete="CASCADE"), primary_key=True
    )
    assessed_on: Mapped[date | None]
    risk: Mapped[Risk | None] = mapped_column(text_enum(Risk))
    register_number: Mapped[str | None] = mapped_column(sa.String(40))
    registered_on: Mapped[date | None]
    declared_at: Mapped[datetime]
    declared_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class HostActivity(Base):
    """Something that is done at a host, or at one of its sites. What is no longer done stays for the placements that name it.

    `is_high_risk`: the host's own risk assessment names it so; no student does it.
    """

    __tablename__ = "host_activities"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    company_id: Mapped[UUID] = mapped_column(sa.ForeignKey("companies.id", ondelete="CASCADE"), index=True)
    site_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("company_sites.id", ondelete="SET NULL"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(160))
    is_high_risk: Mapped[bool] = mapped_column(default=False)
    removed_at: Mapped[datetime | None]


class TrainingKind(StrEnum):
    """General safety training holds for life, specific training for a risk."""

    GENERAL = "general"
    SPECIFIC = "specific"


class SafetyTraining(Base):
    """A student's safety training: when, how long, by whom; specific training is for a risk."""

    __tablename__ = "safety_trainings"
    __table_args__ = (
        sa.CheckConstraint("hours > 0 AND hours <= 100", name="hours"),
        sa.CheckConstraint("(kind = 'specific') = (risk IS NOT NULL)", name="risk_of_specific"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    kind: Mapped[TrainingKind] = mapped_column(text_enum(TrainingKind))
    risk: Mapped[Risk | None] = mapped_column(text_enum(Risk))
    hours: Mapped[float]
    held_on: Mapped[date]
    held_by: Mapped[str] = mapped_column(sa.String(120))
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(sa.String(80))
