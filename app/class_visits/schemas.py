"""Visits for a class as the API shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.class_visits.rules import Hindrance, Turn
from app.class_visits.service import ClassVisit
from app.matches.schemas import Km, Share
from app.rest import LanguageCode, Line, Out, Page, Slug

Count = Annotated[int, Field(ge=0, le=1_000_000)]


class ClassVisitSessionOut(Out):
    """A session, and what stands in the way of the class."""

    visit_session_id: UUID
    starts_at: datetime
    ends_at: datetime
    language: LanguageCode
    room: Count = Field(description="For so many of the class there is room now.")
    waiting: Count = Field(description="So many bookings are on the waiting list.")
    obstacles: Annotated[list[Hindrance], Field(max_length=5)] = Field(
        description="Empty: the class can book it now."
    )
    tests: Annotated[list[Line], Field(max_length=50)] = Field(
        description="In what the class has a test then."
    )

    @classmethod
    def of(cls, turn: Turn) -> Self:
        """As the rules have it."""
        own = {name: getattr(turn, name) for name in cls.model_fields}
        return cls(**own | {"tests": [one.subject for one in turn.tests[:50]]})


class TaughtSkillOut(Out):
    """A skill that a visit teaches, with its name in both languages."""

    skill_id: Slug
    it: Line
    en: Line


class ClassVisitOut(Out):
    """A visit, what it is to the class as a whole, and its sessions."""

    opportunity_id: UUID
    title: Line
    company_name: Line
    mean_fit: Share = Field(description="Of all students who are ranked; 0 for whom a rule is against it.")
    worst_fit: Share = Field(description="Of the one whom it suits least.")
    suited: Count = Field(description="For how many of them no rule is against it.")
    ranked: Count = Field(description="How many students of the class are ranked.")
    travel_km: Km | None = Field(
        description="By road from the school's municipality; null online or unknown."
    )
    discovers: Annotated[list[TaughtSkillOut], Field(max_length=100)] = Field(
        description="Skills that it teaches and fewer than half of the class have."
    )
    sessions: Annotated[list[ClassVisitSessionOut], Field(max_length=100)] = Field(
        description="What the class can book now, then what falls on a test, then what is full; each by time."
    )

    @classmethod
    def of(cls, visit: ClassVisit) -> Self:
        """A line of the ranking."""
        fit = visit.fit
        return cls(
            opportunity_id=fit.opportunity_id, title=visit.card["title"], company_name=visit.card["company_name"],
            mean_fit=fit.mean, worst_fit=fit.worst, suited=fit.suited, ranked=len(fit.scores), travel_km=fit.travel_km,
            discovers=[TaughtSkillOut(**skill) for skill in visit.discovers],
            sessions=[ClassVisitSessionOut.of(turn) for turn in visit.turns[:100]],
        )  # fmt: skip


class ClassVisitList(Page):
    """Visits for a class, the best for all together first."""

    items: Annotated[list[ClassVisitOut], Field(max_length=100)]
