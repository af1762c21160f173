"""On which days an opportunity can be had, and what a placement on them comes to."""

from __future__ import annotations

import math
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple, Protocol

from app import dates, errors, holidays
from app.opportunities.models import Kind
from app.placements.rules import LEAST_DAILY_HOURS, Terms

MOST_DAYS = 366
USUAL_DAILY_HOURS = {Kind.INTERNSHIP: 8.0, Kind.VISIT: 4.0, Kind.TRAINING: 4.0}
"""Where neither hours nor times are said."""


class Offered(Protocol):
    """What of an opportunity decides what a placement comes to."""

    @property
    def kind(self) -> Kind: ...
    @property
    def hours(self) -> int: ...
    @property
    def daily_hours(self) -> float | None: ...


class Days(NamedTuple):
    """Days, both included, with a bit set of weekdays, and the time if it is said."""

    starts_on: date
    ends_on: date
    weekdays: int = 31
    starts_at: time | None = None
    ends_at: time | None = None


def offered(kind: Kind, spans: Iterable[dates.Spanned]) -> list[Days]:
    """The alternatives; of a training path there is one, from the first lesson to the last."""
    each = sorted(
        (Days(span.starts_on, span.ends_on, span.weekdays, *_times(span)) for span in spans),
        key=lambda days: (days.starts_on, days.ends_on),
    )
    if kind is not Kind.TRAINING or len(each) < 2:
        return each
    weekdays = 0
    for days in each:
        weekdays |= days.weekdays
    times = {days[3:] for days in each}
    starts_at, ends_at = times.pop() if len(times) == 1 else (None, None)
    return [Days(each[0].starts_on, max(days.ends_on for days in each), weekdays, starts_at, ends_at)]


def _times(span: dates.Spanned) -> tuple[time | None, time | None]:
    return (None, None) if span.starts_at is None or span.ends_at is None else (span.starts_at, span.ends_at)


class UnfitDays(errors.Invalid):
    """The opportunity is not to be had on these days, or it must be said on which."""

    title = "Not on these days"


def _unfit(field: str, detail: str) -> UnfitDays:
    return UnfitDays(faults=[{"in": "body", "field": field, "detail": detail}])


def choose(
    kind: Kind, alternatives: Iterable[Days], starts_on: date | None, ends_on: date | None, today: date
) -> Days:
    """The days that are meant: the only alternative that is left, or those that are named, which lie in one of them.

    Where an opportunity says no days, they are the student's to name. Raises UnfitDays.
    """
    alternatives = list(alternatives)
    left = [days for days in alternatives if days.starts_on > today]
    if starts_on is None and ends_on is None and len(left) == 1:
        return left[0]
    if starts_on is None or ends_on is None:
        detail = "say which days: there is more than one period" if alternatives else "say which days"
        raise _unfit("starts_on" if starts_on is None else "ends_on", detail)
    if starts_on <= today:
        raise _unfit("starts_on", "must lie in the future")
    if not starts_on <= ends_on <= starts_on + timedelta(days=MOST_DAYS):
        raise _unfit("ends_on", f"must not lie before starts_on, nor more than {MOST_DAYS} days after")
    if not alternatives:
        return Days(starts_on, ends_on)
    for days in alternatives:
        is_within = days.starts_on <= starts_on and ends_on <= days.ends_on
        is_whole = (starts_on, ends_on) == days[:2]
        if is_within and (is_whole or kind is Kind.INTERNSHIP):
            chosen = days._replace(starts_on=starts_on, ends_on=ends_on)
            if chosen.weekdays & dates.weekdays_between(starts_on, ends_on):
                return chosen
    raise _unfit("starts_on", "the opportunity is not on these days")


def terms(opportunity: Offered, days: Days, off: AbstractSet[date] = frozenset()) -> Terms:
    """What a placement on these days comes to. Whoever is not expected on days `off` does fewer hours, not longer days."""
    many = max(1, holidays.count(days.starts_on, days.ends_on, days.weekdays))
    daily = opportunity.daily_hours or _hours_between(days) or opportunity.hours / many
    daily = min(24.0, max(LEAST_DAILY_HOURS, daily or USUAL_DAILY_HOURS[opportunity.kind]))
    left = holidays.count(days.starts_on, days.ends_on, days.weekdays, off)
    whole = max(1, math.ceil(daily * left))
    return Terms(
        starts_on=days.starts_on, ends_on=days.ends_on, weekdays=days.weekdays, starts_at=days.starts_at,
        ends_at=days.ends_at, daily_hours=daily, planned_hours=min(whole, opportunity.hours or whole),
    )  # fmt: skip


def _hours_between(days: Days) -> float:
    if days.starts_at is None or days.ends_at is None:
        return 0.0
    a_day = date(2000, 1, 1)
    between = datetime.combine(a_day, days.ends_at, UTC) - datetime.combine(a_day, days.starts_at, UTC)
    return max(0.0, between.total_seconds() / 3600)
