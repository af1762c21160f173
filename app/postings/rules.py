"""Titles out of texts, days a year ahead, and effort in numbers that tell of nobody."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from statistics import median
from typing import NamedTuple

from app.auth.actors import Actor
from app.companies.models import SizeBand
from app.dates import PartName
from app.opportunities.models import Kind, SkillRole, Status
from app.opportunities.schemas import OpportunityIn

# --- from a text to a draft -------------------------------------------------------------------------------------------

_LONGEST_TITLE = 80
_SENTENCE_END = re.compile(r"[.!?;\n]")


def title_of(text: str) -> str:
    """The first sentence, or as much of it as a title holds: a proposal that its writer changes.

    >>> title_of("Cerchiamo due ragazzi per il montaggio. Portiamo noi le scarpe.")
    'Cerchiamo due ragazzi per il montaggio'
    """
    first = " ".join(_SENTENCE_END.split(text.strip(), maxsplit=1)[0].split())
    if len(first) <= _LONGEST_TITLE:
        return first
    clause = first[:_LONGEST_TITLE].rpartition(",")[0]
    return clause or first[: _LONGEST_TITLE + 1].rsplit(" ", 1)[0][:_LONGEST_TITLE]


def role_of(kind: Kind) -> SkillRole:
    """What a skill that a text names is taken for until its writer says otherwise: nothing shuts students out by itself."""
    return SkillRole.WANTED if kind is Kind.INTERNSHIP else SkillRole.TAUGHT


_NOON, _EVENING = time(13), time(18)


def parts_of(starts_at: time | None, ends_at: time | None) -> list[PartName]:
    """The parts of the day that these hours touch; morning and afternoon if none are said.

    >>> [str(part) for part in parts_of(time(9), time(12, 30))]
    ['morning']
    """
    if starts_at is None:
        return [PartName.MORNING, PartName.AFTERNOON]
    last = ends_at or starts_at
    touched = {
        PartName.MORNING: starts_at < _NOON,
        PartName.AFTERNOON: starts_at < _EVENING and (last > _NOON or starts_at >= _NOON),
        PartName.EVENING: last > _EVENING or starts_at >= _EVENING,
    }
    return [part for part, is_touched in touched.items() if is_touched]


# --- renewing ---------------------------------------------------------------------------------------------------------

_WEEK = timedelta(weeks=1)


def can_renew(status: Status) -> bool:
    """Whatever has once been public can be offered again."""
    return status is not Status.DRAFT


def shift_to_next_year(first_day: date, today: date) -> timedelta:
    """Whole weeks by which the days move, so that the first one lies ahead: the same weekdays, about the same dates.

    >>> date(2026, 3, 2) + shift_to_next_year(date(2026, 3, 2), date(2026, 9, 1))  # a Monday
    datetime.date(2027, 3, 1)
    """
    years = max(1, today.year - first_day.year)
    while True:
        anniversary = first_day + timedelta(days=round(365.2425 * years))
        shift = _WEEK * round((anniversary - first_day) / _WEEK)
        if first_day + shift > today:
            return shift
        years += 1


def moved_ahead(given: OpportunityIn, today: date) -> OpportunityIn:
    """The same a year or more later; the last day to apply moves with the first day, and goes if it would be over."""
    days = [span.starts_on for span in given.spans]
    first = min(days) if days else given.closes_on
    if first is None:
        return given
    shift = shift_to_next_year(first, today)
    spans = [
        span.model_copy(update={"starts_on": span.starts_on + shift, "ends_on": span.ends_on + shift})
        for span in given.spans
    ]
    closes_on = given.closes_on + shift if given.closes_on is not None else None
    if closes_on is not None and closes_on < today:
        closes_on = None
    return given.model_copy(update={"spans": spans, "closes_on": closes_on})


# --- effort -----------------------------------------------------------------------------------------------------------

LONGEST_STEP = 600
"""Seconds; who looks at one page for longer does something else."""
MOST_CLICKS = 300
"""On one page; more is a mistake."""
LEAST = 5
"""No number is told of fewer publications."""


class Effort(NamedTuple):
    """What a publication took."""

    kind: Kind
    size: SizeBand | None
    is_renewal: bool
    seconds: int
    clicks: int


class Cell(NamedTuple):
    """Of which publications a number tells; None is "of all"."""

    is_renewal: bool | None = None
    kind: Kind | None = None
    size: SizeBand | None = None


class Medians(NamedTuple):
    """Half took no more than this."""

    cell: Cell
    publications: int
    seconds: int
    clicks: int


def can_see_efforts(actor: Actor) -> bool:
    """Coordinators and administrators."""
    return actor.is_overseer


def bounded(value: float, most: int) -> int:
    """What a browser has counted, within reason."""
    return int(min(max(value, 0), most))


def medians(efforts: Iterable[Effort]) -> list[Medians]:
    """Medians by way, kind and size. Cells of fewer than `LEAST` are merged with other small ones into a coarser cell.

    Only those merged count towards a coarser cell, so that no difference between two cells tells of a few. What is
    still too small at the end is told of nobody.
    """
    left = list(efforts)
    found = []
    for describe in (_exact, _by_kind, _by_way, _of_all):
        groups = _grouped(left, describe)
        left = [one for group in groups.values() if len(group) < LEAST for one in group]
        found += [
            Medians(
                cell, len(group), round(median(one.seconds for one in group)),
                round(median(one.clicks for one in group)),
            )
            for cell, group in groups.items()
            if len(group) >= LEAST
        ]  # fmt: skip
    return sorted(found, key=lambda one: [(part is None, str(part)) for part in one.cell])


def typical(known: Iterable[Medians], is_renewal: bool, kind: Kind, size: SizeBand | None) -> int | None:  # noqa: FBT001 -- the parts of a cell
    """The seconds that a publication of this sort takes: of the finest cell that is told; None where none is."""
    told = {one.cell: one.seconds for one in known}
    cells = (Cell(is_renewal, kind, size), Cell(is_renewal, kind), Cell(is_renewal), Cell())
    return next((told[cell] for cell in cells if cell in told), None)


def _grouped(efforts: Iterable[Effort], describe: Callable[[Effort], Cell]) -> dict[Cell, list[Effort]]:
    groups: dict[Cell, list[Effort]] = defaultdict(list)
    for one in efforts:
        groups[describe(one)].append(one)
    return groups


def _exact(one: Effort) -> Cell:
    return Cell(one.is_renewal, one.kind, one.size)


def _by_kind(one: Effort) -> Cell:
    return Cell(one.is_renewal, one.kind)


def _by_way(one: Effort) -> Cell:
    return Cell(one.is_renewal)


def _of_all(_one: Effort) -> Cell:
    return Cell()
