"""Fair shares of attention: lists that do not send everybody to the same few, and the figures that show it.

`rerank` takes the candidate lists of many students and gives what is wanted by too many a price, and what nobody would
see a premium. Scores stay as they are: a price decides only which lines come first, and stands beside the score.
`report` says for any lists who is shown, and to whom; it alone is told of groups, and only to count them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from matching.errors import MatchingError
from matching.evaluate import coverage, discounts, exposure, gini
from matching.location import Floats
from matching.prices import NOBODY, Bools, Cleared, Market, adjusted, capacities, clear
from matching.ties import mixed, tie
from matching.types import Ranked

LOSS: Final = 0.02
"""The share of nDCG that lists may lose on average."""

NEAR: Final = 0.01
"""Scores that differ by less are taken in turn: no part of the score is known that finely."""

ROOM: Final = 1.2
"""Caps add up to so many times the lines there are: 1 would leave taste no room at all."""

PER_SEAT: Final = 20.0
"""Lists in which one seat may stand before others with free seats come first."""

STEPS: Final = 8
"""Programs solved at most in search of the highest ceiling that keeps within the loss."""

BANDS: Final = (5.0, 15.0, 30.0)
"""Kilometres at which the bands of distance end."""

UNLABELLED: Final = "?"
"""The label of those that a grouping does not name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A line of a list after re-ranking, with its true score in `ranked`.

    `before` is the place by score alone and `after` the place now, both from 1. `price` is in points of score: above 0
    it made the line wait because many want it, below 0 it brought the line forward because few would see it.
    """

    ranked: Ranked
    before: int
    after: int
    price: float

    @property
    def is_moved(self) -> bool:
        """Whether the line stands elsewhere than by its score."""
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Reranking:
    """Lists by student, prices by opportunity (those at 0 left out), the ceiling of the prices, and what it cost.

    `loss` is the mean share of nDCG@k lost, each line's gain being its score.
    """

    lists: Mapping[str, tuple[Shown, ...]]
    prices: Mapping[str, float]
    ceiling: float
    loss: float

    def ranked(self) -> dict[str, list[Ranked]]:
        """The lists without what was noted about their order."""
        return {student: [line.ranked for line in lines] for student, lines in self.lists.items()}


def rerank(
    lists: Mapping[str, Sequence[Ranked]],
    seats: Mapping[str, int],
    *,
    k: int = 5,
    seed: int = 0,
    loss: float = LOSS,
    near: float = NEAR,
    protected: Collection[str] = (),
) -> Reranking:
    """Spread the first `k` lines of many lists over all that could be shown, at a bounded loss.

    Parameters
    ----------
    lists
        For each student the candidates by falling score; more of them leave more room (some 50 to 100).
    seats
        Free seats by opportunity.
    k
        How many lines are seen: those that are spread.
    seed
        Decides which of nearly equal lines comes first in which list. A new seed deals anew.
    loss
        The mean share of nDCG@k that may be given up. 0 leaves only nearly equal lines to be dealt.
    near
        Lines whose scores differ by less than this count as nearly equal.
    protected
        Opportunities, such as those of small firms, that together should have at least the share of lines that they
        have of seats.

    Returns
    -------
    Reranking
        Every list keeps its members. The first `k` stand by score (nearly equal ones by the seed), the rest by score
        less price.

    Raises
    ------
    MatchingError
        A candidate without seats in `seats`, or a list that does not fall by score.

    Examples
    --------
    >>> lists = {
    ...     student: [Ranked("famous", 0.80, {}), Ranked("unseen", 0.78, {})] for student in ("ada", "leo")
    ... }
    >>> found = rerank(lists, {"famous": 1, "unseen": 1}, k=1, near=0.0)
    >>> sorted(lines[0].ranked.id for lines in found.lists.values())
    ['famous', 'unseen']
    >>> [moved] = [lines[0] for lines in found.lists.values() if lines[0].is_moved]
    >>> moved.ranked.score, moved.before, moved.after
    (0.78, 2, 1)
    """
    if k < 1 or not 0.0 <= loss <= 1.0 or near < 0.0:
        raise MatchingError("k must be at least 1, a loss between 0 and 1, and near at least 0")
    table = _Table(lists, seats, k, seed, near)
    share = sum(seats.get(good, 0) for good in set(protected)) / max(1, sum(seats.values()))
    market = table.market(frozenset(protected), share)
    ceiling, cleared = _dearest_within(table, market, loss)
    worth = adjusted(market, cleared.prices)
    return Reranking(
        {student: tuple(table.lines(row, worth[row], cleared)) for row, student in enumerate(table.students)},
        {good: float(price) for good, price in zip(table.goods, cleared.prices, strict=True) if price != 0.0},
        ceiling,
        table.loss(cleared.chosen),
    )


class _Table:
    """The lists as rectangles: numbers of opportunities, scores, and what the seed makes of the scores."""

    def __init__(
        self, lists: Mapping[str, Sequence[Ranked]], seats: Mapping[str, int], k: int, seed: int, near: float
    ) -> None:
        self.students = sorted(lists)  # so that the order in which they came makes no difference
        self.lists = [lists[student] for student in self.students]
        self.goods = sorted({line.id for some in self.lists for line in some})
        for good in self.goods:
            if good not in seats:
                raise MatchingError(f"{good!r} stands in a list, but its seats are unknown")
        self.seats = np.array([seats[good] for good in self.goods], np.int64)
        number = {good: place for place, good in enumerate(self.goods)}
        width = max(map(len, self.lists), default=0)
        self.k = min(k, width)
        self.numbers = np.full((len(self.lists), width), NOBODY, np.int64)
        self.scores = np.full((len(self.lists), width), -np.inf)
        for row, some in enumerate(self.lists):
            self.numbers[row, : len(some)] = [number[line.id] for line in some]
            self.scores[row, : len(some)] = [line.score for line in some]
        if (self.scores[:, 1:] > self.scores[:, :-1]).any():
            raise MatchingError("a list of candidates must fall by score")
        self.dealt = self.scores + near * (self._deal(seed) - 0.5)

    def _deal(self, seed: int) -> Floats:
        """A number in 0..1 for every line, the same for the same seed, student and opportunity."""
        rows = np.array([tie(seed, student) for student in self.students], np.uint64)
        columns = np.array([*(tie(seed, good) for good in self.goods), 0], np.uint64)
        return mixed(rows[:, None] ^ columns[self.numbers]) / 2.0**64

    def market(self, protected: frozenset[str], share: float) -> Market:
        slots = int(np.minimum((self.numbers != NOBODY).sum(axis=1), self.k).sum())
        caps = capacities(self.seats, slots, ROOM, PER_SEAT)
        inside = np.array([good in protected for good in self.goods], np.bool_)
        return Market(self.numbers, self.dealt, caps, np.ones_like(caps), inside, share, self.k)

    def loss(self, chosen: Bools) -> float:
        """The mean share of nDCG@k that choosing these lines gives up."""
        scale = discounts(self.k)
        best = np.where(np.isfinite(self.scores), self.scores, 0.0)[:, : self.k] @ scale
        kept = np.where(chosen, self.scores, 0.0)
        order = np.argsort(np.where(chosen, -self.dealt, np.inf), axis=1, kind="stable")[:, : self.k]
        got = np.take_along_axis(kept, order, axis=1) @ scale
        some = best > 0.0
        return float(1.0 - (got[some] / best[some]).mean()) if some.any() else 0.0

    def lines(self, row: int, worth: Floats, cleared: Cleared) -> list[Shown]:
        """One list in its new order."""
        count = len(self.lists[row])
        first = cleared.chosen[row, :count]
        value = np.where(first, self.dealt[row, :count], worth[:count])
        order = np.lexsort((-value, ~first)).tolist()
        prices = cleared.prices[self.numbers[row, :count]].tolist()
        return [
            Shown(self.lists[row][place], place + 1, now, prices[place])
            for now, place in enumerate(order, start=1)
        ]


def _dearest_within(table: _Table, market: Market, loss: float) -> tuple[float, Cleared]:
    """The highest ceiling found whose lists lose no more than `loss`, and its prices.

    The loss grows with the ceiling, roughly as its power 1.5: that gives the next ceiling to try, between the highest
    that was within the loss and the lowest that was not.
    """
    low, high, best = 0.0, np.inf, clear(market, 0.0)
    heads = table.scores[:, 0] if table.goods else np.zeros(0)
    ceiling = 4.0 * loss * float(heads[heads > 0.0].mean()) if (heads > 0.0).any() else 0.0
    for _ in range(STEPS if ceiling > 0.0 else 0):
        tried = clear(market, ceiling)
        lost = table.loss(tried.chosen)
        if lost <= loss:
            low, best = ceiling, tried
        else:
            high = ceiling
        if lost <= loss and (lost >= 0.95 * loss or ceiling >= 1.0):
            break
        guess = ceiling * min(0.98 * loss / max(lost, 1e-9), 8.0) ** (2 / 3)
        ceiling = guess if low < guess < high else (low + high) / 2.0
    return low, best


class Exposure(NamedTuple):
    """What the opportunities with one label have and get, as shares of all; `coverage` is the share of them shown."""

    opportunities: float
    seats: float
    lines: float
    coverage: float


class Treatment(NamedTuple):
    """What the students with one label get: the mean of their lines' scores, and how many see nothing at all."""

    students: int
    lines: int
    score: float
    without: int


@dataclass(frozen=True, slots=True)
class Report:
    """Who is shown and to whom, in the first k lines of a set of lists.

    `gini` is that of the lines of each opportunity, `gini_discounted` counts a line by its place as nDCG does, and
    `gini_per_seat` divides by seats. `opportunities` and `students` map a grouping, then a label, to figures;
    `distance` maps the upper end of a band in kilometres (infinity for the rest, None for online) to a share of lines.
    """

    k: int
    coverage: float
    gini: float
    gini_discounted: float
    gini_per_seat: float
    opportunities: Mapping[str, Mapping[str, Exposure]]
    students: Mapping[str, Mapping[str, Treatment]]
    distance: Mapping[float | None, float]


def report(
    lists: Mapping[str, Sequence[Ranked]],
    seats: Mapping[str, int],
    *,
    k: int = 5,
    opportunities: Mapping[str, Mapping[str, str]] | None = None,
    students: Mapping[str, Mapping[str, str]] | None = None,
    bands: Sequence[float] = BANDS,
) -> Report:
    """Count who is shown and to whom. Nothing of it goes into any ranking.

    Parameters
    ----------
    lists
        For each student what is shown, in order.
    seats
        Free seats of every opportunity that could be shown, also of those in no list.
    opportunities, students
        Groupings by name (such as `"size"`, `"gender"`, `"school"`), each mapping ids to labels; an id without a label
        counts as `"?"`.
    bands
        The upper ends of the bands of distance, in kilometres, rising.

    Examples
    --------
    >>> lists = {"ada": [Ranked("near", 0.8, {}, travel_km=4.0)], "leo": [Ranked("near", 0.6, {}, travel_km=9.0)]}
    >>> found = report(
    ...     lists, {"near": 1, "far": 3}, opportunities={"size": {"near": "large", "far": "small"}},
    ...     students={"gender": {"ada": "f", "leo": "m"}},
    ... )
    >>> found.coverage, found.gini, found.distance
    (0.5, 0.5, {5.0: 0.5, 15.0: 0.5})
    >>> found.opportunities["size"]["small"]
    Exposure(opportunities=0.5, seats=0.75, lines=0.0, coverage=0.0)
    >>> found.students["gender"]["f"]
    Treatment(students=1, lines=1, score=0.8, without=0)
    """
    shown = {student: list(lines[:k]) for student, lines in lists.items()}
    ids = [[line.id for line in lines] for lines in shown.values()]
    counts = exposure(ids, k)
    weighted = dict.fromkeys(seats, 0.0)
    for some in ids:
        for good, weight in zip(some, discounts(k).tolist(), strict=False):
            weighted[good] += weight
    return Report(
        k=k,
        coverage=coverage(ids, seats.keys(), k),
        gini=gini(counts[good] for good in seats),
        gini_discounted=gini(weighted.values()),
        gini_per_seat=gini(counts[good] / max(1, seats[good]) for good in seats),
        opportunities={
            name: _exposures(counts, seats, labels) for name, labels in (opportunities or {}).items()
        },
        students={name: _treatments(shown, labels) for name, labels in (students or {}).items()},
        distance=_distances([line for lines in shown.values() for line in lines], bands),
    )


def _exposures(
    counts: Counter[str], seats: Mapping[str, int], labels: Mapping[str, str]
) -> dict[str, Exposure]:
    members: dict[str, list[str]] = {}
    for good in seats:
        members.setdefault(labels.get(good, UNLABELLED), []).append(good)
    all_seats, all_lines = max(1, sum(seats.values())), max(1, counts.total())
    return {
        label: Exposure(
            len(some) / len(seats),
            sum(seats[good] for good in some) / all_seats,
            sum(counts[good] for good in some) / all_lines,
            sum(counts[good] > 0 for good in some) / len(some),
        )
        for label, some in sorted(members.items())
    }


def _treatments(shown: Mapping[str, Sequence[Ranked]], labels: Mapping[str, str]) -> dict[str, Treatment]:
    members: dict[str, list[Sequence[Ranked]]] = {}
    for student, lines in shown.items():
        members.setdefault(labels.get(student, UNLABELLED), []).append(lines)
    found = {}
    for label, some in sorted(members.items()):
        scores = [line.score for lines in some for line in lines]
        mean = sum(scores) / len(scores) if scores else 0.0
        found[label] = Treatment(len(some), len(scores), mean, sum(not lines for lines in some))
    return found


def _distances(lines: Sequence[Ranked], bands: Sequence[float]) -> dict[float | None, float]:
    ends = (*bands, np.inf)
    counts = Counter(
        None if line.travel_km is None else next(end for end in ends if line.travel_km <= end)
        for line in lines
    )
    return {end: counts[end] / len(lines) for end in (*ends, None) if counts[end]}
