"""An opportunity's reach: counts of students, never a student. `ask` runs inside a read block, `page` outside of it.

Counts are rounded down to multiples of `STEP`, and what concerns fewer is not named: neither a small municipality
nor the difference between two answers tells of a single student.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies.models import CompanySite
from app.matches import rules, translate
from app.matches.engine import Changes, Engine, Known
from app.matches.words import CHANGES, FEW, LACKS_SKILLS, RULES, SEVERAL
from app.opportunities import access
from app.opportunities import service as opportunities
from app.places import service as places
from app.places.models import Municipality
from matching import Opportunity, Vocabulary
from matching.reach import SKILLS, Change, reach

STEP = 5
"""No count below it is told; those above are told in steps of it."""


@dataclass(frozen=True, slots=True)
class ReachQuestion:
    """What is asked for one opportunity; `sites` are the company's other municipalities, by ISTAT code."""

    opportunity: Opportunity
    students: list[Known]
    names: Mapping[str, str]
    sites: Mapping[str, tuple[float, float]]
    changes: Changes


def ask(session: Session, actor: Actor, engine: Engine, opportunity_id: UUID) -> ReachQuestion:
    """Take what the opportunity's reach needs; a draft has one too. Raises NoSuchOpportunity, NotAllowed."""
    auth.require_scope(actor, "matches:read")
    opportunity = opportunities.read(session, actor, opportunity_id)
    is_overseen = access.is_overseen(session, actor, opportunity_id)
    if not rules.can_see_reach(actor, opportunity.company_id, opportunity.kind, is_overseen=is_overseen):
        raise errors.NotAllowed("Only the company that offers it and coordinators see its reach.")
    changes = engine.changes(session)
    students = [known for known in engine.students(session, changes) if known.profile.is_ranked]
    others = (
        sa.select(Municipality.istat, Municipality.latitude, Municipality.longitude)
        .join(CompanySite, CompanySite.municipality_istat == Municipality.istat)
        .where(CompanySite.company_id == opportunity.company_id)
        .where(Municipality.istat != (opportunity.municipality_istat or ""))
    )
    sites = {istat: (latitude, longitude) for istat, latitude, longitude in session.execute(others)}
    named = {known.profile.municipality_istat for known in students} | sites.keys()
    return ReachQuestion(
        translate.opportunity(opportunities.detail(session, opportunity_id)),
        students,
        places.names(session, named),
        sites,
        changes,
    )


def page(engine: Engine, question: ReachQuestion) -> dict[str, Any]:
    """The opportunity's reach, as the API sends it (`ReachOut`)."""
    index = engine.apply(question.changes).index
    place_of = {known.student.id: known.profile.municipality_istat for known in question.students}
    found = reach(
        question.opportunity,
        (known.student for known in question.students),
        index.vocabulary,
        engine.weights,
        on=index.on,
        place=lambda student: place_of[student.id],
        sites=question.sites,
    )
    named = {str(place): number for place, number in found.places.items() if number >= STEP}
    making = engine.making()
    return {
        "visible": _count(found.visible),
        "fit": _count(found.fit),
        "places": sorted(
            (
                {"municipality_istat": istat, "name": question.names[istat], "students": _count(number)}
                for istat, number in named.items()
            ),
            key=lambda one: (-one["students"]["at_least"], one["name"]),
        ),
        "elsewhere": _count(found.fit - sum(named.values())),
        "obstacles": [
            _said(code, *(LACKS_SKILLS if code == SKILLS else RULES[code])) | {"students": _count(number)}
            for code, number in found.alone.items()
            if number >= STEP
        ],
        "changes": sorted(
            (
                _change(change, question.names, index.vocabulary)
                for change in found.changes
                if change.gained - change.lost >= STEP
            ),
            key=lambda one: (one["lost"]["at_least"] - one["gained"]["at_least"], one["en"]),
        ),
        "algorithm": making["algorithm"],
        "ranked_on": making["ranked_on"],
    }


def _count(number: int) -> dict[str, Any]:
    rounded = number - number % STEP
    words = SEVERAL if rounded else FEW
    it, en = (text.format(count=rounded, least=STEP) for text in words)
    return {"at_least": rounded, "it": it, "en": en}


def _said(code: str, it: str, en: str) -> dict[str, Any]:
    return {"code": code, "it": it, "en": en}


def _change(change: Change, names: Mapping[str, str], words: Vocabulary) -> dict[str, Any]:
    said = []
    for language, text in zip(("it", "en"), CHANGES[change.code], strict=True):
        values = dict(change.values)
        if "skill" in values:
            values["skill"] = words.label(str(values["skill"]), language)
        if "site" in values:
            values["site"] = names[str(values["site"])]
        said.append(text.format_map(values))
    return _said(change.code, *said) | {"gained": _count(change.gained), "lost": _count(change.lost)}
