"""Placements as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field

from app import dates
from app.dates import ClockTime, Day, Weekdays
from app.laws.models import Severity
from app.laws.schemas import Link, Message
from app.opportunities.models import Kind
from app.placements.models import EndReason, Party, Risk, State, TutorSide
from app.placements.rules import LEAST_DAILY_HOURS, Terms
from app.placements.service_tutors import Tutor
from app.rest import In, Line, Out, Page, Patch, Slug

DailyHours = Annotated[float, Field(ge=LEAST_DAILY_HOURS, le=24)]
KeptDailyHours = Annotated[float, Field(gt=0, le=24)]
"""What was agreed on before the least was half an hour."""
PlannedHours = Annotated[int, Field(ge=1, le=5000)]
StartYear = Annotated[int, Field(ge=2000, le=2100)]
Count = Annotated[int, Field(ge=0, le=10_000)]
ActivityIds = Annotated[list[UUID], Field(max_length=100)]
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
    """Other terms. Companies change the tutor of their side, the risk and the activities."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"starts_on", "ends_on", "weekdays", "daily_hours", "planned_hours", "risk", "activity_ids"}
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
    activity_ids: ActivityIds | None = Field(
        None, description="Which of the host's activities the student does."
    )


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
    daily_hours: KeptDailyHours
    planned_hours: PlannedHours
    risk: Risk
    school_tutor_id: UUID | None
    school_tutor_name: Line | None
    host_tutor_id: UUID | None
    host_tutor_name: Line | None
    activity_ids: ActivityIds
    created_at: datetime
    ended_at: datetime | None = Field(description="When it was cancelled or interrupted.")
    ended_for: Party | None
    end_reason: EndReason | None
    version: Version


class FindingOut(Out):
    """What one rule of law finds."""

    rule_id: UUID
    code: Slug
    rule_version: Version = Field(validation_alias="version")
    severity: Severity
    source: Line
    link: Link | None
    is_recalled: bool = Field(description="True: the rule was written from memory; the school verifies it.")
    message_it: Message
    message_en: Message


class FindingsOut(Out):
    """What the law finds in a placement, by the rules that hold on its first day; the gravest first."""

    placement_id: UUID
    checked_on: Day = Field(description="The placement's first day.")
    is_forbidden: bool = Field(description="True: something keeps it from beginning.")
    findings: Annotated[list[FindingOut], Field(max_length=200)]


class StateCount(Out):
    """How many placements are in a state; null for fewer than five, but not none."""

    state: State
    placements: Annotated[int, Field(ge=0, le=10_000_000)] | None


class PlacementCountsOut(Out):
    """Placements of a school year in the territory, by state, without anybody's name."""

    start_year: StartYear
    counts: Annotated[list[StateCount], Field(max_length=20)]


class TutorOfSchool(Out):
    """A tutor's students in a school year, and how many there may be."""

    user_id: UUID
    name: Line
    students: Count = Field(description="In placements that are not over.")
    most_students: Count
    is_decided: bool = Field(description="False: the number is the law's, since the school has not decided.")
    away_from: Day | None
    away_until: Day | None

    @classmethod
    def of(cls, tutor: Tutor) -> Self:
        """From what the service knows."""
        away = tutor.leave or (None, None)
        return cls(
            user_id=tutor.user_id, name=tutor.name, students=tutor.students, most_students=tutor.most_students,
            is_decided=tutor.is_decided, away_from=away[0], away_until=away[1],
        )  # fmt: skip


class TutorList(Page):
    """The tutors of a school, by name."""

    items: Annotated[list[TutorOfSchool], Field(max_length=100)]


class TutorCapacityIn(In):
    """How many students somebody follows at most in a school year."""

    user_id: UUID
    start_year: StartYear
    most_students: Annotated[int, Field(ge=0, le=200)]


class TutorLeaveIn(In):
    """When somebody is away; it replaces what was noted before."""

    user_id: UUID
    starts_on: Day
    ends_on: Day


class TutorSubstitutionIn(In):
    """Who takes over from whom, from a day on."""

    side: TutorSide
    before_id: UUID
    after_id: UUID
    from_on: Day
    placement_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)] | None = Field(
        None, description="Only of these; of all that are not over if left out."
    )


class TutorSubstitutionOut(Out):
    """Who takes over from whom, and where."""

    side: TutorSide
    before_id: UUID
    after_id: UUID
    from_on: Day
    placement_ids: Annotated[list[UUID], Field(max_length=10_000)]


class PlacementList(Page):
    """Placements, the latest first."""

    items: Annotated[list[PlacementOut], Field(max_length=100)]
