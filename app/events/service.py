"""Writing to the log, and reading it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.events.models import Event


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_id: UUID | str | int,
    data: dict[str, Any] | None = None,
) -> None:
    """Add an event in the same transaction as what it tells; `action` is "<thing>.<past participle>"."""
    session.add(
        Event(
            at=datetime.now(UTC),
            action=action,
            object_type=action.partition(".")[0],
            object_id=str(object_id),
            actor_kind=actor.kind,
            actor_id=actor.id,
            request_id=actor.request_id,
            data=data or {},
        )
    )


def history(session: Session, object_type: str, object_id: UUID | str) -> list[Event]:
    """What happened to one object, oldest first."""
    return list(
        session.scalars(
            sa.select(Event)
            .where(Event.object_type == object_type, Event.object_id == str(object_id))
            .order_by(Event.id)
        )
    )
