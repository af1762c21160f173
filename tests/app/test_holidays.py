"""Public holidays are what the law says in each year, and no day is counted on which nobody is there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import holidays

FIXED = {(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)}
DAYS = st.dates(date(2025, 1, 1), date(2027, 12, 31))


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1818, 3, 22), (1961, 4, 2), (2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31), (2025, 4, 20), (2038, 4, 25)],
)  # fmt: skip
def test_easter_is_on_its_sunday(year: int, month: int, day: int) -> None:
    assert holidays.easter(year) == date(year, month, day)


@pytest.mark.parametrize(
    ("year", "others"),
    [(2000, {(4, 24)}), (2025, {(4, 21)}), (2026, {(4, 6), (10, 4)}), (2027, {(3, 29), (10, 4)})],
)
def test_each_year_has_the_holidays_of_its_law(year: int, others: set[tuple[int, int]]) -> None:
    found = {(day.month, day.day) for day in holidays.of_year(year)}
    assert found == (FIXED | others) - ({(6, 2)} if year == 2000 else set())


@given(first=DAYS, length=st.integers(0, 500), weekdays=st.integers(1, 127))
def test_as_many_are_counted_as_there_are(first: date, length: int, weekdays: int) -> None:
    last = first + timedelta(days=length)
    assert holidays.count(first, last, weekdays) == len(holidays.days(first, last, weekdays))


@given(first=DAYS)
def test_only_who_works_on_sundays_or_on_nothing_else_works_on_holidays(first: date) -> None:
    fortnight = [first + timedelta(days=number) for number in range(14)]
    assert holidays.days(first, fortnight[-1], 0b1111111) == fortnight
    workdays = [day for day in fortnight if day.weekday() < 6]
    assert holidays.days(first, fortnight[-1], 0b0111111) == [
        day for day in workdays if not holidays.is_one(day)
    ]
    assert holidays.days(first, first, 1 << first.weekday()) == [first]
