"""Whom live opportunities fit, for the company that counts its candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth import service as auth
from app.auth.actors import Actor
from app.matches import rules
from app.matches.engine import Changes, Engine, Known
from app.opportunities.models import Opportunity, Status
from matching.reach import visible_to


@dataclass(frozen=True, slots=True)
class CountQuestion:
    """The opportunities to count for, and who might fit."""

    opportunity_ids: Sequence[UUID]
    students: Sequence[Known]
    changes: Changes


def ask(
    session: Session, actor: Actor, engine: Engine, opportunities: Sequence[Opportunity]
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


def candidates(engine: Engine, question: CountQuestion) -> Mapping[UUID, frozenset[UUID]]:
    """Who stands in each opportunity's list of candidates; outside of any block. The ids are for counting only."""
    index = engine.apply(question.changes).index
    ids = {known.student.id: known.profile.id for known in question.students}
    everybody, attendance = [known.student for known in question.students], index.weights.attendance
    return {
        one: frozenset(
            ids[student.id] for student in visible_to(index[str(one)], everybody, index.on, attendance)
        )
        for one in question.opportunity_ids
        if str(one) in index
    }
