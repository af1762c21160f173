"""Applications, and how much a company is sent, as the API takes and shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field

from app.applications import rules
from app.applications.models import ApplicationEnd, ApplicationState
from app.applications.rules import ApplicationAction
from app.applications.service_contacts import Room
from app.applications.service_reading import Seen
from app.dates import Day
from app.disclosures.schemas import Pseudonym
from app.matches.engine import Engine
from app.opportunities.models import Kind
from app.placements.models import Party
from app.rest import In, Line, Out, Page, Patch

Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
PerMonth = Annotated[int, Field(ge=1, le=1000)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


class ApplicationIn(In):
    """What to apply for, and on which days; they may be left out where there is only one period."""

    opportunity_id: UUID
    starts_on: Day | None = Field(
        None, description="First day; within a period of the opportunity, if it has any."
    )
    ends_on: Day | None = Field(None, description="Last day.")


class ApplicationMoveIn(In):
    """Which application."""

    application_id: UUID
    version: Version = Field(description="The one that you have read; another one is refused with 409.")


class ApplicationMovesIn(In):
    """One step with several applications, all or none."""

    action: ApplicationAction = Field(
        description="see, shortlist, accept, reject and cancel are the company's; confirm and withdraw the student's;"
        " approve and refuse the school's; restore is for the side that ended it, or was silent."
    )
    reason: ApplicationEnd | None = Field(
        None, description="Of reject, cancel and refuse, and of nothing else."
    )
    items: Annotated[list[ApplicationMoveIn], Field(min_length=1, max_length=50)]


class ApplicationOut(Out):
    """A student asks for a seat of an opportunity."""

    id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    kind: Kind
    company_id: UUID
    company_name: Line
    pseudonym: Pseudonym = Field(description="The student's name for this company.")
    state: ApplicationState
    waits_for: Party | None = Field(description="Whose turn it is; null when nobody's.")
    due_at: datetime | None = Field(
        description="When silence ends it; while it is queued, when there may be room."
    )
    starts_on: date
    ends_on: date
    created_at: datetime
    delivered_at: datetime | None = Field(description="When the company got it.")
    company_accepted_at: datetime | None
    student_confirmed_at: datetime | None
    school_approved_at: datetime | None
    ended_at: datetime | None
    ended_for: Party | None = Field(description="The side that ended it, or was silent.")
    end_reason: ApplicationEnd | None
    placement_id: UUID | None
    student_id: UUID | None = Field(description="Null for the company, until all three have said yes.")
    student_name: Line | None = Field(description="Null for the company, until all three have said yes.")
    actions: Annotated[list[ApplicationAction], Field(max_length=10)] = Field(
        description="What you can do now."
    )
    version: Version

    @classmethod
    def of(cls, seen: Seen, engine: Engine) -> Self:
        """What the reader may see of it."""
        one, student = seen.application, seen.student
        own = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return cls(
            **own
            | {
                "opportunity_title": seen.title,
                "kind": seen.kind,
                "company_name": seen.company_name,
                "pseudonym": engine.pseudonym(one.company_id, one.student_id),
                "waits_for": rules.OWNER.get(one.state),
                "student_id": one.student_id if seen.sees_name else None,
                "student_name": f"{student.given_name} {student.family_name}" if seen.sees_name else None,
                "actions": seen.actions,
            }
        )


class ApplicationList(Page):
    """Applications, the latest first."""

    items: Annotated[list[ApplicationOut], Field(max_length=100)]


class ContactLimitPatch(Patch):
    """What a company says of how many applications it wants."""

    per_month: PerMonth | None = Field(None, description="In a month at most; null leaves it to the service.")
    paused_until: Day | None = Field(
        None, description="The first day on which it takes some again; null is no pause."
    )


class ContactLimitOut(Out):
    """How many applications a company is sent, of all schools together."""

    per_month: PerMonth | None = Field(description="The company's own wish.")
    paused_until: date | None = Field(description="The first day on which it takes some again.")
    most: Count = Field(description="What holds: its own wish, or the service's limit where that is less.")
    sent: Count = Field(description="How many it has been sent this month.")
    waiting: Count = Field(description="How many wait for room.")
    version: Version

    @classmethod
    def of(cls, room: Room) -> Self:
        """From what the service says."""
        return cls.model_validate(room)
