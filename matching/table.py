"""Opportunities as columns of numbers: what the index holds of them, can be saved, and turned back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.errors import MatchingError
from matching.profile import Ints, Skills
from matching.skills import LEVELS
from matching.types import Eligibility, Kind, Opportunity

Array = npt.NDArray[Any]

KINDS: Final = (Kind.INTERNSHIP, Kind.VISIT, Kind.TRAINING)
"""The number of a kind is its place here; training comes last, for its spans are joined in another way."""

REQUIRED, WANTED, TAUGHT, EMPTY = range(4)
"""What an opportunity does with a skill. Each has at least one need; `EMPTY` stands in for none."""

NONE: Final = -1
"""An age, a day or a number that was not given."""

MOST: Final = 32_767
"""An age beyond it is refused."""

MOST_HOURS: Final = 2**31 - 1
"""Seats or hours beyond it are refused."""

MOST_NEEDS: Final = 255
"""Needs of one role; so many fit the column."""


def ragged(starts: Ints, counts: Ints) -> tuple[Ints, Ints]:
    """Positions of some stretches one after the other, and where each of them begins among these.

    Examples
    --------
    >>> [array.tolist() for array in ragged(np.array([10, 40]), np.array([2, 3]))]
    [[10, 11, 40, 41, 42], [0, 2]]
    """
    ends = np.cumsum(counts)
    begins = ends - counts
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - begins, counts) + np.arange(total), begins


class Alternatives:
    """The distinct sets of eligibility, by number. Only grows, so a number stays good."""

    def __init__(self, known: Iterable[tuple[Eligibility, ...]] = ()) -> None:
        self.list: list[tuple[Eligibility, ...]] = []
        self._numbers: dict[tuple[Eligibility, ...], int] = {}
        for one in known:
            self.number(one)

    def number(self, one: tuple[Eligibility, ...]) -> int:
        """The number of a set, a new one if need be."""
        found = self._numbers.get(one)
        if found is None:
            self.list.append(one)
            found = self._numbers[one] = len(self.list) - 1
        return found

    def to_json(self) -> list[list[dict[str, list[Any]]]]:
        """The sets as JSON holds them, in the order of their numbers."""
        names = [one.name for one in fields(Eligibility)]
        return [[{name: sorted(getattr(one, name)) for name in names} for one in some] for some in self.list]

    @classmethod
    def from_json(cls, plain: list[list[dict[str, list[Any]]]]) -> Alternatives:
        """What `to_json` gave."""
        return cls(
            tuple(Eligibility(**{name: frozenset(values) for name, values in one.items()}) for one in some)
            for some in plain
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with a line per opportunity; needs and spans are columns of their own, line after line.

    Days are proleptic Gregorian ordinals as in `datetime.date.toordinal`, coordinates degrees, NaN online.
    `need` holds concept × 16 + (level − 1) × 4 + role, required before wanted before taught.
    """

    ids: Array  # bytes, UTF-8
    kind: Array
    latitude: Array
    longitude: Array
    seats: Array
    hours: Array
    min_age: Array
    max_age: Array
    published: Array
    closes: Array
    answer_rate: Array
    eligibility: Array
    need_count: Array
    span_count: Array
    need: Array
    span_start: Array
    span_end: Array
    span_weekdays: Array
    span_parts: Array

    def __len__(self) -> int:
        return len(self.kind)

    def columns(self) -> Iterator[tuple[str, Array]]:
        """Names and columns."""
        for one in fields(self):
            yield one.name, getattr(self, one.name)

    @classmethod
    def of(cls, opportunities: Sequence[Opportunity], skills: Skills, alternatives: Alternatives) -> Table:
        """Lay opportunities out.

        Raises
        ------
        UnknownSkill
            A skill that the vocabulary does not hold.
        MatchingError
            A level, an id or a number of needs that cannot be; nothing has been laid out then.
        """
        lines = [_line(one, alternatives) for one in opportunities]
        by_column = list(zip(*lines, strict=True)) if lines else [()] * len(_LINE)
        needs, need_counts = _needs(opportunities, skills)
        spans = [span for one in opportunities for span in one.spans]
        return cls(
            **{
                name: np.array(column, kind)
                for (name, kind), column in zip(_LINE.items(), by_column, strict=True)
            },
            need_count=np.array(need_counts, np.uint16),
            span_count=np.array([len(one.spans) for one in opportunities], np.uint16),
            need=np.array(needs, np.uint32),
            span_start=np.array([span.starts_on.toordinal() for span in spans], np.int32),
            span_end=np.array([span.ends_on.toordinal() for span in spans], np.int32),
            span_weekdays=np.array([span.weekdays for span in spans], np.uint8),
            span_parts=np.array([span.parts for span in spans], np.uint8),
        )

    def take(self, rows: Ints) -> Table:
        """Some lines, in the order given."""
        needs, _ = ragged(starts_of(self.need_count)[rows], self.need_count[rows].astype(np.int64))
        spans, _ = ragged(starts_of(self.span_count)[rows], self.span_count[rows].astype(np.int64))
        where = {name: needs if name == "need" else rows for name, _ in self.columns()}
        where |= dict.fromkeys(("span_start", "span_end", "span_weekdays", "span_parts"), spans)
        return Table(**{name: column.take(where[name]) for name, column in self.columns()})

    @staticmethod
    def join(tables: Sequence[Table]) -> Table:
        """All lines of some tables, one table after the other."""
        return Table(
            **{
                name: np.concatenate([getattr(one, name) for one in tables])
                for name, _ in tables[0].columns()
            }
        )


_LINE: Final = {
    "ids": np.bytes_,
    "kind": np.uint8,
    "latitude": np.float64,
    "longitude": np.float64,
    "seats": np.int32,
    "hours": np.int32,
    "min_age": np.int16,
    "max_age": np.int16,
    "published": np.int32,
    "closes": np.int32,
    "answer_rate": np.float64,
    "eligibility": np.uint32,
}


def _line(one: Opportunity, alternatives: Alternatives) -> tuple[Any, ...]:
    name = one.id.encode()
    if name.endswith(b"\0"):
        raise MatchingError(f"an id cannot end in a zero character: {one.id!r}")
    if not -90.0 <= (one.latitude or 0.0) <= 90.0 or not -180.0 <= (one.longitude or 0.0) <= 180.0:
        raise MatchingError(f"{one.id!r} lies at latitude {one.latitude}, longitude {one.longitude}")
    for limit in (one.min_age, one.max_age):
        if limit is not None and not 0 <= limit <= MOST:
            raise MatchingError(f"{one.id!r} has an age limit of {limit}")
    for number in (one.seats_free, one.hours):
        if abs(number) > MOST_HOURS:
            raise MatchingError(f"{one.id!r} has {number} seats or hours")
    return (
        name,
        KINDS.index(one.kind),
        math.nan if one.latitude is None else one.latitude,
        math.nan if one.longitude is None else one.longitude,
        one.seats_free,
        one.hours,
        NONE if one.min_age is None else one.min_age,
        NONE if one.max_age is None else one.max_age,
        NONE if one.published_on is None else one.published_on.toordinal(),
        NONE if one.closes_on is None else one.closes_on.toordinal(),
        math.nan if one.answer_rate is None else one.answer_rate,
        alternatives.number(one.eligibility),
    )


def _needs(opportunities: Sequence[Opportunity], skills: Skills) -> tuple[list[int], list[int]]:
    """The packed needs of all, and how many each has."""
    key, none = skills.key, skills.none * LEVELS * LEVELS + EMPTY
    needs: list[int] = []
    counts: list[int] = []
    for one in opportunities:
        before = len(needs)
        for role, some in enumerate((one.required, one.wanted, one.taught)):
            if len(some) > MOST_NEEDS:
                raise MatchingError(
                    f"{one.id!r} names {len(some)} skills of one sort, more than {MOST_NEEDS}"
                )
            needs += [key(need.id, need.level) * LEVELS + role for need in some]
        if len(needs) == before:
            needs.append(none)
        counts.append(len(needs) - before)
    return needs, counts


def given(value: float) -> float | None:
    """A number of a column in which NaN stands for none."""
    return None if math.isnan(value) else float(value)


def starts_of(counts: Array) -> Ints:
    """Where each of some stretches begins when they lie one after the other."""
    ends: Ints = np.cumsum(counts, dtype=np.int64)
    return ends - counts
