"""Who undoes what, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from app.auth.actors import Actor
from app.bulk_changes.models import BulkChange

UNDOABLE_FOR = timedelta(minutes=10)
"""Long enough to see a slip, too short for others to have built on it."""


class ChangeState(StrEnum):
    """Where a change stands."""

    DONE = "done"
    UNDONE = "undone"
    SETTLED = "settled"


def can_see(actor: Actor, change: BulkChange) -> bool:
    """Whoever made it, and nobody else: a colleague's slip is the colleague's to undo."""
    return change.made_by == actor.mark


def state_of(change: BulkChange, now: datetime) -> ChangeState:
    """Done and undoable, undone, or done for good."""
    if change.undone_at is not None:
        return ChangeState.UNDONE
    return ChangeState.DONE if now < change.expires_at else ChangeState.SETTLED
