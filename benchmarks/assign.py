"""Assignment beside named peers on the same class, in one interleaved run.

    python benchmarks/assign.py [--stable 200 2000 20000 100000] [--optimal 20000] [--repeats 3]

Stable: `algmatch` (hospital/residents, best for residents), from its dictionary to its result, against
`Market.of`, `solve` and the check of stability from arrays, for it checks stability too. Optimal by sum of
scores: OR-Tools' min-cost flow, SciPy's sparse assignment with one column per seat, and SciPy's dense
assignment. Peers that are not installed, or that would take minutes, are skipped by name.

Everybody lists 15 opportunities at random; one opportunity with ten seats per ten students; scores are whole
millionths, so that all peers see the same numbers. Times are CPU seconds, the least of the repeats. Memory is
what the peak of the process grows by, each in a process of its own.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from time import process_time

import numpy as np

from matching.assign import assign, solve
from matching.blocking import blocking_edges
from matching.market import Market

LISTED = 15
SEATS = 10
UNIT = 10**6


class Class:
    """Random lists and scores for so many students."""

    def __init__(self, students: int, seed: int = 0) -> None:
        chance = np.random.default_rng(seed)
        self.students, self.opportunities = students, max(students // SEATS, LISTED)
        self.seat = np.stack(
            [chance.choice(self.opportunities, LISTED, replace=False) for _ in range(students)]
        )
        self.millionths = chance.integers(1, UNIT, self.seat.shape)

    def market(self) -> Market:
        start = np.arange(0, self.seat.size + 1, LISTED)
        capacity = np.full(self.opportunities, SEATS)
        return Market.of(start, self.seat.ravel(), self.millionths.ravel() / UNIT, capacity)

    def orders(self) -> list[np.ndarray]:
        """Every opportunity's students, best first, by our order of priority."""
        from matching.stable import priority

        market = self.market()
        order = np.lexsort((-priority(market), market.seat))
        return np.split(market.unit[order], np.searchsorted(market.seat[order], range(1, self.opportunities)))


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    start = process_time()
    result = work()
    return process_time() - start, result


def with_algmatch(one: Class) -> Callable[[], dict[int, int]]:
    """Student to opportunity by algmatch."""
    from algmatch import HR

    residents = {s + 1: [int(o) + 1 for o in row] for s, row in enumerate(one.seat)}
    hospitals = {
        o + 1: {"capacity": SEATS, "preferences": [int(s) + 1 for s in row]}
        for o, row in enumerate(one.orders())
    }

    def work() -> dict[int, int]:
        peer = HR(dictionary={"residents": residents, "hospitals": hospitals})
        found = peer.get_stable_matching()["resident_sided"]
        return {int(who[1:]) - 1: int(where[1:]) - 1 for who, where in found.items() if where}

    return work


def by_student(market: Market, chosen: np.ndarray) -> dict[int, int]:
    placed = np.flatnonzero(chosen >= 0)
    return dict(zip(placed.tolist(), market.seat[chosen[placed]].tolist(), strict=True))


def stable(sizes: list[int], repeats: int) -> None:
    print(f"\n{'stable':>10} {'ours':>9} {'check':>9} {'of solve':>9} {'algmatch':>9} {'ratio':>7}")
    least: dict[int, float] = {}
    for students in sizes:
        one = Class(students)
        ours, checks, theirs = [], [], []
        rounds = max(repeats, 20_000 // students)
        for number in range(rounds):
            spent, market = seconds(one.market)
            more, (chosen, _) = seconds(lambda market=market: solve(market))
            ours.append(spent + more)
            spent, blocking = seconds(lambda market=market, chosen=chosen: blocking_edges(market, chosen))
            checks.append(spent)
            assert not len(blocking.edges)
            if number == 0 and students <= 20_000 and find_spec("algmatch"):
                work = with_algmatch(one)
            if students <= 20_000 and find_spec("algmatch") and number < (1 if students > 5_000 else 5):
                spent, found = seconds(work)
                theirs.append(spent)
                assert found == by_student(market, chosen), "not the same student-optimal result"
        least[students] = min(ours)
        peer = (
            f"{min(theirs):9.4f} {min(theirs) / (min(ours) + min(checks)):6.0f}×"
            if theirs
            else f"{'–':>9} {'–':>7}"
        )
        print(
            f"{students:>10,} {min(ours):>9.5f} {min(checks):>9.5f} {min(checks) / min(ours):>9.1%} {peer}",
            flush=True,
        )
    if {20_000, 100_000} <= least.keys():
        print(f"100,000 in {least[100_000] / least[20_000]:.1f}× the time of 20,000")


def sum_ours(one: Class) -> int:
    market = one.market()
    chosen, levels = solve(market, mode="optimal", aims=("score",))
    assert levels[0].gap == 0
    return int(one.millionths.ravel()[chosen[chosen >= 0]].sum())


def sum_ortools(one: Class) -> int:
    from ortools.graph.python import min_cost_flow

    flow = min_cost_flow.SimpleMinCostFlow()
    students, opportunities = one.students, one.opportunities
    source, sink = students + opportunities, students + opportunities + 1
    each, everyone = np.repeat(np.arange(students), LISTED), np.arange(students)
    seats = np.arange(students, students + opportunities)
    tail = np.concatenate([each, np.full(students, source), seats, [source]])
    head = np.concatenate([students + one.seat.ravel(), everyone, np.full(opportunities, sink), [sink]])
    room = np.concatenate([np.ones(each.size + students), np.full(opportunities, SEATS), [students]])
    cost = np.concatenate([-one.millionths.ravel(), np.zeros(students + opportunities + 1)])
    flow.add_arcs_with_capacity_and_unit_cost(tail, head, room.astype(np.int64), cost.astype(np.int64))
    flow.set_nodes_supplies(np.array([source, sink]), np.array([students, -students]))
    assert flow.solve() == flow.OPTIMAL
    return -int(flow.optimal_cost())


def sum_sparse(one: Class) -> int:
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching

    columns = (one.seat[:, :, None] * SEATS + np.arange(SEATS)).reshape(one.students, -1)
    alone = one.opportunities * SEATS + np.arange(one.students)[:, None]
    cost = np.hstack([-np.repeat(one.millionths, SEATS, axis=1), np.ones_like(alone)]).astype(np.float64)
    cost[cost == 0] = -1e-9  # a stored zero would be no edge
    rows = np.repeat(np.arange(one.students), columns.shape[1] + 1)
    shape = (one.students, one.opportunities * SEATS + one.students)
    graph = csr_array((cost.ravel(), (rows, np.hstack([columns, alone]).ravel())), shape=shape)
    row, column = min_weight_full_bipartite_matching(graph)
    taken = np.asarray(graph.tocsr()[row, column]).ravel()
    return -round(float(taken[taken < 0].sum()))


def sum_dense(one: Class) -> int:
    from scipy.optimize import linear_sum_assignment

    worth = np.zeros((one.students, one.opportunities * SEATS), np.float64)
    for seat in range(SEATS):
        worth[np.arange(one.students)[:, None], one.seat * SEATS + seat] = one.millionths
    row, column = linear_sum_assignment(worth, maximize=True)
    return int(worth[row, column].sum())


def sum_aims(one: Class) -> int:
    """All aims in order, not only the sum."""
    market = one.market()
    chosen, levels = solve(market, mode="optimal", seconds=400)
    assert all(level.gap == 0 for level in levels)
    return int(one.millionths.ravel()[chosen[chosen >= 0]].sum())


SUMS = {
    "ours": sum_ours, "OR-Tools": sum_ortools, "SciPy sparse": sum_sparse, "SciPy dense": sum_dense,
    "all aims": sum_aims,
}  # fmt: skip


def alone(name: str, students: int) -> None:
    """Run one solver in this process and print total, seconds and the growth of the peak."""
    import scipy.optimize
    import scipy.sparse.csgraph  # noqa: F401 - what is imported does not count as growth

    if name == "OR-Tools":
        from ortools.graph.python import min_cost_flow  # noqa: F401
    one = Class(students)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent, total = seconds(lambda: SUMS[name](one))
    print(total, spent, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)


def optimal(students: int, repeats: int, without: list[str]) -> None:
    print(f"\noptimal by sum, {students:,} students")
    best: dict[str, tuple[int, float, float]] = {}
    for number in range(repeats):
        for name in SUMS:
            is_slow = name in ("SciPy dense", "all aims")
            if name in without or (is_slow and number) or (name == "OR-Tools" and not find_spec("ortools")):
                continue
            run = [sys.executable, __file__, "--alone", name, "--optimal", str(students)]
            said = subprocess.run(run, capture_output=True, text=True, check=True).stdout.split()
            total, spent, mebibytes = int(said[0]), float(said[1]), float(said[2])
            print(f"  {name}: {spent:.2f} s", file=sys.stderr, flush=True)
            known = best.get(name, (total, spent, mebibytes))
            best[name] = (total, min(spent, known[1]), max(mebibytes, known[2]))
    for name, (total, spent, mebibytes) in best.items():
        ratio = spent / best["ours"][1]
        print(
            f"{name:>14}: total {total / UNIT:.6f}, {spent:8.2f} s, {mebibytes:7.0f} MiB, {ratio:6.2f}× ours"
        )
    assert len({total for name, (total, *_) in best.items() if name != "all aims"}) == 1


def public(students: int) -> None:
    """The whole way from plain mappings, for scale."""
    one = Class(students)
    names = [f"s{n}" for n in range(students)]
    places = [f"o{n}" for n in range(one.opportunities)]
    wishes = {name: [places[o] for o in row] for name, row in zip(names, one.seat, strict=True)}
    scores = {
        name: {places[o]: int(w) / UNIT for o, w in zip(row, worth, strict=True)}
        for name, row, worth in zip(names, one.seat, one.millionths, strict=True)
    }
    spent, _ = seconds(lambda: assign(names, dict.fromkeys(places, SEATS), scores, wishes))
    print(f"\nassign() from plain mappings, {students:,} students: {spent:.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stable", type=int, nargs="*", default=[200, 2_000, 20_000, 100_000])
    parser.add_argument("--optimal", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--without", nargs="*", default=[], help="peers to leave out, by name")
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        alone(options.alone, options.optimal)
        return
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}"
    )
    if options.stable:
        stable(options.stable, options.repeats)
        public(max(size for size in options.stable if size <= 20_000))
    if options.optimal:
        optimal(options.optimal, options.repeats, options.without)


if __name__ == "__main__":
    main()
