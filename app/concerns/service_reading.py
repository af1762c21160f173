"""Finding concerns, each as one side sees it, and what can be reported about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import AT_SCHOOL, Actor
from app.companies.models import Company
from app.concerns import rules
from app.concerns.models import Concern, ConcernMessage, Side, Stage
from app.concerns.rules import Place
from app.opportunities.models import Opportunity
from app.placements.models import Placement
from app.places.models import Municipality
from app.schools.models import School
from app.students.models import Student


class NoSuchConcern(errors.NotFound):
    """There is no concern with this id that the actor may see."""

    title = "No such concern"


@dataclass(frozen=True, slots=True)
class Case:
    """A concern with what belongs to it, as one side looks at it."""

    concern: Concern
    student: Student
    place: Place
    company_name: str
    school_name: str
    side: Side

    @property
    def student_name(self) -> str | None:
        """Who it is about, for those who may know."""
        if not rules.sees_name(self.side, self.concern):
            return None
        return f"{self.student.given_name} {self.student.family_name}"

    def told(self, text: str) -> str:
        """A text of the thread, as this side reads it."""
        if rules.sees_name(self.side, self.concern):
            return text
        return rules.without_names(text, [self.student.given_name, self.student.family_name])


_rows = (
    sa.select(
        Concern, Student, Placement.school_id, Placement.school_tutor_id, Municipality.province_code,
        Company.name.label("company_name"), School.name.label("school_name"),
    )
    .join(Placement, Placement.id == Concern.placement_id)
    .join(Student, Student.id == Concern.student_id)
    .join(School, School.id == Placement.school_id)
    .join(Company, Company.id == Placement.company_id)
    .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
)  # fmt: skip


def find(session: Session, actor: Actor, concern_id: UUID, *, scope: str = "placements:read") -> Case:
    """One concern. Raises NoSuchConcern, for the actor's foreign ones too."""
    auth.require_scope(actor, scope)
    row = session.execute(_rows.where(Concern.id == concern_id)).one_or_none()
    case = _case(actor, row) if row is not None else None
    if case is None:
        raise NoSuchConcern
    return case


def search(
    session: Session,
    actor: Actor,
    *,
    placement_id: UUID | None = None,
    student_id: UUID | None = None,
    is_open: bool | None = None,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Case]:
    """The concerns that the actor sees, the latest first."""
    auth.require_scope(actor, "placements:read")
    query = _rows.where(_visible_to(actor))
    if placement_id is not None:
        query = query.where(Concern.placement_id == placement_id)
    if student_id is not None:
        query = query.where(Concern.student_id == student_id)
    if is_open is not None:
        query = query.where((Concern.stage != Stage.CLOSED) == is_open)
    if after is not None:
        query = query.where(sa.tuple_(Concern.raised_at, Concern.id) < after)
    query = query.order_by(Concern.raised_at.desc(), Concern.id.desc()).limit(limit)
    return [case for row in session.execute(query) if (case := _case(actor, row)) is not None]


def messages(session: Session, concern_id: UUID) -> list[ConcernMessage]:
    """The thread, oldest first, of a concern that the actor has found."""
    thread = sa.select(ConcernMessage).where(ConcernMessage.concern_id == concern_id)
    return list(session.scalars(thread.order_by(ConcernMessage.written_at, ConcernMessage.id)))


def _case(actor: Actor, row: sa.Row[*tuple[object, ...]]) -> Case | None:
    place = Place(row.school_id, row.school_tutor_id, row.province_code)
    side = rules.side_of(actor, row.Concern, place)
    if side is None:
        return None
    return Case(row.Concern, row.Student, place, row.company_name, row.school_name, side)


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.side_of` as a condition."""
    if actor.is_administrator:
        return sa.true()
    own = [grant.student_id for grant in actor.grants if grant.student_id is not None]
    led = [grant.school_id for grant in actor.grants if actor.is_staff_of(grant.school_id)]
    taught_at = [grant.school_id for grant in actor.grants if grant.role in AT_SCHOOL]
    ways = [
        sa.and_(Concern.raised_side == Side.STUDENT, Concern.student_id.in_(own)),
        Placement.school_id.in_(led),
    ]
    if actor.kind == rules.FAMILY:
        ways.append(sa.and_(Concern.raised_side == Side.FAMILY, Concern.student_id == actor.id))
    if actor.kind == "user":
        is_tutor = sa.and_(Placement.school_tutor_id == actor.id, Placement.school_id.in_(taught_at))
        here = Municipality.province_code.in_(actor.provinces)
        ways += [
            sa.and_(is_tutor, ~Concern.skips_tutor),
            sa.and_(Concern.territory_at.is_not(None), here),
        ]
    return sa.or_(*ways)


def reportable(session: Session, actor: Actor, student_id: UUID) -> Sequence[sa.Row[UUID, str, str]]:
    """The placements of a student about which the actor can report something: id, company, title; the latest first."""
    if not (actor.is_student(student_id) or rules.is_family_of(actor, student_id)):
        return []
    return session.execute(
        sa.select(Placement.id, Company.name, Opportunity.title)
        .join(Company, Company.id == Placement.company_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(Placement.student_id == student_id)
        .order_by(Placement.starts_on.desc(), Placement.id)
    ).all()
