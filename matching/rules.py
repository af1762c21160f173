"""Hard eligibility: who does not see what, and by which rule. It comes before any score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Final

from matching.calendar import age_failures, is_free_for, live_spans, takeable_spans
from matching.location import is_too_far, travel_km, travel_minutes
from matching.types import Eligibility, Opportunity, Student

RULES: Final = (
    "closed",
    "no_seats",
    "period_over",
    "school_kind",
    "sector",
    "programme",
    "year",
    "age_low",
    "age_high",
    "travel",
    "calendar",
)
"""The codes, in the order in which they are tried."""


def standing_failures(opportunity: Opportunity, on: date) -> Iterator[str]:
    """The rules that hide an opportunity from everybody on a day."""
    if opportunity.closes_on is not None and opportunity.closes_on < on:
        yield "closed"
    if opportunity.seats_free <= 0:
        yield "no_seats"
    if opportunity.spans and not live_spans(opportunity, on):
        yield "period_over"


def eligibility_failures(student: Student, alternatives: Sequence[Eligibility]) -> tuple[str, ...]:
    """The fields that fail in the nearest alternative: the one with the fewest, and of equals the first.

    Examples
    --------
    >>> fourth = Eligibility(programmes=frozenset({"C1"}), years=frozenset({4}))
    >>> eligibility_failures(Student("s", 44.5, 11.3, programmes=frozenset({"C1"}), year=3), [fourth])
    ('year',)
    """
    nearest: tuple[str, ...] | None = None
    for one in alternatives:
        failing = tuple(
            code
            for code, fails in (
                ("school_kind", one.school_kinds and student.school_kind not in one.school_kinds),
                ("sector", one.sectors and student.sector not in one.sectors),
                ("programme", one.programmes and one.programmes.isdisjoint(student.programmes)),
                ("year", one.years and student.year not in one.years),
            )
            if fails
        )
        if nearest is None or len(failing) < len(nearest):
            nearest = failing
    return nearest or ()


def programme_affinity(student: Student, alternatives: Sequence[Eligibility]) -> float:
    """How expressly an opportunity is meant for the student: the best of the alternatives that admit.

    1 names the programme, 0.75 the sector, 0.6 only the kind of school or the year, 0.5 is open to all.
    0 for who is not admitted.
    """
    if not alternatives:
        return 0.5
    best = 0.0
    for one in alternatives:
        if eligibility_failures(student, (one,)):
            continue
        if one.programmes:
            return 1.0
        named = 0.75 if one.sectors else 0.6 if one.school_kinds or one.years else 0.5
        best = max(best, named)
    return best


def _failures(student: Student, opportunity: Opportunity, on: date, attendance: float) -> Iterator[str]:
    """The failing rules in order, worked out only as far as they are asked for."""
    yield from standing_failures(opportunity, on)
    yield from eligibility_failures(student, opportunity.eligibility)
    yield from age_failures(student, opportunity, on)
    if is_too_far(student, travel_km(student, opportunity), travel_minutes(student, opportunity)):
        yield "travel"
    if student.free and opportunity.spans and live_spans(opportunity, on):
        spans = takeable_spans(student, opportunity, on)
        if not is_free_for(student, spans, opportunity.kind, attendance):
            yield "calendar"


def hidden_by(student: Student, opportunity: Opportunity, on: date, attendance: float = 0.75) -> str | None:
    """The first rule that hides an opportunity from a student on a day, or None.

    Parameters
    ----------
    on
        The day of the ranking: what ended or closed before it is over.
    attendance
        The least share of an internship's days on which the student must be free (`Weights.attendance`).
        The default leans on the rule that a project counts when three quarters of it are attended.

    Examples
    --------
    >>> from matching.types import Kind
    >>> visit = Opportunity("v", Kind.VISIT, seats_free=0)
    >>> hidden_by(Student("s", 44.5, 11.3), visit, date(2026, 11, 22))
    'no_seats'
    """
    return next(_failures(student, opportunity, on, attendance), None)


def rules_hidden(student: Student, opportunity: Opportunity, on: date, attendance: float = 0.75) -> list[str]:
    """All rules that hide an opportunity from a student, in the order of `RULES`."""
    return list(_failures(student, opportunity, on, attendance))
