"""A table sorted by place, with what the rules and the score of one day need beside it.

Every number is worked out with the operations of the plain definition in the same order, so the scores
agree with `score.score` to the last bit. `numpy.bincount` adds from left to right as the definition does;
`numpy.add.reduceat` would not.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np

from matching.calendar import FULL, UNKNOWN, least_share
from matching.kernel import Caller, Columns, kernel
from matching.location import USUAL_MINUTES, Floats, travel_part
from matching.points import Points, Ways, point_keys
from matching.profile import Ints, Profile, Skills
from matching.rules import eligibility_failures, programme_affinity
from matching.score import CHANCE, UNSAID, freshness, part_names, part_weights, parts_for
from matching.skills import LEVELS, challenge
from matching.skills import REQUIRED as REQUIRED_WEIGHT
from matching.spans import Bools, Spans
from matching.table import (
    EMPTY,
    KINDS,
    NONE,
    REQUIRED,
    TAUGHT,
    WANTED,
    Alternatives,
    Array,
    Table,
    given,
    ragged,
    starts_of,
)
from matching.ties import tie, ties
from matching.types import Kind, Opportunity, Parts, SkillNeed, Span, Student, Weights

ROUNDING: Final = 1e-9
"""More than sums in another order can differ."""

ROLE_WEIGHT: Final = np.zeros(4)
ROLE_WEIGHT[[REQUIRED, WANTED]] = REQUIRED_WEIGHT, 1.0
IS_ASKED: Final = np.zeros(4)
IS_ASKED[[REQUIRED, WANTED]] = 1.0
IS_TAUGHT: Final = np.zeros(4)
IS_TAUGHT[TAUGHT] = 1.0


class Blend(NamedTuple):
    """How the parts are weighed for a sort of student: lines are parts, columns are kinds."""

    weights: Floats
    totals: Floats
    names: list[list[tuple[int, str]]]


class Entries(NamedTuple):
    """The needs of some rows, one after the other: what each is worth, its row, and where rows begin."""

    worth: Floats
    gain: Floats
    interest: Floats
    ability: Floats
    owner: Ints
    begins: Ints
    keys: Ints


class Layout:
    """One immutable snapshot: the live lines of a table come first, by kind and place."""

    laid: Final = (
        "need_at",
        "span_at",
        "ties",
        "roles",
        "levels",
        "freshness",
        "least",
    )
    """The columns that are not the table's."""

    def __init__(
        self, table: Table, skills: Skills, alternatives: Alternatives, weights: Weights, on: date, seed: int
    ) -> None:
        live = _live(table, on.toordinal())
        keys = np.where(live, point_keys(table), np.iinfo(np.int64).max)
        order = np.argsort(keys, kind="stable")
        self.table = table = table.take(order)
        self.size = size = int(np.count_nonzero(live))
        self.need_at = starts_of(table.need_count).astype(np.int32)
        self.span_at = starts_of(table.span_count).astype(np.int32)
        self.ties = ties(seed, table.ids)
        self.least = np.array([least_share(kind, weights.attendance) for kind in KINDS])
        self._lay_needs()
        self._lay_freshness(on)
        points = Points.lay(table, size, keys[order[:size]])
        self._begin(skills, alternatives, weights, on, seed, points, None)

    def _begin(
        self,
        skills: Skills,
        alternatives: Alternatives,
        weights: Weights,
        on: date,
        seed: int,
        points: Mapping[str, Array],
        spans: Mapping[str, Array] | None,
    ) -> None:
        """What follows from the columns at once, and what is worked out when it is asked for."""
        self.skills, self.alternatives, self.weights = skills, alternatives, weights
        self.on, self.seed = on, seed
        self.names = part_names(weights)
        self.scales = [part_weights(weights, kind) for kind in KINDS]
        self.kind = self.table.kind[: self.size]
        self.bounds = np.searchsorted(self.kind, range(len(KINDS) + 1)).tolist()
        self.points = Points(self.bounds, points)
        self.spans = Spans(self.table, self.size, self.span_at, self.bounds[2], on, spans)
        self.opportunity = lru_cache(8192)(self._opportunity_of)
        self._blend = lru_cache(4)(self._blend_of)
        self._admission = lru_cache(1024)(self._admission_of)

    def columns(self) -> dict[str, Array]:
        """All columns, by name: the table's, its spans', and those that were laid out."""
        found = {f"table.{name}": column for name, column in self.table.columns()}
        found |= {f"points.{name}": getattr(self.points, name) for name in Points.laid}
        found |= {f"spans.{name}": getattr(self.spans, name) for name in Spans.laid}
        return found | {f"layout.{name}": getattr(self, name) for name in Layout.laid}

    @classmethod
    def opened(
        cls,
        columns: Mapping[str, Array],
        size: int,
        skills: Skills,
        alternatives: Alternatives,
        weights: Weights,
        on: date,
        seed: int,
    ) -> Layout:
        """The layout that `columns` were taken from."""
        by_owner: dict[str, dict[str, Array]] = {"table": {}, "points": {}, "spans": {}, "layout": {}}
        for name, column in columns.items():
            owner, _, attribute = name.partition(".")
            by_owner[owner][attribute] = column
        self = cls.__new__(cls)
        self.table, self.size = Table(**by_owner["table"]), size
        self.__dict__.update(by_owner["layout"])
        self._begin(skills, alternatives, weights, on, seed, by_owner["points"], by_owner["spans"])
        return self

    @property
    def nbytes(self) -> int:
        """Bytes of all columns but the ids."""
        return sum(column.nbytes for name, column in self.columns().items() if name != "table.ids")

    # --- laying out -------------------------------------------------------------------------------------------

    def _lay_needs(self) -> None:
        """How many needs of each role a row has, and the sum of the levels it asks for."""
        counts = self.table.need_count[: self.size]
        needs = self.table.need[: int(counts.sum())]
        owner, roles = np.repeat(np.arange(self.size), counts), needs & 3
        by_role = np.bincount(owner * 4 + roles, minlength=4 * self.size).reshape(self.size, 4)
        self.roles = by_role[:, [REQUIRED, WANTED, TAUGHT]].astype(np.uint8)
        levels = ((needs >> 2) & 3) + 1
        self.levels = np.bincount(owner, levels * IS_ASKED[roles], self.size).astype(np.uint16)

    def _lay_freshness(self, on: date) -> None:
        days, places = np.unique(self.table.published[: self.size], return_inverse=True)
        values = [freshness(None if day == NONE else date.fromordinal(day), on) for day in days.tolist()]
        self.freshness = np.array(values)[places] if values else np.zeros(0)

    # --- what many students share -----------------------------------------------------------------------------

    def blend(self, student: Student) -> Blend:
        """How this student's parts are weighed."""
        return self._blend(bool(student.interests), student.hours_owed > 0)

    def _blend_of(self, interests: bool, owes: bool) -> Blend:  # noqa: FBT001 - keys of a cache
        student = Student("", 0.0, 0.0, interests=("any",) * interests, hours_owed=int(owes))
        weights = np.zeros((len(self.names), len(KINDS)))
        totals = np.zeros(len(KINDS))
        names = []
        for column, (kind, scale) in enumerate(zip(KINDS, self.scales, strict=True)):
            applying = parts_for(student, kind, self.names)
            names.append([(self.names.index(name), name) for name in applying])
            for line, name in names[-1]:
                weights[line, column] = scale[name]
                totals[column] += scale[name]
        return Blend(weights, np.where(totals, totals, 1.0), names)

    def admission(self, student: Student) -> tuple[Bools, Floats]:
        """Whether each set of alternatives admits the student, and how expressly."""
        who = student.school_kind, student.sector, student.programmes, student.year
        return self._admission(*who, len(self.alternatives.list))

    def _admission_of(self, *who: Any) -> tuple[Bools, Floats]:
        school_kind, sector, programmes, year, known = who
        some = self.alternatives.list[:known]
        student = Student(
            "", 0.0, 0.0, school_kind=school_kind, sector=sector, programmes=programmes, year=year
        )
        admits = np.array([not eligibility_failures(student, one) for one in some], np.bool_)
        return admits, np.array([programme_affinity(student, one) for one in some], np.float64)

    # --- compiled -----------------------------------------------------------------------------------------------

    @cached_property
    def compiled(self) -> Columns | None:
        """What the compiled loops read of it, unless they are missing or it holds what they do not know."""
        if kernel() is None or not self.spans.is_regular or self.weights.chance is not None:
            return None
        table, spans = self.table, self.spans
        return Columns.checked(
            kind=self.kind,
            need_at=self.need_at,
            need_count=table.need_count,
            need=table.need,
            levels=self.levels,
            span_at=self.span_at,
            span_count=spans.count,
            span_start=spans.start,
            span_end=spans.end,
            span_days=spans.days,
            span_pattern=spans.pattern,
            min_age=spans.min_age,
            max_age=spans.max_age,
            hours=table.hours,
            freshness=self.freshness,
            answers=table.answer_rate,
            eligibility=table.eligibility,
            ties=self.ties,
            least=self.least,
            first=self.points.first,
            training_from=spans.training_from,
            day=spans.day,
            grid_first=spans.first,
            grid_length=spans.length,
            patterns=spans.patterns,
        )

    def caller(self, student: Student, profile: Profile) -> Caller:
        """What the compiled loops read of a student."""
        admits, affinity = self.admission(student)
        blend = self.blend(student)
        counts = outside = None
        if student.free:
            counts, outside = self.spans.counts(student.free), self.spans.shares_outside(student.free)
        enough, too_old = self.spans.window(student) or (None, None)
        return Caller(
            *(profile.met, profile.gain, profile.interest, profile.ability),
            *(admits, affinity, blend.weights, blend.totals),
            *(counts, outside, enough, too_old),
            ages=0 if enough is None else len(enough),
            hours_owed=student.hours_owed,
            has_interests=bool(student.interests),
        )

    # --- rules and score --------------------------------------------------------------------------------------

    def entries(self, profile: Profile, rows: Ints) -> Entries:
        """The needs of some rows, looked up in a student's tables."""
        counts = self.table.need_count[rows].astype(np.int64)
        where, begins = ragged(self.need_at[rows], counts)
        needs = self.table.need[where].astype(np.int64)
        roles, keys = needs & 3, needs >> 2
        concepts = needs >> 4
        return Entries(
            profile.met[keys] * ROLE_WEIGHT[roles],
            profile.gain[keys] * IS_TAUGHT[roles],
            profile.interest[concepts],
            profile.ability[concepts] * IS_ASKED[roles],
            np.repeat(np.arange(len(rows)), counts),
            begins,
            keys,
        )

    def upper_bounds(self, student: Student, profile: Profile, rows: Ints, ways: Ways) -> Floats:
        """What each of some rows scores at most: much cheaper than the score, and not far above it.

        One sparse product adds up what a row's needs are worth, gain and please; the nearest interest is at
        most their sum. What is left counts as if it were best.
        """
        from scipy.sparse import csr_array  # only here: most requests never need it

        tables = np.empty((len(profile.interest) * LEVELS, len(ROLE_WEIGHT), 3))
        np.multiply.outer(profile.met, ROLE_WEIGHT, out=tables[..., 0])
        np.multiply.outer(profile.gain, IS_TAUGHT, out=tables[..., 1])
        tables[..., 2] = profile.interest.repeat(LEVELS)[:, None]
        counts = self.table.need_count[rows].astype(np.int32)
        where, _ = ragged(self.need_at[rows], counts)
        needs, ends = self.table.need[where].view(np.int32), np.append(np.int32(0), np.cumsum(counts))
        product = csr_array((np.ones(len(needs)), needs, ends), shape=(len(rows), tables.size // 3))
        worth, gain, pleasure = (product @ tables.reshape(-1, 3)).T
        required, wanted, taught = self.roles[rows].T
        load = REQUIRED_WEIGHT * required + wanted
        blend, kinds = self.blend(student), self.kind[rows]
        weight = dict(zip(self.names, blend.weights, strict=True))
        whole = weight["challenge"] + weight["hours"] + weight["answers"] + weight.get(CHANCE, 0.0)
        bounds: Floats = whole[kinds]
        bounds += weight["skills"][kinds] * np.where(load > 0.0, worth / np.maximum(load, 1.0), UNSAID)
        bounds += weight["learning"][kinds] * gain / np.maximum(taught, 1)
        bounds += weight["interest"][kinds] * (np.minimum(pleasure, 1.0) + pleasure / counts) / 2.0
        bounds += weight["travel"][kinds] * self.travel(student, ways)
        bounds += weight["calendar"][kinds] * self._undated(student, rows)
        bounds += weight["programme"][kinds] * self.admission(student)[1][self.table.eligibility[rows]]
        bounds += weight["freshness"][kinds] * self.freshness[rows]
        bounds /= blend.totals[kinds]
        bounds += ROUNDING
        return bounds

    @staticmethod
    def travel(student: Student, ways: Ways) -> Floats:
        """The travel part."""
        found: Floats = travel_part(ways.km, student.max_km)
        if ways.minutes is None:
            return found
        by_minutes = travel_part(ways.minutes, student.max_minutes, USUAL_MINUTES)
        return np.where(np.isnan(ways.minutes), found, by_minutes)

    def _undated(self, student: Student, rows: Ints) -> Floats:
        """The calendar part as if all days were free."""
        if student.free:
            return np.full(len(rows), FULL)
        return np.where(self.spans.count[rows] > 0, UNKNOWN, FULL)

    def values(self, student: Student, profile: Profile, rows: Ints, ways: Ways) -> Floats:
        """The parts of some rows, one line a part in the order of `names`, as if all days were free."""
        entries = self.entries(profile, rows)
        size, owner = len(rows), entries.owner
        required, wanted, taught = self.roles[rows].T.astype(np.float64)
        asked = required + wanted
        values = np.ones((len(self.names), size))
        skills, level, learning, interest, travel, calendar, programme, hours, fresh, answers, *_ = values
        load = REQUIRED_WEIGHT * required + wanted
        np.divide(np.bincount(owner, entries.worth, size), load, out=skills, where=load > 0.0)
        skills[load == 0.0] = UNSAID
        brought = np.bincount(owner, entries.ability, size) / np.maximum(asked, 1.0)
        level[:] = challenge(brought - self.levels[rows] / np.maximum(asked, 1.0))
        level[load == 0.0] = UNSAID
        learning[:] = np.bincount(owner, entries.gain, size) / np.maximum(taught, 1.0)
        interest[:] = hours[:] = 0.0
        if student.interests:
            nearest = np.maximum.reduceat(entries.interest, entries.begins)
            named = self.table.need_count[rows]
            interest[:] = (nearest + np.bincount(owner, entries.interest, size) / named) / 2.0
        travel[:] = self.travel(student, ways)
        calendar[:] = self._undated(student, rows)
        programme[:] = self.admission(student)[1][self.table.eligibility[rows]]
        if student.hours_owed > 0:
            offered = self.table.hours[rows]
            hours[:] = np.where(offered > 0, np.minimum(offered / student.hours_owed, 1.0), UNSAID)
        fresh[:] = self.freshness[rows]
        answers[:] = self.table.answer_rate[rows]
        answers[np.isnan(answers)] = UNSAID
        return values

    def put_chance(self, student: Student, rows: Ints, values: Floats) -> None:
        """Fill in the chance, which comes out of the other parts; it counts as certain until then."""
        model = self.weights.chance
        if model is None:
            return
        applies = np.zeros((len(self.names), len(KINDS)), np.bool_)
        for column, names in enumerate(self.blend(student).names):
            applies[[line for line, _ in names], column] = True
        lines = [self.names.index(name) for name in model.parts]
        known = np.where(applies[lines][:, self.kind[rows]], values[lines], np.nan)
        values[-1] = model.chance(np.ascontiguousarray(known.T))

    def scores(self, student: Student, rows: Ints, values: Floats) -> Floats:
        """The weighted means, added part by part in their order as `score.weighted_mean` does."""
        blend, kinds = self.blend(student), self.kind[rows]
        products = blend.weights[:, kinds] * values
        scores: Floats = products[0]
        for product in products[1:]:
            scores += product
        scores /= blend.totals[kinds]
        return scores

    # --- back to values ---------------------------------------------------------------------------------------

    def row_of(self, name: str) -> int | None:
        """The line with an id, live or not."""
        wanted = np.uint64(tie(self.seed, name))
        first = int(np.searchsorted(self.ties, wanted, sorter=self._by_tie))
        for place in range(first, len(self.ties)):
            row = int(self._by_tie[place])
            if self.ties[row] != wanted:
                break
            if self.table.ids[row] == name.encode():
                return row
        return None

    @cached_property
    def _by_tie(self) -> Ints:
        return np.argsort(self.ties)

    def name(self, row: int) -> str:
        """The id of a line."""
        return bytes(self.table.ids[row]).decode()

    def _opportunity_of(self, row: int) -> Opportunity:
        """The opportunity of a line, equal to the one that was laid out."""
        table = self.table
        first = int(self.need_at[row])
        by_role: list[list[SkillNeed]] = [[], [], []]
        for packed in table.need[first : first + int(table.need_count[row])].tolist():
            if packed & 3 != EMPTY:
                by_role[packed & 3].append(self.skills.need(packed >> 2))
        first = int(self.span_at[row])
        some = slice(first, first + int(table.span_count[row]))
        spans = zip(
            table.span_start[some].tolist(),
            table.span_end[some].tolist(),
            table.span_weekdays[some].tolist(),
            table.span_parts[some].tolist(),
            strict=True,
        )
        return Opportunity(
            id=self.name(row),
            kind=KINDS[table.kind[row]],
            latitude=given(table.latitude[row]),
            longitude=given(table.longitude[row]),
            spans=tuple(
                Span(date.fromordinal(start), date.fromordinal(end), weekdays, Parts(parts))
                for start, end, weekdays, parts in spans
            ),
            required=tuple(by_role[REQUIRED]),
            wanted=tuple(by_role[WANTED]),
            taught=tuple(by_role[TAUGHT]),
            eligibility=self.alternatives.list[table.eligibility[row]],
            min_age=_number(table.min_age[row]),
            max_age=_number(table.max_age[row]),
            seats_free=int(table.seats[row]),
            hours=int(table.hours[row]),
            published_on=_day(table.published[row]),
            closes_on=_day(table.closes[row]),
            answer_rate=given(table.answer_rate[row]),
        )


def _live(table: Table, day: int) -> Bools:
    """The lines that `rules.standing_failures` lets pass."""
    live = (table.seats > 0) & ((table.closes == NONE) | (table.closes >= day))
    owner = np.repeat(np.arange(len(table)), table.span_count)
    open_spans = np.bincount(owner, table.span_end >= day, len(table))
    least = np.where(
        table.kind == KINDS.index(Kind.TRAINING), table.span_count, np.minimum(table.span_count, 1)
    )
    found: Bools = live & (open_spans >= least)
    return found


def _number(value: Any) -> int | None:
    return None if value == NONE else int(value)


def _day(ordinal: Any) -> date | None:
    return None if ordinal == NONE else date.fromordinal(int(ordinal))
