"""What became of a student after a placement: reported by school or host, with the student's agreement."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.events import service as events
from app.evidence import rules
from app.evidence.models import ReportedOutcome
from app.placements import service as placements
from app.placements.service import Seen


class NotYourOutcome(errors.NotAllowed):
    """School and host report what became of somebody; the student reads it and takes it back."""

    title = "Only school and host report what became of the student"


class NotYetOver(errors.Conflict):
    """What a placement has led to is known when it is over."""

    title = "The placement is not over"


class NoOutcome(errors.NotFound):
    """Nobody has reported anything."""

    title = "No outcome has been reported"


class UnfitOutcome(errors.Invalid):
    """Without the day on which the student agreed nothing is kept."""

    title = "The outcome is not valid"


def read(session: Session, actor: Actor, placement_id: UUID) -> tuple[Seen, ReportedOutcome | None]:
    """The placement and what was reported, if anything. Raises NoSuchPlacement, NotYourOutcome."""
    seen = placements.find(session, actor, placement_id)
    if not rules.can_take_back(seen.party):
        raise NotYourOutcome
    return seen, session.get(ReportedOutcome, placement_id)


def for_change(session: Session, actor: Actor, placement_id: UUID) -> tuple[Seen, ReportedOutcome | None]:
    """The same, with the placement locked: of two first reports at once one comes first."""
    seen = placements.find(session, actor, placement_id, scope="placements:write")
    if not rules.can_take_back(seen.party):
        raise NotYourOutcome
    session.refresh(seen.placement, with_for_update=True)
    return seen, session.get(ReportedOutcome, placement_id)


def report(
    session: Session,
    actor: Actor,
    seen: Seen,
    row: ReportedOutcome | None,
    changes: Mapping[str, Any],
    *,
    now: datetime,
) -> ReportedOutcome:
    """Say it, or say something else. Raises NotYourOutcome, NotYetOver, UnfitOutcome."""
    if seen.party not in rules.REPORTERS:
        raise NotYourOutcome
    if not rules.can_report(seen.party, seen.kind, seen.placement.state):
        raise NotYetOver
    values = {name: changes.get(name, getattr(row, name, None)) for name in ("outcome", "agreed_on")}
    faults = [(name, "is missing") for name, value in values.items() if value is None]
    agreed_on = values["agreed_on"]
    if agreed_on is not None and not rules.is_agreed_in_time(agreed_on, seen.placement.starts_on, now.date()):
        faults.append(("agreed_on", "is a day since the placement began, and not later than today"))
    if faults:
        raise UnfitOutcome(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )
    if row is None:
        row = ReportedOutcome(placement_id=seen.placement.id)
        session.add(row)
    elif all(getattr(row, name) == value for name, value in values.items()):
        return row
    row.outcome, row.agreed_on = values["outcome"], agreed_on
    row.reported_for, row.reported_at, row.reported_by = seen.party, now.astimezone(UTC), actor.mark
    session.flush()
    events.record(session, actor, "outcome.reported", seen.placement.id, {"fields": ["outcome", "agreed_on"]})
    return row


def take_back(session: Session, actor: Actor, placement_id: UUID) -> None:
    """Delete it; what is out in an edition is a step of five, and stays. Raises as `for_change` does, and NoOutcome."""
    _, row = for_change(session, actor, placement_id)
    if row is None:
        raise NoOutcome
    session.delete(row)
    events.record(session, actor, "outcome.taken_back", placement_id)
