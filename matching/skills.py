"""Skills: a tree of concepts, how near two of them are, and how well what is held meets what is needed.

Similarity is the share of a need that a skill of another name still covers. It is a reading of the tree,
not a measurement: the numbers keep the order *exact > narrower or broader > sibling > related > none* in
a tree of up to four levels, and holding something narrower than what is needed (TIG welding for welding)
counts for more than holding something broader (welding for TIG welding).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from matching.errors import MatchingError, UnknownSkill
from matching.types import Concept, Evidence, HeldSkill, SkillNeed, Student

NARROWER: Final = 0.9
"""Kept per step when the held skill lies below the needed one."""

BROADER: Final = 0.7
"""Kept per step when the held skill lies above the needed one."""

SIBLING: Final = 0.3
"""Both have the same broader concept."""

RELATED: Final = 0.2
"""One names the other as related (read in both directions)."""

EVIDENCE: Final[Mapping[Evidence, float]] = {
    Evidence.DECLARED: 0.85,
    Evidence.CURRICULUM: 0.9,
    Evidence.VALIDATED: 0.95,
    Evidence.CERTIFIED: 1.0,
}
"""How much a level counts by where it comes from. Modest: a student's own word is worth most of it."""

REQUIRED: Final = 2.0
"""Weight of a required skill beside a wanted one, which weighs 1."""

LEVELS: Final = 4

WORTH: Final[Mapping[Evidence, tuple[tuple[float, ...], ...]]] = {
    evidence: tuple(
        tuple(min(1.0, held / needed) * counts for needed in range(1, LEVELS + 1))
        for held in range(1, LEVELS + 1)
    )
    for evidence, counts in EVIDENCE.items()
}
"""`level_fit` times `EVIDENCE`, by evidence, held level and needed level (both from 1, so less one here)."""

FAR: Final = 0.3
"""What learning a new skill is worth when nothing that the student likes or knows lies near it."""


class Vocabulary:
    """An immutable tree of skills with similarity.

    Parameters
    ----------
    concepts
        The skills, in any order. `broader` makes the tree, `related` adds links across it.

    Raises
    ------
    MatchingError
        An id that occurs twice, or a `broader` chain that comes back to where it began.
    UnknownSkill
        A `broader` or `related` id that is no concept.

    Examples
    --------
    >>> def concept(id, broader=None):
    ...     return Concept(id, {"it": (id,)}, broader=broader)
    >>> vocabulary = Vocabulary([concept("welding"), concept("tig", "welding"), concept("mig", "welding")])
    >>> vocabulary.similarity("tig", "welding"), vocabulary.similarity("welding", "tig")
    (0.9, 0.7)
    >>> vocabulary.similarity("tig", "mig")
    0.3
    """

    def __init__(self, concepts: Iterable[Concept]) -> None:
        self._concepts: dict[str, Concept] = {}
        for concept in concepts:
            if concept.id in self._concepts:
                raise MatchingError(f"skill {concept.id!r} occurs twice")
            self._concepts[concept.id] = concept
        self._narrower: dict[str, list[str]] = {}
        self._linked: dict[str, set[str]] = {}
        for concept in self._concepts.values():
            if concept.broader is not None:
                self[concept.broader]
                self._narrower.setdefault(concept.broader, []).append(concept.id)
            for other in concept.related:
                self[other]
                self._linked.setdefault(concept.id, set()).add(other)
                self._linked.setdefault(other, set()).add(concept.id)
        self._refuse_cycles()
        self._covers: dict[str, Mapping[str, float]] = {}
        self._covered_by: dict[str, Mapping[str, float]] = {}

    def _refuse_cycles(self) -> None:
        sound: set[str] = set()
        for start in self._concepts:
            path: dict[str, None] = {}
            here: str | None = start
            while here is not None and here not in sound:
                if here in path:
                    raise MatchingError(f"the broader skills of {here!r} lead back to it")
                path[here] = None
                here = self._concepts[here].broader
            sound.update(path)

    def __getitem__(self, skill_id: str) -> Concept:
        try:
            return self._concepts[skill_id]
        except KeyError:
            raise UnknownSkill(skill_id) from None

    def __contains__(self, skill_id: object) -> bool:
        return skill_id in self._concepts

    def __len__(self) -> int:
        return len(self._concepts)

    def require(self, skill_ids: Iterable[str]) -> None:
        """Raise UnknownSkill for the first that is not in it."""
        for skill_id in skill_ids:
            if skill_id not in self._concepts:
                raise UnknownSkill(skill_id)

    def ids(self) -> tuple[str, ...]:
        """The ids of all concepts, in the order given."""
        return tuple(self._concepts)

    def label(self, skill_id: str, language: str) -> str:
        """The preferred label in a language, else in any other, else the id.

        Examples
        --------
        >>> Vocabulary([Concept("plc", {"it": ("Programmazione PLC", "PLC")})]).label("plc", "en")
        'Programmazione PLC'
        """
        labels = self[skill_id].labels
        for choice in (labels.get(language, ()), *labels.values()):
            if choice:
                return choice[0]
        return skill_id

    def similarity(self, held: str, needed: str) -> float:
        """The share, 0 to 1, of the need for one skill that holding another covers."""
        self[needed]
        return self.covers(held).get(needed, 0.0)

    def covers(self, held: str) -> Mapping[str, float]:
        """All skills for which holding `held` counts, with their similarity above 0."""
        found = self._covers.get(held)
        if found is None:
            found = self._covers[held] = self._around(held, up=NARROWER, down=BROADER)
        return found

    def covered_by(self, needed: str) -> Mapping[str, float]:
        """All skills that count when `needed` is asked for, with their similarity above 0.

        Examples
        --------
        >>> vocabulary = Vocabulary([Concept("a", {}), Concept("b", {}, broader="a", related=("c",)), Concept("c", {})])
        >>> dict(vocabulary.covered_by("b"))
        {'c': 0.2, 'b': 1.0, 'a': 0.7}
        """
        found = self._covered_by.get(needed)
        if found is None:
            found = self._covered_by[needed] = self._around(needed, up=BROADER, down=NARROWER)
        return found

    def _around(self, centre: str, *, up: float, down: float) -> Mapping[str, float]:
        """Everything near `centre`; where two links lead to one skill, the stronger counts."""
        here = self[centre]
        near = dict.fromkeys(sorted(self._linked.get(centre, ())), RELATED)
        if here.broader is not None:
            near.update(dict.fromkeys(self._narrower[here.broader], SIBLING))
        value = up
        above = here.broader
        while above is not None:
            near[above] = max(value, near.get(above, 0.0))
            value *= up
            above = self._concepts[above].broader
        value = down
        layer = self._narrower.get(centre, [])
        while layer:
            for below in layer:
                near[below] = max(value, near.get(below, 0.0))
            value *= down
            layer = [child for below in layer for child in self._narrower.get(below, ())]
        near[centre] = 1.0
        return near


def check_level(level: int) -> None:
    """Raise MatchingError for a level outside 1 to 4."""
    if not 1 <= level <= LEVELS:
        raise MatchingError(f"a skill level is 1 to {LEVELS}, not {level}")


def level_fit(held: int, needed: int) -> float:
    """How far a held level meets a needed one: fully from there up, in proportion below.

    Raises
    ------
    MatchingError
        A level outside 1 to 4.

    Examples
    --------
    >>> level_fit(3, 2), level_fit(1, 2)
    (1.0, 0.5)
    """
    check_level(held)
    check_level(needed)
    return 1.0 if held >= needed else held / needed


def best_held(student: Student, need: SkillNeed, vocabulary: Vocabulary) -> tuple[float, HeldSkill | None]:
    """How well the student meets one need, 0 to 1, and the skill that meets it best (the first of equals).

    Raises
    ------
    UnknownSkill
        The need or a held skill is not in the vocabulary.

    Examples
    --------
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("PLC",)})])
    >>> student = Student("s", 44.5, 11.3, skills=(HeldSkill("plc", 2, Evidence.CERTIFIED),))
    >>> best_held(student, SkillNeed("plc", 4), vocabulary)
    (0.5, HeldSkill(id='plc', level=2, evidence=<Evidence.CERTIFIED: 'certified'>))
    """
    return best_of(student.skills, need, vocabulary)


def best_of(
    skills: Iterable[HeldSkill], need: SkillNeed, vocabulary: Vocabulary
) -> tuple[float, HeldSkill | None]:
    """How well the best of some held skills meets a need, and which one it is (the first of equals)."""
    return best_met(near_of(skills, need.id, vocabulary), need)


Near: TypeAlias = Sequence[tuple[float, HeldSkill]]
"""Held skills that count for a needed one, each with its similarity."""


def near_of(skills: Iterable[HeldSkill], needed: str, vocabulary: Vocabulary) -> Near:
    """Which of some held skills count when one is needed.

    Raises
    ------
    UnknownSkill
        The needed or a held skill is not in the vocabulary.
    """
    [near] = near_each(skills, (needed,), vocabulary)
    return near


def near_each(skills: Iterable[HeldSkill], needed: Iterable[str], vocabulary: Vocabulary) -> list[Near]:
    """The same for each of some that are needed."""
    held = [(one.id, one) for one in skills]
    vocabulary.require(name for name, _ in held)
    return [
        [(similarity[name], one) for name, one in held if name in similarity]
        for similarity in map(vocabulary.covered_by, needed)
    ]


def best_met(near: Near, need: SkillNeed) -> tuple[float, HeldSkill | None]:
    """How well the best of them meets the need, and which one it is (the first of equals)."""
    best, which = 0.0, None
    for similarity, held in near:
        level_fit(held.level, need.level)
        met = similarity * WORTH[held.evidence][held.level - 1][need.level - 1]
        if met > best:
            best, which = met, held
    return best, which


def skill_fit(met: Iterable[tuple[float, float]]) -> float:
    """The weighted mean of `(weight, how well met)` over all needs; there must be one.

    Examples
    --------
    >>> skill_fit([(2.0, 1.0), (1.0, 0.25)])
    0.75
    """
    total = weights = 0.0
    for weight, share in met:
        total += weight * share
        weights += weight
    return total / weights


def ability(student: Student, skill_id: str, vocabulary: Vocabulary) -> float:
    """The level, 0 to 4, that the student brings to a skill: of the best held one, level times similarity.

    Examples
    --------
    >>> vocabulary = Vocabulary([Concept("welding", {}), Concept("tig", {}, broader="welding")])
    >>> student = Student("s", 44.5, 11.3, skills=(HeldSkill("tig", 2),))
    >>> ability(student, "welding", vocabulary), ability(student, "tig", vocabulary)
    (1.8, 2.0)
    """
    return level_brought(near_of(student.skills, skill_id, vocabulary))


def level_brought(near: Near) -> float:
    """The level of the best of them, times its similarity."""
    return max((similarity * held.level for similarity, held in near), default=0.0)


def challenge(surplus: Any) -> Any:
    """How well the level of the work suits, 0 to 1, on a number or an array.

    Parameters
    ----------
    surplus
        Mean level brought less mean level asked. Within one level either way suits (a little to grow
        into, or a little practice); three levels off, far too hard or far too easy, is worth nothing.

    Examples
    --------
    >>> [float(challenge(surplus)) for surplus in (-3.0, -2.0, -1.0, 0.5, 2.0)]
    [0.0, 0.5, 1.0, 1.0, 0.5]
    """
    return np.maximum(1.0 - np.maximum(np.abs(surplus) - 1.0, 0.0) / 2.0, 0.0)


def interest_in(student: Student, skill_id: str, vocabulary: Vocabulary) -> float:
    """How near a skill is to the student's interests, 0 to 1.

    Here the broad word is the wish: whoever likes robotics likes to programme robots.
    """
    vocabulary[skill_id]
    return max((vocabulary.covered_by(liked).get(skill_id, 0.0) for liked in student.interests), default=0.0)


def learning_gain(student: Student, taught: SkillNeed, vocabulary: Vocabulary) -> float:
    """What being taught a skill is worth to the student, 0 to 1.

    The part that is new (a level that is only declared is a little new: the path would prove it), times
    how near the skill lies to an interest or to something that the student knows, but at least `FAR`.
    """
    near = near_of(student.skills, taught.id, vocabulary)
    return gain_near(near, taught, interest_in(student, taught.id, vocabulary))


def gain_near(near: Near, taught: SkillNeed, interest: float) -> float:
    """The same, of held skills that count for the taught one and how near it lies to an interest."""
    met, _ = best_met(near, taught)
    known = max((similarity for similarity, _ in near), default=0.0)
    return float(gain_of(met, max(known, interest)))


def gain_of(met: Any, near: Any) -> Any:
    """The formula of `learning_gain` on numbers or arrays."""
    return (1.0 - met) * (FAR + (1.0 - FAR) * near)


def mean(values: Sequence[float]) -> float:
    """The mean, added from left to right as the index does it (`sum` rounds differently); 0 of nothing."""
    total = 0.0
    for value in values:
        total += value
    return total / len(values) if values else 0.0


def interest_fit(near: Sequence[float]) -> float:
    """Half for the nearest of an opportunity's skills, half for their mean: 0 when it names none.

    Examples
    --------
    >>> interest_fit([1.0, 0.0])
    0.75
    """
    return (max(near, default=0.0) + mean(near)) / 2.0
