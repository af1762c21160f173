"""Rounds as they concern one student: those of the own class, and lists that are copied late."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.auth.actors import Actor
from app.events import service as events
from app.rounds import rules, service_pins, service_wishes
from app.rounds import service as rounds
from app.rounds.models import Round, RoundClass, RoundState
from app.students import service as students


def search(session: Session, actor: Actor, student_id: UUID) -> list[Round]:
    """The rounds of the student's class that are not cancelled, the next to close first. Raises NoSuchStudent."""
    student = students.get(session, actor, student_id)
    takes_part = sa.exists().where(RoundClass.round_id == Round.id, RoundClass.class_id == student.class_id)
    order = sa.select(Round).where(takes_part, Round.state != RoundState.CANCELLED)
    return list(session.scalars(order.order_by(Round.closes_on.desc(), Round.id).limit(100)))


def collect_late(session: Session, actor: Actor, round_id: UUID, student_ids: Sequence[UUID]) -> None:
    """Copy the lists of some students once more after the round has frozen; the next run sees them.

    Raises NoSuchRound, NoSuchStudent and WrongRoundState.
    """
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    for student_id in student_ids:
        service_pins.own_student(session, actor, seen, student_id)
    session.refresh(seen.round, with_for_update=True)
    rounds.require_state(seen.round, rules.RUNNABLE)
    service_wishes.collect(session, seen.round, student_ids)
    flag_modified(seen.round, "name")  # a run that is being computed must begin anew
    session.flush()
    events.record(session, actor, "round.wishes_collected", round_id, {"count": len(student_ids)})
