"""A student's skills and interests as tables over the vocabulary: what each need and each concept is worth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.errors import UnknownSkill
from matching.kernel import Tables, kernel
from matching.location import Floats
from matching.skills import LEVELS, WORTH, Vocabulary, check_level, gain_of
from matching.types import Evidence, HeldSkill, SkillNeed, Student

Ints = npt.NDArray[np.signedinteger[Any]]

_GRADES: Final = {evidence: place * LEVELS for place, evidence in enumerate(Evidence)}
"""A grade is a level together with its evidence: every held skill has one of sixteen."""

MOST_HELD: Final = 100_000
"""Held skills that are kept by their number."""

GRADES: Final = len(_GRADES) * LEVELS
_GRADE_WORTH: Final = np.array([row for evidence in Evidence for row in WORTH[evidence]])
_GRADE_LEVEL: Final = np.tile(np.arange(1.0, LEVELS + 1), len(Evidence))


class Profile(NamedTuple):
    """What a student brings. `met` and `gain` by need, `interest` and `ability` by concept.

    A need is numbered concept × 4 + level − 1, see `Skills.key`. The last concept is none at all: what an
    opportunity that names no skill asks for.
    """

    met: Floats
    gain: Floats
    interest: Floats
    ability: Floats


class Skills:
    """A vocabulary in numbers: the same for all students and opportunities.

    Examples
    --------
    >>> from matching.types import Concept, HeldSkill
    >>> skills = Skills(Vocabulary([Concept("welding", {}), Concept("tig", {}, broader="welding")]))
    >>> profile = skills.profile(Student("s", 44.5, 11.3, skills=(HeldSkill("tig", 2, Evidence.CERTIFIED),)))
    >>> float(profile.met[skills.key("welding", 4)]), float(profile.ability[skills.number["tig"]])
    (0.45, 2.0)
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary
        self.number = {skill_id: position for position, skill_id in enumerate(vocabulary.ids())}
        self.none = len(self.number)
        self.width = LEVELS * (self.none + 1)
        self._names = vocabulary.ids()
        self._covers: dict[int, tuple[Ints, Floats]] = {}
        self._liked: dict[str, tuple[Ints, Floats]] = {}
        self._held: dict[int, tuple[HeldSkill, int]] = {}
        self._needs: dict[int, SkillNeed] = {}
        self._covered = lru_cache(MOST_HELD)(self._covered_by)

    def key(self, skill_id: str, level: int) -> int:
        """The number of a need. Refuses what the vocabulary does not hold."""
        self.vocabulary[skill_id]
        check_level(level)
        return self.number[skill_id] * LEVELS + level - 1

    def need(self, key: int) -> SkillNeed:
        """The need with a number: the same object each time."""
        found = self._needs.get(key)
        if found is None:
            found = self._needs[key] = SkillNeed(self._names[key // LEVELS], key % LEVELS + 1)
        return found

    def _near(self, near: Mapping[str, float]) -> tuple[Ints, Floats]:
        concepts = np.fromiter((self.number[one] for one in near), np.int64, len(near))
        return concepts, np.fromiter(near.values(), np.float64, len(near))

    def covers(self, number: int) -> tuple[Ints, Floats]:
        """The concepts for which who holds a concept brings something, and how much."""
        found = self._covers.get(number)
        if found is None:
            found = self._covers[number] = self._near(self.vocabulary.covers(self._names[number]))
        return found

    def pleases(self, liked: str) -> tuple[Ints, Floats]:
        """The concepts that please who likes one, and how much."""
        found = self._liked.get(liked)
        if found is None:
            found = self._liked[liked] = self._near(self.vocabulary.covered_by(liked))
        return found

    @cached_property
    def _tables(self) -> Tables:
        """What the compiled loops read of the vocabulary."""
        near = {
            "covers": [self.covers(number) for number in range(self.none)],
            "pleases": [self.pleases(name) for name in self._names],
        }
        nothing = np.zeros(0, np.int64), np.zeros(0)
        columns: dict[str, Any] = {}
        for what, some in near.items():
            concepts, values = zip(*some, nothing, strict=True)
            columns[f"{what}_first"] = np.cumsum([0, *map(len, concepts)])
            columns[f"{what}_concept"] = np.concatenate(concepts).astype(np.int32)
            columns[f"{what}_value"] = np.concatenate(values)
        return Tables.checked(worth=_GRADE_WORTH, level=_GRADE_LEVEL, concepts=self.none + 1, **columns)

    def _covered_by(self, code: int) -> tuple[Ints, Floats]:
        """What a held skill covers, as places in a table of grade × concept, and how near each is."""
        number, grade = divmod(code, GRADES)
        concepts, values = self.covers(number)
        return concepts + grade * (self.none + 1), values

    def _held_at(self, held: HeldSkill) -> int:
        """A held skill in one number: its concept × 16 + its grade."""
        try:
            number = self.number[held.id]
        except KeyError:
            raise UnknownSkill(held.id) from None
        check_level(held.level)
        found = number * GRADES + _GRADES[held.evidence] + held.level - 1
        if len(self._held) >= MOST_HELD:
            self._held = {}
        # By identity: whole classes share the objects, and hashing them would cost more than all the rest. The
        # object is kept, so nothing else can have its identity.
        self._held[id(held)] = held, found
        return found

    def profile(self, student: Student) -> Profile:
        """The tables of one student.

        Raises
        ------
        UnknownSkill
            A skill or an interest that the vocabulary does not hold.
        """
        kept = self._held
        held = [kept[id(one)][1] if id(one) in kept else self._held_at(one) for one in student.skills]
        compiled = kernel()
        if compiled is None:
            return self._profile(student, held)
        try:
            liked = [self.number[one] for one in student.interests]
        except KeyError as error:
            raise UnknownSkill(error.args[0]) from None
        return Profile(*compiled.profile(self._tables, held, liked, LEVELS))

    def _profile(self, student: Student, held: list[int]) -> Profile:
        """The same with numpy.

        Held skills of one grade cover a concept as well as the nearest of them, so they are joined before
        levels come in: that leaves at most sixteen rows, whatever the number of skills.
        """
        concepts = self.none + 1
        interest = np.zeros(concepts)
        for liked in student.interests:
            wish = self.pleases(liked)
            interest[wish[0]] = np.maximum(interest[wish[0]], wish[1])
        met, ability = np.zeros((concepts, LEVELS)), np.zeros(concepts)
        gain = gain_of(0.0, interest).repeat(LEVELS).reshape(concepts, LEVELS)
        if held:
            where, values = zip(*map(self._covered, held), strict=True)
            covered = np.zeros((GRADES, concepts))
            np.maximum.at(covered.ravel(), np.concatenate(where), np.concatenate(values))
            rows = sorted({code % GRADES for code in held})
            some = covered[rows]
            nearest = some.max(axis=0)
            touched = np.flatnonzero(nearest)  # a few hundred concepts: only for them there is more to do
            some, known = some[:, touched], np.maximum(nearest[touched], interest[touched])
            met_there = (some[:, None, :] * _GRADE_WORTH[rows][:, :, None]).max(axis=0)
            met[touched] = met_there.T
            gain[touched] = gain_of(met_there, known).T
            ability[touched] = (some * _GRADE_LEVEL[rows][:, None]).max(axis=0)
        gain[-1] = 0.0  # who teaches nothing adds nothing
        return Profile(met.ravel(), gain.ravel(), interest, ability)
