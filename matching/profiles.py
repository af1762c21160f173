"""The profiles of several students at once: the same tables, a column each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from matching.errors import UnknownSkill
from matching.location import Floats
from matching.profile import Ints, Profile, Skills
from matching.skills import LEVELS, WORTH, gain_of, level_fit
from matching.table import ragged
from matching.types import Evidence, Student

GRADES: Final = {evidence: place * LEVELS for place, evidence in enumerate(Evidence)}
GRADE_WORTH: Final = np.array([row for evidence in Evidence for row in WORTH[evidence]])


class Nearness:
    """What lies near some concepts, one after the other; a concept is looked up when it first occurs."""

    def __init__(self, find: Callable[[int], tuple[Ints, Floats]], size: int) -> None:
        self._find = find
        self._starts, self._counts = np.zeros(size, np.int64), np.full(size, -1)
        self._concepts, self._values = np.zeros(0, np.int64), np.zeros(0)

    def of(self, numbers: Ints) -> tuple[Ints, Ints, Floats]:
        """Which of `numbers` each entry belongs to, its concept, and how near that is."""
        for number in np.unique(numbers[self._counts[numbers] < 0]).tolist():
            concepts, values = self._find(number)
            self._starts[number], self._counts[number] = len(self._concepts), len(concepts)
            self._concepts = np.concatenate([self._concepts, concepts])
            self._values = np.concatenate([self._values, values])
        counts = self._counts[numbers]
        where, _ = ragged(self._starts[numbers], counts)
        return np.repeat(np.arange(len(numbers)), counts), self._concepts[where], self._values[where]


class Profiles:
    """`Skills.profile` of several students at once, a column each.

    Examples
    --------
    >>> from matching.skills import Vocabulary
    >>> from matching.types import Concept, HeldSkill
    >>> skills = Skills(Vocabulary([Concept("welding", {}), Concept("tig", {}, broader="welding")]))
    >>> one, other = (Student("", 44.5, 11.3, skills=(HeldSkill("tig", level),)) for level in (1, 2))
    >>> both = Profiles(skills).of([one, other])
    >>> [bool((both.gain[:, n] == skills.profile(s).gain).all()) for n, s in enumerate((one, other))]
    [True, True]
    """

    def __init__(self, skills: Skills) -> None:
        names = skills.vocabulary.ids()
        self._skills = skills
        self._covered = Nearness(skills.covers, skills.none)
        self._pleasing = Nearness(lambda number: skills.pleases(names[number]), skills.none)

    def of(self, students: Sequence[Student]) -> Profile:
        """Their tables."""
        concepts, size = self._skills.none + 1, len(students)
        held = [one for student in students for one in student.skills]
        levels = np.array([one.level for one in held], np.int64)
        for place in np.flatnonzero((levels < 1) | (levels > LEVELS)).tolist():
            level_fit(held[place].level, held[place].level)
        grades = np.array([GRADES[one.evidence] for one in held], np.int64) + levels - 1
        of, where, value = self._covered.of(self._numbers([one.id for one in held]))
        places = where * size + _owners([len(one.skills) for one in students])[of]
        near, ability = np.zeros((concepts, size)), np.zeros((concepts, size))
        np.maximum.at(near.ravel(), places, value)
        np.maximum.at(ability.ravel(), places, value * levels[of])
        met = np.zeros((LEVELS, concepts, size))
        for level, worth in enumerate(GRADE_WORTH.T):
            np.maximum.at(met[level].ravel(), places, value * worth[grades[of]])
        met = met.transpose(1, 0, 2)
        interest = self._interest(students)
        gain = gain_of(met, np.maximum(near, interest)[:, None])
        gain[-1] = 0.0  # who teaches nothing adds nothing
        return Profile(met.reshape(-1, size), gain.reshape(-1, size), interest, ability)

    def _interest(self, students: Sequence[Student]) -> Floats:
        found = np.zeros((self._skills.none + 1, len(students)))
        of, where, value = self._pleasing.of(
            self._numbers([one for some in students for one in some.interests])
        )
        who = _owners([len(one.interests) for one in students])[of]
        np.maximum.at(found.ravel(), where * len(students) + who, value)
        return found

    def _numbers(self, skill_ids: Sequence[str]) -> Ints:
        try:
            return np.array([self._skills.number[one] for one in skill_ids], np.int64)
        except KeyError as error:
            raise UnknownSkill(error.args[0]) from None


def _owners(counts: Sequence[int]) -> Ints:
    return np.repeat(np.arange(len(counts)), counts)
