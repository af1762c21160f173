"""What the text of an opportunity names, and where it disagrees with the form: questions to whoever has written it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.matches import rules, translate
from app.matches.recognition import Recogniser, Vocabulary
from app.opportunities import access
from app.opportunities import service as opportunities
from app.opportunities.details import Detail
from app.places.models import Municipality
from app.skills import service as skills
from app.skills.service import SkillRef

if TYPE_CHECKING:
    from matching.link import Conflict, LinkedSkill

_MOST_SKILLS = 50


@dataclass(frozen=True, slots=True)
class TextQuestion:
    """A text, its form, and the names that the text may give instead of the form's place, with their ISTAT codes."""

    text: str
    seats: int
    detail: Detail
    vocabulary: Vocabulary
    places: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TextAnswer:
    """The skills that the text names, and its disagreements with the form."""

    skills: Sequence[LinkedSkill]
    conflicts: Sequence[Conflict]


def ask(session: Session, actor: Actor, recogniser: Recogniser, opportunity_id: UUID) -> TextQuestion:
    """Take what the check needs. Raises NoSuchOpportunity, NotAllowed."""
    auth.require_scope(actor, "opportunities:read")
    opportunity = opportunities.read(session, actor, opportunity_id)
    is_overseen = access.is_overseen(session, actor, opportunity_id)
    if not rules.can_see_reach(actor, opportunity.company_id, opportunity.kind, is_overseen=is_overseen):
        raise errors.NotAllowed("Only who may change the opportunity has its text checked.")
    detail = opportunities.detail(session, opportunity_id)
    found = session.execute(
        sa.select(Municipality.name, Municipality.istat).where(
            Municipality.province_code == detail.province_code
        )
    ).all()
    places = {row.name: row.istat for row in found}
    return TextQuestion(opportunity.text, opportunity.seats, detail, recogniser.ask(session), places)


def check(recogniser: Recogniser, question: TextQuestion) -> TextAnswer:
    """Read the text, outside of any block; the first question of all takes some seconds."""
    from matching.link import Structured  # scipy, and a language model: not before somebody asks

    if not question.text:
        return TextAnswer((), ())
    one, detail = translate.opportunity(question.detail), question.detail
    form = Structured(
        required=[need.id for need in one.required],
        wanted=[need.id for need in one.wanted],
        taught=[need.id for need in one.taught],
        spans=one.spans,
        places=[detail.municipality_name] if detail.municipality_name else [],
        other_places=list(question.places),
        min_age=one.min_age,
        max_age=one.max_age,
        hours=one.hours or None,
        seats=question.seats,
    )
    return TextAnswer(
        recogniser.find(question.vocabulary, question.text, None, _MOST_SKILLS),
        recogniser.check(question.vocabulary, question.text, form),
    )


def refs(session: Session, found: TextAnswer) -> dict[str, SkillRef]:
    """The names of the skills that the text names."""
    return skills.refs(session, [one.id for one in found.skills])


def key_of(conflict: Conflict) -> str:
    """What tells one question from another as long as text and form stay as they are."""
    return f"{conflict.code}:{conflict.said}:{conflict.form}"


def as_the_text_says(question: TextQuestion, conflict: Conflict) -> dict[str, Any] | None:
    """The change of the form that ends a disagreement, as a patch; None where only a person knows it (dates)."""
    needs = {
        name: [need._asdict() for need in getattr(question.detail, name)] for name in ("required", "wanted")
    }
    said = conflict.said
    match conflict.code:
        case "skill_denied":
            return {name: [one for one in held if one["skill_id"] != said] for name, held in needs.items()}
        case "skill_unlisted":
            return {"required": [*needs["required"], {"skill_id": said, "level": _USUAL_LEVEL}]}
        case "skill_stronger" | "skill_weaker":
            there, here = (
                ("required", "wanted") if conflict.code == "skill_stronger" else ("wanted", "required")
            )
            moved = [one for one in needs[here] if one["skill_id"] == said]
            return {here: [one for one in needs[here] if one not in moved], there: needs[there] + moved}
        case "place":
            return {"site_id": None, "municipality_istat": question.places[str(said)], "is_online": False}
        case "min_age" | "max_age" | "hours" | "seats" if said:
            return {conflict.field: said}
    return None


_USUAL_LEVEL = 2


def shown(question: TextQuestion, conflict: Conflict) -> dict[str, Any]:
    """A disagreement as the API shows it (`DisagreementOut`)."""
    change = as_the_text_says(question, conflict)
    return {
        "code": conflict.code,
        "field": conflict.field,
        "start": conflict.start,
        "end": conflict.end,
        "text": conflict.text,
        "it": conflict.it,
        "en": conflict.en,
        "fields": sorted(change) if change else [],
    }
