from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given

from matching.breakdown import CODES, break_down, say_basis
from matching.phrases import BASES
from matching.score import part_names, score
from matching.skills import best_held, skill_fit
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
from tests.matching.strategies import ON, VOCABULARY, Guess, opportunities, steady, students, weights

WEEK = Span(date(2026, 12, 7), date(2026, 12, 13))
LONGER = Span(date(2026, 12, 7), date(2026, 12, 16))
LATER = Span(date(2026, 12, 13), date(2026, 12, 16))
HERE = (44.4949, 11.3426)
STUDENT = Student("s", *HERE, max_km=30.0, free=(WEEK,))
OFFER = Opportunity("o", Kind.INTERNSHIP, *HERE, spans=(WEEK,))
PLC = (HeldSkill("plc", 3, Evidence.VALIDATED),)
WITH_CHANCE = Weights(parts={**Weights().parts, "chance": 0.5}, chance=Guess())


def open_to(**fields):
    return {"eligibility": (Eligibility(**{name: frozenset({one}) for name, one in fields.items()}),)}


BASES_OF = [
    ("skills", {}, {}, Reason("skills_none")),
    (
        "skills",
        {"skills": PLC},
        {"required": (SkillNeed("plc", 3),), "wanted": (SkillNeed("plc", 4), SkillNeed("english"))},
        Reason("skills", {"needs": 3, "well": 2}),
    ),
    ("challenge", {}, {}, Reason("challenge_none")),
    (
        "challenge",
        {"skills": PLC},
        {"required": (SkillNeed("plc", 4),), "wanted": (SkillNeed("english"),)},
        Reason("challenge", {"asked": 2.5, "brought": 1.5}),
    ),
    ("learning", {}, {}, Reason("learning_none")),
    (
        "learning",
        {"interests": ("plc",)},
        {"taught": (SkillNeed("plc"), SkillNeed("english"))},
        Reason("learning", {"taught": 2, "new": 1}),
    ),
    ("interest", {}, {"required": (SkillNeed("plc"),)}, Reason("interest_dropped")),
    ("interest", {"interests": ("plc",)}, {}, Reason("interest_none")),
    ("interest", {"interests": ("plc",)}, {"wanted": (SkillNeed("english"),)}, Reason("interest_far")),
    (
        "interest",
        {"interests": ("english", "automation")},
        {"wanted": (SkillNeed("welding"), SkillNeed("plc"))},
        Reason("interest", {"skill": "plc", "interest": "automation"}),
    ),
    ("travel", {}, {"latitude": None, "longitude": None}, Reason("online")),
    ("travel", {}, {"latitude": 44.55}, Reason("travel_km", {"km": 8, "max_km": 30})),
    ("travel", {"max_km": None}, {"latitude": 44.55}, Reason("travel_km_free", {"km": 8})),
    ("travel", {"minutes": {HERE: 12.4}}, {}, Reason("travel_minutes_free", {"minutes": 12})),
    (
        "travel",
        {"minutes": {HERE: 12.4}, "max_minutes": 45.0},
        {},
        Reason("travel_minutes", {"minutes": 12, "max_minutes": 45}),
    ),
    ("calendar", {}, {"spans": ()}, Reason("dates_none")),
    ("calendar", {"free": ()}, {}, Reason("calendar_unknown")),
    ("calendar", {}, {"spans": (LATER, LONGER)}, Reason("calendar_days", {"free_days": 7, "days": 10})),
    (
        "calendar",
        {},
        {"kind": Kind.TRAINING, "spans": (LATER, LONGER)},
        Reason("calendar_lessons", {"free_days": 1, "days": 4}),
    ),
    ("calendar", {}, {"spans": (replace(WEEK, weekdays=0),)}, Reason("calendar_days", {"free_days": 0, "days": 0})),
    ("programme", {"programmes": frozenset({"c1"})}, open_to(programmes="c1"), Reason("programme_named")),
    ("programme", {"sector": "technology"}, open_to(sectors="technology"), Reason("sector_named")),
    ("programme", {"year": 4}, open_to(years=4), Reason("school_named")),
    ("programme", {}, {}, Reason("open_to_all")),
    ("programme", {"year": 3}, open_to(years=4), Reason("not_admitted")),
    ("hours", {"hours_owed": 90}, {"hours": 400}, Reason("hours", {"hours": 90, "owed": 90})),
    ("hours", {"hours_owed": 90}, {}, Reason("hours_unsaid")),
    ("hours", {}, {"hours": 40}, Reason("hours_done")),
    ("hours", {"hours_owed": 90}, {"kind": Kind.VISIT, "hours": 40}, Reason("hours_dropped")),
    ("freshness", {}, {"published_on": ON - timedelta(days=1)}, Reason("published", {"age_days": 1})),
    ("freshness", {}, {"published_on": ON}, Reason("published_today")),
    ("freshness", {}, {}, Reason("published_unsaid")),
    ("answers", {}, {"answer_rate": 0.604}, Reason("answers", {"percent": 60})),
    ("answers", {}, {}, Reason("answers_unknown")),
    ("chance", {}, {}, Reason("chance")),
]  # fmt: skip


@pytest.mark.parametrize(("part", "student", "offer", "basis"), BASES_OF)
def test_part_says_what_it_stands_on(part, student, offer, basis):
    found = break_down(replace(STUDENT, **student), replace(OFFER, **offer), VOCABULARY, WITH_CHANCE, ON)
    [line] = [line for line in found.parts if line.name == part]
    assert line.basis == basis


def test_every_basis_has_an_example_and_words():
    assert {basis.code for *_, basis in BASES_OF} == CODES == set(BASES["it"]) == set(BASES["en"])


@pytest.mark.parametrize("language", ["it", "en"])
@pytest.mark.parametrize("basis", [basis for *_, basis in BASES_OF])
def test_every_basis_can_be_said(basis, language):
    words = say_basis(basis, VOCABULARY, language)
    assert words.endswith(".")
    assert words[0].isupper()
    assert "{" not in words


def test_tenths_are_written_as_the_language_does():
    basis = Reason("challenge", {"asked": 2.5, "brought": 1.0})
    assert say_basis(basis, VOCABULARY) == "In media chiede il livello 2,5 e tu arrivi al livello 1,0."
    assert say_basis(basis, VOCABULARY, "en") == "On average it asks for level 2.5 and you bring level 1.0."


def test_skill_is_met_by_the_held_one_that_meets_it_best():
    held = (HeldSkill("automation", 4), *PLC)
    offer = replace(OFFER, required=(SkillNeed("plc", 3),), taught=(SkillNeed("welding", 2),))
    found = break_down(replace(STUDENT, skills=held), offer, VOCABULARY, Weights(), ON)
    asked, taught = found.skills
    assert (asked.role, asked.need, asked.held, asked.met, asked.gain) == (
        "required", SkillNeed("plc", 3), PLC[0], 0.95, None,
    )  # fmt: skip
    assert (taught.role, taught.held, taught.met, taught.gain) == ("taught", None, 0.0, 0.3)


@steady
@given(students(), opportunities(), weights)
def test_breakdown_adds_up_to_the_score_of_the_definition(student, offer, scale):
    found = break_down(student, offer, VOCABULARY, scale, ON)
    ranked = score(student, offer, VOCABULARY, scale, ON)
    counted = [line for line in found.parts if line.value is not None]
    assert {line.name: line.value for line in counted} == ranked.parts
    assert tuple(line.name for line in found.parts) == part_names(scale)
    points = total = 0.0
    for line in counted:
        points += line.weight * line.value
        total += line.weight
    assert (found.points, found.weight) == (points, total)
    assert found.score == ranked.score == (points / total if total else 0.0)


@steady
@given(students(), opportunities())
def test_skills_of_the_breakdown_make_up_the_parts(student, offer):
    found = break_down(student, offer, VOCABULARY, Weights(), ON)
    values = {line.name: line.value for line in found.parts}
    needs = [*offer.required, *offer.wanted, *offer.taught]
    assert [line.need for line in found.skills] == needs
    for line in found.skills:
        assert (line.met, line.held) == best_held(student, line.need, VOCABULARY)
    asked = [
        (2.0 if line.role == "required" else 1.0, line.met) for line in found.skills if line.gain is None
    ]
    assert values["skills"] == (skill_fit(asked) if asked else 0.5)
    gains = [line.gain for line in found.skills if line.gain is not None]
    assert len(gains) == len(offer.taught)
    assert values["learning"] == pytest.approx(sum(gains) / len(gains) if gains else 0.0)
    if values["interest"] is not None and needs:
        assert max(line.interest for line in found.skills) >= values["interest"]
