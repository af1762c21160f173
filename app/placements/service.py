"""Making placements, finding them, and moving them on. Every change of `Placement.state` goes through `move`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.applications.models import Application
from app.applications.rules import PROMISED
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.errors import WrongState as WrongState
from app.events import service as events
from app.hosting import service_copies
from app.opportunities import service_life as seats
from app.opportunities.models import Kind, Opportunity
from app.opportunities.rules import OF_TRAINING_BODIES
from app.placements import rules, service_telling
from app.placements.models import EndReason, Party, Placement, State
from app.placements.rules import Action
from app.placements.rules import Terms as Terms
from app.students import service as students
from app.students.models import Student


class NoSuchPlacement(errors.NotFound):
    """There is no placement with this id that the actor may see."""

    title = "No such placement"


class PlacedAlready(errors.Conflict):
    """The student has an open placement for this opportunity."""

    title = "The student has this placement already"


class PlacedElsewhere(errors.Conflict):
    """The student is somewhere else at that time."""

    title = "The student has another placement at that time"


class BegunAlready(errors.Conflict):
    """The first day has come: a placement that is planned anew would be cancelled at once."""

    title = "Its first day has come"


@dataclass(frozen=True, slots=True)
class Seen:
    """A placement, and for whom the actor looks at it."""

    placement: Placement
    student: Student
    kind: Kind
    party: Party


# --- reading ----------------------------------------------------------------------------------------------------------

_rows = (
    sa.select(Placement, Student, Opportunity.kind)
    .join(Student, Student.id == Placement.student_id)
    .join(Opportunity, Opportunity.id == Placement.opportunity_id)
)


def find(session: Session, actor: Actor, placement_id: UUID, *, scope: str = "placements:read") -> Seen:
    """One placement. Raises NoSuchPlacement, for the actor's foreign ones too."""
    auth.require_scope(actor, scope)
    row = session.execute(_rows.where(Placement.id == placement_id)).one_or_none()
    seen = None if row is None else _seen(actor, *row)
    if seen is None:
        raise NoSuchPlacement
    return seen


def search(
    session: Session,
    actor: Actor,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
    **equal: Any,
) -> list[Seen]:
    """Placements that the actor may see, the latest first. `equal` names columns and the values that they must have."""
    auth.require_scope(actor, "placements:read")
    wanted = [getattr(Placement, name) == value for name, value in equal.items() if value is not None]
    if after is not None:
        wanted.append(sa.tuple_(Placement.created_at, Placement.id) < after)
    return visible(session, actor, *wanted, limit=limit)


def visible(
    session: Session, actor: Actor, *conditions: sa.ColumnElement[bool], limit: int | None = None
) -> list[Seen]:
    """Those of the actor's for which the conditions hold, the latest first."""
    query = _rows.where(visible_to(actor), *conditions).limit(limit)
    query = query.order_by(Placement.created_at.desc(), Placement.id.desc())
    found = (_seen(actor, *row) for row in session.execute(query))
    return [seen for seen in found if seen is not None]


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.party_of` as a condition on placements joined with students and opportunities."""
    of_companies = (
        sa.and_(
            Placement.company_id == grant.company_id,
            sa.true() if grant.role is not Role.TRAINING_BODY else Opportunity.kind.in_(OF_TRAINING_BODIES),
        )
        for grant in actor.grants
        if grant.company_id is not None
    )
    return sa.or_(students.visible_to(actor), *of_companies)


def _seen(actor: Actor, placement: Placement, student: Student, kind: Kind) -> Seen | None:
    party = rules.party_of(actor, student, placement.company_id, kind)
    return None if party is None else Seen(placement, student, kind, party)


# --- making -----------------------------------------------------------------------------------------------------------


def create(
    session: Session,
    actor: Actor,
    student: Student,
    opportunity: Opportunity,
    terms: Terms,
    *,
    now: datetime,
    application_id: UUID | None = None,
) -> Placement:
    """Make what all sides have said yes to. Whether they have is the caller's to know.

    The application that it comes from, if there is one, has its seat already. `now` is in the territory's time zone. Raises
    Full, PlacedAlready and PlacedElsewhere.
    """
    refuse_clash(session, student.id, opportunity.id, terms, application_id)
    if application_id is None:
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
    session.add(placement)
    session.flush()
    service_copies.keep(session, placement.id, opportunity)
    events.record(session, actor, "placement.created", placement.id, {"to": State.PLANNED.value})
    service_telling.made(session, placement, now)
    return placement


def clashing(
    session: Session, student_id: UUID, wanted: dates.Spanned, *, but: UUID | None = None
) -> list[Placement | Application]:
    """What the student has to be at, or has said yes to, on these days; without the one named by `but`."""
    yes = sa.select(Application).where(Application.student_id == student_id, Application.state.in_(PROMISED))
    if but is not None:
        yes = yes.where(Application.id != but)
    promised = session.scalars(yes.order_by(Application.id), execution_options={"populate_existing": True})
    return [one for one in (*_open(session, student_id, but), *promised) if dates.clash(one, wanted)]


def busy(session: Session, student_ids: Collection[UUID], wanted: dates.Spanned) -> set[UUID]:
    """Which of these students are, or have promised to be, somewhere else at that time; two queries."""
    held = sa.select(Placement).where(
        Placement.student_id.in_(student_ids), Placement.state.in_(rules.OPEN),
        Placement.starts_on <= wanted.ends_on, Placement.ends_on >= wanted.starts_on,
    )  # fmt: skip
    promised = sa.select(Application).where(
        Application.student_id.in_(student_ids), Application.state.in_(PROMISED),
        Application.starts_on <= wanted.ends_on, Application.ends_on >= wanted.starts_on,
    )  # fmt: skip
    found = [*session.scalars(held), *session.scalars(promised)]
    return {one.student_id for one in found if dates.clash(one, wanted)}


def _lock(session: Session, student_id: UUID) -> None:
    # Before all else: a student's placements are made one after the other, or two that clash would not see each other.
    session.execute(sa.select(Student.id).where(Student.id == student_id).with_for_update())


def _open(session: Session, student_id: UUID, but: UUID | None) -> Sequence[Placement]:
    query = sa.select(Placement).where(Placement.student_id == student_id, Placement.state.in_(rules.OPEN))
    if but is not None:
        query = query.where(Placement.id != but)
    return session.scalars(query.order_by(Placement.starts_on, Placement.id)).all()


def refuse_clash(
    session: Session, student_id: UUID, opportunity_id: UUID, wanted: dates.Spanned, but: UUID | None = None
) -> None:  # fmt: skip
    """Raise PlacedAlready or PlacedElsewhere where the student cannot take this too; nobody else places the student meanwhile."""
    _lock(session, student_id)
    if any(one.opportunity_id == opportunity_id for one in _open(session, student_id, but)):
        raise PlacedAlready
    for one in clashing(session, student_id, wanted, but=but):
        raise PlacedElsewhere(f"From {one.starts_on} to {one.ends_on} the student is somewhere else.")


# --- moving -----------------------------------------------------------------------------------------------------------


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

    Whether the actor may is the caller's to decide. Cancelling gives the seat back, restoring takes one. Raises WrongState,
    and of what is restored BegunAlready, Full, PlacedAlready and PlacedElsewhere.
    """
    if action is Action.RESTORE:
        _lock(session, placement.student_id)
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
        if placement.starts_on <= now.date():
            raise BegunAlready
        refuse_clash(session, placement.student_id, placement.opportunity_id, placement, placement.id)
        seats.take_seat(session, actor, placement.opportunity_id)
    is_end = after in rules.ENDED
    placement.state = after
    placement.due_at = rules.due_at(placement, after, now.tzinfo or UTC)
    placement.ended_at = now.astimezone(UTC) if is_end else None
    placement.ended_by = actor.mark if is_end else None
    placement.ended_for = party if is_end else None
    placement.end_reason = reason if is_end else None
    session.flush()
    told = {"from": before.value, "to": after.value, "by": action.value}
    events.record(session, actor, "placement.moved", placement.id, told)
    service_telling.moved(session, placement, action, party, now)
    return True


def release(session: Session, actor: Actor, student_id: UUID) -> None:
    """Give back the seats of a student who is about to be forgotten; what was used up stays used."""
    # Locked before their opportunities are, as by whoever moves them: else the two could wait for one another.
    own = sa.select(Placement.opportunity_id, Placement.state).where(Placement.student_id == student_id)
    rows = session.execute(own.order_by(Placement.id).with_for_update()).all()
    for opportunity_id in sorted(row.opportunity_id for row in rows if row.state in rules.OPEN):
        with suppress(seats.NoSeatTaken):  # a count that is wrong must keep nobody from being forgotten
            seats.free_seat(session, actor, opportunity_id)
