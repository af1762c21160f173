"""The survey of a whole territory: who sees what, whom it fits, who meets which need. For counting, never for lists.

`ask` runs inside a read block, `look` outside of it. What was found is kept until a student, an opportunity or the day
is another one, so that pages of counts look at the same survey.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy.orm import Session

from app.matches.engine import Changes, Engine, Known
from app.students.profiles import Profile
from matching import Vocabulary
from matching.survey import Survey, survey


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
