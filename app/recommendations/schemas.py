"""Recommendations as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.opportunities.models import Kind
from app.recommendations.service import Told
from app.rest import In, Line, Out, Page

MOST_AT_ONCE = 100
Note = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00]+$")]


class RecommendationsIn(In):
    """To whom an opportunity is recommended, and in which words."""

    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=MOST_AT_ONCE)]
    note: Note | None = Field(None, description="A sentence of your own; the students read it.")


class RecommendationOut(Out):
    """An opportunity that a school's staff advises a student to look at."""

    id: UUID
    student_id: UUID
    opportunity_id: UUID
    title: Line
    kind: Kind
    company_name: Line
    note: Note | None
    recommended_at: datetime
    recommended_by_name: Line | None = Field(description="Null when a program did it, or the person is gone.")

    @classmethod
    def of(cls, told: Told) -> Self:
        """From what the service tells."""
        values = told._asdict()
        return cls(recommended_at=values.pop("at"), recommended_by_name=values.pop("name"), **values)


class RecommendationList(Page):
    """Recommendations, the latest first."""

    items: Annotated[list[RecommendationOut], Field(max_length=100)]
