"""How a score adds up, part by part and skill by skill.

`explain` chooses at most three reasons and a gap; here nothing is chosen and nothing left out. It is worked out by the
definition, for the few lines that somebody reads.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final, NamedTuple

from matching.calendar import days_of, free_days, takeable_spans
from matching.explain import GAP_BELOW, WORTH_SAYING, Evidenced, Facts, fill
from matching.phrases import BASES
from matching.score import facts_of, part_names, part_weights, weighted_mean
from matching.skills import Vocabulary, ability, best_held, mean
from matching.types import HeldSkill, Kind, Opportunity, Reason, SkillNeed, Student, Weights

CODES: Final = frozenset(BASES["it"])
"""All codes that a part can stand on."""


class PartLine(NamedTuple):
    """One part: its value (None where it does not apply), its weight for this kind, and what it stands on."""

    name: str
    value: float | None
    weight: float
    basis: Reason


class SkillLine(NamedTuple):
    """One skill that is required, wanted or taught.

    `met` says how well it is met, by `held`; `interest` how near it lies to an interest; `gain` what being taught it
    is worth, None where it is not taught.
    """

    role: str
    need: SkillNeed
    met: float
    held: HeldSkill | None
    interest: float
    gain: float | None


class Breakdown(NamedTuple):
    """The parts in the order in which they are added up, and the skills they look at.

    `points` is the sum of weight times value over the parts that apply, `weight` the sum of their weights, and the
    score the one divided by the other.
    """

    parts: tuple[PartLine, ...]
    skills: tuple[SkillLine, ...]
    points: float
    weight: float
    score: float


class _Case(NamedTuple):
    student: Student
    opportunity: Opportunity
    vocabulary: Vocabulary
    on: date
    facts: Facts

    @property
    def asked(self) -> tuple[SkillNeed, ...]:
        return self.opportunity.required + self.opportunity.wanted


def break_down(
    student: Student, opportunity: Opportunity, vocabulary: Vocabulary, weights: Weights, on: date
) -> Breakdown:
    """Say how one opportunity's score for one student comes about.

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
    >>> from matching.types import Concept
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> student = Student("s", 44.49, 11.34, max_km=30, skills=(HeldSkill("plc", 3),))
    >>> firm = Opportunity("o", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 4),))
    >>> found = break_down(student, firm, vocabulary, Weights(), date(2026, 11, 22))
    >>> [(line.role, line.need.level, line.held.level, round(line.met, 4)) for line in found.skills]
    [('required', 4, 3, 0.6375)]
    >>> for line in found.parts[:2]:
    ...     print(line.name, round(line.value, 4), line.weight, say_basis(line.basis, vocabulary))
    skills 0.6375 0.32 Competenze chieste: 1. Coperte bene: 0.
    challenge 1.0 0.05 In media chiede il livello 4,0 e tu arrivi al livello 3,0.
    >>> found.score == found.points / found.weight
    True
    """
    facts = facts_of(student, opportunity, vocabulary, on, weights.chance)
    scale = part_weights(weights, opportunity.kind)
    case = _Case(student, opportunity, vocabulary, on, facts)
    parts = tuple(
        PartLine(name, facts.parts.get(name), scale[name], _BASES[name](case)) for name in part_names(weights)
    )
    points = weight = 0.0
    for line in parts:
        if line.value is not None:
            points += line.weight * line.value
            weight += line.weight
    return Breakdown(parts, _skill_lines(case), points, weight, weighted_mean(facts.parts, scale))


def say_basis(basis: Reason, vocabulary: Vocabulary, language: str = "it") -> str:
    """Put what a part stands on into plain words, for the student.

    Examples
    --------
    >>> say_basis(Reason("hours", {"hours": 1, "owed": 30}), Vocabulary([]), "en")
    'It covers 1 hour of the 30 hours you still owe.'
    """
    return fill(BASES[language][basis.code], basis, vocabulary, language, "student")


def _skill_lines(case: _Case) -> tuple[SkillLine, ...]:
    one, facts = case.opportunity, case.facts
    roles = ["required"] * len(one.required) + ["wanted"] * len(one.wanted) + ["taught"] * len(one.taught)
    gains = [None] * len(case.asked) + list(facts.gains)
    lines = []
    for need, role, near, gain in zip(case.asked + one.taught, roles, facts.near, gains, strict=True):
        met, held = best_held(case.student, need, case.vocabulary)
        lines.append(SkillLine(role, need, met, held, near, gain))
    return tuple(lines)


# --- what each part stands on -----------------------------------------------------------------------------------------


def _skills(case: _Case) -> Reason:
    if not case.asked:
        return Reason("skills_none")
    met = [best_held(case.student, need, case.vocabulary)[0] for need in case.asked]
    return Reason("skills", {"needs": len(met), "well": sum(one >= GAP_BELOW for one in met)})


def _challenge(case: _Case) -> Reason:
    if not case.asked:
        return Reason("challenge_none")
    brought = mean([ability(case.student, need.id, case.vocabulary) for need in case.asked])
    return Reason("challenge", {"asked": mean([need.level for need in case.asked]), "brought": brought})


def _learning(case: _Case) -> Reason:
    gains = case.facts.gains
    if not gains:
        return Reason("learning_none")
    return Reason("learning", {"taught": len(gains), "new": sum(gain >= WORTH_SAYING for gain in gains)})


def _interest(case: _Case) -> Reason:
    if not case.student.interests:
        return Reason("interest_dropped")
    near = case.facts.near
    if not near:
        return Reason("interest_none")
    nearest = max(near)
    if nearest == 0.0:
        return Reason("interest_far")
    skill = case.facts.need(near.index(nearest)).id
    liked = Evidenced(case.student, case.vocabulary, case.on).liked_in(skill)
    return Reason("interest", {"skill": skill, "interest": liked})


def _travel(case: _Case) -> Reason:
    student, km, minutes = case.student, case.facts.km, case.facts.minutes
    if km is None:
        return Reason("online")
    if minutes is not None:
        values = {"minutes": round(minutes)}
        if student.max_minutes is None:
            return Reason("travel_minutes_free", values)
        return Reason("travel_minutes", values | {"max_minutes": round(student.max_minutes)})
    if student.max_km is None:
        return Reason("travel_km_free", {"km": round(km)})
    return Reason("travel_km", {"km": round(km), "max_km": round(student.max_km)})


def _calendar(case: _Case) -> Reason:
    if not case.opportunity.spans:
        return Reason("dates_none")
    if not case.student.free:
        return Reason("calendar_unknown")
    spans = takeable_spans(case.student, case.opportunity, case.on)
    counts = [(free_days(case.student.free, span), days_of(span)) for span in spans]
    is_training = case.opportunity.kind is Kind.TRAINING
    choose = min if is_training else max
    free, days = choose(counts, key=lambda pair: pair[0] / pair[1] if pair[1] else 0.0, default=(0, 0))
    return Reason("calendar_lessons" if is_training else "calendar_days", {"free_days": free, "days": days})


def _programme(case: _Case) -> Reason:
    return Reason(_AFFINITIES[case.facts.parts["programme"]])


_AFFINITIES: Final = {
    1.0: "programme_named", 0.75: "sector_named", 0.6: "school_named", 0.5: "open_to_all", 0.0: "not_admitted",
}  # fmt: skip


def _hours(case: _Case) -> Reason:
    hours, owed = case.opportunity.hours, case.student.hours_owed
    if case.opportunity.kind is not Kind.INTERNSHIP:
        return Reason("hours_dropped")
    if owed <= 0:
        return Reason("hours_done")
    return Reason("hours", {"hours": min(hours, owed), "owed": owed}) if hours > 0 else Reason("hours_unsaid")


def _freshness(case: _Case) -> Reason:
    published = case.opportunity.published_on
    if published is None:
        return Reason("published_unsaid")
    age = (case.on - published).days
    return Reason("published", {"age_days": age}) if age > 0 else Reason("published_today")


def _answers(case: _Case) -> Reason:
    rate = case.opportunity.answer_rate
    return Reason("answers_unknown") if rate is None else Reason("answers", {"percent": round(100 * rate)})


def _chance(case: _Case) -> Reason:  # noqa: ARG001 - it stands on the other parts
    return Reason("chance")


_BASES: Final[Mapping[str, Callable[[_Case], Reason]]] = {
    "skills": _skills,
    "challenge": _challenge,
    "learning": _learning,
    "interest": _interest,
    "travel": _travel,
    "calendar": _calendar,
    "programme": _programme,
    "hours": _hours,
    "freshness": _freshness,
    "answers": _answers,
    "chance": _chance,
}
