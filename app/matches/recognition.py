"""The skills that a text names. The linker of one process is made when somebody first asks, never before.

It belongs to one revision of the vocabulary: when that has changed, the next question reads the labels anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from app.db import revision
from app.skills import service as skills
from app.skills.service import SkillRef
from matching import Concept

if TYPE_CHECKING:
    from matching.link import Conflict, LinkedSkill, SkillLinker, Structured

TOPIC = "vocabulary"


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The labels of one revision; None when the recogniser has them already."""

    revision: int
    concepts: tuple[Concept, ...] | None


class Recogniser:
    """One per process. Its methods may be called from any thread."""

    def __init__(self) -> None:
        self._known: tuple[int, SkillLinker] | None = None
        self._lock = Lock()

    def ask(self, session: Session) -> Vocabulary:
        """Read, inside the caller's block, the labels that the recogniser lacks."""
        number = revision(session, TOPIC)
        if self._known is not None and self._known[0] == number:
            return Vocabulary(number, None)
        rows = skills.vocabulary_rows(session)
        return Vocabulary(number, tuple(Concept(row.id, row.labels) for row in rows if row.labels))

    def find(self, vocabulary: Vocabulary, text: str, language: str | None, limit: int) -> list[LinkedSkill]:
        """The skills that a text names, outside of any block; the first question of all takes a second."""
        linker = self._linker(vocabulary)
        return linker.link(text, limit, language) if linker else []

    def check(self, vocabulary: Vocabulary, text: str, form: Structured) -> list[Conflict]:
        """Where a text and its form disagree, outside of any block."""
        linker = self._linker(vocabulary)
        return linker.check(text, form) if linker else []

    def _linker(self, vocabulary: Vocabulary) -> SkillLinker | None:
        with self._lock:
            if vocabulary.concepts and (self._known is None or self._known[0] != vocabulary.revision):
                self._known = vocabulary.revision, _fit(vocabulary.concepts)
            return self._known[1] if self._known else None


def _fit(concepts: tuple[Concept, ...]) -> SkillLinker:
    """What stands in a text is found by its words alone, so no language model is loaded: a second instead of twelve."""
    from matching.link import SkillLinker  # scipy: not before somebody asks

    return SkillLinker.fit(concepts, model="words")


def shown(found: LinkedSkill, ref: SkillRef) -> dict[str, Any]:
    """A recognised skill as the API shows it (`RecognisedSkill`)."""
    return {
        "skill": {"id": ref.id, "kind": str(ref.kind), "broader_id": ref.broader_id, "label": ref.label},
        "score": found.score,
        "start": found.start,
        "end": found.end,
        "text": found.text,
    }
