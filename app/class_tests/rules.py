"""Which tests can be, and which get in the way of something else on the same day."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

from app import dates
from app.dates import PartName

MOST_TESTS = 500
"""Of one class: more than one on each day of lessons."""


class Sitting(NamedTuple):
    """A test, as somebody notes it."""

    held_on: date
    subject: str
    part: PartName | None = None


class Dated(Protocol):
    """What has a day and perhaps a part of it."""

    @property
    def held_on(self) -> date: ...
    @property
    def part(self) -> PartName | None: ...


Timed = TypeVar("Timed", bound=Dated)


def faults_of(wanted: Sequence[Sitting], start_year: int) -> Iterator[tuple[int, str, str]]:
    """What is wrong with tests of a class of that school year: which, the field, and why."""
    first, last = dates.days_of_school_year(start_year)
    known = set()
    for number, one in enumerate(wanted):
        if not first <= one.held_on <= last:
            yield number, "held_on", f"is not in the school year of the class, from {first} to {last}"
        key = (one.held_on, one.subject.casefold())
        if key in known:
            yield number, "subject", "stands there twice for this day"
        known.add(key)


def in_the_way(tests: Iterable[Timed], day: date, parts: Collection[PartName]) -> list[Timed]:
    """Those of that day that touch one of these parts of it; one whose part nobody has said touches all.

    >>> maths, lab = Sitting(date(2026, 3, 2), "matematica"), Sitting(date(2026, 3, 2), "TPS", PartName.AFTERNOON)
    >>> [one.subject for one in in_the_way([maths, lab], date(2026, 3, 2), [PartName.MORNING])]
    ['matematica']
    """
    return [one for one in tests if one.held_on == day and (one.part is None or one.part in parts)]
