"""The choice of greatest worth, and a bound on it, for problems that are too large to search whole.

`frontier` has no bound when it stops early. For worth alone there is one: an integer programme over options and
demands, solved by HiGHS (Huangfu and Hall 2018, "Parallelizing the dual revised simplex method", Mathematical
Programming Computation 10) within a number of nodes, so that the same problem always ends in the same place.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import floor
from typing import Any, Final, NamedTuple

import numpy as np

from matching.frontier import Choice, Choices
from matching.options import bits_of

NODES: Final = 2000
"""Nodes of the search tree; most problems end in the first."""


class Optimum(NamedTuple):
    """A choice of great worth, if one was found, and the worth that no choice exceeds."""

    choice: Choice | None
    most_worth: int


def optimum(choices: Choices, budget: int, nodes: int = NODES) -> Optimum:
    """The choice of greatest worth that takes the fewest hours.

    It is the best one when its worth is `most_worth`; otherwise HiGHS has stopped at the number of nodes.

    Examples
    --------
    >>> choices = Choices(
    ...     hours=[10, 20, 15], covers=[0b01, 0b10, 0b11], requires=[0, 0b01, 0], excludes=[0b100, 0, 0b001],
    ...     worth={0: 1, 1: 1}, groups={},
    ... )
    >>> optimum(choices, 40)
    Optimum(choice=Choice(hours=15, worth=2, grouped=0, options=(2,)), most_worth=2)
    """
    from scipy.optimize import Bounds, LinearConstraint, milp  # half a second to import, and seldom needed

    demands = sorted({*choices.worth, *(one for bits in choices.requires for one in bits_of(bits))})
    options, unit = len(choices.hours), budget + 1
    # A level is worth more than all hours together, so one objective puts worth first and hours second.
    gain = [-float(hours) for hours in choices.hours] + [
        float(choices.worth.get(one, 0) * unit) for one in demands
    ]
    rows, most = _rows(choices, demands, budget)
    solved = milp(
        -np.array(gain),
        constraints=LinearConstraint(rows, -np.inf, most),
        bounds=Bounds(0.0, 1.0),
        integrality=np.ones(len(gain)),
        options={"node_limit": nodes, "mip_rel_gap": 0.0},
    )
    total = sum(choices.worth.values())
    bound = solved.get("mip_dual_bound")
    # The bound is on worth × unit − hours, and no choice takes more hours than the budget.
    most_worth = total if bound is None else min(total, floor((budget - bound + 1e-6) / unit))
    chosen = [] if solved.x is None else np.flatnonzero(solved.x[:options] > 0.5).tolist()
    return Optimum(_choice(choices, chosen) if chosen else None, most_worth)


def _rows(choices: Choices, demands: Sequence[int], budget: int) -> tuple[Any, list[float]]:
    """The constraints, each a row of coefficients and the most that it may come to."""
    from scipy.sparse import csr_array

    options = len(choices.hours)
    column = {demand: options + place for place, demand in enumerate(demands)}
    rows: list[dict[int, float]] = [dict(enumerate(map(float, choices.hours)))]
    most = [float(budget)]
    for demand in demands:
        suppliers = (place for place in range(options) if choices.covers[place] >> demand & 1)
        rows.append({column[demand]: 1.0} | dict.fromkeys(suppliers, -1.0))
        most.append(0.0)
    for place in range(options):
        for demand in bits_of(choices.requires[place]):
            rows.append({place: 1.0, column[demand]: -1.0})
            most.append(0.0)
        for other in bits_of(choices.excludes[place] >> place + 1):
            rows.append({place: 1.0, place + 1 + other: 1.0})
            most.append(1.0)
    values = [value for row in rows for value in row.values()]
    across = [place for row in rows for place in row]
    down = [number for number, row in enumerate(rows) for _ in row]
    shape = (len(rows), options + len(demands))
    return csr_array((values, (down, across)), shape=shape), most


def _choice(choices: Choices, options: Sequence[int]) -> Choice:
    covered = 0
    for place in options:
        covered |= choices.covers[place]
    return Choice(
        hours=sum(choices.hours[place] for place in options),
        worth=sum(worth for demand, worth in choices.worth.items() if covered >> demand & 1),
        grouped=sum(count for group, count in choices.groups.items() if group & ~covered == 0),
        options=tuple(options),
    )
