"""Recommending an opportunity to several students, and taking it back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import User
from app.companies.models import Company
from app.db import new_id
from app.events import service as events
from app.opportunities import service as opportunities
from app.opportunities.models import Kind, Opportunity
from app.recommendations import rules
from app.recommendations.models import Recommendation
from app.students import service as students
from app.students.models import Student
from app.students.rules import can_see


class NoSuchRecommendation(errors.NotFound):
    """No recommendation that the actor may see has this id."""

    title = "No such recommendation"


class NotYourStudents(errors.Invalid):
    """Students whom the actor does not teach, or the same one twice; `faults` names them."""

    title = "Not all of them are students of yours"


class NotRecommendable(errors.Conflict):
    """Only a published opportunity is recommended."""

    title = "The opportunity is not open"


class Made(NamedTuple):
    """A new recommendation, and to whom."""

    id: UUID
    student_id: UUID


class Told(NamedTuple):
    """A recommendation as its readers see it; `name` is of whoever made it, if that is a person who is still there."""

    id: UUID
    student_id: UUID
    opportunity_id: UUID
    title: str
    kind: Kind
    company_name: str
    note: str | None
    at: datetime
    name: str | None


def recommend(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    student_ids: Sequence[UUID],
    *,
    note: str | None,
    now: datetime,
) -> list[Made]:
    """Recommend an opportunity to students of the actor's; who has it recommended already is left alone.

    Returns the new ones. Raises NotAllowed, NotYourStudents, NoSuchOpportunity and NotRecommendable.
    """
    auth.require_scope(actor, "students:write")
    if not rules.can_recommend_somebody(actor):
        raise errors.NotAllowed("Only a school's staff recommends.")
    found = session.scalars(sa.select(Student).where(Student.id.in_(student_ids)).order_by(Student.id)).all()
    _refuse(student_ids, {student.id for student in found if rules.can_recommend(actor, student)})
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not rules.can_be_recommended(opportunity.status):
        raise NotRecommendable(f"The opportunity is {opportunity.status}.")
    wanted = [
        {
            "id": new_id(), "student_id": student.id, "opportunity_id": opportunity_id, "note": note,
            "recommended_at": now.astimezone(UTC), "recommended_by": actor.id if actor.kind == "user" else None,
        }
        for student in found
    ]  # fmt: skip
    # Of two who recommend the same at once, the first one's words stand.
    added = db.inserting(session, Recommendation).on_conflict_do_nothing()
    rows = session.execute(added.returning(Recommendation.id, Recommendation.student_id), wanted)
    made = sorted(Made(*row) for row in rows)
    events.record_many(session, actor, [("recommendation.created", one.id, None) for one in made])
    return made


def _refuse(student_ids: Sequence[UUID], own: Collection[UUID]) -> None:
    faults = [
        {"in": "body", "field": f"student_ids.{index}", "detail": detail}
        for index, student_id in enumerate(student_ids)
        if (
            detail := "no student of yours has this id"
            if student_id not in own
            else "stands here twice"
            if student_id in student_ids[:index]
            else ""
        )
    ]
    if faults:
        raise NotYourStudents(faults=faults)


_rows = (
    sa.select(
        Recommendation.id, Recommendation.student_id, Recommendation.opportunity_id, Opportunity.title,
        Opportunity.kind, Company.name, Recommendation.note, Recommendation.recommended_at, User.name,
    )
    .join(Opportunity, Opportunity.id == Recommendation.opportunity_id)
    .join(Company, Company.id == Opportunity.company_id)
    .outerjoin(User, User.id == Recommendation.recommended_by)
)  # fmt: skip


def of_student(
    session: Session,
    actor: Actor,
    student_id: UUID,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[Told]:
    """What has been recommended to a student, the latest first; what is no longer open is left out.

    Raises NoSuchStudent.
    """
    students.get(session, actor, student_id)
    query = _rows.where(Recommendation.student_id == student_id, Opportunity.status.in_(rules.SHOWN))
    if after is not None:
        query = query.where(sa.tuple_(Recommendation.recommended_at, Recommendation.id) < after)
    query = query.order_by(Recommendation.recommended_at.desc(), Recommendation.id.desc()).limit(limit)
    return [Told(*row) for row in session.execute(query)]


def given(session: Session, student_ids: Collection[UUID], opportunity_id: UUID) -> set[UUID]:
    """Those of the students, whom the caller may see, to whom the opportunity has been recommended."""
    return set(
        session.scalars(
            sa.select(Recommendation.student_id).where(
                Recommendation.opportunity_id == opportunity_id, Recommendation.student_id.in_(student_ids)
            )
        )
    )


def remove(session: Session, actor: Actor, recommendation_id: UUID) -> UUID:
    """Take a recommendation back; whose it was. Raises NoSuchRecommendation and NotAllowed."""
    auth.require_scope(actor, "students:write")
    student = session.scalar(
        sa.select(Student)
        .join(Recommendation, Recommendation.student_id == Student.id)
        .where(Recommendation.id == recommendation_id)
    )
    if student is None or not can_see(actor, student):
        raise NoSuchRecommendation
    if not rules.can_recommend(actor, student):
        raise errors.NotAllowed("Only the staff of the student's school takes it back.")
    take_back(session, actor, [recommendation_id])
    return student.id


def take_back(session: Session, actor: Actor, recommendation_ids: Collection[UUID]) -> int:
    """Delete these recommendations as far as they are there; how many were."""
    gone = session.scalars(
        sa.delete(Recommendation)
        .where(Recommendation.id.in_(recommendation_ids))
        .returning(Recommendation.id)
    ).all()
    events.record_many(session, actor, [("recommendation.removed", one, None) for one in sorted(gone)])
    return len(gone)
