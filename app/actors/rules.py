"""Which districts and sectors an actor belongs to, what is wrong with areas, and which actors a filter leaves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, Self
from uuid import UUID

from app.auth.actors import Actor
from app.companies.models import CompanyKind
from app.places.gazetteer import search_key

# --- who --------------------------------------------------------------------------------------------------------------


def can_edit_areas(actor: Actor, territory_id: UUID) -> bool:
    """Who coordinates the territory, and whoever runs the service; they alone read its areas too."""
    return actor.is_administrator or territory_id in actor.territories


# --- areas ------------------------------------------------------------------------------------------------------------


class District(NamedTuple):
    """Municipalities under one name; a municipality is in one district of its territory at most."""

    key: str
    it: str
    en: str
    municipalities: frozenset[str]


class Sector(NamedTuple):
    """ATECO divisions under one name, each with its edition: `2025-28`."""

    key: str
    it: str
    en: str
    divisions: frozenset[str]


class Priority(NamedTuple):
    """What the network cares for on some days: a district, a sector, a skill, or what they have in common."""

    key: str
    it: str
    en: str
    district: str | None
    sector: str | None
    skill_id: str | None
    starts_on: date
    ends_on: date
    reason: str
    decided_by: str

    def is_on(self, day: date) -> bool:
        """Whether it counts on that day."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Areas:
    """How a territory, or several together, is divided."""

    districts: tuple[District, ...] = ()
    sectors: tuple[Sector, ...] = ()
    priorities: tuple[Priority, ...] = ()

    @classmethod
    def of(cls, documents: Iterable[Mapping[str, Any]]) -> Self:
        """From documents of the form of `schemas.AreasIn`."""
        whole = list(documents)
        return cls(
            tuple(
                District(one["key"], one["it"], one["en"], frozenset(one["municipalities"]))
                for each in whole
                for one in each["districts"]
            ),
            tuple(
                Sector(one["key"], one["it"], one["en"], frozenset(one["divisions"]))
                for each in whole
                for one in each["sectors"]
            ),
            tuple(
                Priority(
                    **{name: one[name] for name in Priority._fields if not name.endswith("_on")},
                    starts_on=date.fromisoformat(one["starts_on"]),
                    ends_on=date.fromisoformat(one["ends_on"]),
                )
                for each in whole
                for one in each["priorities"]
            ),
        )

    def districts_of(self, istats: Iterable[str]) -> frozenset[str]:
        """The districts of these municipalities."""
        return frozenset(one.key for one in self.districts if not one.municipalities.isdisjoint(istats))

    def sectors_of(self, divisions: Collection[str]) -> frozenset[str]:
        """The sectors of these divisions."""
        return frozenset(one.key for one in self.sectors if not one.divisions.isdisjoint(divisions))

    def priorities_of(
        self, districts: Collection[str], in_sectors: Collection[str], day: date
    ) -> frozenset[str]:
        """Those that count on the day for who is in these districts and sectors, whatever skill they ask for."""
        return frozenset(
            one.key
            for one in self.priorities
            if one.is_on(day)
            and (one.district is None or one.district in districts)
            and (one.sector is None or one.sector in in_sectors)
            and (one.district or one.sector)
        )


# --- the directory ----------------------------------------------------------------------------------------------------


class ActorKind(StrEnum):
    """What an actor of the network is: a school, or one of the kinds of host."""

    SCHOOL = "school"
    FIRM = CompanyKind.FIRM.value
    LAB = CompanyKind.LAB.value
    TRAINING_BODY = CompanyKind.TRAINING_BODY.value
    PUBLIC_BODY = CompanyKind.PUBLIC_BODY.value
    ASSOCIATION = CompanyKind.ASSOCIATION.value


class Doing(StrEnum):
    """Whether an actor has done anything with others in the school year."""

    TOGETHER = "together"
    ALONE = "alone"


@dataclass(frozen=True, slots=True)
class NetworkActor:
    """A school or a company, and what it has done in a school year; `placements` counts students as `told`.

    `visits` are sessions that were held or are booked, `partners` those it has done something with, and `offered` what a
    company has published.
    """

    id: UUID
    kind: ActorKind
    name: str
    municipality_istat: str | None
    municipality: str | None
    districts: frozenset[str]
    sectors: frozenset[str]
    priorities: frozenset[str]
    offered: int
    visits: int
    placements: int
    has_placements: bool
    partners: int
    noted_on: date | None

    @property
    def doing(self) -> Doing:
        """Whether it has done anything with others."""
        return Doing.TOGETHER if self.partners else Doing.ALONE


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reader looks for; None asks nothing."""

    q: str | None = None
    kind: ActorKind | None = None
    district: str | None = None
    sector: str | None = None
    priority: str | None = None
    doing: Doing | None = None


def is_wanted(one: NetworkActor, wanted: Wanted) -> bool:
    """Whether an actor passes all that is asked; words are found in the name and in the place, without accents.

    >>> one = NetworkActor(
    ...     UUID(int=1), ActorKind.LAB, "Officina Però", None, "Imola (BO)", frozenset({"imola"}), frozenset(),
    ...     frozenset(), 0, 0, 0, False, 0, None,
    ... )
    >>> is_wanted(one, Wanted(q="pero imola")), is_wanted(one, Wanted(district="imola", doing=Doing.TOGETHER))
    (True, False)
    """
    text = search_key(f"{one.name} {one.municipality or ''}")
    return (
        all(word in text for word in search_key(wanted.q or "").split())
        and wanted.kind in (None, one.kind)
        and (wanted.district is None or wanted.district in one.districts)
        and (wanted.sector is None or wanted.sector in one.sectors)
        and (wanted.priority is None or wanted.priority in one.priorities)
        and wanted.doing in (None, one.doing)
    )


# --- who works with whom ----------------------------------------------------------------------------------------------


class TieKind(StrEnum):
    """In which way a school and a host are tied. A protocol is what they have signed, the others what they do."""

    VISITS = "visits"
    PLACEMENTS = "placements"
    AGREEMENTS = "agreements"
    PROTOCOL = "protocol"


@dataclass(frozen=True, slots=True)
class Tie:
    """What a school and a host did together in a school year, and what they have signed.

    `placements` counts students as `told`: 0 with `has_placements` is fewer than five. `visits` are sessions in which the
    school had seats, `agreements` and `protocols` those in force on some day of the year.
    """

    school_id: UUID
    company_id: UUID
    visits: int = 0
    agreements: int = 0
    placements: int = 0
    has_placements: bool = False
    protocols: int = 0

    @property
    def kinds(self) -> tuple[TieKind, ...]:
        """In which ways they are tied."""
        found = {
            TieKind.VISITS: self.visits, TieKind.PLACEMENTS: self.has_placements, TieKind.AGREEMENTS: self.agreements,
            TieKind.PROTOCOL: self.protocols,
        }  # fmt: skip
        return tuple(kind for kind, number in found.items() if number)

    @property
    def is_real(self) -> bool:
        """Whether they did anything together: to have signed a protocol is not yet that."""
        return self.kinds not in ((), (TieKind.PROTOCOL,))

    @property
    def strength(self) -> tuple[int, int]:
        """In how many ways they work together, and how often; what is only signed has none."""
        ways = bool(self.visits) + bool(self.agreements) + self.has_placements
        return ways, self.visits + self.agreements + self.placements


class TieOrder(StrEnum):
    """By what ties are put in order: the most first, names from A to Z."""

    STRENGTH = "strength"
    SCHOOL = "school"
    COMPANY = "company"
    VISITS = "visits"
    PLACEMENTS = "placements"
    AGREEMENTS = "agreements"
    PROTOCOLS = "protocols"


@dataclass(frozen=True, slots=True)
class NamedTie:
    """A tie with both names."""

    tie: Tie
    school: str
    company: str


def ordered(ties: Iterable[NamedTie], order: TieOrder) -> list[NamedTie]:
    """Ties in this order; those that are equal by strength, then by name."""

    def key(one: NamedTie) -> tuple[Any, ...]:
        ways, often = one.tie.strength
        names = (one.school.casefold(), one.company.casefold())
        first: dict[TieOrder, tuple[Any, ...]] = {
            TieOrder.STRENGTH: (),
            TieOrder.SCHOOL: names,
            TieOrder.COMPANY: names[::-1],
            TieOrder.VISITS: (-one.tie.visits,),
            TieOrder.PLACEMENTS: (-one.tie.placements, not one.tie.has_placements),
            TieOrder.AGREEMENTS: (-one.tie.agreements,),
            TieOrder.PROTOCOLS: (-one.tie.protocols,),
        }
        return *first[order], -ways, -often, *names, one.tie.school_id, one.tie.company_id

    return sorted(ties, key=key)
