"""Which days are off for whom, who notes them, and what cannot be noted."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

from app import holidays
from app.auth.actors import Actor
from app.calendars.models import ClosingKind

MOST_DAYS = 366
MOST_DAYS_UNEXPECTED = 31
"""At a stretch: longer than any holidays but the summer's, in which hosts go on and whole placements take place."""


class Closing(NamedTuple):
    """Days on which a school is to be closed, as somebody notes them."""

    starts_on: date
    ends_on: date
    name: str
    kind: ClosingKind = ClosingKind.LESSONS_ONLY


def faults_of(closing: Closing) -> Iterator[tuple[str, str]]:
    """What is wrong with days that somebody wants to note: the field, and why."""
    days = (closing.ends_on - closing.starts_on).days + 1
    if days < 1:
        yield "ends_on", "lies before starts_on"
    elif days > MOST_DAYS:
        yield "ends_on", f"is more than {MOST_DAYS} days after starts_on"
    elif closing.kind is ClosingKind.NOBODY_EXPECTED and days > MOST_DAYS_UNEXPECTED:
        yield (
            "kind",
            f"for more than {MOST_DAYS_UNEXPECTED} days on end only lessons stop: hosts work in the summer",
        )


def is_day_of_year(month: int, day: int) -> bool:
    """Whether there is such a day, in leap years at least.

    >>> is_day_of_year(2, 29), is_day_of_year(2, 30)
    (True, False)
    """
    try:
        date(2000, month, day)
    except ValueError:
        return False
    return True


def can_note_patron(actor: Actor, province_code: str | None, led: Sequence[str | None]) -> bool:
    """Whoever coordinates the province, runs the service, or leads a school of it: `led` has their schools' provinces."""
    return actor.oversees_any([province_code]) or (province_code is not None and province_code in led)


class Timed(Protocol):
    """Days, both included, with a bit set of weekdays."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def weekdays(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Calendar:
    """The closings of schools, in their order, and by opportunity month and day of the patron of its municipality."""

    schools: Mapping[UUID, Sequence[Closing]]
    patrons: Mapping[UUID, tuple[int, int]]

    def closings(self, school_id: UUID, when: Timed) -> list[Closing]:
        """Those of the school that share a day with the others."""
        return [
            one
            for one in self.schools.get(school_id, ())
            if one.starts_on <= when.ends_on and when.starts_on <= one.ends_on
        ]

    def off(self, school_id: UUID, opportunity_id: UUID, when: Timed) -> frozenset[date]:
        """On which of the days a student of the school is not expected there.

        The patron's day is a holiday like any other: who works on Sundays works on it.
        """
        found: set[date] = set()
        for one in self.closings(school_id, when):
            if one.kind is ClosingKind.NOBODY_EXPECTED:
                first, last = max(one.starts_on, when.starts_on), min(one.ends_on, when.ends_on)
                found.update(first + timedelta(days=number) for number in range((last - first).days + 1))
        patron = self.patrons.get(opportunity_id)
        if patron is not None and not holidays.has_sundays(when.weekdays):
            years = range(when.starts_on.year, when.ends_on.year + 1)
            each = (date(year, *patron) for year in years if patron != (2, 29) or isleap(year))
            found.update(day for day in each if when.starts_on <= day <= when.ends_on)
        return frozenset(found)
