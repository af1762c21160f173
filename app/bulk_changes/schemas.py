"""Bulk changes as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.bulk_changes import rules
from app.bulk_changes.models import BulkChange, BulkKind
from app.bulk_changes.rules import ChangeState
from app.rest import In, Level, Out, Slug
from app.students.service_validation import Choice

MOST_SKILLS = 2000
Size = Annotated[int, Field(ge=0, le=100_000)]


class SkillValidationIn(In):
    """A declared skill of a student, and the level at which the teacher confirms it."""

    student_id: UUID
    skill_id: Slug
    level: Level


class SkillValidationsIn(In):
    """The skills of a class that are confirmed together."""

    skills: Annotated[list[SkillValidationIn], Field(min_length=1, max_length=MOST_SKILLS)]

    def choices(self) -> list[Choice]:
        """What the service takes."""
        return [Choice(one.student_id, one.skill_id, one.level) for one in self.skills]


class BulkChangeOut(Out):
    """What was done at once, and whether it can still be undone."""

    id: UUID
    kind: BulkKind
    state: ChangeState = Field(
        description="`done` can be undone, until `undoable_until`; `settled` no longer."
    )
    size: Size = Field(description="How many things changed.")
    made_at: datetime
    undoable_until: datetime
    undone: Size | None = Field(description="How many could be put back; the others had been changed since.")

    @classmethod
    def of(cls, change: BulkChange, now: datetime) -> Self:
        """From the row."""
        return cls(
            id=change.id, kind=change.kind, state=rules.state_of(change, now), size=change.size,
            made_at=change.made_at, undoable_until=change.expires_at, undone=change.undone,
        )  # fmt: skip
