"""The territory's figures as the API shows them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from app.appetites.models import Appetite, NotHosting
from app.matches.schemas import OpportunityCard
from app.network.rules import Balance, Standing
from app.rest import In, Level, Line, Out, Page

Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Students = Annotated[
    int, Field(ge=0, le=2**31 - 1, multiple_of=5, description="At least so many, in steps of five; 0 is fewer than five.")
]  # fmt: skip
Key = Annotated[
    str,
    StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9._:-]*$"),
    Field(description="Id of the skill, programme or school, ISTAT code, or province; empty for all others."),
]
NoteText = Annotated[
    str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00]*[^\x00\s][^\x00]*$")
]


class SupplyRow(Out):
    """Free seats against students. `students` have the skill, are in the programme, or live in the district."""

    key: Key
    it: Line
    en: Line
    opportunities: Count
    seats: Count
    students: Students
    lacking: Students | None = Field(description="Students who lack the skill; null in the other tables.")
    level: Level | None = Field(description="The level that most of the skill's seats ask for.")
    students_per_seat: Annotated[float, Field(ge=0, le=1e9)] | None
    balance: Balance


class SupplyOut(Out):
    """Demand against supply by skill, by programme and by district, what lacks students most first."""

    opportunities: Count
    seats: Count
    students: Students
    skills: Annotated[list[SupplyRow], Field(max_length=500)]
    programmes: Annotated[list[SupplyRow], Field(max_length=1000)]
    districts: Annotated[list[SupplyRow], Field(max_length=10_000)]


class UnwantedOut(Out):
    """An opportunity that few students fit. `visible` are those to whom only its skills are in the way, and who fit."""

    opportunity: OpportunityCard
    seats_free: Count
    fitting: Students
    visible: Students
    choosing: Students = Field(description="They have saved it or applied.")
    is_ignored: bool = Field(description="Open for two weeks, and nobody at all has saved it or applied.")


class UnwantedList(Page):
    """Those with the fewest fitting students for a seat first."""

    items: Annotated[list[UnwantedOut], Field(max_length=100)]


class UncalledRow(Out):
    """Students of a school, a programme or a district."""

    key: Key
    it: Line
    en: Line
    students: Students
    without_internship: Students = Field(description="No internship with free seats fits them.")
    not_asked_for: Students = Field(description="No company has asked for their name in this school year.")


class UncalledOut(Out):
    """Students whom nobody calls, as counts."""

    total: UncalledRow
    schools: Annotated[list[UncalledRow], Field(max_length=10_000)]
    programmes: Annotated[list[UncalledRow], Field(max_length=1000)]
    districts: Annotated[list[UncalledRow], Field(max_length=10_000)]


class StandingOut(Out):
    """A company, how it stands, and when its people last did anything."""

    company_id: UUID
    name: Line
    standing: Standing
    approved_on: date
    last_sign_on: date
    published: Count = Field(description="Opportunities that stand open.")
    noted_on: date | None = Field(description="The day of the latest note about it.")
    appetite: Appetite | None = Field(description="Whether it hosts in the school year that is asked about.")
    reason: NotHosting | None = Field(description="Why not.")
    asked_on: date | None = Field(
        description="The day on which the service last asked it whether it still hosts."
    )
    warned_on: date | None = Field(description="The day on which it was warned that it will be hidden.")
    hidden_on: date | None = Field(description="Since when the public and students do not see it.")


class StandingList(Page):
    """The dormant first, then those quiet for longest."""

    items: Annotated[list[StandingOut], Field(max_length=100)]


class StandingCount(Out):
    """How many companies stand so."""

    standing: Standing
    companies: Count


class NetworkOut(Out):
    """What needs the coordinator, in numbers."""

    waiting: Count = Field(description="Companies that wait for approval.")
    late: Count = Field(description="Of these, those whose promised day is over.")
    standings: Annotated[list[StandingCount], Field(max_length=10)]
    unwanted: Count = Field(description="Opportunities that few students fit.")
    nobody_fits: Count = Field(description="Of these, those that fewer than five students fit.")
    students: UncalledRow


class IndicatorOut(Out):
    """A figure of the year and what it counts. A share is 0 to 1; null is nothing to make it of."""

    code: Line
    it: Line
    en: Line
    meaning_it: Line
    meaning_en: Line
    unit: Line
    is_of_students: bool = Field(description="Whether it is told in steps of five.")
    value: Annotated[float, Field(ge=0, le=1e12)] | None


class IndicatorsOut(Out):
    """The figures of a school year."""

    start_year: Annotated[int, Field(ge=2000, le=2100)]
    is_over: bool
    indicators: Annotated[list[IndicatorOut], Field(max_length=100)]


class CompanyNoteIn(In):
    """What was said or agreed. Name nobody whom you need not name."""

    text: NoteText


class CompanyNoteOut(Out):
    """A note about a company."""

    id: UUID
    company_id: UUID
    text: NoteText
    written_at: datetime
    written_by: Line = Field(description="`user:` or `key:` with its id")


class CompanyNoteList(Page):
    """The newest first."""

    items: Annotated[list[CompanyNoteOut], Field(max_length=100)]


class WaitingSchoolOut(Out):
    """A school whose students wait for a company to have room."""

    school_id: UUID
    name: Line
    students: Students
    since: date = Field(description="The day since when the first of them waits.")


class ContactLoadOut(Out):
    """What a company is sent this month, by all schools together, and who waits."""

    company_id: UUID
    name: Line
    sent: Count
    most: Count = Field(description="In a month at most.")
    paused_until: date | None = Field(description="The first day on which it takes some again.")
    is_full: bool
    waiting: Students
    schools: Annotated[list[WaitingSchoolOut], Field(max_length=10_000)]


class ContactLoadList(Page):
    """Those for whom most wait first, then the fullest."""

    items: Annotated[list[ContactLoadOut], Field(max_length=100)]
