"""What happened to a person's own access: noted in the log of events, without values, and shown to that person."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.events import service as events
from app.events.models import Event

ACTIONS = (
    "signed_in", "sign_in_failed", "throttled", "sign_in_mailed", "signed_out", "password_changed", "password_removed",
    "second_factor_given", "second_factor_added", "second_factor_removed", "recovery_codes_made", "recovery_code_used",
    "session_ended", "identity_linked", "deactivated", "reactivated",
)  # fmt: skip


class Noted(NamedTuple):
    """One thing that happened to one's own access."""

    at: datetime
    action: str
    how: str | None


def note(
    session: Session,
    action: str,
    user_id: UUID | None,
    *,
    request_id: str,
    by_owner: bool = True,
    how: str = "",
) -> None:
    """Add to the log. What strangers try is nobody's act, and an account that does not exist has no id."""
    actor = (
        Actor(kind="user", id=user_id, name="", request_id=request_id) if by_owner else _nobody(request_id)
    )
    events.record(session, actor, f"user.{action}", user_id or "unknown", {"how": how} if how else {})


def _nobody(request_id: str) -> Actor:
    return Actor(kind="nobody", id=None, name="", request_id=request_id)


def list_own(session: Session, user_id: UUID, *, limit: int = 20) -> list[Noted]:
    """What happened to this person's access, the newest first; whoever calls passes the actor's own id."""
    rows = session.execute(
        sa.select(Event.at, Event.action, Event.data)
        .where(
            Event.object_type == "user",
            Event.object_id == str(user_id),
            Event.action.in_([f"user.{action}" for action in ACTIONS]),
        )
        .order_by(Event.id.desc())
        .limit(limit)
    )
    return [Noted(row.at, row.action.removeprefix("user."), row.data.get("how")) for row in rows]
