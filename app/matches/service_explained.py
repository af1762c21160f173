"""The long answer: how the score of a line adds up, for the few lines that somebody reads."""

from __future__ import annotations

from typing import Any

from app.matches import translate
from app.matches.words import SUM
from matching import HeldSkill, Index, Opportunity, Student, Vocabulary
from matching.breakdown import Breakdown, PartLine, SkillLine, break_down


def explanation(index: Index, student: Student, opportunity: Opportunity) -> dict[str, Any]:
    """Every part and every skill with what it stands on, as the API sends it (`ExplanationOut`)."""
    words = index.vocabulary
    found = break_down(student, opportunity, words, index.weights, index.on)
    return {
        "parts": [_part(line, words) for line in found.parts],
        "skills": [_skill(line, words) for line in found.skills],
        "points": found.points,
        "weight": found.weight,
    } | _sum(found)


def _part(line: PartLine, words: Vocabulary) -> dict[str, Any]:
    said = translate.basis(line.basis, words)
    points = None if line.value is None else line.weight * line.value
    return {"part": line.name, "value": line.value, "weight": line.weight, "points": points} | said


def _skill(line: SkillLine, words: Vocabulary) -> dict[str, Any]:
    return translate.labelled(line.need.id, words) | {
        "role": line.role,
        "level": line.need.level,
        "met": line.met,
        "held": _held(line.held, words) if line.held else None,
        "interest": line.interest,
        "gain": line.gain,
    }


def _held(held: HeldSkill, words: Vocabulary) -> dict[str, Any]:
    return translate.labelled(held.id, words) | {"level": held.level, "evidence": str(held.evidence)}


def _sum(found: Breakdown) -> dict[str, str]:
    numbers = {"points": found.points, "weight": found.weight, "score": found.score}
    return translate.numbered(SUM, numbers, digits=3)
