"""The survey of a whole territory: who sees what, whom it fits, who meets which need. For counting, never for lists.

`ask` runs inside a read block, `look` outside of it. What was found is kept until a student, an opportunity or the day
is another one, so that pages of counts look at the same survey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
from sqlalchemy.orm import Session

from app.db import Database
from app.matches import translate
from app.matches.engine import Changes, Engine, Known, Stamp
from app.opportunities.details import Detail
from app.students.profiles import Profile
from matching import Index, Vocabulary
from matching.spans import Bools
from matching.survey import Survey, blocked, survey
from matching.types import Kind, Student


@dataclass(frozen=True, slots=True)
class SurveyQuestion:
    """Those students who are ranked, and what the index lacks."""

    students: list[Known]
    changes: Changes


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The tables, whose lines are `profiles`, the cards of what can be shown, by id, and the words for skills."""

    profiles: tuple[Profile, ...]
    tables: Survey
    cards: dict[str, dict[str, Any]]
    vocabulary: Vocabulary


class _Key(NamedTuple):
    """What a survey was made from: the day, revisions, and of each student id and versions."""

    on: date
    rules: tuple[int, ...]
    opportunities: int
    stamps: tuple[tuple[UUID, Stamp], ...]


def _again(index: Index, students: Sequence[Student], key: _Key, last: _Key, was: Surveyed) -> Survey | None:
    """The survey, out of an earlier one; None where too much is another."""
    if (key.on, key.rules) != (last.on, last.rules):
        return None
    if key.stamps == last.stamps:
        return survey(index, students, known=was.tables)
    if key.opportunities != last.opportunities:
        return None
    line_of = {stamp: line for line, stamp in enumerate(last.stamps)}
    lines = np.array([line_of.get(stamp, -1) for stamp in key.stamps], np.intp)
    fresh = np.flatnonzero(lines < 0)
    found, old = survey(index, [students[line] for line in fresh.tolist()]), was.tables
    if not last.stamps or found.opportunities != old.opportunities:
        return None

    def joined(before: Bools, now: Bools) -> Bools:
        taken = before[lines]
        taken[fresh] = now
        return taken

    return Survey(
        old.opportunities, joined(old.visible, found.visible), joined(old.fit, found.fit),
        {need: joined(who, found.holders[need]) for need, who in old.holders.items()},
    )  # fmt: skip


class Surveyor:
    """One per process. Its methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last: tuple[_Key, Surveyed] | None = None
        self._turn = Lock()
        """Held while a survey is made, so that it is made once; not the engine's own: rankings must not wait for it."""

    def ask(self, session: Session) -> SurveyQuestion:
        """Take what the survey needs; nothing is computed about students who are not ranked."""
        changes = self._engine.changes(session)
        students = [known for known in self._engine.students(session, changes) if known.profile.is_ranked]
        return SurveyQuestion(students, changes)

    def look(self, question: SurveyQuestion) -> Surveyed:
        """The survey of today: of what it was made before only that is made anew which has changed since."""
        state = self._engine.apply(question.changes)
        stamps = tuple((known.profile.id, known.stamp) for known in question.students)
        key = _Key(state.index.on, state.rules, state.opportunities, stamps)
        last = self._last
        if last is None or last[0] != key:
            with self._turn:
                last = self._last
                if last is None or last[0] != key:
                    students = [known.student for known in question.students]
                    tables = _again(state.index, students, key, *last) if last else None
                    tables = tables or survey(state.index, students)
                    profiles = tuple(known.profile for known in question.students)
                    last = self._last = (key, Surveyed(profiles, tables, state.cards, state.index.vocabulary))
        return last[1]

    def warm_up(self, database: Database) -> None:
        """Make the survey before somebody waits for it."""
        with database.read() as session:
            question = self.ask(session)
        self.look(question)

    def blocked(self, question: SurveyQuestion, lines: Sequence[int], full: Sequence[Detail]) -> list[str]:
        """Why students to whom no internship is visible see none: `full`, or a value of `matching.survey.Blocked`.

        It is seats where one of the internships in `full` would fit if it had any.
        """
        state = self._engine.apply(question.changes)
        students = [question.students[line].student for line in lines]
        taken: list[bool] = [False] * len(lines)
        if full and lines:
            with_seats = (replace(translate.opportunity(row), seats_free=1) for row in full)
            index = Index(with_seats, state.index.vocabulary, on=state.index.on)
            taken = [bool(one.any()) for one in survey(index, students).fit]
        return [
            "full" if is_taken else str(blocked(state.index, student, Kind.INTERNSHIP))
            for student, is_taken in zip(students, taken, strict=True)
        ]
