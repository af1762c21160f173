"""Series and proposals as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import Day
from app.rest import In, Line, Out, Page, Patch
from app.series import rules
from app.series.models import Audience, ProposalState, Series, SeriesKind, SeriesState
from app.series.rules import ProposalAction
from app.series.service_reading import SeenProposal

SeriesName = Annotated[str, StringConstraints(min_length=2, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Brief = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
ReviewDays = Annotated[int, Field(ge=1, le=60)]
Audiences = Annotated[list[Audience], Field(min_length=1, max_length=4)]
Accessibility = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
PersonName = Annotated[str, StringConstraints(max_length=120, pattern=r"^[^\x00-\x1f]*$")]
DayPhone = Annotated[str, StringConstraints(max_length=40, pattern=r"^[0-9+() ./-]*$")]
Reason = Annotated[str, StringConstraints(min_length=3, max_length=1000, pattern=r"^[^\x00]+$")]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]

BRIEF = "What the steering group asks for."
CLOCK = "Within so many days of a proposal the steering group answers; then it is reminded."
STEP_FREE = "Whether one gets there without a step; null is not known."
ON_THE_DAY = (
    "Who is there on the day: for the host and the steering group only, emptied some time after the series."
)
AUDIENCES = "For whom it is; of students, `eligibilities` of the opportunity say which years and programmes. Each once."


class SeriesIn(In):
    """A new series, a draft at first."""

    territory_id: UUID
    name_it: SeriesName
    name_en: SeriesName
    kind: SeriesKind
    starts_on: Day
    ends_on: Day
    brief: Brief = Field("", description=BRIEF)
    review_days: ReviewDays = Field(7, description=CLOCK)


class SeriesPatch(Patch):
    """Changes of a series; its state too: `open` takes proposals, `closed` takes none any more."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"name_it", "name_en", "kind", "starts_on", "ends_on", "brief", "review_days", "state"}
    )

    name_it: SeriesName | None = None
    name_en: SeriesName | None = None
    kind: SeriesKind | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    brief: Brief | None = Field(None, description=BRIEF)
    review_days: ReviewDays | None = Field(None, description=CLOCK)
    state: SeriesState | None = None


class SeriesOut(Out):
    """Some days with a name, and what their steering group asks for."""

    id: UUID
    territory_id: UUID
    name_it: Line
    name_en: Line
    kind: SeriesKind
    starts_on: Day
    ends_on: Day
    brief: Brief = Field(description=BRIEF)
    review_days: ReviewDays = Field(description=CLOCK)
    state: SeriesState
    version: Version

    @classmethod
    def of(cls, found: Series) -> Self:
        """From the row."""
        return cls.model_validate(found)


class SeriesList(Page):
    """Series, the latest first."""

    items: Annotated[list[SeriesOut], Field(max_length=100)]


class SeriesProposalIn(In):
    """A visit that its host would like to see in a series; a published one stands on the series' public page."""

    opportunity_id: UUID
    audiences: Audiences = Field(description=AUDIENCES)
    is_step_free: bool | None = Field(None, description=STEP_FREE)
    accessibility: Accessibility = ""
    contact_name: PersonName = Field("", description=ON_THE_DAY)
    contact_phone: DayPhone = Field("", description=ON_THE_DAY)


class SeriesProposalPatch(Patch):
    """Changes of what a proposal says beyond its opportunity."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"audiences", "accessibility", "contact_name", "contact_phone"}
    )

    audiences: Audiences | None = Field(None, description=AUDIENCES)
    is_step_free: bool | None = Field(None, description=STEP_FREE)
    accessibility: Accessibility | None = None
    contact_name: PersonName | None = Field(None, description=ON_THE_DAY)
    contact_phone: DayPhone | None = Field(None, description=ON_THE_DAY)


class SeriesProposalMoveIn(In):
    """One step with a proposal."""

    action: ProposalAction = Field(
        description="The steering group's: `take` it up, `publish`, `return` with a reason. The host's: `propose` again, `withdraw`."
    )
    reason: Reason | None = Field(None, description="Goes with `return`; the host reads it.")
    version: Version = Field(description="The one that you have read; another one is refused with 409.")


class SeriesProposalOut(Out):
    """An event in a series, or on its way into it."""

    id: UUID
    series_id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    company_id: UUID
    company_name: Line
    state: ProposalState
    audiences: Audiences = Field(description=AUDIENCES)
    is_step_free: bool | None = Field(description=STEP_FREE)
    accessibility: Accessibility
    contact_name: PersonName | None = Field(description=ON_THE_DAY)
    contact_phone: DayPhone | None = Field(description=ON_THE_DAY)
    proposed_at: datetime
    due_at: datetime | None = Field(description="Until when the steering group owes an answer.")
    decided_at: datetime | None
    reason: Reason | None = Field(description="Why it was returned; for the host and the steering group.")
    actions: Annotated[list[ProposalAction], Field(max_length=5)] = Field(description="What you can do now.")
    version: Version

    @classmethod
    def of(cls, seen: SeenProposal) -> Self:
        """What the reader may see of it."""
        one = seen.proposal
        own: dict[str, Any] = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        if not seen.is_inside:
            own |= {"contact_name": None, "contact_phone": None, "reason": None}
        return cls(
            **own
            | {
                "audiences": rules.of_mask(one.audiences),
                "opportunity_title": seen.opportunity.title,
                "company_id": seen.opportunity.company_id,
                "company_name": seen.company_name,
                "actions": seen.actions,
            }
        )


class SeriesProposalList(Page):
    """Events of a series, those proposed first before the others."""

    items: Annotated[list[SeriesProposalOut], Field(max_length=100)]
