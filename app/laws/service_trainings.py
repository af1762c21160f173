"""Safety training that students have had: written down by the school, for one or for a whole class at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.laws.models import SafetyTraining, TrainingKind
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Student


class NoSuchTraining(errors.NotFound):
    """No training of a student whom the actor may see has this id."""

    title = "No such training"


class UnfitTraining(errors.Invalid):
    """A training that cannot be, or a student who is not the actor's; `faults` names each."""

    title = "The training is not valid"


class NotYourTrainings(errors.NotAllowed):
    """Trainings are written down by the staff of the class."""

    title = "Only the staff of the class sees its trainings"


def search(session: Session, actor: Actor, student_id: UUID) -> Sequence[SafetyTraining]:
    """A student's trainings, the latest first. Raises NoSuchStudent."""
    students.get(session, actor, student_id)
    query = sa.select(SafetyTraining).where(SafetyTraining.student_id == student_id)
    return session.scalars(query.order_by(SafetyTraining.held_on.desc(), SafetyTraining.id)).all()


def of_many(session: Session, student_ids: Collection[UUID]) -> Mapping[UUID, list[SafetyTraining]]:
    """The trainings of students whom the actor may see, each's in the order of their days."""
    query = sa.select(SafetyTraining).where(SafetyTraining.student_id.in_(student_ids))
    found = defaultdict(list)
    for one in session.scalars(query.order_by(SafetyTraining.held_on, SafetyTraining.id)):
        found[one.student_id].append(one)
    return found


def create(
    session: Session,
    actor: Actor,
    student_ids: Collection[UUID],
    values: Mapping[str, Any],
    *,
    now: datetime,
) -> list[SafetyTraining]:
    """Write down one training of several students. Raises NotAllowed and UnfitTraining."""
    auth.require_scope(actor, "students:write")
    if not student_rules.can_add(actor):
        raise NotYourTrainings
    faults = []
    if (values["kind"] == TrainingKind.SPECIFIC) != (values["risk"] is not None):
        faults.append(("risk", "goes with specific training, and with no other"))
    if values["held_on"] > now.date():
        faults.append(("held_on", "lies ahead"))
    own = {one.id for one in session.scalars(sa.select(Student).where(Student.id.in_(student_ids)))
           if student_rules.is_in_charge(actor, one)}  # fmt: skip
    faults += [
        (f"student_ids.{index}", "no student of yours has this id")
        for index, student_id in enumerate(student_ids)
        if student_id not in own
    ]
    if faults:
        raise UnfitTraining(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )
    made = [
        SafetyTraining(
            student_id=one, recorded_at=now.astimezone(UTC), recorded_by=actor.mark, **values
        )
        for one in dict.fromkeys(student_ids)
    ]  # fmt: skip
    session.add_all(made)
    session.flush()
    events.record_many(session, actor, [("safety_training.recorded", one.id, None) for one in made])
    return made


def remove(session: Session, actor: Actor, training_id: UUID) -> None:
    """Take back what was written down by mistake; for the school's staff. Raises NoSuchTraining and NotAllowed."""
    auth.require_scope(actor, "students:write")
    row = session.execute(
        sa.select(SafetyTraining, Student)
        .join(Student, Student.id == SafetyTraining.student_id)
        .where(SafetyTraining.id == training_id)
    ).one_or_none()
    if row is None or not student_rules.can_see(actor, row[1]):
        raise NoSuchTraining
    if not student_rules.is_in_charge(actor, row[1]):
        raise NotYourTrainings
    session.delete(row[0])
    events.record(session, actor, "safety_training.removed", training_id)
