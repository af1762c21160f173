"""Demand against supply: free seats against students, by skill, by programme and by district."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from app.network import rules
from app.network.rules import Balance
from app.network.service import Territory
from app.opportunities.models import Kind
from app.students.profiles import Profile

MOST_SKILLS = 500


class Row(NamedTuple):
    """One line: `students` and `lacking` as `rules.told`; `lacking` is None where nobody can lack it.

    `key` is the id of a skill or of a programme, an ISTAT code, a province; empty for those that belong to no other row.
    """

    key: str
    it: str
    en: str
    opportunities: int
    seats: int
    students: int
    lacking: int | None = None
    level: int | None = None
    latitude: float | None = None
    longitude: float | None = None

    @property
    def balance(self) -> Balance:
        """What there is less of."""
        return rules.balance(self.seats, self.students)

    @property
    def students_per_seat(self) -> float | None:
        """How many students there are for each seat, at least; None without seats."""
        return round(self.students / self.seats, 1) if self.seats else None


class Supply(NamedTuple):
    """The three tables, those with the fewest students for a seat first, and what they speak of.

    `spots` are the municipalities with seats that have no row, as fewer than five students live there.
    """

    skills: list[Row]
    programmes: list[Row]
    districts: list[Row]
    opportunities: int
    seats: int
    students: int
    spots: list[Row]


def compare(territory: Territory, kind: Kind | None) -> Supply:
    """Free seats of what is published against the students of the territory's schools."""
    columns = territory.of_kind(kind)
    offers = [territory.opportunity(column) for column in columns]
    districts = sorted(_districts(territory, columns), key=_urgency)
    return Supply(
        sorted(_skills(territory, offers), key=_urgency)[:MOST_SKILLS],
        sorted(_programmes(territory, offers), key=_urgency),
        districts,
        len(offers),
        sum(one.seats_free for one in offers),
        rules.told(len(territory.students)),
        sorted(_spots(territory, columns, {row.key for row in districts}), key=_urgency),
    )


def _urgency(row: Row) -> tuple[Any, ...]:
    return row.key == "", not row.seats, row.students / max(row.seats, 1), -row.seats, row.it


# --- by skill ---------------------------------------------------------------------------------------------------------


def _skills(territory: Territory, offers: Iterable[Any]) -> Iterable[Row]:
    """Each skill that is required or wanted, at the level that most of its seats ask for."""
    seats: dict[str, Counter[Any]] = defaultdict(Counter)
    asked: Counter[str] = Counter()
    for one in offers:
        needs = {need.id: need for need in (*one.wanted, *one.required)}
        for need in needs.values():
            seats[need.id][need] += one.seats_free
            asked[need.id] += 1
    tables, everybody = territory.surveyed.tables, len(territory.students)
    vocabulary = territory.surveyed.vocabulary
    for skill_id, by_need in seats.items():
        need = max(by_need, key=lambda need: (by_need[need], -need.level))
        able = int(tables.holders[need][territory.students].sum())
        yield Row(
            skill_id, vocabulary.label(skill_id, "it"), vocabulary.label(skill_id, "en"), asked[skill_id],
            sum(by_need.values()), rules.told(able), rules.told(everybody - able), need.level,
        )  # fmt: skip


# --- by programme -----------------------------------------------------------------------------------------------------


def _programmes(territory: Territory, offers: Collection[Any]) -> Iterable[Row]:
    """The programmes of the students; a seat that is open to several stands in each."""
    found = rules.cells(
        (territory.profile(line) for line in territory.students),
        [
            lambda one: (one.programmes[0] if one.programmes else "", one.school_kind, one.sector),
            lambda one: (one.programmes[-1] if one.programmes else "", one.school_kind, one.sector),
            lambda _: ("", "", ""),
        ],
    )
    merged: dict[str, list[Any]] = defaultdict(list)
    for cell, profiles in found.items():
        assert isinstance(cell, tuple)  # noqa: S101 -- for the type checker; made above
        merged[cell[0]] += profiles
    for programme, profiles in merged.items():
        kinds = _kinds_of(profiles)
        open_to = [one for one in offers if any(admits(one, profile) for profile in kinds)]
        title = territory.question.titles.get(programme, OTHERS)
        yield Row(
            programme, title["it"], title["en"], len(open_to), sum(one.seats_free for one in open_to),
            rules.told(len(profiles)),
        )  # fmt: skip


OTHERS = {"it": "Altri, in pochi per ciascuno", "en": "Others, few of each"}


def _kinds_of(profiles: Iterable[Any]) -> Collection[Any]:
    """One profile for each that eligibility can tell from the others, years aside."""
    return {(one.school_kind, one.sector, one.programmes): one for one in profiles}.values()


def admits(opportunity: Any, profile: Profile) -> bool:
    """Whether students of this kind are admitted in some year."""
    return not opportunity.eligibility or any(
        (not way.school_kinds or profile.school_kind in way.school_kinds)
        and (not way.sectors or profile.sector in way.sectors)
        and (not way.programmes or not way.programmes.isdisjoint(profile.programmes))
        for way in opportunity.eligibility
    )


# --- by district ------------------------------------------------------------------------------------------------------


def _districts(territory: Territory, columns: Iterable[int]) -> Iterable[Row]:
    """Municipalities where enough students live, the rest of each province, and what is online."""
    places = territory.question.places
    lived = rules.cells(
        (territory.profile(line) for line in territory.students),
        [lambda one: one.municipality_istat, lambda one: one.province_code, lambda _: ""],
    )
    students = {str(cell): len(profiles) for cell, profiles in lived.items()}
    offered: dict[str, list[int]] = defaultdict(list)
    online: list[int] = []
    for column in columns:
        istat = territory.question.offers[territory.opportunity(column).id]
        seats = territory.opportunity(column).seats_free
        if istat is None:
            online.append(seats)
        else:
            offered[istat if istat in students else places[istat].province_code].append(seats)
    names = {place.province_code: istat for istat, place in places.items()}
    for key in students.keys() | offered.keys():
        place = places.get(key)
        if place is not None:
            it = en = f"{place.name} ({place.province_code})"
        elif key in names:
            it, en = f"Resto della provincia ({key})", f"Rest of the province ({key})"
        else:
            it, en = OTHERS["it"], OTHERS["en"]
        yield Row(
            key, it, en, len(offered[key]), sum(offered[key]), rules.told(students.get(key, 0)),
            latitude=place and place.latitude, longitude=place and place.longitude,
        )  # fmt: skip
    if online:
        yield Row("online", "Online", "Online", len(online), sum(online), rules.told(len(territory.students)))


def _spots(territory: Territory, columns: Iterable[int], known: Collection[str]) -> Iterable[Row]:
    offered: dict[str, list[int]] = defaultdict(list)
    for column in columns:
        one = territory.opportunity(column)
        istat = territory.question.offers[one.id]
        if istat is not None and istat not in known:
            offered[istat].append(one.seats_free)
    for istat, seats in offered.items():
        place = territory.question.places[istat]
        name = f"{place.name} ({place.province_code})"
        yield Row(
            istat, name, name, len(seats), sum(seats), 0, latitude=place.latitude, longitude=place.longitude
        )
