"""How it went, for those who coordinate a territory: averages of at least five students, and nobody's words."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
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
    """What students say of one host, of all hosts with few of them, or of all that are told: `students` in steps of five.

    `would_host_again` is the share of placements after which the host says so; None where there are fewer than five.
    """

    company_id: UUID | None
    company_name: str | None
    students: int
    averages: dict[Criterion, float]
    would_repeat: float
    would_host_again: float | None


class Experiences(NamedTuple):
    """By host, and of the whole territory: of the same evaluations, so that no difference tells of a few."""

    hosts: list[Experience]
    territory: Experience | None


class _Said(NamedTuple):
    id: UUID
    company_id: UUID
    company_name: str
    would_repeat: bool


def of_territory(session: Session, actor: Actor) -> Experiences:
    """By host, the first in the alphabet first; hosts with few students stand together, if they are enough.

    Raises NotYourNetwork.
    """
    network.require(actor)
    of_students, of_hosts = (_cells(_said(session, actor, party)) for party in (Party.STUDENT, Party.COMPANY))
    marks = _marks(session, [one.id for of in of_students.values() for one in of])
    hosts = [
        _experience(of, of_hosts.get(key, ()), marks, is_one=key is not None)
        for key, of in of_students.items()
    ]
    hosts.sort(key=lambda row: (row.company_name is None, row.company_name, str(row.company_id)))
    if not hosts:
        return Experiences([], None)
    all_students, all_hosts = (
        [one for key in of_students for one in found.get(key, ())] for found in (of_students, of_hosts)
    )
    return Experiences(hosts, _experience(all_students, all_hosts, marks, is_one=False))


def _said(session: Session, actor: Actor, party: Party) -> list[_Said]:
    rows = session.execute(
        sa.select(Evaluation.id, Company.id.label("company_id"), Company.name, Evaluation.would_repeat)
        .join(Placement, Placement.id == Evaluation.placement_id)
        .join(Company, Company.id == Placement.company_id)
        .where(Evaluation.party == party, access.is_overseen(actor, Company.__table__.c.id))
    )
    return [_Said(*row) for row in rows]


def _cells(said: Iterable[_Said]) -> dict[Hashable, list[_Said]]:
    """By company, and under None all of whom too few have spoken; without those who are few even so."""
    found = cells(said, [lambda one: one.company_id, lambda _: None])
    return {key: of for key, of in found.items() if len(of) >= LEAST}


def _marks(session: Session, ids: Sequence[UUID]) -> dict[UUID, dict[Criterion, int]]:
    marks: dict[UUID, dict[Criterion, int]] = {one: {} for one in ids}
    for mark in session.scalars(sa.select(EvaluationMark).where(EvaluationMark.evaluation_id.in_(ids))):
        marks[mark.evaluation_id][mark.criterion] = mark.mark
    return marks


def _experience(
    of: Sequence[_Said],
    of_host: Sequence[_Said],
    marks: Mapping[UUID, Mapping[Criterion, int]],
    *,
    is_one: bool,
) -> Experience:
    averages = {
        criterion: round(sum(marks[one.id][criterion] for one in of) / len(of), 1)
        for criterion in rules.CRITERIA[Party.STUDENT]
    }
    return Experience(
        company_id=of[0].company_id if is_one else None, company_name=of[0].company_name if is_one else None,
        students=told(len(of)), averages=averages, would_repeat=_share(of),
        would_host_again=_share(of_host) if of_host else None,
    )  # fmt: skip


def _share(of: Sequence[_Said]) -> float:
    return round(sum(one.would_repeat for one in of) / len(of), 1)
