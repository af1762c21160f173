"""Who asks for a name, who answers, and what each sees of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.auth.actors import Actor
from app.disclosures.models import Disclosure
from app.matches.rules import can_see_candidates
from app.opportunities.models import Kind
from app.opportunities.rules import works_on
from app.students import rules as students
from app.students.rules import Placed

WAITING_PER_SEAT = 3
"""So many may be asked at once for each seat: nobody is flooded, and no list is asked through."""


class Side(StrEnum):
    """For whom an actor speaks."""

    STUDENT = "student"
    SCHOOL = "school"
    COMPANY = "company"
    ADMINISTRATOR = "administrator"


class State(StrEnum):
    """Where a request stands; a company learns no more than this of the answers."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


def can_ask(actor: Actor, company_id: UUID, kind: Kind) -> bool:
    """Who works for the company on this kind; the administrator sees candidates, and asks for nobody."""
    return works_on(actor, company_id, kind)


def side_of(actor: Actor, student: Placed, company_id: UUID, kind: Kind) -> Side | None:
    """For whom the actor speaks in this request; None when it does not exist for the actor. The student comes first."""
    if actor.is_student(student.id):
        return Side.STUDENT
    if actor.is_staff_of(student.school_id, student.class_id):
        return Side.SCHOOL
    if works_on(actor, company_id, kind):
        return Side.COMPANY
    may_see = students.can_see(actor, student) and can_see_candidates(actor, company_id, kind)
    return Side.ADMINISTRATOR if may_see else None


def can_answer(side: Side) -> bool:
    """Accepting and refusing is for the student and the school, each for themselves."""
    return side in (Side.STUDENT, Side.SCHOOL)


def can_withdraw(side: Side) -> bool:
    """All three may: the student and the school take back their yes, the company its question."""
    return side is not Side.ADMINISTRATOR


def state_of(disclosure: Disclosure, now: datetime) -> State:
    """The state in one word."""
    if disclosure.refused_at is not None:
        return State.REFUSED
    if disclosure.withdrawn_at is not None:
        return State.WITHDRAWN
    if disclosure.expires_at <= now:
        return State.EXPIRED
    has_both = disclosure.student_accepted_at is not None and disclosure.school_accepted_at is not None
    return State.ACCEPTED if has_both else State.WAITING


def sees_name(side: Side, state: State) -> bool:
    """The student, the school and who runs the service know who it is; the company once both have accepted."""
    return side is not Side.COMPANY or state is State.ACCEPTED


def most_waiting(seats: int) -> int:
    """How many requests of one opportunity may wait for an answer at the same time."""
    return WAITING_PER_SEAT * max(1, seats)
