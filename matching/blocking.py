"""Blocking pairs: who would rather have which seat, and could."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.market import NONE, Bools, Floats, Ints, Lots, Market


class Blocking(NamedTuple):
    """Edges that block an assignment.

    `is_free`: every quota has room. `is_move`: only the unit's own leaving makes the room. `is_closed`: seats
    (not edges) that stand empty because a minimum is not met; one unit alone cannot open them.
    """

    edges: Ints
    is_free: Bools
    is_move: Bools
    is_closed: Bools


def wanted_edges(market: Market, chosen: Ints) -> Ints:
    """The edges that units would rather have than the chosen one (-1: than nothing).

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> wanted_edges(market, np.array([1, -1])).tolist()
    [0, 2]
    """
    start, end = market.start[:-1], market.start[1:]
    counts = np.where(chosen == NONE, end, chosen) - start
    behind = np.cumsum(counts)
    return np.arange(counts.sum()) + np.repeat(start - behind + counts, counts)


def blocking_edges(market: Market, chosen: Ints) -> Blocking:
    """All blocking edges of an assignment, given as the chosen edge of each unit or -1.

    An edge blocks when its unit would rather have it and, in every quota that it lies in, the students of
    higher priority leave room for it. The unit's own seat counts as left. Who has no seat must also be followed
    by the tutor at school, besides those with higher lots.

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> blocking_edges(market, np.array([0, -1])).edges.tolist()
    [2]
    """
    taken = market.seat[chosen[chosen != NONE]]
    load = np.bincount(taken, minlength=len(market.minimum))
    is_closed = (load == 0) & (market.minimum > 0)
    edges = _not_refused(market, chosen, load)
    if not len(edges):
        return Blocking(edges, np.zeros(0, np.bool_), np.zeros(0, np.bool_), is_closed)
    if is_closed.any():
        seats = market.seat[edges]
        alone = is_closed[seats] & (market.size[market.unit[edges]] < market.minimum[seats])
        edges = edges[~alone]
    edges = edges[is_followed(market, chosen)[market.unit[edges]]]
    held = _Held(market, chosen)
    units, quota = market.unit[edges], market.seat[edges]
    blocks, is_free, is_strict = (np.ones(len(edges), np.bool_) for _ in range(3))
    while len(edges) and (inside := quota != NONE).any():
        size = market.size[units]
        spare = market.capacity[quota] - held.load[quota] - size
        leaves = np.where(held.is_under(units, quota), size, 0)
        is_lower = held.is_above_lowest(edges, units, quota)
        blocks &= ~inside | is_lower | (spare + leaves >= 0)
        is_strict &= ~inside | is_lower | (spare >= 0)
        is_free &= ~inside | (spare + leaves >= 0)
        quota = np.where(inside, market.parent[quota], NONE)
    is_free &= is_followed(market, chosen, by_lot=False)[units]
    if (market.size > 1).any():
        survivors = np.flatnonzero(blocks)
        blocks[survivors] = [held.leaves_room(edge) for edge in edges[survivors].tolist()]
        is_strict |= blocks  # with groups "leaves the same tutor" says nothing certain
    return Blocking(edges[blocks], is_free[blocks], ~is_strict[blocks], is_closed)


def _not_refused(market: Market, chosen: Ints, load: Ints) -> Ints:
    """The wanted edges but those that their seat alone refuses: a stable class has next to none left.

    A seat with as many units (`load`) as it takes students refuses whoever scores below all of them.
    """
    edges, value = wanted_edges(market, chosen), _value(market)
    held = chosen[chosen != NONE]
    lowest = np.where(load < market.capacity[: len(load)], -np.inf, np.inf)
    np.minimum.at(lowest, market.seat[held], value[held])
    return edges[value[edges] >= lowest[market.seat[edges]]]


def _value(market: Market) -> Floats:
    """Of each edge what decides before the lot: the score, and more than any for who is pinned."""
    if not market.pinned.any():
        return market.score
    return np.where(market.pinned[market.unit], np.inf, market.score)


def is_followed(market: Market, chosen: Ints, *, by_lot: bool = True) -> Bools:
    """Of each unit whether its tutor at school follows it already, or could besides those with higher lots.

    Without `by_lot` besides all whom the tutor follows.
    """
    found: Bools = (market.tutor == NONE) | (chosen != NONE)
    if found.all():
        return found
    placed = np.where(chosen == NONE, 0, market.size)
    order = np.lexsort((market.lot, market.pinned, market.tutor))[::-1]
    first = np.searchsorted(-market.tutor[order], -market.tutor[order])
    running = np.concatenate([[0], np.cumsum(placed[order])])
    before = np.empty(market.units, np.int64)
    before[order] = running[:-1] - running[first]
    if not by_lot:
        before = np.bincount(market.tutor + 1, weights=placed)[market.tutor + 1].astype(np.int64)
    waiting = ~found
    found[waiting] = (before + market.size)[waiting] <= market.follows[market.tutor[waiting]]
    return found


class _Held:
    """What is held under each quota."""

    def __init__(self, market: Market, chosen: Ints) -> None:
        self.market = market
        self.chosen = chosen
        quotas = len(market.capacity)
        self.value = _value(market)
        self.load = np.zeros(quotas, np.int64)
        self.lowest_value = np.full(quotas, np.inf)
        self.lowest_lot: Lots = np.full(quotas, np.iinfo(np.uint64).max, np.uint64)
        self.own: list[Ints] = []
        quota = np.where(chosen == NONE, NONE, market.seat[chosen]) if len(market.seat) else chosen
        while (quota != NONE).any():
            self.own.append(quota)
            self._enter(quota)
            quota = np.where(quota == NONE, NONE, market.parent[quota])

    def _enter(self, quota: Ints) -> None:
        """Count every unit's seat in the quota it lies in at one depth."""
        units = np.flatnonzero(quota != NONE)
        quota = quota[units]
        value, lot = self.value[self.chosen[units]], self.market.lot[units]
        np.add.at(self.load, quota, self.market.size[units])
        before = self.lowest_value.copy()
        np.minimum.at(self.lowest_value, quota, value)
        self.lowest_lot[self.lowest_value < before] = np.iinfo(np.uint64).max
        ties = value == self.lowest_value[quota]
        np.minimum.at(self.lowest_lot, quota[ties], lot[ties])

    def is_under(self, units: Ints, quota: Ints) -> Bools:
        """Whether a unit's own seat lies in a quota."""
        found: Bools = np.zeros(len(units), np.bool_)
        for own in self.own:
            found |= own[units] == quota
        return found

    def is_above_lowest(self, edges: Ints, units: Ints, quota: Ints) -> Bools:
        """Whether an edge goes before the lowest that is held."""
        value, lowest = self.value[edges], self.lowest_value[quota]
        above: Bools = (value > lowest) | (
            (value == lowest) & (self.market.lot[units] > self.lowest_lot[quota])
        )
        return above

    def leaves_room(self, edge: int) -> bool:
        """Whether those of higher priority leave room for an edge in each of its quotas: one by one."""
        market = self.market
        unit = int(market.unit[edge])
        for quota in market.chain(int(market.seat[edge])):
            used = market.size[unit]
            for own in self.own:
                for other in np.flatnonzero(own == quota).tolist():
                    mine = (self.value[edge], market.lot[unit])
                    if other != unit and (self.value[self.chosen[other]], market.lot[other]) > mine:
                        used += market.size[other]
            if used > market.capacity[quota]:
                return False
        return True
