"""What became of students after a placement, how many enrol, and editions of figures that do not change any more."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum
from app.placements.models import Party


class Outcome(StrEnum):
    """What a placement led to, as far as school or host know. None says that somebody found nothing."""

    CONTRACT = "contract"
    APPRENTICESHIP = "apprenticeship"
    ITS_ENROLMENT = "its_enrolment"
    UNIVERSITY = "university"


class ReportedOutcome(Base):
    """What became of a student after a placement. The student was asked on `agreed_on`, and can take it back any time."""

    __tablename__ = "reported_outcomes"

    placement_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("placements.id", ondelete="CASCADE"), primary_key=True
    )
    outcome: Mapped[Outcome] = mapped_column(text_enum(Outcome))
    agreed_on: Mapped[date]
    reported_for: Mapped[Party] = mapped_column(text_enum(Party))
    reported_at: Mapped[datetime]
    reported_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Enrolment(Base):
    """How many students a school has in a track in the school year that begins in `start_year`, from a file."""

    __tablename__ = "enrolments"
    __table_args__ = (
        sa.CheckConstraint("students BETWEEN 0 AND 10000", name="students"),
        sa.CheckConstraint("start_year BETWEEN 2000 AND 2100", name="start_year"),
    )

    school_id: Mapped[UUID] = mapped_column(sa.ForeignKey("schools.id", ondelete="CASCADE"), primary_key=True)
    start_year: Mapped[int] = mapped_column(primary_key=True)
    track: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    students: Mapped[int]


class EvidenceEdition(Base):
    """The figures of a territory for a school year under a policy, as they may be published.

    Before it is released it can be thrown away; afterwards nothing of it changes. `content` has the figures with their
    definitions, so that an edition is read without the policy that made it; `digest` is of its bytes.
    """

    __tablename__ = "evidence_editions"
    __table_args__ = (
        sa.UniqueConstraint("territory_id", "policy", "start_year", "number"),
        sa.CheckConstraint("(released_at IS NULL) = (released_by IS NULL)", name="released_pair"),
        sa.CheckConstraint("number >= 1", name="number"),
        sa.Index("ix_evidence_editions_released_at_id", "released_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    territory_id: Mapped[UUID] = mapped_column(sa.ForeignKey("territories.id", ondelete="CASCADE"))
    policy: Mapped[str] = mapped_column(sa.String(40))
    start_year: Mapped[int]
    number: Mapped[int]
    content: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(sa.String(64))
    counted_at: Mapped[datetime]
    counted_by: Mapped[str] = mapped_column(sa.String(80))
    released_at: Mapped[datetime | None]
    released_by: Mapped[str | None] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
