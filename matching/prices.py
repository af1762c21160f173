"""Prices of attention: what it costs the lists to show one opportunity to one student more.

The linear program behind it. Student i has room for k_i lines, opportunity j should be shown at least `floor_j` and
at most `cap_j` times, and some opportunities together in at least a given share of all lines:

    maximise    Σ u_ij x_ij  −  c · (Σ over_j + Σ under_j)  −  2 c · g
    subject to  Σ_j x_ij = k_i                          each list is full
                floor_j − under_j ≤ Σ_i x_ij ≤ cap_j + over_j
                Σ_{j protected} Σ_i x_ij ≥ share − g
                0 ≤ x_ij ≤ 1,   over, under, g ≥ 0

The dual of the rows of j is its price: above 0 where more would want it than it can take, below 0 where nobody would
see it. The slack's cost c is the ceiling of every price, so no line makes room for one that is worth less by more than
2 c (4 c if protected: the share comes before caps and floors). Without the share the matrix is one of a transportation
problem, totally unimodular, so the optimum is a whole number of lines (Hoffman and Kruskal 1956); with it a few lines
may be split, and are rounded.

Solved by HiGHS through scipy. A price ascent of our own (each price set where its own cap just clears, all at once)
was measured beside it: no faster for the same sum, and without a proof of the optimum.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.errors import MatchingError
from matching.location import Floats

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOBODY: Final = -1
"""Fills the places behind the end of a list."""


class Market(NamedTuple):
    """Candidate lists as a rectangle, one row a student, and how often each opportunity should be shown.

    `goods` holds numbers of opportunities, `NOBODY` behind the end of a list; `utilities` what each line is worth.
    """

    goods: Ints
    utilities: Floats
    caps: Ints
    floors: Ints
    protected: Bools
    share: float
    k: int


class Cleared(NamedTuple):
    """A price for each opportunity, and which lines are among the first k."""

    prices: Floats
    chosen: Bools


def capacities(seats: Ints, slots: int, room: float, per_seat: float) -> Ints:
    """How often each opportunity may be shown: as equal as can be, no more than its seats bear.

    All get the same, but at most `per_seat` times their seats (max-min fairness by water-filling; Bertsekas and
    Gallager, Data Networks, 6.5.2), so that the sum is `room` times the lines there are. Where seats are too few for
    that, each is shown in proportion to its seats. At least 1 each.

    Examples
    --------
    >>> capacities(np.array([1, 1, 2, 50]), slots=60, room=1.0, per_seat=10).tolist()
    [10, 10, 20, 20]
    >>> capacities(np.array([1, 3]), slots=100, room=1.0, per_seat=10).tolist()
    [25, 75]
    """
    most = per_seat * seats.astype(np.float64)
    wanted, bearable = room * slots, float(most.sum())
    if bearable <= wanted:
        level = most * (wanted / bearable) if bearable > 0.0 else most
    else:
        level = np.minimum(most, _water_level(np.sort(most), wanted))
    # The tolerance keeps a whole number whole.
    return np.maximum(np.ceil(level - 1e-9).astype(np.int64), 1)


def _water_level(ascending: Floats, volume: float) -> float:
    """The level at which vessels of these heights hold the volume together; they can hold more than it."""
    below = np.concatenate(([0.0], np.cumsum(ascending)[:-1]))
    widths = np.arange(len(ascending), 0, -1)
    held = below + widths * ascending
    first = int(np.searchsorted(held, volume))
    return float((volume - below[first]) / widths[first])


def clear(market: Market, ceiling: float) -> Cleared:
    """Solve the program for one ceiling of the prices."""
    if ceiling <= 0.0:
        untouched = np.zeros(market.goods.shape)
        return Cleared(np.zeros(len(market.caps)), _first(market, untouched, market.utilities))
    found = _clear(market._replace(share=0.0), ceiling)
    # Mostly the share is there by itself, and the program without it is smaller and whole.
    return found if _has_share(market, found.chosen) else _clear(market, ceiling)


def _clear(market: Market, ceiling: float) -> Cleared:
    students, places = np.nonzero(_in_question(market, ceiling))
    prices, shares = _solve(market, students, places, ceiling)
    taken = np.zeros(market.goods.shape)
    taken[students, places] = shares
    return Cleared(prices, _first(market, taken.round(6), adjusted(market, prices)))


def _has_share(market: Market, chosen: Bools) -> bool:
    """Whether the protected have their share of the lines."""
    shown = market.goods[chosen]
    return bool(market.protected[shown].sum() >= market.share * len(shown))


def adjusted(market: Market, prices: Floats) -> Floats:
    """What each line is worth less its price; minus infinity behind the end of a list."""
    worth: Floats = market.utilities - np.append(prices, 0.0)[market.goods]
    return worth


def _first(market: Market, taken: Floats, values: Floats) -> Bools:
    """The first k lines of each list by share taken, then by value, then by place."""
    order = np.lexsort((-values, -taken), axis=1)[:, : market.k]
    chosen = np.zeros(market.goods.shape, np.bool_)
    np.put_along_axis(chosen, order, values=True, axis=1)
    chosen &= market.goods != NOBODY
    return chosen


def _in_question(market: Market, ceiling: float) -> Bools:
    """The lines that some prices within the ceiling could bring among the first k."""
    place = market.goods.shape[1] - market.k
    kth = np.partition(market.utilities, place, axis=1)[:, place, None]
    spread = (4.0 if market.share > 0.0 else 2.0) * ceiling
    found: Bools = (market.goods != NOBODY) & (market.utilities >= kth - spread)
    return found


def _solve(market: Market, students: Ints, places: Ints, ceiling: float) -> tuple[Floats, Floats]:
    """The dual prices and how much of each line is taken."""
    from scipy.optimize import linprog  # costs a fifth of a second to import

    goods, worth = market.goods[students, places], market.utilities[students, places]
    size = np.minimum(np.bincount(students, minlength=len(market.goods)), market.k)
    rows, bounds = _limits(market, goods, int(size.sum()))
    slack = rows.shape[0]
    found = linprog(
        np.concatenate((-worth, np.full(slack - 1, ceiling), [2.0 * ceiling])),
        A_ub=rows,
        b_ub=bounds,
        A_eq=_one_each(students, len(market.goods), slack),
        b_eq=size,
        bounds=np.column_stack(
            (np.zeros(len(goods) + slack), np.append(np.ones(len(goods)), np.full(slack, np.inf)))
        ),
        method="highs",
    )
    if found.x is None:
        raise MatchingError(f"the prices could not be found: {found.message}")
    # Subtracting from 0 keeps a price of nothing from being minus nothing.
    dual = 0.0 - found.ineqlin.marginals
    count = len(market.caps)
    prices = dual[:count] - dual[count : 2 * count] - np.where(market.protected, dual[2 * count], 0.0)
    return prices, found.x[: len(goods)]


def _limits(market: Market, goods: Ints, lines: int) -> tuple[Any, Floats]:
    """Rows of caps, of floors, and of the protected share, each with its slack, as `A x ≤ b`."""
    from scipy.sparse import csr_array, eye_array, hstack

    count, edges = len(market.caps), np.arange(len(goods))
    ones = np.ones(len(goods))
    protected = edges[market.protected[goods]]
    values = np.concatenate((ones, -ones, -np.ones(len(protected))))
    row = np.concatenate((goods, goods + count, np.full(len(protected), 2 * count)))
    column = np.concatenate((edges, edges, protected))
    counts = csr_array((values, (row, column)), shape=(2 * count + 1, len(goods)))
    bounds = np.concatenate((market.caps, -market.floors, [-market.share * lines])).astype(np.float64)
    return hstack((counts, -eye_array(2 * count + 1)), format="csr"), bounds


def _one_each(students: Ints, count: int, slack: int) -> Any:
    """Rows that add up the lines of each student."""
    from scipy.sparse import csr_array

    edges = np.arange(len(students))
    return csr_array((np.ones(len(students)), (students, edges)), shape=(count, len(students) + slack))
