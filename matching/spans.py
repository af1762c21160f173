"""The spans of a layout's rows: on which share of them a student is free, and whether at the right age."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.calendar import FULL, UNKNOWN, share_free
from matching.location import Floats
from matching.profile import Ints
from matching.table import KINDS, NONE, Array, Table, ragged
from matching.types import Kind, Parts, Span, Student

Bools = npt.NDArray[np.bool_]

GRID_DAYS: Final = 2000
"""Longest stretch of days that is laid out day by day; spans that reach beyond are counted one by one."""

MOST_PATTERNS: Final = 2**16
"""With more of them a wider column is laid."""

FEW_OUTSIDE: Final = 1000
"""Spans beyond the grid that are judged for every student, whether near or not."""

NEVER: Final = 2**30
"""A day beyond all days."""

TRAINING: Final = KINDS.index(Kind.TRAINING)


def birthday(born_on: date, age: int) -> int:
    """The ordinal of the day on which an age is reached, 1 March for 29 February in a common year."""
    year = born_on.year + age
    if year > 9999:
        return NEVER
    try:
        return born_on.replace(year=year).toordinal()
    except ValueError:
        return date(year, 3, 1).toordinal()


class Spans:
    """Periods, sessions and lessons, by the row that they belong to."""

    laid: Final = ("days", "pattern", "_meant", "_needed")
    """The columns that are not the table's."""

    days: npt.NDArray[np.int32]
    pattern: npt.NDArray[np.unsignedinteger[Any]]

    def __init__(
        self,
        table: Table,
        size: int,
        at: Ints,
        training_from: int,
        on: date,
        laid: Mapping[str, Array] | None = None,
    ) -> None:
        total = int(table.span_count[:size].sum())
        self.at, self.count = at, table.span_count[:size]
        self.training_from, self.day = training_from, on.toordinal()
        self.start, self.end = table.span_start[:total], table.span_end[:total]
        self._weekdays, self._parts = table.span_weekdays[:total], table.span_parts[:total]
        self.min_age, self.max_age = table.min_age[:size], table.max_age[:size]
        limits = (np.bincount(ages + np.int64(1)) for ages in (self.min_age, self.max_age))
        self._ages = sorted({int(age) for some in limits for age in np.flatnonzero(some) - 1} - {NONE})
        self._choose_grid()
        if laid is None:
            self._lay_grid()
        else:
            self.__dict__.update(laid)
        self.patterns = len(self._needed)
        self._outside = np.flatnonzero(self.pattern >= self.patterns)
        self._weekday = (np.arange(self.length) + self.first - 1) % 7
        self.birthdays = lru_cache(1024)(self._birthdays_of)
        self.counts = lru_cache(256)(self._counts_of)
        self.shares_outside = lru_cache(256)(self._shares_outside_of)

    def _choose_grid(self) -> None:
        """The stretch of days that most live spans lie in."""
        live = self.end >= self.day
        self.first = int(self.start[live].min(initial=NEVER))
        self.length = int(self.end[live].max(initial=-NEVER)) + 1 - self.first
        if not 0 < self.length <= GRID_DAYS:
            self.first, self.length = self.day - GRID_DAYS // 4, GRID_DAYS

    def _lay_grid(self) -> None:
        """Days, and the patterns of weekdays and parts: every span becomes two places in `_counts_of`.

        A span that reaches beyond the grid has a pattern of its own, behind those.
        """
        self.days = _days(self.start, self.end, self._weekdays).astype(np.int32)
        inside = (self.start >= self.first) & (self.end < self.first + self.length)
        outside = np.flatnonzero(~inside & (self.end >= self.day) & (self.days > 0))
        both = self._weekdays.astype(np.uint16) << 8 | self._parts
        both[~inside | (self.days == 0)] = 0  # of no weekday, hence without a free day
        codes = np.union1d(np.flatnonzero(np.bincount(both)), [0])
        patterns = np.searchsorted(codes, both)
        patterns[outside] = len(codes) + np.arange(len(outside))
        self.pattern = patterns.astype(np.uint16 if len(codes) + len(outside) <= MOST_PATTERNS else np.uint32)
        weekday = (np.arange(self.length) + self.first - 1) % 7
        self._meant = (codes[:, None] >> 8 >> weekday & 1).astype(np.bool_)
        self._needed = (codes[:, None] & 0xFF).astype(np.uint8)

    def _counts_of(self, free: tuple[Span, ...]) -> npt.NDArray[np.int32]:
        """Free days up to each day of the grid, one pattern after the other."""
        bits = np.zeros(self.length, np.uint8)
        for span in free:
            start = max(span.starts_on.toordinal() - self.first, 0)
            behind = max(span.ends_on.toordinal() + 1 - self.first, 0)
            by_weekday = np.array(
                [span.parts if span.weekdays >> day & 1 else 0 for day in range(7)], np.uint8
            )
            bits[start:behind] |= by_weekday[self._weekday[start:behind]]
        covered = ((bits & self._needed) == self._needed) & self._meant
        counts = np.zeros((len(self._needed), self.length + 1), np.int32)
        np.cumsum(covered, axis=1, out=counts[:, 1:])
        return counts.ravel()

    def _shares_outside_of(self, free: tuple[Span, ...]) -> Floats:
        """The share of the days of each span beyond the grid, in their order."""
        return np.array([share_free(free, self.span(place)) for place in self._outside.tolist()])

    def _birthdays_of(self, born_on: date) -> tuple[Ints, Ints]:
        """By age, and last for no limit: the first day that is old enough, and the first that is too old."""
        size = max(self._ages, default=NONE) + 2
        enough, too_old = np.full(size, -NEVER), np.full(size, NEVER)
        for age in self._ages:
            enough[age], too_old[age] = birthday(born_on, age), birthday(born_on, age + 1)
        return enough, too_old

    def judge(self, student: Student, rows: Ints, least: Floats) -> tuple[Floats, Bools]:
        """The calendar part of some rows in ascending order, and for which of them days and age are right.

        Parameters
        ----------
        least
            The least calendar part of each row that is not hidden.
        """
        window = self.window(student)
        if window is not None:
            enough, too_old = window
            window = enough[self.min_age[rows]], too_old[self.max_age[rows]]
        size = len(rows)
        shares, fits = np.full(size, FULL), np.ones(size, np.bool_)
        dated = np.flatnonzero(self.count[rows])
        where, begins = ragged(self.at[rows[dated]], self.count[rows[dated]].astype(np.int64))
        lessons = int(np.searchsorted(rows[dated], self.training_from))
        cut = int(begins[lessons]) if lessons < len(begins) else len(where)
        takeable = self.end[where] >= self.day
        if window is not None:
            self._judge_age(window, rows, dated, where, begins, lessons, takeable, fits)
        if not student.free:
            shares[dated] = UNKNOWN
        elif len(dated):
            of_span = self._shares(student.free, where)
            if lessons:
                some = np.where(takeable[:cut], of_span[:cut], -1.0)
                shares[dated[:lessons]] = np.maximum.reduceat(some, begins[:lessons])
            if lessons < len(dated):
                shares[dated[lessons:]] = np.minimum.reduceat(of_span[cut:], begins[lessons:] - cut)
            fits &= shares >= least
        return shares, fits

    @property
    def is_regular(self) -> bool:
        """Whether so few spans reach beyond the grid that the compiled loops are given them all."""
        return len(self._outside) <= FEW_OUTSIDE and self.pattern.dtype == np.uint16

    @property
    def has_ages(self) -> bool:
        """Whether any row has a limit of age."""
        return bool(self._ages)

    def window(self, student: Student) -> tuple[Ints, Ints] | None:
        """By age, and last for no limit: the student's first day that is old enough, and the first that is too old."""
        if student.born_on is None or not self.has_ages:
            return None
        return self.birthdays(student.born_on)

    def _judge_age(
        self,
        window: tuple[Ints, Ints],
        rows: Ints,
        dated: Ints,
        where: Ints,
        begins: Ints,
        lessons: int,
        takeable: Bools,
        fits: Bools,
    ) -> None:
        """Strike out what starts at the wrong age: spans in `takeable`, rows in `fits`."""
        first, behind = window
        fits &= (first <= self.day) & (self.day < behind)
        if not len(dated):
            return
        starts = self.start[where].astype(np.int64)
        if lessons < len(dated):  # a path is begun with its first lesson
            starts[begins[lessons] :] = np.repeat(
                np.minimum.reduceat(starts[begins[lessons] :], begins[lessons:] - begins[lessons]),
                self.count[rows[dated[lessons:]]],
            )
        counts = self.count[rows[dated]]
        takeable &= (starts >= np.repeat(first[dated], counts)) & (starts < np.repeat(behind[dated], counts))
        fits[dated] = np.logical_or.reduceat(takeable, begins)

    def _shares(self, free: tuple[Span, ...], where: Ints) -> Floats:
        """The share of each span's days on which a student is free."""
        counts, pattern = self.counts(free), self.pattern[where]
        base = pattern.astype(np.int64) * (self.length + 1) - self.first
        start, behind = base + self.start[where], base + self.end[where] + 1
        nowhere = (pattern == 0) | (pattern >= self.patterns)
        start[nowhere] = behind[nowhere] = 0
        found: Floats = (counts[behind] - counts[start]) / np.maximum(self.days[where], 1)
        if len(self._outside):
            for place in np.flatnonzero(pattern >= self.patterns).tolist():
                found[place] = share_free(free, self.span(int(where[place])))
        return found

    def span(self, place: int) -> Span:
        """One span as a value."""
        return Span(
            date.fromordinal(int(self.start[place])),
            date.fromordinal(int(self.end[place])),
            int(self._weekdays[place]),
            Parts(int(self._parts[place])),
        )


def _days(start: Any, end: Any, weekdays: Any) -> Any:
    """`calendar.days_of` of many spans at once."""
    length = np.maximum(end.astype(np.int64) + 1 - start, 0)
    weeks, rest = np.divmod(length, 7)
    turn = (start.astype(np.int64) - 1) % 7
    week = weekdays.astype(np.int64)
    turned = (week >> turn | week << (7 - turn)) & 0b1111111
    return weeks * np.bitwise_count(turned) + np.bitwise_count(turned & ((1 << rest) - 1))
