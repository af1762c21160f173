"""The score: named parts in 0..1 and their weighted mean. This is the definition; `rank` is its fast copy.

The default weights, and why. They are judgements to be replaced by evidence, hence data with a version.

========== ====== ==========================================================================================
part       weight why
========== ====== ==========================================================================================
skills     0.32   A company takes on who can do part of the work; the largest part, but never the majority,
                  so that a beginner near by still finds something.
challenge  0.05   Far too hard discourages and far too easy teaches nothing; between the two it hardly counts.
learning   0.15   A placement at school age is for learning: new skills near what the student likes or knows.
interest   0.15   Who chooses freely stays; as much as learning, because students state interests sparsely.
travel     0.13   Within the limit nearer is better, most of all for minors without a car.
calendar   0.08   Conflicts are mostly hidden beforehand; what remains is how much of an internship fits.
programme  0.05   An opportunity that names the student's own programme was meant for them.
hours      0.03   Internships that cover the hours still owed save a second search.
freshness  0.02   What was published lately is more likely to be still wanted; enough to part equals.
answers    0.02   A company that answers spares the student a wait for nothing; small, for it is hardly known.
========== ====== ==========================================================================================

Factors by kind: a visit is for discovery (interest ×2, learning ×1.5) and asks for hardly any skill
(×0.25), whatever its level (challenge ×0); a training path is for what it teaches (learning ×2.5) more than for what one knows (×0.5).

A part drops out, and the other weights share its room, only for reasons of the student or of the kind:
interest when the student named none, hours outside internships or when none are owed. What an opportunity
leaves unsaid does not drop out, or else an empty description would outrank a full one: nothing taught and
no skill named give 0; no skill needed, unknown hours, no day of publication and a company that nobody has
asked yet give 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from matching.calendar import calendar_part
from matching.errors import MatchingError
from matching.explain import Evidenced, Facts, explain
from matching.location import USUAL_MINUTES, travel_km, travel_minutes, travel_part
from matching.rules import hidden_by, programme_affinity
from matching.skills import (
    REQUIRED,
    Near,
    Vocabulary,
    best_met,
    challenge,
    gain_near,
    interest_fit,
    interest_in,
    level_brought,
    mean,
    near_each,
    skill_fit,
)
from matching.ties import tie
from matching.types import Chance, Kind, Opportunity, Ranked, SkillNeed, Student, Weights

PARTS: Final = (
    "skills",
    "challenge",
    "learning",
    "interest",
    "travel",
    "calendar",
    "programme",
    "hours",
    "freshness",
    "answers",
)
"""The names of the parts, in the order in which they are added up."""

CHANCE: Final = "chance"
"""The part that a model learnt from outcomes gives, when the weights have one; it is added up last."""

UNSAID: Final = 0.5
"""The value of a part that the opportunity leaves open: neither for nor against it."""

FRESH_DAYS: Final = 45
"""After so many days an opportunity counts half as fresh. A school plans its internships a term ahead."""


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
    names = part_names(weights)
    factors = weights.kinds.get(kind, {})
    for name, value in (*weights.parts.items(), *factors.items()):
        if name not in names:
            raise MatchingError(f"there is no part {name!r} to weigh")
        if not value >= 0.0:
            raise MatchingError(f"the weight of {name!r} is {value}, below 0")
    return {name: weights.parts.get(name, 0.0) * factors.get(name, 1.0) for name in names}


def part_names(weights: Weights) -> tuple[str, ...]:
    """All parts there are with these weights, in the order in which they are added up."""
    return PARTS if weights.chance is None else (*PARTS, CHANCE)


def parts_for(student: Student, kind: Kind, names: tuple[str, ...] = PARTS) -> tuple[str, ...]:
    """Those of the named parts that apply to a student and a kind."""
    drop = set()
    if not student.interests:
        drop.add("interest")
    if kind is not Kind.INTERNSHIP or student.hours_owed <= 0:
        drop.add("hours")
    return tuple(name for name in names if name not in drop)


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


def freshness(published_on: date | None, on: date) -> float:
    """How lately something was published: 1 today, half after `FRESH_DAYS`.

    Examples
    --------
    >>> freshness(date(2026, 11, 22), date(2026, 11, 22)), freshness(date(2026, 10, 8), date(2026, 11, 22))
    (1.0, 0.5)
    """
    if published_on is None:
        return UNSAID
    return float(0.5 ** (max(0, (on - published_on).days) / FRESH_DAYS))


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
    >>> ranked.parts["skills"], ranked.parts["learning"], ranked.parts["travel"]
    (0.85, 0.0, 1.0)
    >>> round(ranked.score, 4)
    0.7037
    """
    facts = facts_of(student, opportunity, vocabulary, on, weights.chance)
    return ranked(student, opportunity, vocabulary, part_weights(weights, opportunity.kind), on, facts)


def facts_of(
    student: Student,
    opportunity: Opportunity,
    vocabulary: Vocabulary,
    on: date,
    chance: Chance | None = None,
) -> Facts:
    """Work out the parts that apply, and what the explanation stands on."""
    asked = opportunity.required + opportunity.wanted
    needs = asked + opportunity.taught
    held = near_each(student.skills, [need.id for need in needs], vocabulary)
    met = [best_met(found, need)[0] for found, need in zip(held, asked, strict=False)]
    loads = [REQUIRED] * len(opportunity.required) + [1.0] * len(opportunity.wanted)
    near = [interest_in(student, need.id, vocabulary) for need in needs]
    taught = slice(len(asked), None)
    gains = [gain_near(*one) for one in zip(held[taught], needs[taught], near[taught], strict=True)]
    km, minutes = travel_km(student, opportunity), travel_minutes(student, opportunity)
    values = {
        "skills": skill_fit(zip(loads, met, strict=True)) if asked else UNSAID,
        "challenge": _challenge_part(held, asked),
        "learning": mean(gains),
        "interest": interest_fit(near),
        "travel": float(
            travel_part(km or 0.0, student.max_km)
            if minutes is None
            else travel_part(minutes, student.max_minutes, USUAL_MINUTES)
        ),
        "calendar": calendar_part(student, opportunity, on),
        "programme": programme_affinity(student, opportunity.eligibility),
        "hours": hours_part(opportunity.hours, student.hours_owed),
        "freshness": freshness(opportunity.published_on, on),
        "answers": UNSAID if opportunity.answer_rate is None else opportunity.answer_rate,
    }
    parts = {name: values[name] for name in parts_for(student, opportunity.kind)}
    if chance is not None:
        row = [parts.get(name, math.nan) for name in chance.parts]
        parts[CHANCE] = float(chance.chance([row])[0])
    return Facts(
        parts=parts,
        need=needs.__getitem__,
        required=len(opportunity.required),
        worth=[load * share for load, share in zip(loads, met, strict=True)],
        near=near,
        gains=gains,
        km=km,
        minutes=minutes,
        hours=opportunity.hours,
        is_dated=bool(opportunity.spans),
        opportunity=lambda: opportunity,
    )


def _challenge_part(held: Sequence[Near], asked: Sequence[SkillNeed]) -> float:
    if not asked:
        return UNSAID
    brought = mean([level_brought(near) for near in held[: len(asked)]])
    return float(challenge(brought - mean([need.level for need in asked])))


def ranked(
    student: Student,
    opportunity: Opportunity,
    vocabulary: Vocabulary,
    scale: Mapping[str, float],
    on: date,
    facts: Facts,
) -> Ranked:
    """Weigh and explain the facts."""
    reasons, gap = explain(Evidenced(student, vocabulary, on), facts, scale)
    score = weighted_mean(facts.parts, scale)
    return Ranked(opportunity.id, score, facts.parts, reasons, gap, facts.km, facts.minutes)


def by_definition(
    opportunities: Sequence[Opportunity],
    student: Student,
    vocabulary: Vocabulary,
    weights: Weights,
    on: date,
    seed: int = 0,
) -> list[Ranked]:
    """The whole ranking by the plain definition: what `Index.top` must return, in its order."""
    lines = [
        score(student, one, vocabulary, weights, on)
        for one in opportunities
        if hidden_by(student, one, on, weights.attendance) is None
    ]
    return sorted(lines, key=lambda line: (-line.score, tie(seed, line.id)))
