"""Why a match fits and what is missing: facts chosen here as codes, put into words by `say`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from matching.calendar import UNKNOWN, days_of, free_days, takeable_spans
from matching.phrases import EVIDENCE, PHRASES, UNITS
from matching.skills import REQUIRED, Vocabulary, best_of
from matching.types import HeldSkill, Opportunity, Reason, SkillNeed, Student

MOST_REASONS: Final = 3

WORTH_SAYING: Final = 0.5
"""A skill met, an interest touched or a skill gained below this is no reason."""

GAP_BELOW: Final = 0.7
"""A need that is met less than this is a gap. What is only declared (0.85) is none."""

FAR_FROM: Final = 0.8
"""From this share of the student's limit on, the journey is the gap."""

CODES: Final = frozenset(PHRASES["it"]["student"])
"""All codes that a reason or a gap can carry."""


class Evidenced:
    """One student as the explanations see them; remembers what several opportunities ask for alike."""

    __slots__ = ("_held", "_liked", "_places", "on", "own_level", "student", "vocabulary")

    def __init__(self, student: Student, vocabulary: Vocabulary, on: date) -> None:
        self.student = student
        self.vocabulary = vocabulary
        self.on = on
        self.own_level: dict[str, int] = {}
        self._places: dict[str, list[int]] = {}
        for place, held in enumerate(student.skills):
            self.own_level[held.id] = max(held.level, self.own_level.get(held.id, 0))
            self._places.setdefault(held.id, []).append(place)
        self._held: dict[tuple[str, int], HeldSkill | None] = {}
        self._liked: dict[str, str] = {}

    def held_for(self, need: SkillNeed) -> HeldSkill | None:
        """The held skill that meets a need best."""
        key = (need.id, need.level)
        if key not in self._held:
            # Of a hundred skills a few lie near the need; only they are compared, in the student's order.
            near = self.vocabulary.covered_by(need.id).keys() & self._places.keys()
            places = sorted(place for skill_id in near for place in self._places[skill_id])
            some = [self.student.skills[place] for place in places]
            self._held[key] = best_of(some, need, self.vocabulary)[1]
        return self._held[key]

    def liked_in(self, skill_id: str) -> str:
        """The interest that lies nearest to a skill, the first of equals."""
        if skill_id not in self._liked:
            covered_by = self.vocabulary.covered_by
            self._liked[skill_id] = max(
                self.student.interests, key=lambda liked: covered_by(liked).get(skill_id, 0.0)
            )
        return self._liked[skill_id]


def explain(
    evidence: Evidenced,
    opportunity: Opportunity,
    parts: Mapping[str, float],
    weights: Mapping[str, float],
    worth: Sequence[float],
    near: Sequence[float],
    gains: Sequence[float],
    km: float | None,
) -> tuple[tuple[Reason, ...], Reason | None]:
    """Choose at most three reasons, strongest first, and the gap that is worth most.

    Every part offers its best single fact; its strength is the part's weight times how true the fact is.
    Equal strengths keep the order of the parts, and no skill is named twice.

    Parameters
    ----------
    worth, near, gains
        How well each required and wanted need is met times its weight, how near each required, wanted
        and taught skill lies to an interest, and what each taught skill adds, in the opportunity's order.
    """
    offers: list[tuple[float, str, int]] = []
    if worth:
        most = max(worth)
        best = worth.index(most)
        met = most / REQUIRED if best < len(opportunity.required) else most
        if met >= WORTH_SAYING:
            offers.append((weights["skills"] * met, "skills", best))
    if gains:
        gain = max(gains)
        if gain >= WORTH_SAYING:
            offers.append((weights["learning"] * gain, "learning", gains.index(gain)))
    if "interest" in parts and near:
        nearest = max(near)
        if nearest >= WORTH_SAYING:
            offers.append((weights["interest"] * nearest, "interest", near.index(nearest)))
    if parts["travel"] >= WORTH_SAYING:
        offers.append((weights["travel"] * parts["travel"], "travel", 0))
    if parts["calendar"] == 1.0 and opportunity.spans:
        offers.append((weights["calendar"] * UNKNOWN, "calendar", 0))
    if parts["programme"] >= 0.75:
        offers.append((weights["programme"] * parts["programme"], "programme", 0))
    if "hours" in parts and opportunity.hours > 0:
        offers.append((weights["hours"] * parts["hours"], "hours", 0))
    if not offers and parts["travel"] > 0.0:
        offers.append((0.0, "travel", 0))
    offers.sort(key=_strength, reverse=True)
    reasons: list[Reason] = []
    named: set[str] = set()
    for _, part, position in offers:
        reason = _reason(evidence, opportunity, parts, part, position, km)
        skill = reason.values.get("skill")
        if skill is not None:
            if skill in named:
                continue
            named.add(str(skill))
        reasons.append(reason)
        if len(reasons) == MOST_REASONS:
            break
    return tuple(reasons), _gap(evidence, opportunity, parts, worth, km)


def _strength(offer: tuple[float, str, int]) -> float:
    return offer[0]


def _reason(
    evidence: Evidenced,
    opportunity: Opportunity,
    parts: Mapping[str, float],
    part: str,
    position: int,
    km: float | None,
) -> Reason:
    """The fact that a part offers."""
    if part == "skills":
        required = opportunity.required
        inside = position < len(required)
        need = required[position] if inside else opportunity.wanted[position - len(required)]
        held = evidence.held_for(need)
        assert held is not None  # noqa: S101 - it is met by half at least
        values: dict[str, str | int | float] = {
            "skill": need.id,
            "level": held.level,
            "evidence": held.evidence.value,
        }
        if held.id == need.id:
            return Reason("skill_held", values)
        return Reason("skill_close", {**values, "held": held.id})
    if part == "learning":
        taught = opportunity.taught[position]
        return Reason("teaches", {"skill": taught.id, "level": taught.level})
    if part == "interest":
        skill = (opportunity.required + opportunity.wanted + opportunity.taught)[position].id
        liked = evidence.liked_in(skill)
        code = "interest" if liked == skill else "interest_close"
        return Reason(code, {"skill": skill, "interest": liked})
    if part == "travel":
        if km is None:
            return Reason("online")
        return Reason("travel_near", {"km": round(km)}) if km >= 1.0 else Reason("travel_here")
    if part == "calendar":
        return Reason("calendar_free")
    if part == "programme":
        return Reason("programme_named" if parts["programme"] == 1.0 else "sector_named")
    owed = evidence.student.hours_owed
    return Reason("hours", {"hours": min(opportunity.hours, owed), "owed": owed})


def _gap(
    evidence: Evidenced,
    opportunity: Opportunity,
    parts: Mapping[str, float],
    worth: Sequence[float],
    km: float | None,
) -> Reason | None:
    """What is missing most: a needed skill, else a long way, else days, else the availability itself."""
    worst, loss = -1, 0.0
    required = len(opportunity.required)
    for position, value in enumerate(worth):
        full = REQUIRED if position < required else 1.0
        if value < GAP_BELOW * full and full - value > loss:
            worst, loss = position, full - value
    if worst >= 0:
        need = opportunity.required[worst] if worst < required else opportunity.wanted[worst - required]
        own = evidence.own_level.get(need.id, need.level)
        if own < need.level:
            return Reason("skill_low", {"skill": need.id, "level": need.level, "held_level": own})
        return Reason("skill_missing", {"skill": need.id, "level": need.level})
    student = evidence.student
    if km is not None and student.max_km is not None and km > FAR_FROM * student.max_km:
        return Reason("travel_far", {"km": round(km), "max_km": round(student.max_km)})
    if opportunity.spans and not student.free:
        return Reason("calendar_unknown")
    if parts["calendar"] < 1.0:
        free, days = _best_days(student, opportunity, evidence.on)
        return Reason("calendar_partial", {"free_days": free, "days": days})
    return None


def _best_days(student: Student, opportunity: Opportunity, on: date) -> tuple[int, int]:
    """Free days and all days of the span that suits best."""
    counts = [
        (free_days(student.free, span), days_of(span)) for span in takeable_spans(student, opportunity, on)
    ]
    return max(counts, key=lambda pair: pair[0] / pair[1] if pair[1] else 0.0, default=(0, 0))


def say(reason: Reason, vocabulary: Vocabulary, language: str = "it", audience: str = "student") -> str:
    """Put a reason or a gap into plain words.

    Parameters
    ----------
    language
        `"it"` (simple, the student is *tu*) or `"en"`.
    audience
        `"student"`, or `"company"` for the same fact about a candidate without a name.

    Examples
    --------
    >>> from matching.types import Concept
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",), "en": ("PLC programming",)})])
    >>> reason = Reason("skill_held", {"skill": "plc", "level": 3, "evidence": "validated"})
    >>> say(reason, vocabulary)
    'Programmazione PLC: hai il livello 3, confermato dal tuo insegnante.'
    >>> say(reason, vocabulary, "en", "company")
    'PLC programming: level 3, confirmed by the teacher.'
    """
    words: dict[str, str | int | float] = {}
    for name, value in reason.values.items():
        if name in ("skill", "held", "interest"):
            words[name] = vocabulary.label(str(value), language)
        elif name == "evidence":
            words[name] = EVIDENCE[language][audience][str(value)]
        elif name in UNITS[language]:
            one, many = UNITS[language][name]
            words[name] = f"{value} {one if value == 1 else many}"
        else:
            words[name] = value
    said = PHRASES[language][audience][reason.code].format_map(words)
    return said[0].upper() + said[1:]
