"""One step of an application: locks, seats, clocks, and what one student's yes does to that student's other applications."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.applications import rules, service_telling
from app.applications.models import Application, ApplicationEnd, ApplicationState
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity, Status
from app.placements import service as placements
from app.placements.models import Party, Placement
from app.placements.service import Terms
from app.students.models import Student


class Clashes(errors.Conflict):
    """The student has said yes to something else on the same days."""

    title = "The student is taken on these days"


class OpportunityClosed(errors.Conflict):
    """The company has closed the opportunity, so nobody gets a seat of it."""

    title = "The opportunity is closed"


def lock(session: Session, student_ids: Collection[UUID], opportunity_ids: Collection[UUID]) -> None:
    """Let nobody else change these students' applications, or count these seats, until the block ends.

    Always students first and opportunities last, each in the order of ids: so waits never cross.
    """
    for key, ids in ((Student.id, student_ids), (Opportunity.id, opportunity_ids)):
        if ids:
            session.execute(sa.select(key).where(key.in_(ids)).order_by(key).with_for_update(key_share=True))


def lock_applications(
    session: Session, ids: Collection[UUID], *, with_others: bool = False
) -> list[Application]:
    """These applications as they are now, by id; `with_others`, all that is open of their students is locked too."""
    of = sa.select(Application.student_id).where(Application.id.in_(ids))
    lock(session, session.scalars(of).all(), [])
    wanted: sa.ColumnElement[bool] = Application.id.in_(ids)
    if with_others:
        wanted |= sa.and_(Application.student_id.in_(of), Application.state.in_(rules.OPEN))
    query = sa.select(Application).where(wanted).order_by(Application.id).with_for_update()
    found = session.scalars(query, execution_options={"populate_existing": True}).all()
    lock(session, [], {one.opportunity_id for one in found})
    return [one for one in found if one.id in ids]


def others(session: Session, student_id: UUID, besides: UUID | None) -> Sequence[Application]:
    """The open applications of a student, who is locked, besides one; by id, and locked too."""
    query = sa.select(Application).where(
        Application.student_id == student_id, Application.state.in_(rules.OPEN), Application.id != besides
    )
    query = query.order_by(Application.id).with_for_update()
    return session.scalars(query, execution_options={"populate_existing": True}).all()


def refuse_clash(
    session: Session, student_id: UUID, wanted: dates.Spanned, besides: UUID | None = None
) -> None:
    """Raise Clashes where the student has a placement, or has said yes to one, on these days."""
    if placements.clashing(session, student_id, wanted, but=besides):
        raise Clashes


def take(
    session: Session,
    actor: Actor,
    application: Application,
    after: ApplicationState,
    *,
    now: datetime,
    party: Party,
    reason: ApplicationEnd | None = None,
    until: datetime | None = None,
) -> None:
    """Go on to the state `after`: take, keep or give back the seat, wind the clock, record it, tell who has to know.

    `party` is the side that moves it, and `reason` goes with an end; with the last yes the placement is made. `now` is in
    the territory's time zone, and `until` shortens the clock. Raises Full, OpportunityClosed and PlacedAlready.
    """
    before = application.state
    if after in rules.HOLDS_SEAT and before not in rules.HOLDS_SEAT:
        _take_seat(session, actor, application.opportunity_id)
    elif before in rules.HOLDS_SEAT and after in rules.ENDED:
        seats.free_seat(session, actor, application.opportunity_id)
    if after is ApplicationState.APPROVED:
        application.placement_id = _place(session, actor, application, now).id
    application.state = after
    if after in rules.WAITS:
        due = rules.due_at(after, application.starts_on, now)
        application.due_at = due if until is None else min(due, until.astimezone(UTC))
        application.reminded_at = now if rules.is_reminded(application.due_at, now) else None
    elif after not in rules.OPEN:
        application.due_at = None
    is_end = after in rules.ENDED
    application.ended_at = now.astimezone(UTC) if is_end else None
    application.ended_by = actor.mark if is_end else None
    application.ended_for = party if is_end else None
    application.end_reason = reason if is_end else None
    session.flush()
    data = {"from": before.value, "to": after.value} | ({"reason": reason.value} if reason else {})
    events.record(session, actor, "application.moved", application.id, data)
    service_telling.turned(session, application, party, now)


def release(session: Session, actor: Actor, application: Application, now: datetime) -> None:
    """End what is open on the days that the student has just said yes to; seats come free for others."""
    for one in others(session, application.student_id, application.id):
        if dates.clash(application, one):
            reason = ApplicationEnd.OTHER_PLACEMENT
            take(session, actor, one, ApplicationState.CANCELLED, now=now, party=Party.STUDENT, reason=reason)


def give_back(session: Session, actor: Actor, student_id: UUID) -> None:
    """Give back the seats that are held for a student who is about to be forgotten, with the applications."""
    held = sa.select(Application.opportunity_id).where(
        Application.student_id == student_id, Application.state.in_(rules.HOLDS_SEAT)
    )
    for opportunity_id in session.scalars(held.order_by(Application.opportunity_id)).all():
        with suppress(seats.NoSeatTaken):  # a count that is wrong must keep nobody from being forgotten
            seats.free_seat(session, actor, opportunity_id)


def _take_seat(session: Session, actor: Actor, opportunity_id: UUID) -> None:
    try:
        seats.take_seat(session, actor, opportunity_id)
    except seats.Full as error:
        status = session.scalar(sa.select(Opportunity.status).where(Opportunity.id == opportunity_id))
        if status in (Status.PUBLISHED, Status.FULL):
            raise
        raise OpportunityClosed("Open it again, and then answer.") from error


def _place(session: Session, actor: Actor, application: Application, now: datetime) -> Placement:
    return placements.create(
        session,
        actor,
        session.get_one(Student, application.student_id),
        session.get_one(Opportunity, application.opportunity_id),
        Terms(
            starts_on=application.starts_on, ends_on=application.ends_on, weekdays=application.weekdays,
            starts_at=application.starts_at, ends_at=application.ends_at, daily_hours=application.daily_hours,
            planned_hours=application.planned_hours,
        ),
        now=now,
        application_id=application.id,
    )  # fmt: skip
