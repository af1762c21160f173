"""Writing to the log, and reading it."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.events import territory
from app.events.models import Event


class NotYourLog(errors.NotAllowed):
    """The log tells who did what, so it is for those who answer for the service."""

    title = "Only for coordinators and administrators"


def record(
    session: Session,
    actor: Actor,
    action: str,
    object_id: UUID | str | int,
    data: dict[str, Any] | None = None,
) -> None:
    """Add an event in the same transaction as what it tells; `action` is "<thing>.<past participle>"."""
    session.add(Event(**_values(actor, action, object_id, data)))


def record_many(
    session: Session, actor: Actor, happened: Sequence[tuple[str, UUID, dict[str, Any] | None]]
) -> None:
    """`record` for many things at once, in one statement: action, id and data of each."""
    if happened:
        session.execute(sa.insert(Event), [_values(actor, *one) for one in happened])


def _values(
    actor: Actor, action: str, object_id: UUID | str | int, data: dict[str, Any] | None
) -> dict[str, Any]:
    object_salt, actor_salt = secrets.token_hex(16), secrets.token_hex(16)
    return {
        "at": datetime.now(UTC),
        "action": action,
        "object_type": action.partition(".")[0],
        "object_id": str(object_id),
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "request_id": actor.request_id,
        "data": data or {},
        "object_salt": object_salt,
        "object_seal": seal(object_salt, str(object_id)),
        "actor_salt": actor_salt,
        "actor_seal": seal(actor_salt, str(actor.id)),
    }


def seal(salt: str, named: str) -> str:
    """What stands for an id in the chain: without the salt nobody can tell whose it was."""
    return hashlib.sha256(f"{salt}\n{named}".encode()).hexdigest()


def history(session: Session, object_type: str, object_id: UUID | str) -> list[Event]:
    """What happened to one object, oldest first."""
    return list(
        session.scalars(
            sa.select(Event)
            .where(Event.object_type == object_type, Event.object_id == str(object_id))
            .order_by(Event.id)
        )
    )


def search(
    session: Session,
    actor: Actor,
    *,
    object_type: str | None = None,
    object_id: str | None = None,
    before: int | None = None,
    limit: int,
) -> list[Event]:
    """Events, the newest first; `before` is the id that the page before ended on. Raises NotYourLog.

    Administrators read everything, coordinators what concerns their territory.
    """
    if not actor.is_overseer:
        raise NotYourLog
    query = sa.select(Event).order_by(Event.id.desc()).limit(limit)
    if not actor.is_administrator:
        query = query.where(territory.concerns(actor))
    if object_type is not None:
        query = query.where(Event.object_type == object_type)
    if object_id is not None:
        query = query.where(Event.object_id == object_id)
    if before is not None:
        query = query.where(Event.id < before)
    return list(session.scalars(query))
