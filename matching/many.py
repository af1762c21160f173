"""The best opportunities of many students, one after the other: neighbours together, who share what is within reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matching.errors import MatchingError
from matching.picks import Pick
from matching.rank import Index
from matching.types import Kind, Student


class Top(NamedTuple):
    """The best of one student, who is named by the position among all."""

    position: int
    pick: Pick

    @property
    def ids(self) -> list[str]:
        """The ids of the opportunities, the best first."""
        return [name.decode() for name in self.pick.layout.table.ids[self.pick.rows].tolist()]

    @property
    def scores(self) -> list[float]:
        """Their scores."""
        found: list[float] = self.pick.scores.tolist()
        return found

    def parts(self, student: Student) -> list[dict[str, float]]:
        """The parts of their scores; `student` is the one at the position."""
        names = self.pick.layout.blend(student).names
        kinds = self.pick.layout.kind[self.pick.rows].tolist()
        return [
            {name: values[line] for line, name in names[kind]}
            for kind, values in zip(kinds, self.pick.values.T.tolist(), strict=True)
        ]


def top(index: Index, students: Sequence[Student], k: int = 20, kind: Kind | None = None) -> Iterator[Top]:
    """The best `k` opportunities for each of many students, in no particular order of the students.

    Ids and scores are those of `Index.top`; for reasons give a `Top.pick` to `Index.explained`. Only a few
    students' results are held at a time.

    Parameters
    ----------
    kind
        Only this kind.

    Raises
    ------
    UnknownSkill
        A skill or an interest of a student that the vocabulary does not hold.
    MatchingError
        A `k` below 0, or a level that cannot be.

    Examples
    --------
    >>> from datetime import date
    >>> from matching import Concept, HeldSkill, Opportunity, SkillNeed, Vocabulary
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> firms = [Opportunity(name, Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", level),))
    ...          for name, level in (("hard", 4), ("easy", 1))]
    >>> students = [Student(f"s{level}", 44.49, 11.34, skills=(HeldSkill("plc", level),)) for level in (1, 2)]
    >>> for best in top(Index(firms, vocabulary, on=date(2026, 11, 22)), students):
    ...     print(best.position, best.ids, [round(score, 3) for score in best.scores])
    0 ['easy', 'hard'] [0.704, 0.394]
    1 ['easy', 'hard'] [0.704, 0.507]
    """
    if k < 0:
        raise MatchingError(f"cannot return {k} opportunities")
    layout = index.folded()
    places = [(one.latitude, one.longitude) for one in students]
    for position in sorted(range(len(students)), key=places.__getitem__):
        yield Top(position, index.picked(layout, students[position], k, kind))
