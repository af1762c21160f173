"""An opportunity's life from draft to archive, and its seats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import db, errors
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities import parts, rules
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity, Status
from app.opportunities.schemas import OpportunityIn, OpportunitySpanIn


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


def take_seat(session: Session, actor: Actor, opportunity_id: UUID, number: int = 1) -> None:
    """Take a seat of a published opportunity, or several; the last one makes it full. Raises Full.

    Whether the actor may is the caller's to decide. One statement decides and counts, so that no two callers get the
    same seat; the opportunity's version rises.
    """
    after = Opportunity.seats_taken + number
    status = sa.case((after >= Opportunity.seats, Status.FULL), else_=Opportunity.status)
    has_room = has_free_seat if number == 1 else sa.and_(has_free_seat, after <= Opportunity.seats)
    if not _count(session, opportunity_id, +number, status, has_room):
        raise Full
    _tell(session, actor, opportunity_id, "opportunity.seat_taken")


def free_seat(session: Session, actor: Actor, opportunity_id: UUID, number: int = 1) -> None:
    """Give seats back; a full opportunity is published again. Raises NoSeatTaken."""
    status = sa.case((Opportunity.status == Status.FULL, Status.PUBLISHED), else_=Opportunity.status)
    if not _count(session, opportunity_id, -number, status, Opportunity.seats_taken >= number):
        raise NoSeatTaken
    _tell(session, actor, opportunity_id, "opportunity.seat_freed")


has_free_seat: sa.ColumnElement[bool] = sa.and_(
    Opportunity.status == Status.PUBLISHED, Opportunity.seats_taken < Opportunity.seats
)


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


# --- sessions ---------------------------------------------------------------------------------------------------------


def follow_sessions(
    session: Session,
    actor: Actor,
    opportunity: Opportunity,
    spans: Sequence[OpportunitySpanIn],
    *,
    seats: int,
    seats_taken: int,
) -> None:
    """Let the dates and seats of a locked opportunity be those of its sessions; without any left it is closed.

    The dates of what is over stay, and a seat is shown, since neither can be nothing.
    """
    rows = parts.load(session, [opportunity.id])[opportunity.id]
    fields = []
    if spans:
        given = OpportunityIn(
            company_id=opportunity.company_id,
            kind=opportunity.kind,
            title=opportunity.title,
            spans=list(spans),
        )
        fields = parts.store(session, opportunity.id, rows, given, ["spans"])
    values = {
        "seats": max(1, seats, seats_taken), "seats_taken": seats_taken, "has_sessions": True, "takes_applications": False,
    }  # fmt: skip
    fields += [name for name, value in values.items() if getattr(opportunity, name) != value]
    for name, value in values.items():
        setattr(opportunity, name, value)
    status = rules.status_by_seats(opportunity.status, opportunity.seats, seats_taken)
    is_over = not spans and status in (Status.PUBLISHED, Status.FULL)
    opportunities.set_status(session, opportunity, Status.CLOSED if is_over else status)
    flag_modified(opportunity, "title")  # the version rises with the dates too
    session.flush()
    if is_over:
        events.record(session, actor, "opportunity.closed", opportunity.id)
    if fields:
        events.record(session, actor, "opportunity.edited", opportunity.id, {"fields": sorted(fields)})
