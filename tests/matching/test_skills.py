from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import MatchingError, UnknownSkill
from matching.profile import Skills
from matching.skills import (
    BROADER,
    EVIDENCE,
    NARROWER,
    RELATED,
    SIBLING,
    Vocabulary,
    ability,
    best_held,
    gain_of,
    interest_fit,
    interest_in,
    learning_gain,
    level_fit,
    mean,
    skill_fit,
)
from matching.types import Concept, Evidence, HeldSkill, SkillNeed, Student
from tests.matching.strategies import VOCABULARY, held_skills, ids, needs, steady, students

HERE = (44.5, 11.3)


@pytest.mark.parametrize(
    ("held", "needed", "similarity"),
    [
        ("milling", "milling", 1.0),
        ("milling", "cnc", NARROWER),
        ("five-axis", "cnc", NARROWER * NARROWER),
        ("cnc", "milling", BROADER),
        ("cnc", "five-axis", BROADER * BROADER),
        ("turning", "milling", SIBLING),
        ("milling", "turning", SIBLING),
        ("turning", "drawing", RELATED),
        ("drawing", "turning", RELATED),
        ("turning", "welding", 0.0),
        ("drawing", "english", 0.0),
        ("mechanics", "automation", 0.0),
    ],
)
def test_similarity_reads_the_tree(held, needed, similarity):
    assert VOCABULARY.similarity(held, needed) == similarity
    assert VOCABULARY.covered_by(needed).get(held, 0.0) == similarity


def test_similarity_keeps_its_order_in_a_tree_of_four_levels():
    assert 1 > NARROWER > NARROWER**2 > NARROWER**3 > SIBLING > RELATED > 0
    assert 1 > NARROWER > BROADER > BROADER**2 > BROADER**3 > SIBLING


def test_similarity_of_related_siblings_is_the_stronger_link():
    vocabulary = Vocabulary(
        [
            Concept("top", {}),
            Concept("a", {}, broader="top", related=("b", "top")),
            Concept("b", {}, broader="top"),
        ]
    )
    assert vocabulary.similarity("a", "b") == SIBLING
    assert vocabulary.similarity("a", "top") == NARROWER


@steady
@given(ids, ids)
def test_similarity_is_a_share_and_full_only_for_itself(held, needed):
    similarity = VOCABULARY.similarity(held, needed)
    assert 0.0 <= similarity <= 1.0
    assert (similarity == 1.0) == (held == needed)


@pytest.mark.parametrize(
    ("concepts", "message"),
    [
        ([Concept("a", {}), Concept("a", {})], "skill 'a' occurs twice"),
        ([Concept("a", {}, broader="b")], "the vocabulary has no skill 'b'"),
        ([Concept("a", {}, related=("b",))], "the vocabulary has no skill 'b'"),
        ([Concept("a", {}, broader="a")], "the broader skills of 'a' lead back to it"),
        (
            [Concept("a", {}, broader="b"), Concept("b", {}, broader="a")],
            "the broader skills of 'a' lead back",
        ),
        (
            [Concept("in", {}, broader="a"), Concept("a", {}, broader="b"), Concept("b", {}, broader="a")],
            "the broader skills of 'a' lead back",
        ),
    ],
)
def test_vocabulary_refuses_faults(concepts, message):
    with pytest.raises(MatchingError, match=message):
        Vocabulary(concepts)


def test_vocabulary_names_the_unknown_skill():
    student = Student("s", *HERE, skills=(HeldSkill("nowhere", 1),), interests=("nowhere",))
    for call in (
        lambda: VOCABULARY["nowhere"],
        lambda: VOCABULARY.label("nowhere", "it"),
        lambda: VOCABULARY.similarity("nowhere", "cnc"),
        lambda: VOCABULARY.similarity("cnc", "nowhere"),
        lambda: VOCABULARY.covered_by("nowhere"),
        lambda: best_held(student, SkillNeed("cnc"), VOCABULARY),
        lambda: best_held(Student("s", *HERE), SkillNeed("nowhere"), VOCABULARY),
        lambda: interest_in(student, "cnc", VOCABULARY),
        lambda: interest_in(Student("s", *HERE), "nowhere", VOCABULARY),
        lambda: learning_gain(student, SkillNeed("cnc"), VOCABULARY),
    ):
        with pytest.raises(UnknownSkill, match="'nowhere'") as caught:
            call()
        assert caught.value.skill_id == "nowhere"


def test_vocabulary_counts_and_labels():
    assert len(VOCABULARY) == len(VOCABULARY.ids()) == 11
    assert "cnc" in VOCABULARY
    assert "nowhere" not in VOCABULARY
    assert VOCABULARY.label("cnc", "en") == "CNC machines"
    assert VOCABULARY.label("five-axis", "en") == "Fresatura a 5 assi"
    assert VOCABULARY.label("english", "it") == "english"


@pytest.mark.parametrize(("held", "needed", "fit"), [(1, 1, 1.0), (4, 2, 1.0), (1, 2, 0.5), (1, 4, 0.25)])
def test_level_fit_is_full_from_the_needed_level_on(held, needed, fit):
    assert level_fit(held, needed) == fit


@pytest.mark.parametrize(("held", "needed"), [(0, 1), (5, 1), (1, 0), (1, 5)])
def test_level_fit_refuses_levels_that_do_not_exist(held, needed):
    with pytest.raises(MatchingError, match="a skill level is 1 to 4"):
        level_fit(held, needed)


def test_evidence_weighs_more_the_stronger_it_is_but_modestly():
    weights = [EVIDENCE[one] for one in Evidence]
    assert weights == sorted(set(weights))
    assert weights[0] >= 0.8
    assert weights[-1] == 1.0


def test_best_held_prefers_the_skill_that_meets_most():
    broad, exact = HeldSkill("cnc", 4, Evidence.CERTIFIED), HeldSkill("milling", 2, Evidence.CERTIFIED)
    student = Student("s", *HERE, skills=(broad, exact))
    assert best_held(student, SkillNeed("milling", 2), VOCABULARY) == (1.0, exact)
    assert best_held(student, SkillNeed("milling", 4), VOCABULARY) == (BROADER, broad)
    assert best_held(student, SkillNeed("english"), VOCABULARY) == (0.0, None)


def test_skill_fit_weighs_needs():
    assert skill_fit([(2.0, 1.0), (1.0, 0.25)]) == 0.75


def test_interest_runs_from_the_broad_wish_to_the_narrow_skill():
    likes = Student("s", *HERE, interests=("automation",))
    assert interest_in(likes, "plc", VOCABULARY) == NARROWER
    assert interest_in(Student("s", *HERE, interests=("plc",)), "automation", VOCABULARY) == BROADER
    assert interest_in(Student("s", *HERE), "plc", VOCABULARY) == 0.0
    assert interest_fit([]) == 0.0
    assert interest_fit([1.0, 0.0]) == 0.75
    assert mean([]) == 0.0


def test_learning_counts_what_is_new_and_near():
    taught = SkillNeed("plc", 2)
    knows = Student("s", *HERE, skills=(HeldSkill("plc", 2, Evidence.CERTIFIED),), interests=("plc",))
    likes = Student("s", *HERE, interests=("plc",))
    beside = Student("s", *HERE, skills=(HeldSkill("robotics", 1),))
    far = Student("s", *HERE)
    gains = [learning_gain(one, taught, VOCABULARY) for one in (knows, far, beside, likes)]
    assert gains == sorted(gains)
    assert gains[0] == 0.0
    assert gains[-1] == 1.0
    assert gain_of(0.0, 0.0) > 0.0


@steady
@given(students(), held_skills, needs)
def test_best_held_never_falls_with_one_more_skill(student, more, need):
    before, _ = best_held(student, need, VOCABULARY)
    richer = Student("s", *HERE, skills=(*student.skills, more))
    assert best_held(richer, need, VOCABULARY)[0] >= before


@steady
@given(students(), st.sampled_from(VOCABULARY.ids()), st.integers(1, 4))
def test_tables_hold_what_the_definition_says(student, skill, level):
    skills = Skills(VOCABULARY)
    profile = skills.profile(student)
    key, need, concept = skills.key(skill, level), SkillNeed(skill, level), skills.number[skill]
    assert profile.met[key] == best_held(student, need, VOCABULARY)[0]
    assert profile.gain[key] == learning_gain(student, need, VOCABULARY)
    assert profile.interest[concept] == interest_in(student, skill, VOCABULARY)
    assert profile.ability[concept] == ability(student, skill, VOCABULARY)
    assert skills.need(key) == need
