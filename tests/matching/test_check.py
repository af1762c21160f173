"""The checker against rules and blocking pairs written out from the plain question."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.assign import assign
from matching.check import BlockingPair, check
from matching.errors import Infeasible, MatchingError
from matching.problem import Seats
from matching.types import Reason
from matching.why import CODES, PHRASES, say_why
from tests.matching.classes import blocking, plans, questions, rank_of
from tests.matching.strategies import steady


def expanded(question, plan):
    return {
        student: plan[unit]
        for unit, members in question.units().items()
        if unit in plan
        for student in members
    }


def judged(question, plan, **options):
    return check(expanded(question, plan), *question.arguments(), **question.rules, **options)


@steady
@given(questions(side="ties periods tutors school groups minimum"), st.data())
def test_check_finds_exactly_the_blocking_pairs(question, data):
    plan = data.draw(st.sampled_from(plans(question)))
    report = judged(question, plan)
    units = question.units()
    expected = {
        (student, *seat) for unit, seat in blocking(question, plan, leaves=True) for student in units[unit]
    }
    assert {pair[:3] for pair in report.blocking} == expected
    if "groups" not in question.rules:
        moves = blocking(question, plan, leaves=True) - blocking(question, plan, leaves=False)
        found = {
            (pair.student, (pair.opportunity, pair.period))
            for pair in report.blocking
            if pair.kind == "same_tutor"
        }
        assert found == moves


@steady
@given(questions(side="ties periods tutors school groups minimum pins"), st.data())
def test_check_finds_a_violation_exactly_in_unlawful_plans(question, data):
    seats = [(name, period) for name, offer in question.seats.items() for period in offer.periods or (None,)]
    plan = {s: data.draw(st.sampled_from(seats)) for s in question.students if data.draw(st.booleans())}
    rules = question.rules
    try:
        report = check(plan, *question.arguments(), **rules)
    except Infeasible:
        return  # a pin without a seat
    lawful = [expanded(question, one) for one in plans(question)]
    pinned = rules.get("pins", {})
    lawful = [
        one for one in lawful if all(one[m][0] == n for u, n in pinned.items() for m in question.units()[u])
    ]
    assert report.is_valid == (plan in lawful)


@steady
@given(questions(side="ties periods tutors school minimum"), st.data())
def test_check_counts_ranks_and_shares(question, data):
    plan = data.draw(st.sampled_from(plans(question)))
    report = judged(question, plan)
    last = rank_of(question, "nobody", "nothing")
    ranks = [rank_of(question, student, seat[0]) for student, seat in plan.items()]
    assert report.profile == {rank: ranks.count(rank) for rank in sorted(set(ranks)) if rank < last}
    assert report.beyond == ranks.count(last)
    assert report.unplaced == len(question.students) - len(plan)
    assert report.placed_share == len(plan) / len(question.students)


@steady
@given(questions(side="ties periods tutors school groups minimum"), st.sampled_from(["stable", "optimal"]))
def test_check_never_finds_a_violation_in_ours_and_why_not_always_answers(question, mode):
    found = assign(*question.arguments(), **question.rules, mode=mode)
    report = check(found)
    assert report.violations == ()
    assert set(report.blocking) == set(judged_again(found, question).blocking)
    # Another period of the own opportunity may block too; why_not is about opportunities.
    pairs = {(pair.student, pair.opportunity) for pair in report.blocking} - set(found.items())
    for student in question.students:
        for name in question.seats:
            cause = report.why_not(student, name)
            assert (cause.code == "has_it") == (found.get(student) == name)
            assert (cause.code in {"seat_free", "lower_ranked", "same_tutor"}) == ((student, name) in pairs)
            for language in PHRASES:
                assert "{" not in say_why(cause, language)


def judged_again(found, question):
    plan = {student: (name, found.periods.get(student)) for student, name in found.items()}
    return check(plan, *question.arguments(), **question.rules)


CLASS = ["ada", "bea", "ciro"]
SCORES = {("ada", "shop"): 0.9, ("bea", "shop"): 0.5, ("ciro", "shop"): 0.2}
WISHES = {"ada": ["shop"], "bea": ["shop", "bank"], "ciro": ["shop", "bank"]}
CAUSES = {
    "has_it": ({}, "ada", "shop", {"opportunity": "shop"}),
    "forbidden": ({"forbidden": [("ciro", "shop", "under 16")]}, "ciro", "shop", {"rule": "under 16"}),
    "groups_only": ({"seats": {"shop": 1, "bank": Seats(5, groups_only=True)}}, "bea", "bank", {"opportunity": "bank"}),
    "pinned": ({"pins": {"bea": "bank"}}, "bea", "shop", {"own": "bank"}),
    "period_clash": (
        {"seats": {"shop": {"june": 1}, "bank": 2}, "free": {"ciro": ["july"]}}, "ciro", "shop", {"periods": "june"},
    ),
    "not_listed": ({}, "ada", "bank", {"opportunity": "bank"}),
    "prefers_own": ({"seats": {"shop": 3, "bank": 1}}, "bea", "bank", {"own": "shop", "own_rank": 1, "rank": 2}),
    "better_score": (
        {"wishes": {}, "seats": {"shop": 3, "bank": 1}, "scores": {**SCORES, ("ada", "bank"): 0.1}},
        "ada", "bank", {"own": "shop"},
    ),
    "below_minimum": ({"seats": {"shop": 1, "bank": Seats(5, minimum=3)}}, "bea", "bank", {"minimum": 3}),
    "no_seats": ({"seats": {"shop": 1, "bank": 0}}, "bea", "bank", {}),
    "full": ({}, "ciro", "shop", {"seats": 1, "position": 3, "last": 1, "above": 2}),
    "tutor_full": (
        {"seats": {"shop": 2, "bank": 2}, "tutors": {"rossi": (1, ["shop", "bank"])}, "scores": {**SCORES, ("bea", "bank"): 0.1}},
        "bea", "shop", {"tutor": "rossi", "capacity": 1, "position": 2, "last": 1, "above": 1},
    ),
    "school_tutor_full": (
        {"seats": {"shop": 1, "bank": 2}, "school_tutors": {"bo": (1, ["ada", "bea", "ciro"])}, "plan": {"ada": "shop"}, "seed": 3},
        "ciro", "bank", {"tutor": "bo", "capacity": 1},
    ),
    "seat_free": ({"plan": {"bea": "bank"}}, "ada", "shop", {}),
    "lower_ranked": ({"plan": {"bea": "shop"}}, "ada", "shop", {"lower": 1}),
    "same_tutor": (
        {
            "seats": {"shop": 1, "bank": 1},
            "tutors": {"rossi": (1, ["shop", "bank"])},
            "scores": {("bea", "bank"): 0.9, ("bea", "shop"): 0.1},
            "plan": {"bea": "bank"},
        },
        "bea", "shop", {"tutor": "rossi"},
    ),
}  # fmt: skip


def test_why_not_knows_a_case_of_every_code():
    assert set(CAUSES) == CODES == set(PHRASES["en"])


@pytest.mark.parametrize("code", CAUSES)
def test_why_not_says_the_real_cause(code):
    changed, student, opportunity, values = CAUSES[code]
    asked = {"seats": {"shop": 1, "bank": 2}, "scores": SCORES, "wishes": WISHES, **changed}
    plan = asked.pop("plan", None)
    rules = {
        name: asked.pop(name)
        for name in ("forbidden", "pins", "free", "tutors", "school_tutors", "seed")
        if name in asked
    }
    question = CLASS, asked["seats"], asked["scores"], asked["wishes"]
    found = assign(*question, **rules) if plan is None else plan
    assert check(found, *question, **rules).why_not(student, opportunity) == Reason(code, values)


def test_why_not_refuses_the_unknown():
    report = check({}, CLASS, {"shop": 1}, {}, {})
    for pair in (("zeno", "shop"), ("ada", "moon")):
        with pytest.raises(MatchingError, match=r"zeno|moon"):
            report.why_not(*pair)


BREACHES = {
    "unknown_student": ({"zeno": "shop"}, {"student": "zeno"}),
    "unknown_opportunity": ({"ada": "moon"}, {"student": "ada", "opportunity": "moon"}),
    "unknown_period": ({"ada": "fair"}, {"student": "ada", "opportunity": "fair", "period": "None"}),
    "seats_exceeded": ({"ada": "shop", "bea": "shop"}, {"opportunity": "shop", "taken": 2, "seats": 1}),
    "below_minimum": ({"ada": "tour"}, {"opportunity": "tour", "taken": 1, "minimum": 2}),
    "tutor_exceeded": ({"ada": "desk", "bea": "desk"}, {"tutor": "rossi", "taken": 2, "capacity": 1}),
    "school_tutor_exceeded": (
        {"bea": "desk", "ciro": "tour"}, {"tutor": "bo", "taken": 2, "capacity": 1},
    ),
    "forbidden": ({"ciro": "shop"}, {"student": "ciro", "opportunity": "shop", "rule": "under 16"}),
    "not_free": ({"ada": ("fair", "july")}, {"student": "ada", "opportunity": "fair", "period": "july"}),
    "groups_only": ({"ada": "hall"}, {"student": "ada", "opportunity": "hall"}),
    "not_listed": ({"ada": "yard"}, {"student": "ada", "opportunity": "yard"}),
    "group_split": ({"dino": "shop"}, {"group": "4A"}),
    "pin_broken": ({"fia": "shop"}, {"student": "fia", "opportunity": "desk"}),
}  # fmt: skip


@pytest.mark.parametrize("code", BREACHES)
def test_check_names_every_violation(code):
    plan, values = BREACHES[code]
    seats = {
        "shop": 1, "tour": Seats(5, minimum=2), "desk": 3, "fair": Seats(3, {"june": 1, "july": 2}),
        "hall": Seats(9, groups_only=True), "yard": 1,
    }  # fmt: skip
    report = check(
        {"fia": "desk", **plan} if code != "tutor_exceeded" else plan,
        ["ada", "bea", "ciro", "dino", "elio", "fia"],
        seats,
        {("4A", "shop"): 1.0, ("fia", "shop"): 1.0},
        {name: ["shop", "tour", "desk", "fair", "hall"] for name in ("ada", "bea", "ciro")},
        groups={"4A": ["dino", "elio"]},
        tutors={"rossi": (1, ["desk"])},
        school_tutors={"bo": (1, ["bea", "ciro"])},
        forbidden={("ciro", "shop"): "under 16"},
        free={"ada": ["june"]},
        pins={"fia": "desk"},
    )
    assert not report.is_valid
    assert Reason(code, values) in report.violations


def test_check_names_a_total_over_all_periods():
    seats = {"fair": Seats(1, {"june": 1, "july": 1})}
    plan = {"ada": ("fair", "june"), "bea": ("fair", "july")}
    report = check(plan, CLASS, seats, {}, {name: ["fair"] for name in CLASS})
    assert report.violations == (Reason("seats_exceeded", {"opportunity": "fair", "taken": 2, "seats": 1}),)


def test_check_names_a_seat_that_enough_would_open():
    seats = {"tour": Seats(5, minimum=2), "bank": 3, "walk": Seats(periods={"may": 4}, minimum=2)}
    wishes = {"ada": ["tour", "walk", "bank"], "bea": ["tour", "bank"], "ciro": ["bank", "tour"]}
    report = check(dict.fromkeys(CLASS, "bank"), CLASS, seats, {}, wishes)
    assert report.blocking == ()
    assert report.could_open == (Reason("could_open", {"opportunity": "tour", "wanting": 2}),)
    assert not report.is_stable
    wishes["ciro"] = ["walk"]
    report = check({"ada": "bank", "bea": "bank"}, CLASS, seats, {}, wishes)
    assert report.could_open[1] == Reason(
        "could_open", {"opportunity": "walk", "wanting": 2, "period": "may"}
    )


def test_check_leaves_who_sits_off_the_list_where_they_are():
    report = check({"ada": "bank"}, ["ada", "bea"], {"bank": 1}, {}, {"bea": ["bank"]})
    assert [breach.code for breach in report.violations] == ["not_listed"]
    assert report.blocking == ()


def test_check_measures_envy_and_exposure():
    question = CLASS, {"shop": 1, "bank": 3}, SCORES, WISHES
    plan = {"bea": "shop", "ada": "bank", "ciro": "bank"}
    report = check(plan, *question, sizes={"shop": "small", "bank": "large"})
    assert report.blocking == (BlockingPair("ada", "shop", None, "lower_ranked"),)
    assert (report.envy, report.justified_envy) == (2, 1)
    assert report.exposure == {"small": (1, 1, 1, 1, 0.25, 1 / 3), "large": (1, 1, 3, 2, 0.75, 2 / 3)}


def test_check_needs_the_question_of_a_plan_by_hand():
    with pytest.raises(MatchingError, match="by hand"):
        check({"ada": "shop"})


@pytest.mark.parametrize(
    ("module", "strangers"),
    [
        ("matching.check", {"matching.assign", "matching.stable", "matching.optimal"}),
        ("matching.assign", {"matching.check", "matching.blocking", "matching.why"}),
    ],
)
def test_solver_and_checker_share_no_code(module, strangers):
    code = f"import sys, {module}; print(*(name for name in sys.modules if name.startswith('matching.')))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not strangers & set(loaded.split())


def test_assigning_loads_scipy_only_for_the_optimum():
    code = "import sys, matching.assign, matching.check; print([n for n in sys.modules if n == 'scipy'])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "[]\n"


def test_check_knows_that_a_group_needs_more_than_the_lowest_seat():
    scores = {("g", "x"): 0.5, ("c", "x"): 0.9, ("d", "x"): 0.1}
    question = ["a", "b", "c", "d"], {"x": 2}, scores, {"g": ["x"]}
    assert check({"c": "x", "d": "x"}, *question, groups={"g": ["a", "b"]}).blocking == ()
