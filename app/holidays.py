"""Public holidays, as dated data with their law (`holidays.toml`), and days that are counted without them.

What takes place on Sundays, or on nothing but holidays, takes place on holidays: whoever agrees on that has a reason to.
Other days off, which only some people have, are given by whoever counts (`off`, see `app.calendars`).
"""

from __future__ import annotations

import tomllib
from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

_SUNDAY = 1 << 6


@cache
def _rows() -> tuple[dict[str, Any], ...]:
    return tuple(tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))["holiday"])


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar, as in J. Meeus, Astronomical Algorithms, 2nd edition 1998, chapter 8.

    >>> easter(2026), easter(2027)
    (datetime.date(2026, 4, 5), datetime.date(2027, 3, 28))
    """
    a = year % 19
    b, c = divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)


@cache
def of_year(year: int) -> frozenset[date]:
    """The public holidays of a year, without the Sundays that are nothing else.

    >>> date(2025, 10, 4) in of_year(2025), date(2027, 10, 4) in of_year(2027)
    (False, True)
    """
    return frozenset(
        easter(year) + timedelta(days=row["easter"])
        if "easter" in row
        else date.fromisoformat(f"{year}-{row['day']}")
        for row in _rows()
        if row.get("from_year", year) <= year <= row.get("until_year", year)
    )


def is_one(day: date) -> bool:
    """Whether it is a public holiday."""
    return day in of_year(day.year)


def has_sundays(weekdays: int) -> bool:
    """Whether something on these weekdays takes place on holidays too."""
    return bool(weekdays & _SUNDAY)


def days(starts_on: date, ends_on: date, weekdays: int, off: AbstractSet[date] = frozenset()) -> list[date]:
    """The days on which something on these weekdays (a bit set of `app.dates`) takes place, both ends included.

    >>> [day.day for day in days(date(2026, 4, 30), date(2026, 5, 4), 0b0011111)]  # the first of May is a Friday
    [30, 4]
    """
    every = (starts_on + timedelta(days=number) for number in range((ends_on - starts_on).days + 1))
    found = [day for day in every if weekdays >> day.weekday() & 1]
    worked = found if has_sundays(weekdays) else [day for day in found if not is_one(day)] or found
    return [day for day in worked if day not in off] or worked


def count(starts_on: date, ends_on: date, weekdays: int, off: AbstractSet[date] = frozenset()) -> int:
    """How many `days` that is, without walking through them.

    >>> count(date(2026, 4, 27), date(2026, 5, 10), 0b0011111)
    9
    """
    weeks, rest = divmod((ends_on - starts_on).days + 1, 7)
    found = weeks * weekdays.bit_count()
    found += sum(weekdays >> (starts_on + timedelta(days=day)).weekday() & 1 for day in range(rest))
    years = range(starts_on.year, ends_on.year + 1)
    public = frozenset[date]() if has_sundays(weekdays) else frozenset[date]().union(*map(of_year, years))
    worked = found - _among(public, starts_on, ends_on, weekdays)
    if not worked:
        worked, public = found, frozenset()
    return worked - _among(off - public, starts_on, ends_on, weekdays) or worked


def _among(some: AbstractSet[date], starts_on: date, ends_on: date, weekdays: int) -> int:
    return sum(weekdays >> day.weekday() & 1 for day in some if starts_on <= day <= ends_on)
