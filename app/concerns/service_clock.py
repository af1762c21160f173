"""What happens to concerns by themselves: those whose owner has let the time pass go on to the next, old ones go."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, system
from app.concerns import rules, service_telling
from app.concerns import service as concerns
from app.concerns import service_reading as reading
from app.concerns.models import Concern, Stage
from app.concerns.rules import Deadlines
from app.db import Database
from app.events import service as events

AT_ONCE = 500
"""Concerns of one round; the rest waits for the next."""


def strike(database: Database, deadlines: Deadlines, now: datetime) -> dict[str, int]:
    """Pass on what is due, each in a block of its own; how many."""
    with database.read() as session:
        due = list(session.scalars(_due(now).order_by(Concern.due_at, Concern.id).limit(AT_ONCE)))
    passed = 0
    for concern_id in due:
        with database.write() as session:
            passed += pass_on(session, system("worker"), concern_id, deadlines=deadlines, now=now)
    return {"concerns_passed_on": passed}


def _due(now: datetime) -> sa.Select[UUID]:
    return sa.select(Concern.id).where(Concern.stage != Stage.CLOSED, Concern.due_at <= now.astimezone(UTC))


def pass_on(session: Session, actor: Actor, concern_id: UUID, *, deadlines: Deadlines, now: datetime) -> bool:
    """Give it to the next owner if its clock has struck; whether it had. Of two at once, one does it."""
    taken = session.scalar(_due(now).where(Concern.id == concern_id).with_for_update())
    if taken is None:
        return False
    case = reading.find(session, actor, concern_id)
    session.refresh(case.concern)
    was = case.concern.stage
    concerns.own(session, case, rules.NEXT[was], now, deadlines)
    became = case.concern.stage
    events.record(session, actor, "concern.passed_on", concern_id, {"from": was.value, "to": became.value})
    service_telling.passed_on(session, case.concern, case.place, case.company_name, now)
    return True


def forget_old(session: Session, now: datetime, *, days: int) -> int:
    """Delete what was closed long ago; how many."""
    gone = session.execute(
        sa.delete(Concern).where(Concern.closed_at <= now.astimezone(UTC) - timedelta(days=days))
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
