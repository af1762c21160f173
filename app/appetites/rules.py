"""Of which school year a company is asked, who answers, and what is no answer."""

from __future__ import annotations

from datetime import date

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
