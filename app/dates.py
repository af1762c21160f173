"""Days, weekdays and parts of the day: names in the API, bit sets in the tables, the same for everybody.

Weekdays are named as in iCalendar (RFC 5545, BYDAY); Monday is bit 0.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import cache
from typing import Annotated, Protocol, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field


class WeekdayName(StrEnum):
    """A weekday, as iCalendar writes it."""

    MONDAY = "MO"
    TUESDAY = "TU"
    WEDNESDAY = "WE"
    THURSDAY = "TH"
    FRIDAY = "FR"
    SATURDAY = "SA"
    SUNDAY = "SU"


class PartName(StrEnum):
    """A part of the day."""

    MORNING = "morning"
    AFTERNOON = "afternoon"
    EVENING = "evening"


Name = TypeVar("Name", WeekdayName, PartName)


def _each_once(names: list[Name]) -> list[Name]:
    if len(set(names)) != len(names):
        raise ValueError("the same value stands twice")
    return names


def _as_day(value: object) -> object:
    """Left to itself, the library takes a bare number for seconds since 1970, and a moment for its day."""
    if isinstance(value, date) or (
        isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip())
    ):
        return value
    raise ValueError("is a day, written as YYYY-MM-DD")


def _as_clock(value: object) -> object:
    if isinstance(value, time) or (isinstance(value, str) and ":" in value):
        return value
    raise ValueError("is a time of the day, written as HH:MM")


def _local(moment: time) -> time:
    if moment.tzinfo is not None:
        raise ValueError("is a time on the place's own clock, without a zone")
    return moment


WRITTEN_DAY = BeforeValidator(_as_day)
"""What a day must look like before its bounds are looked at."""
ClockTime = Annotated[time, BeforeValidator(_as_clock), AfterValidator(_local)]
"""A time of the day, written as ISO 8601 has it, on the clock of the place."""
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2100, 12, 31)), WRITTEN_DAY]
"""A day of this service's time; a date of another century is a mistake."""
Weekdays = Annotated[
    list[WeekdayName],
    Field(min_length=1, max_length=7, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]
"""At least one weekday, each once."""
Parts = Annotated[
    list[PartName],
    Field(min_length=1, max_length=3, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_each_once),
]
"""At least one part of the day, each once."""


def weekdays_to_mask(names: Iterable[WeekdayName]) -> int:
    """The bit set of the weekdays.

    >>> weekdays_to_mask([WeekdayName.MONDAY, WeekdayName.FRIDAY])
    17
    """
    return _to_mask(WeekdayName, names)


def mask_to_weekdays(mask: int) -> list[WeekdayName]:
    """The weekdays in the bit set, Monday first.

    >>> [str(name) for name in mask_to_weekdays(17)]
    ['MO', 'FR']
    """
    return _to_names(WeekdayName, mask)


def parts_to_mask(names: Iterable[PartName]) -> int:
    """The bit set of the parts of the day: 1 morning, 2 afternoon, 4 evening.

    >>> parts_to_mask([PartName.EVENING, PartName.MORNING])
    5
    """
    return _to_mask(PartName, names)


def mask_to_parts(mask: int) -> list[PartName]:
    """The parts of the day in the bit set, in the day's order.

    >>> [str(name) for name in mask_to_parts(5)]
    ['morning', 'evening']
    """
    return _to_names(PartName, mask)


def _to_mask(kind: type[Name], names: Iterable[Name]) -> int:
    bits = _bits(kind)
    return sum(bits[name] for name in set(names))


@cache
def _bits(kind: type[Name]) -> dict[Name, int]:
    return {name: 1 << bit for bit, name in enumerate(kind)}


def _to_names(kind: type[Name], mask: int) -> list[Name]:
    return [name for bit, name in enumerate(kind) if mask >> bit & 1]


def weekdays_between(starts_on: date, ends_on: date) -> int:
    """The bit set of the weekdays that occur from one day to another, both included.

    >>> weekdays_between(date(2026, 1, 10), date(2026, 1, 12))  # Saturday to Monday
    97
    """
    days = min(7, (ends_on - starts_on).days + 1)
    return sum(1 << (starts_on.weekday() + day) % 7 for day in range(days))


class Spanned(Protocol):
    """Days, both included, with a bit set of weekdays, and the time if it is said."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def weekdays(self) -> int: ...
    @property
    def starts_at(self) -> time | None: ...
    @property
    def ends_at(self) -> time | None: ...


def clash(one: Spanned, other: Spanned) -> bool:
    """Whether nobody can be at both: they share a day, and of that day the hours (where none are said, the whole day)."""
    first, last = max(one.starts_on, other.starts_on), min(one.ends_on, other.ends_on)
    if first > last or not one.weekdays & other.weekdays & weekdays_between(first, last):
        return False
    if one.starts_at is None or one.ends_at is None or other.starts_at is None or other.ends_at is None:
        return True
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def age_on(born_on: date, day: date) -> int:
    """Completed years of age on a day; who was born on 29 February is a year older on 1 March.

    >>> age_on(date(2008, 2, 29), date(2026, 2, 28)), age_on(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


SCHOOL_YEAR_BEGINS = 9
"""The month."""


def school_year(day: date) -> int:
    """The year in which the school year of a day began."""
    return day.year if day.month >= SCHOOL_YEAR_BEGINS else day.year - 1


def days_of_school_year(start_year: int) -> tuple[date, date]:
    """Its first day and its last."""
    return date(start_year, SCHOOL_YEAR_BEGINS, 1), date(start_year + 1, SCHOOL_YEAR_BEGINS, 1) - timedelta(1)


def moments(days: tuple[date, date], zone: tzinfo | None) -> tuple[datetime, datetime]:
    """When the first day begins and when the last one is over, on the clocks of a zone."""
    first, last = (datetime.combine(day, time.min, zone) for day in (days[0], days[1] + timedelta(days=1)))
    return first, last


def busiest(spans: Collection[tuple[date, date]], within: tuple[date, date]) -> int:
    """The most of the spans, first and last day included, that share one day of another.

    >>> june, july = (date(2026, 6, 1), date(2026, 6, 30)), (date(2026, 7, 1), date(2026, 7, 31))
    >>> busiest([june, june, july], (date(2026, 6, 15), date(2026, 7, 15)))
    2
    """
    inside = [one for one in spans if one[0] <= within[1] and within[0] <= one[1]]
    # The number rises on first days only.
    days = [max(first, within[0]) for first, _ in inside]
    return max((sum(first <= day <= last for first, last in inside) for day in days), default=0)
