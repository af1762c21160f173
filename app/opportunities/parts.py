"""The rows below an opportunity: spans, skills by role, eligibilities. Those that stay the same keep their ids."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.opportunities.models import (
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
)
from app.opportunities.rules import Fault
from app.opportunities.schemas import OpportunityIn
from app.programmes.models import Programme
from app.skills.models import Skill

Rows = Mapping[str, list[Any]]
"""An opportunity's rows by the name of the field that shows them."""

ROLES = tuple(role.value for role in SkillRole)
NAMES = ("spans", *ROLES, "eligibilities")
_COLUMNS = {
    "spans": ("starts_on", "ends_on", "weekdays", "parts", "starts_at", "ends_at"),
    **dict.fromkeys(ROLES, ("skill_id", "level")),
    "eligibilities": ("school_kind", "sector", "programme_id", "year"),
}


def load(session: Session, ids: Sequence[UUID]) -> Mapping[UUID, Rows]:
    """The rows of these opportunities, in the order in which they are shown; three queries."""
    found: dict[UUID, dict[str, list[Any]]] = defaultdict(lambda: {name: [] for name in NAMES})
    span, skill, one = OpportunitySpan, OpportunitySkill, OpportunityEligibility
    for row in session.scalars(
        sa.select(span)
        .where(span.opportunity_id.in_(ids))
        .order_by(span.starts_on, span.starts_at.nulls_first(), span.ends_on, span.id)
    ):
        found[row.opportunity_id]["spans"].append(row)
    for need in session.scalars(
        sa.select(skill).where(skill.opportunity_id.in_(ids)).order_by(skill.skill_id)
    ):
        found[need.opportunity_id][need.role].append(need)
    for way in session.scalars(
        sa.select(one)
        .where(one.opportunity_id.in_(ids))
        .order_by(one.programme_id.nulls_last(), one.year.nulls_last(), one.id)
    ):
        found[way.opportunity_id]["eligibilities"].append(way)
    return found


def as_given(rows: Rows) -> dict[str, list[dict[str, Any]]]:
    """The rows as the API writes them."""
    shown: dict[str, list[dict[str, Any]]] = {}
    for name in NAMES:
        shown[name] = [
            {column: getattr(row, column) for column in _COLUMNS[name]} for row in rows.get(name, ())
        ]
    for span in shown["spans"]:
        span["weekdays"] = dates.mask_to_weekdays(span["weekdays"])
        span["parts"] = dates.mask_to_parts(span["parts"])
    return shown


def store(
    session: Session, opportunity_id: UUID, rows: Rows, given: OpportunityIn, names: Iterable[str]
) -> list[str]:
    """Bring the rows below these names in line with what was given, and return the names where anything changed."""
    changed = []
    added: list[Any] = []
    for name in names:
        columns = _COLUMNS[name]
        have = {tuple(getattr(row, column) for column in columns): row for row in rows.get(name, ())}
        want = _wanted(given, name)
        for key in have.keys() - want:
            session.delete(have[key])
        added += [
            _row(opportunity_id, name, dict(zip(columns, key, strict=True)))
            for key in want
            if key not in have
        ]
        if have.keys() != set(want):
            changed.append(name)
    session.flush()  # a skill whose level changes leaves before it comes back
    session.add_all(added)
    return changed


def has_skill(skill_id: str) -> sa.ColumnElement[bool]:
    """The condition that an opportunity names the skill, in any role."""
    return (
        sa.exists()
        .where(OpportunitySkill.opportunity_id == Opportunity.id, OpportunitySkill.skill_id == skill_id)
        .correlate(Opportunity)
    )


def unknown_codes(session: Session, given: OpportunityIn) -> list[Fault]:
    """Skills, programmes, sectors that do not exist, each with its field; at most two queries."""
    faults = []
    needs = [
        (f"{name}.{index}.skill_id", need.skill_id)
        for name in ROLES
        for index, need in enumerate(getattr(given, name))
    ]
    wanted = {skill_id for _, skill_id in needs}
    known = set(session.scalars(sa.select(Skill.id).where(Skill.id.in_(wanted)))) if wanted else wanted
    faults += [
        Fault(field, f"there is no skill {skill_id}") for field, skill_id in needs if skill_id not in known
    ]
    if any(one.programme_id or one.sector for one in given.eligibilities):
        programmes = session.execute(sa.select(Programme.id, Programme.sector)).all()
        ids, sectors = {row.id for row in programmes}, {row.sector for row in programmes}
        for index, one in enumerate(given.eligibilities):
            if one.programme_id is not None and one.programme_id not in ids:
                faults.append(
                    Fault(f"eligibilities.{index}.programme_id", f"there is no programme {one.programme_id}")
                )
            if one.sector is not None and one.sector not in sectors:
                faults.append(
                    Fault(f"eligibilities.{index}.sector", f"no programme has the sector {one.sector}")
                )
    return faults


def _wanted(given: OpportunityIn, name: str) -> list[tuple[Any, ...]]:
    documents = [one.model_dump() for one in getattr(given, name)]
    if name == "spans":
        for span in documents:
            span["weekdays"] = dates.weekdays_to_mask(span["weekdays"])
            span["parts"] = dates.parts_to_mask(span["parts"])
    return [tuple(document[column] for column in _COLUMNS[name]) for document in documents]


def _row(opportunity_id: UUID, name: str, values: dict[str, Any]) -> Any:
    if name == "spans":
        return OpportunitySpan(opportunity_id=opportunity_id, **values)
    if name == "eligibilities":
        return OpportunityEligibility(opportunity_id=opportunity_id, **values)
    return OpportunitySkill(opportunity_id=opportunity_id, role=SkillRole(name), **values)
