"""Whom live opportunities fit, for the company that counts its candidates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth import service as auth
from app.auth.actors import Actor
from app.matches import rules
from app.matches.engine import Changes, Engine, Known
from app.opportunities.models import Opportunity as OpportunityRow
from app.opportunities.models import Status
from matching import Opportunity
from matching.reach import visible_to


@dataclass(frozen=True, slots=True)
class CountQuestion:
    """The opportunities to count for, and who might fit."""

    opportunity_ids: Sequence[UUID]
    students: Sequence[Known]
    changes: Changes


def ask(
    session: Session, actor: Actor, engine: Engine, opportunities: Sequence[OpportunityRow]
) -> CountQuestion:
    """Take what the counts need, of those opportunities that are live and whose candidates the actor may see."""
    auth.require_scope(actor, "matches:read")
    live = [
        one.id
        for one in opportunities
        if one.status is Status.PUBLISHED and rules.can_see_candidates(actor, one.company_id, one.kind)
    ]
    changes = engine.changes(session)
    students = engine.students(session, changes) if live else []
    return CountQuestion(live, [known for known in students if known.profile.is_ranked], changes)


def candidates(
    engine: Engine, question: CountQuestion, answered: Mapping[UUID, Collection[UUID]]
) -> dict[UUID, tuple[int, int]]:
    """How many candidates each opportunity has, and how many of them have no answer; outside of any block."""
    index = engine.apply(question.changes).index
    pool = hash(tuple((known.profile.id, known.stamp) for known in question.students))
    found = {}
    for opportunity_id in question.opportunity_ids:
        if str(opportunity_id) not in index:
            continue
        one = index[str(opportunity_id)]
        made_of, number = engine.counted.get(opportunity_id, (None, 0))
        if made_of != (one, index.on, pool):
            number = _count(engine, one, question.students, index.on)
            engine.counted[opportunity_id] = (one, index.on, pool), number
        done = [known for known in question.students if known.profile.id in answered[opportunity_id]]
        found[opportunity_id] = number, number - _count(engine, one, done, index.on)
    return found


def _count(engine: Engine, one: Opportunity, students: Sequence[Known], on: date) -> int:
    return len(visible_to(one, (known.student for known in students), on, engine.weights.attendance))
