"""Opportunities as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import ClockTime, Day, PartName, Parts, WeekdayName, Weekdays
from app.opportunities.models import Kind, Status
from app.rest import In, IstatCode, Level, Out, Page, Patch, Prose, Slug
from app.schools.models import SchoolKind

Title = Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=r"^[^\x00-\x1f]+$")]
Conditions = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Sector = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]
Source = Annotated[
    str, StringConstraints(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$")
]


Seats = Annotated[int, Field(ge=1, le=10_000)]
GroupSize = Annotated[int, Field(ge=1, le=1000)]
Hours = Annotated[int, Field(ge=0, le=5000)]
DailyHours = Annotated[float, Field(ge=0.5, le=12)]
Age = Annotated[int, Field(ge=10, le=99)]
Year = Annotated[int, Field(ge=1, le=6)]
Count = Annotated[int, Field(ge=0, le=10_000)]


class OpportunitySpanIn(In):
    """Days, both included, with the weekdays, the parts of the day and perhaps the time at which it takes place."""

    starts_on: Day
    ends_on: Day
    weekdays: Weekdays = Field(default_factory=lambda: list(WeekdayName)[:5])
    parts: Parts = Field(default_factory=lambda: [PartName.MORNING, PartName.AFTERNOON])
    starts_at: ClockTime | None = None
    ends_at: ClockTime | None = None


class OpportunitySpanOut(Out):
    """Days, both included, with the weekdays, the parts of the day and perhaps the time at which it takes place."""

    starts_on: Day
    ends_on: Day
    weekdays: Weekdays
    parts: Parts
    starts_at: ClockTime | None
    ends_at: ClockTime | None


class SkillNeedIn(In):
    """A skill at a level."""

    skill_id: Slug
    level: Level


class SkillNeedOut(Out):
    """A skill at a level."""

    skill_id: Slug
    level: Level


class EligibilityIn(In):
    """One way to be eligible: every field that is filled must hold."""

    school_kind: SchoolKind | None = None
    sector: Sector | None = None
    programme_id: Slug | None = None
    year: Year | None = None


class EligibilityOut(Out):
    """One way to be eligible: every field that is filled must hold."""

    school_kind: SchoolKind | None
    sector: Sector | None
    programme_id: Slug | None
    year: Year | None


SpansIn = Annotated[list[OpportunitySpanIn], Field(max_length=100)]
SkillsIn = Annotated[list[SkillNeedIn], Field(max_length=50)]
EligibilitiesIn = Annotated[list[EligibilityIn], Field(max_length=50)]

SPANS = (
    "Alternative periods of an internship, alternative sessions of a visit, or the lessons of a training path, which "
    "must all be attended."
)
PLACE = "The place is a site of the company, a municipality, or online."
APPLY = "Whether students apply for it directly; null is the usual: yes, and no for a visit."
ELIGIBLE = "Ways to be eligible; none at all admits everybody."


class OpportunityIn(In):
    """A new opportunity, a draft: it may be incomplete."""

    company_id: UUID
    kind: Kind
    title: Title
    text: Prose = ""
    conditions: Conditions = ""
    site_id: UUID | None = Field(None, description=PLACE)
    municipality_istat: IstatCode | None = Field(None, description=PLACE)
    is_online: bool = Field(default=False, description=PLACE)
    seats: Seats = 1
    group_min: GroupSize | None = Field(None, description="Only for visits.")
    group_max: GroupSize | None = Field(None, description="Only for visits.")
    hours: Hours = Field(0, description="Hours in all; 0 is not said.")
    daily_hours: DailyHours | None = None
    min_age: Age | None = Field(None, description="Age on the first day.")
    max_age: Age | None = Field(None, description="Age on the first day.")
    closes_on: Day | None = Field(None, description="Last day to apply.")
    takes_applications: bool | None = Field(None, description=APPLY)
    spans: SpansIn = Field(default_factory=list, description=SPANS)
    required: SkillsIn = Field(default_factory=list)
    wanted: SkillsIn = Field(default_factory=list)
    taught: SkillsIn = Field(default_factory=list)
    eligibilities: EligibilitiesIn = Field(default_factory=list, description=ELIGIBLE)
    source: Source | None = Field(None, description="The system that `external_id` belongs to.")
    external_id: Slug | None = Field(None, description="Its id there; unique in each source.")


class OpportunityPatch(Patch):
    """Changes of an opportunity. A list replaces the whole list; a new place replaces the old one, of whatever sort."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {
            "title", "text", "conditions", "is_online", "seats", "hours", "spans", "required", "wanted", "taught",
            "eligibilities",
        }
    )  # fmt: skip

    title: Title | None = None
    text: Prose | None = None
    conditions: Conditions | None = None
    site_id: UUID | None = None
    municipality_istat: IstatCode | None = None
    is_online: bool | None = None
    seats: Seats | None = None
    group_min: GroupSize | None = None
    group_max: GroupSize | None = None
    hours: Hours | None = None
    daily_hours: DailyHours | None = None
    min_age: Age | None = None
    max_age: Age | None = None
    closes_on: Day | None = None
    takes_applications: bool | None = Field(None, description=APPLY)
    spans: SpansIn | None = None
    required: SkillsIn | None = None
    wanted: SkillsIn | None = None
    taught: SkillsIn | None = None
    eligibilities: EligibilitiesIn | None = None
    source: Source | None = None
    external_id: Slug | None = None


class OpportunityOut(Out):
    """An internship, a visit or a training path."""

    id: UUID
    company_id: UUID
    kind: Kind
    status: Status
    title: Title
    text: Prose
    conditions: Conditions
    site_id: UUID | None
    municipality_istat: IstatCode | None = Field(
        description="Null when online, or when a draft has no place yet."
    )
    is_online: bool
    seats: Count
    seats_taken: Count
    seats_free: Count
    group_min: GroupSize | None
    group_max: GroupSize | None
    hours: Hours = Field(description="Hours in all; 0 is not said.")
    daily_hours: DailyHours | None
    min_age: Age | None
    max_age: Age | None
    closes_on: Day | None
    takes_applications: bool = Field(description="Whether students apply for it directly.")
    spans: Annotated[list[OpportunitySpanOut], Field(max_length=100)] = Field(description=SPANS)
    required: Annotated[list[SkillNeedOut], Field(max_length=50)]
    wanted: Annotated[list[SkillNeedOut], Field(max_length=50)]
    taught: Annotated[list[SkillNeedOut], Field(max_length=50)]
    eligibilities: Annotated[list[EligibilityOut], Field(max_length=50)] = Field(description=ELIGIBLE)
    published_at: datetime | None
    created_at: datetime
    source: Source | None
    external_id: Slug | None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]


class OpportunityList(Page):
    """Opportunities, the newest first."""

    items: Annotated[list[OpportunityOut], Field(max_length=100)]
