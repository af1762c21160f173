"""The ranking: an index that returns exactly what the plain definition would, only faster."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from heapq import nsmallest
from threading import Lock
from typing import Final

import numpy as np

from matching.columns import KINDS, Columns, Ints, Reach, Ties, tie
from matching.errors import MatchingError, UnknownOpportunity
from matching.explain import Evidenced, explain
from matching.location import Floats
from matching.rules import hidden_by
from matching.score import facts_of, part_weights, ranked, score, weighted_mean
from matching.skills import Vocabulary
from matching.types import Kind, Opportunity, Ranked, Student, Weights

VERSION: Final = "1"
"""The version of the algorithm: raised whenever the same data and weights would rank otherwise."""


class Index:
    """Opportunities ranked for students, and students for an opportunity: exact, explained, repeatable.

    Parameters
    ----------
    opportunities
        Of two with the same id the later one counts.
    vocabulary
        The tree that all skill ids belong to.
    weights
        How much each part counts; the defaults if left out.
    on
        The day of the ranking: what ended or closed before it is hidden.
    seed
        Decides the order of equal scores, which is otherwise random but the same everywhere.

    Notes
    -----
    Safe to use from several threads: a reader keeps the snapshot that it began with. `put` and `drop` only
    note the change; the next reader lays out the columns anew.

    Examples
    --------
    >>> from matching.types import Concept, HeldSkill, SkillNeed
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 3),))
    >>> index = Index([firm], vocabulary, on=date(2026, 11, 22))
    >>> student = Student("s", 44.49, 11.34, max_km=30, skills=(HeldSkill("plc", 3),))
    >>> [(ranked.id, round(ranked.score, 3)) for ranked in index.top(student)]
    [('firm', 0.713)]
    >>> index.drop("firm")
    >>> index.top(student)
    []
    """

    def __init__(
        self,
        opportunities: Iterable[Opportunity],
        vocabulary: Vocabulary,
        weights: Weights | None = None,
        *,
        on: date,
        seed: int = 0,
    ) -> None:
        self.vocabulary = vocabulary
        self.weights = Weights() if weights is None else weights
        self.on = on
        self.seed = seed
        self._reach = Reach(vocabulary)
        self._lock = Lock()
        self._columns: Columns | None = None
        self._opportunities: dict[str, Opportunity] = {}
        for kind in KINDS:
            part_weights(self.weights, kind)
        for opportunity in opportunities:
            self._check(opportunity)
            self._opportunities[opportunity.id] = opportunity

    def _check(self, opportunity: Opportunity) -> None:
        for need in opportunity.required + opportunity.wanted + opportunity.taught:
            self._reach.key(need.id, need.level)

    def __len__(self) -> int:
        return len(self._opportunities)

    def __contains__(self, opportunity_id: object) -> bool:
        return opportunity_id in self._opportunities

    def __getitem__(self, opportunity_id: str) -> Opportunity:
        try:
            return self._opportunities[opportunity_id]
        except KeyError:
            raise UnknownOpportunity(opportunity_id) from None

    def put(self, opportunity: Opportunity) -> None:
        """Add an opportunity, or replace the one with its id.

        Raises
        ------
        UnknownSkill
            A skill that the vocabulary does not hold; nothing has changed then.
        """
        self._check(opportunity)
        with self._lock:
            self._opportunities[opportunity.id] = opportunity
            self._columns = None

    def drop(self, opportunity_id: str) -> None:
        """Take an opportunity out.

        Raises
        ------
        UnknownOpportunity
            There is none with this id.
        """
        with self._lock:
            self[opportunity_id]
            del self._opportunities[opportunity_id]
            self._columns = None

    def _snapshot(self) -> Columns:
        columns = self._columns
        if columns is None:
            with self._lock:
                columns = self._columns
                if columns is None:
                    some = self._opportunities.values()
                    columns = Columns(some, self._reach, self.weights, self.on, self.seed)
                    self._columns = columns
        return columns

    def hidden_by(self, student: Student, opportunity_id: str) -> str | None:
        """The first rule that hides an opportunity from a student, or None."""
        return hidden_by(student, self[opportunity_id], self.on, self.weights.attendance)

    def top(
        self,
        student: Student,
        k: int = 20,
        kind: Kind | None = None,
        after: tuple[float, str] | None = None,
    ) -> list[Ranked]:
        """The best `k` opportunities for a student, by falling score, equal scores by the seed.

        Parameters
        ----------
        kind
            Only this kind.
        after
            Score and id of the last line already seen: the list goes on behind it, also when that
            opportunity has left the index since.

        Raises
        ------
        UnknownSkill
            A skill or an interest of the student that the vocabulary does not hold.
        """
        if k < 0:
            raise MatchingError(f"cannot return {k} opportunities")
        columns = self._snapshot()
        tables = self._reach.tables(student)
        rows, shares = columns.survivors(student, kind)
        if not len(rows) or not k:
            return []
        values = columns.values(student, tables, rows, shares)
        scores = _weighted_means(columns, student, rows, values)
        chosen = self._best(scores, columns.ties[rows], k, after)
        return self._ranked(columns, student, tables, rows[chosen], scores[chosen], values[:, chosen])

    def _best(self, scores: Floats, ties: Ties, k: int, after: tuple[float, str] | None) -> Ints:
        """Positions of the best `k`, in order."""
        among = None
        if after is not None:
            last, place = after[0], np.uint64(tie(self.seed, after[1]))
            among = np.flatnonzero((scores < last) | ((scores == last) & (ties > place)))
            scores, ties = scores[among], ties[among]
        if len(scores) > k:
            least = np.partition(scores, len(scores) - k)[len(scores) - k]
            keep = np.flatnonzero(scores >= least)
            order = keep[np.lexsort((ties[keep], -scores[keep]))[:k]]
        else:
            order = np.lexsort((ties, -scores))
        return order if among is None else among[order]

    def _ranked(
        self, columns: Columns, student: Student, tables: Floats, rows: Ints, scores: Floats, values: Floats
    ) -> list[Ranked]:
        """The chosen rows with their reasons, which only they need."""
        entries, _, begins = columns.entries_of(rows)
        worth, gains, near = tables.take(entries, axis=1).tolist()
        km = columns.kilometres(student.latitude, student.longitude)[columns.place[rows]].tolist()
        evidence = Evidenced(student, self.vocabulary, self.on)
        names = columns.blend(bool(student.interests), student.hours_owed > 0).names
        found = []
        for row, begin, total, part_values, far in zip(
            rows.tolist(), begins.tolist(), scores.tolist(), values.T.tolist(), km, strict=True
        ):
            one = columns.rows[row]
            kind = KINDS.index(one.kind)
            parts = {name: part_values[line] for line, name in names[kind]}
            taught = begin + len(one.required) + len(one.wanted)
            end = taught + len(one.taught)
            way = None if one.latitude is None or one.longitude is None else far
            reasons, gap = explain(
                evidence,
                one,
                parts,
                columns.scales[kind],
                worth[begin:taught],
                near[begin:end],
                gains[taught:end],
                way,
            )
            found.append(Ranked(one.id, total, parts, reasons, gap, way))
        return found

    def top_many(
        self, students: Iterable[Student], k: int = 20, kind: Kind | None = None
    ) -> list[list[Ranked]]:
        """The best `k` for each of several students, in their order."""
        return [self.top(student, k, kind) for student in students]

    def candidates(
        self, opportunity: Opportunity | str, students: Iterable[Student], k: int = 20
    ) -> list[Ranked]:
        """The best `k` students for one opportunity, or for the one with this id.

        `Ranked.id` is the student's id. Who would not see the opportunity is left out.
        """
        one = self[opportunity] if isinstance(opportunity, str) else opportunity
        self._check(one)
        attendance = self.weights.attendance
        seen = [student for student in students if hidden_by(student, one, self.on, attendance) is None]
        scale = part_weights(self.weights, one.kind)
        rated = []
        for student in seen:
            facts = facts_of(student, one, self.vocabulary, self.on)
            rated.append((weighted_mean(facts.parts, scale), student, facts))
        best = nsmallest(k, rated, key=lambda line: (-line[0], tie(self.seed, line[1].id)))
        return [
            replace(ranked(student, one, self.vocabulary, scale, self.on, facts), id=student.id)
            for _, student, facts in best
        ]


def _weighted_means(columns: Columns, student: Student, rows: Ints, values: Floats) -> Floats:
    """The scores, added part by part in the order of `PARTS` as `score.weighted_mean` does."""
    blend = columns.blend(bool(student.interests), student.hours_owed > 0)
    kinds = columns.kind[rows]
    products = blend.weights[:, kinds] * values
    scores: Floats = products[0].copy()
    for product in products[1:]:
        scores += product
    scores /= blend.totals[kinds]
    return scores


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
