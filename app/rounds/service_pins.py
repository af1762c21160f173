"""What people decide before a run: this student there, or by no means there."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import errors
from app.auth.actors import Actor
from app.companies.models import Company
from app.events import service as events
from app.laws.rules import Finding
from app.matches import service as matches
from app.matches.engine import Engine
from app.matches.seating import PERSONAL
from app.matches.service_rating import Frame, days_meant, spans_in
from app.opportunities import details
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity
from app.rounds import rules, service_law
from app.rounds import service as rounds
from app.rounds.models import Round, RoundPin, Ruling
from app.rounds.service import Seen
from app.students.models import Student
from app.students.service import NoSuchStudent

NO_BAR = PERSONAL | {"no_seats", "not_published"}
"""Rules that keep nobody from being pinned: seats are counted by the run, and the student has been asked."""


class NoSuchPin(errors.NotFound):
    """The round has no pin or ban with this id, of a student whom the actor sees."""

    title = "No such pin"


class BadPin(errors.Invalid):
    """The opportunity does not exist, or is not of the round."""

    title = "The pin cannot be like that"


class PinForbidden(errors.Conflict):
    """A rule keeps the student from the opportunity, and no pin overrules it."""

    title = "A rule forbids this pin"


class Pinned(NamedTuple):
    """A pin or a ban, with what a list shows of it."""

    pin: RoundPin
    class_id: UUID
    title: str
    company_name: str


def search(session: Session, seen: Seen, class_ids: Collection[UUID]) -> list[Pinned]:
    """The pins and bans of the students of some classes, the latest first."""
    rows = session.execute(
        sa.select(RoundPin, Student.class_id, Opportunity.title, Company.name)
        .join(Student, Student.id == RoundPin.student_id)
        .join(Opportunity, Opportunity.id == RoundPin.opportunity_id)
        .join(Company, Company.id == Opportunity.company_id)
        .where(RoundPin.round_id == seen.round.id, Student.class_id.in_(class_ids))
        .order_by(RoundPin.made_at.desc(), RoundPin.id)
    )
    return [Pinned(*row) for row in rows]


def own_student(session: Session, actor: Actor, seen: Seen, student_id: UUID) -> Student:
    """A student of the round whom the actor sees by name. Raises NoSuchStudent."""
    student = session.get(Student, student_id)
    if student is None or student.class_id not in {one.class_id for one in seen.own(actor)}:
        raise NoSuchStudent
    return student


def make(
    session: Session,
    actor: Actor,
    engine: Engine,
    round_id: UUID,
    *,
    student_id: UUID,
    opportunity_id: UUID,
    ruling: Ruling,
    period: int | None = None,
    why: str = "",
    now: datetime,
) -> RoundPin:
    """Pin or ban; what was decided about the two before, and an earlier pin of the student, goes.

    Raises NoSuchRound, NoSuchStudent, WrongRoundState, BadPin and PinForbidden.
    """
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    student = own_student(session, actor, seen, student_id)
    _lock(session, seen.round)
    offered(session, actor, seen.round, opportunity_id)
    if ruling is Ruling.PIN:
        _require_allowed(session, actor, engine, student, opportunity_id)
        found = forbidding(session, seen.round, student, [opportunity_id], period)
        if found:
            raise PinForbidden(" ".join(map(service_law.cited, found[opportunity_id])))
    overtaken = [RoundPin.opportunity_id == opportunity_id]
    if ruling is Ruling.PIN:
        overtaken.append(RoundPin.ruling == Ruling.PIN)
    session.execute(
        sa.delete(RoundPin).where(
            RoundPin.round_id == round_id, RoundPin.student_id == student_id, sa.or_(*overtaken)
        )
    )
    pin = RoundPin(
        round_id=round_id, student_id=student_id, opportunity_id=opportunity_id, ruling=ruling,
        period=period if ruling is Ruling.PIN else None, why=why, made_at=now.astimezone(UTC), made_by=actor.mark,
    )  # fmt: skip
    session.add(pin)
    session.flush()
    events.record(session, actor, "round_pin.made", pin.id, {"ruling": ruling.value})
    return pin


def remove(session: Session, actor: Actor, round_id: UUID, pin_id: UUID) -> None:
    """Take a pin or a ban back. Raises NoSuchRound, NoSuchPin and WrongRoundState."""
    seen = rounds.find(session, actor, round_id, scope="placements:write")
    own = [one.class_id for one in seen.own(actor)]
    pin = session.scalar(
        sa.select(RoundPin)
        .join(Student, Student.id == RoundPin.student_id)
        .where(RoundPin.id == pin_id, RoundPin.round_id == round_id, Student.class_id.in_(own))
    )
    if pin is None:
        raise NoSuchPin
    _lock(session, seen.round)
    # A statement, not the object: whoever has just been forgotten has taken it along.
    session.execute(sa.delete(RoundPin).where(RoundPin.id == pin_id))
    events.record(session, actor, "round_pin.removed", pin_id)


def _lock(session: Session, row: Round) -> None:
    """Nobody else changes the round until the block ends, and a run that is being computed must begin anew."""
    session.refresh(row, with_for_update=True)
    rounds.require_state(row, rules.TAKES_RULINGS)
    flag_modified(row, "name")


def offered(session: Session, actor: Actor, row: Round, opportunity_id: UUID) -> Opportunity:
    """An opportunity that the round is about. Raises BadPin."""
    try:
        found = opportunities.read(session, actor, opportunity_id)
    except opportunities.NoSuchOpportunity as error:
        raise BadPin(faults=[_fault("no opportunity that you may see has this id")]) from error
    if found.kind not in rules.kinds_of(row):
        raise BadPin(faults=[_fault("it is of a kind that the round is not about")])
    return found


def forbidding(
    session: Session,
    row: Round,
    student: Student,
    opportunity_ids: Collection[UUID],
    period: int | None = None,
) -> dict[UUID, list[Finding]]:
    """By opportunity the rules of law that forbid a student all of its periods, or the one that is named."""
    frame = Frame(rules.kinds_of(row), row.starts_on, row.ends_on)
    found = details.load(session, list(opportunity_ids))
    law = service_law.read(session, [student.class_id], {one.company_id for one in found})
    chosen = slice(None) if period is None else slice(period, period + 1)
    return {
        one.id: findings
        for one in found
        if (findings := law.forbidding(student.id, one, days_meant(one, spans_in(one, frame), frame)[chosen]))
    }


def _require_allowed(
    session: Session, actor: Actor, engine: Engine, student: Student, opportunity_id: UUID
) -> None:
    found = matches.visibility(session, actor, engine, opportunity_id, student.id)["rules"]
    barring = [rule["en"] for rule in found if rule["code"] not in NO_BAR]
    if barring:
        raise PinForbidden(" ".join(barring))


def _fault(detail: str) -> dict[str, str]:
    return {"in": "body", "field": "opportunity_id", "detail": detail}
