"""An opportunity's life from draft to archive, and its seats."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities import rules
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity, Status


class Full(errors.Conflict):
    """No seat is free."""

    title = "No seat is free"


class NoSeatTaken(errors.Conflict):
    """A seat cannot be given back that nobody took."""

    title = "No seat is taken"


_DONE = {
    rules.Action.PUBLISH: "opportunity.published",
    rules.Action.CLOSE: "opportunity.closed",
    rules.Action.REOPEN: "opportunity.reopened",
    rules.Action.ARCHIVE: "opportunity.archived",
}


def move(
    session: Session, actor: Actor, opportunity_id: UUID, action: rules.Action, *, now: datetime
) -> Opportunity:
    """Publish, close, reopen or archive; a repetition changes nothing. `now` is in the territory's time zone.

    Raises NoSuchOpportunity, NotYourOpportunity, WrongState, and NotReady for one that cannot stand in public.
    """
    opportunity = opportunities.get_for_change(session, actor, opportunity_id)
    before = opportunity.status
    after = rules.TRANSITIONS[action].get(before)
    if after is None:
        raise opportunities.WrongState(f"An opportunity in the state {before} cannot do this: {action}.")
    if after is before:
        return opportunity
    if after is Status.PUBLISHED:
        opportunities.refuse_unready(session, opportunity, now.date())
        after = rules.status_by_seats(after, opportunity.seats, opportunity.seats_taken)
        if opportunity.published_at is None:
            opportunity.published_at = now.astimezone(UTC)
            opportunity.published_by = actor.mark
    opportunities.set_status(session, opportunity, after)
    session.flush()
    events.record(session, actor, _DONE[action], opportunity.id)
    return opportunity


# --- seats ------------------------------------------------------------------------------------------------------------


def take_seat(session: Session, actor: Actor, opportunity_id: UUID) -> None:
    """Take one seat of a published opportunity; the last one makes it full. Raises Full.

    Whether the actor may is the caller's to decide. One statement decides and counts, so that no two callers get the
    same seat; the opportunity's version rises.
    """
    is_last = Opportunity.seats_taken + 1 >= Opportunity.seats
    status = sa.case((is_last, Status.FULL), else_=Opportunity.status)
    if not _count(session, opportunity_id, +1, status, has_free_seat):
        raise Full
    _tell(session, actor, opportunity_id, "opportunity.seat_taken")


def free_seat(session: Session, actor: Actor, opportunity_id: UUID) -> None:
    """Give one seat back; a full opportunity is published again. Raises NoSeatTaken."""
    status = sa.case((Opportunity.status == Status.FULL, Status.PUBLISHED), else_=Opportunity.status)
    if not _count(session, opportunity_id, -1, status, has_taken_seat):
        raise NoSeatTaken
    _tell(session, actor, opportunity_id, "opportunity.seat_freed")


has_free_seat: sa.ColumnElement[bool] = sa.and_(
    Opportunity.status == Status.PUBLISHED, Opportunity.seats_taken < Opportunity.seats
)
has_taken_seat: sa.ColumnElement[bool] = Opportunity.seats_taken > 0


def _count(
    session: Session,
    opportunity_id: UUID,
    change: int,
    status: sa.ColumnElement[Status],
    condition: sa.ColumnElement[bool],
) -> bool:
    counted = (
        sa.update(Opportunity)
        .where(Opportunity.id == opportunity_id, condition)
        .values(seats_taken=Opportunity.seats_taken + change, status=status, version=Opportunity.version + 1)
        .returning(Opportunity)
        .execution_options(populate_existing=True)
    )
    return session.scalars(counted).one_or_none() is not None


def _tell(session: Session, actor: Actor, opportunity_id: UUID, action: str) -> None:
    db.stamp(session, Opportunity, opportunity_id)
    events.record(session, actor, action, opportunity_id)
