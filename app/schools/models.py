"""Schools with their sites, and classes."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class SchoolKind(StrEnum):
    """What sort of school it is; the first five are kinds of programme too."""

    TECHNICAL = "technical"
    VOCATIONAL = "vocational"
    LICEO = "liceo"
    IEFP = "iefp"
    ITS = "its"
    OTHER = "other"


class School(Base):
    """A school or one of its sites, by its mechanographic code; `institute_code` joins the sites of one school."""

    __tablename__ = "schools"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(sa.String(10), unique=True)
    institute_code: Mapped[str | None] = mapped_column(sa.String(10), index=True)
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[SchoolKind] = mapped_column(text_enum(SchoolKind))
    municipality_istat: Mapped[str | None] = mapped_column(sa.ForeignKey("municipalities.istat"), index=True)
    address: Mapped[str | None] = mapped_column(sa.String(200))
    cap: Mapped[str | None] = mapped_column(sa.String(5))
    email: Mapped[str | None] = mapped_column(sa.String(254))
    website: Mapped[str | None] = mapped_column(sa.String(200))
    is_state: Mapped[bool | None]
    source: Mapped[str] = mapped_column(sa.String(40))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class SchoolClass(Base):
    """A class of one school year: 4A of 2025/26 has `start_year` 2025, `year` 4, `section` A.

    `study_path` is what the ministry calls it; `subjects` has one name a line.
    """

    __tablename__ = "classes"
    __table_args__ = (
        sa.UniqueConstraint("school_id", "start_year", "year", "section", "study_path"),
        sa.CheckConstraint("year BETWEEN 1 AND 6", name="year"),
        sa.CheckConstraint("start_year BETWEEN 2000 AND 2100", name="start_year"),
        sa.Index(
            "ix_classes_school_id_source_external_id", "school_id", "source", "external_id", unique=True
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"))
    start_year: Mapped[int]
    year: Mapped[int]
    section: Mapped[str] = mapped_column(sa.String(40))
    study_path: Mapped[str] = mapped_column(sa.String(200), default="")
    programme_id: Mapped[str | None] = mapped_column(sa.ForeignKey("programmes.id"), index=True)
    subjects: Mapped[str] = mapped_column(sa.Text, default="")
    source: Mapped[str | None] = mapped_column(sa.String(40))
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
