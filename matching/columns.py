"""The index's opportunities as columns: one immutable snapshot, and what all students share of it.

Every number is worked out with the operations of the plain definition in the same order, so the scores
agree with `score.score` to the last bit. `numpy.bincount` adds from left to right as the definition does;
`numpy.add.reduceat` would not.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.calendar import (
    FULL,
    UNKNOWN,
    age_failures,
    best_share,
    days_of,
    least_share,
    live_spans,
    share_free,
    takeable_spans,
)
from matching.location import Floats, road_km, travel_part
from matching.rules import eligibility_failures, programme_affinity, standing_failures
from matching.score import PARTS, UNSAID, part_weights, parts_for
from matching.skills import EVIDENCE, LEVELS, REQUIRED, Vocabulary, gain_of, level_fit
from matching.types import HeldSkill, Kind, Opportunity, Span, Student, Weights

Ints = npt.NDArray[np.int64]
Ties = npt.NDArray[np.uint64]
Bools = npt.NDArray[np.bool_]

KINDS: Final = (Kind.INTERNSHIP, Kind.VISIT, Kind.TRAINING)
"""The order of rows by kind; training comes last because its lessons are joined in another way."""

GRID_DAYS: Final = 2000
"""Longest stretch of days that is laid out day by day; spans that reach beyond are counted one by one."""

NEVER: Final = 2**40
"""A day beyond all days."""

CACHE_BYTES: Final = 32 * 2**20
"""Room for the shared columns of each sort."""


def tie(seed: int, name: str) -> int:
    """The place of an id among equal scores: the same for a seed everywhere, and no alphabet.

    Examples
    --------
    >>> tie(0, "a") == tie(0, "a"), tie(0, "a") == tie(1, "a")
    (True, False)
    """
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())


def birthday(born_on: date, age: int) -> int:
    """The ordinal of the day on which an age is reached, 1 March for 29 February in a common year."""
    year = born_on.year + age
    if not 1 <= year <= 9999:
        return NEVER if age > 0 else -NEVER
    try:
        return born_on.replace(year=year).toordinal()
    except ValueError:
        return date(year, 3, 1).toordinal()


class Reach:
    """How far skills reach through the tree, as arrays: the same for all students and opportunities."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.number = {skill_id: position for position, skill_id in enumerate(vocabulary.ids())}
        self.none = len(self.number)  # the concept of a row without skills
        self.width = LEVELS * (self.none + 1)
        self._held: dict[HeldSkill, tuple[Ints, Floats, Ints, Floats]] = {}
        self._liked: dict[str, tuple[Ints, Floats]] = {}

    def key(self, skill_id: str, level: int) -> int:
        """The position of a need in the tables. Refuses what the vocabulary does not hold."""
        self.vocabulary[skill_id]
        level_fit(level, level)
        return self.number[skill_id] * LEVELS + level - 1

    def _pairs(self, near: dict[str, float]) -> tuple[Ints, Floats]:
        number = self.number
        return np.array([number[one] for one in near], np.int64), np.array(list(near.values()), np.float64)

    def held(self, skill: HeldSkill) -> tuple[Ints, Floats, Ints, Floats]:
        """Concepts that a held skill covers and how near they are; keys of needs and how well it meets them."""
        found = self._held.get(skill)
        if found is None:
            concepts, near = self._pairs(dict(self.vocabulary.covers(skill.id)))
            fits = np.array([level_fit(skill.level, needed) for needed in range(1, LEVELS + 1)])
            met = near[:, None] * fits * EVIDENCE[skill.evidence]
            keys = concepts[:, None] * LEVELS + np.arange(LEVELS)
            found = self._held[skill] = (concepts, near, keys.ravel(), met.ravel())
        return found

    def liked(self, skill_id: str) -> tuple[Ints, Floats]:
        """Concepts near an interest and how near they are."""
        found = self._liked.get(skill_id)
        if found is None:
            found = self._liked[skill_id] = self._pairs(dict(self.vocabulary.covered_by(skill_id)))
        return found

    def tables(self, student: Student) -> Floats:
        """What each entry is worth to a student: rows met × weight, gain, interest; columns role × key."""
        width = self.width
        met = np.zeros(width)
        near = np.zeros(self.none + 1)
        interest = np.zeros(self.none + 1)
        if student.interests:
            concepts, values = zip(*[self.liked(one) for one in student.interests], strict=True)
            np.maximum.at(interest, np.concatenate(concepts), np.concatenate(values))
            near[:] = interest
        if student.skills:
            parts = [self.held(one) for one in student.skills]
            concepts, values, keys, shares = zip(*parts, strict=True)
            np.maximum.at(near, np.concatenate(concepts), np.concatenate(values))
            np.maximum.at(met, np.concatenate(keys), np.concatenate(shares))
        tables = np.zeros((3, 3, width))
        np.multiply(met, REQUIRED, out=tables[0, 0])
        tables[0, 1] = met
        tables[1, 2] = gain_of(met.reshape(-1, LEVELS), near[:, None]).ravel()
        tables[1, 2, -LEVELS:] = 0.0  # a row without skills gains nothing
        tables[2] = np.repeat(interest, LEVELS)
        return tables.reshape(3, 3 * width)


class Calendars:
    """The spans of all rows, and on which share of them a student is free."""

    def __init__(self, rows: Sequence[Opportunity], training_from: int, on: date) -> None:
        owners = [row for row, one in enumerate(rows) if one.spans]
        spans = [live_spans(rows[row], on) for row in owners]
        flat = [span for some in spans for span in some]
        self.size = len(rows)
        self.owners = np.array(owners, np.int64)
        self.firsts = np.cumsum([0, *map(len, spans)])[:-1]
        self.training = int(np.searchsorted(self.owners, training_from))
        starts = np.array([span.starts_on.toordinal() for span in flat], np.int64)
        behind = np.array([span.ends_on.toordinal() + 1 for span in flat], np.int64)
        days = np.array([days_of(span) for span in flat], np.float64)
        self.days = np.maximum(days, 1.0)
        self.first = int(starts.min(initial=NEVER))
        self.length = int(behind.max(initial=-NEVER)) - self.first
        if not 0 < self.length <= GRID_DAYS:
            self.first, self.length = on.toordinal() - GRID_DAYS // 4, GRID_DAYS
        inside = (starts >= self.first) & (behind <= self.first + self.length)
        self.apart = [(int(place), flat[place]) for place in np.flatnonzero(~inside)]
        patterns: dict[tuple[int, int], int] = {}
        codes = np.array(
            [patterns.setdefault((s.weekdays, int(s.parts)), len(patterns)) for s in flat], np.int64
        )
        self.weekday = (np.arange(self.length) + self.first - 1) % 7
        sets = np.array([weekdays for weekdays, _ in patterns], np.int64).reshape(-1, 1)
        self.meant = (sets >> self.weekday & 1).astype(np.bool_)
        self.parts = np.array([parts for _, parts in patterns], np.uint8).reshape(-1, 1)
        base = codes * (self.length + 1) - self.first
        usable = inside & (days > 0)
        self.starts = np.where(usable, base + starts, 0)
        self.behind = np.where(usable, base + behind, 0)

    def shares(self, free: tuple[Span, ...]) -> Floats:
        """The calendar part of every row, before ages are looked at."""
        shares = np.full(self.size, FULL)
        if not free or not len(self.owners):
            shares[self.owners] = UNKNOWN
            return shares
        bits = np.zeros(self.length, np.uint8)
        for span in free:
            start = max(span.starts_on.toordinal() - self.first, 0)
            behind = max(span.ends_on.toordinal() + 1 - self.first, 0)
            by_weekday = np.array(
                [span.parts if span.weekdays >> day & 1 else 0 for day in range(7)], np.uint8
            )
            bits[start:behind] |= by_weekday[self.weekday[start:behind]]
        covered = ((bits & self.parts) == self.parts) & self.meant
        counts = np.zeros((len(self.parts), self.length + 1), np.int32)
        np.cumsum(covered, axis=1, out=counts[:, 1:])
        flat = counts.ravel()
        of_span = (flat[self.behind] - flat[self.starts]) / self.days
        for place, span in self.apart:
            of_span[place] = share_free(free, span)
        some, lessons = self.firsts[: self.training], self.firsts[self.training :]
        cut = int(lessons[0]) if len(lessons) else len(of_span)
        if len(some):
            shares[self.owners[: self.training]] = np.maximum.reduceat(of_span[:cut], some)
        if len(lessons):
            shares[self.owners[self.training :]] = np.minimum.reduceat(of_span[cut:], lessons - cut)
        return shares


class Ages:
    """The rows with an age limit."""

    def __init__(self, rows: Sequence[Opportunity], on: date) -> None:
        limited = [row for row, one in enumerate(rows) if one.min_age is not None or one.max_age is not None]
        self.rows = np.array(limited, np.int64)
        self.both = np.array([one.min_age is not None and one.max_age is not None for one in rows], np.bool_)
        days = []
        for one in (rows[row] for row in limited):
            starts = [span.starts_on.toordinal() for span in live_spans(one, on)] or [on.toordinal()]
            days.append((min(starts), min(starts) if one.kind is Kind.TRAINING else max(starts)))
        self.first, self.last = np.array(days, np.int64).reshape(-1, 2).T
        lows = {rows[row].min_age for row in limited}
        highs = {rows[row].max_age for row in limited}
        self.lows, self.highs = list(lows), list(highs)
        self.low = np.array([self.lows.index(rows[row].min_age) for row in limited], np.int64)
        self.high = np.array([self.highs.index(rows[row].max_age) for row in limited], np.int64)

    def judge(self, born_on: date) -> tuple[Ints, Ints]:
        """The rows for which the student is of the wrong age throughout, and those where it varies by span."""
        old_enough = np.array([-NEVER if age is None else birthday(born_on, age) for age in self.lows])[
            self.low
        ]
        too_old = np.array([NEVER if age is None else birthday(born_on, age + 1) for age in self.highs])[
            self.high
        ]
        always = (self.first >= old_enough) & (self.last < too_old)
        never = (self.last < old_enough) | (self.first >= too_old)
        return self.rows[never], self.rows[~always & ~never]


class Shared(NamedTuple):
    """What the students with the same availability share."""

    shares: Floats
    fits: Bools


class Blend(NamedTuple):
    """How the parts are weighed for a sort of student: lines are parts, columns are kinds."""

    weights: Floats
    totals: Floats
    names: list[list[tuple[int, str]]]


class Columns:
    """A snapshot of the live opportunities, in rows by kind and id."""

    def __init__(
        self, opportunities: Iterable[Opportunity], reach: Reach, weights: Weights, on: date, seed: int
    ) -> None:
        live = [one for one in opportunities if next(standing_failures(one, on), None) is None]
        self.rows = rows = sorted(live, key=lambda one: (KINDS.index(one.kind), one.id))
        self.on = on
        self.reach = reach
        self.weights = weights
        self.scales = [part_weights(weights, kind) for kind in KINDS]
        self.kind = np.array([KINDS.index(one.kind) for one in rows], np.int64)
        self.bounds = np.searchsorted(self.kind, range(len(KINDS) + 1)).tolist()
        self.ties = np.array([tie(seed, one.id) for one in rows], np.uint64)
        self.hours = np.array([one.hours for one in rows], np.float64)
        self._lay_skills(rows)
        self._lay_places(rows)
        alternatives = {one.eligibility: None for one in rows}
        codes = {some: code for code, some in enumerate(alternatives)}
        self.alternatives = list(alternatives)
        self.alternative = np.array([codes[one.eligibility] for one in rows], np.int64)
        self.calendars = Calendars(rows, self.bounds[2], on)
        self.least = np.array([least_share(one.kind, weights.attendance) for one in rows])
        self.ages = Ages(rows, on)
        room = max(8, CACHE_BYTES // (9 * len(rows) + 1))
        self.shared = lru_cache(min(room, 1024))(self._shared)
        self.blend = lru_cache(4)(self._blend)
        self.kilometres = lru_cache(min(room, 1024))(self._kilometres)
        self.admission = lru_cache(1024)(self._admission)
        self.wrong_age = lru_cache(min(room, 1024))(self.ages.judge)

    def _lay_skills(self, rows: Sequence[Opportunity]) -> None:
        """Needs as compressed rows: each entry is role × key; a row without skills holds one empty entry."""
        key, width = self.reach.key, self.reach.width
        entries: list[int] = []
        counts: list[int] = []
        for one in rows:
            before = len(entries)
            entries += [key(need.id, need.level) for need in one.required]
            entries += [key(need.id, need.level) + width for need in one.wanted]
            entries += [key(need.id, need.level) + 2 * width for need in one.taught]
            if len(entries) == before:
                entries.append(3 * width - 1)
            counts.append(len(entries) - before)
        self.entries = np.array(entries, np.int64)
        self.counts = np.array(counts, np.int64)
        self.starts = np.cumsum(self.counts) - self.counts
        loads = [REQUIRED * len(one.required) + len(one.wanted) for one in rows]
        self.load = np.array([load or 1.0 for load in loads], np.float64)
        self.unasked = np.array([0.0 if load else UNSAID for load in loads], np.float64)
        self.taught = np.array([len(one.taught) or 1 for one in rows], np.float64)

    def _lay_places(self, rows: Sequence[Opportunity]) -> None:
        """Distinct points; point 0 is online."""
        points: dict[tuple[float, float] | None, int] = {None: 0}
        codes = []
        for one in rows:
            online = one.latitude is None or one.longitude is None
            point = None if online else (one.latitude, one.longitude)
            codes.append(points.setdefault(point, len(points)))  # type: ignore[arg-type]
        self.place = np.array(codes, np.int64)
        known = [point for point in points if point is not None]
        self.latitudes, self.longitudes = np.array(known, np.float64).reshape(-1, 2).T.copy()

    def _kilometres(self, latitude: float, longitude: float) -> Floats:
        """Road kilometres to each point, 0 for online."""
        there = road_km(latitude, longitude, self.latitudes, self.longitudes)
        return np.concatenate(([0.0], there))

    def _admission(self, *who: Any) -> tuple[Bools, Floats]:
        """Whether each set of alternatives admits, and how expressly."""
        school_kind, sector, programmes, year = who
        student = Student(
            "", 0.0, 0.0, school_kind=school_kind, sector=sector, programmes=programmes, year=year
        )
        admits = [not eligibility_failures(student, some) for some in self.alternatives]
        return np.array(admits, np.bool_), np.array(
            [programme_affinity(student, some) for some in self.alternatives], np.float64
        )

    def _blend(self, interests: bool, owes: bool) -> Blend:  # noqa: FBT001 - keys of a cache
        student = Student("", 0.0, 0.0, interests=("any",) * interests, hours_owed=int(owes))
        weights = np.zeros((len(PARTS), len(KINDS)))
        totals = np.zeros(len(KINDS))
        names = []
        for column, (kind, scale) in enumerate(zip(KINDS, self.scales, strict=True)):
            names.append([(PARTS.index(name), name) for name in parts_for(student, kind)])
            for line, name in names[-1]:
                weights[line, column] = scale[name]
                totals[column] += scale[name]
        return Blend(weights, np.where(totals, totals, 1.0), names)

    def _shared(self, free: tuple[Span, ...]) -> Shared:
        shares = self.calendars.shares(free)
        return Shared(shares, (shares >= self.least) | (not free))

    def survivors(self, student: Student, kind: Kind | None) -> tuple[Ints, Floats]:
        """The rows that no rule hides, ascending, and the calendar part of all rows."""
        first, behind = 0, len(self.rows)
        if kind is not None:
            first, behind = self.bounds[KINDS.index(kind)], self.bounds[KINDS.index(kind) + 1]
        shares, fits = self.shared(student.free)
        admits, _ = self.admission(student.school_kind, student.sector, student.programmes, student.year)
        seen = admits[self.alternative[first:behind]] & fits[first:behind]
        if student.max_km is not None:
            near = self.kilometres(student.latitude, student.longitude) <= student.max_km
            near[0] = True
            seen &= near[self.place[first:behind]]
        if student.born_on is not None and len(self.ages.rows):
            never, varies = self.wrong_age(student.born_on)
            lo, hi = np.searchsorted(never, (first, behind))
            seen[never[lo:hi] - first] = False
            lo, hi = np.searchsorted(varies, (first, behind))
            varies = varies[lo:hi]
            if not student.free:  # with one limit, some period is right, and which one makes no difference
                varies = varies[self.ages.both[varies]]
            for row in varies[seen[varies - first]].tolist():
                one = self.rows[row]
                if age_failures(student, one, self.on):
                    seen[row - first] = False
                elif student.free:
                    share = best_share(student.free, takeable_spans(student, one, self.on), one.kind)
                    shares = _with(shares, row, share)
                    seen[row - first] &= share >= self.least[row]
        return np.flatnonzero(seen) + first, shares

    def entries_of(self, rows: Ints) -> tuple[Ints, Ints, Ints]:
        """The entries of some rows one after the other, the row of each, and where each row begins."""
        counts = self.counts[rows]
        begins = np.cumsum(counts) - counts
        owner = np.repeat(np.arange(len(rows)), counts)
        where = np.arange(len(owner)) + (self.starts[rows] - begins)[owner]
        return self.entries[where], owner, begins

    def values(self, student: Student, tables: Floats, rows: Ints, shares: Floats) -> Floats:
        """The parts of some rows, one line a part in the order of `PARTS`."""
        entries, owner, begins = self.entries_of(rows)
        worth = tables.take(entries, axis=1)
        values = np.empty((len(PARTS), len(rows)))
        values[0] = np.bincount(owner, worth[0], len(rows)) / self.load[rows] + self.unasked[rows]
        values[1] = np.bincount(owner, worth[1], len(rows)) / self.taught[rows]
        if student.interests:
            nearest = np.maximum.reduceat(worth[2], begins)
            values[2] = (nearest + np.bincount(owner, worth[2], len(rows)) / self.counts[rows]) / 2.0
        else:
            values[2] = 0.0
        km = self.kilometres(student.latitude, student.longitude)
        values[3] = travel_part(km, student.max_km)[self.place[rows]]
        values[4] = shares[rows]
        _, affinity = self.admission(student.school_kind, student.sector, student.programmes, student.year)
        values[5] = affinity[self.alternative[rows]]
        if student.hours_owed > 0:
            hours = self.hours[rows]
            values[6] = np.where(hours > 0, np.minimum(hours / student.hours_owed, 1.0), UNSAID)
        else:
            values[6] = 0.0
        return values


def _with(shares: Floats, row: int, share: float) -> Floats:
    """The shares with one of them replaced, leaving those that others use as they are."""
    if shares[row] != share:
        shares = shares.copy()
        shares[row] = share
    return shares
