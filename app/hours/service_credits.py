"""Hours that a school credits besides placements: a decision for each activity, for several students at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.db import new_id
from app.events import service as events
from app.hours import service as hours
from app.hours import service_ledger as ledgers
from app.hours.models import CreditKind, HourCredit
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Student


class BadCredit(errors.Invalid):
    """Students of another class, the same one twice, or a day that is still to come; `faults` names the field."""

    title = "The hours cannot be credited"


class NoSuchCredit(errors.NotFound):
    """The student has no credit with this id."""

    title = "No such credit"


def credit(
    session: Session,
    actor: Actor,
    class_id: UUID,
    student_ids: Sequence[UUID],
    *,
    kind: CreditKind,
    title: str,
    held_on: date,
    worth: int,
    now: datetime,
) -> list[HourCredit]:
    """Credit hours for one activity; who has them for it already is left alone, so that nothing counts twice.

    The new ones. Raises NoSuchClass, NotAllowed and BadCredit.
    """
    auth.require_scope(actor, "placements:write")
    ledgers.require_class(session, actor, class_id, scope="students:read")
    hours.lock(session, student_ids)
    of_class = set(
        session.scalars(
            sa.select(Student.id).where(Student.id.in_(student_ids), Student.class_id == class_id)
        )
    )
    faults = [
        {"in": "body", "field": f"student_ids.{number}", "detail": detail}
        for number, student_id in enumerate(student_ids)
        if (
            detail := "the class has no student with this id"
            if student_id not in of_class
            else "stands here twice"
            if student_id in student_ids[:number]
            else ""
        )
    ]
    if held_on > now.date():
        faults.append({"in": "body", "field": "held_on", "detail": "lies in the future"})
    if faults:
        raise BadCredit(faults=faults)
    rows = [
        {
            "id": new_id(), "student_id": student_id, "kind": kind, "title": title, "held_on": held_on, "hours": worth,
            "decided_at": now.astimezone(UTC), "decided_by": actor.mark, "version": 1,
        }
        for student_id in sorted(of_class)
    ]  # fmt: skip
    added = db.inserting(session, HourCredit).on_conflict_do_nothing().returning(HourCredit.id)
    ids = session.scalars(added, rows).all()
    events.record_many(session, actor, [("credit.created", one, None) for one in sorted(ids)])
    ledgers.settle(session, of_class)
    query = sa.select(HourCredit).where(HourCredit.id.in_(ids)).order_by(HourCredit.student_id)
    return list(session.scalars(query))


def read(session: Session, actor: Actor, student_id: UUID, credit_id: UUID) -> HourCredit:
    """One credit. Raises NoSuchStudent and NoSuchCredit."""
    auth.require_scope(actor, "placements:read")
    students.get(session, actor, student_id)
    found = session.get(HourCredit, credit_id)
    if found is None or found.student_id != student_id:
        raise NoSuchCredit
    return found


def remove(session: Session, actor: Actor, student_id: UUID, credit_id: UUID) -> None:
    """Take a credit back. Raises NoSuchStudent, NoSuchCredit and NotAllowed."""
    auth.require_scope(actor, "placements:write")
    found = read(session, actor, student_id, credit_id)
    if not student_rules.is_in_charge(actor, students.get(session, actor, student_id)):
        raise errors.NotAllowed("Only the school takes back what it has credited.")
    hours.lock(session, [student_id])
    session.delete(found)
    session.flush()
    events.record(session, actor, "credit.removed", credit_id)
    ledgers.settle(session, [student_id])
