from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.calendar import (
    age_failures,
    age_on,
    calendar_part,
    days_between,
    days_of,
    free_days,
    live_spans,
    share_free,
    takeable_spans,
)
from matching.spans import NEVER, birthday
from matching.types import Kind, Opportunity, Parts, Span, Student
from tests.matching.strategies import ON, near_spans, steady

WORK = 0b0011111
WEEK = Span(date(2026, 12, 7), date(2026, 12, 13))
MONDAY = Span(date(2026, 12, 7), date(2026, 12, 7))
TUESDAY = Span(date(2026, 12, 8), date(2026, 12, 8))


def by_walking(free, span):
    """The naive count: every day, every free span."""
    count, day = 0, span.starts_on
    while day <= span.ends_on:
        parts = 0
        for one in free:
            if one.starts_on <= day <= one.ends_on and one.weekdays >> day.weekday() & 1:
                parts |= one.parts
        count += bool(span.weekdays >> day.weekday() & 1) and parts & span.parts == span.parts
        day += timedelta(days=1)
    return count


@steady
@given(st.lists(near_spans, max_size=4), near_spans)
def test_free_days_is_what_walking_through_the_days_finds(free, span):
    assert free_days(free, span) == by_walking(free, span)


@steady
@given(st.dates(date(1, 1, 1), date(9000, 1, 1)), st.integers(0, 400), st.integers(0, 127))
def test_days_between_is_what_walking_finds(first, length, weekdays):
    walked = sum(weekdays >> (first + timedelta(days=n)).weekday() & 1 for n in range(length))
    assert days_between(first.toordinal(), first.toordinal() + length, weekdays) == walked


def test_days_of_a_span_that_ends_before_it_starts_are_none():
    turned = Span(date(2026, 12, 7), date(2026, 12, 1))
    assert days_of(turned) == 0
    assert free_days([WEEK], turned) == 0
    assert share_free([WEEK], turned) == 0.0


def test_free_spans_add_up_over_the_day():
    mornings = Span(WEEK.starts_on, WEEK.ends_on, parts=Parts.MORNING)
    afternoons = Span(WEEK.starts_on, WEEK.ends_on, parts=Parts.AFTERNOON)
    assert share_free([mornings], WEEK) == 0.0
    assert share_free([mornings, afternoons], WEEK) == 1.0
    assert share_free([afternoons], Span(WEEK.starts_on, WEEK.ends_on, WORK, Parts.AFTERNOON)) == 1.0


def offer(kind, *spans, **more):
    return Opportunity("o", kind, spans=spans, **more)


def student(*free, **more):
    return Student("s", 44.5, 11.3, free=free, **more)


@pytest.mark.parametrize(
    ("kind", "free", "part"),
    [
        (Kind.INTERNSHIP, (), 0.5),
        (Kind.INTERNSHIP, (MONDAY,), 1.0),
        (Kind.INTERNSHIP, (Span(date(2026, 12, 9), date(2026, 12, 20)),), 5 / 7),
        (Kind.VISIT, (MONDAY,), 1.0),
        (Kind.TRAINING, (MONDAY,), 1 / 7),
        (Kind.TRAINING, (WEEK,), 1.0),
        (Kind.TRAINING, (Span(date(2027, 1, 1), date(2027, 1, 2)),), 0.0),
    ],
)
def test_calendar_part_is_the_best_period_or_the_worst_lesson(kind, free, part):
    assert calendar_part(student(*free), offer(kind, WEEK, MONDAY), ON) == part


def test_calendar_part_is_full_without_dates():
    assert calendar_part(student(MONDAY), offer(Kind.VISIT), ON) == 1.0
    assert calendar_part(student(), offer(Kind.VISIT), ON) == 1.0


def test_calendar_part_looks_at_no_period_that_is_over():
    past = Span(date(2026, 10, 1), date(2026, 10, 9))
    assert calendar_part(student(past), offer(Kind.INTERNSHIP, past, WEEK), ON) == 0.0


def test_live_spans_last_to_their_last_day_and_lessons_are_all_or_none():
    ending = Span(date(2026, 11, 1), ON)
    over = Span(date(2026, 11, 1), ON - timedelta(days=1))
    assert live_spans(offer(Kind.VISIT, over, ending, WEEK), ON) == (ending, WEEK)
    assert live_spans(offer(Kind.TRAINING, ending, WEEK), ON) == (ending, WEEK)
    assert live_spans(offer(Kind.TRAINING, over, WEEK), ON) == ()


@pytest.mark.parametrize(
    ("born_on", "day", "age"),
    [
        (date(2008, 2, 29), date(2024, 2, 28), 15),
        (date(2008, 2, 29), date(2024, 2, 29), 16),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 6, 1), date(2026, 5, 31), 17),
        (date(2008, 6, 1), date(2026, 6, 1), 18),
    ],
)
def test_age_is_in_completed_years(born_on, day, age):
    assert age_on(born_on, day) == age


@steady
@given(st.dates(date(1990, 1, 1), date(2020, 1, 1)), st.integers(0, 60), st.integers(-2, 2))
def test_birthday_is_the_first_day_of_an_age(born_on, age, around):
    day = date.fromordinal(birthday(born_on, age) + around)
    assert (age_on(born_on, day) >= age) == (around >= 0)


def test_birthday_knows_no_end_of_the_calendar():
    assert birthday(date(2008, 2, 29), 9000) == NEVER


def test_age_takes_the_period_for_which_it_is_right():
    """Sixteen on 8 December: too young for the Monday, old enough for the Tuesday."""
    young = student(MONDAY, born_on=date(2010, 12, 8))
    both = offer(Kind.INTERNSHIP, MONDAY, TUESDAY, min_age=16)
    assert age_failures(young, both, ON) == ()
    assert takeable_spans(young, both, ON) == (TUESDAY,)
    assert calendar_part(young, both, ON) == 0.0
    assert age_failures(young, offer(Kind.INTERNSHIP, MONDAY, min_age=16), ON) == ("age_low",)
    assert age_failures(young, offer(Kind.TRAINING, TUESDAY, MONDAY, min_age=16), ON) == ("age_low",)
    assert age_failures(young, offer(Kind.INTERNSHIP, MONDAY, TUESDAY, max_age=15), ON) == ()
    assert age_failures(young, offer(Kind.INTERNSHIP, TUESDAY, max_age=15), ON) == ("age_high",)
    turning = offer(Kind.INTERNSHIP, MONDAY, TUESDAY, min_age=16, max_age=15)
    assert age_failures(young, turning, ON) == ("age_low", "age_high")
    assert takeable_spans(young, turning, ON) == (MONDAY, TUESDAY)
    assert age_failures(student(), turning, ON) == ()
