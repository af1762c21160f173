"""Stable assignment: deferred acceptance, best for the students.

Gale and Shapley 1962. Nested quotas (period within opportunity within tutor) keep the theory whole: what a
tutor takes out of many proposals is the greedy basis of a laminar matroid, so a stable outcome exists and
the students' best one is found (Fleiner 2003; Huang 2010). Groups of several and minimum sizes break it; see
`deferred_acceptance` for what is done there.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from dataclasses import replace
from heapq import heappush, heapreplace
from typing import Final

import numpy as np

from matching.market import NONE, Bools, Ints, Market, mixed

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

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> market.seat[deferred_acceptance(market)].tolist()
    [1, 0]
    """
    key = priority(market)
    chosen = _settle(market, key)
    if not market.minimum.any():
        return chosen
    closed: list[int] = []
    while (seat := _shortest(market, chosen)) != NONE:
        closed.append(seat)
        chosen = _settle(_without(market, closed), key)
    for seat in reversed(closed.copy()):
        rest = [other for other in closed if other != seat]
        trial = _settle(_without(market, rest), key)
        if _shortest(market, trial) == NONE:
            closed, chosen = rest, trial
    return chosen


def priority(market: Market) -> Ints:
    """A number for each edge, higher for whom a seat prefers: pins, then score, then lot.

    All numbers differ, also across seats. Of one unit's edges to one opportunity the more wanted is higher.
    """
    value = market.score
    if market.pinned.any():
        value = np.where(market.pinned[market.unit], np.inf, value)
    order = np.argsort(value)
    ordered = value[order]
    if (ordered[1:] == ordered[:-1]).any():
        order = np.lexsort((-np.arange(len(value)), market.lot[market.unit], value))
    key = np.empty(len(value), np.int64)
    key[order] = np.arange(len(value))
    return key


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


def _settle(market: Market, key: Ints) -> Ints:
    """Deferred acceptance proper."""
    at = market.start[:-1].copy()
    held = np.full(market.units, NONE)
    if not market.is_flat:
        return _nested(market, key, held)
    _rounds(market, key, at, held)
    _chains(market, key, at, held)
    return held


def _rounds(market: Market, key: Ints, at: Ints, held: Ints) -> None:
    """Let all free students propose at once until few are free. Changes `at` and `held`."""
    seat, capacity, end = market.seat, market.capacity, market.start[1:]
    cutoff = np.where(capacity > 0, NONE, len(key))
    load = np.zeros(len(capacity), np.int64)
    free = np.flatnonzero(at < end)
    while len(free) > FEW:
        edges = at[free]
        heard = key[edges] > cutoff[seat[edges]]
        refused = free[~heard]
        proposed = edges[heard]
        held[free[heard]] = proposed
        load += np.bincount(seat[proposed], minlength=len(load))
        dropped = _overflow(market, key, held, load > capacity, cutoff)
        np.minimum(load, capacity, out=load)
        held[dropped] = NONE
        free = np.concatenate([refused, dropped])
        at[free] += 1
        free = free[at[free] < end[free]]


def _overflow(market: Market, key: Ints, held: Ints, over: Bools, cutoff: Ints) -> Ints:
    """The units that overfull seats let go of. Raises the seats' cut-offs."""
    units = np.flatnonzero(held != NONE)
    edges = held[units]
    inside = over[market.seat[edges]]
    units, edges = units[inside], edges[inside]
    order = np.argsort(market.seat[edges] * len(key) + key[edges])
    units, edges = units[order], edges[order]
    seats = market.seat[edges]
    behind = np.searchsorted(seats, seats, side="right")
    from_top = behind - np.arange(len(seats))
    room = market.capacity[seats]
    last = from_top == room
    cutoff[seats[last]] = key[edges[last]]
    return units[from_top > room]


def _chains(market: Market, key: Ints, at: Ints, held: Ints) -> None:
    """Let free students propose one at a time, each pushing out the next. Changes `held`."""
    order = np.empty_like(key)
    order[key] = np.arange(len(key))
    heaps: list[list[int]] = [[] for _ in range(len(market.minimum))]
    for kept in np.sort(key[held[held != NONE]]).tolist():
        heaps[market.seat[order[kept]]].append(kept)  # rising, so each list is a heap
    free = np.flatnonzero((held == NONE) & (at < market.start[1:])).tolist()
    # One number at a time: a memoryview spares both NumPy's scalars and lists of numbers that nobody reads.
    keys, edge_of, unit_of, seat_of = key.data, order.data, market.unit.data, market.seat.data
    first, end, now = at.data, market.start[1:].data, held.data
    capacity = market.capacity.tolist()
    for starter in free:
        unit, edge = starter, first[starter]
        while edge < end[unit]:
            mine = keys[edge]
            heap = heaps[seat_of[edge]]
            if len(heap) < capacity[seat_of[edge]]:
                heappush(heap, mine)
                now[unit] = edge
                break
            if heap and heap[0] < mine:
                now[unit] = edge
                edge = edge_of[heapreplace(heap, mine)]
                unit = unit_of[edge]
                now[unit] = NONE
            edge += 1


def _nested(market: Market, key: Ints, held: Ints) -> Ints:
    """The same with quotas inside quotas and with groups."""
    book = _Book(market, key)
    end = market.start[1:].tolist()
    at = market.start[:-1].tolist()
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
