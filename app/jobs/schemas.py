"""Jobs as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from app.jobs.models import JobState
from app.jobs.rules import JobKind
from app.rest import In, Out, Page, Slug

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]


class JobIn(In):
    """Long work to begin."""

    kind: Literal[JobKind.MATCH_RUN] = Field(description="`match_run` ranks for every student and keeps it.")
    limit: Annotated[int, Field(ge=1, le=100)] = Field(
        20, description="How many opportunities of each kind are kept for each student."
    )


class JobOut(Out):
    """Long work, and how far it is."""

    id: UUID
    kind: JobKind
    state: JobState
    done: Count
    total: Count | None = Field(description="Null while nobody knows.")
    problem: Slug | None = Field(description="What went wrong, of one that failed.")
    is_cancel_asked: bool
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobList(Page):
    """Jobs, the latest first."""

    items: Annotated[list[JobOut], Field(max_length=100)]
