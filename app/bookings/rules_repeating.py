"""Sessions that repeat: the days of a rule (RFC 5545, RRULE), what leaves days out, and hours by the clocks of the place."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

from dateutil.rrule import rrulestr

from app import holidays

PATTERN = (
    r"^FREQ=(DAILY|WEEKLY|MONTHLY)"
    r"(;(INTERVAL=[1-9][0-9]?|BYDAY=[A-Z0-9,+-]{2,60}|BYMONTHDAY=[0-9,-]{1,80}|BYSETPOS=[0-9,-]{1,20}|WKST=(MO|SU)))*$"
)
"""What a rule may say; when it ends is said beside it."""
MOST_DAYS = 400
"""From the first day to the last."""


class LeftOut(StrEnum):
    """Why there is no session on a day of the rule."""

    LISTED = "listed"
    PAST = "past"
    HOLIDAY = "holiday"
    PATRON = "patron"
    SCHOOL_CLOSED = "school_closed"
    NO_SUCH_HOUR = "no_such_hour"


@dataclass(frozen=True, slots=True)
class Repetition:
    """When somebody wants sessions: on the days of the rule, at these hours by the clocks of the place."""

    rrule: str
    first_on: date
    last_on: date
    starts_at: time
    ends_at: time
    without: frozenset[date] = frozenset()
    skips_holidays: bool = True


def faults_of(wanted: Repetition) -> list[tuple[str, str]]:
    """What is wrong with it: the field, and why."""
    faults = []
    if wanted.last_on < wanted.first_on:
        faults.append(("last_on", "lies before first_on"))
    elif (wanted.last_on - wanted.first_on).days > MOST_DAYS:
        faults.append(("last_on", f"is more than {MOST_DAYS} days after first_on"))
    if wanted.ends_at <= wanted.starts_at:
        faults.append(("ends_at", "is not after starts_at"))
    if not faults:
        try:
            days_of(wanted)
        except ValueError:
            faults.append(("rrule", "is no rule of RFC 5545 that says days"))
    return faults


def days_of(wanted: Repetition) -> list[date]:
    """The days of the rule, from the first to the last. Raises ValueError.

    >>> days_of(Repetition("FREQ=WEEKLY;BYDAY=TU", date(2026, 3, 2), date(2026, 3, 20), time(9), time(11)))
    [datetime.date(2026, 3, 3), datetime.date(2026, 3, 10), datetime.date(2026, 3, 17)]
    """
    names = [part.partition("=")[0] for part in wanted.rrule.split(";")]
    if re.fullmatch(PATTERN, wanted.rrule) is None or len(set(names)) < len(names):
        raise ValueError(wanted.rrule)
    begin = datetime.combine(wanted.first_on, time())
    rule = rrulestr(f"{wanted.rrule};UNTIL={wanted.last_on:%Y%m%d}", dtstart=begin)
    return [moment.date() for moment in rule]


def plan(
    wanted: Repetition,
    zone: tzinfo,
    now: datetime,
    *,
    patron: tuple[int, int] | None,
    closed: Collection[date],
) -> tuple[list[tuple[datetime, datetime]], Mapping[date, LeftOut]]:
    """The moments of the sessions in UTC, and which days of the rule have none. `patron` is a month and a day."""
    moments, left_out = [], {}
    for day in days_of(wanted):
        starts_at, ends_at = (moment_of(day, clock, zone) for clock in (wanted.starts_at, wanted.ends_at))
        reason = _reason(wanted, day, patron=patron, closed=closed)
        if reason is None and (starts_at is None or ends_at is None or ends_at <= starts_at):
            reason = LeftOut.NO_SUCH_HOUR
        if reason is None and starts_at is not None and starts_at <= now:
            reason = LeftOut.PAST
        if reason is not None:
            left_out[day] = reason
        elif starts_at is not None and ends_at is not None:
            moments.append((starts_at, ends_at))
    return moments, left_out


def _reason(
    wanted: Repetition, day: date, *, patron: tuple[int, int] | None, closed: Collection[date]
) -> LeftOut | None:
    if day in wanted.without:
        return LeftOut.LISTED
    if wanted.skips_holidays and holidays.is_one(day):
        return LeftOut.HOLIDAY
    if wanted.skips_holidays and (day.month, day.day) == patron:
        return LeftOut.PATRON
    return LeftOut.SCHOOL_CLOSED if day in closed else None


def moment_of(day: date, clock: time, zone: tzinfo) -> datetime | None:
    """The moment in UTC; None for an hour that the clocks leap over. Of an hour that comes twice it is the first.

    >>> from zoneinfo import ZoneInfo
    >>> moment_of(date(2026, 3, 29), time(2, 30), ZoneInfo("Europe/Rome")) is None
    True
    """
    moment = datetime.combine(day, clock, zone).astimezone(UTC)
    return moment if moment.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, clock) else None


def days_between(spans: Iterable[tuple[date, date]]) -> frozenset[date]:
    """All days of some spans, both ends included."""
    return frozenset(
        first + timedelta(days=number) for first, last in spans for number in range((last - first).days + 1)
    )
