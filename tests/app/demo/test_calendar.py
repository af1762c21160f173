"""The school year from every day of it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.calendar import AFTERNOON, DAY, EVENING, MORNING, Days, look_ahead
from app.demo.chance import Chance
from app.demo.territory import read_territory
from app.students.rules import FreeTime, overlap

TERRITORY = read_territory()
any_day = st.dates(date(2024, 1, 1), date(2032, 12, 31))
seeds = st.integers(0, 10_000)


@pytest.mark.parametrize(
    ("on", "start_year"),
    [
        (date(2026, 8, 14), 2025),
        (date(2026, 8, 15), 2026),
        (date(2026, 12, 31), 2026),
        (date(2027, 6, 1), 2026),
    ],
)
def test_school_year_begins_in_august(on: date, start_year: int) -> None:
    assert look_ahead(TERRITORY, on).start_year == start_year


def test_windows_are_the_next_ones() -> None:
    calendar = look_ahead(TERRITORY, date(2026, 11, 22))
    assert calendar.windows["winter"] == Days(date(2027, 1, 17), date(2027, 2, 20))
    assert calendar.windows["autumn"] == Days(date(2027, 10, 11), date(2027, 11, 14))
    assert calendar.term == Days(date(2026, 11, 22), date(2027, 6, 5))


def test_a_window_that_has_begun_lasts_as_long_as_enough_is_left() -> None:
    assert look_ahead(TERRITORY, date(2027, 1, 18)).windows["winter"].starts_on == date(2027, 1, 25)
    assert look_ahead(TERRITORY, date(2027, 1, 28)).windows["winter"].starts_on == date(2028, 1, 17)


@settings(deadline=None)
@given(any_day)
def test_everything_lies_ahead(on: date) -> None:
    calendar = look_ahead(TERRITORY, on)
    for days in (calendar.term, *calendar.windows.values()):
        assert on <= days.starts_on < days.ends_on < on + timedelta(days=550)
    assert calendar.schooldays
    assert min(calendar.schooldays) >= on + timedelta(days=14)
    assert not any((day.month, day.day) in {(12, 25), (1, 1), (4, 25), (5, 1)} for day in calendar.schooldays)


@settings(max_examples=50, deadline=None)
@given(any_day, seeds, st.integers(1, 6))
def test_free_time_makes_sense(on: date, seed: int, year: int) -> None:
    calendar, chance = look_ahead(TERRITORY, on), Chance(seed, "free")
    free = calendar.free_time(chance, calendar.weeks_of_class(chance, year))
    assert free
    assert all(one.starts_on <= one.ends_on and one.starts_on >= on for one in free)
    spans = [FreeTime(*one) for one in free]
    assert not [pair for pair in combinations(spans, 2) if overlap(*pair)]


@settings(max_examples=50, deadline=None)
@given(any_day, seeds, st.integers(1, 4), st.integers(1, 3))
def test_periods_are_working_weeks_in_different_windows(on: date, seed: int, weeks: int, count: int) -> None:
    calendar = look_ahead(TERRITORY, on)
    periods = calendar.periods(Chance(seed, "periods"), weeks, count)
    assert 1 <= len(periods) <= count
    homes = set()
    for period in periods:
        assert (period.starts_on.weekday(), period.ends_on.weekday()) == (0, 4)
        assert (period.ends_on - period.starts_on).days == 7 * weeks - 3
        [home] = [
            name
            for name, days in calendar.windows.items()
            if days.starts_on <= period.starts_on and period.ends_on <= days.ends_on
        ]
        homes.add(home)
    assert len(homes) == len(periods)


@settings(max_examples=50, deadline=None)
@given(any_day, seeds)
def test_afternoons_are_some_weekdays_of_the_term(on: date, seed: int) -> None:
    calendar = look_ahead(TERRITORY, on)
    [period] = calendar.afternoons(Chance(seed, "afternoons"), 8)
    assert period.parts == AFTERNOON
    assert 2 <= period.weekdays.bit_count() <= 3
    assert calendar.term.starts_on <= period.starts_on <= period.ends_on <= calendar.term.ends_on


@settings(max_examples=50, deadline=None)
@given(any_day, seeds, st.integers(2, 6), st.integers(1, 3))
def test_sessions_are_single_schooldays(on: date, seed: int, hours: int, count: int) -> None:
    calendar = look_ahead(TERRITORY, on)
    sessions = calendar.sessions(Chance(seed, "sessions"), hours, count)
    assert 1 <= len(sessions) <= count
    for one in sessions:
        assert one.starts_on == one.ends_on
        assert one.starts_on in calendar.schooldays
        assert one.weekdays == 1 << one.starts_on.weekday()
        assert one.starts_on.weekday() < 6
        assert one.parts in ((DAY,) if hours > 4 else (MORNING, AFTERNOON))
        assert one.starts_at is not None
        assert one.ends_at is not None
        assert one.ends_at.hour - one.starts_at.hour == hours


@settings(max_examples=50, deadline=None)
@given(any_day, seeds, st.integers(3, 8), st.booleans())
def test_lessons_are_as_many_as_asked_for(on: date, seed: int, count: int, in_evenings: bool) -> None:
    calendar = look_ahead(TERRITORY, on)
    lessons = calendar.lessons(Chance(seed, "lessons"), count, 2, in_evenings=in_evenings)
    assert len({one.starts_on for one in lessons}) == count
    assert {one.parts for one in lessons} in ({EVENING}, {AFTERNOON}, {MORNING})
    assert all(one.starts_on > on for one in lessons)
