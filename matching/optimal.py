"""Optimal assignment: one aim after the other, each exact among what is best for those before it.

Every aim is a whole-number cost per edge. Single students and no minimum sizes make a network, whose linear
program has whole-number solutions (Hoffman and Kruskal 1956): limits of students (tutors at school) are nested on
one side of it, limits of seats on the other. There the optima of one aim are a face that
its dual prices describe: edges with a reduced cost are out, quotas with a price are full. The next aim is
solved on that face, so that nothing is weighed against anything else. Groups and minimum sizes need an
integer program, in which each aim reached becomes a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from time import monotonic
from typing import Any, Final, NamedTuple

import numpy as np

from matching.errors import Infeasible, MatchingError
from matching.market import NONE, Bools, Floats, Ints, Market, mixed
from matching.outcome import Level

AIMS: Final = ("placed", "profile", "score", "changes")
"""The order of aims: most students placed; fewest beyond their wishes, then at the last wish, then at the
last but one, and so on; highest sum of scores; fewest changes."""

SCORE_UNIT: Final = 10**6
"""Scores count to so many parts of 1."""

MANY: Final = 20_000
"""From so many edges on, the interior point method is faster than the simplex (measured)."""

FIRST: Final = 2
"""So many edges of each unit go into a large linear program before prices are known."""

WHOLE: Final = 1e-5
"""How far from a whole number a solver's number may be."""


class Aim(NamedTuple):
    """A cost per edge to be made least. What is reported is `base` plus the cost divided by `unit`."""

    name: str
    cost: Ints
    unit: int = 1
    base: float = 0.0

    def value_of(self, chosen: Ints) -> int:
        """The cost of an assignment."""
        return int(self.cost[chosen[chosen != NONE]].sum())

    def said(self, cost: float) -> float:
        """A cost as it is reported."""
        return self.base + cost / self.unit


def aims_of(market: Market, names: Sequence[str], previous: Ints | None = None) -> Iterator[Aim]:
    """The aims by name, in order. `previous`: the edge that each unit had, -1 for none, -2 for one now gone."""
    size = market.size[market.unit]
    for name in names:
        if name == "placed":
            yield Aim("placed", -size, -1)
        elif name == "profile":
            for rank in range(market.beyond, 1, -1):
                called = "beyond" if rank == market.beyond else f"wish {rank}"
                yield Aim(called, np.where(market.rank == rank, size, 0))
        elif name == "score":
            yield Aim("score", -size * np.rint(market.score * SCORE_UNIT).astype(np.int64), -SCORE_UNIT)
        elif name == "changes":
            if previous is not None:
                kept = np.zeros(len(size), np.int64)
                had = previous[previous >= 0]
                kept[had] = -size[had]
                yield Aim("changes", kept, base=float(market.size[previous != NONE].sum()))
        else:
            raise MatchingError(f"no aim is called {name!r}")


def optimise(
    market: Market, aims: Sequence[Aim], start: Ints, seconds: float = 60.0
) -> tuple[Ints, tuple[Level, ...]]:
    """The best assignment by aims in their order.

    Parameters
    ----------
    start
        A lawful assignment to fall back on when the time runs out.
    seconds
        When they are over, what has been reached is returned; the levels say how far it may be from the best.

    Returns
    -------
    The edge of each unit or -1, and a level per aim. Equal optima are decided by lot.

    Raises
    ------
    Infeasible
        The pins fit no lawful assignment.

    Examples
    --------
    Both can be placed only if the first student takes the second wish.

    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.9, 0.7, 0.4], capacity=[1, 1])
    >>> chosen, levels = optimise(market, list(aims_of(market, AIMS)), np.array([0, -1]))
    >>> market.seat[chosen].tolist(), [(level.name, level.value) for level in levels]
    ([1, 0], [('placed', 2.0), ('beyond', 0.0), ('wish 2', 1.0), ('score', 1.1)])
    """
    program = _Program(market, start, monotonic() + seconds)
    levels = []
    for aim in aims:
        bound = program.minimise(aim)
        levels.append((aim, bound))
    if program.is_proven:
        program.minimise(Aim("lot", _lots(market)))
    chosen = program.chosen
    return chosen, tuple(Level(aim.name, *_said(aim, chosen, bound)) for aim, bound in levels)


def _said(aim: Aim, chosen: Ints, bound: float) -> tuple[float, float]:
    """Value and bound as reported; equal when proven, whatever the rounding."""
    value = aim.value_of(chosen)
    return aim.said(value), aim.said(min(value, bound))


def _lots(market: Market) -> Ints:
    """A cost that decides among equals: random, but the same for the same lots."""
    draw = mixed(market.lot[market.unit] ^ mixed(market.seat.astype(np.uint64)))
    return (draw >> np.uint64(44)).astype(np.int64)


class _Program:
    """The aims reached so far, the assignment that reaches them, and all others that do."""

    def __init__(self, market: Market, start: Ints, deadline: float) -> None:
        self.market = market
        self.chosen = start
        self.deadline = deadline
        self.is_proven = True
        self.dual_bound = -np.inf
        self.is_network = bool((market.size == 1).all() and not market.minimum.any())
        self.rows = _rows(market)
        self.limit = _limits(market)
        self.is_tight: Bools = np.zeros(len(self.limit), np.bool_)
        self.is_tight[: market.units] = market.pinned
        self.alive: Bools = np.ones(len(market.seat), np.bool_)
        self.reached: list[tuple[Aim, int]] = []

    def minimise(self, aim: Aim) -> float:
        """Reach an aim and return the least cost that is possible, or a bound below it."""
        if self.is_proven and len(self.market.seat):
            found = self._solved(aim)
            if found is not None:
                self.chosen = found
        value = aim.value_of(self.chosen)
        if self.is_proven:
            self.reached.append((aim, value))
            return value
        bound, self.dual_bound = max(self._bound(aim), self.dual_bound), -np.inf
        return min(float(value), bound)

    def _solved(self, aim: Aim) -> Ints | None:
        """An assignment that reaches an aim, or None when the time is over."""
        if self.is_network:
            found = self._by_flow(aim)
            if found is None:
                found = self._by_prices(aim)
            if found is not None or self._left() == 0.0:
                self.is_proven = found is not None
                return found
            # Rounding in the solver cannot pass: what breaks an earlier aim is solved in whole numbers.
            self.is_network = False
        return self._integer(aim)

    def _bound(self, aim: Aim) -> float:
        """A cost that nothing can undercut: everybody as they are best, whatever the seats."""
        least = np.zeros(self.market.units, np.int64)
        np.minimum.at(least, self.market.unit, aim.cost)
        return float(least.sum())

    def _keeps(self, chosen: Ints) -> bool:
        return all(aim.value_of(chosen) == value for aim, value in self.reached)

    def _left(self) -> float:
        return max(0.0, self.deadline - monotonic())

    def _by_flow(self, aim: Aim) -> Ints | None:
        """Reach an aim that a maximum flow decides: most placed, or a cost of 0. None where it does not."""
        is_placed = aim.name == "placed" and not self.reached
        if not is_placed and ((aim.cost < 0).any() or not self.reached):
            return None
        usable = self.alive if is_placed else self.alive & (aim.cost == 0)
        # Once prices have narrowed the face, a flow of the right size need not lie on it.
        flow = most_placed(self.market, usable)
        chosen = flow if self._keeps(flow) else self.chosen
        is_costless = is_placed or (self._keeps(chosen) and aim.value_of(chosen) == 0)
        if not is_costless or (chosen[self.market.pinned] == NONE).any():
            return None
        self.alive = usable
        if is_placed:
            self.limit[-1] = (chosen != NONE).sum()
            self.is_tight[-1] = True
        return chosen

    def _by_prices(self, aim: Aim) -> Ints | None:
        """Solve on the face of all optima so far, then narrow the face. None when that failed.

        Edges that cannot pay are left out of the linear program: it starts with the cheapest of each unit,
        and takes in those that its prices would undercut until there is none.
        """
        usable = np.flatnonzero(self.alive)
        if not len(usable):  # nobody may go anywhere: there is one assignment left, and no program to solve
            return np.full(self.market.units, NONE)
        edges = self._cheapest(usable, aim)
        while True:
            result = self._program(aim, edges)
            if result is None:
                return None
            share, prices, cost = result
            reduced = aim.cost[usable] - self.rows[:, usable].T @ prices
            # Together they could not save a whole unit of cost.
            saving = usable[reduced * self.market.units < -0.5]
            if np.isin(saving, edges, assume_unique=True).all():
                break
            # Those that would not quite pay now may once the prices move; one round more costs more.
            edges = np.union1d(edges, usable[reduced < -reduced.min() / 4])
        chosen = self._chosen(edges, share)
        if chosen is None or not self._keeps(chosen) or abs(aim.value_of(chosen) - cost) > 0.5:
            return None
        self.alive[usable[reduced > 0.5]] = False
        self.is_tight |= prices < -0.5
        return chosen

    def _cheapest(self, usable: Ints, aim: Aim) -> Ints:
        """The edges to start with: those of the present assignment and a few of each unit."""
        if len(usable) <= MANY:
            return usable
        unit = self.market.unit[usable]
        order = np.lexsort((aim.cost[usable], unit))
        first = np.searchsorted(unit, unit)
        few = usable[order[np.arange(len(order)) - first < FIRST]]
        # The present assignment and all edges of pins, so that what is left out never makes it infeasible.
        fixed = usable[self.market.pinned[unit]]
        return np.union1d(np.union1d(few, fixed), self.chosen[self.chosen != NONE])

    def _program(self, aim: Aim, edges: Ints) -> tuple[Floats, Floats, float] | None:
        """Shares of the edges, prices of the rows and the cost at the optimum; None when the time is over."""
        from scipy.optimize import linprog

        tight = self.is_tight
        below = ~tight
        below[-1] = False  # how many are placed in all: says nothing until it is tight
        rows = self.rows[:, edges].tocsr()
        result = linprog(
            aim.cost[edges],
            A_ub=rows[below],
            b_ub=self.limit[below],
            A_eq=rows[tight] if tight.any() else None,
            b_eq=self.limit[tight] if tight.any() else None,
            method="highs-ipm" if len(edges) > MANY else "highs-ds",
            options={"time_limit": self._left()},
        )
        if result.status == 2:
            raise Infeasible("the pins fit no assignment")
        if result.status != 0:
            return None
        prices: Floats = np.zeros(len(tight))
        prices[below] = result.ineqlin.marginals
        prices[tight] = result.eqlin.marginals
        return result.x, prices, float(result.fun)

    def _chosen(self, edges: Ints, share: Floats) -> Ints | None:
        """The edges taken, or None when a share is no whole number."""
        whole = np.rint(share)
        if len(share) and np.abs(share - whole).max() > WHOLE:
            return None
        chosen = np.full(self.market.units, NONE)
        taken = edges[whole == 1.0]
        chosen[self.market.unit[taken]] = taken
        return chosen

    def _integer(self, aim: Aim) -> Ints | None:
        """Solve as an integer program, with a row for every aim reached. None when the time ran out first."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        edges = len(self.market.seat)
        matrix, low, high = _integer_rows(self.market, self.rows, self.reached)
        result = milp(
            np.concatenate([aim.cost, np.zeros(matrix.shape[1] - edges)]),
            constraints=LinearConstraint(matrix, low, high),
            integrality=np.ones(matrix.shape[1]),
            bounds=Bounds(0, 1),
            options={"time_limit": self._left(), "mip_rel_gap": 0.0},
        )
        if result.status == 2:
            raise Infeasible("pins, groups and minimum sizes fit no assignment")
        if result.status != 0:
            self.is_proven = False
            self.dual_bound = -np.inf if result.mip_dual_bound is None else float(result.mip_dual_bound)
        if result.x is None:
            return None
        chosen = self._chosen(np.arange(edges), result.x[:edges])
        if chosen is None or (not self.is_proven and not self._is_better(aim, chosen)):
            return None
        return chosen

    def _is_better(self, aim: Aim, chosen: Ints) -> bool:
        return self._keeps(chosen) and aim.value_of(chosen) < aim.value_of(self.chosen)


def _limits(market: Market) -> Floats:
    """What no row of `_rows` may pass."""
    return np.concatenate([np.ones(market.units), market.capacity, market.follows, [market.units]])


def _rows(market: Market) -> Any:
    """A row per unit (how often placed), one per quota (how many held), one per tutor at school (how many followed),
    one for all; a column per edge."""
    from scipy.sparse import csc_array

    edges = np.arange(len(market.seat), dtype=np.int32)
    tutors = market.units + len(market.capacity)
    last = tutors + len(market.follows)
    rows = [market.unit.astype(np.int32), np.full(len(edges), last, np.int32)]
    columns = [edges, edges]
    quota = market.seat
    while (inside := quota != NONE).any():
        rows.append((market.units + quota[inside]).astype(np.int32))
        columns.append(edges[inside])
        quota = np.where(inside, market.parent[quota], NONE)
    tutor = market.tutor[market.unit]
    followed = tutor != NONE
    rows.append((tutors + tutor[followed]).astype(np.int32))
    columns.append(edges[followed])
    row, column = np.concatenate(rows), np.concatenate(columns)
    counts_students = (row >= market.units) & (row < last)
    weight = np.where(counts_students, market.size[market.unit[column]], 1).astype(np.float64)
    return csc_array((weight, (row, column)), shape=(last + 1, len(edges)))


def most_placed(market: Market, usable: Bools) -> Ints:
    """The edges of an assignment of most single students by usable edges (Dinic's maximum flow).

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.9, 0.7, 0.4], capacity=[1, 1])
    >>> most_placed(market, np.array([True, True, True])).tolist()
    [1, 2]
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import maximum_flow

    edges = np.flatnonzero(usable)
    units, quotas, tutors = market.units, len(market.capacity), len(market.follows)
    chosen = np.full(units, NONE)
    if not len(edges):
        return chosen
    at_school = units + quotas
    source, sink = at_school + tutors, at_school + tutors + 1
    unit, seat = market.unit[edges], market.seat[edges]
    before = np.where(market.tutor == NONE, source, at_school + market.tutor)
    around = np.where(market.parent == NONE, sink, units + market.parent)
    tail = np.concatenate([np.full(tutors, source), before, unit, units + np.arange(quotas)])
    head = np.concatenate([at_school + np.arange(tutors), np.arange(units), units + seat, around])
    limits = np.concatenate([market.follows, np.ones(units + len(edges), np.int64), market.capacity])
    room = np.minimum(limits, units).astype(np.int32)
    flow = maximum_flow(
        csr_array((room, (tail, head)), shape=(sink + 1, sink + 1)), source, sink
    ).flow.tocoo()
    used = (flow.data > 0) & (flow.row < units)
    taken = np.isin(unit * quotas + seat, flow.row[used] * np.int64(quotas) + flow.col[used] - units)
    chosen[unit[taken]] = edges[taken]
    return chosen


def _integer_rows(
    market: Market, rows: Any, reached: Sequence[tuple[Aim, int]]
) -> tuple[Any, Floats, Floats]:
    """Rows with limits for edges and, behind them, one switch per seat that has a minimum."""
    from scipy.sparse import csr_array, eye_array, hstack, vstack

    seats = np.flatnonzero(market.minimum)
    edges = len(market.seat)
    held = rows.tocsr()[market.units + seats]
    blank = csr_array((rows.shape[0] + len(reached), len(seats)))
    costs = csr_array(np.array([aim.cost for aim, _ in reached], np.float64).reshape(len(reached), edges))
    most = np.minimum(market.capacity[seats], market.size.sum()).astype(np.float64)
    switch = eye_array(len(seats), format="csr")
    matrix = vstack(
        [
            hstack([vstack([rows, costs]), blank]),
            hstack([held, -switch * most]),
            hstack([held, -switch * market.minimum[seats].astype(np.float64)]),
        ],
        format="csr",
    )
    values = np.array([value for _, value in reached], np.float64)
    free, none = np.full(len(seats), np.inf), np.zeros(len(seats))
    low = np.concatenate(
        [
            market.pinned.astype(np.float64),
            np.zeros(rows.shape[0] - market.units),
            np.full(len(values), -np.inf),
            -free,
            none,
        ]
    )
    high = np.concatenate([_limits(market), values, none, free])
    return matrix, low, high
