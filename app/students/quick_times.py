"""When students are mostly free, in a word each: what a tick on a page stands for.

The days are those of a usual Italian school year; exact ones can always be given instead.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from app.students.rules import FreeTime

_WORKDAYS, _SATURDAY = 0b0011111, 0b0100000
_MORNING, _AFTERNOON, _DAY = 1, 2, 3


class QuickTime(StrEnum):
    """A usual time; no two have a part of a day in common."""

    JUNE_JULY = "june_july"
    SEPTEMBER = "september"
    SCHOOL_MORNINGS = "school_mornings"
    AFTER_SCHOOL = "after_school"
    SATURDAYS = "saturdays"


def spans(today: date) -> dict[QuickTime, FreeTime]:
    """Each as days: the present school year while it lasts, the coming summer.

    >>> spans(date(2026, 11, 22))[QuickTime.JUNE_JULY].starts_on.isoformat()
    '2027-06-01'
    """
    year = today.year
    summer = year if today <= date(year, 7, 31) else year + 1
    autumn = year if today <= date(year, 9, 14) else year + 1
    begun = year - 1 if today <= date(year, 5, 31) else year
    school = date(begun, 9, 15), date(begun + 1, 5, 31)
    return {
        QuickTime.JUNE_JULY: FreeTime(date(summer, 6, 1), date(summer, 7, 31), _WORKDAYS, _DAY),
        QuickTime.SEPTEMBER: FreeTime(date(autumn, 9, 1), date(autumn, 9, 14), _WORKDAYS, _DAY),
        QuickTime.SCHOOL_MORNINGS: FreeTime(*school, _WORKDAYS, _MORNING),
        QuickTime.AFTER_SCHOOL: FreeTime(*school, _WORKDAYS, _AFTERNOON),
        QuickTime.SATURDAYS: FreeTime(*school, _SATURDAY, _DAY),
    }


def named(free: Iterable[FreeTime], today: date) -> tuple[list[QuickTime], list[FreeTime]]:
    """Which of the times are usual ones, and the others as they are."""
    quick = {span: name for name, span in spans(today).items()}
    given = list(free)
    return [quick[one] for one in given if one in quick], [one for one in given if one not in quick]
