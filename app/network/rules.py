"""Who sees the territory's figures, how a company stands, what is scarce, and how small numbers are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from app.auth.actors import Actor
from app.settings import Settings

LEAST = 5
"""No count of students below it is told, and those above in steps of it."""

NEW_FOR = timedelta(days=14)
"""As long students take to find what has been published."""

# --- who --------------------------------------------------------------------------------------------------------------


def can_see_network(actor: Actor) -> bool:
    """Who coordinates a territory, of that one; whoever runs the service, of all."""
    return actor.is_overseer


# --- small numbers ----------------------------------------------------------------------------------------------------


def told(number: int) -> int:
    """A count of students as it is told: down to a multiple of `LEAST`, so that 0 means fewer than that.

    >>> told(4), told(5), told(14)
    (0, 5, 10)
    """
    return number - number % LEAST


Item = TypeVar("Item")


def cells(
    items: Iterable[Item], describe: Sequence[Callable[[Item], Hashable]]
) -> dict[Hashable, list[Item]]:
    """Items in cells of at least `LEAST`, by the first description, from fine to coarse, that as many share.

    Only those left over count towards a coarser cell: no difference between two cells tells of a few. The last
    description takes all that are left, and its cell may be small.

    >>> found = cells([1, 1, 1, 1, 1, 2, 3], [str, lambda number: "rest"])
    >>> {name: len(of) for name, of in found.items()}
    {'1': 5, 'rest': 2}
    """
    left = list(items)
    found: dict[Hashable, list[Item]] = {}
    for step, name in enumerate(describe, start=1):
        named = [(name(item), item) for item in left]
        sizes, left = Counter(cell for cell, _ in named), []
        for cell, item in named:
            if sizes[cell] >= LEAST or step == len(describe):
                found.setdefault(cell, []).append(item)
            else:
                left.append(item)
    return found


# --- demand and supply ------------------------------------------------------------------------------------------------


class Balance(StrEnum):
    """What there is less of."""

    NO_SEATS = "no_seats"
    STUDENTS_LACK = "students_lack"
    EVEN = "even"
    SEATS_LACK = "seats_lack"


def balance(seats: int, students: int) -> Balance:
    """Fewer students than seats; up to three for each seat; more than that.

    >>> balance(4, 3), balance(4, 12), balance(4, 13)
    (<Balance.STUDENTS_LACK: 'students_lack'>, <Balance.EVEN: 'even'>, <Balance.SEATS_LACK: 'seats_lack'>)
    """
    if not seats:
        return Balance.NO_SEATS
    if students < seats:
        return Balance.STUDENTS_LACK
    return Balance.EVEN if students <= 3 * seats else Balance.SEATS_LACK


def is_new(published_at: datetime | None, now: datetime) -> bool:
    """Whether students have hardly had the time to choose it."""
    return published_at is None or published_at > now - NEW_FOR


def do_few_fit(fitting: int, seats: int, students_per_seat: int) -> bool:
    """Whether so few students fit that its seats will hardly be taken."""
    return fitting < students_per_seat * seats


# --- companies --------------------------------------------------------------------------------------------------------


class Standing(StrEnum):
    """How a company that was approved stands."""

    DORMANT = "dormant"
    SILENT = "silent"
    NEW = "new"
    ANSWERING = "answering"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Days; they are settings, so a figure says by which it was made."""

    new_days: int
    silent_days: int
    dormant_days: int

    @classmethod
    def of(cls, settings: Settings) -> Thresholds:
        """Those of an installation."""
        return cls(settings.company_new_days, settings.company_silent_days, settings.company_dormant_days)


def standing(approved_on: date, last_sign_on: date, today: date, thresholds: Thresholds) -> Standing:
    """New for the first days; then by how long ago its people did anything.

    >>> days = Thresholds(30, 60, 365)
    >>> standing(date(2026, 1, 1), date(2026, 1, 1), date(2026, 3, 2), days)
    <Standing.SILENT: 'silent'>
    """
    quiet = today - last_sign_on
    if quiet >= timedelta(thresholds.dormant_days):
        return Standing.DORMANT
    if today - approved_on < timedelta(thresholds.new_days):
        return Standing.NEW
    return Standing.SILENT if quiet >= timedelta(thresholds.silent_days) else Standing.ANSWERING


LONGEST_NOTE = 2000


def is_note(text: str) -> bool:
    """Whether a note can say this: something, and not too much of it."""
    return 0 < len(text) <= LONGEST_NOTE and "\0" not in text
