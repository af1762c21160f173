"""Rankings that were kept: enough to show them again, and to compute them again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id


class MatchRun(Base):
    """One computation of rankings for many students."""

    __tablename__ = "match_runs"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    algorithm: Mapped[str] = mapped_column(sa.String(40))
    weights: Mapped[dict[str, Any]]
    seed: Mapped[int]
    ranked_on: Mapped[date]
    revision: Mapped[int] = mapped_column(sa.BigInteger)
    students: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class Match(Base):
    """One line of one student's ranking of one kind in a run."""

    __tablename__ = "matches"

    run_id: Mapped[UUID] = mapped_column(sa.ForeignKey("match_runs.id", ondelete="CASCADE"), primary_key=True)
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    kind: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    score: Mapped[float]
    parts: Mapped[dict[str, Any]]


class StoredRanking(Base):
    """One student's ranking as it was shown once: what it was made of, as far as its lines need it.

    `student` holds the values that the engine saw; `vocabulary` is a fingerprint of the tree of skills. It goes with the
    student, and at `expires_at`.
    """

    __tablename__ = "rankings"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    student_id: Mapped[UUID] = mapped_column(sa.ForeignKey("students.id", ondelete="CASCADE"), index=True)
    kind: Mapped[str | None] = mapped_column(sa.String(20))
    line_limit: Mapped[int]
    algorithm: Mapped[str] = mapped_column(sa.String(40))
    weights: Mapped[dict[str, Any]]
    attendance: Mapped[float]
    seed: Mapped[int]
    ranked_on: Mapped[date]
    vocabulary: Mapped[str] = mapped_column(sa.String(32))
    student: Mapped[dict[str, Any]]
    stored_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RankingLine(Base):
    """One line of a stored ranking. No foreign key leads to the opportunity: that it is gone is worth telling."""

    __tablename__ = "ranking_lines"

    ranking_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("rankings.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True)
    opportunity_id: Mapped[UUID]
    title: Mapped[str] = mapped_column(sa.String(200))
    company_name: Mapped[str] = mapped_column(sa.String(200))
    score: Mapped[float]
    parts: Mapped[dict[str, Any]]
    opportunity: Mapped[dict[str, Any]]
