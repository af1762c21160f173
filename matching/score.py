"""The score: named parts in 0..1 and their weighted mean. This is the definition; `rank` is its fast copy.

The default weights, and why. They are judgements to be replaced by evidence, hence data with a version.

========== ====== ==========================================================================================
part       weight why
========== ====== ==========================================================================================
skills     0.35   A company takes on who can do part of the work; the largest part, but never the majority,
                  so that a beginner near by still finds something.
learning   0.15   A placement at school age is for learning: new skills near what the student likes or knows.
interest   0.15   Who chooses freely stays; as much as learning, because students state interests sparsely.
travel     0.15   Within the limit nearer is better, most of all for minors without a car.
calendar   0.10   Conflicts are mostly hidden beforehand; what remains is how much of an internship fits.
programme  0.06   An opportunity that names the student's own programme was meant for them.
hours      0.04   Internships that cover the hours still owed save a second search.
========== ====== ==========================================================================================

Factors by kind: a visit is for discovery (interest ×2, learning ×1.5) and asks for hardly any skill
(×0.25); a training path is for what it teaches (learning ×2.5) more than for what one knows (×0.5).

A part drops out, and the other weights share its room, only for reasons of the student or of the kind:
interest when the student named none, hours outside internships or when none are owed. What an opportunity
leaves unsaid does not drop out, or else an empty description would outrank a full one: nothing taught and
no skill named give 0, no skill needed and unknown hours give 0.5.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final, NamedTuple

from matching.calendar import calendar_part
from matching.errors import MatchingError
from matching.explain import Evidenced, explain
from matching.location import travel_km, travel_part
from matching.rules import programme_affinity
from matching.skills import (
    REQUIRED,
    Vocabulary,
    best_held,
    interest_fit,
    interest_in,
    learning_gain,
    mean,
    skill_fit,
)
from matching.types import Kind, Opportunity, Ranked, Student, Weights

PARTS: Final = ("skills", "learning", "interest", "travel", "calendar", "programme", "hours")
"""The names of the parts, in the order in which they are added up."""

UNSAID: Final = 0.5
"""The skills part of an opportunity that needs none, and the hours part of one that states none."""


def part_weights(weights: Weights, kind: Kind) -> dict[str, float]:
    """The weight of every part for one kind.

    Raises
    ------
    MatchingError
        A part that does not exist, or a weight below 0.

    Examples
    --------
    >>> part_weights(Weights(parts={"travel": 2.0}), Kind.VISIT)["travel"]
    2.0
    >>> part_weights(Weights(parts={"luck": 1.0}), Kind.VISIT)
    Traceback (most recent call last):
    matching.errors.MatchingError: there is no part 'luck' to weigh
    """
    factors = weights.kinds.get(kind, {})
    for name, value in (*weights.parts.items(), *factors.items()):
        if name not in PARTS:
            raise MatchingError(f"there is no part {name!r} to weigh")
        if not value >= 0.0:
            raise MatchingError(f"the weight of {name!r} is {value}, below 0")
    return {name: weights.parts.get(name, 0.0) * factors.get(name, 1.0) for name in PARTS}


def parts_for(student: Student, kind: Kind) -> tuple[str, ...]:
    """The parts that apply to a student and a kind, in order."""
    drop = set()
    if not student.interests:
        drop.add("interest")
    if kind is not Kind.INTERNSHIP or student.hours_owed <= 0:
        drop.add("hours")
    return tuple(name for name in PARTS if name not in drop)


def weighted_mean(parts: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The mean of the parts by weight, added in the order of `PARTS`; 0 when nothing weighs."""
    score = total = 0.0
    for name, value in parts.items():
        score += weights[name] * value
        total += weights[name]
    return score / total if total else 0.0


def hours_part(hours: int, owed: int) -> float:
    """The share of the hours still owed that an internship covers; neutral when it states none."""
    return min(1.0, hours / owed) if hours > 0 and owed > 0 else UNSAID


def score(
    student: Student, opportunity: Opportunity, vocabulary: Vocabulary, weights: Weights, on: date
) -> Ranked:
    """Rate one opportunity for one student, with parts, reasons and gap. `rules.hidden_by` comes first.

    Parameters
    ----------
    on
        The day of the ranking.

    Raises
    ------
    UnknownSkill
        A skill or an interest that the vocabulary does not hold.

    Examples
    --------
    >>> from matching.types import Concept, HeldSkill, SkillNeed
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> student = Student("s", 44.49, 11.34, max_km=30, skills=(HeldSkill("plc", 3),))
    >>> firm = Opportunity("o", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 3),))
    >>> ranked = score(student, firm, vocabulary, Weights(), date(2026, 11, 22))
    >>> ranked.parts
    {'skills': 0.85, 'learning': 0.0, 'travel': 1.0, 'calendar': 1.0, 'programme': 0.5}
    >>> round(ranked.score, 4)
    0.713
    """
    facts = facts_of(student, opportunity, vocabulary, on)
    return ranked(student, opportunity, vocabulary, part_weights(weights, opportunity.kind), on, facts)


class Facts(NamedTuple):
    """What is found out about a student and an opportunity before anything is weighed.

    `worth` (how well met, times its weight) has a line for each required and wanted need, `gains` for each taught skill, `near` for all.
    """

    parts: dict[str, float]
    worth: list[float]
    near: list[float]
    gains: list[float]
    km: float | None


def facts_of(student: Student, opportunity: Opportunity, vocabulary: Vocabulary, on: date) -> Facts:
    """Work out the parts that apply."""
    needs = opportunity.required + opportunity.wanted
    met = [best_held(student, need, vocabulary)[0] for need in needs]
    loads = [REQUIRED] * len(opportunity.required) + [1.0] * len(opportunity.wanted)
    near = [interest_in(student, need.id, vocabulary) for need in needs + opportunity.taught]
    gains = [learning_gain(student, taught, vocabulary) for taught in opportunity.taught]
    km = travel_km(student, opportunity)
    worth = [load * share for load, share in zip(loads, met, strict=True)]
    fit = skill_fit(zip(loads, met, strict=True))
    values = {
        "skills": UNSAID if fit is None else fit,
        "learning": mean(gains),
        "interest": interest_fit(near),
        "travel": float(travel_part(0.0 if km is None else km, student.max_km)),
        "calendar": calendar_part(student, opportunity, on),
        "programme": programme_affinity(student, opportunity.eligibility),
        "hours": hours_part(opportunity.hours, student.hours_owed),
    }
    parts = {name: values[name] for name in parts_for(student, opportunity.kind)}
    return Facts(parts, worth, near, gains, km)


def ranked(
    student: Student,
    opportunity: Opportunity,
    vocabulary: Vocabulary,
    scale: Mapping[str, float],
    on: date,
    facts: Facts,
) -> Ranked:
    """Weigh and explain the facts."""
    parts, worth, near, gains, km = facts
    reasons, gap = explain(
        Evidenced(student, vocabulary, on), opportunity, parts, scale, worth, near, gains, km
    )
    return Ranked(opportunity.id, weighted_mean(parts, scale), parts, reasons, gap, km)
