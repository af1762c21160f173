"""Why a match fits and what is missing: facts chosen here as codes, put into words by `say`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Final, NamedTuple

from matching.calendar import UNKNOWN, days_of, free_days, takeable_spans
from matching.phrases import EVIDENCE, PHRASES, POINT, UNITS
from matching.skills import REQUIRED, Vocabulary, best_met
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

    __slots__ = ("_held", "_liked", "_places", "on", "student", "vocabulary")

    def __init__(self, student: Student, vocabulary: Vocabulary, on: date) -> None:
        self.student = student
        self.vocabulary = vocabulary
        self.on = on
        self._places: dict[str, tuple[int, ...]] = {}
        for place, held in enumerate(student.skills):
            self._places[held.id] = (*self._places.get(held.id, ()), place)
        self._held: dict[SkillNeed, HeldSkill | None] = {}
        self._liked: dict[str, str] = {}

    def own_level(self, skill_id: str) -> int | None:
        """The level at which a skill itself is held, None when it is not."""
        places = self._places.get(skill_id)
        return max(self.student.skills[place].level for place in places) if places else None

    def held_for(self, need: SkillNeed) -> HeldSkill | None:
        """The held skill that meets a need best."""
        if need not in self._held:
            # Of a hundred skills a few lie near the need; only they are compared, in the student's order.
            similarity, skills = self.vocabulary.covered_by(need.id), self.student.skills
            near = similarity.keys() & self._places.keys()
            places = sorted(place for skill_id in near for place in self._places[skill_id])
            some = [(similarity[skills[place].id], skills[place]) for place in places]
            self._held[need] = best_met(some, need)[1]
        return self._held[need]

    def liked_in(self, skill_id: str) -> str:
        """The interest that lies nearest to a skill, the first of equals."""
        if skill_id not in self._liked:
            covered_by = self.vocabulary.covered_by
            self._liked[skill_id] = max(
                self.student.interests, key=lambda liked: covered_by(liked).get(skill_id, 0.0)
            )
        return self._liked[skill_id]


class Facts(NamedTuple):
    """What is found out about a student and an opportunity before anything is weighed.

    `need` gives the required, wanted and taught skills by their place; the first `required` are required.
    `worth` (how well met, times its weight) has a line for each required and wanted need, `near` (to an
    interest) for each need, `gains` for each taught skill. `opportunity` gives the whole, where a fact
    needs more.
    """

    parts: Mapping[str, float]
    need: Callable[[int], SkillNeed]
    required: int
    worth: Sequence[float]
    near: Sequence[float]
    gains: Sequence[float]
    km: float | None
    minutes: float | None
    hours: int
    is_dated: bool
    opportunity: Callable[[], Opportunity]


def explain(
    evidence: Evidenced, facts: Facts, weights: Mapping[str, float]
) -> tuple[tuple[Reason, ...], Reason | None]:
    """Choose at most three reasons, strongest first, and the gap that is worth most.

    Every part offers its best single fact; its strength is the part's weight times how true the fact is.
    Equal strengths keep the order of the parts, and no skill is named twice. Freshness, the answering
    record and the level of challenge only part near equals: they are no reasons.
    """
    parts = facts.parts
    offers: list[tuple[float, str, int]] = []
    if facts.worth:
        most = max(facts.worth)
        best = facts.worth.index(most)
        met = most / REQUIRED if best < facts.required else most
        if met >= WORTH_SAYING:
            offers.append((weights["skills"] * met, "skills", best))
    if facts.gains:
        gain = max(facts.gains)
        if gain >= WORTH_SAYING:
            offers.append((weights["learning"] * gain, "learning", facts.gains.index(gain)))
    if "interest" in parts and facts.near:
        nearest = max(facts.near)
        if nearest >= WORTH_SAYING:
            offers.append((weights["interest"] * nearest, "interest", facts.near.index(nearest)))
    if parts["travel"] >= WORTH_SAYING:
        offers.append((weights["travel"] * parts["travel"], "travel", 0))
    if parts["calendar"] == 1.0 and facts.is_dated:
        offers.append((weights["calendar"] * UNKNOWN, "calendar", 0))
    if parts["programme"] >= 0.75:
        offers.append((weights["programme"] * parts["programme"], "programme", 0))
    if "hours" in parts and facts.hours > 0:
        offers.append((weights["hours"] * parts["hours"], "hours", 0))
    if not offers and parts["travel"] > 0.0:
        offers.append((0.0, "travel", 0))
    offers.sort(key=_strength, reverse=True)
    reasons: list[Reason] = []
    named: set[str] = set()
    for _, part, position in offers:
        reason = _reason(evidence, facts, part, position)
        skill = reason.values.get("skill")
        if skill is not None:
            if skill in named:
                continue
            named.add(str(skill))
        reasons.append(reason)
        if len(reasons) == MOST_REASONS:
            break
    return tuple(reasons), _gap(evidence, facts)


def _strength(offer: tuple[float, str, int]) -> float:
    return offer[0]


def _reason(evidence: Evidenced, facts: Facts, part: str, position: int) -> Reason:
    """The fact that a part offers."""
    if part == "skills":
        need = facts.need(position)
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
        taught = facts.need(len(facts.worth) + position)
        return Reason("teaches", {"skill": taught.id, "level": taught.level})
    if part == "interest":
        skill = facts.need(position).id
        liked = evidence.liked_in(skill)
        code = "interest" if liked == skill else "interest_close"
        return Reason(code, {"skill": skill, "interest": liked})
    if part == "travel":
        if facts.km is None:
            return Reason("online")
        if facts.minutes is not None:
            return Reason("travel_minutes", {"minutes": round(facts.minutes)})
        return Reason("travel_near", {"km": round(facts.km)}) if facts.km >= 1.0 else Reason("travel_here")
    if part == "calendar":
        return Reason("calendar_free")
    if part == "programme":
        return Reason("programme_named" if facts.parts["programme"] == 1.0 else "sector_named")
    owed = evidence.student.hours_owed
    return Reason("hours", {"hours": min(facts.hours, owed), "owed": owed})


def _gap(evidence: Evidenced, facts: Facts) -> Reason | None:
    """What is missing most: a needed skill, else a long way, else days, else the availability itself."""
    worst, loss = -1, 0.0
    for position, value in enumerate(facts.worth):
        full = REQUIRED if position < facts.required else 1.0
        if value < GAP_BELOW * full and full - value > loss:
            worst, loss = position, full - value
    if worst >= 0:
        need = facts.need(worst)
        own = evidence.own_level(need.id)
        if own is not None and own < need.level:
            return Reason("skill_low", {"skill": need.id, "level": need.level, "held_level": own})
        return Reason("skill_missing", {"skill": need.id, "level": need.level})
    student = evidence.student
    if facts.minutes is not None:
        if student.max_minutes is not None and facts.minutes > FAR_FROM * student.max_minutes:
            limit = round(student.max_minutes)
            return Reason("travel_long", {"minutes": round(facts.minutes), "max_minutes": limit})
    elif facts.km is not None and student.max_km is not None and facts.km > FAR_FROM * student.max_km:
        return Reason("travel_far", {"km": round(facts.km), "max_km": round(student.max_km)})
    if facts.parts["calendar"] == 1.0:
        return None
    if not student.free:
        return Reason("calendar_unknown")
    free, days = _best_days(student, facts.opportunity(), evidence.on)
    return Reason("calendar_partial", {"free_days": free, "days": days})


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
    return fill(PHRASES[language][audience][reason.code], reason, vocabulary, language, audience)


def fill(text: str, reason: Reason, vocabulary: Vocabulary, language: str, audience: str) -> str:
    """Put a reason's values into a text: skills by their names, numbers with their units."""
    words: dict[str, str | int | float] = {}
    for name, value in reason.values.items():
        if name in ("skill", "held", "interest"):
            words[name] = vocabulary.label(str(value), language)
        elif name == "evidence":
            words[name] = EVIDENCE[language][audience][str(value)]
        elif name in UNITS[language]:
            one, many = UNITS[language][name]
            words[name] = f"{value} {one if value == 1 else many}"
        elif isinstance(value, float):
            words[name] = f"{value:.1f}".replace(".", POINT[language])
        else:
            words[name] = value
    said = text.format_map(words)
    return said[0].upper() + said[1:]
