"""Finding requests for names, and showing each reader what is theirs to see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.auth.models import User
from app.companies.models import Company
from app.disclosures import rules
from app.disclosures.models import Disclosure
from app.disclosures.rules import Side
from app.disclosures.schemas import DisclosureOut, TutorOut
from app.events import service as events
from app.matches.engine import Engine
from app.opportunities.models import Opportunity
from app.opportunities.rules import OF_TRAINING_BODIES
from app.students import service as students
from app.students.models import Student


class NoSuchDisclosure(errors.NotFound):
    """No request that the actor has to do with has this id."""

    title = "No such request"


@dataclass(frozen=True, slots=True)
class Told:
    """A request, and for whom its reader speaks."""

    disclosure: Disclosure
    student: Student
    opportunity: Opportunity
    company_name: str
    tutor: User | None
    side: Side


_rows = (
    sa.select(Disclosure, Student, Opportunity, Company.name, User)
    .join(Student, Student.id == Disclosure.student_id)
    .join(Opportunity, Opportunity.id == Disclosure.opportunity_id)
    .join(Company, Company.id == Disclosure.company_id)
    .outerjoin(User, User.id == Disclosure.tutor_id)
)


def read(session: Session, actor: Actor, disclosure_id: UUID) -> Told:
    """A request of the actor's. Raises NoSuchDisclosure."""
    auth.require_scope(actor, "disclosures:read")
    return find(session, actor, disclosure_id)


def find(session: Session, actor: Actor, disclosure_id: UUID) -> Told:
    """A request that the actor has to do with. Raises NoSuchDisclosure."""
    row = session.execute(_rows.where(Disclosure.id == disclosure_id)).one_or_none()
    told = None if row is None else _told(actor, *row)
    if told is None:
        raise NoSuchDisclosure
    return told


def search(
    session: Session,
    actor: Actor,
    *,
    company_id: UUID | None = None,
    opportunity_id: UUID | None = None,
    student_id: UUID | None = None,
    class_id: UUID | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Told]:
    """The actor's requests, the latest first. Filters that lead to nothing of theirs find nothing."""
    auth.require_scope(actor, "disclosures:read")
    query = _rows.where(_visible_to(actor))
    if student_id is not None or class_id is not None:
        # Who a candidate is cannot be found out by asking.
        query = query.where(students.visible_to(actor))
    equal = {
        Disclosure.company_id: company_id,
        Disclosure.opportunity_id: opportunity_id,
        Disclosure.student_id: student_id,
        Student.class_id: class_id,
    }
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if after is not None:
        query = query.where(sa.tuple_(Disclosure.requested_at, Disclosure.id) < after)
    query = query.order_by(Disclosure.requested_at.desc(), Disclosure.id.desc()).limit(limit)
    found = (_told(actor, *row) for row in session.execute(query))
    return [told for told in found if told is not None]


def show(told: Told, engine: Engine, now: datetime) -> DisclosureOut:
    """What the reader may see of it."""
    one, student = told.disclosure, told.student
    state = rules.state_of(one, now)
    is_company, sees_name = told.side is Side.COMPANY, rules.sees_name(told.side, state)
    tutor = told.tutor if sees_name and one.school_accepted_at is not None else None
    return DisclosureOut(
        id=one.id,
        opportunity_id=one.opportunity_id,
        opportunity_title=told.opportunity.title,
        company_id=one.company_id,
        company_name=told.company_name,
        pseudonym=engine.pseudonym(one.company_id, one.student_id),
        state=state,
        requested_at=one.requested_at,
        expires_at=one.expires_at,
        student_accepted_at=None if is_company else one.student_accepted_at,
        school_accepted_at=None if is_company else one.school_accepted_at,
        student_id=None if is_company else one.student_id,
        student_name=f"{student.given_name} {student.family_name}" if sees_name else None,
        tutor=TutorOut(name=tutor.name, email=tutor.email) if tutor is not None else None,
    )


def names_shown(told: Iterable[Told], now: datetime) -> list[Told]:
    """The requests among them that show a company a name."""
    return [
        one
        for one in told
        if one.side is Side.COMPANY and rules.sees_name(one.side, rules.state_of(one.disclosure, now))
    ]


def note_reading(session: Session, actor: Actor, shown: Sequence[Told]) -> None:
    """Record that the actor has been shown these names."""
    for one in shown:
        events.record(session, actor, "disclosure.read", one.disclosure.id)


def _told(
    actor: Actor,
    disclosure: Disclosure,
    student: Student,
    opportunity: Opportunity,
    company_name: str,
    tutor: User | None,
) -> Told | None:
    side = rules.side_of(actor, student, disclosure.company_id, opportunity.kind)
    return None if side is None else Told(disclosure, student, opportunity, company_name, tutor, side)


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.side_of` as a condition."""
    of_companies = (
        sa.and_(
            Disclosure.company_id == grant.company_id,
            sa.true() if grant.role is not Role.TRAINING_BODY else Opportunity.kind.in_(OF_TRAINING_BODIES),
        )
        for grant in actor.grants
        if grant.company_id is not None
    )
    return sa.or_(students.visible_to(actor), *of_companies)
