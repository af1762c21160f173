"""Editions and outcomes, as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.dates import Day
from app.evidence import register
from app.evidence.figures import Way
from app.evidence.models import EvidenceEdition, Outcome, ReportedOutcome
from app.evidence.policies import Grouping
from app.evidence.register import Nothing
from app.evidence.service_needs import Need
from app.evidence.service_register import EVERYBODY, Named, Register
from app.network.rules import Balance
from app.network.schemas import Key, SupplyRow
from app.placements.models import Party
from app.rest import In, Line, Out, Page, Patch, Slug

Year = Annotated[int, Field(ge=2000, le=2100)]
PolicyId = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_-]*$")]
Signed = Annotated[float, Field(ge=-1, le=1)]
Seats = Annotated[float, Field(ge=0, le=1e9)]
Number = Annotated[int, Field(ge=0, le=2**31 - 1)]
Told = Annotated[
    Annotated[int, Field(ge=0, le=2**31 - 1, multiple_of=5)] | None,
    Field(description="At least so many, in steps of five; 0 is fewer than five, null is withheld."),
]


class EditionIn(In):
    """What is to be counted."""

    policy: PolicyId
    start_year: Annotated[Year, Field(description="In which the school year began.")]


class ShareOut(Out):
    """A share, or a difference of two, with its interval of 95 %."""

    value: Signed
    low: Signed
    high: Signed


class FigureOut(Out):
    """A figure: exact, at least so many in steps of five, or withheld, as it would give somebody away."""

    indicator: PolicyId
    grouping: Grouping | None
    group: Annotated[str, StringConstraints(max_length=80, pattern=r"^[A-Za-z0-9._:-]*$")]
    way: Way
    value: Number | None
    share: ShareOut | None
    gap: ShareOut | None = Field(description="How far the share is from that of all others.")


class EditionOut(Out):
    """An edition without its figures."""

    id: UUID
    territory_id: UUID
    policy: PolicyId
    start_year: Year
    number: Annotated[int, Field(ge=1, le=2**31 - 1)]
    digest: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", max_length=64)] = Field(
        description="SHA-256 of the content, as JSON with sorted keys and no spaces."
    )
    counted_at: datetime
    released_at: datetime | None = Field(description="Null for a draft.")
    version: Number


class EditionFull(EditionOut):
    """An edition with its figures."""

    figures: Annotated[list[FigureOut], Field(max_length=5000)]

    @classmethod
    def of(cls, edition: EvidenceEdition) -> Self:
        """From the row."""
        known = EditionOut.model_validate(edition).model_dump()
        return cls(**known, figures=edition.content["lines"])


class EditionList(Page):
    """The latest counted first."""

    items: Annotated[list[EditionOut], Field(max_length=100)]


class EditionStarted(Out):
    """Counting is a job; its result is a draft."""

    job_id: UUID


class WayOut(Out):
    """Something to open, or somebody to ask."""

    id: UUID
    name: Line


class ExpectedMonth(Out):
    """Seats expected of a month; four of five months lie between the bounds."""

    value: Seats
    low: Seats
    high: Seats


class NeedOut(Out):
    """A skill with too few students or too few seats, and what would close the gap."""

    skill_id: Slug
    it: Line
    en: Line
    seats: Number
    students: Annotated[int, Field(ge=0, le=2**31 - 1, multiple_of=5)] = Field(
        description="Who has it: at least so many, in steps of five; 0 is fewer than five."
    )
    balance: Balance
    months: Annotated[list[Number], Field(max_length=12)] = Field(
        description="Seats published in each of the last whole months, the latest last."
    )
    ahead: Annotated[list[ExpectedMonth], Field(max_length=3)]
    unfilled: Number = Field(description="Seats of the last year that closed empty.")
    trainings: Annotated[list[WayOut], Field(max_length=3)] = Field(description="Open courses that teach it.")
    visits: Annotated[list[WayOut], Field(max_length=3)] = Field(description="Open visits that show it.")
    companies: Annotated[list[WayOut], Field(max_length=3)] = Field(
        description="Companies that asked for it before, have no seat open and have not said no."
    )

    @classmethod
    def of(cls, need: Need) -> Self:
        """From the analysis."""
        row = need.row
        return cls(
            skill_id=row.key, it=row.it, en=row.en, seats=row.seats, students=row.students, balance=need.balance,
            months=need.months, ahead=[ExpectedMonth.model_validate(one) for one in need.ahead], unfilled=need.unfilled,
            **{
                name: [WayOut.model_validate(one) for one in getattr(need, name)]
                for name in ("trainings", "visits", "companies")
            },
        )  # fmt: skip


class NeedsOut(Out):
    """The widest gaps of the territory, and the districts whose students outnumber the seats, the neediest first."""

    skills: Annotated[list[NeedOut], Field(max_length=15)]
    districts: Annotated[list[SupplyRow], Field(max_length=15)]


class ReasonCount(Out):
    """Students who have found nothing for one reason."""

    reason: Nothing
    students: Told


class UnmetLine(Out):
    """A track or a district, and its students who have found nothing."""

    key: Key
    it: Line
    en: Line
    students: Told
    reasons: Annotated[list[ReasonCount], Field(max_length=7)]

    @classmethod
    def of(cls, line: register.Line, name: Named) -> Self:
        """From a line of the register."""
        return cls(
            key=line.key, it=name.it, en=name.en, students=line.students,
            reasons=[ReasonCount(reason=reason, students=told) for reason, told in line.reasons.items()],
        )  # fmt: skip


class UnmetMonths(Out):
    """A track, and by month its students who asked for an internship then and got nowhere."""

    key: Key
    it: Line
    en: Line
    months: Annotated[list[Told], Field(max_length=12)] = Field(description="Whole months, the latest last.")


class LackedSkill(Out):
    """A skill without which students see internships and are fit for none."""

    skill_id: Slug
    it: Line
    en: Line
    students: Annotated[int, Field(ge=5, le=2**31 - 1, multiple_of=5)] = Field(
        description="At least so many; a student can lack several."
    )
    trainings: Annotated[list[WayOut], Field(max_length=3)] = Field(description="Open courses that teach it.")


class UnmetOut(Out):
    """Students who have found no internship this school year, counted and never named."""

    total: UnmetLine
    tracks: Annotated[list[UnmetLine], Field(max_length=12)]
    districts: Annotated[list[UnmetLine], Field(max_length=12)]
    skills: Annotated[list[LackedSkill], Field(max_length=15)]
    months: Annotated[list[UnmetMonths], Field(max_length=13)] = Field(
        description="The first line, with an empty key, is of all tracks."
    )

    @classmethod
    def of(cls, found: Register) -> Self:
        """From the register."""
        names = found.names
        every = Named("", *EVERYBODY)
        return cls(
            total=UnmetLine.of(found.total, every),
            tracks=[UnmetLine.of(one, names[one.key]) for one in found.tracks],
            districts=[UnmetLine.of(one, names[one.key]) for one in found.districts],
            skills=[
                LackedSkill(
                    skill_id=one.skill.key, it=one.skill.it, en=one.skill.en, students=one.students,
                    trainings=[WayOut.model_validate(way) for way in one.trainings],
                )
                for one in found.skills
            ],
            months=[
                UnmetMonths(key=one.key, it=name.it, en=name.en, months=one.months)
                for at, one in enumerate(found.months)
                for name in [names[one.key] if at else every]
            ],
        )  # fmt: skip


class OutcomePatch(Patch):
    """What became of the student, and the day on which the student agreed to having it told."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"outcome", "agreed_on"})

    outcome: Outcome | None = None
    agreed_on: Day | None = None


class OutcomeOut(Out):
    """What was reported; all is null before it was."""

    placement_id: UUID
    outcome: Outcome | None
    agreed_on: Day | None
    reported_for: Party | None
    reported_at: datetime | None
    version: Number

    @classmethod
    def of(cls, placement_id: UUID, row: ReportedOutcome | None) -> Self:
        """From the row, if there is one."""
        return cls(
            placement_id=placement_id, outcome=row and row.outcome, agreed_on=row and row.agreed_on,
            reported_for=row and row.reported_for, reported_at=row and row.reported_at, version=row.version if row else 0,
        )  # fmt: skip
