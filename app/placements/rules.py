"""The life of a placement, who moves it, and when its clocks strike."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from app import holidays
from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.opportunities.rules import works_on
from app.placements.models import EndReason, Party, Placement, Risk, State, TutorSide
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
ENDED = frozenset({State.CANCELLED, State.INTERRUPTED})
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


REMINDED = frozenset({State.PLANNED, State.CLOSING})
REMIND_BEFORE = timedelta(days=7)
"""In which states somebody has to do something by hand, and when they are told that time runs out."""


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


# --- who does what ----------------------------------------------------------------------------------------------------

_ALL = frozenset(Party)
_SCHOOL = frozenset({Party.SCHOOL, Party.SERVICE})
BY_HAND: Mapping[Action, frozenset[Party]] = {
    Action.CANCEL: _ALL,
    Action.INTERRUPT: _ALL
    - {Party.STUDENT},  # who wants to stop tells the tutor, or says that something is wrong
    Action.RESTORE: _SCHOOL,
}
"""Who does it in person; the other actions follow from signatures and clocks."""

_ANYBODYS = frozenset({EndReason.UNSAFE})
REASONS: Mapping[Party, frozenset[EndReason]] = {
    Party.STUDENT: _ANYBODYS | {EndReason.STUDENT_CHANGED},
    Party.COMPANY: _ANYBODYS | {EndReason.COMPANY_CHANGED},
    Party.SCHOOL: frozenset(EndReason) - {EndReason.NOT_READY},
    Party.SERVICE: frozenset(EndReason),
}
"""What each may give as the reason of an end: nobody speaks for somebody else, but the school for all."""

EDITABLE: Mapping[Party, frozenset[str]] = {
    Party.STUDENT: frozenset(),
    Party.COMPANY: frozenset({"host_tutor_id", "risk", "activity_ids"}),
}
"""What each changes of a planned placement; the school changes everything."""


def forbidden_fields(party: Party, fields: set[str]) -> list[str]:
    """Those of the fields that are not this party's to change."""
    return sorted(fields - EDITABLE.get(party, frozenset(fields)))


REPLACED_BY: Mapping[TutorSide, frozenset[Party]] = {
    TutorSide.SCHOOL: _SCHOOL,
    TutorSide.HOST: _SCHOOL | {Party.COMPANY},
}
"""Who lets somebody else be the tutor."""

MOST_STUDENTS = 12
"""Of a tutor for whom neither the school nor the law says how many."""


def can_see_tutors(actor: Actor, school_id: UUID) -> bool:
    """Everybody who works at the school, and who runs the service."""
    return actor.is_administrator or actor.is_of_school(school_id)


def can_manage_tutors(actor: Actor, school_id: UUID) -> bool:
    """Who leads the school, and who runs the service."""
    return actor.is_administrator or actor.is_staff_of(school_id)


# --- terms ------------------------------------------------------------------------------------------------------------


LEAST_DAILY_HOURS = 0.5


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


def faults_of(terms: Terms, today: date, off: AbstractSet[date] = frozenset()) -> Iterator[tuple[str, str]]:
    """What cannot be agreed on: the field, and what is wrong with it. On days `off` nobody is expected."""
    if terms.ends_on < terms.starts_on:
        yield "ends_on", "lies before starts_on"
        return
    if terms.starts_on <= today:
        yield "starts_on", "must lie ahead: what is not ready on the first day is cancelled"
    if (terms.starts_at is None) != (terms.ends_at is None):
        yield "ends_at", "starts_at and ends_at come together"
    elif terms.starts_at is not None and terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        yield "ends_at", "lies before starts_at"
    days = holidays.count(terms.starts_on, terms.ends_on, terms.weekdays, off)
    if days == 0:
        yield "weekdays", "none of them occurs on these days"
    elif terms.planned_hours > days * terms.daily_hours:
        yield "planned_hours", f"more than {days} days of {terms.daily_hours:g} hours hold"
