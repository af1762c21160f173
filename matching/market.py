"""A question as columns: what each unit may be given, and the quotas that limit it.

A *quota* limits how many students a seat (one period of an opportunity), an opportunity or a tutor takes.
Quotas are nested: seat within opportunity within tutor. The first quotas are the seats themselves. A tutor at
school limits students, wherever they go.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt

from matching.errors import Infeasible, MatchingError
from matching.problem import Problem, barred_by

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Lots = npt.NDArray[np.uint64]

NONE: Final = -1


@dataclass(frozen=True, eq=False)
class Market:
    """Units, the edges to the seats that each may take, and quotas.

    Parameters
    ----------
    start
        Edges of unit `u` are `start[u]` up to `start[u + 1]`, most wanted first.
    seat, score, rank
        Of each edge: its seat, how well it fits, and which wish it is, from 1; `beyond` after the wishes.
    parent, capacity
        Of each quota: the quota around it or -1, and how many students it takes.
    minimum
        Of each seat: the fewest students with which it takes place.
    size, lot, pinned
        Of each unit: its students, its lot among equal scores (higher wins), and whether its only edges are
        those of a pin, which goes before all others.
    tutor, follows
        Of each unit its tutor at school or -1, and of each of these tutors how many students it follows.

    Examples
    --------
    Two students, one seat in each of two firms; the first firm prefers the second student.

    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> market.units, market.rank.tolist()
    (2, [1, 2, 1])
    """

    start: Ints
    seat: Ints
    score: Floats
    rank: Ints
    parent: Ints
    capacity: Ints
    minimum: Ints
    size: Ints
    lot: Lots
    pinned: Bools
    beyond: int
    tutor: Ints
    follows: Ints

    @classmethod
    def of(
        cls,
        start: npt.ArrayLike,
        seat: npt.ArrayLike,
        score: npt.ArrayLike,
        capacity: npt.ArrayLike,
        *,
        minimum: npt.ArrayLike = 0,
        seed: int = 0,
    ) -> Market:
        """A market of single students and seats without tutors, from arrays; each list is all wishes."""
        starts, seats = np.asarray(start, np.int64), np.asarray(seat, np.int64)
        capacities = np.asarray(capacity, np.int64)
        units, edges = len(starts) - 1, len(seats)
        if starts[0] != 0 or starts[-1] != edges or (np.diff(starts) < 0).any():
            raise MatchingError("start does not divide the edges")
        if edges and not 0 <= seats.min() <= seats.max() < len(capacities):
            raise MatchingError("an edge leads to no seat")
        rank = np.arange(1, edges + 1) - np.repeat(starts[:-1], np.diff(starts))
        return cls(
            start=starts,
            seat=seats,
            score=np.asarray(score, np.float64),
            rank=rank,
            parent=np.full(len(capacities), NONE),
            capacity=capacities,
            minimum=np.broadcast_to(np.asarray(minimum, np.int64), len(capacities)),
            size=np.ones(units, np.int64),
            lot=mixed(np.arange(units, dtype=np.uint64) + mixed(np.array([seed], np.uint64))),
            pinned=np.zeros(units, np.bool_),
            beyond=int(rank.max(initial=0)) + 1,
            tutor=np.full(units, NONE),
            follows=np.zeros(0, np.int64),
        )

    @property
    def units(self) -> int:
        """How many units there are."""
        return len(self.size)

    @cached_property
    def unit(self) -> Ints:
        """The unit of each edge."""
        return np.repeat(np.arange(self.units), np.diff(self.start))

    @cached_property
    def is_flat(self) -> bool:
        """Whether single students compete for seats that no other quota holds together."""
        return bool((self.parent[: len(self.minimum)] == NONE).all() and (self.size == 1).all())

    def chain(self, seat: int) -> list[int]:
        """The quotas of a seat, innermost first."""
        found = []
        while seat != NONE:
            found.append(seat)
            seat = int(self.parent[seat])
        return found


def mixed(numbers: Lots) -> Lots:
    """Numbers that look random, one for each (the finaliser of SplitMix64, Steele et al. 2014).

    Examples
    --------
    >>> mixed(np.array([0, 1], np.uint64)).tolist()
    [16294208416658607535, 10451216379200822465]
    """
    mix = numbers + np.uint64(0x9E3779B97F4A7C15)
    mix = (mix ^ (mix >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mix = (mix ^ (mix >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mix ^ (mix >> np.uint64(31))


def lot(seed: int, name: str) -> int:
    """The lot of an id: the same for a seed whatever the order of the input, and no alphabet."""
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())


@dataclass(frozen=True, slots=True, eq=False)
class NamedMarket:
    """A market and what its numbers stand for."""

    market: Market
    units: tuple[str, ...]
    seats: tuple[tuple[str, str | None], ...]


def market_of(problem: Problem) -> NamedMarket:
    """Lay out a question as columns: rules and pins decide which edges there are.

    Raises
    ------
    Infeasible
        A pin that leaves its student no seat.
    """
    seats = tuple((name, period) for name, offer in problem.seats.items() for period in offer.by_period())
    parent, capacity = _quotas(problem, seats)
    units = tuple(problem.units)
    lots = [lot(problem.seed, unit) for unit in units]
    beyond = 1 + max((len(row) for row in problem.wishes.values()), default=0)
    reader = _EdgeReader(problem, seats, beyond)
    start, seat, score, rank = [0], [], [], []
    for unit, unit_lot in zip(units, lots, strict=True):
        edges = reader.edges(unit, unit_lot)
        if unit in problem.pins and not edges:
            raise Infeasible(f"the pin of {unit!r} leaves no seat")
        for place, fit, wish in edges:
            seat.append(place)
            score.append(fit)
            rank.append(wish)
        start.append(len(seat))
    market = Market(
        start=np.array(start, np.int64),
        seat=np.array(seat, np.int64),
        score=np.array(score, np.float64),
        rank=np.array(rank, np.int64),
        parent=parent,
        capacity=capacity,
        minimum=np.array([problem.seats[name].minimum for name, _ in seats], np.int64),
        size=np.array([len(members) for members in problem.units.values()], np.int64),
        lot=np.array(lots, np.uint64),
        pinned=np.array([unit in problem.pins for unit in units], np.bool_),
        beyond=beyond,
        tutor=_school_tutors(problem),
        follows=np.array([tutor.capacity for tutor in problem.school_tutors.values()], np.int64),
    )
    return NamedMarket(market, units, seats)


def _quotas(problem: Problem, seats: Sequence[tuple[str, str | None]]) -> tuple[Ints, Ints]:
    """Parent and capacity of the seats, then of opportunities with periods and a total, then of tutors."""
    parent = [NONE] * len(seats)
    capacity = [problem.seats[name].by_period()[period] for name, period in seats]
    top: dict[str, list[int]] = {}
    for place, (name, _) in enumerate(seats):
        top.setdefault(name, []).append(place)
    for name, offer in problem.seats.items():
        if offer.periods and offer.total is not None:
            top[name] = _surround(parent, capacity, top[name], offer.total)
    for tutor in problem.tutors.values():
        inside = [quota for name in tutor.opportunities for quota in top[name]]
        _surround(parent, capacity, inside, tutor.capacity)
    return np.array(parent, np.int64), np.array(capacity, np.int64)


def _school_tutors(problem: Problem) -> Ints:
    """The number of each unit's tutor at school, or -1."""
    number = {
        student: place
        for place, tutor in enumerate(problem.school_tutors.values())
        for student in tutor.students
    }
    return np.array([number.get(members[0], NONE) for members in problem.units.values()], np.int64)


def _surround(parent: list[int], capacity: list[int], inside: list[int], most: int) -> list[int]:
    for quota in inside:
        parent[quota] = len(parent)
    parent.append(NONE)
    capacity.append(most)
    return [len(parent) - 1]


class _EdgeReader:
    """What each unit may be given, most wanted first."""

    def __init__(self, problem: Problem, seats: Sequence[tuple[str, str | None]], beyond: int) -> None:
        self.problem = problem
        self.beyond = beyond
        self.places: dict[str, list[tuple[int, str | None]]] = {}
        for place, (name, period) in enumerate(seats):
            self.places.setdefault(name, []).append((place, period))
        self.lots = {name: lot(problem.seed, name) for name in problem.seats}

    def edges(self, unit: str, unit_lot: int) -> list[tuple[int, float, int]]:
        """Seat, score and rank of each edge of a unit."""
        row = self.problem.row(unit)
        pin = self.problem.pins.get(unit)
        free = self._free(unit)
        found = []
        for name, rank in self._ranked(unit, row, unit_lot):
            if self._is_barred(unit, name):
                continue
            fit = row.get(name, 0.0)
            for place, period in self.places[name]:
                pinned_away = pin is not None and pin[1] not in (None, period)
                if not pinned_away and (free is None or period is None or period in free):
                    found.append((place, fit, rank))
        return found

    def _ranked(self, unit: str, row: Mapping[str, float], unit_lot: int) -> list[tuple[str, int]]:
        """Opportunities with their rank: the wishes, then what is scored, best first, lots deciding."""
        wishes = self.problem.wishes.get(unit, ())
        rank = {name: place for place, tied in enumerate(wishes, 1) for name in tied}
        if unit in self.problem.pins:
            name = self.problem.pins[unit][0]
            return [(name, rank.get(name, self.beyond))]

        def order(name: str) -> tuple[int, float, int]:
            return rank.get(name, self.beyond), -row.get(name, 0.0), self.lots[name] ^ unit_lot

        listed = [] if self.problem.wishes_only else [name for name in row if name not in rank]
        if not listed and all(len(tied) == 1 for tied in wishes):
            return list(rank.items())
        return [(name, rank.get(name, self.beyond)) for name in sorted([*rank, *listed], key=order)]

    def _is_barred(self, unit: str, name: str) -> bool:
        if self.problem.seats[name].groups_only and unit not in self.problem.groups:
            return True
        return bool(self.problem.forbidden) and barred_by(self.problem, unit, name) is not None

    def _free(self, unit: str) -> frozenset[str] | None:
        """The periods in which all members can come; None for always."""
        named = [
            self.problem.free[name] for name in {unit, *self.problem.units[unit]} if name in self.problem.free
        ]
        return frozenset.intersection(*named) if named else None
