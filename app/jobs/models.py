"""The table of jobs."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class JobState(StrEnum):
    """The life of a job: queued → running → done, failed or cancelled."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


_IS_OPEN = sa.text("state IN ('queued', 'running')")


class Job(Base):
    """One piece of long work.

    Whoever runs it holds it until `claimed_until` and renews that with each step; `attempts` tells the runners apart.
    `arguments` and `result` hold ids and numbers, never names.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR done <= total)", name="progress"),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'running'))", name="finished_in_the_end"
        ),
        sa.CheckConstraint("(problem IS NULL) = (state <> 'failed')", name="failed_with_a_problem"),
        sa.Index("ix_jobs_open", "created_at", "id", sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN),
        sa.Index("ix_jobs_started_by_created_at", "started_by", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[JobState] = mapped_column(text_enum(JobState), default=JobState.QUEUED)
    arguments: Mapped[dict[str, Any]]
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    result: Mapped[dict[str, Any] | None]
    problem: Mapped[str | None] = mapped_column(sa.String(80))
    started_by: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_asked_at: Mapped[datetime | None]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
