"""Stable assignment: deferred acceptance, best for the students.

Gale and Shapley 1962. Nested quotas (period within opportunity within tutor) keep the theory whole: what a
tutor takes out of many proposals is the greedy basis of a laminar matroid, so a stable outcome exists and
the students' best one is found (Fleiner 2003; Huang 2010). Groups of several and minimum sizes break it; see
`deferred_acceptance` for what is done there, and with tutors at school.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import replace
from heapq import heappush, heapreplace
from typing import Final

import numpy as np

from matching.market import NONE, Bools, Floats, Ints, Lots, Market, mixed

FEW: Final = 400
"""From so few free students on, one at a time is faster than all at once (measured)."""


def deferred_acceptance(market: Market) -> Ints:
    """The edge that each unit gets, or -1.

    Notes
    -----
    Free students propose down their lists; a seat keeps the best it has been offered, up to every quota it
    lies in, and lets go of the lowest for a better one. Which free student goes first does not matter.

    A group proposes as one. It is kept if it fits beside everybody of higher priority, and as many of the
    lowest are let go as it needs; a seat that has let somebody go does not ask again.

    A seat that ends with some students but fewer than its minimum is closed and the whole is run again:
    first the one that reached the smallest share of its minimum. At the end every closed seat is tried once
    more, the last closed first. A seat with a pinned student is not closed.

    Where a tutor at school would have too many students, those with the lowest lots ask for nothing, pinned ones
    last, and all is run again. Whoever is left only gains by that, so nobody is sent away for nothing: in
    the end such a tutor is full, with students whose lots are higher.

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> market.seat[deferred_acceptance(market)].tolist()
    [1, 0]
    """
    at = market.start[:-1].copy()
    chosen = _open(market, at)
    while unfollowed := _unfollowed(market, chosen):
        at[unfollowed] = market.start[1:][unfollowed]
        chosen = _open(market, at)
    return chosen


def _open(market: Market, at: Ints) -> Ints:
    """Deferred acceptance in which seats short of their minimum close; units ask from their edge `at` on."""
    chosen = _settle(market, at)
    if not market.minimum.any():
        return chosen
    closed: list[int] = []
    while (seat := _shortest(market, chosen)) != NONE:
        closed.append(seat)
        chosen = _settle(_without(market, closed), at)
    for seat in reversed(closed.copy()):
        rest = [other for other in closed if other != seat]
        trial = _settle(_without(market, rest), at)
        if _shortest(market, trial) == NONE:
            closed, chosen = rest, trial
    return chosen


def _unfollowed(market: Market, chosen: Ints) -> list[int]:
    """The placed units whom their tutors at school cannot follow besides those with higher lots."""
    left = market.follows.tolist()
    placed = np.flatnonzero((chosen != NONE) & (market.tutor != NONE))
    found = []
    for unit in placed[np.lexsort((market.lot[placed], market.pinned[placed]))[::-1]].tolist():
        tutor, size = market.tutor[unit], int(market.size[unit])
        if size > left[tutor]:
            found.append(unit)
        else:
            left[tutor] -= size
    return found


def priority(market: Market) -> Ints:
    """A number for each edge, higher for whom a seat prefers: pins, then score, then lot.

    All numbers differ, also across seats. Of one unit's edges to one opportunity the more wanted is higher.
    """
    value = _values(market)
    key = np.empty(len(value), np.int64)
    key[np.lexsort((-np.arange(len(value)), market.lot[market.unit], value))] = np.arange(len(value))
    return key


def _values(market: Market) -> Floats:
    """Scores, and infinity for pins."""
    if not market.pinned.any():
        return market.score
    return np.where(market.pinned[market.unit], np.inf, market.score)


def _shortest(market: Market, chosen: Ints) -> int:
    """The seat that is farthest from its minimum among those begun and not pinned, or -1."""
    units = np.flatnonzero(chosen != NONE)
    seats = market.seat[chosen[units]]
    load = np.bincount(seats, weights=market.size[units], minlength=len(market.minimum))
    begun = (load > 0) & (load < market.minimum)
    begun[seats[market.pinned[units]]] = False
    short = np.flatnonzero(begun)
    if not len(short):
        return NONE
    draw = mixed(short.astype(np.uint64) ^ market.lot.max())
    return int(short[np.lexsort((draw, load[short] / market.minimum[short]))[0]])


def _without(market: Market, seats: list[int]) -> Market:
    capacity = market.capacity.copy()
    capacity[seats] = 0
    return replace(market, capacity=capacity)


def _settle(market: Market, at: Ints) -> Ints:
    """Deferred acceptance proper."""
    if not market.is_flat:
        return _nested(market, priority(market), at)
    # Most edges are never proposed: they are compared when it comes to it, and not sorted beforehand.
    value = _values(market)
    at = at.copy()
    held = np.full(market.units, NONE)
    _rounds(market, value, at, held)
    _chains(market, value, at, held)
    return held


def _rounds(market: Market, value: Floats, at: Ints, held: Ints) -> None:
    """Let all free students propose at once until few are free. Changes `at` and `held`."""
    seat, lot, end = market.seat, market.lot, market.start[1:]
    bar = _Bar(market.capacity)
    load = np.zeros(len(market.capacity), np.int64)
    free = np.flatnonzero(at < end)
    while len(free) > FEW:
        edges = at[free]
        heard = bar.is_passed(seat[edges], value[edges], lot[free])
        refused = free[~heard]
        proposed = edges[heard]
        held[free[heard]] = proposed
        load += np.bincount(seat[proposed], minlength=len(load))
        dropped = _overflow(market, value, held, load > market.capacity, bar)
        np.minimum(load, market.capacity, out=load)
        held[dropped] = NONE
        free = np.concatenate([refused, dropped])
        at[free] += 1
        free = free[at[free] < end[free]]


class _Bar:
    """What an edge must be above to be taken by a seat: the lowest that a full seat holds."""

    def __init__(self, capacity: Ints) -> None:
        self.value = np.where(capacity > 0, -np.inf, np.inf)
        self.lot = np.where(capacity > 0, np.uint64(0), np.iinfo(np.uint64).max)

    def is_passed(self, seat: Ints, value: Floats, lot: Lots) -> Bools:
        bar = self.value[seat]
        passed: Bools = (value > bar) | ((value == bar) & (lot > self.lot[seat]))
        return passed


def _overflow(market: Market, value: Floats, held: Ints, over: Bools, bar: _Bar) -> Ints:
    """The units that overfull seats let go of. Raises the seats' bars."""
    units = np.flatnonzero(held != NONE)
    edges = held[units]
    inside = over[market.seat[edges]]
    units, edges = units[inside], edges[inside]
    order = np.lexsort((market.lot[units], value[edges], market.seat[edges]))
    units, edges = units[order], edges[order]
    seats = market.seat[edges]
    from_top = np.searchsorted(seats, seats, side="right") - np.arange(len(seats))
    room = market.capacity[seats]
    last = from_top == room
    bar.value[seats[last]] = value[edges[last]]
    bar.lot[seats[last]] = market.lot[units[last]]
    return units[from_top > room]


def _chains(market: Market, value: Floats, at: Ints, held: Ints) -> None:
    """Let free students propose one at a time, each pushing out the next. Changes `held`."""
    heaps = _heaps(market, value, held)
    free = np.flatnonzero((held == NONE) & (at < market.start[1:])).tolist()
    # One number at a time: a memoryview spares both NumPy's scalars and lists of numbers that nobody reads.
    values, lots, seat_of = value.data, market.lot.data, market.seat.data
    first, end, now = at.data, market.start[1:].data, held.data
    capacity = market.capacity.tolist()
    for starter in free:
        unit, edge = starter, first[starter]
        while edge < end[unit]:
            mine = (values[edge], lots[unit], unit, edge)
            heap = heaps[seat_of[edge]]
            if len(heap) < capacity[seat_of[edge]]:
                heappush(heap, mine)
                now[unit] = edge
                break
            if heap and heap[0] < mine:
                now[unit] = edge
                _, _, unit, edge = heapreplace(heap, mine)
                now[unit] = NONE
            edge += 1


def _heaps(market: Market, value: Floats, held: Ints) -> list[list[tuple[float, int, int, int]]]:
    """Who is held at each seat, the lowest first: value, lot, unit and edge."""
    heaps: list[list[tuple[float, int, int, int]]] = [[] for _ in range(len(market.minimum))]
    units = np.flatnonzero(held != NONE)
    units = units[np.lexsort((market.lot[units], value[held[units]]))]  # rising, so each list is a heap
    edges = held[units]
    entries = zip(
        value[edges].tolist(), market.lot[units].tolist(), units.tolist(), edges.tolist(), strict=True
    )
    for seat, entry in zip(market.seat[edges].tolist(), entries, strict=True):
        heaps[seat].append(entry)
    return heaps


def _nested(market: Market, key: Ints, first: Ints) -> Ints:
    """The same with quotas inside quotas and with groups."""
    book = _Book(market, key)
    held = np.full(market.units, NONE)
    end = market.start[1:].tolist()
    at = first.tolist()
    free = [unit for unit in range(market.units) if at[unit] < end[unit]]
    while free:
        unit = free.pop()
        edge = at[unit]
        at[unit] += 1
        let_go = book.admit(edge)
        if let_go is None:
            if at[unit] < end[unit]:
                free.append(unit)
            continue
        held[unit] = edge
        for loser in let_go:
            held[loser] = NONE
            if at[loser] < end[loser]:
                free.append(loser)
    return held


class _Book:
    """Who is held under each quota, lowest priority first."""

    def __init__(self, market: Market, key: Ints) -> None:
        order = np.empty_like(key)
        order[key] = np.arange(len(key))
        self.key: list[int] = key.tolist()
        self.order: list[int] = order.tolist()
        self.unit: list[int] = market.unit.tolist()
        self.seat: list[int] = market.seat.tolist()
        self.size: list[int] = market.size.tolist()
        self.capacity: list[int] = market.capacity.tolist()
        self.chains = [market.chain(seat) for seat in range(len(market.minimum))]
        self.members: list[list[int]] = [[] for _ in self.capacity]
        self.load = [0] * len(self.capacity)

    def admit(self, edge: int) -> list[int] | None:
        """Take an edge and say which units are let go for it; None when it is refused."""
        losers = self._losers(edge)
        if losers is None:
            return None
        for loser in losers:
            self._remove(loser)
        for quota in self.chains[self.seat[edge]]:
            insort(self.members[quota], self.key[edge])
            self.load[quota] += self.size[self.unit[edge]]
        return [self.unit[self.order[loser]] for loser in losers]

    def _losers(self, edge: int) -> list[int] | None:
        """The lowest keys that make room in every quota, or None when only higher ones would."""
        losers: list[int] = []
        freed = 0
        for quota in self.chains[self.seat[edge]]:
            # Whoever was let go further inside is let go here too.
            excess = self.load[quota] + self.size[self.unit[edge]] - self.capacity[quota] - freed
            for lower in self.members[quota]:
                if excess <= 0 or lower > self.key[edge]:
                    break
                if lower not in losers:
                    losers.append(lower)
                    freed += self._size(lower)
                    excess -= self._size(lower)
            if excess > 0:
                return None
        return losers

    def _remove(self, key: int) -> None:
        for quota in self.chains[self.seat[self.order[key]]]:
            members = self.members[quota]
            del members[bisect_left(members, key)]
            self.load[quota] -= self._size(key)

    def _size(self, key: int) -> int:
        return self.size[self.unit[self.order[key]]]
