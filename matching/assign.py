"""Assign a class to seats: stable, or optimal by aims in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal, Unpack

import numpy as np

from matching.errors import Infeasible, MatchingError
from matching.market import NONE, Ints, Market, NamedMarket, market_of
from matching.optimal import AIMS, aims_of, optimise
from matching.outcome import Assignment, Level
from matching.problem import Problem, Rules, Scores, Seat, Seats, Wishes, pose, seat_of
from matching.stable import deferred_acceptance

Mode = Literal["stable", "optimal"]

GONE: Final = -2
"""The edge of a seat that one had before and that is no longer possible."""


def assign(
    students: Sequence[str],
    seats: Mapping[str, int | Mapping[str, int] | Seats],
    scores: Scores,
    wishes: Wishes,
    *,
    mode: Mode = "stable",
    previous: Mapping[str, Seat] | None = None,
    seconds: float = 60.0,
    aims: Sequence[str] = AIMS,
    **rules: Unpack[Rules],
) -> Assignment:
    """Give every student at most one seat.

    Parameters
    ----------
    students, seats, scores, wishes, **rules
        The question: see `matching.problem.pose`, whose keywords are `pins`, `forbidden`, `tutors`, `groups`,
        `free`, `wishes_only` and `seed`.
    mode
        `"stable"`: nobody can be told "you go before those who are there, and yet the seat is not yours";
        among all such assignments the one that every student likes best (see `matching.stable` for what
        groups and minimum sizes change). `"optimal"`: the best by `aims`, each exact among what is best for
        those before it.
    previous
        The assignment to stay close to; only `"optimal"` looks at it.
    seconds
        Time for `"optimal"`. When it runs out, `Assignment.levels` says how far each aim may be off.
    aims
        The aims of `"optimal"` in their order, out of `matching.optimal.AIMS`. `("score",)` alone is the best
        sum.

    Raises
    ------
    MatchingError
        A question that contradicts itself.
    Infeasible
        Pins that fit no lawful assignment.

    Examples
    --------
    >>> scores = {("anna", "workshop"): 0.9, ("bruno", "workshop"): 0.4, ("anna", "office"): 0.3}
    >>> wishes = {"anna": ["office", "workshop"], "bruno": ["workshop"]}
    >>> dict(assign(["anna", "bruno"], {"office": 1, "workshop": 1}, scores, wishes))
    {'anna': 'office', 'bruno': 'workshop'}
    """
    problem = pose(students, seats, scores, wishes, **rules)
    named = market_of(problem)
    before = None if previous is None else _edges_of(problem, named, previous)
    chosen, levels = solve(named.market, mode=mode, previous=before, seconds=seconds, aims=aims)
    return _assignment(problem, named, chosen, mode, levels)


def solve(
    market: Market,
    *,
    mode: Mode = "stable",
    previous: Ints | None = None,
    seconds: float = 60.0,
    aims: Sequence[str] = AIMS,
) -> tuple[Ints, tuple[Level, ...]]:
    """The same on arrays: the edge that each unit gets, or -1, and the levels reached.

    Examples
    --------
    >>> market = Market.of([0, 2, 3], seat=[0, 1, 0], score=[0.2, 0.9, 0.7], capacity=[1, 1])
    >>> chosen, _ = solve(market)
    >>> market.seat[chosen].tolist()
    [1, 0]
    """
    chosen = deferred_acceptance(market)
    if mode == "optimal":
        return optimise(market, list(aims_of(market, aims, previous)), chosen, seconds)
    if mode != "stable":
        raise MatchingError(f"no mode is called {mode!r}")
    if (chosen[market.pinned] == NONE).any():
        raise Infeasible("the pins do not fit together; name their periods, or make them fewer")
    return chosen, ()


def _edges_of(problem: Problem, named: NamedMarket, plan: Mapping[str, Seat]) -> Ints:
    """The edge of each unit's seat in a plan, -1 where it has none, -2 where that is no longer possible."""
    market = named.market
    found = np.full(market.units, NONE)
    periods = plan.periods if isinstance(plan, Assignment) else {}
    for unit, name in enumerate(named.units):
        student = problem.units[name][0]
        if student not in plan:
            continue
        opportunity, period = seat_of(plan[student])
        period = periods.get(student, period)
        found[unit] = GONE
        for edge in range(int(market.start[unit]), int(market.start[unit + 1])):
            seat = named.seats[market.seat[edge]]
            if seat[0] == opportunity and period in (None, seat[1]):
                found[unit] = edge
                break
    return found


def _assignment(
    problem: Problem, named: NamedMarket, chosen: Ints, mode: str, levels: tuple[Level, ...]
) -> Assignment:
    placed: dict[str, str] = {}
    periods: dict[str, str] = {}
    for unit, edge in enumerate(chosen.tolist()):
        if edge == NONE:
            continue
        opportunity, period = named.seats[named.market.seat[edge]]
        for student in problem.units[named.units[unit]]:
            placed[student] = opportunity
            if period is not None:
                periods[student] = period
    return Assignment(
        placed={student: placed[student] for student in problem.students if student in placed},
        periods=periods,
        unplaced=tuple(student for student in problem.students if student not in placed),
        mode=mode,
        levels=levels,
        problem=problem,
        named=named,
    )
