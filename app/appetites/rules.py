"""Of which school year a company is asked, what is no answer, and at which rhythm the quiet are asked again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app import dates
from app.appetites.models import Appetite, NotHosting
from app.opportunities.rules import Fault

SUMMER = 6
"""From this month on it is the next school year that one plans for."""


def asked_year(today: date) -> int:
    """The school year that is asked about, by the year in which it begins.

    >>> asked_year(date(2026, 5, 31)), asked_year(date(2026, 6, 1)), asked_year(date(2026, 9, 1))
    (2025, 2026, 2026)
    """
    return dates.school_year(today) + (SUMMER <= today.month < dates.SCHOOL_YEAR_BEGINS)


def faults(appetite: Appetite, reason: NotHosting | None) -> list[Fault]:
    """What is wrong with an answer: a no says why, and nothing else does."""
    if appetite is Appetite.NOT_THIS_YEAR and reason is None:
        return [Fault("reason", "says why not this year")]
    if appetite is not Appetite.NOT_THIS_YEAR and reason is not None:
        return [Fault("reason", "is only for not_this_year")]
    return []


def is_left_alone(appetite: Appetite | None) -> bool:
    """Whether nobody asks the company again before the next school year."""
    return appetite in (Appetite.NOT_THIS_YEAR, Appetite.ORGANISED)


# --- who has gone quiet -----------------------------------------------------------------------------------------------

HOLIDAYS = 8
"""In this month nobody is asked, warned or hidden."""
TO_ANSWER = timedelta(days=30)
"""From the question to the warning, and from there to being hidden."""


class Step(StrEnum):
    """What the clock does with a company."""

    ASK = "ask"
    WARN = "warn"
    HIDE = "hide"
    RETURN = "return"


@dataclass(frozen=True, slots=True)
class Quiet:
    """What is known of a company: whether it has been quiet, for long or very long, and what it was told, by day."""

    is_silent: bool
    is_dormant: bool
    last_sign_on: date
    appetite: Appetite | None = None
    asked_on: date | None = None
    warned_on: date | None = None
    hidden_on: date | None = None


def next_step(one: Quiet, today: date, *, months: int) -> Step | None:
    """Asked at most once in so many months; who is dormant and does not answer is warned, then hidden, never deleted.

    Whoever gives a sign of life after the question comes back; who has answered for the year is not asked again, unless
    they were only interested.

    >>> quiet = Quiet(True, True, date(2024, 1, 1), asked_on=date(2026, 1, 12))
    >>> next_step(quiet, date(2026, 2, 10), months=4), next_step(quiet, date(2026, 2, 11), months=4)
    (None, <Step.WARN: 'warn'>)
    """
    has_answered = one.asked_on is not None and one.last_sign_on >= one.asked_on
    if has_answered and one.warned_on is not None:
        return Step.RETURN
    if today.month == HOLIDAYS or is_left_alone(one.appetite):
        return None
    if one.asked_on is not None and one.is_dormant and not has_answered and one.hidden_on is None:
        if one.warned_on is None:
            return Step.WARN if today - one.asked_on >= TO_ANSWER else None
        return Step.HIDE if today - one.warned_on >= TO_ANSWER else None
    is_due = one.asked_on is None or months_later(one.asked_on, months) <= today
    return Step.ASK if (one.is_silent or one.is_dormant) and is_due else None


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last of that month.

    >>> months_later(date(2025, 10, 31), 4)
    datetime.date(2026, 2, 28)
    """
    month = day.month - 1 + months
    first = date(day.year + month // 12, month % 12 + 1, 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(day.day, last.day))
