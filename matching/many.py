"""The best opportunities of many students at once: the same as one by one, only faster.

Who lives in one place and has one limit has the same opportunities within reach, and who lives near by has almost the
same. So these are gathered once for all of them, and the parts that depend on skills are worked out by products of a
sparse matrix (opportunities × needs) and a dense one (needs × students). `scipy.sparse` adds up a row from left to
right, and every factor is 1 or 2, so the sums have the bits of the definition.

Scores as if nobody were too young or too old say who is worth a closer look; see `rank.Index` for the same idea.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from matching.errors import MatchingError
from matching.layout import IS_ASKED, ROLE_WEIGHT, ROUNDING, Layout
from matching.location import Floats
from matching.picks import Pick
from matching.points import Ways
from matching.profile import Ints, Profile
from matching.profiles import Profiles
from matching.rank import Index
from matching.score import PARTS, UNSAID
from matching.skills import LEVELS, challenge
from matching.skills import REQUIRED as REQUIRED_WEIGHT
from matching.spans import NEVER, Bools
from matching.table import KINDS, NONE, TAUGHT, ragged
from matching.types import Kind, Span, Student

CELLS: Final = 2**16
"""Opportunities × students that are rated at a time: so few that they stay near the processor."""

MOST: Final = 256
"""Students that are rated at a time, however few opportunities are within reach."""

AREA: Final = 0.15
"""Degrees of latitude and longitude within which places share their opportunities."""

ALONE: Final = 64
"""So many students of one place are ranked on their own: it would cost more to look at what is near their neighbours."""

SPARE: Final = 20
"""So many opportunities beside the best `k` get a closer look at first."""

SKILLS, CHALLENGE, LEARNING, INTEREST, TRAVEL, CALENDAR, PROGRAMME, HOURS, FRESHNESS, ANSWERS = range(
    len(PARTS)
)


class Top(NamedTuple):
    """The best of one student, who is named by the position among all."""

    position: int
    pick: Pick

    @property
    def ids(self) -> list[str]:
        """The ids of the opportunities, the best first."""
        return [name.decode() for name in self.pick.layout.table.ids[self.pick.rows].tolist()]

    @property
    def scores(self) -> list[float]:
        """Their scores."""
        found: list[float] = self.pick.scores.tolist()
        return found

    def parts(self, student: Student) -> list[dict[str, float]]:
        """The parts of their scores; `student` is the one at the position."""
        names = self.pick.layout.blend(student).names
        kinds = self.pick.layout.kind[self.pick.rows].tolist()
        return [
            {name: values[line] for line, name in names[kind]}
            for kind, values in zip(kinds, self.pick.values.T.tolist(), strict=True)
        ]


def top(index: Index, students: Sequence[Student], k: int = 20, kind: Kind | None = None) -> Iterator[Top]:
    """The best `k` opportunities for each of many students, in no particular order of the students.

    Ids and scores are those of `Index.top`; for reasons give a `Top.pick` to `Index.explained`. Only a few
    students' results are held at a time.

    Parameters
    ----------
    kind
        Only this kind.

    Raises
    ------
    UnknownSkill
        A skill or an interest of a student that the vocabulary does not hold.
    MatchingError
        A `k` below 0, or a level that cannot be.

    Examples
    --------
    >>> from datetime import date
    >>> from matching import Concept, HeldSkill, Opportunity, SkillNeed, Vocabulary
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> firms = [Opportunity(name, Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", level),))
    ...          for name, level in (("hard", 4), ("easy", 1))]
    >>> students = [Student(f"s{level}", 44.49, 11.34, skills=(HeldSkill("plc", level),)) for level in (1, 2)]
    >>> for best in top(Index(firms, vocabulary, on=date(2026, 11, 22)), students):
    ...     print(best.position, best.ids, [round(score, 3) for score in best.scores])
    0 ['easy', 'hard'] [0.704, 0.394]
    1 ['easy', 'hard'] [0.704, 0.507]
    """
    if k < 0:
        raise MatchingError(f"cannot return {k} opportunities")
    layout = index.folded()
    if index.weights.chance is not None:  # it comes out of all other parts of a pair: nothing to be shared
        for position, one in enumerate(students):
            yield Top(position, index.picked(layout, one, k, kind))
        return
    profiles = Profiles(layout.skills)
    for some in _neighbours(students):
        block = Block(layout, [students[one] for one in some], kind)
        for first in range(0, len(some), block.room):
            positions = some[first : first + block.room]
            group = [students[one] for one in positions]
            picks = block.top(Group(layout, group, profiles.of(group)), k)
            yield from map(Top, positions, picks)


def _neighbours(students: Sequence[Student]) -> Iterator[list[int]]:
    """Positions of the students who are ranked together; who is free on the same days comes side by side."""
    by_reach: dict[Hashable, list[int]] = {}
    frees: dict[Hashable, int] = {}
    numbers = []
    for position, one in enumerate(students):
        by_reach.setdefault(_reach(one), []).append(position)
        numbers.append(frees.setdefault(one.free, len(frees)))
    by_area: dict[Hashable, list[int]] = {}
    for reach, some in by_reach.items():
        one = students[some[0]]
        area: Hashable = one.latitude // AREA, one.longitude // AREA
        if one.minutes or one.max_km is None:
            area = "everything is looked at"
        elif len(some) >= ALONE:
            area = reach
        by_area.setdefault(area, []).extend(some)
    for some in by_area.values():
        yield sorted(some, key=numbers.__getitem__)


def _reach(student: Student) -> Hashable:
    """What decides which opportunities are within reach."""
    minutes = tuple(sorted(student.minutes.items())) if student.minutes else ()
    return student.latitude, student.longitude, student.max_km, student.max_minutes, minutes


class Journeys(NamedTuple):
    """From one place to the rows of a block."""

    ways: Ways
    part: Floats
    is_near: Bools


class Group:
    """Some students in numbers. What they share is worked out once for each sort, and `*_of` says who is of which."""

    def __init__(self, layout: Layout, students: Sequence[Student], profile: Profile) -> None:
        self.profile = profile
        self.owed = np.array([max(one.hours_owed, 0) for one in students], np.float64)
        self.totals = np.array([layout.blend(one).totals for one in students])
        self.reaches, self.reach_of = _sorts(students, _reach)
        self.frees, self.free_of = _sorts(students, lambda one: one.free)
        tracks, self.track_of = _sorts(
            students, lambda one: (one.school_kind, one.sector, one.programmes, one.year)
        )
        admissions = [layout.admission(one) for one in tracks]
        self.admits, self.affinity = (np.array(column) for column in zip(*admissions, strict=True))
        self._lay_ages(layout, students)

    def _lay_ages(self, layout: Layout, students: Sequence[Student]) -> None:
        """By student and age: the first day that is old enough, and the first that is too old."""
        self.has_birthday = np.array([one.born_on is not None for one in students]) & layout.spans.has_ages
        if self.has_birthday.any():
            days = [None if one.born_on is None else layout.spans.birthdays(one.born_on) for one in students]
            [known, *_] = [some for some in days if some is not None]
            always = np.full_like(known[0], -NEVER), np.full_like(known[1], NEVER)
            self.enough, self.too_old = (
                np.array(column)
                for column in zip(*(always if some is None else some for some in days), strict=True)
            )


def _sorts(students: Sequence[Student], key: Callable[[Student], Hashable]) -> tuple[list[Student], Ints]:
    """One student of each sort, and the number of everybody's."""
    numbers: dict[Hashable, int] = {}
    found: list[Student] = []
    of = []
    for one in students:
        number = numbers.setdefault(key(one), len(numbers))
        if number == len(found):
            found.append(one)
        of.append(number)
    return found, np.array(of)


class Block:
    """The opportunities that some students have within reach, and what of their scores is the same for all."""

    def __init__(self, layout: Layout, students: Sequence[Student], kind: Kind | None) -> None:
        self.layout = layout
        self.only = kind
        self.rows = self._within_reach(students)
        self.kind = layout.kind[self.rows]
        self.eligibility = layout.table.eligibility[self.rows]
        self.hours = layout.table.hours[self.rows].astype(np.float64)
        self.freshness = layout.freshness[self.rows]
        self.answers = layout.table.answer_rate[self.rows]
        self.answers[np.isnan(self.answers)] = UNSAID
        spans = layout.spans
        self.has_limit = (spans.min_age[self.rows] != NONE) | (spans.max_age[self.rows] != NONE)
        # With every part: one that does not apply to a student is 0, and so is what it adds.
        everything = Student("", 0.0, 0.0, interests=("any",), hours_owed=1)
        self.weights = layout.blend(everything).weights
        self._lay_needs()

    def _within_reach(self, students: Sequence[Student]) -> Ints:
        is_near = np.zeros(self.layout.size, np.bool_)
        for one in _sorts(students, _reach)[0]:
            is_near[self.layout.points.within_reach(one, self.only)[0]] = True
        return np.flatnonzero(is_near)

    @property
    def room(self) -> int:
        """How many students are rated at a time."""
        return max(1, min(MOST, CELLS // max(len(self.rows), 1)))

    def _lay_needs(self) -> None:
        """What the rows ask for and teach, as sparse matrices over needs and over concepts."""
        from scipy.sparse import csr_array  # only here: it is slow to import

        layout, size = self.layout, len(self.rows)
        counts = layout.table.need_count[self.rows].astype(np.int64)
        where, begins = ragged(layout.need_at[self.rows], counts)
        needs = layout.table.need[where].view(np.int32)
        named, roles = needs >> 4, needs & 3
        is_asked, is_taught = IS_ASKED[roles] > 0.0, roles == TAUGHT
        required, wanted, taught = layout.roles[self.rows].T.astype(np.int32)
        asked, concepts = needs[is_asked], layout.skills.none + 1

        def matrix(data: Floats, columns: Any, counts: Ints, width: int) -> Any:
            ends = np.append(np.int32(0), np.cumsum(counts, dtype=np.int32))
            return csr_array((data, columns, ends), shape=(size, width))

        self.worth = matrix(ROLE_WEIGHT[asked & 3], asked >> 2, required + wanted, LEVELS * concepts)
        self.ability = matrix(np.ones(len(asked)), asked >> 4, required + wanted, concepts)
        self.gain = matrix(np.ones(int(is_taught.sum())), needs[is_taught] >> 2, taught, LEVELS * concepts)
        self.pleasure = matrix(np.ones(len(needs)), named, counts, concepts)
        self.load = np.maximum(REQUIRED_WEIGHT * required + wanted, 1.0)[:, None]
        self.asked = np.maximum(required + wanted, 1.0)[:, None]
        self.taught = np.maximum(taught, 1.0)[:, None]
        self.named = counts.astype(np.float64)[:, None]
        self.levels = layout.levels[self.rows][:, None] / self.asked
        self.asks_nothing = required + wanted == 0
        order = np.argsort(-counts, kind="stable")
        self.by_count = np.argsort(order)  # where each row is when those with most needs come first
        longest = int(counts.max(initial=1))
        self.nth_need = [named[begins[order[: np.count_nonzero(counts > n)]] + n] for n in range(longest)]

    def top(self, group: Group, k: int) -> list[Pick]:
        """The best `k` for each of some students."""
        rated = self._rated(group.profile)
        journeys, calendar = self._journeys(group), self._calendar(group)
        upper = self._upper_bounds(group, rated, journeys, calendar)
        found: dict[int, Pick] = {}
        left, count = np.arange(len(upper)), max(k + SPARE, 1)
        while len(left):
            among, bound = _highest(upper[left], count)
            values, fits = self._judged(group, rated, journeys, calendar, left, among)
            fits &= upper[left[:, None], among] > -np.inf
            scores = np.where(fits, self._scores(group, left, among, values), -np.inf)
            order = np.lexsort((self.layout.ties[self.rows[among]], -scores))[:, :k]
            scores, among = np.take_along_axis(scores, order, 1), np.take_along_axis(among, order, 1)
            values = values[:, np.arange(len(left))[:, None], order]
            counts = np.count_nonzero(scores > -np.inf, axis=1)
            is_settled = (bound == -np.inf) | (k == 0)
            if scores.shape[1] == k > 0:
                is_settled |= scores[:, -1] > bound
            for place in np.flatnonzero(is_settled).tolist():
                who, size = int(left[place]), int(counts[place])
                rows = among[place, :size]
                found[who] = Pick(
                    self.layout,
                    self.rows[rows],
                    scores[place, :size],
                    values[:, place, :size],
                    journeys[group.reach_of[who]].ways.take(rows),
                )
            left, count = left[~is_settled], count * 4
        return [found[who] for who in range(len(upper))]

    def _rated(self, profile: Profile) -> Floats:
        """The parts that depend on skills and interests, by row and student."""
        rated = np.empty((4, len(self.rows), profile.interest.shape[1]))
        np.divide(self.worth @ profile.met, self.load, out=rated[SKILLS])
        rated[CHALLENGE] = challenge(self.ability @ profile.ability / self.asked - self.levels)
        rated[: CHALLENGE + 1, self.asks_nothing] = UNSAID
        np.divide(self.gain @ profile.gain, self.taught, out=rated[LEARNING])
        interest = rated[INTEREST]
        np.divide(self.pleasure @ profile.interest, self.named, out=interest)
        interest += self._nearest(profile.interest)
        interest /= 2.0
        return rated

    def _nearest(self, interest: Floats) -> Floats:
        """The nearest interest of each row. Numbers take few values, and their ranks are faster to compare."""
        pleases = interest > 0.0
        values = np.unique(np.append(0.0, interest[pleases]))
        ranks = np.zeros(interest.shape, np.min_scalar_type(len(values)))
        ranks[pleases] = np.searchsorted(values, interest[pleases])
        best = ranks[self.nth_need[0]]
        for concepts in self.nth_need[1:]:
            some = best[: len(concepts)]
            np.maximum(some, ranks[concepts], out=some)
        nearest: Floats = values[best[self.by_count]]
        return nearest

    def _journeys(self, group: Group) -> list[Journeys]:
        """For each reach: the ways, their part of the score, and which rows are near enough."""
        found = []
        for one in group.reaches:
            rows, _ = self.layout.points.within_reach(one, self.only)
            is_near = np.zeros(len(self.rows), np.bool_)
            is_near[np.searchsorted(self.rows, rows)] = True
            ways = self.layout.points.ways(one, self.rows)
            found.append(Journeys(ways, self.layout.travel(one, ways), is_near))
        return found

    def _calendar(self, group: Group) -> tuple[Floats, Bools]:
        """By what students are free and by row: the calendar part for any age, and whether the days are right."""
        least = self.layout.least[self.kind]
        judged = [self.layout.spans.judge_within(one.free, None, self.rows, least) for one in group.frees]
        shares, fits = zip(*judged, strict=True)
        return np.array(shares), np.array(fits)

    def _upper_bounds(
        self, group: Group, rated: Floats, journeys: list[Journeys], calendar: tuple[Floats, Bools]
    ) -> Floats:
        """The scores at any age, by student and row, but for the rounding; minus infinity where a rule hides."""
        weights = self.weights[:, self.kind]
        by_skills = weights[SKILLS, :, None] * rated[SKILLS]
        for part in (CHALLENGE, LEARNING, INTEREST):
            by_skills += weights[part, :, None] * rated[part]
        found = np.ascontiguousarray(by_skills.T)
        same = weights[FRESHNESS] * self.freshness + weights[ANSWERS] * self.answers + ROUNDING
        by_track = np.where(
            group.admits[:, self.eligibility],
            weights[PROGRAMME] * group.affinity[:, self.eligibility] + same,
            -np.inf,
        )
        found += by_track[group.track_of]
        shares, fits = calendar
        found += np.where(fits, weights[CALENDAR] * shares, -np.inf)[group.free_of]
        by_reach = [np.where(one.is_near, weights[TRAVEL] * one.part, -np.inf) for one in journeys]
        found += np.array(by_reach)[group.reach_of]
        ends = np.searchsorted(self.kind, range(len(KINDS) + 1)).tolist()
        internships = slice(0, ends[1])
        found[:, internships] += weights[HOURS, internships] * _hours(
            self.hours[internships], group.owed[:, None]
        )
        for kind, (first, end) in enumerate(pairwise(ends)):
            found[:, first:end] /= group.totals[:, kind, None]
        return found

    def _judged(
        self,
        group: Group,
        rated: Floats,
        journeys: list[Journeys],
        calendar: tuple[Floats, Bools],
        who: Ints,
        among: Ints,
    ) -> tuple[Floats, Bools]:
        """The parts of some rows for each of some students, and whether days and age are right."""
        column = who[:, None]
        values = np.empty((len(PARTS), *among.shape))
        values[: len(rated)] = rated[:, among, column]
        values[TRAVEL] = np.array([one.part for one in journeys])[group.reach_of[column], among]
        frees = group.free_of[column]
        values[CALENDAR], fits = calendar[0][frees, among], calendar[1][frees, among]
        values[PROGRAMME] = group.affinity[group.track_of[column], self.eligibility[among]]
        values[HOURS] = _hours(self.hours[among], group.owed[column])
        values[FRESHNESS], values[ANSWERS] = self.freshness[among], self.answers[among]
        is_dated = group.has_birthday[column] & self.has_limit[among]
        for number, one in enumerate(group.frees):
            some = is_dated & (frees == number)
            if some.any():
                values[CALENDAR][some], fits[some] = self._of_age(
                    group, one.free, np.nonzero(some), who, among
                )
        return values, fits

    def _of_age(
        self, group: Group, free: tuple[Span, ...], pairs: tuple[Ints, ...], who: Ints, among: Ints
    ) -> tuple[Floats, Bools]:
        """The calendar parts of some pairs of student and row, and whether days and age are right."""
        layout = self.layout
        rows, people = self.rows[among[pairs]], who[pairs[0]]
        order = np.argsort(rows)
        rows, people = rows[order], people[order]
        window = (
            group.enough[people, layout.spans.min_age[rows]],
            group.too_old[people, layout.spans.max_age[rows]],
        )
        judged = layout.spans.judge_within(free, window, rows, layout.least[layout.kind[rows]])
        shares, fits = np.empty(len(rows)), np.empty(len(rows), np.bool_)
        shares[order], fits[order] = judged
        return shares, fits

    def _scores(self, group: Group, who: Ints, among: Ints, values: Floats) -> Floats:
        """The weighted means, added part by part in the order of `PARTS` as `score.weighted_mean` does."""
        kinds = self.kind[among]
        scores: Floats = self.weights[0][kinds] * values[0]
        for weights, part in zip(self.weights[1:], values[1:], strict=True):
            scores += weights[kinds] * part
        scores /= group.totals[who[:, None], kinds]
        return scores


def _hours(offered: Floats, owed: Floats) -> Floats:
    """`score.hours_part` of many; 0 where none are owed, for then the part does not apply."""
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(offered > 0.0, np.minimum(offered / owed, 1.0), UNSAID)
    return np.where(owed > 0.0, found, 0.0)


def _highest(bounds: Floats, count: int) -> tuple[Ints, Floats]:
    """By line, the positions of the highest bounds, and a value that no other bound of the line is above."""
    lines, size = bounds.shape
    if count >= size:
        return np.broadcast_to(np.arange(size), bounds.shape), np.full(lines, -np.inf)
    among = np.argpartition(bounds, size - count, axis=1)[:, size - count :]
    return among, bounds[np.arange(lines), among[:, 0]]
