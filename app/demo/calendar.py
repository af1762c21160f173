"""The school year as seen from a day: when classes leave for internships, when students are free, when things happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import NamedTuple

from app.demo.chance import Chance
from app.demo.territory import Territory

MORNING, AFTERNOON, EVENING = 1, 2, 4
DAY = MORNING | AFTERNOON
WORKDAYS, SATURDAY = 0b0011111, 0b0100000
SCHOOL_YEAR_STARTS = (8, 15)
SOON = timedelta(days=14)


class Days(NamedTuple):
    """Days, both included."""

    starts_on: date
    ends_on: date


class Free(NamedTuple):
    """Days with weekdays and parts of the day."""

    starts_on: date
    ends_on: date
    weekdays: int
    parts: int


class Span(NamedTuple):
    """Days with weekdays, parts of the day and perhaps the time."""

    starts_on: date
    ends_on: date
    weekdays: int
    parts: int
    starts_at: time | None = None
    ends_at: time | None = None


@dataclass(frozen=True)
class Calendar:
    """What lies ahead of a day."""

    on: date
    start_year: int
    term: Days
    windows: Mapping[str, Days]
    of_classes: Mapping[int, Mapping[str, float]]
    of_students: Mapping[str, float]
    schooldays: Sequence[date]
    """Days of the term a little ahead that no break takes, Saturdays and Sundays too."""

    # --- students -----------------------------------------------------------------------------------------------------

    def weeks_of_class(self, chance: Chance, year: int) -> list[Days]:
        """The weeks in which a class leaves for internships: two of the windows for its year, in order."""
        likely = dict(self.of_classes.get(year) or self.of_classes[max(self.of_classes)])
        chosen = []
        for _ in range(min(2, len(likely))):
            window = chance.pick(likely)
            del likely[window]
            chosen.append(self.windows[window])
        return sorted(chosen)

    def free_time(self, chance: Chance, weeks: Sequence[Days]) -> list[Free]:
        """When a student of a class is free: its weeks, some afternoons in term, perhaps Saturdays and the holidays."""
        free = [Free(*days, WORKDAYS, DAY) for days in weeks]
        afternoons = sum(1 << weekday for weekday in chance.sample(range(5), chance.choice((2, 3, 3, 4, 5))))
        parts = AFTERNOON | EVENING if chance.happens(0.7) else AFTERNOON
        free += [Free(*days, afternoons, parts) for days in _without(self.term, weeks)]
        if chance.happens(0.5):
            free.append(Free(*self.term, SATURDAY, DAY))
        free += [
            Free(*self.windows[window], WORKDAYS, DAY)
            for window, share in self.of_students.items()
            if chance.happens(share)
        ]
        return free

    # --- internships --------------------------------------------------------------------------------------------------

    def periods(self, chance: Chance, weeks: int, count: int) -> list[Span]:
        """Alternative periods of whole days, each so many weeks from a Monday to a Friday, in different windows."""
        fitting = [days for days in self.windows.values() if _mondays(days, weeks)]
        spans = []
        for days in chance.some(fitting, count):
            monday = chance.choice(_mondays(days, weeks))
            spans.append(Span(monday, monday + timedelta(weeks=weeks, days=-3), WORKDAYS, DAY))
        return sorted(spans)

    def afternoons(self, chance: Chance, weeks: int) -> list[Span]:
        """One period of two or three afternoons a week in term, wherever so many weeks are left."""
        mondays = _mondays(self.term, weeks) or _mondays(next(iter(self.windows.values())), 1)
        monday = chance.choice(mondays)
        weekdays = sum(1 << weekday for weekday in chance.sample(range(5), chance.choice((2, 2, 3))))
        return [Span(monday, monday + timedelta(weeks=weeks, days=-3), weekdays, AFTERNOON)]

    # --- visits and lessons -------------------------------------------------------------------------------------------

    def sessions(self, chance: Chance, hours: int, count: int) -> list[Span]:
        """Alternative sessions of a visit: afternoons in term, Saturday mornings, some mornings; long ones take the day."""
        saturdays = [day for day in self.schooldays if day.weekday() == 5]
        workdays = [day for day in self.schooldays if day.weekday() < 5]
        spans: set[Span] = set()
        for _ in range(count):
            if hours > 4:
                in_weeks = [
                    day
                    for day in workdays
                    if any(one.starts_on <= day <= one.ends_on for one in self._weeks())
                ]
                spans.add(_on(chance.choice(in_weeks + saturdays * 2), time(9), hours))
            elif chance.happens(0.22):
                spans.add(_on(chance.choice(saturdays), time(9, 30), hours))
            elif chance.happens(0.2):
                spans.add(_on(chance.choice(workdays), time(9), hours))
            else:
                spans.add(_on(chance.choice(workdays), time(14, 30), hours))
        return sorted(spans)

    def lessons(self, chance: Chance, count: int, hours: int, *, in_evenings: bool) -> list[Span]:
        """The lessons of a training path: once a week on the same weekday, or in the mornings of a week in one of the windows."""
        weekday = chance.randrange(5)
        weekly = [day for day in self.schooldays if day.weekday() == weekday]
        if len(weekly) < count or (not in_evenings and chance.happens(0.1)):
            weeks = -(-count // 5)
            monday = chance.choice([day for days in self.windows.values() for day in _mondays(days, weeks)])
            days = [monday + timedelta(weeks=number // 5, days=number % 5) for number in range(count)]
            return [_on(day, time(9), hours) for day in days]
        first = chance.randrange(min(len(weekly) - count + 1, 14))
        starts_at = time(18) if in_evenings else time(14, 30)
        return [_on(day, starts_at, hours) for day in weekly[first : first + count]]

    def _weeks(self) -> list[Days]:
        return [days for window, days in self.windows.items() if window not in self.of_students]


def look_ahead(territory: Territory, on: date) -> Calendar:
    """The calendar as seen from a day. Summer counts to the school year that ends, from the middle of August to the next."""
    start_year = on.year if (on.month, on.day) >= SCHOOL_YEAR_STARTS else on.year - 1
    section = territory.numbers["term"]
    term = _next_days(section["starts"], section["ends"], on, lead=0, least=75)
    return Calendar(
        on=on,
        start_year=start_year,
        term=term,
        windows={
            window.id: _next_days(window.starts, window.ends, on, lead=7, least=24)
            for window in territory.windows
        },
        of_classes={
            year: {window.id: window.years[year] for window in territory.windows if year in window.years}
            for year in sorted({year for window in territory.windows for year in window.years})
        },
        of_students={window.id: window.student for window in territory.windows if window.student},
        schooldays=schooldays(territory, max(term.starts_on, on + SOON), term.ends_on),
    )


def schooldays(territory: Territory, first: date, last: date) -> list[date]:
    """Days of terms, Saturdays and Sundays too, that no break takes."""
    section = territory.numbers["term"]
    years = range(first.year - 1, last.year + 1)
    terms = [_days(section["starts"], section["ends"], year) for year in years]
    off = [_days(starts, ends, year) for starts, ends in section["breaks"] for year in years]
    days = [first + timedelta(days=day) for day in range((last - first).days + 1)]
    return [day for day in days if _is_in(day, terms) and not _is_in(day, off)]


def _is_in(day: date, spans: Sequence[Days]) -> bool:
    return any(one.starts_on <= day <= one.ends_on for one in spans)


def _days(starts: str, ends: str, year: int) -> Days:
    """From a month and day of a year to the next time of another."""
    first = date.fromisoformat(f"{year}-{starts}")
    last = date.fromisoformat(f"{year}-{ends}")
    return Days(first, last if last >= first else last.replace(year=year + 1))


def _next_days(starts: str, ends: str, on: date, *, lead: int, least: int) -> Days:
    """The next such days, or what is left of them from `lead` days ahead if that is at least so many."""
    for year in range(on.year - 1, on.year + 3):
        days = _days(starts, ends, year)
        first = max(days.starts_on, on + timedelta(days=lead))
        if days.ends_on - first >= min(days.ends_on - days.starts_on, timedelta(days=least)):
            return Days(first, days.ends_on)
    raise AssertionError("every day of the year comes again within three years")


def _without(whole: Days, holes: Sequence[Days]) -> list[Days]:
    """What is left of `whole` around the holes, which do not overlap and come in order."""
    left, first = [], whole.starts_on
    for hole in holes:
        if hole.starts_on > whole.ends_on or hole.ends_on < first:
            continue
        if hole.starts_on > first:
            left.append(Days(first, hole.starts_on - timedelta(days=1)))
        first = hole.ends_on + timedelta(days=1)
    if first <= whole.ends_on:
        left.append(Days(first, whole.ends_on))
    return left


def _mondays(days: Days, weeks: int) -> list[date]:
    """The Mondays on which so many working weeks can begin that end within the days."""
    first = days.starts_on + timedelta(days=-days.starts_on.weekday() % 7)
    last = days.ends_on - timedelta(weeks=weeks, days=-3)
    return [first + timedelta(weeks=week) for week in range(((last - first).days // 7) + 1)]


def _on(day: date, starts_at: time, hours: int) -> Span:
    ends_at = time(starts_at.hour + hours, starts_at.minute)
    if starts_at >= time(18):
        parts = EVENING
    elif starts_at >= time(13):
        parts = AFTERNOON
    else:
        parts = MORNING if ends_at <= time(13, 30) else DAY
    return Span(day, day, 1 << day.weekday(), parts, starts_at, ends_at)
