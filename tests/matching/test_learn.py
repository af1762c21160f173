from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import MatchingError
from matching.learn import (
    HELD,
    KNOTS,
    LEARNABLE,
    LEAST,
    RISING,
    ChanceModel,
    Outcome,
    fit_chance,
    shortage,
    values_of,
)
from matching.score import PARTS
from matching.world import outcomes_of, seeded_world
from tests.matching.strategies import steady

DAY = date(2026, 3, 2)


@st.composite
def histories(draw):
    """Outcomes of any sort: parts that mislead, are missing or never vary; all of one answer included."""
    parts = draw(st.lists(st.sampled_from(LEARNABLE), unique=True, min_size=1, max_size=4))
    chance = np.random.default_rng(draw(st.integers(0, 2**32)))
    slopes = {name: draw(st.sampled_from([-9.0, 0.0, 3.0])) for name in parts}
    gaps = draw(st.sampled_from([0.0, 0.3]))
    found = []
    for number in range(draw(st.integers(2, 60))):
        own = {name: round(float(chance.random()), 2) for name in parts if chance.random() >= gaps}
        odds = sum(slopes[name] * (value - 0.5) for name, value in own.items())
        student, company = (bool(chance.random() < 1.0 / (1.0 + np.exp(-odds))) for _ in range(2))
        found.append(Outcome(own, student, company if student else None, DAY + timedelta(days=number // 3)))
    return found if any(one.parts for one in found) else [Outcome({"skills": 0.5}, True, True, DAY)] * 2


@pytest.fixture(scope="module")
def world():
    return seeded_world(4, students=120, opportunities=200)


@pytest.fixture(scope="module")
def outcomes(world):
    return outcomes_of(world, 4000)


@pytest.fixture(scope="module")
def model(outcomes):
    return fit_chance(outcomes)


# --- monotone --------------------------------------------------------------------------------------------------------


@steady
@given(histories(), st.data())
def test_more_of_a_rising_part_never_lowers_the_chance(history, data):
    found = fit_chance(history, least=0)
    if found is None:
        return
    values = st.one_of(st.floats(0.0, 1.0), st.just(float("nan")))
    row = np.array([[data.draw(values) for _ in found.parts]])
    grid = np.linspace(0.0, 1.0, 41)
    for column, name in enumerate(found.parts):
        rows = np.repeat(row, len(grid), axis=0)
        rows[:, column] = grid
        if name in RISING:
            assert (np.diff(found.chance(rows)) >= -1e-15).all()


def test_misleading_data_flatten_a_rising_part_and_bend_a_free_one():
    chance = np.random.default_rng(7)
    values = chance.random((600, 2)).tolist()
    some = [
        Outcome(
            {"skills": skills, "learning": learning}, True, skills + learning < 1.0, DAY + timedelta(days=n)
        )
        for n, (skills, learning) in enumerate(values)
    ]
    found = fit_chance(some)
    assert dict(zip(found.parts, found.points, strict=True))["skills"] == (0.0,) * len(KNOTS)
    assert dict(zip(found.parts, found.points, strict=True))["learning"][-1] < -1.0


def test_a_falling_line_is_no_model(model):
    told = json.loads(model.to_json())
    told["parts"]["skills"]["points"][2] = -5.0
    with pytest.raises(MatchingError, match="must not lower"):
        ChanceModel.from_json(json.dumps(told))


# --- only the parts --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["gender", "origin", "school", "chance"])
def test_nothing_but_parts_of_the_score_can_be_learnt_from(name):
    some = [Outcome({"skills": 0.5, name: 1.0}, True, bool(n % 2), DAY) for n in range(10)]
    with pytest.raises(MatchingError, match=name):
        fit_chance(some, least=10)


def test_groups_change_the_report_and_nothing_else(outcomes):
    some = outcomes[:1000]
    labels = ["f" if n % 3 else "m" for n in range(len(some))]
    without, with_groups = fit_chance(some), fit_chance(some, groups=labels)
    assert without.figures.groups == {}
    assert with_groups.figures.groups.keys() == {"f", "m"}
    assert sum(one.rows for one in with_groups.figures.groups.values()) == with_groups.figures.test.rows
    plain = replace(with_groups.figures, groups={})
    assert replace(with_groups, figures=plain, version=without.version) == without
    with pytest.raises(MatchingError):
        fit_chance(some, groups=labels[1:])


def test_groups_follow_their_rows(outcomes):
    some = [one for one in outcomes[:1500] if one.is_agreed is not None]
    labels = ["yes" if one.is_agreed else "no" for one in some]
    groups = fit_chance(some, groups=labels).figures.groups
    assert groups["yes"].share == 1.0
    assert groups["no"].share == 0.0


# --- calibrated, and better than nothing -----------------------------------------------------------------------------


def test_chances_of_the_seeded_world_are_calibrated(world, model):
    fresh = outcomes_of(world, 8000, seed=1, drift=0.0)
    chances = model.chance(values_of((one.parts for one in fresh), model.parts))
    came = np.array([one.is_agreed for one in fresh])
    for least, most in ((0.0, 0.15), (0.15, 0.25), (0.25, 0.35), (0.35, 1.0)):
        inside = (chances >= least) & (chances < most)
        assert inside.sum() > 200
        assert chances[inside].mean() == pytest.approx(came[inside].mean(), abs=0.05)


def test_figures_come_from_the_latest_outcomes_and_beat_the_usual_share(model, outcomes):
    figures = model.figures
    assert figures.test.rows == round(HELD * len(outcomes))
    assert figures.test.brier < figures.usual_brier
    assert figures.test.error < 0.06
    assert figures.lift > 1.3
    late = sorted(outcomes, key=lambda one: one.on)[-figures.test.rows :]
    assert figures.test.share == pytest.approx(np.mean([one.is_agreed for one in late]), abs=0.01)


def test_level_follows_the_latest_time():
    chance = np.random.default_rng(3)
    share = [0.2] * 800 + [0.6] * 200
    some = [
        Outcome(
            {"skills": float(chance.random())}, True, bool(chance.random() < one), DAY + timedelta(days=n)
        )
        for n, one in enumerate(share)
    ]
    found = fit_chance(some)
    assert found.chance([[0.5]])[0] == pytest.approx(0.55, abs=0.1)


def test_two_noes_and_a_yes_are_told_from_silence():
    assert [
        Outcome({}, student, company, DAY).is_agreed
        for student, company in ((True, True), (True, False), (False, None), (False, True), (True, None))
    ] == [True, False, False, False, None]


def test_unanswered_outcomes_are_left_out(outcomes):
    some = outcomes[:800]
    waiting = [Outcome({"skills": 1.0}, True, None, date(2030, 1, 1))] * 300
    assert fit_chance(waiting[:150] + some + waiting[150:]) == fit_chance(some)


# --- when to learn ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("agreed", "refused", "why"),
    [
        (0, 0, "too_few_outcomes"),
        (LEAST // 2, LEAST // 2 - 1, "too_few_outcomes"),
        (LEAST // 10 - 1, LEAST, "too_few_agreed"),
        (LEAST, LEAST // 10 - 1, "too_few_refused"),
        (LEAST // 2, LEAST // 2, None),
    ],
)
def test_too_little_is_named_and_not_learnt_from(agreed, refused, why):
    some = [Outcome({"skills": 0.1 * (n % 10)}, True, n < agreed, DAY) for n in range(agreed + refused)] + [
        Outcome({"skills": 0.5}, True, None, DAY)
    ] * 5
    assert shortage(some) == why
    assert (fit_chance(some) is None) == (why is not None)


def test_one_answer_only_is_never_learnt_from():
    some = [Outcome({"skills": 0.5}, True, True, DAY)] * 20
    assert shortage(some, least=0) == "too_few_refused"
    assert fit_chance(some, least=0) is None


@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_parts_outside_0_to_1_are_refused(value):
    some = [Outcome({"skills": value}, True, bool(n % 2), DAY) for n in range(10)]
    with pytest.raises(MatchingError, match="between 0 and 1"):
        fit_chance(some, least=10)


# --- prediction ------------------------------------------------------------------------------------------------------


@steady
@given(
    st.lists(
        st.lists(st.one_of(st.floats(0, 1), st.just(float("nan"))), min_size=len(PARTS), max_size=len(PARTS)),
        min_size=1,
    )
)
def test_a_row_has_the_same_chance_alone_and_with_others(model, rows):
    assert len(model.parts) == len(PARTS)
    together = model.chance(rows)
    alone = [model.chance([row])[0] for row in rows]
    assert together == pytest.approx(alone, abs=1e-12, rel=0)
    assert ((together > 0.0) & (together < 1.0)).all()


def test_prediction_is_the_sum_of_the_lines(model):
    row = np.linspace(0.05, 0.95, len(model.parts))
    row[2] = np.nan
    odds = model.intercept + model.missing[2]
    for column, value in enumerate(row):
        if column != 2:
            odds += np.interp(value, KNOTS, model.points[column])
    assert model.chance([row])[0] == pytest.approx(1.0 / (1.0 + np.exp(-odds)), abs=1e-12)


def test_values_beyond_the_ends_count_as_the_ends(model):
    ends = np.array([[0.0] * len(PARTS), [1.0] * len(PARTS)])
    assert (model.chance(ends * 3.0 - 1.0) == model.chance(ends)).all()


@pytest.mark.parametrize("values", [[0.5] * len(PARTS), [[0.5] * (len(PARTS) - 1)], [[[0.5]]]])
def test_rows_of_another_shape_are_refused(model, values):
    with pytest.raises(MatchingError, match=f"{len(PARTS)} parts"):
        model.chance(values)


def test_no_rows_no_chances(model):
    assert model.chance(np.empty((0, len(PARTS)))).shape == (0,)


def test_prediction_needs_neither_scikit_learn_nor_scipy(model, tmp_path):
    path = tmp_path / "model.json"
    path.write_text(model.to_json(), encoding="utf-8")
    program = (
        "import sys, pathlib; from matching.learn import ChanceModel;"
        f"model = ChanceModel.from_json(pathlib.Path({str(path)!r}).read_text(encoding='utf-8'));"
        f"model.chance([[0.5] * {len(PARTS)}]);"
        "sys.exit(any(name.split('.')[0] in ('sklearn', 'scipy') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# --- repeatable, readable --------------------------------------------------------------------------------------------


@steady
@given(histories(), st.randoms(use_true_random=False))
def test_same_outcomes_same_model_in_whatever_order(history, chance):
    found = fit_chance(history, least=0)
    shuffled = history.copy()
    chance.shuffle(shuffled)
    assert fit_chance(shuffled, least=0) == found


@steady
@given(histories())
def test_json_holds_the_whole_model(history):
    found = fit_chance(history, least=0)
    if found is not None:
        again = ChanceModel.from_json(found.to_json())
        assert again == found
        assert again.to_json() == found.to_json()


def test_version_tells_models_apart(outcomes):
    one, other = fit_chance(outcomes[:1000]), fit_chance(outcomes[:1001])
    assert one.version != other.version
    assert one.version.startswith(f"1-{one.last.isoformat()}-")
    assert (one.outcomes, one.first) == (1000, min(some.on for some in outcomes[:1000]))


def _told(model, **changes):
    return json.dumps(json.loads(model.to_json()) | changes)


def test_what_is_no_model_is_refused(model):
    parts = json.loads(model.to_json())["parts"]
    for text in (
        "",
        "[]",
        "{}",
        _told(model, knots=[0.0, 1.0]),
        _told(model, intercept=float("inf")),
        _told(model, parts={"gender": parts["skills"]}),
        _told(model, parts={"skills": {"points": [0.0, 1.0], "missing": 0.0}}),
        _told(model, parts={"skills": {"points": [0.0] * 5}}),
        _told(model, first="yesterday"),
    ):
        with pytest.raises(MatchingError):
            ChanceModel.from_json(text)
    with pytest.raises(MatchingError, match="each of its parts"):
        replace(model, missing=model.missing[1:])


def test_values_of_no_lines_keep_their_columns():
    assert values_of([], ["skills", "travel"]).shape == (0, 2)
