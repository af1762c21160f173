"""Placements as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from app import dates
from app.dates import Day, Weekdays
from app.opportunities.models import Kind
from app.opportunities.schemas import ClockTime
from app.placements.models import EndReason, Party, Risk, State
from app.placements.rules import Terms
from app.rest import In, Line, Out, Page, Patch

DailyHours = Annotated[float, Field(gt=0, le=24)]
PlannedHours = Annotated[int, Field(ge=1, le=5000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PlacementIn(In):
    """What student, company and school have agreed on elsewhere."""

    student_id: UUID
    opportunity_id: UUID
    starts_on: Day
    ends_on: Day
    weekdays: Weekdays = Field(default_factory=lambda: dates.mask_to_weekdays(31))
    starts_at: ClockTime | None = None
    ends_at: ClockTime | None = None
    daily_hours: DailyHours
    planned_hours: PlannedHours
    risk: Risk = Field(default=Risk.LOW, description="Of the work, as the host's own assessment says.")
    school_tutor_id: UUID | None = Field(None, description="The `user_id` of a member of the school.")
    host_tutor_id: UUID | None = Field(None, description="The `user_id` of a member of the company.")

    def terms(self) -> Terms:
        """The terms as the service takes them."""
        given = self.model_dump(exclude={"student_id", "opportunity_id"})
        return Terms(**given | {"weekdays": dates.weekdays_to_mask(self.weekdays)})


class PlacementPatch(Patch):
    """Other terms. Companies change the tutor of their side, and the risk."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"starts_on", "ends_on", "weekdays", "daily_hours", "planned_hours", "risk"}
    )

    starts_on: Day | None = None
    ends_on: Day | None = None
    weekdays: Weekdays | None = None
    starts_at: ClockTime | None = None
    ends_at: ClockTime | None = None
    daily_hours: DailyHours | None = None
    planned_hours: PlannedHours | None = None
    risk: Risk | None = None
    school_tutor_id: UUID | None = None
    host_tutor_id: UUID | None = None


class EndIn(In):
    """Why it ends. Each side gives its own reasons; the school any."""

    reason: EndReason


class PlacementOut(Out):
    """One student at one host for some days, and who has to do the next step by when."""

    id: UUID
    student_id: UUID
    student_name: Line
    school_id: UUID
    class_id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    kind: Kind
    company_id: UUID
    company_name: Line
    site_id: UUID | None
    state: State
    owner: Party | None = Field(description="Who has to act next; null when it has ended.")
    due_at: datetime | None = Field(description="When it moves on by itself; null when it has ended.")
    starts_on: Day
    ends_on: Day
    weekdays: Weekdays
    starts_at: ClockTime | None
    ends_at: ClockTime | None
    daily_hours: DailyHours
    planned_hours: PlannedHours
    risk: Risk
    school_tutor_id: UUID | None
    school_tutor_name: Line | None
    host_tutor_id: UUID | None
    host_tutor_name: Line | None
    created_at: datetime
    ended_at: datetime | None = Field(description="When it was cancelled or interrupted.")
    ended_for: Party | None
    end_reason: EndReason | None
    version: Version


class PlacementList(Page):
    """Placements, the latest first."""

    items: Annotated[list[PlacementOut], Field(max_length=100)]
