"""The life of a placement, who moves it, and when its clocks strike."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.opportunities.rules import works_on
from app.placements.models import Party, Placement, State
from app.students import rules as students
from app.students.rules import Placed


class Action(StrEnum):
    """What moves a placement from one state to the next."""

    PREPARE = "prepare"
    REOPEN = "reopen"
    START = "start"
    FINISH = "finish"
    COMPLETE = "complete"
    INTERRUPT = "interrupt"
    CANCEL = "cancel"
    RESTORE = "restore"


TRANSITIONS: Mapping[Action, Mapping[State, State]] = {
    Action.PREPARE: {State.PLANNED: State.READY},
    Action.REOPEN: {State.READY: State.PLANNED},  # an amendment that must be signed first
    Action.START: {State.READY: State.RUNNING},
    Action.FINISH: {State.RUNNING: State.CLOSING},
    Action.COMPLETE: {State.CLOSING: State.COMPLETED},
    Action.INTERRUPT: {State.RUNNING: State.INTERRUPTED},
    Action.CANCEL: {State.PLANNED: State.CANCELLED, State.READY: State.CANCELLED},
    Action.RESTORE: {State.CANCELLED: State.PLANNED},
}

OPEN = frozenset({State.PLANNED, State.READY, State.RUNNING, State.CLOSING})
HOLDS_SEAT = frozenset(State) - {State.CANCELLED}

OWNER: Mapping[State, Party] = {
    State.PLANNED: Party.SCHOOL,
    State.READY: Party.COMPANY,
    State.RUNNING: Party.COMPANY,
    State.CLOSING: Party.SCHOOL,
}
"""Who has to act next in each open state."""

AT_DUE: Mapping[State, Action] = {
    State.PLANNED: Action.CANCEL,
    State.READY: Action.START,
    State.RUNNING: Action.FINISH,
    State.CLOSING: Action.COMPLETE,
}
"""What happens by itself when the clock of a state strikes: none hangs."""

CLOSING_TIME = timedelta(days=21)
"""For confirming hours and writing evaluations; then the placement is completed with what there is."""


def due_at(placement: Placement, state: State, zone: tzinfo) -> datetime | None:
    """When the clock of `state` strikes, in UTC: at midnight of the first day, after the last day, and so on."""
    if state in (State.PLANNED, State.READY):
        moment = datetime.combine(placement.starts_on, time.min, zone)
    elif state in OPEN:
        moment = datetime.combine(placement.ends_on + timedelta(days=1), time.min, zone)
    else:
        return None
    if state is State.CLOSING:
        moment += CLOSING_TIME
    return moment.astimezone(UTC)


def party_of(actor: Actor, student: Placed, company_id: UUID, kind: Kind) -> Party | None:
    """For whom the actor speaks in a placement; None when it does not exist for the actor. The student comes first."""
    if actor.is_student(student.id):
        return Party.STUDENT
    if actor.is_staff_of(student.school_id, student.class_id):
        return Party.SCHOOL
    if works_on(actor, company_id, kind):
        return Party.COMPANY
    return Party.SERVICE if actor.is_administrator and students.can_see(actor, student) else None
