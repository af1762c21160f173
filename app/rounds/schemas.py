"""Rounds as the API takes and shows them; runs and what people see of them are in `schemas_runs`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, model_validator

from app.auth.actors import Actor
from app.dates import Day
from app.opportunities.models import Kind
from app.rest import In, Line, Out, Page, Patch
from app.rounds import rules
from app.rounds.models import Round, RoundState, Ruling, RunMode
from app.rounds.service import Seen
from app.rounds.service_orders import MOST as MOST_ORDERED
from app.rounds.service_pins import Pinned
from app.rounds.service_wishes import Progress, Wisher
from app.students.schemas import PersonalName
from app.wishes.rules import MOST_RANKED

Name = Annotated[str, Field(min_length=1, max_length=120, pattern=r"^[^\x00-\x1f]+$")]
Kinds = Annotated[
    list[Kind], Field(min_length=1, max_length=len(Kind), json_schema_extra={"uniqueItems": True})
]
ClassIds = Annotated[list[UUID], Field(min_length=1, max_length=rules.MOST_CLASSES)]
MaxWishes = Annotated[int, Field(ge=1, le=MOST_RANKED)]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
RunNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]
Period = Annotated[int, Field(ge=0, le=1000)]
Pseudonym = Annotated[str, Field(min_length=9, max_length=9, pattern=r"^[A-Z0-9]{4}-[A-Z0-9]{4}$")]


class RoundIn(In):
    """A round to open: for classes of a school, or shared by the schools of a territory."""

    school_id: UUID | None = Field(None, description="Whose; or else `territory_id`.")
    territory_id: UUID | None = Field(None, description="A shared round: schools of the territory join it.")
    name: Name
    kinds: Kinds
    class_ids: Annotated[list[UUID], Field(max_length=rules.MOST_CLASSES)] = Field(
        default_factory=list, description="Of the school; none of a shared round."
    )
    starts_on: Day = Field(description="No placement begins earlier.")
    ends_on: Day = Field(description="No placement ends later.")
    opens_on: Day
    closes_on: Day = Field(description="The last day for wishes; then the lists are copied.")
    publish_by: Day = Field(description="Whatever is not published on this day is cancelled.")
    max_wishes: MaxWishes = 5
    is_wishes_only: bool = Field(default=False, description="Place nobody beyond the own wishes.")

    @model_validator(mode="after")
    def _one_owner(self) -> Self:
        if (self.school_id is None) == (self.territory_id is None):
            raise ValueError("give either school_id or territory_id")
        if self.school_id is not None and not self.class_ids:
            raise ValueError("give class_ids: a school's round is about some of its classes")
        return self


class RoundPatch(Patch):
    """What to change of a round that still collects."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"name", "kinds", "class_ids", "starts_on", "ends_on", "opens_on", "closes_on", "publish_by", "max_wishes", "is_wishes_only"}
    )  # fmt: skip

    name: Name | None = None
    kinds: Kinds | None = None
    class_ids: ClassIds | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    opens_on: Day | None = None
    closes_on: Day | None = None
    publish_by: Day | None = None
    max_wishes: MaxWishes | None = None
    is_wishes_only: bool | None = None


class RoundClassOut(Out):
    """A class that takes part, of those that are yours."""

    class_id: UUID
    school_id: UUID
    published_at: datetime | None
    published_run: RunNumber | None = Field(description="The run whose result has been published.")


class RoundOut(Out):
    """A round."""

    id: UUID
    school_id: UUID | None
    territory_id: UUID | None
    name: Name
    kinds: Kinds
    starts_on: date
    ends_on: date
    opens_on: date
    closes_on: date
    publish_by: date
    max_wishes: MaxWishes
    is_wishes_only: bool
    state: RoundState
    due_at: datetime | None = Field(
        description="When it moves on by itself: it freezes, or is cancelled; never published."
    )
    run_number: RunNumber | None = Field(description="The run that is to be published.")
    can_run: bool = Field(description="Whether you may freeze, run and cancel it.")
    schools: Count = Field(description="How many take part.")
    classes: Annotated[list[RoundClassOut], Field(max_length=rules.MOST_CLASSES)]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]

    @classmethod
    def of(cls, seen: Seen, actor: Actor) -> Self:
        """From the row; of the classes those that are the actor's."""
        row = seen.round
        own = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls(**own | {
            "kinds": sorted(rules.kinds_of(row)), "can_run": seen.can_run(actor), "schools": len(seen.school_ids),
            "classes": [RoundClassOut.model_validate(one) for one in seen.own(actor)],
        })  # fmt: skip


class RoundList(Page):
    """Rounds, the latest first."""

    items: Annotated[list[RoundOut], Field(max_length=100)]


class RoundSchoolIn(In):
    """A school that joins a shared round."""

    school_id: UUID
    class_ids: ClassIds


class ClassProgressOut(Out):
    """How far a class has come."""

    class_id: UUID
    students: Count
    wished: Count = Field(description="Students with at least one wish that counts for the round.")


class RoundProgress(Out):
    """How many have wished: your classes one by one, all together as a sum."""

    students: Count
    wished: Count
    classes: Annotated[list[ClassProgressOut], Field(max_length=rules.MOST_CLASSES)]

    @classmethod
    def of(cls, found: list[Progress], own: frozenset[UUID]) -> Self:
        """From the service's lines."""
        return cls(
            students=sum(one.students for one in found),
            wished=sum(one.wished for one in found),
            classes=[ClassProgressOut(**one._asdict()) for one in found if one.class_id in own],
        )


class RoundWishOut(Out):
    """A wish that counts for the round."""

    position: MaxWishes
    opportunity_id: UUID
    title: Line
    company_name: Line
    kind: Kind


class WisherOut(Out):
    """A student of the round, with the wishes that count."""

    student_id: UUID
    given_name: PersonalName
    family_name: PersonalName
    has_account: bool
    wishes: Annotated[list[RoundWishOut], Field(max_length=MOST_RANKED)]

    @classmethod
    def of(cls, wisher: Wisher) -> Self:
        """From the service's line."""
        return cls(
            student_id=wisher.student_id, given_name=wisher.given_name, family_name=wisher.family_name,
            has_account=wisher.has_account, wishes=[RoundWishOut(**one._asdict()) for one in wisher.wishes],
        )  # fmt: skip


class ClassWishes(Out):
    """The wishes of a class: the standing lists while the round collects, afterwards its copy."""

    class_id: UUID
    students: Annotated[list[WisherOut], Field(max_length=1000)]


class RemindersOut(Out):
    """Who was reminded."""

    reminded: Count = Field(description="Students without a wish who have an account; each once a day.")


class InvitedOut(Out):
    """Who was invited."""

    invited: Count = Field(
        description="Schools that have not joined and have somebody who leads them; each once a day."
    )


class RoundSchoolOut(Out):
    """A school of the territory, and with how much it takes part."""

    school_id: UUID
    name: Line
    municipality_name: Line
    is_joined: bool
    classes: Count
    students: Count


class RoundSchoolList(Page):
    """The schools of the territory by name."""

    items: Annotated[list[RoundSchoolOut], Field(max_length=100)]


class LateWishesIn(In):
    """Whose lists to copy once more."""

    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


class PinIn(In):
    """A student and an opportunity that belong together, or by no means."""

    student_id: UUID
    opportunity_id: UUID
    ruling: Ruling
    period: Period | None = Field(None, description="Of a pin: which of the opportunity's periods, from 0.")
    why: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""


class PinOut(Out):
    """A pin or a ban."""

    id: UUID
    student_id: UUID
    opportunity_id: UUID
    title: Line
    company_name: Line
    ruling: Ruling
    period: Period | None
    why: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
    made_at: datetime

    @classmethod
    def of(cls, pinned: Pinned) -> Self:
        """From the service's line."""
        own = {name: getattr(pinned.pin, name) for name in cls.model_fields if hasattr(pinned.pin, name)}
        return cls(**own, title=pinned.title, company_name=pinned.company_name)


class PinList(Page):
    """Pins and bans of your students, the latest first."""

    items: Annotated[list[PinOut], Field(max_length=100)]


class StudentRoundOut(Out):
    """A round as a student of one of its classes knows it."""

    id: UUID
    name: Name
    kinds: Kinds
    starts_on: date
    ends_on: date
    opens_on: date
    closes_on: date
    max_wishes: MaxWishes
    state: RoundState

    @classmethod
    def of(cls, row: Round) -> Self:
        """From the row."""
        own = {name: getattr(row, name) for name in cls.model_fields}
        return cls(**own | {"kinds": sorted(rules.kinds_of(row))})


class StudentRoundList(Page):
    """The rounds of a student's class that are not over, the next to close first."""

    items: Annotated[list[StudentRoundOut], Field(max_length=100)]


class CandidateOrderIn(In):
    """Candidates from the first to the last; none leaves it to the score."""

    pseudonyms: Annotated[list[Pseudonym], Field(max_length=MOST_ORDERED)]


class CandidateOrderOut(Out):
    """The company's own order of its candidates."""

    opportunity_id: UUID
    pseudonyms: Annotated[list[Pseudonym], Field(max_length=MOST_ORDERED)]


class RunIn(In):
    """A run to compute."""

    mode: RunMode = RunMode.STABLE
    is_near: bool = Field(
        default=False,
        description="Only `optimal`: as few students as can be sit elsewhere than in the chosen run.",
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="Decides equal scores; the round has one of its own."
    )


class ChoiceIn(In):
    """Which run is to be published."""

    run_number: RunNumber


class PublicationIn(In):
    """What to publish."""

    run_number: RunNumber = Field(description="The run that you have looked at.")
    class_ids: ClassIds | None = Field(None, description="Some of your classes; all of them if left out.")
