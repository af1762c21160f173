"""Publishing a run: class by class, each in one block, so that no class is ever half told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.applications import days
from app.applications import service as applications
from app.applications import service_steps as steps
from app.auth.actors import Actor
from app.calendars import service as calendars
from app.events import service as events
from app.opportunities.models import Opportunity
from app.rounds import handing, rules, service_kept, service_law, service_tutor_checks
from app.rounds import service as rounds
from app.rounds.models import Round, RoundClass, RoundRun, RoundSeat, RoundState
from app.rounds.rules import Action
from app.students.models import Student

Block = Callable[[], AbstractContextManager[tuple[Session, Actor]]]


class AnotherRun(errors.Conflict):
    """The run that somebody has looked at is no longer the one that is chosen."""

    title = "Another run is chosen now"


class TooManyAtOnce(errors.Conflict):
    """More proposals than go out in one call."""

    title = "Too many at once"


class NothingToPublish(errors.NotAllowed):
    """None of the classes is the actor's to publish."""

    title = "Nothing here is yours to publish"


class Published(NamedTuple):
    """What became of a class: how many proposals went out, or the problem that kept all of them back."""

    class_id: UUID
    proposals: int
    problem: errors.Problem | None = None


def ask(
    session: Session, actor: Actor, round_id: UUID, class_ids: Collection[UUID] | None = None
) -> list[UUID]:
    """Which classes to publish: those asked for, or all that are the actor's.

    Raises NoSuchRound, NothingToPublish and TooManyAtOnce.
    """
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    own = [
        one.class_id
        for one in seen.classes
        if rules.can_publish(actor, one.school_id, one.class_id)
        and (class_ids is None or one.class_id in class_ids)
    ]
    if not own or (class_ids is not None and len(own) < len(set(class_ids))):
        raise NothingToPublish("A result is published by the staff of the class.")
    run = service_kept.read(session, round_id, seen.round.run_number)
    count = session.scalar(
        sa.select(sa.func.count()).where(RoundSeat.run_id == run.id, RoundSeat.class_id.in_(own))
    )
    if (count or 0) > rules.MOST_PUBLISHED:
        raise TooManyAtOnce(f"At most {rules.MOST_PUBLISHED} students at once: name some of the classes.")
    return own


def publish(
    block: Block, round_id: UUID, class_ids: Sequence[UUID], run_number: int, *, now: datetime
) -> list[Published]:
    """Publish classes one after the other; what stands in the way of one is told, and keeps no other back.

    Again it only does what is left to do. Raises NoSuchRound, AnotherRun and WrongRoundState before the first class.
    """
    done = []
    for number, class_id in enumerate(class_ids):
        try:
            with block() as (session, actor):
                done.append(
                    Published(
                        class_id, publish_class(session, actor, round_id, class_id, run_number, now=now)
                    )
                )
        except errors.Conflict as problem:
            if number == 0 and isinstance(problem, (AnotherRun, rounds.WrongRoundState)):
                raise
            done.append(Published(class_id, 0, problem))
    return done


def publish_class(
    session: Session, actor: Actor, round_id: UUID, class_id: UUID, run_number: int, *, now: datetime
) -> int:
    """Propose all seats that the run gives to a class; how many are new. A second time there are none.

    Raises NoSuchRound, NotYourRound, AnotherRun, WrongRoundState, TutorsFull, Unlawful,
    and what `propose` raises.
    """
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    session.refresh(seen.round, with_for_update=True)
    row = next((one for one in seen.classes if one.class_id == class_id), None)
    if row is None or not rules.can_publish(actor, row.school_id, class_id):
        raise rounds.NotYourRound("A result is published by the staff of the class.")
    rounds.require_state(seen.round, {RoundState.REVIEWED, RoundState.PUBLISHED})
    if seen.round.run_number != run_number:
        raise AnotherRun(f"Run {seen.round.run_number} is chosen now; look at it first.")
    session.refresh(row)
    if row.published_run == run_number:
        return 0
    run = service_kept.read(session, round_id, run_number)
    service_tutor_checks.require(session, seen.round, run, [class_id])
    service_law.require(session, seen.round, run, class_id)
    count = _propose(session, actor, seen.round, run, class_id, now)
    row.published_at, row.published_by, row.published_run = now.astimezone(UTC), actor.mark, run_number
    session.flush()
    events.record(
        session, actor, "round.class_published", round_id, {"class_id": str(class_id), "number": run_number}
    )
    _finish(session, actor, seen.round, now)
    return count


def _propose(session: Session, actor: Actor, row: Round, run: RoundRun, class_id: UUID, now: datetime) -> int:
    """Everybody is locked first and in one order, so that two who publish never wait for one another in a circle."""
    held = handing.held(session, row.id)
    spans = {UUID(one["id"]): one["spans"] for one in run.offers["items"]}
    found = session.execute(
        sa.select(RoundSeat, Student, Opportunity)
        .join(Student, Student.id == RoundSeat.student_id)
        .join(Opportunity, Opportunity.id == RoundSeat.opportunity_id)
        .where(RoundSeat.run_id == run.id, RoundSeat.class_id == class_id, Student.id.not_in(held))
        .order_by(Opportunity.id, Student.id)
    ).all()
    steps.lock(session, [one.Student.id for one in found], [one.Opportunity.id for one in found])
    calendar = calendars.calendar(
        session, {one.Student.school_id for one in found}, {one.Opportunity.id for one in found}
    )
    for seat, student, opportunity in found:
        when = service_law.seat_days(row, opportunity, spans[opportunity.id], seat.period)
        terms = days.terms(opportunity, when, calendar.off(student.school_id, opportunity.id, when))
        applications.propose(session, actor, student, opportunity, terms, round_id=row.id, now=now)
        seat.proposed_at = now.astimezone(UTC)
    return len(found)


def _finish(session: Session, actor: Actor, row: Round, now: datetime) -> None:
    """A round is published when the last of its classes is."""
    left = sa.select(RoundClass.class_id).where(
        RoundClass.round_id == row.id, RoundClass.published_at.is_(None)
    )
    if row.state is RoundState.REVIEWED and session.scalar(left.limit(1)) is None:
        rounds.step(session, actor, row, Action.PUBLISH, now=now)
