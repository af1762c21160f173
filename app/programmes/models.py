"""Study paths, the names the ministry gives them, and what each year brings."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Programme(Base):
    """A study path, an *indirizzo* or an *articolazione* below it, as its newest version describes it."""

    __tablename__ = "programmes"
    __table_args__ = (sa.CheckConstraint("first_year <= last_year", name="years_in_order"),)

    id: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    code: Mapped[str | None] = mapped_column(sa.String(20))
    kind: Mapped[str] = mapped_column(sa.String(20))
    sector: Mapped[str] = mapped_column(sa.String(40))
    areas: Mapped[str] = mapped_column(sa.String(200), default="")
    title_it: Mapped[str] = mapped_column(sa.String(200))
    title_en: Mapped[str] = mapped_column(sa.String(200))
    broader_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("programmes.id", ondelete="SET NULL"), index=True
    )
    first_year: Mapped[int]
    last_year: Mapped[int]
    eqf: Mapped[int | None]


class ProgrammeVersion(Base):
    """One version of a programme, and the days on which a student may start its first year under it."""

    __tablename__ = "programme_versions"
    __table_args__ = (
        sa.CheckConstraint("valid_to IS NULL OR valid_from <= valid_to", name="validity_in_order"),
    )

    programme_id: Mapped[str] = mapped_column(
        sa.ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    title_it: Mapped[str] = mapped_column(sa.String(200))
    title_en: Mapped[str] = mapped_column(sa.String(200))
    first_year: Mapped[int]
    last_year: Mapped[int]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(sa.String(300))
    note: Mapped[str | None] = mapped_column(sa.String(500))


class StudyPath(Base):
    """A study path's name as the ministry writes it, and the programme that it means in some years, if any."""

    __tablename__ = "study_paths"

    name: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    first_year: Mapped[int] = mapped_column(primary_key=True)
    last_year: Mapped[int]
    programme_id: Mapped[str | None] = mapped_column(
        sa.ForeignKey("programmes.id", ondelete="CASCADE"), index=True
    )
    unmapped_reason: Mapped[str | None] = mapped_column(sa.String(300))


class ProgrammeSkill(Base):
    """A skill that a student of the programme has normally met by the end of that year, at that level."""

    __tablename__ = "programme_skills"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 4", name="level"),)

    programme_id: Mapped[str] = mapped_column(
        sa.ForeignKey("programmes.id", ondelete="CASCADE"), primary_key=True
    )
    year: Mapped[int] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(
        sa.ForeignKey("skills.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    level: Mapped[int]
