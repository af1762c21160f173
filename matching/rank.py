"""The ranking: an index that returns exactly what the plain definition would, only faster."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from heapq import nsmallest
from pathlib import Path
from threading import Lock
from typing import Any, Final

import numpy as np

from matching.errors import MatchingError, UnknownOpportunity
from matching.explained import explained
from matching.kernel import Columns, kernel
from matching.layout import Layout
from matching.picks import Pick, first, highest, is_settled
from matching.points import Ways
from matching.profile import Ints, Profile, Skills
from matching.reach import visible_to
from matching.rules import hidden_by
from matching.score import PARTS, facts_of, part_weights, ranked, weighted_mean
from matching.skills import Vocabulary
from matching.snapshot import read, write
from matching.spans import Bools
from matching.table import Alternatives, Table
from matching.ties import tie
from matching.types import Kind, Opportunity, Ranked, Student, Weights

VERSION: Final = "2"
"""The version of the algorithm: raised whenever the same data and weights would rank otherwise."""

MANY: Final = 2000
"""More rows than these are not scored before their upper bounds have said which are worth it."""

JUDGED: Final = 64
"""So many rows beside the best `k` are looked at first, the highest by their upper bounds."""

CALENDAR: Final = PARTS.index("calendar")

FOLD_FROM: Final = 1024
FOLD_SHARE: Final = 128
"""Changes are kept apart until they are more than these rows and this part of all rows, then laid out with the rest."""


class State:
    """What readers see: the laid-out rows, those of them that are gone, and what came since."""

    def __init__(self, base: Layout, gone: Bools | None, fresh: Table | None) -> None:
        self.base, self.gone, self.fresh = base, gone, fresh
        self.fresh_layout: Layout | None = None


def _left_out(layout: Layout, gone: Bools | None, wanted: Any) -> Bools | None:
    """The rows to leave out: those that are gone, and those whose ids are not wanted."""
    if wanted is None:
        return gone
    others: Bools = (
        ~np.isin(layout.table.ids, wanted) if len(wanted) else np.ones(len(layout.table), np.bool_)
    )
    return others if gone is None else others | gone


def _admitted(
    layout: Layout, gone: Bools | None, student: Student, kind: Kind | None
) -> tuple[Ints, Ways | None]:
    """The rows within the student's reach whose alternatives admit them, and the ways there if they are known by now."""
    rows, ways = layout.points.within_reach(student, kind)
    admits, _ = layout.admission(student)
    seen = admits[layout.table.eligibility[rows]]
    if gone is not None:
        seen &= ~gone[rows]
    return rows[seen], None if ways is None else ways.take(seen)


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

    Raises
    ------
    UnknownSkill
        A skill that the vocabulary does not hold.
    MatchingError
        A level, an age, a place or an id that cannot be.

    Notes
    -----
    Safe to use from several threads: a reader keeps the snapshot that it began with. What `put` adds lies
    in a small layout of its own until there is enough of it to be laid out with the rest.

    Examples
    --------
    >>> from matching.types import Concept, HeldSkill, SkillNeed
    >>> vocabulary = Vocabulary([Concept("plc", {"it": ("Programmazione PLC",)})])
    >>> firm = Opportunity("firm", Kind.INTERNSHIP, 44.49, 11.34, required=(SkillNeed("plc", 3),))
    >>> index = Index([firm], vocabulary, on=date(2026, 11, 22))
    >>> student = Student("s", 44.49, 11.34, max_km=30, skills=(HeldSkill("plc", 3),))
    >>> [(ranked.id, round(ranked.score, 3)) for ranked in index.top(student)]
    [('firm', 0.704)]
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
        self._skills = Skills(vocabulary)
        self._alternatives = Alternatives()
        self._lock = Lock()
        some = list({one.id: one for one in opportunities}.values())
        self._state = State(self._laid(Table.of(some, self._skills, self._alternatives)), None, None)

    @classmethod
    def of_table(
        cls,
        table: Table,
        vocabulary: Vocabulary,
        alternatives: Alternatives,
        weights: Weights | None = None,
        *,
        on: date,
        seed: int = 0,
    ) -> Index:
        """An index of columns that are there already; each id must occur once."""
        self = cls((), vocabulary, weights, on=on, seed=seed)
        self._alternatives = alternatives
        self._state = State(self._laid(table), None, None)
        return self

    def save(self, path: Path) -> None:
        """Write a snapshot that other processes can map into memory with `Index.open`."""
        layout = self.folded()
        about = self._about() | {
            "on": self.on.isoformat(),
            "size": layout.size,
            "alternatives": self._alternatives.to_json(),
        }
        write(path, about, layout.columns())

    @classmethod
    def open(
        cls, path: Path, vocabulary: Vocabulary, weights: Weights | None = None, *, seed: int = 0
    ) -> Index:
        """The index of a snapshot. Its columns are mapped, so processes on one machine share them.

        Raises
        ------
        MatchingError
            No whole snapshot, or one of another vocabulary, other weights or another seed.
        """
        about, columns = read(path)
        self = cls((), vocabulary, weights, on=date.fromisoformat(about["on"]), seed=seed)
        if {name: about.get(name) for name in self._about()} != self._about():
            raise MatchingError(f"{path.name} was made of another vocabulary, other weights or another seed")
        known = self._alternatives = Alternatives.from_json(about["alternatives"])
        layout = Layout.opened(columns, about["size"], self._skills, known, self.weights, self.on, seed)
        self._state = State(layout, None, None)
        return self

    def _about(self) -> dict[str, object]:
        """What must be the same for a snapshot to be used."""
        names = blake2b("\n".join(self.vocabulary.ids()).encode(), digest_size=16).hexdigest()
        weights: dict[str, object] = {
            "parts": dict(self.weights.parts),
            "attendance": self.weights.attendance,
        }
        weights["chance"] = self.weights.chance.version if self.weights.chance else None
        kinds = {str(kind): dict(factors) for kind, factors in self.weights.kinds.items()}
        return {"version": VERSION, "seed": self.seed, "skills": names, "weights": weights | {"kinds": kinds}}

    def folded(self) -> Layout:
        """One layout of all rows: what came or went since they were laid out is laid out with them."""
        with self._lock:
            state = self._state
            if state.gone is not None or state.fresh is not None:
                self._state = state = State(self._laid(self._whole(state)), None, None)
            return state.base

    def picked(self, layout: Layout, student: Student, k: int, kind: Kind | None) -> Pick:
        """The best `k` of one layout, not yet explained."""
        return self._best(layout, None, student, self._skills.profile(student), k, kind, None)

    @property
    def nbytes(self) -> int:
        """Bytes of the laid-out columns, ids aside."""
        return self._state.base.nbytes

    @staticmethod
    def _whole(state: State) -> Table:
        """All lines of a state in one table."""
        kept = state.base.table
        if state.gone is not None:
            kept = kept.take(np.flatnonzero(~state.gone))
        return kept if state.fresh is None else Table.join([kept, state.fresh])

    def _laid(self, table: Table) -> Layout:
        return Layout(table, self._skills, self._alternatives, self.weights, self.on, self.seed)

    def __len__(self) -> int:
        state = self._state
        gone = 0 if state.gone is None else int(np.count_nonzero(state.gone))
        return len(state.base.table) - gone + (0 if state.fresh is None else len(state.fresh))

    def __contains__(self, opportunity_id: object) -> bool:
        return isinstance(opportunity_id, str) and self._find(opportunity_id) is not None

    def __iter__(self) -> Iterator[Opportunity]:
        for layout, gone in self._layouts():
            for row in range(len(layout.table)):
                if gone is None or not gone[row]:
                    yield layout.opportunity(row)

    def __getitem__(self, opportunity_id: str) -> Opportunity:
        found = self._find(opportunity_id)
        if found is None:
            raise UnknownOpportunity(opportunity_id)
        layout, row = found
        return layout.opportunity(row)

    def _find(self, opportunity_id: str) -> tuple[Layout, int] | None:
        for layout, gone in self._layouts():
            row = layout.row_of(opportunity_id)
            if row is not None and (gone is None or not gone[row]):
                return layout, row
        return None

    def _layouts(self) -> list[tuple[Layout, Bools | None]]:
        """The layouts of one state, each with its rows that are gone."""
        state = self._state
        if state.fresh is None:
            return [(state.base, state.gone)]
        layout = state.fresh_layout
        if layout is None:
            layout = state.fresh_layout = self._laid(state.fresh)
        return [(state.base, state.gone), (layout, None)]

    def put(self, opportunity: Opportunity) -> None:
        """Add an opportunity, or replace the one with its id.

        Raises
        ------
        UnknownSkill
            A skill that the vocabulary does not hold; nothing has changed then.
        """
        table = Table.of([opportunity], self._skills, self._alternatives)
        with self._lock:
            state = self._without(opportunity.id)
            fresh = table if state.fresh is None else Table.join([state.fresh, table])
            if len(fresh) > FOLD_FROM + len(state.base.table) // FOLD_SHARE:
                whole = self._whole(State(state.base, state.gone, fresh))
                self._state = State(self._laid(whole), None, None)
            else:
                self._state = State(state.base, state.gone, fresh)

    def drop(self, opportunity_id: str) -> None:
        """Take an opportunity out.

        Raises
        ------
        UnknownOpportunity
            There is none with this id.
        """
        with self._lock:
            state = self._without(opportunity_id)
            if state is self._state:
                raise UnknownOpportunity(opportunity_id)
            self._state = state

    def _without(self, opportunity_id: str) -> State:
        """The state without an opportunity, which is the present one where it has none with this id."""
        state = self._state
        row = state.base.row_of(opportunity_id)
        if row is not None and (state.gone is None or not state.gone[row]):
            gone = np.zeros(len(state.base.table), np.bool_) if state.gone is None else state.gone.copy()
            gone[row] = True
            return State(state.base, gone, state.fresh)
        if state.fresh is not None:
            left = np.flatnonzero(state.fresh.ids != opportunity_id.encode())
            if len(left) < len(state.fresh):
                return State(state.base, state.gone, state.fresh.take(left) if len(left) else None)
        return state

    def hidden_by(self, student: Student, opportunity_id: str) -> str | None:
        """The first rule that hides an opportunity from a student, or None."""
        return hidden_by(student, self[opportunity_id], self.on, self.weights.attendance)

    def top(
        self,
        student: Student,
        k: int = 20,
        kind: Kind | None = None,
        after: tuple[float, str] | None = None,
        among: Collection[str] | None = None,
    ) -> list[Ranked]:
        """The best `k` opportunities for a student, by falling score, equal scores by the seed.

        Parameters
        ----------
        kind
            Only this kind.
        among
            Only these ids; their scores and their order are what they are without it.
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
        profile = self._skills.profile(student)
        if k == 0:
            return []
        last = None if after is None else (after[0], np.uint64(tie(self.seed, after[1])))
        wanted = None if among is None else np.array([name.encode() for name in among], np.bytes_)
        picks = [
            self._best(layout, _left_out(layout, gone, wanted), student, profile, k, kind, last)
            for layout, gone in self._layouts()
        ]
        if len(picks) > 1:
            scores = np.concatenate([pick.scores for pick in picks])
            ties = np.concatenate([pick.layout.ties[pick.rows] for pick in picks])
            order = np.lexsort((ties, -scores))[:k]
            cut = len(picks[0].rows)
            # Explained side by side, then put in order again.
            picks = [picks[0].take(order[order < cut]), picks[1].take(order[order >= cut] - cut)]
        lines = [line for pick in picks for line in explained(student, profile, pick)]
        if len(picks) > 1:
            lines.sort(key=lambda line: (-line.score, tie(self.seed, line.id)))
        return lines

    def count(self, student: Student, kind: Kind | None = None) -> int:
        """How many opportunities (of a kind) no rule hides from a student: the length of `top` without its cost."""
        total = 0
        for layout, gone in self._layouts():
            rows, _ = _admitted(layout, gone, student, kind)
            if len(rows):
                _, fits = layout.spans.judge(student, rows, layout.least[layout.kind[rows]])
                total += int(np.count_nonzero(fits))
        return total

    def explained(self, student: Student, pick: Pick) -> list[Ranked]:
        """The rows of a pick with their reasons."""
        return explained(student, self._skills.profile(student), pick)

    def _best(
        self,
        layout: Layout,
        gone: Bools | None,
        student: Student,
        profile: Profile,
        k: int,
        kind: Kind | None,
        last: tuple[float, np.uint64] | None,
    ) -> Pick:
        """The best `k` of one layout, in order."""
        if layout.compiled is not None:
            return self._compiled_best(layout, layout.compiled, gone, student, profile, k, kind, last)
        rows, ways = _admitted(layout, gone, student, kind)
        if len(rows) <= MANY:
            return self._refined(layout, student, profile, rows, ways, k, last)
        ways = ways or layout.points.ways(student, rows)
        bounds = layout.upper_bounds(student, profile, rows, ways)
        count = JUDGED + k
        while True:
            among, bound = highest(bounds, count)
            pick = self._refined(layout, student, profile, rows[among], ways.take(among), k, last)
            if is_settled(pick, k, bound):
                return pick
            count *= 4

    @staticmethod
    def _compiled_best(
        layout: Layout,
        columns: Columns,
        gone: Bools | None,
        student: Student,
        profile: Profile,
        k: int,
        kind: Kind | None,
        last: tuple[float, np.uint64] | None,
    ) -> Pick:
        """The same by the compiled loops."""
        loops = kernel()
        assert loops is not None  # noqa: S101 - the columns are made for it
        points, ways = layout.points.points_within_reach(student, kind)
        caller, travel = layout.caller(student, profile), layout.travel(student, ways)
        most = min(k, layout.size)
        rows, places, scores, parts = loops.best(most, columns, caller, points, travel, gone, last)
        return Pick(layout, rows, scores, parts, ways.take(places))

    def _refined(
        self,
        layout: Layout,
        student: Student,
        profile: Profile,
        rows: Ints,
        ways: Ways | None,
        k: int,
        last: tuple[float, np.uint64] | None,
    ) -> Pick:
        """The best `k` of some rows: first rated as if every day were free, then judged by the calendar from the top.

        Who is free less often scores less, so the judging ends as soon as no row below can rise above the last of
        the best.
        """
        if ways is None:
            ways = layout.points.ways(student, rows)
        if not len(rows):
            return Pick(layout, rows, np.zeros(0), np.zeros((len(layout.names), 0)), ways)
        values = layout.values(student, profile, rows, ways)
        upper = layout.scores(student, rows, values)
        least = layout.least[layout.kind[rows]]
        count = JUDGED + k
        while True:
            among, bound = highest(upper, count)
            shares, fits = layout.spans.judge(student, rows[among], least[among])
            among = among[fits]
            judged = values[:, among]
            judged[CALENDAR] = shares[fits]
            layout.put_chance(student, rows[among], judged)
            scores = layout.scores(student, rows[among], judged)
            pick = Pick(layout, rows[among], scores, judged, ways.take(among))
            pick = pick.take(first(scores, layout.ties[pick.rows], k, last))
            if is_settled(pick, k, bound):
                return pick
            count *= 4

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
        for need in one.required + one.wanted + one.taught:
            self._skills.key(need.id, need.level)
        seen = visible_to(one, students, self.on, self.weights.attendance)
        scale = part_weights(self.weights, one.kind)
        rated = []
        for student in seen:
            facts = facts_of(student, one, self.vocabulary, self.on, self.weights.chance)
            rated.append((weighted_mean(facts.parts, scale), student, facts))
        best = nsmallest(k, rated, key=lambda line: (-line[0], tie(self.seed, line[1].id)))
        return [
            replace(ranked(student, one, self.vocabulary, scale, self.on, facts), id=student.id)
            for _, student, facts in best
        ]
