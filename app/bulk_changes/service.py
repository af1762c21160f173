"""Doing something to several students at once, keeping how it was, and putting it back.

What is done stands in the package that it belongs to; each says what it has changed, and puts back what nobody has
changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.bulk_changes import rules
from app.bulk_changes.models import BulkChange, BulkKind, BulkStep
from app.bulk_changes.rules import ChangeState
from app.class_lists import service as class_lists
from app.class_lists.columns import ListField
from app.class_lists.table import ListTable
from app.db import new_id
from app.events import service as events
from app.recommendations import service as recommendations
from app.roll_overs import rules as rolling
from app.roll_overs import service as roll_overs
from app.roll_overs import service_needs as needs
from app.roll_overs.service import Moved
from app.students import service_validation as validation
from app.students.service_validation import Choice, Validated

Step = tuple[UUID, dict[str, Any]]
"""Of which student, and what it takes to put it back."""


class NoSuchChange(errors.NotFound):
    """The actor has made no bulk change with this id, or it is too long ago."""

    title = "No such change"


class TooLate(errors.Conflict):
    """The change is older than the time in which it could be undone."""

    title = "Too late to undo"


def validate(
    session: Session, actor: Actor, class_id: UUID, choices: Sequence[Choice], *, now: datetime
) -> BulkChange:
    """`validation.validate`, kept."""
    changed = validation.validate(session, actor, class_id, choices)
    steps = [
        (one.student_id, {"skill_id": one.skill_id, "declared": one.declared, "level": one.level})
        for one in changed
    ]
    return _keep(session, actor, BulkKind.SKILLS_VALIDATED, steps, now)


def recommend(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    student_ids: Sequence[UUID],
    *,
    note: str | None,
    now: datetime,
) -> BulkChange:
    """`recommendations.recommend`, kept."""
    made = recommendations.recommend(session, actor, opportunity_id, student_ids, note=note, now=now)
    steps = [(one.student_id, {"recommendation_id": str(one.id)}) for one in made]
    return _keep(session, actor, BulkKind.RECOMMENDED, steps, now)


def load(
    session: Session,
    actor: Actor,
    class_id: UUID,
    table: ListTable,
    columns: Sequence[ListField | None],
    *,
    now: datetime,
) -> tuple[BulkChange, list[class_lists.Checked]]:
    """`class_lists.load`, kept; and what became of each row."""
    checked, loaded = class_lists.load(session, actor, class_id, table, columns, today=now.date())
    steps = [(one.student_id, {"version": one.version, "before": one.before}) for one in loaded]
    return _keep(session, actor, BulkKind.STUDENTS_LOADED, steps, now), checked


def roll_over(
    session: Session,
    actor: Actor,
    school_id: UUID,
    year: int,
    choices: Sequence[rolling.Choice],
    *,
    now: datetime,
) -> BulkChange:
    """`roll_overs.carry_out`, kept for a day; and companies are asked whether they offer it again."""
    moved = roll_overs.carry_out(session, actor, school_id, year, choices, now=now)
    needs.offer_again(session, school_id, year, now=now)
    steps = [
        (one.student_id, {"class_id": str(one.class_id), "to": one.to and str(one.to), "made": one.made})
        for one in moved
    ]
    return _keep(session, actor, BulkKind.ROLLED_OVER, steps, now)


def _keep(session: Session, actor: Actor, kind: BulkKind, steps: Iterable[Step], now: datetime) -> BulkChange:
    kept = [
        {"position": position, "student_id": student_id, "data": data}
        for position, (student_id, data) in enumerate(steps)
    ]
    at = now.astimezone(UTC)
    change = BulkChange(
        id=new_id(), kind=kind, size=len(kept), made_by=actor.mark, made_at=at,
        expires_at=at + rules.undoable_for(kind),
    )  # fmt: skip
    session.add(change)
    session.flush()
    if kept:
        session.execute(sa.insert(BulkStep), [{"bulk_change_id": change.id} | step for step in kept])
    return change


def read(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    """A change that the actor has made. Raises NoSuchChange."""
    auth.require_scope(actor, "students:read")
    return _find(session, actor, change_id)


def _find(session: Session, actor: Actor, change_id: UUID) -> BulkChange:
    change = session.get(BulkChange, change_id)
    if change is None or not rules.can_see(actor, change):
        raise NoSuchChange
    return change


def undo(session: Session, actor: Actor, change_id: UUID, *, now: datetime) -> BulkChange:
    """Put back what nobody has changed since; again does nothing. Raises NoSuchChange and TooLate."""
    auth.require_scope(actor, "students:write")
    change = _find(session, actor, change_id)
    session.refresh(change, with_for_update=True)
    state = rules.state_of(change, now)
    if state is ChangeState.SETTLED:
        minutes = rules.undoable_for(change.kind) // timedelta(minutes=1)
        raise TooLate(f"It could be undone for {minutes} minutes.")
    if state is ChangeState.DONE:
        steps = session.scalars(
            sa.select(BulkStep).where(BulkStep.bulk_change_id == change_id).order_by(BulkStep.position)
        ).all()
        change.undone_at, change.undone = (
            now.astimezone(UTC),
            _put_back(session, actor, change.kind, steps, now),
        )
        events.record(
            session, actor, "bulk_change.undone", change_id, {"kind": str(change.kind), "size": change.undone}
        )
    return change


def _put_back(
    session: Session, actor: Actor, kind: BulkKind, steps: Sequence[BulkStep], now: datetime
) -> int:
    told = [(step.student_id, step.data) for step in steps]
    if kind is BulkKind.SKILLS_VALIDATED:
        validated = [Validated(student_id, **data) for student_id, data in told]
        return validation.take_back(session, actor, validated)
    if kind is BulkKind.RECOMMENDED:
        return recommendations.take_back(
            session, actor, [UUID(data["recommendation_id"]) for _, data in told]
        )
    if kind is BulkKind.ROLLED_OVER:
        moved = [
            Moved(student_id, UUID(data["class_id"]), data["to"] and UUID(data["to"]), data["made"])
            for student_id, data in told
        ]
        return roll_overs.take_back(session, actor, moved)
    loaded = [class_lists.Loaded(student_id, **data) for student_id, data in told]
    return class_lists.take_back(session, actor, loaded, today=now.date())


def forget_expired(session: Session, now: datetime) -> dict[str, int]:
    """Delete what can no longer be undone; how many."""
    gone = session.execute(sa.delete(BulkChange).where(BulkChange.expires_at <= now.astimezone(UTC)))
    return {"bulk_changes": int(gone.rowcount)}  # type: ignore[attr-defined]
