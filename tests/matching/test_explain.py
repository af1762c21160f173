from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from matching.explain import CODES, say
from matching.phrases import EVIDENCE, PHRASES, UNITS
from matching.score import score
from matching.types import (
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    Reason,
    SkillNeed,
    Span,
    Student,
    Weights,
)
from tests.matching.strategies import ON, VOCABULARY, opportunities, steady, students

WEEK = Span(date(2026, 12, 7), date(2026, 12, 13))
STUDENT = Student("s", 44.4949, 11.3426, max_km=30.0, free=(WEEK,))
OFFER = Opportunity("o", Kind.INTERNSHIP, 44.4949, 11.3426, spans=(WEEK,))
MEANT = (Eligibility(programmes=frozenset({"c1"})),)
FIELD = (Eligibility(sectors=frozenset({"technology"})),)
HERE = (44.4949, 11.3426)
PLC = (HeldSkill("plc", 3, Evidence.VALIDATED),)

REASONS = [
    (
        "skills",
        {"skills": PLC},
        {"required": (SkillNeed("plc", 3),)},
        Reason("skill_held", {"skill": "plc", "level": 3, "evidence": "validated"}),
    ),
    (
        "skills",
        {"skills": PLC},
        {"wanted": (SkillNeed("english"), SkillNeed("automation", 2))},
        Reason("skill_close", {"skill": "automation", "level": 3, "evidence": "validated", "held": "plc"}),
    ),
    (
        "learning",
        {"interests": ("robotics",)},
        {"taught": (SkillNeed("english"), SkillNeed("robotics", 2))},
        Reason("teaches", {"skill": "robotics", "level": 2}),
    ),
    (
        "interest",
        {"interests": ("plc",)},
        {"wanted": (SkillNeed("plc"),)},
        Reason("interest", {"skill": "plc", "interest": "plc"}),
    ),
    (
        "interest",
        {"interests": ("english", "automation")},
        {"wanted": (SkillNeed("plc"),)},
        Reason("interest_close", {"skill": "plc", "interest": "automation"}),
    ),
    ("travel", {}, {}, Reason("travel_here")),
    ("travel", {}, {"latitude": 44.55}, Reason("travel_near", {"km": 8})),
    ("travel", {"minutes": {HERE: 12.4}}, {}, Reason("travel_minutes", {"minutes": 12})),
    ("travel", {}, {"latitude": None, "longitude": None}, Reason("online")),
    ("calendar", {}, {}, Reason("calendar_free")),
    ("programme", {"programmes": frozenset({"c1"})}, {"eligibility": MEANT}, Reason("programme_named")),
    ("programme", {"sector": "technology"}, {"eligibility": FIELD}, Reason("sector_named")),
    ("hours", {"hours_owed": 90}, {"hours": 40}, Reason("hours", {"hours": 40, "owed": 90})),
    ("hours", {"hours_owed": 90}, {"hours": 400}, Reason("hours", {"hours": 90, "owed": 90})),
]

GAPS = [
    (
        {"skills": PLC},
        {"required": (SkillNeed("plc"),), "wanted": (SkillNeed("english", 2),)},
        Reason("skill_missing", {"skill": "english", "level": 2}),
    ),
    (
        {},
        {"required": (SkillNeed("plc", 3),), "wanted": (SkillNeed("english", 2),)},
        Reason("skill_missing", {"skill": "plc", "level": 3}),
    ),
    (
        {"skills": (HeldSkill("plc", 1), HeldSkill("plc", 2))},
        {"required": (SkillNeed("plc", 4),)},
        Reason("skill_low", {"skill": "plc", "level": 4, "held_level": 2}),
    ),
    ({}, {"latitude": 44.67}, Reason("travel_far", {"km": 25, "max_km": 30})),
    (
        {"minutes": {HERE: 43.0}, "max_minutes": 45.0},
        {},
        Reason("travel_long", {"minutes": 43, "max_minutes": 45}),
    ),
    ({"minutes": {HERE: 43.0}, "max_km": 0.0}, {}, None),
    (
        {},
        {"spans": (Span(date(2026, 12, 7), date(2026, 12, 14)),)},
        Reason("calendar_partial", {"free_days": 7, "days": 8}),
    ),
    ({"free": ()}, {}, Reason("calendar_unknown")),
    ({}, {}, None),
    ({"skills": (HeldSkill("plc", 3),)}, {"required": (SkillNeed("plc", 3),)}, None),
    ({"max_km": None}, {"latitude": 45.6}, None),
]


def explained(student_change, offer_change, weights=None):
    student, offer = replace(STUDENT, **student_change), replace(OFFER, **offer_change)
    return score(student, offer, VOCABULARY, weights or Weights(), ON)


@pytest.mark.parametrize(("part", "student", "offer", "reason"), REASONS)
def test_reason_names_the_thing(part, student, offer, reason):
    only = Weights(parts={part: 1.0})
    assert explained(student, offer, only).reasons[0] == reason


@pytest.mark.parametrize(("student", "offer", "gap"), GAPS)
def test_gap_names_what_is_missing_most(student, offer, gap):
    assert explained(student, offer).gap == gap


def test_codes_all_have_an_example():
    seen = {reason.code for *_, reason in REASONS} | {gap.code for *_, gap in GAPS if gap is not None}
    assert seen == CODES


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("audience", ["student", "company"])
@pytest.mark.parametrize("reason", [*(one for *_, one in REASONS), *(one for *_, one in GAPS if one)])
def test_say_has_words_for_every_code(reason, audience, language):
    words = say(reason, VOCABULARY, language, audience)
    assert words.endswith(".")
    assert words[0].isupper()
    assert "{" not in words
    if "skill" in reason.values:
        assert VOCABULARY.label(str(reason.values["skill"]), language) in words


def test_phrases_are_complete():
    for table in (PHRASES, EVIDENCE):
        assert set(table) == {"it", "en"}
        for by_audience in table.values():
            assert set(by_audience) == {"student", "company", "school"}
    assert {frozenset(some) for table in PHRASES.values() for some in table.values()} == {CODES}
    assert {frozenset(some) for table in EVIDENCE.values() for some in table.values()} == {
        frozenset(one.value for one in Evidence)
    }
    assert set(UNITS["it"]) == set(UNITS["en"])


def test_say_counts_one_and_many():
    one = Reason("hours", {"hours": 1, "owed": 90})
    assert say(one, VOCABULARY, "it") == "Copre 1 ora delle 90 ore che ti mancano."
    assert say(one, VOCABULARY, "en", "company") == "Can do 1 hour of the 90 hours still owed with you."


def test_say_begins_with_a_capital_letter_and_leaves_the_label_as_it_is():
    liked = Reason("interest_close", {"skill": "robotics", "interest": "plc"})
    assert say(liked, VOCABULARY) == "Robotica: si collega al tuo interesse PLC programming."
    assert say(Reason("teaches", {"skill": "robotics", "level": 1}), VOCABULARY).startswith(
        "Qui impari robotica,"
    )


def test_reasons_are_the_three_strongest_and_name_no_skill_twice():
    ranked = explained(
        {"skills": PLC, "interests": ("plc",), "hours_owed": 10, "programmes": frozenset({"c1"})},
        {"required": (SkillNeed("plc", 3),), "hours": 40, "eligibility": MEANT},
    )
    assert [reason.code for reason in ranked.reasons] == ["skill_held", "travel_here", "programme_named"]


def test_reasons_of_equal_strength_keep_the_order_of_the_parts():
    same = Weights(parts={"travel": 1.0, "calendar": 2.0, "programme": 1.0})
    ranked = explained({"programmes": frozenset({"c1"})}, {"eligibility": MEANT}, same)
    assert [reason.code for reason in ranked.reasons] == ["travel_here", "calendar_free", "programme_named"]


def test_reasons_fall_back_on_the_journey_and_may_be_none():
    far = {"latitude": 44.70, "spans": (), "longitude": 11.3426}
    assert [one.code for one in explained({}, far).reasons] == ["travel_near"]
    assert explained({"max_km": None}, {"latitude": 46.0, "spans": ()}).reasons == ()


def test_gap_of_a_period_without_days_is_all_of_it():
    empty = Span(date(2026, 12, 7), date(2026, 12, 7), weekdays=0)
    assert explained({}, {"spans": (empty,)}).gap == Reason("calendar_partial", {"free_days": 0, "days": 0})


@steady
@given(students(), opportunities())
def test_explanation_is_the_same_every_time(student, offer):
    first, second = (score(student, offer, VOCABULARY, Weights(), ON) for _ in range(2))
    assert first == second
    assert len({reason.code for reason in first.reasons}) == len(first.reasons) <= 3
    for reason in (*first.reasons, *filter(None, [first.gap])):
        assert reason.code in CODES
        assert say(reason, VOCABULARY)


def test_days_are_about_the_best_period():
    later = Span(WEEK.starts_on, WEEK.ends_on + timedelta(days=2))
    gap = explained({}, {"spans": (Span(WEEK.starts_on, WEEK.ends_on + timedelta(days=9)), later)}).gap
    assert gap == Reason("calendar_partial", {"free_days": 7, "days": 9})
