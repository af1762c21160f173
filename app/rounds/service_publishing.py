"""Publishing a run: class by class, each in one block, so that no class is ever half told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.events import service as events
from app.opportunities.models import Opportunity
from app.placements.service import Terms
from app.rounds import handing, rules, service_kept
from app.rounds import service as rounds
from app.rounds.models import Round, RoundClass, RoundRun, RoundSeat, RoundState
from app.rounds.rules import Action
from app.students.models import Student

Block = Callable[[], AbstractContextManager[tuple[Session, Actor]]]

WORKING_DAYS, ALL_WEEK = 0b0011111, 0b1111111
USUAL_HOURS = 8.0
"""A day at a company that has said nothing of its hours."""


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

    Raises NoSuchRound, NotYourRound, AnotherRun, WrongRoundState, and what `propose` raises.
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
    count = _propose(session, actor, seen.round, run, class_id, now)
    row.published_at, row.published_by, row.published_run = now.astimezone(UTC), actor.mark, run_number
    session.flush()
    events.record(
        session, actor, "round.class_published", round_id, {"class_id": str(class_id), "number": run_number}
    )
    _finish(session, actor, seen.round, now)
    return count


def _propose(session: Session, actor: Actor, row: Round, run: RoundRun, class_id: UUID, now: datetime) -> int:
    """In the order of the opportunities' ids, so that two who publish never wait for one another in a circle."""
    held = handing.held(session, row.id)
    days = {UUID(one["id"]): one["spans"] for one in run.offers["items"]}
    found = session.execute(
        sa.select(RoundSeat, Student, Opportunity)
        .join(Student, Student.id == RoundSeat.student_id)
        .join(Opportunity, Opportunity.id == RoundSeat.opportunity_id)
        .where(RoundSeat.run_id == run.id, RoundSeat.class_id == class_id)
        .order_by(Opportunity.id, Student.id)
    ).all()
    count = 0
    for seat, student, opportunity in found:
        if student.id in held:
            continue
        terms = terms_of(opportunity, days[opportunity.id], seat.period, row)
        handing.propose(session, actor, student, opportunity, terms, round_id=row.id, now=now)
        seat.proposed_at = now.astimezone(UTC)
        count += 1
    return count


def terms_of(opportunity: Opportunity, spans: Sequence[Any], period: int | None, row: Round) -> Terms:
    """When, and how many hours: what the opportunity says, and the days of the round where it says nothing."""
    if not spans:
        first, last, weekdays = row.starts_on, row.ends_on, WORKING_DAYS
    elif period is not None or len(spans) == 1:
        starts, ends, weekdays = spans[period or 0]
        first, last = date.fromisoformat(starts), date.fromisoformat(ends)
    else:  # a training path: all of its lessons
        first = min(date.fromisoformat(one[0]) for one in spans)
        last = max(date.fromisoformat(one[1]) for one in spans)
        weekdays = ALL_WEEK
    days = max(1, _count_days(first, last, weekdays))
    usual = opportunity.hours / days if opportunity.hours else USUAL_HOURS
    daily = min(24.0, max(0.5, opportunity.daily_hours or usual))
    return Terms(
        starts_on=first, ends_on=last, weekdays=weekdays, daily_hours=daily,
        planned_hours=max(1, opportunity.hours or round(days * daily)),
    )  # fmt: skip


def _count_days(first: date, last: date, weekdays: int) -> int:
    length = (last - first).days + 1
    return sum(weekdays >> (first + timedelta(days=day)).weekday() & 1 for day in range(length))


def _finish(session: Session, actor: Actor, row: Round, now: datetime) -> None:
    """A round is published when the last of its classes is."""
    left = sa.select(RoundClass.class_id).where(
        RoundClass.round_id == row.id, RoundClass.published_at.is_(None)
    )
    if row.state is RoundState.REVIEWED and session.scalar(left.limit(1)) is None:
        rounds.step(session, actor, row, Action.PUBLISH, now=now)
