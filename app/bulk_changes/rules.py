"""Who undoes what, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from app.auth.actors import Actor
from app.bulk_changes.models import BulkChange, BulkKind

UNDOABLE_FOR = timedelta(minutes=10)
"""Long enough to see a slip, too short for others to have built on it."""
LONGER: Mapping[BulkKind, timedelta] = {BulkKind.ROLLED_OVER: timedelta(days=1)}
"""What concerns a whole school is seen by more than one person."""


class ChangeState(StrEnum):
    """Where a change stands."""

    DONE = "done"
    UNDONE = "undone"
    SETTLED = "settled"


def undoable_for(kind: BulkKind) -> timedelta:
    """How long a change of this kind can be undone."""
    return LONGER.get(kind, UNDOABLE_FOR)


def can_see(actor: Actor, change: BulkChange) -> bool:
    """Whoever made it, and nobody else: a colleague's slip is the colleague's to undo."""
    return change.made_by == actor.mark


def state_of(change: BulkChange, now: datetime) -> ChangeState:
    """Done and undoable, undone, or done for good."""
    if change.undone_at is not None:
        return ChangeState.UNDONE
    return ChangeState.DONE if now < change.expires_at else ChangeState.SETTLED
