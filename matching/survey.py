"""A survey: of many students and all opportunities at once, who sees what, who meets which need, and whom each fits.

The same judgement as `matching.reach.obstacles` gives one by one, made on the columns of an index.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from matching.layout import Layout
from matching.profile import Ints
from matching.rank import Index
from matching.reach import ENOUGH
from matching.skills import Vocabulary, best_of
from matching.spans import Bools
from matching.table import KINDS
from matching.types import HeldSkill, Kind, Opportunity, SkillNeed, Student


@dataclass(frozen=True, slots=True)
class Survey:
    """Tables of students (lines, in the order given) by opportunities (columns, `opportunities`).

    `visible` where no rule hides it, `fit` where every required skill is met as well. `holders` says of each need that
    an opportunity requires or wants who meets it.
    """

    opportunities: tuple[Opportunity, ...]
    visible: Bools
    fit: Bools
    holders: Mapping[SkillNeed, Bools]


def survey(
    index: Index,
    students: Sequence[Student],
    *,
    share: float = ENOUGH,
    known: Survey | None = None,
) -> Survey:
    """Judge every student on every opportunity of an index.

    Parameters
    ----------
    share
        The share to which a need must be met, as in `matching.reach`.
    known
        An earlier survey of the same students on the same day, with the same vocabulary, weights and share: only
        opportunities that are not in it, or were others then, are judged.

    Examples
    --------
    >>> from datetime import date
    >>> from matching.types import Concept, Kind
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 3),))
    >>> index = Index([firm], Vocabulary([Concept("plc", {})]), on=date(2026, 11, 22))
    >>> able = Student("able", 44.49, 11.34, skills=(HeldSkill("plc", 3),))
    >>> found = survey(index, [able, Student("beginner", 44.49, 11.34)])
    >>> found.visible.tolist(), found.fit.tolist()
    ([[True], [True]], [[True], [False]])
    >>> {need.id: who.tolist() for need, who in found.holders.items()}
    {'plc': [True, False]}
    """
    layout = index.folded()
    opportunities = tuple(layout.opportunity(row) for row in range(len(layout.table)))
    before = {one.id: (column, one) for column, one in enumerate(known.opportunities)} if known else {}
    columns = np.array([_column(before, one) for one in opportunities], np.intp)
    visible = np.zeros((len(students), len(opportunities)), np.bool_)
    if known is not None:
        visible[:, columns >= 0] = known.visible[:, columns[columns >= 0]]
        fresh = np.flatnonzero(columns < 0)
        some = [opportunities[column] for column in fresh.tolist()]
        layout = Index(some, index.vocabulary, index.weights, on=index.on).folded() if some else layout
    if known is None or len(fresh):
        at = {one.id: column for column, one in enumerate(opportunities)}
        order = np.array([at[layout.name(row)] for row in range(len(layout.table))], np.intp)
        for line, student in enumerate(students):
            visible[line, order[_seen(layout, student)]] = True
    needs = {need for one in opportunities for need in (*one.required, *one.wanted)}
    holders = {need: who for need, who in (known.holders if known else {}).items() if need in needs}
    holders |= _holders(students, needs - holders.keys(), index.vocabulary, share)
    fit = visible.copy()
    for column, one in enumerate(opportunities):
        for need in one.required:
            fit[:, column] &= holders[need]
    return Survey(opportunities, visible, fit, holders)


def _column(before: Mapping[str, tuple[int, Opportunity]], one: Opportunity) -> int:
    """Where an opportunity stood before, if it was the same; else -1."""
    column, was = before.get(one.id, (-1, None))
    return column if was == one else -1


def _seen(layout: Layout, student: Student) -> Ints:
    rows, _ = layout.points.within_reach(student, None)
    admits, _ = layout.admission(student)
    rows = rows[admits[layout.table.eligibility[rows]]]
    if len(rows):
        _, in_time = layout.spans.judge(student, rows, layout.least[layout.kind[rows]])
        rows = rows[in_time]
    return rows


class Blocked(StrEnum):
    """What keeps all opportunities of a kind from a student to whom none of them is visible."""

    NOT_ADMITTED = "not_admitted"
    REACH = "reach"
    DATES = "dates"


def blocked(index: Index, student: Student, kind: Kind) -> Blocked:
    """The first rule that leaves nothing of a kind: who is admitted, how far it is, and days, age included.

    Examples
    --------
    >>> from datetime import date
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34)
    >>> index = Index([firm], Vocabulary([]), on=date(2026, 11, 22))
    >>> str(blocked(index, Student("far", 45.46, 9.19, max_km=30), Kind.INTERNSHIP))
    'reach'
    """
    layout = index.folded()
    admits = layout.admission(student)[0][layout.table.eligibility[: layout.size]]
    first = KINDS.index(kind)
    if not admits[layout.bounds[first] : layout.bounds[first + 1]].any():
        return Blocked.NOT_ADMITTED
    near, _ = layout.points.within_reach(student, kind)
    return Blocked.DATES if admits[near].any() else Blocked.REACH


def _holders(
    students: Sequence[Student], needs: Collection[SkillNeed], vocabulary: Vocabulary, share: float
) -> dict[SkillNeed, Bools]:
    """Who meets each need. Whole classes hold the same skills, so each held one is judged once for all its holders."""
    if not needs:
        return {}
    who: dict[str, dict[HeldSkill, list[int]]] = defaultdict(lambda: defaultdict(list))
    for line, student in enumerate(students):
        for held in student.skills:
            who[held.id][held].append(line)
    found = {}
    for need in sorted(needs, key=lambda need: (need.id, need.level)):
        met = found[need] = np.zeros(len(students), np.bool_)
        for near in vocabulary.covered_by(need.id):
            for held, lines in who.get(near, {}).items():
                if best_of((held,), need, vocabulary)[0] >= share:
                    met[lines] = True
    return found
