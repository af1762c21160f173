"""From counts to figures that may be published: told in steps, left out where they would give people away, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import exp, log, sqrt
from typing import Any, NamedTuple

from app.companies.models import SizeBand
from app.evidence import intervals, suppression
from app.evidence.intervals import Share
from app.evidence.policies import Grouping, Indicator, Measure, Policy
from app.schools.models import SchoolKind

ELSEWHERE = "elsewhere"
"""The area of what lies in none."""


class Reach:
    """How far a student came, each step taking in those before it."""

    NOWHERE, CHOSE, APPLIED, PLACED, OUTCOME = range(5)


class Cell(NamedTuple):
    """Where a student goes to school, and in which kind."""

    area: str
    school_kind: str


class Person(NamedTuple):
    """Students who are alike as far as figures tell."""

    cell: Cell
    has_visited: bool
    reach: int


@dataclass(slots=True)
class Counts:
    """Exact, and for nobody's eyes. `cells` are those in which there is a school, which everybody knows."""

    cells: set[Cell] = field(default_factory=set)
    people: Counter[Person] = field(default_factory=Counter)
    participations: Counter[Cell] = field(default_factory=Counter)
    enrolled: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """By year, kind of school and track, the latter by its key."""
    tracks: dict[str, str] = field(default_factory=dict)
    """What the tracks are called, by key."""
    open: dict[Measure, Counter[str]] = field(default_factory=dict)
    """What is not about people, by `key_of`; the total has the key of no group."""


class Way(StrEnum):
    """How a figure is told."""

    EXACT = "exact"
    AT_LEAST = "at_least"
    WITHHELD = "withheld"


OF_PEOPLE: Mapping[Measure, tuple[bool, int]] = {
    Measure.STUDENTS: (False, Reach.NOWHERE),
    Measure.VISITED: (True, Reach.NOWHERE),
    Measure.CHOSEN: (False, Reach.CHOSE),
    Measure.APPLIED: (False, Reach.APPLIED),
    Measure.PLACED: (False, Reach.PLACED),
    Measure.OUTCOME: (False, Reach.OUTCOME),
    Measure.VISITED_CHOSEN: (True, Reach.CHOSE),
    Measure.VISITED_APPLIED: (True, Reach.APPLIED),
    Measure.VISITED_PLACED: (True, Reach.PLACED),
    Measure.VISITED_OUTCOME: (True, Reach.OUTCOME),
}
"""Whether only those who visited count, and how far they came at least."""


def key_of(measure: Measure, grouping: Grouping | None = None, group: str = "") -> str:
    """By which a figure is known in every edition."""
    return f"{measure}|{grouping}={group}" if grouping else str(measure)


# --- what is told -----------------------------------------------------------------------------------------------------


def tell(
    policy: Policy, counts: Counts, *, earlier: Sequence[Mapping[str, int | None]]
) -> dict[str, int | None]:
    """Each figure of the policy that is about people: at least so many, or None. `earlier` editions told the same way."""
    told: dict[str, int | None] = {}
    for atoms, sums in (_students(policy, counts), _enrolled(policy, counts)):
        if sums:
            before = [{key: edition.get(key) for key in sums} for edition in earlier]
            told |= suppression.protect(atoms, sums, earlier=[one for one in before if any(one.values())])
    return told


Lattice = tuple[list[int], dict[str, suppression.Atoms]]


def _students(policy: Policy, counts: Counts) -> Lattice:
    """Students, and their attendances: whoever visited attended once, and what is more than that is atoms of its own.

    Audited apart, the one would tell of the other: as many attended as visited, at least.
    """
    cells = sorted(counts.cells)
    atoms = [
        Person(cell, has_visited, reach)
        for cell in cells
        for has_visited in (False, True)
        for reach in range(Reach.OUTCOME + 1)
    ]
    all_cells, once = [*(one.cell for one in atoms), *cells], [one.has_visited for one in atoms]
    inside = {
        measure: [one.has_visited >= must_visit and one.reach >= least for one in atoms]
        + [False] * len(cells)
        for measure, (must_visit, least) in OF_PEOPLE.items()
    }
    inside[Measure.PARTICIPATIONS] = once + [True] * len(cells)
    sums = {
        key: frozenset(at for at, isin in enumerate(isins) if isin and has[at])
        for measure, isins in inside.items()
        for key, has in _groups(policy, measure, all_cells)
    }
    visited = Counter[Cell]()
    for person, number in counts.people.items():
        visited[person.cell] += number * person.has_visited
    again = [max(0, counts.participations[cell] - visited[cell]) for cell in cells]
    return [*(counts.people[one] for one in atoms), *again], sums


def _enrolled(policy: Policy, counts: Counts) -> Lattice:
    """Of the latest year by kind, and of each year in all and by track."""
    used = {group for one in policy.indicators if one.measure is Measure.ENROLLED for group in one.by}
    atoms = sorted(counts.enrolled)
    if not atoms or not any(one.measure is Measure.ENROLLED for one in policy.indicators):
        return [], {}
    latest = max(one[0] for one in atoms)
    sums = {key_of(Measure.ENROLLED): frozenset(at for at, one in enumerate(atoms) if one[0] == latest)}
    for at, (year, kind, track) in enumerate(atoms):
        if Grouping.TRACK in used:
            key = key_of(Measure.ENROLLED, Grouping.TRACK, f"{track}.{year}")
            sums[key] = sums.get(key, frozenset()) | {at}
        if Grouping.YEAR in used:
            key = key_of(Measure.ENROLLED, Grouping.YEAR, year)
            sums[key] = sums.get(key, frozenset()) | {at}
        if Grouping.SCHOOL_KIND in used and year == latest:
            key = key_of(Measure.ENROLLED, Grouping.SCHOOL_KIND, kind)
            sums[key] = sums.get(key, frozenset()) | {at}
    return [counts.enrolled[one] for one in atoms], sums


def _groups(policy: Policy, measure: Measure, cells: Sequence[Cell]) -> Iterable[tuple[str, list[bool]]]:
    """The total and each group by which some indicator divides the measure: its key, and which atoms belong to it."""
    wanted = [one for one in policy.indicators if one.measure is measure]
    if not wanted:
        return
    yield key_of(measure), [True] * len(cells)
    for grouping in sorted({group for one in wanted for group in one.by}):
        for group in sorted({getattr(cell, grouping) for cell in cells}):
            yield key_of(measure, grouping, group), [getattr(cell, grouping) == group for cell in cells]


# --- the lines of an edition ------------------------------------------------------------------------------------------


class Line(NamedTuple):
    """One figure, its share of another one with an interval, and how far the share is from that of all others."""

    indicator: str
    grouping: Grouping | None
    group: str
    way: Way
    value: int | None
    share: Share | None = None
    gap: Share | None = None

    def as_dict(self) -> dict[str, Any]:
        """As an edition keeps it."""
        return {
            "indicator": self.indicator, "grouping": self.grouping and str(self.grouping), "group": self.group,
            "way": str(self.way), "value": self.value, "share": self.share and self.share._asdict(),
            "gap": self.gap and self.gap._asdict(),
        }  # fmt: skip


def lines(policy: Policy, counts: Counts, told: Mapping[str, int | None]) -> list[Line]:
    """The lines of all indicators, in their order; shares and gaps are made of what is told and of nothing else."""
    found = []
    for indicator in policy.indicators:
        measure = indicator.measure
        known: Mapping[str, int | None] = counts.open.get(measure, told)
        if measure is Measure.ENROLLED and key_of(measure) not in known:
            continue  # no file was loaded
        found.append(_line(policy, indicator, None, "", known))
        for grouping in indicator.by:
            prefix = key_of(measure, grouping)
            groups = [key.removeprefix(prefix) for key in known if key.startswith(prefix)]
            order = _order(policy, grouping)
            found += [
                _line(policy, indicator, grouping, group, known)
                for group in sorted(groups, key=lambda one: (order.get(one, len(order)), one))
            ]
    return found


def _order(policy: Policy, grouping: Grouping) -> Mapping[str, int]:
    names = {
        Grouping.AREA: [*(area.id for area in policy.areas), ELSEWHERE],
        Grouping.SCHOOL_KIND: [str(kind) for kind in SchoolKind],
        Grouping.SIZE: [str(size) for size in SizeBand],
        Grouping.YEAR: [],
        Grouping.TRACK: [],
    }[grouping]
    return {name: at for at, name in enumerate(names)}


def _line(
    policy: Policy,
    indicator: Indicator,
    grouping: Grouping | None,
    group: str,
    known: Mapping[str, int | None],
) -> Line:
    measure = indicator.measure
    is_open = measure not in OF_PEOPLE and measure not in (Measure.PARTICIPATIONS, Measure.ENROLLED)
    value = known.get(key_of(measure, grouping, group))
    if is_open:
        return Line(indicator.id, grouping, group, Way.EXACT, value or 0)
    share = gap = None
    if indicator.share_of is not None:
        of = policy.indicator(indicator.share_of).measure
        own = value, known.get(key_of(of, grouping, group))
        share = share_told(*own)
        if grouping is not None:
            gap = gap_told(own, (known.get(key_of(measure)), known.get(key_of(of))))
    return Line(
        indicator.id, grouping, group, Way.AT_LEAST if value is not None else Way.WITHHELD, value, share, gap
    )


_STEP = suppression.LEAST - 1
Part = tuple[int | None, int | None]
"""A count and the one that it is a share of, as they are told."""


def share_told(part: int | None, whole: int | None) -> Share | None:
    """The share of two counts in steps: from their middles, with an interval for whatever they are within their steps.

    >>> share_told(40, 100)
    Share(value=0.4118, low=0.2968, high=0.5377)
    >>> share_told(0, 15) is None
    True
    """
    if part is None or whole is None or whole < intervals.LEAST_WHOLE or part > whole:
        return None
    middle = (part + _STEP / 2) / (whole + _STEP / 2)
    low = intervals.wilson(part, whole + _STEP).low
    return Share(round(min(1.0, middle), 4), low, intervals.wilson(min(whole, part + _STEP), whole).high)


def gap_told(own: Part, every: Part) -> Share | None:
    """How far the share of a group is from that of all others, whatever the counts are within their steps."""
    part, whole = own
    if part is None or whole is None or every[0] is None or every[1] is None:
        return None
    rest_part, rest_whole = max(0, every[0] - part), every[1] - whole
    if min(whole, rest_whole - _STEP) < intervals.LEAST_WHOLE or part > whole or rest_part > rest_whole:
        return None
    middle = intervals.newcombe(part, whole, rest_part, rest_whole).value
    low = intervals.newcombe(
        part, whole + _STEP, min(rest_part + _STEP, rest_whole - _STEP), rest_whole - _STEP
    ).low
    high = intervals.newcombe(
        min(part + _STEP, whole), whole, max(0, rest_part - _STEP), rest_whole + _STEP
    ).high
    return Share(middle, low, high)


def trend_told(first: int | None, last: int | None, years: int) -> Share | None:
    """How much a count changes each year, from how it is told `years` apart; None where it is too small to say.

    The interval of 95 % takes both for Poisson counts, on the scale of logarithms, whatever they are within their steps.

    >>> trend_told(400, 440, 2)
    Share(value=0.0486, low=-0.0247, high=0.1274)
    >>> trend_told(15, 20, 1) is None
    True
    """
    if first is None or last is None or years < 1 or min(first, last) < intervals.LEAST_WHOLE:
        return None

    def each_year(logarithm: float) -> float:
        return round(max(-1.0, min(1.0, exp(logarithm / years) - 1)), 4)

    half = intervals.Z * sqrt(1 / first + 1 / last)
    return Share(
        each_year(log((last + _STEP / 2) / (first + _STEP / 2))),
        each_year(log(last / (first + _STEP)) - half),
        each_year(log((last + _STEP) / first) + half),
    )
