"""Making placements, finding them, and moving them on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities import service_life as seats
from app.opportunities.models import Kind, Opportunity
from app.placements import rules
from app.placements.models import EndReason, Party, Placement, Risk, State
from app.placements.rules import Action
from app.students.models import Student


class NoSuchPlacement(errors.NotFound):
    """There is no placement with this id that the actor may see."""

    title = "No such placement"


class WrongState(errors.Conflict):
    """The placement is in a state that does not allow this."""

    title = "Not in this state"


class PlacedAlready(errors.Conflict):
    """The student has an open placement for this opportunity."""

    title = "The student has this placement already"


@dataclass(frozen=True, slots=True)
class Terms:
    """When, and how many hours: what is agreed on besides who and where. `weekdays` is a bit set of `app.dates`."""

    starts_on: date
    ends_on: date
    daily_hours: float
    planned_hours: int
    weekdays: int = 31
    starts_at: time | None = None
    ends_at: time | None = None
    risk: Risk = Risk.LOW
    school_tutor_id: UUID | None = None
    host_tutor_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A placement, and for whom the actor looks at it."""

    placement: Placement
    student: Student
    kind: Kind
    party: Party


def find(session: Session, actor: Actor, placement_id: UUID) -> Seen:
    """One placement. Raises NoSuchPlacement, for the actor's foreign ones too."""
    auth.require_scope(actor, "placements:read")
    row = session.execute(
        sa.select(Placement, Student, Opportunity.kind)
        .join(Student, Student.id == Placement.student_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(Placement.id == placement_id)
    ).one_or_none()
    if row is None:
        raise NoSuchPlacement
    placement, student, kind = row
    party = rules.party_of(actor, student, placement.company_id, kind)
    if party is None:
        raise NoSuchPlacement
    return Seen(placement, student, kind, party)


def create(
    session: Session,
    actor: Actor,
    student: Student,
    opportunity: Opportunity,
    terms: Terms,
    *,
    now: datetime,
    has_seat: bool = False,
) -> Placement:
    """Make what all sides have said yes to. Whether they have is the caller's to know; `has_seat` when it took one.

    `now` is in the territory's time zone. Raises Full and PlacedAlready.
    """
    if not has_seat:
        seats.take_seat(session, actor, opportunity.id)
    placement = Placement(
        student_id=student.id, school_id=student.school_id, class_id=student.class_id,
        opportunity_id=opportunity.id, company_id=opportunity.company_id, site_id=opportunity.site_id,
        starts_on=terms.starts_on, ends_on=terms.ends_on, weekdays=terms.weekdays, starts_at=terms.starts_at,
        ends_at=terms.ends_at, daily_hours=terms.daily_hours, planned_hours=terms.planned_hours, risk=terms.risk,
        school_tutor_id=terms.school_tutor_id, host_tutor_id=terms.host_tutor_id,
        created_at=now.astimezone(UTC), created_by=actor.mark,
    )  # fmt: skip
    placement.due_at = rules.due_at(placement, State.PLANNED, now.tzinfo or UTC)
    try:
        with session.begin_nested():
            session.add(placement)
    except IntegrityError as error:
        raise PlacedAlready from error
    events.record(session, actor, "placement.created", placement.id, {"to": State.PLANNED.value})
    return placement


def move(
    session: Session,
    actor: Actor,
    placement: Placement,
    action: Action,
    *,
    now: datetime,
    party: Party | None = None,
    reason: EndReason | None = None,
) -> bool:
    """Take one step of its life; whether it changed anything, since a repetition does not. `party` and `reason` go with an end.

    Whether the actor may is the caller's to decide. Cancelling gives the seat back, restoring takes one. Raises WrongState
    and Full.
    """
    session.refresh(placement, with_for_update=True)
    before = placement.state
    after = rules.TRANSITIONS[action].get(before)
    if after is None:
        if before in rules.TRANSITIONS[action].values():
            return False
        raise WrongState(f"A placement in the state {before} cannot do this: {action}.")
    if before in rules.HOLDS_SEAT and after not in rules.HOLDS_SEAT:
        seats.free_seat(session, actor, placement.opportunity_id)
    elif before not in rules.HOLDS_SEAT and after in rules.HOLDS_SEAT:
        seats.take_seat(session, actor, placement.opportunity_id)
    is_end = after in (State.CANCELLED, State.INTERRUPTED)
    placement.state = after
    placement.due_at = rules.due_at(placement, after, now.tzinfo or UTC)
    placement.ended_at = now.astimezone(UTC) if is_end else None
    placement.ended_by = actor.mark if is_end else None
    placement.ended_for = party if is_end else None
    placement.end_reason = reason if is_end else None
    session.flush()
    events.record(
        session,
        actor,
        "placement.moved",
        placement.id,
        {"from": before.value, "to": after.value, "by": action.value},
    )
    return True
