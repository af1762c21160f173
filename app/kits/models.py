"""Kits, their steps and skills, and what was made of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.opportunities.models import Kind


class Kit(Base):
    """A project that has been done once, told as a template. Each maker is named only with its own yes."""

    __tablename__ = "kits"
    __table_args__ = (
        sa.CheckConstraint("company_id IS NOT NULL OR school_id IS NOT NULL", name="has_maker"),
        sa.CheckConstraint(
            "(company_shown_at IS NULL) = (company_shown_by IS NULL)"
            " AND (company_shown_at IS NULL OR company_id IS NOT NULL)",
            name="company_shown",
        ),
        sa.CheckConstraint(
            "(school_shown_at IS NULL) = (school_shown_by IS NULL)"
            " AND (school_shown_at IS NULL OR school_id IS NOT NULL)",
            name="school_shown",
        ),
        sa.CheckConstraint("first_year <= last_year", name="years_in_order"),
        sa.CheckConstraint("hours >= 0 AND students > 0", name="counts"),
        sa.Index("ix_kits_territory_id_created_at", "territory_id", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[UUID] = mapped_column(sa.ForeignKey("territories.id"))
    company_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("companies.id"), index=True)
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id"), index=True)
    kind: Mapped[Kind] = mapped_column(text_enum(Kind))
    title: Mapped[str] = mapped_column(sa.String(160))
    summary: Mapped[str] = mapped_column(sa.String(4000), default="")
    result: Mapped[str] = mapped_column(sa.String(2000), default="")
    materials: Mapped[str] = mapped_column(sa.String(2000), default="")
    programme_id: Mapped[str | None] = mapped_column(sa.ForeignKey("programmes.id"))
    first_year: Mapped[int]
    last_year: Mapped[int]
    hours: Mapped[int] = mapped_column(default=0)
    students: Mapped[int] = mapped_column(default=1)
    is_retired: Mapped[bool] = mapped_column(default=False)
    company_shown_at: Mapped[datetime | None]
    company_shown_by: Mapped[str | None] = mapped_column(sa.String(80))
    school_shown_at: Mapped[datetime | None]
    school_shown_by: Mapped[str | None] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class KitStep(Base):
    """One step, and the minutes that it takes each side."""

    __tablename__ = "kit_steps"
    __table_args__ = (sa.CheckConstraint("company_minutes >= 0 AND teacher_minutes >= 0", name="minutes"),)

    kit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kits.id", ondelete="CASCADE"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(sa.String(200))
    company_minutes: Mapped[int]
    teacher_minutes: Mapped[int]


class KitSkill(Base):
    """A skill that the project teaches."""

    __tablename__ = "kit_skills"

    kit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kits.id", ondelete="CASCADE"), primary_key=True)
    skill_id: Mapped[str] = mapped_column(sa.ForeignKey("skills.id"), primary_key=True, index=True)
    level: Mapped[int]


class KitCopy(Base):
    """An opportunity that was begun from a kit, and the minutes that it has taken each side once it was over."""

    __tablename__ = "kit_copies"
    __table_args__ = (
        sa.CheckConstraint("company_minutes IS NULL OR company_minutes > 0", name="company_minutes"),
        sa.CheckConstraint("teacher_minutes IS NULL OR teacher_minutes > 0", name="teacher_minutes"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kit_id: Mapped[UUID] = mapped_column(sa.ForeignKey("kits.id", ondelete="CASCADE"), index=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), unique=True
    )
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id"))
    company_minutes: Mapped[int | None]
    teacher_minutes: Mapped[int | None]
    copied_at: Mapped[datetime]
    copied_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
