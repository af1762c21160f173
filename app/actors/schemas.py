"""The network as the API shows it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import islice
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.actors.models import Pledge, TerritoryAreas
from app.actors.portfolio import EventSession, Suggestion, Why
from app.actors.portfolio_series import Filling, SeriesLoad
from app.actors.rules import ActorKind, NamedTie, NetworkActor, TieKind
from app.actors.service_areas import EMPTY
from app.actors.service_portfolio import Portfolio
from app.actors.service_protocols import Shown
from app.dates import Day
from app.network.schemas import Count, Students
from app.rest import In, IstatCode, Line, Out, Page, Patch, Slug

Year = Annotated[int, Field(ge=2000, le=2100)]
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Division = Annotated[
    str, StringConstraints(min_length=7, max_length=7, pattern=r"^(2007|2025)-[0-9]{2}$"),
    Field(description="A division of ATECO with its edition, like 2025-28."),
]  # fmt: skip
PerYear = Annotated[int, Field(ge=1, le=100_000)]
Words = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Keys = Annotated[list[Slug], Field(max_length=200)]

MOST = 1000
"""Entries of a list that is no page of a longer one."""

# --- areas ------------------------------------------------------------------------------------------------------------


class DistrictIn(In):
    """Municipalities under one name; each is in one district at most."""

    key: Slug
    it: Line
    en: Line
    municipalities: Annotated[list[IstatCode], Field(min_length=1, max_length=500)]


class SectorIn(In):
    """ATECO divisions under one name."""

    key: Slug
    it: Line
    en: Line
    divisions: Annotated[list[Division], Field(min_length=1, max_length=200)]


class PriorityIn(In):
    """What the network cares for, from one day to another, and who decided so and why; at least one of the three is named."""

    key: Slug
    it: Line
    en: Line
    district: Slug | None = Field(default=None, description="Key of a district; null for everywhere.")
    sector: Slug | None = Field(default=None, description="Key of a sector; null for all.")
    skill_id: Slug | None = None
    starts_on: Day
    ends_on: Day
    reason: Line
    decided_by: Line


class AreasPatch(Patch):
    """A list that is sent replaces the one there is; what is not sent stays."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"districts", "sectors", "priorities"})

    districts: Annotated[list[DistrictIn], Field(max_length=200)] | None = None
    sectors: Annotated[list[SectorIn], Field(max_length=100)] | None = None
    priorities: Annotated[list[PriorityIn], Field(max_length=100)] | None = None

    def document(self) -> dict[str, Any]:
        """The lists that were sent, as they are kept."""
        sent = self.changes()
        written: dict[str, Any] = self.model_dump(mode="json")
        return {name: written[name] for name in sent}


class DistrictOut(Out):
    """A district."""

    key: Slug
    it: Line
    en: Line
    municipalities: Annotated[list[IstatCode], Field(max_length=500)]


class TerritorySectorOut(Out):
    """A sector."""

    key: Slug
    it: Line
    en: Line
    divisions: Annotated[list[Division], Field(max_length=200)]


class PriorityOut(Out):
    """A priority area."""

    key: Slug
    it: Line
    en: Line
    district: Slug | None
    sector: Slug | None
    skill_id: Slug | None
    starts_on: date
    ends_on: date
    reason: Line
    decided_by: Line


class AreasOut(Out):
    """How a territory is divided, and what it cares for."""

    territory_id: UUID
    districts: Annotated[list[DistrictOut], Field(max_length=200)]
    sectors: Annotated[list[TerritorySectorOut], Field(max_length=100)]
    priorities: Annotated[list[PriorityOut], Field(max_length=100)]
    version: Version

    @classmethod
    def of(cls, territory_id: UUID, row: TerritoryAreas | None) -> Self:
        """From the row, if there is one."""
        document = EMPTY if row is None else row.document
        return cls.model_validate(
            {**document, "territory_id": territory_id, "version": version_of(row)}, strict=False
        )


def version_of(row: TerritoryAreas | None) -> int:
    """0 before there is anything."""
    return 0 if row is None else row.version


# --- the directory ----------------------------------------------------------------------------------------------------


class NetworkActorOut(Out):
    """A school or a company, and what it did in the school year."""

    id: UUID = Field(description="Of the school or the company.")
    kind: ActorKind
    name: Line
    municipality_istat: IstatCode | None = Field(description="Of the school, or of the company's main site.")
    districts: Keys
    sectors: Keys
    priorities: Keys = Field(description="Priority areas of today that it is in.")
    offered: Count = Field(description="What a company has published in the year.")
    visits: Count = Field(
        description="Sessions that a company held or plans, or in which a school had seats."
    )
    placements: Students
    has_placements: bool = Field(description="Tells fewer than five from none.")
    partners: Count = Field(description="Schools or companies of the territory with which it did something.")
    noted_on: date | None = Field(description="The day of the latest note about a company.")

    @classmethod
    def of(cls, one: NetworkActor) -> Self:
        """From a line of the directory."""
        return cls(
            id=one.id, kind=one.kind, name=one.name, municipality_istat=one.municipality_istat,
            districts=sorted(one.districts), sectors=sorted(one.sectors), priorities=sorted(one.priorities),
            offered=one.offered, visits=one.visits, placements=one.placements, has_placements=one.has_placements,
            partners=one.partners, noted_on=one.noted_on,
        )  # fmt: skip


class NetworkActorList(Page):
    """By name."""

    items: Annotated[list[NetworkActorOut], Field(max_length=100)]


class TieOut(Out):
    """What a school and a host did together in the school year, and what they have signed."""

    school_id: UUID
    school: Line
    company_id: UUID
    company: Line
    visits: Count = Field(description="Sessions in which the school had seats.")
    agreements: Count = Field(description="In force on some day of the year.")
    placements: Students
    has_placements: bool = Field(description="Tells fewer than five from none.")
    protocols: Count = Field(description="Signed by both, in force on some day of the year.")
    kinds: Annotated[list[TieKind], Field(max_length=4)] = Field(
        description="In which ways they are tied; `protocol` alone is signed, and nothing done yet."
    )

    @classmethod
    def of(cls, one: NamedTie) -> Self:
        """From a tie with its names."""
        tie = one.tie
        return cls(
            school_id=tie.school_id, school=one.school, company_id=tie.company_id, company=one.company,
            visits=tie.visits, agreements=tie.agreements, placements=tie.placements, has_placements=tie.has_placements,
            protocols=tie.protocols, kinds=list(tie.kinds),
        )  # fmt: skip


class TieList(Page):
    """Those who did most together first."""

    items: Annotated[list[TieOut], Field(max_length=100)]


# --- the portfolio of events ------------------------------------------------------------------------------------------


class PortfolioSession(Out):
    """One date of an event."""

    visit_session_id: UUID
    opportunity_id: UUID
    title: Line
    company_id: UUID
    company: Line
    starts_at: datetime
    municipality_istat: IstatCode | None
    districts: Keys
    seats: Count
    seats_taken: Count
    waiting: Count = Field(description="People on the waiting list.")

    @classmethod
    def of(cls, one: EventSession) -> Self:
        """From a session of the portfolio."""
        return cls(
            visit_session_id=one.id, opportunity_id=one.opportunity_id, title=one.title, company_id=one.company_id,
            company=one.company, starts_at=one.starts_at, municipality_istat=one.municipality_istat,
            districts=sorted(one.districts), seats=one.seats, seats_taken=one.seats_taken, waiting=one.waiting,
        )  # fmt: skip


Sessions = Annotated[list[PortfolioSession], Field(max_length=1000)]


class PortfolioClash(Out):
    """Different events on one day, in one place, about the same."""

    day: date
    place: Slug = Field(description="Key of a district, or the ISTAT code of a municipality that is in none.")
    skill_ids: Keys
    sessions: Sessions


class PortfolioDuplicate(Out):
    """Events of one company with the same title on the same day."""

    sessions: Sessions


class PortfolioGaps(Out):
    """What no session of these days reaches."""

    districts: Keys
    priorities: Keys
    programme_ids: Keys = Field(description="Of the territory's classes, none of which has seats.")
    years: Annotated[list[Annotated[int, Field(ge=1, le=6)]], Field(max_length=6)]


class PortfolioQuiet(Out):
    """A company that nobody has invited, or that has never offered anything."""

    company_id: UUID
    name: Line
    is_invited: bool
    has_offered: bool


class PortfolioGround(Out):
    """A reason to ask a company, and the gap that it covers: a key, or the id of a programme."""

    why: Why
    key: Slug | None


class PortfolioSuggestion(Out):
    """Whom to ask next, and why."""

    company_id: UUID
    name: Line
    grounds: Annotated[list[PortfolioGround], Field(max_length=500)]

    @classmethod
    def of(cls, one: Suggestion) -> Self:
        """From a suggestion of the portfolio."""
        return cls(
            company_id=one.candidate.company_id,
            name=one.candidate.name,
            grounds=[PortfolioGround(why=each.why, key=each.key or None) for each in one.grounds],
        )


class PortfolioSeries(Out):
    """How a series is filled on these days; null is what is in none."""

    series_id: UUID | None
    it: Line
    en: Line
    filling: Filling
    sessions: Count
    seats: Count
    seats_taken: Count
    waiting: Count
    attended: Students
    districts: Keys = Field(description="Keys of the districts that it does not reach.")
    suggestions: Annotated[list[PortfolioSuggestion], Field(max_length=3)] = Field(
        description="Whom to ask for it: they are where it does not reach."
    )

    @classmethod
    def of(cls, one: SeriesLoad) -> Self:
        """From a line of the portfolio."""
        return cls(
            series_id=one.series.id, it=one.series.it, en=one.series.en, filling=one.filling, sessions=one.sessions,
            seats=one.seats, seats_taken=one.seats_taken, waiting=one.waiting, attended=one.attended,
            districts=list(one.lacking), suggestions=[PortfolioSuggestion.of(each) for each in one.suggestions],
        )  # fmt: skip


class PortfolioOut(Out):
    """The events of some days, what they lack, and whom to ask next. Each list ends after a thousand."""

    starts_on: date
    ends_on: date
    sessions: Count
    seats: Count
    seats_taken: Count
    clashes: Annotated[list[PortfolioClash], Field(max_length=1000)]
    duplicates: Annotated[list[PortfolioDuplicate], Field(max_length=1000)]
    overbooked: Sessions
    half_empty: Sessions
    gaps: PortfolioGaps
    quiet: Annotated[list[PortfolioQuiet], Field(max_length=1000)]
    suggestions: Annotated[list[PortfolioSuggestion], Field(max_length=100)]
    series: Annotated[list[PortfolioSeries], Field(max_length=1000)]

    @classmethod
    def of(cls, found: Portfolio) -> Self:
        """From the portfolio."""

        def sessions(ones: Iterable[EventSession]) -> list[PortfolioSession]:
            return [PortfolioSession.of(one) for one in islice(ones, MOST)]

        return cls(
            starts_on=found.days[0],
            ends_on=found.days[1],
            sessions=len(found.sessions),
            seats=sum(one.seats for one in found.sessions),
            seats_taken=sum(one.seats_taken for one in found.sessions),
            clashes=[
                PortfolioClash(
                    day=one.day, place=one.place, skill_ids=list(one.topics), sessions=sessions(one.sessions)
                )
                for one in found.clashes[:MOST]
            ],
            duplicates=[PortfolioDuplicate(sessions=sessions(ones)) for ones in found.duplicates[:MOST]],
            overbooked=sessions(found.overbooked),
            half_empty=sessions(found.half_empty),
            gaps=PortfolioGaps(
                districts=list(found.gaps.districts), priorities=list(found.gaps.priorities),
                programme_ids=list(found.gaps.programmes), years=list(found.gaps.years),
            ),
            quiet=[PortfolioQuiet.model_validate(one) for one in found.quiet[:MOST]],
            suggestions=[PortfolioSuggestion.of(one) for one in found.suggestions],
            series=[PortfolioSeries.of(one) for one in found.series[:MOST]],
        )  # fmt: skip


# --- protocols --------------------------------------------------------------------------------------------------------


class ProtocolPartyIn(In):
    """Who has signed, and what it has committed itself to, if anything."""

    actor_id: UUID = Field(description="A school or a company of the territory.")
    pledge: Pledge | None = None
    per_year: PerYear | None = Field(
        default=None, description="How many in a school year; with a commitment."
    )
    words: Words = Field(default="", description="What another commitment is.")


PartiesIn = Annotated[list[ProtocolPartyIn], Field(min_length=2, max_length=200)]


class ProtocolIn(In):
    """What actors have signed together."""

    title: Line
    document_number: Line | None = None
    signed_on: Day
    valid_until: Day | None = Field(default=None, description="Null until further notice.")
    parties: PartiesIn


class ProtocolPatch(Patch):
    """What changes; parties that are sent replace those there are."""

    never_empty: ClassVar[frozenset[str]] = frozenset({"title", "signed_on", "parties"})

    title: Line | None = None
    document_number: Line | None = None
    signed_on: Day | None = None
    valid_until: Day | None = None
    parties: PartiesIn | None = None


class ProtocolPartyOut(Out):
    """A party, and how far it is with its commitment."""

    actor_id: UUID
    kind: ActorKind
    name: Line
    pledge: Pledge | None
    per_year: PerYear | None
    words: Words
    done: Count | None = Field(
        description="In this school year; placements count students in steps of five; null where nothing counts it."
    )


class ProtocolOut(Out):
    """A protocol with its parties; one that is no actor of the territory any more is left out."""

    id: UUID
    territory_id: UUID
    title: Line
    document_number: Line | None
    signed_on: date
    valid_until: date | None
    parties: Annotated[list[ProtocolPartyOut], Field(max_length=200)]
    version: Version

    @classmethod
    def of(cls, shown: Shown) -> Self:
        """From a protocol with its parties."""
        row = shown.protocol
        return cls(
            id=row.id, territory_id=row.territory_id, title=row.title, document_number=row.document_number,
            signed_on=row.signed_on, valid_until=row.valid_until, version=row.version,
            parties=[
                ProtocolPartyOut(
                    actor_id=one.actor.id, kind=one.actor.kind, name=one.actor.name, pledge=one.pledge,
                    per_year=one.per_year, words=one.words, done=one.done,
                )
                for one in shown.parties
            ],
        )  # fmt: skip


class ProtocolList(Page):
    """The newest first."""

    items: Annotated[list[ProtocolOut], Field(max_length=100)]
