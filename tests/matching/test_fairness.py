from __future__ import annotations

import doctest
import math
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import MatchingError, Ranked
from matching.evaluate import gini, ndcg
from matching.fairness import LOSS, NEAR, PER_SEAT, ROOM, Exposure, Treatment, report, rerank
from matching.learn import LEAST, RISING
from matching.prices import NOBODY, Market, adjusted, capacities, clear
from matching.types import Kind
from matching.world import seeded_world
from tests.matching.strategies import steady

GOODS = "abcdefgh"


@st.composite
def territories(draw):
    """Lists that fall by score, some of them empty or short, with scores that often tie; and seats."""
    scores = st.sampled_from([0.0, 0.2, 0.5, 0.5, 0.505, 0.51, 0.525, 0.7, 0.9])
    lists = {}
    for number in range(draw(st.integers(0, 6))):
        goods = draw(st.lists(st.sampled_from(GOODS), unique=True, max_size=6))
        falling = sorted((draw(scores) for _ in goods), reverse=True)
        lists[f"s{number}"] = [Ranked(good, score, {}) for good, score in zip(goods, falling, strict=True)]
    return lists, {good: draw(st.integers(1, 4)) for good in GOODS}


losses = st.sampled_from([0.0, 0.01, 0.05, 0.3, 1.0])


def crowd(students: int = 24, goods: int = 12) -> tuple[dict[str, list[Ranked]], dict[str, int]]:
    """Everybody has the same list, its scores close together."""
    line = [Ranked(f"g{number:02}", 0.8 - 0.004 * number, {}) for number in range(goods)]
    return {f"s{number:02}": line for number in range(students)}, {one.id: 1 for one in line}


def mean_loss(lists, shown, k):
    found = [
        1.0 - ndcg([line.score for line in shown[student]][:k], k, [line.score for line in lines])
        for student, lines in lists.items()
        if any(line.score > 0 for line in lines)
    ]
    return sum(found) / len(found) if found else 0.0


# --- re-ranking ------------------------------------------------------------------------------------------------------


@steady
@given(territories(), st.integers(1, 5), losses, st.integers(0, 3))
def test_every_list_keeps_its_members_and_their_scores(territory, k, loss, seed):
    lists, seats = territory
    found = rerank(lists, seats, k=k, loss=loss, seed=seed, protected="ab")
    assert list(found.lists) == list(lists)
    for student, lines in found.lists.items():
        assert [line.after for line in lines] == list(range(1, len(lines) + 1))
        assert [line.ranked for line in sorted(lines, key=lambda line: line.before)] == lists[student]
        for line in lines:
            assert line.price == found.prices.get(line.ranked.id, 0.0)
            assert line.is_moved == (lists[student][line.after - 1] is not line.ranked)
            assert abs(line.price) <= 3.0 * found.ceiling + 1e-9


@steady
@given(territories(), st.integers(1, 5), losses, st.sampled_from([0.0, 0.01, 0.2]))
def test_lists_lose_no_more_than_allowed_beyond_what_is_dealt(territory, k, loss, near):
    lists, seats = territory
    found = rerank(lists, seats, k=k, loss=loss, near=near)
    assert found.loss == pytest.approx(mean_loss(lists, found.ranked(), k), abs=1e-9)
    dealt = rerank(lists, seats, k=k, loss=0.0, near=near)
    assert found.loss <= max(loss, dealt.loss) + 1e-12


@steady
@given(territories(), st.integers(1, 5))
def test_without_prices_and_dealing_nothing_moves(territory, k):
    lists, seats = territory
    found = rerank(lists, seats, k=k, loss=0.0, near=0.0)
    assert found.ranked() == lists
    assert not found.prices
    assert found.ceiling == found.loss == 0.0


@steady
@given(territories(), st.integers(1, 5), st.integers(0, 9))
def test_dealing_swaps_only_what_is_nearly_equal(territory, k, seed):
    lists, seats = territory
    found = rerank(lists, seats, k=k, loss=0.0, near=0.01, seed=seed)
    for lines in found.ranked().values():
        for one, other in combinations(lines, 2):
            assert one.score >= other.score - 0.01 - 1e-12


@steady
@given(territories(), st.integers(1, 5), losses, st.integers(0, 3), st.randoms(use_true_random=False))
def test_same_seed_same_lists_in_whatever_order_students_come(territory, k, loss, seed, chance):
    lists, seats = territory
    students = list(lists)
    chance.shuffle(students)
    again = rerank({student: lists[student] for student in students}, seats, k=k, loss=loss, seed=seed)
    assert again == replace(
        rerank(lists, seats, k=k, loss=loss, seed=seed),
        lists={student: again.lists[student] for student in lists},
    )


def test_another_seed_deals_near_ties_to_others():
    lists, seats = crowd()
    firsts = {
        seed: [lines[0].id for lines in rerank(lists, seats, loss=0.0, seed=seed).ranked().values()]
        for seed in range(3)
    }
    assert firsts[0] != firsts[1] != firsts[2]
    assert len(set(firsts[0])) > 1


def test_crowd_is_spread_over_everything():
    lists, seats = crowd()
    before, after = (
        report(lists, seats, k=2),
        report(rerank(lists, seats, k=2, near=0.0).ranked(), seats, k=2),
    )
    assert before.coverage == pytest.approx(2 / 12)
    assert after.coverage == 1.0
    assert after.gini < 0.2 < before.gini


def test_more_loss_spreads_no_less():
    lists, seats = crowd()
    spread = [
        report(rerank(lists, seats, k=2, near=0.0, loss=loss).ranked(), seats, k=2).gini
        for loss in (0.0, 0.005, 0.02, 0.1)
    ]
    assert spread == sorted(spread, reverse=True)
    assert spread[0] > spread[1] > spread[2]


def test_first_lines_stand_by_score_and_the_rest_by_score_less_price():
    lists, seats = crowd()
    found = rerank(lists, seats, k=3, near=0.0)
    for lines in found.lists.values():
        shown, rest = lines[:3], lines[3:]
        assert [line.before for line in shown] == sorted(line.before for line in shown)
        worth = [line.ranked.score - line.price for line in rest]
        assert worth == sorted(worth, reverse=True)


def test_protected_get_their_share_of_seats():
    lists, seats = crowd()
    small = {"g09", "g10", "g11"}
    # Caps and floors alone would be content with less than these seats' share.
    seats |= dict.fromkeys(small, 6)
    free, held = (rerank(lists, seats, k=4, near=0.0, loss=0.5, protected=some) for some in ((), small))
    labels = {"size": dict.fromkeys(small, "small")}
    lines = [
        report(one.ranked(), seats, k=4, opportunities=labels).opportunities["size"]["small"]
        for one in (free, held)
    ]
    assert lines[0].lines < lines[0].seats <= lines[1].lines


def test_seeded_world_is_spread_within_the_loss():
    world = seeded_world(2, students=50, opportunities=240)
    lists = {
        student.id: sorted(
            (line for line in lines if world.kind_of(line) is Kind.INTERNSHIP), key=lambda line: -line.score
        )
        for student, lines in zip(world.students, world.lines, strict=True)
    }
    seats = {line.id: world.index[line.id].seats_free for lines in lists.values() for line in lines}
    found = rerank(lists, seats)
    before, after = report(lists, seats), report(found.ranked(), seats)
    assert found.loss <= 0.02
    assert after.coverage > 1.1 * before.coverage
    assert after.gini < 0.67 * before.gini


@pytest.mark.parametrize(
    ("lists", "seats", "options"),
    [
        ({"s": [Ranked("a", 0.5, {})]}, {}, {}),
        ({"s": [Ranked("a", 0.5, {}), Ranked("b", 0.6, {})]}, {"a": 1, "b": 1}, {}),
        ({}, {}, {"k": 0}),
        ({}, {}, {"loss": 1.5}),
        ({}, {}, {"near": -0.1}),
    ],
)
def test_rerank_refuses(lists, seats, options):
    with pytest.raises(MatchingError):
        rerank(lists, seats, **options)


# --- prices ----------------------------------------------------------------------------------------------------------


@st.composite
def markets(draw):
    """Small enough to try every way of filling the lists."""
    rows = draw(st.integers(1, 4))
    width = draw(st.integers(1, 4))
    utilities = st.integers(0, 100).map(lambda points: points / 100)
    goods = np.full((rows, width), NOBODY, np.int64)
    worth = np.full((rows, width), -np.inf)
    for row in range(rows):
        some = draw(st.lists(st.integers(0, 4), unique=True, min_size=1, max_size=width))
        goods[row, : len(some)] = some
        worth[row, : len(some)] = sorted((draw(utilities) for _ in some), reverse=True)
    caps = np.array([draw(st.integers(1, 3)) for _ in range(5)], np.int64)
    k = draw(st.integers(1, min(2, width)))
    return Market(goods, worth, caps, np.minimum(1, caps), np.zeros(5, np.bool_), 0.0, k)


def value(market: Market, chosen: np.ndarray, ceiling: float) -> float:
    """The program's objective for whole lines."""
    counts = np.bincount(market.goods[chosen], minlength=len(market.caps))
    over = np.maximum(counts - market.caps, 0).sum() + np.maximum(market.floors - counts, 0).sum()
    return float(market.utilities[chosen].sum() - ceiling * over)


def best_by_trying(market: Market, ceiling: float) -> float:
    ways = []
    for row in market.goods:
        places = np.flatnonzero(row != NOBODY).tolist()
        ways.append(list(combinations(places, min(market.k, len(places)))))
    best = -math.inf
    for choice in product(*ways):
        chosen = np.zeros(market.goods.shape, np.bool_)
        for row, places in enumerate(choice):
            chosen[row, list(places)] = True
        best = max(best, value(market, chosen, ceiling))
    return best


@steady
@given(markets(), st.sampled_from([0.0, 0.02, 0.1, 0.5]))
def test_chosen_lines_are_the_optimum_and_prices_prove_it(market, ceiling):
    prices, chosen = clear(market, ceiling)
    assert (chosen.sum(axis=1) == np.minimum((market.goods != NOBODY).sum(axis=1), market.k)).all()
    assert value(market, chosen, ceiling) == pytest.approx(best_by_trying(market, ceiling), abs=1e-7)
    assert (np.abs(prices) <= ceiling + 1e-9).all()
    worth = adjusted(market, prices)
    for row, taken in enumerate(chosen):
        left = ~taken & (market.goods[row] != NOBODY)
        if left.any():
            assert worth[row][taken].min() >= worth[row][left].max() - 1e-7


def test_equal_students_share_out_what_prices_have_made_equal():
    worth = np.sort(np.random.default_rng(6).random(40))[::-1]
    market = Market(
        np.tile(np.arange(40), (40, 1)),
        np.tile(worth, (40, 1)),
        np.ones(40, np.int64),
        np.zeros(40, np.int64),
        np.zeros(40, np.bool_),
        0.0,
        1,
    )
    assert clear(market, 5.0).chosen.sum(axis=0).tolist() == [1] * 40


@given(
    st.lists(st.integers(0, 50), min_size=1, max_size=20),
    st.integers(0, 500),
    st.sampled_from([1.0, 1.2, 2.0]),
    st.sampled_from([1.0, 5.0, 20.0]),
)
def test_capacities_hold_the_lines_and_give_more_seats_no_less(seats, slots, room, per_seat):
    some = np.array(seats, np.int64)
    caps = capacities(some, slots, room, per_seat)
    assert (caps >= 1).all()
    assert caps.sum() >= min(slots, slots * some.sum()) - 1e-6
    assert (np.diff(caps[np.argsort(some, kind="stable")]) >= 0).all()
    if per_seat * some.sum() > room * slots:
        assert (caps <= np.maximum(1, np.ceil(per_seat * some))).all()
        free = caps[per_seat * some > caps]
        assert free.max(initial=0) - free.min(initial=10**6) <= 0


# --- report ----------------------------------------------------------------------------------------------------------


@given(territories(), st.integers(1, 5))
def test_report_shares_add_up(territory, k):
    lists, seats = territory
    labels = {"size": {"a": "small", "b": "small", "c": "large"}}
    found = report(lists, seats, k=k, opportunities=labels, students={"school": {"s0": "x"}})
    groups = found.opportunities["size"]
    assert set(groups) == {"small", "large", "?"}
    lines = sum(min(k, len(some)) for some in lists.values())
    for column in (0, 1, 2):
        total = sum(one[column] for one in groups.values())
        assert total == pytest.approx(0.0 if column == 2 and not lines else 1.0)
    assert sum(one.students for one in found.students["school"].values()) == len(lists)
    assert sum(one.lines for one in found.students["school"].values()) == lines
    assert sum(one.without for one in found.students["school"].values()) == sum(
        not some for some in lists.values()
    )
    assert sum(found.distance.values()) == pytest.approx(1.0 if lines else 0.0)


def test_report_says_who_gets_what():
    lists = {
        "ada": [Ranked("a", 0.9, {}, travel_km=5.0), Ranked("b", 0.5, {}, travel_km=40.0)],
        "leo": [Ranked("a", 0.7, {}), Ranked("c", 0.3, {}, travel_km=5.1)],
        "zoe": [],
    }
    found = report(
        lists, {"a": 1, "b": 1, "c": 2, "d": 4}, k=2, opportunities={"size": {"a": "large", "b": "large"}},
        students={"gender": {"ada": "f", "zoe": "f", "leo": "m"}},
    )  # fmt: skip
    assert found.coverage == 0.75
    assert found.gini == gini([2, 1, 1, 0])
    assert found.gini_per_seat == gini([2, 1, 0.5, 0])
    assert found.gini_discounted == pytest.approx(gini([2.0, 1 / math.log2(3), 1 / math.log2(3), 0.0]))
    assert found.opportunities == {
        "size": {"?": Exposure(0.5, 0.75, 0.25, 0.5), "large": Exposure(0.5, 0.25, 0.75, 1.0)}
    }
    assert found.students["gender"]["f"] == Treatment(2, 2, pytest.approx(0.7), 1)
    assert found.students["gender"]["m"] == Treatment(1, 2, pytest.approx(0.5), 0)
    assert found.distance == {5.0: 0.25, 15.0: 0.25, math.inf: 0.25, None: 0.25}


def test_page_is_true():
    page = Path(__file__).parents[2] / "docs" / "fairness.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 10
    assert result.failed == 0
    text = page.read_text(encoding="utf-8")
    assert f"keeps {1 - LOSS:.0%}".replace("%", " %") in text
    assert f"{ROOM:g} times the lines" in text
    assert f"at most {PER_SEAT:g}\ntimes the seats" in text
    assert f"± {NEAR / 2:g} from a hash" in text
    assert f"Under {LEAST} answers" in text
    for name in RISING:
        assert name in text
