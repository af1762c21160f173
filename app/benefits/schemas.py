"""What a school year has brought a company, as the API shows it."""

from __future__ import annotations

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.benefits.rules import Likeness, Recommended
from app.benefits.service import MOST_SKILLS, Benefits
from app.opportunities.models import Kind
from app.rest import Level, Line, Out, Slug

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Days = Annotated[float, Field(ge=0, le=1e6)]


class SkillSeenOut(Out):
    """A skill that the company has seen and a school recognised."""

    skill_id: Slug
    students: Count
    level: Level = Field(description="The highest that was seen.")


class OfferedOut(Out):
    """Opportunities of one kind, and how many of their seats were taken."""

    kind: Kind
    opportunities: Count
    seats: Count
    seats_taken: Count


class PeersOut(Out):
    """Firms of the territory that also answered applications, at least five of them."""

    likeness: Likeness = Field(description="What they have in common with the company.")
    firms: Annotated[int, Field(ge=5, le=1_000_000)]
    median_days: Days


class RepliesOut(Out):
    """Applications of the year, and how fast the company answered them."""

    received: Count
    answered: Count
    median_days: Days | None = Field(description="Half of its answers took no longer; null without any.")
    peers: PeersOut | None = Field(description="Null where fewer than five firms can be compared.")


class RecommendedOut(Out):
    """Whether students would go there again: roughly, and of at least five."""

    answers: Annotated[int, Field(ge=5, le=1_000_000, multiple_of=5)] = Field(
        description="In steps of five: at least so many."
    )
    share: Recommended


class SpentOut(Out):
    """What publishing took on the pages: by the median of publications like them, as no company is measured."""

    publications: Count
    renewals: Count
    minutes: Count | None = Field(description="Null where too few publications are known.")


class StillAskedOut(Out):
    """What the territory asks for now: seats that stand open, and students who fit them and have no internship."""

    open_seats: Count
    students: Annotated[int, Field(ge=0, le=2**31 - 1, multiple_of=5)] = Field(
        description="At least so many, in steps of five; 0 is fewer than five."
    )


class BenefitsOut(Out):
    """What a school year has brought a company. Placements belong to the year in which they begin."""

    company_id: UUID
    company_name: Line
    start_year: Annotated[int, Field(ge=2000, le=2100)]
    is_over: bool
    is_exact: bool = Field(
        description="Whether counts of students are exact, as for the company itself; if not, they are in steps of five."
    )
    has_hosted: bool = Field(description="Whether anybody has been there at all.")
    students: Count = Field(description="Different students who have been there, on placements and visits.")
    placements: Count
    visits: Count
    hours: Count | None = Field(
        description="Whole hours that were confirmed; null where they would tell of a few."
    )
    skills: Annotated[list[SkillSeenOut], Field(max_length=MOST_SKILLS)]
    offered: Annotated[list[OfferedOut], Field(max_length=len(Kind))]
    replies: RepliesOut
    recommended: RecommendedOut | None = Field(description="Null for fewer than five answers.")
    spent: SpentOut
    waiting: StillAskedOut | None = Field(
        description="Null without open internships, and for years that are over."
    )

    @classmethod
    def of(cls, found: Benefits) -> Self:
        """From what the service has found."""
        said = found.recommended
        return cls.model_validate(
            {name: getattr(found, name) for name in Benefits.__slots__ if name not in ("met", "recommended")}
            | found.met._asdict()
            | {"recommended": {"answers": said[0], "share": said[1]} if said else None}
        )
