from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import MatchingError
from matching.score import (
    FRESH_DAYS,
    PARTS,
    hours_part,
    part_names,
    part_weights,
    parts_for,
    score,
    weighted_mean,
)
from matching.types import (
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    SkillNeed,
    Student,
    Weights,
)
from tests.matching.strategies import ON, VOCABULARY, Guess, levels, opportunities, steady, students, weights

STUDENT = Student(
    "s",
    44.4949,
    11.3426,
    max_km=30.0,
    skills=(HeldSkill("plc", 3, Evidence.CERTIFIED),),
    interests=("robotics",),
    hours_owed=100,
)
OFFER = Opportunity(
    "o",
    Kind.INTERNSHIP,
    44.4949,
    11.3426,
    required=(SkillNeed("plc", 3),),
    wanted=(SkillNeed("english", 1),),
    taught=(SkillNeed("robotics", 1),),
    hours=50,
    published_on=ON - timedelta(days=FRESH_DAYS),
    answer_rate=0.9,
)


def test_score_adds_up_the_parts_by_weight():
    ranked = score(STUDENT, OFFER, VOCABULARY, Weights(), ON)
    parts = {
        "skills": 2 / 3,
        "challenge": 1.0,
        "learning": 0.7,
        "interest": (1.0 + (0.3 + 0.0 + 1.0) / 3) / 2,
        "travel": 1.0,
        "calendar": 1.0,
        "programme": 0.5,
        "hours": 0.5,
        "freshness": 2**-1,
        "answers": 0.9,
    }
    assert ranked.parts == pytest.approx(parts)
    assert list(ranked.parts) == list(PARTS)
    weights = Weights().parts
    assert ranked.score == pytest.approx(sum(weights[name] * value for name, value in parts.items()))
    assert ranked.id == "o"
    assert ranked.travel_km == 0.0


def test_score_of_an_empty_description_earns_nothing_for_its_silence():
    parts = score(STUDENT, Opportunity("o", Kind.INTERNSHIP), VOCABULARY, Weights(), ON).parts
    assert parts == {
        "skills": 0.5,
        "challenge": 0.5,
        "learning": 0.0,
        "interest": 0.0,
        "travel": 1.0,
        "calendar": 1.0,
        "programme": 0.5,
        "hours": 0.5,
        "freshness": 0.5,
        "answers": 0.5,
    }


@pytest.mark.parametrize(
    ("change", "kind", "dropped"),
    [
        ({}, Kind.INTERNSHIP, set()),
        ({}, Kind.VISIT, {"hours"}),
        ({}, Kind.TRAINING, {"hours"}),
        ({"hours_owed": 0}, Kind.INTERNSHIP, {"hours"}),
        ({"interests": ()}, Kind.INTERNSHIP, {"interest"}),
    ],
)
def test_parts_drop_out_for_reasons_of_the_student_or_the_kind(change, kind, dropped):
    assert set(PARTS) - set(parts_for(replace(STUDENT, **change), kind)) == dropped


@pytest.mark.parametrize(
    ("hours", "owed", "part"), [(0, 100, 0.5), (50, 100, 0.5), (100, 100, 1.0), (300, 100, 1.0), (50, 0, 0.5)]
)
def test_hours_part_is_the_share_that_is_covered(hours, owed, part):
    assert hours_part(hours, owed) == part


def test_weights_differ_by_kind_and_a_part_without_weight_stays_without():
    plain = part_weights(Weights(), Kind.INTERNSHIP)
    assert plain == Weights().parts
    assert sum(plain.values()) == pytest.approx(1.0)
    visit = part_weights(Weights(), Kind.VISIT)
    assert visit["interest"] > visit["skills"]
    training = part_weights(Weights(), Kind.TRAINING)
    assert max(training, key=training.__getitem__) == "learning"
    assert part_weights(Weights(parts={"travel": 1.0}), Kind.VISIT) == {
        **dict.fromkeys(PARTS, 0.0),
        "travel": 1.0,
    }


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (Weights(parts={"luck": 1.0}), "no part 'luck'"),
        (Weights(kinds={"visit": {"luck": 1.0}}), "no part 'luck'"),
        (Weights(parts={"travel": -1.0}), "the weight of 'travel' is -1.0"),
        (Weights(parts={"travel": float("nan")}), "the weight of 'travel' is nan"),
        (Weights(kinds={"visit": {"travel": -1.0}}), "the weight of 'travel' is -1.0"),
    ],
)
def test_weights_refuse_faults(weights, message):
    with pytest.raises(MatchingError, match=message):
        part_weights(weights, Kind.VISIT)


def test_weighted_mean_of_nothing_is_nothing():
    assert weighted_mean({"travel": 1.0}, {"travel": 0.0}) == 0.0


@steady
@given(students(), opportunities(), weights)
def test_score_and_parts_are_shares(student, offer, weights):
    ranked = score(student, offer, VOCABULARY, weights, ON)
    assert 0.0 <= ranked.score <= 1.0
    assert all(0.0 <= value <= 1.0 for value in ranked.parts.values())
    assert tuple(ranked.parts) == parts_for(student, offer.kind, part_names(weights))
    assert len(ranked.reasons) <= 3


@steady
@given(students(), opportunities(), levels, st.sampled_from(Evidence), st.integers(0, 2))
def test_skills_part_never_falls_when_a_required_skill_is_added(student, offer, level, evidence, which):
    needs = offer.required or (SkillNeed("plc", 2),)
    offer = replace(offer, required=needs)
    more = HeldSkill(needs[which % len(needs)].id, level, evidence)
    richer = replace(student, skills=(*student.skills, more))
    before, after = (
        score(one, offer, VOCABULARY, Weights(), ON).parts["skills"] for one in (student, richer)
    )
    assert after >= before


def test_skills_part_rises_with_level_and_evidence_and_nearness():
    def part(skill, level=3, evidence=Evidence.CERTIFIED):
        student = replace(STUDENT, skills=(HeldSkill(skill, level, evidence),))
        return score(student, replace(OFFER, wanted=()), VOCABULARY, Weights(), ON).parts["skills"]

    assert part("plc") > part("plc", evidence=Evidence.DECLARED) > part("plc", 2) > part("plc", 1) > 0
    assert part("plc") > part("automation") > part("robotics") > part("drawing") > part("english") == 0


def test_programme_part_prefers_who_is_meant():
    meant = replace(OFFER, eligibility=(Eligibility(programmes=frozenset({"c3"})),))
    student = replace(STUDENT, programmes=frozenset({"c3"}))
    open_to_all, named = (score(student, one, VOCABULARY, Weights(), ON).score for one in (OFFER, meant))
    assert named > open_to_all


def test_a_learnt_chance_is_one_more_part_with_a_weight_of_its_own():
    plain = score(STUDENT, OFFER, VOCABULARY, Weights(), ON)
    with_chance = Weights(parts={**Weights().parts, "chance": 1.0}, chance=Guess())
    ranked = score(STUDENT, OFFER, VOCABULARY, with_chance, ON)
    row = [[plain.parts[name] for name in Guess.parts]]
    assert ranked.parts == {**plain.parts, "chance": Guess().chance(row)[0]}
    assert ranked.score == pytest.approx((plain.score + ranked.parts["chance"]) / 2.0)
    switched_off = score(STUDENT, OFFER, VOCABULARY, Weights(chance=Guess()), ON)
    assert switched_off.score == plain.score
    with pytest.raises(MatchingError, match="no part 'chance'"):
        score(STUDENT, OFFER, VOCABULARY, Weights(parts={"chance": 1.0}), ON)
