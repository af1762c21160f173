"""The tops of the vocabulary as things to choose from: what somebody picks who knows no vocabulary."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.skills import service as skills
from app.skills.models import SkillDescription
from app.skills.service import SkillHit
from app.skills.vocabulary import normalise_label


@dataclass(frozen=True, slots=True)
class Top:
    """A concept with nothing broader; `description` is empty where the vocabulary has none."""

    id: str
    label: dict[str, str]
    description: dict[str, str]


def read(session: Session) -> list[Top]:
    """All of them, in the vocabulary's order; three queries."""
    found = skills.children(session, None)
    told: dict[str, dict[str, str]] = {}
    rows = sa.select(SkillDescription.skill_id, SkillDescription.language, SkillDescription.text)
    for skill_id, language, text in session.execute(
        rows.where(SkillDescription.skill_id.in_([one.id for one in found]))
    ):
        told.setdefault(skill_id, {})[language] = text
    return [Top(one.id, one.label, told.get(one.id, {})) for one in found if one.label]


def called(session: Session, text: str, *, limit: int = 8) -> list[SkillHit]:
    """What the words stand for: one concept that has them as a label in any language, else what begins like them."""
    hits = skills.search(session, text, limit=limit)
    key = normalise_label(text)
    exact = [hit for hit in hits if hit.found_as is not None and normalise_label(hit.found_as) == key]
    return exact[:1] or hits
