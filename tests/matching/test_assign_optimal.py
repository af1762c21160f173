"""Optimal assignment against everything that could be done with small classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import optimal
from matching.assign import assign, solve
from matching.errors import Infeasible, MatchingError
from matching.market import Market
from matching.problem import Seats
from tests.matching.classes import is_lawful, plans, questions, worth
from tests.matching.strategies import steady
from tests.matching.test_assign_stable import by_unit, markets


def solved(question, **options):
    found = assign(*question.arguments(), **question.rules, mode="optimal", **options)
    assert found.is_proven
    return by_unit(question, found), found


@steady
@given(questions(side="ties periods tutors school pins"))
def test_optimal_reaches_every_aim_in_order(question):
    lawful = plans(question)
    if not lawful:
        with pytest.raises(Infeasible):
            solved(question)
        return
    plan, found = solved(question)
    assert is_lawful(question, plan)
    best = min(worth(question, other) for other in lawful)
    assert worth(question, plan) == best
    said = [level.value for level in found.levels]
    assert said == pytest.approx([-best[0], *best[1:-2], -best[-2]])


@steady
@given(questions(side="ties periods tutors school"), st.permutations(["placed", "score"]))
def test_optimal_keeps_to_the_order_of_aims_that_is_asked_for(question, aims):
    plan, _ = solved(question, aims=aims)

    def reached(plan):
        values = dict(
            zip(("placed", "score"), (worth(question, plan)[0], worth(question, plan)[-2]), strict=True)
        )
        return [values[aim] for aim in aims]

    assert reached(plan) == min(reached(one) for one in plans(question))


@steady
@given(questions(side="ties periods tutors school pins groups minimum"))
def test_optimal_with_groups_and_minimum_sizes_reaches_every_aim_in_order(question):
    lawful = plans(question)
    if not lawful:
        with pytest.raises(Infeasible):
            solved(question)
        return
    plan, _ = solved(question)
    assert is_lawful(question, plan)
    assert worth(question, plan) == min(worth(question, other) for other in lawful)


@steady
@given(questions(side="ties periods tutors school"), st.data())
def test_optimal_changes_as_little_as_the_other_aims_allow(question, data):
    previous = data.draw(st.sampled_from(plans(question)))
    plan, _ = solved(question, previous=previous)
    assert worth(question, plan, previous) == min(worth(question, one, previous) for one in plans(question))


@steady
@given(questions(side="ties periods tutors school"), st.randoms(use_true_random=False))
def test_optimal_does_not_depend_on_the_order_of_students(question, chance):
    shuffled = question.students.copy()
    chance.shuffle(shuffled)
    assert solved(question)[0] == solved(replace(question, students=shuffled))[0]


@steady
@given(markets())
def test_optimal_by_prices_and_by_whole_numbers_agree(market):
    by_prices, levels = solve(market, mode="optimal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimal._Program, "_by_flow", lambda *_: None)
        patch.setattr(optimal._Program, "_by_prices", lambda *_: None)
        whole, same_levels = solve(market, mode="optimal")
    assert levels == same_levels
    assert by_prices.tolist() == whole.tolist()


@steady
@given(markets())
def test_optimal_by_flow_and_by_prices_agree(market):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimal._Program, "_integer", None)  # a network never needs it
        by_flow, levels = solve(market, mode="optimal")
        patch.setattr(optimal._Program, "_by_flow", lambda *_: None)
        by_prices, same_levels = solve(market, mode="optimal")
    assert levels == same_levels
    assert by_flow.tolist() == by_prices.tolist()


@steady
@given(markets(), st.integers(1, 3))
def test_optimal_from_a_few_edges_equals_optimal_from_all(market, first):
    of_all, levels = solve(market, mode="optimal", aims=("score",))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(optimal, "MANY", 0)
        patch.setattr(optimal, "FIRST", first)
        patch.setattr(optimal._Program, "_integer", None)
        of_few, same_levels = solve(market, mode="optimal", aims=("score",))
    assert levels == same_levels
    assert of_few.tolist() == of_all.tolist()


def test_optimal_sacrifices_nobody_for_the_sum():
    # The best sum sends c to a third wish; two second wishes are fairer.
    students, seats = ["a", "b", "c"], {"x": 1, "y": 1, "z": 1}
    wishes = {"a": ["x", "y", "z"], "b": ["y", "z", "x"], "c": ["x", "y", "z"]}
    scores = {("a", "x"): 1.0, ("b", "y"): 1.0, ("c", "z"): 0.1}
    by_sum = assign(students, seats, scores, wishes, mode="optimal", aims=("score",))
    assert dict(by_sum) == {"a": "x", "b": "y", "c": "z"}
    fair = assign(students, seats, scores, wishes, mode="optimal")
    assert {level.name: level.value for level in fair.levels} == pytest.approx(
        {"placed": 3, "beyond": 0, "wish 3": 0, "wish 2": 2, "score": 1.0}
    )


def test_optimal_equal_plans_are_decided_by_seed():
    students, wishes = [f"s{n}" for n in range(9)], {f"s{n}": ["o"] for n in range(9)}
    found = {
        next(iter(assign(students, {"o": 1}, {}, wishes, mode="optimal", seed=seed))) for seed in range(20)
    }
    assert len(found) > 3


@pytest.mark.parametrize("minimum", [0, 2])
def test_optimal_out_of_time_says_how_far_it_may_be(minimum):
    students = [f"s{n}" for n in range(6)]
    seats = {"x": Seats(2, minimum=minimum), "y": Seats(2, minimum=minimum)}
    wishes = {student: ["x", "y"] for student in students}
    found = assign(students, seats, {("s0", "x"): 0.5}, wishes, mode="optimal", seconds=0)
    assert not found.is_proven
    proven = assign(students, seats, {("s0", "x"): 0.5}, wishes, mode="optimal")
    for name, value, bound in proven.levels:
        level = {level.name: level for level in found.levels}[name]
        assert value == bound
        low, high = sorted([level.value, level.bound])
        if name == "placed":
            assert low <= value <= high


def test_optimal_counts_changes():
    students, seats = ["a", "b"], {"x": 1, "y": 1}
    wishes = {"a": [["x", "y"]], "b": [["x", "y"]]}
    for previous in ({"a": "x", "b": "y"}, {"a": "y", "b": "x"}):
        found = assign(students, seats, {}, wishes, mode="optimal", previous=previous)
        assert dict(found) == previous
        assert found.levels[-1] == ("changes", 0.0, 0.0)
    moved = assign(students, seats, {}, wishes, mode="optimal", previous=previous, pins={"a": "x"})
    assert moved.levels[-1] == ("changes", 2.0, 2.0)
    again = assign(students, seats, {}, wishes, mode="optimal", previous=moved)
    assert dict(again) == dict(moved)


def test_optimal_refuses_an_unknown_aim_or_mode():
    with pytest.raises(MatchingError, match="beauty"):
        assign(["a"], {"x": 1}, {}, {}, mode="optimal", aims=("beauty",))
    with pytest.raises(MatchingError, match="magic"):
        assign(["a"], {"x": 1}, {}, {}, mode="magic")


def test_optimal_of_nothing_is_nothing():
    market = Market.of([0, 0], np.array([], np.int64), [], [1])
    assert solve(market, mode="optimal")[0].tolist() == [-1]


def test_optimal_where_nobody_may_go_anywhere():
    """All tutors are full and the only wish is forbidden: an assignment without a place, not an error."""
    found = assign(
        ["s0", "s1"],
        {"o0": Seats(0)},
        {("s1", "o0"): 0.25},
        {"s0": [["o0"]], "s1": []},
        mode="optimal",
        forbidden={("s0", "o0"): "age"},
        tutors={"t": (0, []), "u": (0, [])},
    )
    assert dict(found) == {}
    assert found.unplaced == ("s0", "s1")
