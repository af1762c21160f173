"""The survey of a whole territory: who sees what, whom it fits, who meets which need. For counting, never for lists.

`ask` runs inside a read block, `look` outside of it. What was found is kept until a student, an opportunity or the day
is another one, so that pages of counts look at the same survey.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from app.matches import translate
from app.matches.engine import Changes, Engine, Known
from app.opportunities.details import Detail
from app.students.profiles import Profile
from matching import Index, Vocabulary
from matching.survey import Survey, blocked, survey
from matching.types import Kind


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


class Surveyor:
    """One per process. Its methods may be called from any thread."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._last: tuple[object, Surveyed] | None = None
        self._turn = Lock()
        """Held while a survey is made, so that it is made once; not the engine's own: rankings must not wait for it."""

    def ask(self, session: Session) -> SurveyQuestion:
        """Take what the survey needs; nothing is computed about students who are not ranked."""
        changes = self._engine.changes(session)
        students = [known for known in self._engine.students(session, changes) if known.profile.is_ranked]
        return SurveyQuestion(students, changes)

    def look(self, question: SurveyQuestion) -> Surveyed:
        """The survey of today, made anew only where something has changed."""
        state = self._engine.apply(question.changes)
        stamps = tuple((known.profile.id, known.stamp) for known in question.students)
        key = (state.index.on, state.rules, state.opportunities, stamps)
        last = self._last
        if last is None or last[0] != key:
            with self._turn:
                last = self._last
                if last is None or last[0] != key:
                    tables = survey(state.index, [known.student for known in question.students])
                    profiles = tuple(known.profile for known in question.students)
                    last = self._last = (key, Surveyed(profiles, tables, state.cards, state.index.vocabulary))
        return last[1]

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
