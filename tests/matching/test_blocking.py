"""Blocking pairs beside their definition, pair by pair; scores come from few values, so that lots often decide."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.blocking import blocking_edges
from matching.market import NONE, Market
from tests.matching.strategies import examples

SCORES = (0.25, 0.5, 0.75)


@st.composite
def nested_markets(draw: st.DrawFn) -> tuple[Market, np.ndarray]:
    """Single students, seats within outer quotas or in none, and any choice that overfills nothing."""
    seats, outer = draw(st.integers(1, 4)), draw(st.integers(0, 2))
    lists = [draw(st.lists(st.integers(0, seats - 1), unique=True)) for _ in range(draw(st.integers(1, 6)))]
    start = np.cumsum([0, *map(len, lists)])
    edges = int(start[-1])
    market = Market.of(
        start,
        np.array([seat for one in lists for seat in one], np.int64),
        draw(st.lists(st.sampled_from(SCORES), min_size=edges, max_size=edges)),
        draw(st.lists(st.integers(1, 2), min_size=seats, max_size=seats)),
        seed=draw(st.integers(0, 99)),
    )
    around = [draw(st.integers(-1, outer - 1)) for _ in range(seats)]
    # The first outer quota may lie in the second, which then holds seats at two depths.
    outermost = [seats + 1 if outer == 2 and draw(st.booleans()) else NONE, NONE]
    market = replace(
        market,
        parent=np.array([NONE if one < 0 else seats + one for one in around] + outermost[:outer], np.int64),
        pinned=np.array(draw(st.lists(st.booleans(), min_size=len(lists), max_size=len(lists)))),
        capacity=np.concatenate([market.capacity, np.full(outer, draw(st.integers(1, 3)), np.int64)]),
    )
    load = np.zeros(len(market.capacity), np.int64)
    chosen = np.full(market.units, NONE, np.int64)
    for unit in range(market.units):
        options = [NONE, *range(int(start[unit]), int(start[unit + 1]))]
        edge = draw(st.sampled_from(options))
        quotas = market.chain(int(market.seat[edge])) if edge != NONE else []
        if all(load[quota] < market.capacity[quota] for quota in quotas):
            chosen[unit] = edge
            load[quotas] += 1
    return market, chosen


@given(nested_markets())
@examples(200)
def test_an_edge_blocks_when_those_before_it_leave_room(drawn: tuple[Market, np.ndarray]) -> None:
    market, chosen = drawn
    value = np.where(market.pinned[market.unit], np.inf, market.score)
    expected = []
    for edge in range(len(market.seat)):
        unit = int(market.unit[edge])
        if chosen[unit] != NONE and edge >= chosen[unit]:
            continue  # the unit would not rather have it
        mine = (value[edge], market.lot[unit])
        before = [
            set(market.chain(int(market.seat[chosen[other]])))
            for other in range(market.units)
            if other != unit and chosen[other] != NONE and (value[chosen[other]], market.lot[other]) > mine
        ]
        if all(
            sum(quota in quotas for quotas in before) < market.capacity[quota]
            for quota in market.chain(int(market.seat[edge]))
        ):
            expected.append(edge)
    assert blocking_edges(market, chosen).edges.tolist() == expected


def test_the_lowest_lot_is_that_of_the_lowest_score_at_whatever_depth() -> None:
    """Seat 0 lies in the tutor's quota at once, seat 1 through its opportunity: both of the tutor's seats are taken."""
    market = replace(
        Market.of([0, 1, 2, 3], seat=[0, 1, 0], score=[0.75, 0.25, 0.25], capacity=[2, 2]),
        parent=np.array([3, 2, 3, NONE]),
        capacity=np.array([2, 2, 2, 2]),
        lot=np.array([1, 9, 5], np.uint64),
    )
    assert blocking_edges(market, np.array([0, 1, NONE])).edges.tolist() == []
    higher = replace(market, lot=np.array([1, 9, 10], np.uint64))
    assert blocking_edges(higher, np.array([0, 1, NONE])).edges.tolist() == [2]


def test_a_pinned_student_blocks_at_a_full_seat_whatever_the_score() -> None:
    market = Market.of([0, 1, 2], seat=[0, 0], score=[0.25, 0.75], capacity=[1])
    chosen = np.array([NONE, 1])
    assert blocking_edges(market, chosen).edges.tolist() == []
    pinned = replace(market, pinned=np.array([True, False]))
    assert blocking_edges(pinned, chosen).edges.tolist() == [0]
