from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, log_loss, ndcg_score

from matching import MatchingError
from matching.evaluate import (
    ablation,
    calibration,
    calibration_by_group,
    coverage,
    discounts,
    exposure,
    gini,
    lift,
    ndcg,
    recall,
)
from matching.score import PARTS, part_weights
from matching.types import Weights
from matching.world import LOOKED_AT, ON, outcomes_of, seeded_world
from tests.matching.strategies import steady

amounts = st.floats(0.0, 100.0).map(lambda value: round(value, 3))
chances = st.floats(0.0, 1.0)
answered = st.lists(st.tuples(chances, st.booleans()), min_size=1, max_size=60)
names = st.sampled_from("abcdef")
lists = st.lists(st.lists(names, unique=True), max_size=8)


# --- order -----------------------------------------------------------------------------------------------------------


@given(st.lists(amounts, max_size=12), st.integers(1, 12))
def test_ndcg_of_ideal_order_is_one(gains, k):
    assert ndcg(sorted(gains, reverse=True), k) == 1.0


@given(st.lists(amounts, max_size=12), st.integers(1, 12), st.randoms(use_true_random=False))
def test_ndcg_lies_between_0_and_1_and_no_order_beats_the_ideal(gains, k, chance):
    shuffled = gains.copy()
    chance.shuffle(shuffled)
    assert 0.0 <= ndcg(shuffled, k) <= 1.0 + 1e-12


@given(st.lists(amounts, min_size=2, max_size=12).filter(any), st.integers(1, 12))
def test_ndcg_is_that_of_scikit_learn(gains, k):
    order = np.arange(len(gains), 0, -1)
    theirs = ndcg_score([gains], [order], k=k)
    assert ndcg(gains, k) == pytest.approx(theirs, abs=1e-12)


def test_ndcg_counts_what_was_left_out():
    assert ndcg([1.0], 2, ideal=[4.0, 1.0]) == pytest.approx(1.0 / (4.0 + discounts(2)[1]))


def test_ndcg_refuses_gains_below_0():
    for gains, ideal in (([-1.0], None), ([1.0], [-1.0])):
        with pytest.raises(MatchingError):
            ndcg(gains, 1, ideal)


def test_recall_of_nothing_relevant_is_one():
    assert recall(["a"], [], 1) == 1.0


@given(st.lists(names, unique=True), st.sets(names, min_size=1), st.integers(0, 6))
def test_recall_rises_with_k(shown, relevant, k):
    assert recall(shown, relevant, k) <= recall(shown, relevant, k + 1)
    assert recall(list(relevant), relevant, len(relevant)) == 1.0


# --- exposure --------------------------------------------------------------------------------------------------------


@given(lists, st.integers(0, 6))
def test_exposure_counts_every_first_line_once(shown, k):
    assert exposure(shown, k).total() == sum(min(k, len(one)) for one in shown)


@given(lists, st.integers(0, 6))
def test_coverage_is_the_share_with_any_exposure(shown, k):
    catalogue = set("abcdef")
    assert coverage(shown, catalogue, k) == len(exposure(shown, k)) / 6


def test_empty_catalogue_is_covered():
    assert coverage([["a"]], [], 5) == 1.0


@given(st.lists(amounts, min_size=1, max_size=20), st.integers(1, 9))
def test_gini_is_bounded_and_knows_neither_order_nor_unit(values, factor):
    found = gini(values)
    assert 0.0 <= found <= (len(values) - 1) / len(values) + 1e-12
    assert gini(reversed(values)) == found
    assert gini(factor * value for value in values) == pytest.approx(found, abs=1e-9)


@given(st.lists(amounts, min_size=1, max_size=12).filter(any))
def test_gini_is_half_the_relative_mean_difference(values):
    pairs = [abs(one - other) for one in values for other in values]
    assert gini(values) == pytest.approx(sum(pairs) / (2 * len(values) * sum(values)), abs=1e-9)


@given(amounts, st.integers(1, 30))
def test_gini_of_equal_values_is_exactly_0(value, count):
    assert gini([value] * count) == 0.0


def test_gini_refuses_values_below_0():
    with pytest.raises(MatchingError):
        gini([1.0, -1.0])


# --- chances ---------------------------------------------------------------------------------------------------------


@given(answered, st.integers(1, 12), st.randoms(use_true_random=False))
def test_calibration_does_not_depend_on_the_order_of_rows(rows, bins, chance):
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    one, other = (calibration(*zip(*some, strict=True), bins=bins) for some in (rows, shuffled))
    assert one.error == pytest.approx(other.error, abs=1e-9)
    assert one.brier == pytest.approx(other.brier, abs=1e-9)
    assert lift(*zip(*rows, strict=True)) == pytest.approx(lift(*zip(*shuffled, strict=True)), abs=1e-9)


@given(answered, st.integers(1, 12))
def test_bins_hold_all_rows_and_their_means(rows, bins):
    stated, true = zip(*rows, strict=True)
    found = calibration(stated, true, bins=bins)
    assert sum(one.rows for one in found.bins) == found.rows == len(rows)
    assert sum(one.rows * one.share for one in found.bins) == pytest.approx(sum(true), abs=1e-9)
    assert sum(one.rows * one.chance for one in found.bins) == pytest.approx(sum(stated), abs=1e-9)
    assert [one.chance for one in found.bins] == sorted(one.chance for one in found.bins)


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.booleans()), min_size=2, max_size=60))
def test_brier_and_log_loss_are_those_of_scikit_learn(rows):
    stated, true = zip(*rows, strict=True)
    found = calibration(stated, true)
    assert found.brier == pytest.approx(brier_score_loss(true, stated, pos_label=True), abs=1e-9)
    assert found.log_loss == pytest.approx(log_loss(true, stated, labels=[False, True]), abs=1e-9)


def test_calibration_finds_what_is_off():
    chance = np.random.default_rng(1)
    true = chance.random(20_000)
    came = chance.random(20_000) < true
    honest, bold = calibration(true, came), calibration(np.clip(1.6 * true - 0.3, 0.0, 1.0), came)
    assert honest.error < 0.01
    assert bold.error > 0.05
    assert honest.brier < bold.brier


def test_sure_and_wrong_is_dear_but_finite():
    assert 30.0 < calibration([1.0], [0]).log_loss < math.inf


@pytest.mark.parametrize(("stated", "true"), [([], []), ([0.5], [0, 1]), ([1.5], [1]), ([float("nan")], [1])])
def test_calibration_refuses_what_is_no_chance(stated, true):
    with pytest.raises(MatchingError):
        calibration(stated, true)


def test_lift_of_a_perfect_order_is_the_inverse_of_the_share():
    true = [1] * 10 + [0] * 90
    assert lift(np.linspace(1.0, 0.0, 100), true) == pytest.approx(10.0)
    assert lift([0.5] * 100, true) == pytest.approx(1.0)
    assert lift([0.5] * 3, [0, 0, 0]) == 1.0


def test_groups_are_judged_apart_and_need_a_label_each():
    found = calibration_by_group([0.2, 0.8, 0.2], [0, 1, 1], ["a", "a", "b"])
    assert {label: one.rows for label, one in found.items()} == {"a": 2, "b": 1}
    assert found["b"].error == pytest.approx(0.8)
    with pytest.raises(MatchingError):
        calibration_by_group([0.2], [0], [])


# --- ablation and the seeded world -----------------------------------------------------------------------------------


def test_ablation_needs_lines_for_the_same_students():
    one = [np.zeros((1, 1))]
    with pytest.raises(MatchingError):
        ablation(one, [], one, ["skills"])
    with pytest.raises(MatchingError):
        ablation([], [], [], ["skills"])


def test_ablation_gives_the_room_of_a_missing_part_to_the_others():
    parts = [np.array([[0.6, np.nan], [0.5, 0.65]])]
    found = ablation(parts, [np.array([1.0, 0.0])], [np.full((2, 2), 0.5)], ["skills", "travel"], k=1)
    assert found[""].ndcg == found["travel"].ndcg == 1.0
    assert found["skills"].ndcg == 0.0


def test_ablation_finds_the_part_that_carries_the_truth():
    chance = np.random.default_rng(2)
    parts = [chance.random((30, 3)) for _ in range(40)]
    gains = [one[:, 1] for one in parts]
    found = ablation(parts, gains, [np.ones((30, 3))] * 40, ["skills", "travel", "hours"])
    assert found["travel"].change < -5 * found["travel"].error < 0.0
    assert found["skills"].change > 5 * found["skills"].error > 0.0


def test_score_knows_the_truth_of_the_seeded_world_in_part_only():
    world = seeded_world(5, students=60, opportunities=150)
    scale = {kind: part_weights(Weights(), kind) for kind in ("internship", "visit", "training")}
    scored, blind = [], []
    for row, lines in enumerate(world.lines):
        if len(lines) < 20:
            continue
        for line in lines:
            assert line.parts.keys() <= scale[world.kind_of(line)].keys() == set(PARTS)
        gains, scores = world.agreed(row), np.array([line.score for line in lines])
        scored.append(ndcg(gains[np.argsort(-scores)].tolist(), 10))
        blind.append(ndcg(gains.tolist(), 10))
    assert len(scored) > 30
    assert np.mean(blind) + 0.1 < np.mean(scored) < 0.95


@steady
@given(st.integers(0, 3), st.integers(0, 2))
def test_world_and_outcomes_are_repeatable(seed, turn):
    one, other = (seeded_world(seed, students=8, opportunities=30) for _ in range(2))
    assert one.lines == other.lines
    assert all((a == b).all() for a, b in zip(one.student_yes, other.student_yes, strict=True))
    assert outcomes_of(one, 30, seed=turn) == outcomes_of(other, 30, seed=turn)
    assert outcomes_of(one, 30, seed=turn) != outcomes_of(one, 30, seed=turn + 1)


def test_outcomes_follow_the_true_chances():
    world = seeded_world(3, students=40, opportunities=80)
    some = outcomes_of(world, 20_000, drift=0.0)
    expected = np.mean(
        [
            world.agreed(row)[np.argsort([-line.score for line in lines], kind="stable")[:LOOKED_AT]].mean()
            for row, lines in enumerate(world.lines)
            if lines
        ]
    )
    assert np.mean([one.is_agreed for one in some]) == pytest.approx(expected, abs=0.01)
    assert max(one.on for one in some) <= ON
    assert all((one.company is None) == (not one.student) for one in some)
