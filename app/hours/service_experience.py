"""What students say of hosts, for those who coordinate a territory: averages of at least five, and nobody's words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.companies import access
from app.companies.models import Company
from app.hours import rules
from app.hours.models import Criterion, Evaluation, EvaluationMark
from app.network import service as network
from app.network.rules import LEAST, cells, told
from app.placements.models import Party, Placement


class Experience(NamedTuple):
    """What the students of one host, or of all hosts with few, say: `students` is told in steps of five."""

    company_id: UUID | None
    company_name: str | None
    students: int
    averages: dict[Criterion, float]
    would_repeat: float


class _Said(NamedTuple):
    company_id: UUID
    company_name: str
    would_repeat: bool
    marks: dict[Criterion, int]


def of_territory(session: Session, actor: Actor) -> list[Experience]:
    """By host, the first in the alphabet first; hosts with few students stand together, if they are enough.

    Raises NotYourNetwork.
    """
    network.require(actor)
    found = cells(_said(session, actor), [lambda one: (one.company_id, one.company_name), lambda _: None])
    rows = [_average(key, of) for key, of in found.items() if len(of) >= LEAST]
    return sorted(rows, key=lambda row: (row.company_name is None, row.company_name, str(row.company_id)))


def _said(session: Session, actor: Actor) -> list[_Said]:
    rows = session.execute(
        sa.select(Evaluation.id, Company.id.label("company_id"), Company.name, Evaluation.would_repeat)
        .join(Placement, Placement.id == Evaluation.placement_id)
        .join(Company, Company.id == Placement.company_id)
        .where(Evaluation.party == Party.STUDENT, access.is_overseen(actor, Company.__table__.c.id))
    ).all()
    marks: dict[UUID, dict[Criterion, int]] = {row.id: {} for row in rows}
    for mark in session.scalars(sa.select(EvaluationMark).where(EvaluationMark.evaluation_id.in_(marks))):
        marks[mark.evaluation_id][mark.criterion] = mark.mark
    return [_Said(row.company_id, row.name, row.would_repeat, marks[row.id]) for row in rows]


def _average(key: object, of: Sequence[_Said]) -> Experience:
    company_id, name = (of[0].company_id, of[0].company_name) if key is not None else (None, None)
    averages = {
        criterion: round(sum(one.marks[criterion] for one in of) / len(of), 1)
        for criterion in rules.CRITERIA[Party.STUDENT]
    }
    again = round(sum(one.would_repeat for one in of) / len(of), 1)
    return Experience(company_id, name, told(len(of)), averages, again)
