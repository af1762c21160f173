"""What happens to placements by itself: reminders before a clock strikes, and the step that is taken when it does."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor, system
from app.db import Database
from app.placements import rules, service, service_telling, service_tutors
from app.placements.models import EndReason, Party, Placement, State

AT_ONCE = 100
"""So many are reminded of in one block."""
ACTOR = system("placements' clock")
log = structlog.get_logger(__name__)


def run(database: Database, now: datetime) -> dict[str, int]:
    """Move what is due, each placement in a block of its own, and remind of what will be. Twice at once does it once."""
    with database.read() as session:
        due = _due(session, until=now)
        soon = _due(session, Placement.state.in_(rules.REMINDED), until=now + rules.REMIND_BEFORE)
    with database.write() as session:
        replaced = service_tutors.apply_due(session, now)
    moved = sum(_move(database, placement_id, now) for placement_id in due)
    for first in range(0, len(soon), AT_ONCE):
        with database.write() as session:
            some = sa.select(Placement).where(Placement.id.in_(soon[first : first + AT_ONCE]))
            for placement in session.scalars(some.where(Placement.state.in_(rules.REMINDED))):
                service_telling.due(session, placement, now)
    return {"moved": moved, "tutors_replaced": replaced}


def strike(session: Session, actor: Actor, placement: Placement, now: datetime) -> bool:
    """Take the step that is due, unless somebody else has just taken it; whether it was taken."""
    session.refresh(placement, with_for_update=True)
    if placement.due_at is None or placement.due_at > now:
        return False
    is_late = placement.state is State.PLANNED
    return service.move(
        session, actor, placement, rules.AT_DUE[placement.state], now=now,
        party=Party.SERVICE if is_late else None, reason=EndReason.NOT_READY if is_late else None,
    )  # fmt: skip


def _due(session: Session, *conditions: sa.ColumnElement[bool], until: datetime) -> list[UUID]:
    is_due = Placement.due_at <= until.astimezone(UTC)
    query = sa.select(Placement.id).where(Placement.state.in_(rules.OPEN), is_due, *conditions)
    return list(session.scalars(query.order_by(Placement.due_at, Placement.id)))


def _move(database: Database, placement_id: UUID, now: datetime) -> bool:
    try:
        with database.write() as session:
            placement = session.get(
                Placement, placement_id, with_for_update=True
            )  # or it has just been forgotten
            return placement is not None and strike(session, ACTOR, placement, now)
    except errors.Problem as problem:  # one that cannot be moved must not keep the others
        log.exception("placement_stuck", placement_id=str(placement_id), problem=problem.slug())
        return False
