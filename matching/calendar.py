"""Time: on how many days of a period the student is free, counted without walking through the days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from matching.types import Kind, Opportunity, Span, Student

UNKNOWN: Final = 0.5
"""The calendar part of a student who never said when they are free: neutral, and nothing is hidden."""

FULL: Final = 1.0


def days_between(first: int, behind: int, weekdays: int) -> int:
    """Days from ordinal `first` up to but without `behind` that fall on a set of weekdays.

    Examples
    --------
    >>> monday = date(2026, 11, 2).toordinal()
    >>> days_between(monday, monday + 30, 0b0000011)  # Mondays and Tuesdays of November 2026
    10
    """
    weeks, rest = divmod(behind - first, 7)
    start = (first - 1) % 7  # ordinal 1 was a Monday
    turned = (weekdays >> start | weekdays << (7 - start)) & 0b1111111
    return weeks * turned.bit_count() + (turned & ((1 << rest) - 1)).bit_count()


def days_of(span: Span) -> int:
    """Days of a span on its own weekdays; 0 when it ends before it starts."""
    first, behind = span.starts_on.toordinal(), span.ends_on.toordinal() + 1
    return days_between(first, behind, span.weekdays) if behind > first else 0


def free_days(free: Sequence[Span], span: Span) -> int:
    """Days of `span` on which the student is free for all of its parts.

    Two free spans add up: one for the mornings and one for the afternoons make a free day.

    Examples
    --------
    >>> from matching.types import Parts
    >>> june = date(2027, 6, 1), date(2027, 6, 30)
    >>> work = Span(*june, weekdays=0b0011111)
    >>> free_days([Span(*june, parts=Parts.AFTERNOON)], work)
    0
    >>> free_days([Span(*june, parts=Parts.AFTERNOON), Span(date(2027, 6, 14), *june[1:], parts=Parts.MORNING)], work)
    13
    """
    first, behind = span.starts_on.toordinal(), span.ends_on.toordinal() + 1
    needed = int(span.parts)  # sets of parts are slow to join, numbers are not
    if not needed:
        return days_of(span)
    near = []
    for one in free:
        opens, shuts = one.starts_on.toordinal(), one.ends_on.toordinal() + 1
        if opens < behind and shuts > first and one.parts.value & needed:
            near.append((opens, shuts, one.weekdays & span.weekdays, one.parts.value & needed))
    cuts = {first, behind} | {
        day for opens, shuts, *_ in near for day in (opens, shuts) if first < day < behind
    }
    days = 0
    for start, end in pairwise(sorted(cuts) if behind > first and near else ()):
        covering = [(on, parts) for opens, shuts, on, parts in near if opens <= start and end <= shuts]
        weekdays = 0
        for bit in (1 << weekday for weekday in range(7)) if covering else ():
            parts = 0
            for on, some in covering:
                if on & bit:
                    parts |= some
            if parts == needed:
                weekdays |= bit
        days += days_between(start, end, weekdays & span.weekdays)
    return days


def share_free(free: Sequence[Span], span: Span) -> float:
    """The share of a span's days on which the student is free, 0 for a span without days."""
    days = days_of(span)
    return free_days(free, span) / days if days else 0.0


def live_spans(opportunity: Opportunity, on: date) -> tuple[Span, ...]:
    """The spans that can still be taken on a day: for training all lessons, or none once one is over."""
    live = tuple(span for span in opportunity.spans if span.ends_on >= on)
    if opportunity.kind is Kind.TRAINING and len(live) < len(opportunity.spans):
        return ()
    return live


def age_on(born_on: date, day: date) -> int:
    """Completed years. Who was born on 29 February turns a year older on 1 March of a common year.

    Examples
    --------
    >>> age_on(date(2008, 2, 29), date(2026, 2, 28)), age_on(date(2008, 2, 29), date(2026, 3, 1))
    (17, 18)
    """
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def fails_age(student: Student, opportunity: Opportunity, first_day: date) -> str | None:
    """Why a student is of the wrong age on a day: `"age_low"`, `"age_high"` or None (also when unknown)."""
    if student.born_on is None:
        return None
    age = age_on(student.born_on, first_day)
    if opportunity.min_age is not None and age < opportunity.min_age:
        return "age_low"
    if opportunity.max_age is not None and age > opportunity.max_age:
        return "age_high"
    return None


def age_failures(student: Student, opportunity: Opportunity, on: date) -> tuple[str, ...]:
    """The age rules that leave no span to take: empty as soon as one span can be taken.

    Age is judged on the first day of each period or session, of a training path on its first lesson, and
    on the day of the ranking where the opportunity has no dates.
    """
    days = [span.starts_on for span in live_spans(opportunity, on)] or [on]
    if opportunity.kind is Kind.TRAINING:
        days = [min(days)]
    failures = [fails_age(student, opportunity, day) for day in days]
    return () if None in failures else tuple(sorted({code for code in failures if code}, reverse=True))


def takeable_spans(student: Student, opportunity: Opportunity, on: date) -> tuple[Span, ...]:
    """The live spans on whose first day the student has the right age; all of them where none fits."""
    live = live_spans(opportunity, on)
    if opportunity.kind is Kind.TRAINING:
        return live
    return tuple(span for span in live if fails_age(student, opportunity, span.starts_on) is None) or live


def calendar_part(student: Student, opportunity: Opportunity, on: date) -> float:
    """The calendar part of the score, 0 to 1.

    Internship and visit: the best share over the periods or sessions. Training: the smallest share over
    the lessons. 1 where any date will do, `UNKNOWN` for a student without stated availability.
    """
    if not opportunity.spans:
        return FULL
    if not student.free:
        return UNKNOWN
    return best_share(student.free, takeable_spans(student, opportunity, on), opportunity.kind)


def best_share(free: Sequence[Span], spans: Sequence[Span], kind: Kind) -> float:
    """The share of time that counts for a kind: of the best span, or for training of the worst lesson."""
    shares = [share_free(free, span) for span in spans]
    return (min if kind is Kind.TRAINING else max)(shares, default=0.0)


def is_free_for(student: Student, spans: Sequence[Span], kind: Kind, attendance: float) -> bool:
    """Whether `best_share` is enough, asked only as far as it takes; so it is where nobody said when they are free."""
    least = least_share(kind, attendance)
    enough = (share_free(student.free, span) >= least for span in spans)
    return not student.free or (all(enough) if kind is Kind.TRAINING else any(enough))


def least_share(kind: Kind, attendance: float) -> float:
    """The share below which a kind is hidden: `attendance` for an internship, everything for the others."""
    return attendance if kind is Kind.INTERNSHIP else FULL
