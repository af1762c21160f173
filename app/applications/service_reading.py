"""Finding applications, and showing each reader what is theirs to see."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.applications import rules
from app.applications.models import Application, ApplicationState
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.companies.models import Company
from app.opportunities.models import Kind, Opportunity
from app.opportunities.rules import OF_TRAINING_BODIES
from app.placements.models import Party
from app.students import service as students
from app.students.models import Student


class NoSuchApplication(errors.NotFound):
    """No application that the actor has to do with has this id."""

    title = "No such application"


@dataclass(frozen=True, slots=True)
class Seen:
    """An application with what a list says of it, and for whom its reader speaks."""

    application: Application
    student: Student
    title: str
    kind: Kind
    company_name: str
    party: Party

    @property
    def sees_name(self) -> bool:
        """Whether the reader may know who the student is."""
        return rules.sees_name(self.party, self.application.state)

    @property
    def actions(self) -> list[rules.ApplicationAction]:
        """What the reader can do now."""
        one = self.application
        has_approved = one.school_approved_at is not None
        return rules.actions(self.party, one.state, one.ended_for, has_approved=has_approved)


_rows = (
    sa.select(Application, Student, Opportunity.title, Opportunity.kind, Company.name)
    .join(Student, Student.id == Application.student_id)
    .join(Opportunity, Opportunity.id == Application.opportunity_id)
    .join(Company, Company.id == Application.company_id)
)


def read(session: Session, actor: Actor, application_id: UUID) -> Seen:
    """An application of the actor's. Raises NoSuchApplication."""
    found = find(session, actor, [application_id])
    if not found:
        raise NoSuchApplication
    return found[0]


def find(
    session: Session, actor: Actor, ids: Collection[UUID], *, scope: str = "placements:read"
) -> list[Seen]:
    """Those of these that the actor has to do with."""
    auth.require_scope(actor, scope)
    rows = session.execute(_rows.where(Application.id.in_(ids)).order_by(Application.id))
    return _seen(actor, rows.all())


def search(
    session: Session,
    actor: Actor,
    *,
    student_id: UUID | None = None,
    class_id: UUID | None = None,
    school_id: UUID | None = None,
    opportunity_id: UUID | None = None,
    company_id: UUID | None = None,
    states: Collection[ApplicationState] = (),
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Seen]:
    """The actor's applications, the latest first. Filters that lead to nothing of theirs find nothing."""
    auth.require_scope(actor, "placements:read")
    query = _rows.where(_visible_to(actor))
    if student_id is not None or class_id is not None or school_id is not None:
        # Who a candidate is cannot be found out by asking.
        query = query.where(students.visible_to(actor))
    equal = {
        Application.student_id: student_id,
        Application.opportunity_id: opportunity_id,
        Application.company_id: company_id,
        Student.class_id: class_id,
        Student.school_id: school_id,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if states:
        query = query.where(Application.state.in_(states))
    if after is not None:
        query = query.where(sa.tuple_(Application.created_at, Application.id) < after)
    query = query.order_by(Application.created_at.desc(), Application.id.desc()).limit(limit)
    return _seen(actor, session.execute(query).all())


def open_of(session: Session, student_id: UUID) -> dict[UUID, ApplicationState]:
    """Opportunity → state, of the open and the approved applications of a student whom the actor may see."""
    rows = session.execute(
        sa.select(Application.opportunity_id, Application.state).where(
            Application.student_id == student_id,
            Application.state.in_(rules.OPEN | {ApplicationState.APPROVED}),
        )
    )
    return {row.opportunity_id: row.state for row in rows}


def _seen(actor: Actor, rows: Sequence[Any]) -> list[Seen]:
    found = []
    for application, student, title, kind, company_name in rows:
        is_delivered = application.delivered_at is not None
        party = rules.party_of(actor, student, application.company_id, kind, is_delivered=is_delivered)
        if party is not None:
            found.append(Seen(application, student, title, kind, company_name, party))
    return found


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.party_of` as a condition."""
    of_companies = (
        sa.and_(
            Application.company_id == grant.company_id,
            Application.delivered_at.is_not(None),
            sa.true() if grant.role is not Role.TRAINING_BODY else Opportunity.kind.in_(OF_TRAINING_BODIES),
        )
        for grant in actor.grants
        if grant.company_id is not None
    )
    return sa.or_(students.visible_to(actor), *of_companies)
