"""What is refused before anything is solved, and the several ways to ask the same."""

from __future__ import annotations

import numpy as np
import pytest

from matching.assign import assign
from matching.errors import Infeasible, MatchingError
from matching.market import Market
from matching.problem import Seats, Tutor, pose

ASKED = {"students": ["a", "b"], "seats": {"x": 1, "y": 2}, "scores": {}, "wishes": {}}

REFUSED = {
    "a student twice": {"students": ["a", "a"]},
    "fewer than no seats": {"seats": {"x": -1}},
    "a list for somebody unknown": {"wishes": {"z": []}},
    "a wish for something unknown": {"wishes": {"a": ["z"]}},
    "a wish twice": {"wishes": {"a": ["x", ["y", "x"]]}},
    "too few lists without names": {"wishes": [["x"]]},
    "a score of somebody unknown": {"scores": {("z", "x"): 1.0}},
    "a score for something unknown": {"scores": {"a": {"z": 1.0}}},
    "a score that is no number": {"scores": {("a", "x"): float("nan")}},
    "an infinite score": {"scores": np.array([[np.inf, 0.0], [0.0, 0.0]])},
    "a table of another shape": {"scores": np.zeros((2, 3))},
    "a table with groups": {"scores": np.zeros((2, 2)), "groups": {"g": ["a", "b"]}},
    "a pin of somebody unknown": {"pins": {"z": "x"}},
    "a pin to something unknown": {"pins": {"a": "z"}},
    "a pin to an unknown period": {"pins": {"a": ("x", "june")}},
    "an exclusion of somebody unknown": {"forbidden": [("z", "x")]},
    "an exclusion from something unknown": {"forbidden": [("a", "z")]},
    "availability of somebody unknown": {"free": {"z": ["june"]}},
    "a tutor of something unknown": {"tutors": {"t": (1, ["z"])}},
    "two tutors of one opportunity": {"tutors": {"t": (1, ["x"]), "u": (1, ["x"])}},
    "an empty group": {"groups": {"g": []}},
    "a group called like a student": {"groups": {"a": ["b"]}},
    "somebody in two groups": {"groups": {"g": ["a"], "h": ["a"]}},
    "somebody unknown in a group": {"groups": {"g": ["z"]}},
}

CONTRADICTORY = {
    "two pins": {"pins": [("a", "x"), ("a", "y")]},
    "two pins in a group": {"pins": {"a": "x", "b": "y"}, "groups": {"g": ["a", "b"]}},
    "a forbidden pin": {"pins": {"a": "x"}, "forbidden": [("a", "x", "under 16")]},
    "a pin forbidden to another member": {
        "pins": {"a": "x"}, "forbidden": [("b", "x")], "groups": {"g": ["a", "b"]},
    },
    "a pin when not free": {
        "seats": {"x": {"june": 1}, "y": 1}, "pins": {"a": "x"}, "free": {"a": ["july"]},
    },
    "a pin to seats for groups": {"seats": {"x": Seats(1, groups_only=True), "y": 1}, "pins": {"a": "x"}},
    "more pins than seats": {"pins": {"a": "x", "b": "x"}},
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_pose_refuses(case):
    with pytest.raises(MatchingError):
        pose(**{**ASKED, **REFUSED[case]})


@pytest.mark.parametrize("mode", ["stable", "optimal"])
@pytest.mark.parametrize("case", CONTRADICTORY)
def test_assign_refuses_contradictions(case, mode):
    with pytest.raises(Infeasible):
        assign(**{**ASKED, **CONTRADICTORY[case]}, mode=mode)


def test_optimal_refuses_pins_that_a_minimum_cannot_hold():
    with pytest.raises(Infeasible):
        assign(["a"], {"x": Seats(5, minimum=3)}, {}, {}, pins={"a": "x"}, mode="optimal")


def test_seats_need_a_number():
    with pytest.raises(MatchingError):
        Seats()


def test_pose_reads_the_same_from_every_form():
    scores = {("a", "x"): 0.5, ("b", "x"): 0.25}
    forms = [
        {"scores": scores},
        {"scores": {"a": {"x": 0.5}, "b": {"x": 0.25}}},
        {"scores": np.array([[0.5, np.nan], [0.25, np.nan]])},
        {"scores": scores, "wishes": [[], []]},
        {"scores": scores, "seats": {"x": Seats(1), "y": Seats(2)}},
        {"scores": scores, "tutors": {"t": Tutor(9, ["x"])}},
        {"scores": scores, "forbidden": {("b", "y"): "age"}, "pins": [("a", "x", None)]},
    ]
    for form in forms:
        assert dict(assign(**{**ASKED, **form})) == {"a": "x"}
    assert pose(**ASKED, forbidden=[("b", "y")]).forbidden == {("b", "y"): "forbidden"}


@pytest.mark.parametrize(
    ("start", "seat"), [([0, 1], [5]), ([0, 1], [-1]), ([1, 1], [0]), ([0, 2], [0]), ([0, 2, 1], [0])]
)
def test_market_refuses_edges_that_lead_nowhere(start, seat):
    with pytest.raises(MatchingError):
        Market.of(start, seat, [0.5], [1])
