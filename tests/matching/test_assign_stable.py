"""Stable assignment against every stable plan of small classes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import stable
from matching.assign import assign, solve
from matching.blocking import blocking_edges
from matching.check import check
from matching.errors import Infeasible
from matching.market import Market
from matching.problem import Seats
from tests.matching.classes import Question, blocking, choices, is_lawful, plans, questions
from tests.matching.strategies import steady


def by_unit(question: Question, found):
    """What `assign` says, by unit; a group must be whole."""
    plan = {}
    for unit, members in question.units().items():
        seats = {(found[one], found.periods.get(one)) if one in found else None for one in members}
        assert len(seats) == 1
        seat = seats.pop()
        if seat is not None:
            plan[unit] = seat
    return plan


def solved(question: Question, **options):
    try:
        found = assign(*question.arguments(), **question.rules, **options)
    except Infeasible:
        return None
    return by_unit(question, found)


@steady
@given(questions(side="ties periods tutors"))
def test_stable_is_best_for_every_student_of_all_stable_plans(question):
    plan = solved(question)
    assert is_lawful(question, plan)
    assert blocking(question, plan, leaves=False) == set()
    for other in plans(question):
        if not blocking(question, other, leaves=False):
            for student in question.students:
                wanted = choices(question, student)
                mine = wanted.index(plan[student]) if student in plan else len(wanted)
                theirs = wanted.index(other[student]) if student in other else len(wanted)
                assert mine <= theirs


@steady
@given(questions(side="ties periods tutors school"))
def test_stable_with_tutors_at_school_is_stable_and_follows_the_highest_lots(question):
    plan = solved(question)
    assert is_lawful(question, plan)
    assert blocking(question, plan, leaves=False) == set()


def test_stable_sends_nobody_away_for_nothing():
    # Four seats for the tutor's five students and s5: whoever takes a seat that is given up is counted again.
    students, wishes = [f"s{n}" for n in range(6)], {f"s{n}": ["x", "y"] for n in range(6)}
    for seed in range(10):
        found = assign(
            students, {"x": 2, "y": 2}, {}, wishes, school_tutors={"v": (3, students[:5])}, seed=seed
        )
        report = check(found)
        assert (len(found), "s5" in found, report.is_valid, report.is_stable) == (4, True, True, True)


@steady
@given(questions(side="ties periods"))
def test_stable_without_tutors_leaves_nobody_a_better_seat(question):
    assert blocking(question, solved(question), leaves=True) == set()


@steady
@given(questions(side="ties periods tutors school groups minimum pins"))
def test_stable_keeps_every_rule_whatever_binds(question):
    plan = solved(question)
    if plan is None:
        assert "pins" in question.rules
        return
    pinned = {seat[0] for unit, seat in plan.items() if unit in question.rules.get("pins", {})}
    seats = {n: replace(s, minimum=0) if n in pinned else s for n, s in question.seats.items()}
    assert is_lawful(replace(question, seats=seats), plan)
    for unit, seat in plan.items():
        assert seat in choices(question, unit)


@steady
@given(questions(side="ties minimum"))
def test_stable_with_minimum_is_stable_among_what_is_open(question):
    assert blocking(question, solved(question), leaves=True) == set()


@steady
@given(questions(side="ties periods tutors school groups minimum"), st.randoms(use_true_random=False))
def test_stable_does_not_depend_on_the_order_of_students(question, chance):
    shuffled = question.students.copy()
    chance.shuffle(shuffled)
    assert solved(question) == solved(replace(question, students=shuffled))


@st.composite
def markets(draw, most=40):
    units, seats = draw(st.integers(0, most)), draw(st.integers(1, 8))
    chance = draw(st.randoms(use_true_random=False))
    lists = [chance.sample(range(seats), chance.randrange(seats + 1)) for _ in range(units)]
    flat = [seat for row in lists for seat in row]
    return Market.of(
        np.cumsum([0, *map(len, lists)]),
        np.array(flat, np.int64),
        [chance.choice([0.0, 0.5, 1.0, chance.random()]) for _ in flat],
        [chance.randrange(7) for _ in range(seats)],
        seed=draw(st.integers(0, 5)),
    )


@steady
@given(markets(), st.integers(0, 40))
def test_stable_in_rounds_one_by_one_and_nested_agree(market, few):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stable, "FEW", few)
        in_rounds = stable.deferred_acceptance(market)
    assert stable._nested(market, stable.priority(market), market.start[:-1]).tolist() == in_rounds.tolist()
    assert len(blocking_edges(market, in_rounds).edges) == 0


def test_stable_equal_scores_are_decided_by_seed():
    students = [f"s{n}" for n in range(20)]
    winners = {
        next(iter(assign(students, {"o": 1}, {}, {s: ["o"] for s in students}, seed=seed)))
        for seed in range(20)
    }
    assert len(winners) > 5


def test_stable_closes_the_seat_farthest_from_its_minimum_and_tries_again_at_the_end():
    # Neither visit fills alone; when the smaller one closes, its student fills the other.
    wishes = {"a": ["zoo", "lab"], "b": ["lab"], "c": ["lab"]}
    found = assign(list("abc"), {"zoo": Seats(5, minimum=3), "lab": Seats(5, minimum=3)}, {}, wishes)
    assert dict(found) == {"a": "lab", "b": "lab", "c": "lab"}


def test_stable_reopens_what_others_fill_after_all():
    # "old" closes first with one of three. "new" closes next, and its two students fill "old".
    wishes = {"a": ["old"], "b": ["new", "old"], "c": ["new", "old"]}
    found = assign(list("abc"), {"old": Seats(5, minimum=3), "new": Seats(5, minimum=3)}, {}, wishes)
    assert dict(found) == {"a": "old", "b": "old", "c": "old"}


def test_stable_keeps_a_pinned_student_though_too_few_come():
    found = assign(["a"], {"lab": Seats(5, minimum=3)}, {}, {}, pins={"a": "lab"})
    assert dict(found) == {"a": "lab"}


@pytest.mark.parametrize("tutors", [{}, {"t": (1, ["x"])}])
def test_stable_pin_goes_before_the_highest_score(tutors):
    scores = {("b", "x"): 1.0, ("a", "x"): 0.1}
    found = assign(["a", "b"], {"x": 1}, scores, {"b": ["x"]}, pins={"a": "x"}, tutors=tutors)
    assert dict(found) == {"a": "x"}
    assert check(found).blocking == ()


def test_stable_takes_a_group_whole_or_not():
    groups = {"4A": ["a", "b", "c"]}
    wishes = {"4A": ["lab"], "d": ["lab"]}
    scores = {("4A", "lab"): 1.0, ("d", "lab"): 0.5}
    for seats, expected in {2: {"d"}, 3: set("abc"), 4: set("abcd")}.items():
        assert set(assign(list("abcd"), {"lab": seats}, scores, wishes, groups=groups)) == expected


def test_stable_pins_that_do_not_fit_are_refused():
    with pytest.raises(Infeasible):
        assign(["a", "b"], {"o": 1}, {}, {}, pins={"a": "o", "b": "o"})


def test_solve_gives_the_same_from_arrays():
    students, names = ["s0", "s1", "s2"], ["o0", "o1"]
    scores = np.array([[0.9, 0.1], [0.8, np.nan], [0.7, 0.6]])
    found = assign(
        students, dict.fromkeys(names, 1), scores, {"s0": ["o0"], "s1": ["o0"], "s2": ["o0", "o1"]}
    )
    assert dict(found) == {"s0": "o0", "s2": "o1"}
    market = Market.of([0, 2, 3, 5], [0, 1, 0, 0, 1], [0.9, 0.1, 0.8, 0.7, 0.6], [1, 1])
    assert market.seat[solve(market)[0]].tolist()[::2] == [0, 1]
