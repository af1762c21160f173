"""Kits as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.kits import rules
from app.kits.models import KitCopy
from app.kits.service import Seen
from app.opportunities.models import Kind, Opportunity, Status
from app.rest import In, Level, Line, Out, Page, Patch, Slug

KitTitle = Annotated[str, StringConstraints(min_length=3, max_length=160, pattern=r"^[^\x00-\x1f]+$")]
StepTitle = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Summary = Annotated[str, StringConstraints(max_length=4000, pattern=r"^[^\x00]*$")]
Told = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
Minutes = Annotated[int, Field(ge=0, le=60_000)]
Measured = Annotated[int, Field(ge=1, le=600_000)]
KitYear = Annotated[int, Field(ge=1, le=6)]
KitHours = Annotated[int, Field(ge=0, le=5000)]
Students = Annotated[int, Field(ge=1, le=1000)]
Copies = Annotated[int, Field(ge=0, le=1_000_000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]

NAMED = "Only of a maker that has said yes; makers and who coordinates the territory read both."
HOURS = "Hours of a student in all; 0 is not said."


class KitStepIn(In):
    """One step, and the minutes that it takes each side."""

    title: StepTitle
    company_minutes: Minutes = 0
    teacher_minutes: Minutes = 0


class KitSkillIn(In):
    """A skill that the project teaches."""

    skill_id: Slug
    level: Level


class KitStepOut(Out):
    """One step, and the minutes that it takes each side."""

    title: StepTitle
    company_minutes: Minutes
    teacher_minutes: Minutes


class KitSkillOut(Out):
    """A skill that the project teaches."""

    skill_id: Slug
    level: Level


StepsIn = Annotated[list[KitStepIn], Field(max_length=rules.MOST_STEPS)]
SkillsIn = Annotated[list[KitSkillIn], Field(max_length=20)]


class KitIn(In):
    """A project that has been made once, by a company, a school, or both."""

    company_id: UUID | None = None
    school_id: UUID | None = None
    kind: Kind = Field(description="What a copy becomes.")
    title: KitTitle
    summary: Summary = ""
    result: Told = Field("", description="What came out.")
    materials: Told = Field("", description="What it takes.")
    programme_id: Slug | None = Field(None, description="Of which track its students were; null is any.")
    first_year: KitYear
    last_year: KitYear
    hours: KitHours = Field(0, description=HOURS)
    students: Students = 1
    steps: StepsIn = Field(default_factory=list)
    skills: SkillsIn = Field(default_factory=list)


class KitPatch(Patch):
    """Changes of a kit; `steps` and `skills` replace those that are there."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"title", "summary", "result", "materials", "first_year", "last_year", "hours", "students", "steps", "skills",
         "shows_company", "shows_school", "is_retired"}
    )  # fmt: skip

    title: KitTitle | None = None
    summary: Summary | None = None
    result: Told | None = None
    materials: Told | None = None
    programme_id: Slug | None = None
    first_year: KitYear | None = None
    last_year: KitYear | None = None
    hours: KitHours | None = Field(None, description=HOURS)
    students: Students | None = None
    steps: StepsIn | None = None
    skills: SkillsIn | None = None
    shows_company: bool | None = Field(None, description="Whether the company is named; its own people say.")
    shows_school: bool | None = Field(None, description="Whether the school is named; who leads it says.")
    is_retired: bool | None = Field(None, description="A retired kit is not listed and not copied.")


class KitCopyOut(Out):
    """An opportunity that was begun from a kit, and the minutes that it has taken each side."""

    id: UUID
    kit_id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    opportunity_status: Status
    school_id: UUID | None = Field(description="The school that has proposed it.")
    company_minutes: Measured | None
    teacher_minutes: Measured | None
    copied_at: datetime
    version: Version

    @classmethod
    def of(cls, made: KitCopy, opportunity: Opportunity) -> Self:
        """From the rows."""
        return cls.told(made, opportunity.title, opportunity.status)

    @classmethod
    def told(cls, made: KitCopy, title: str, status: Status) -> Self:
        """From the row and what it was made of."""
        own = {name: getattr(made, name) for name in cls.model_fields if hasattr(made, name)}
        return cls(**own, opportunity_title=title, opportunity_status=status)


class KitOut(Out):
    """A project that has been made once, told as a template."""

    id: UUID
    territory_id: UUID
    company_id: UUID | None = Field(description=NAMED)
    company_name: Line | None = Field(description=NAMED)
    school_id: UUID | None = Field(description=NAMED)
    school_name: Line | None = Field(description=NAMED)
    kind: Kind
    title: KitTitle
    summary: Summary
    result: Told
    materials: Told
    programme_id: Slug | None
    first_year: KitYear
    last_year: KitYear
    hours: KitHours = Field(description=HOURS)
    students: Students
    steps: Annotated[list[KitStepOut], Field(max_length=rules.MOST_STEPS)]
    skills: Annotated[list[KitSkillOut], Field(max_length=20)]
    is_retired: bool
    times_copied: Copies
    measured_company_minutes: Measured | None = Field(
        description="The median of what companies have measured."
    )
    measured_teacher_minutes: Measured | None = Field(
        description="The median of what teachers have measured."
    )
    own_copies: Annotated[list[KitCopyOut], Field(max_length=100)] = Field(
        description="What your own company or school has made of it, the latest first."
    )
    created_at: datetime
    version: Version

    @classmethod
    def of(cls, seen: Seen) -> Self:
        """What the reader may see of it."""
        kit = seen.kit
        own: dict[str, Any] = {name: getattr(kit, name) for name in cls.model_fields if hasattr(kit, name)}
        own |= {
            "company_id": kit.company_id if seen.company_name else None, "company_name": seen.company_name,
            "school_id": kit.school_id if seen.school_name else None, "school_name": seen.school_name,
        }  # fmt: skip
        return cls(
            **own, steps=[KitStepOut.model_validate(one) for one in seen.steps],
            skills=[KitSkillOut.model_validate(one) for one in seen.skills], times_copied=len(seen.copies),
            measured_company_minutes=rules.typical([one.copy.company_minutes for one in seen.copies]),
            measured_teacher_minutes=rules.typical([one.copy.teacher_minutes for one in seen.copies]),
            own_copies=[KitCopyOut.told(one.copy, one.title, one.status) for one in seen.own_copies[:100]],
        )  # fmt: skip


class KitList(Page):
    """Kits, the latest first."""

    items: Annotated[list[KitOut], Field(max_length=100)]


class KitCopyIn(In):
    """A draft for this company."""

    company_id: UUID
    school_id: UUID | None = Field(None, description="Your school, where it is a school that proposes it.")


class KitCopyPatch(Patch):
    """How many minutes it has taken; each side says its own."""

    company_minutes: Measured | None = None
    teacher_minutes: Measured | None = None
