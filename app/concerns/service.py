"""Reporting a problem, reading it, writing about it, asking whom it is about, and closing it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import AT_SCHOOL, Actor
from app.companies.models import Company
from app.concerns import rules, service_telling
from app.concerns.models import Concern, ConcernKind, ConcernMessage, Side, Stage
from app.concerns.rules import Deadlines, Place
from app.events import service as events
from app.opportunities.models import Opportunity
from app.placements import service as placements
from app.placements.models import Party, Placement
from app.places.models import Municipality
from app.schools.models import School
from app.students.models import Student


class NoSuchConcern(errors.NotFound):
    """There is no concern with this id that the actor may see."""

    title = "No such concern"


class NotYoursToReport(errors.NotAllowed):
    """Problems of a placement are reported by its student and the family; the others answer."""

    title = "Only the student and the family report a problem"


class NotYoursToClose(errors.NotAllowed):
    """A concern is closed by whoever has reported it, or by who runs the service."""

    title = "Only who has reported it closes it"


class CloseReasonMissing(errors.Invalid):
    """Who closes what somebody else has reported says why."""

    title = "A reason is missing"


class ConcernClosed(errors.Conflict):
    """Nothing is written about a concern that is closed; a new one can be reported."""

    title = "The concern is closed"


class TooManyConcerns(errors.Conflict):
    """The placement has so many open concerns, or the concern so many messages, that no more are taken."""

    title = "Too many of them"


class NoNameNeeded(errors.Conflict):
    """Only a coordinator who has an open concern to answer asks whom it is about; the others know."""

    title = "There is no name to ask for"


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


# --- reading ----------------------------------------------------------------------------------------------------------

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


# --- reporting --------------------------------------------------------------------------------------------------------


def report(
    session: Session,
    actor: Actor,
    placement_id: UUID,
    kind: ConcernKind,
    text: str,
    *,
    skips_tutor: bool = False,
    now: datetime,
    deadlines: Deadlines,
) -> Case:
    """Press the red button. The same words a second time are the same concern, as long as it is open.

    It begins with the school's tutor, or the lead: what is urgent, or not for the tutor, or without one. Where nobody
    is, it begins further up. Raises NoSuchPlacement, NotYoursToReport and TooManyConcerns.
    """
    auth.require_scope(actor, "placements:write")
    placement, side = _own_placement(session, actor, placement_id)
    # Locked, so that a form that is sent twice is counted once.
    session.refresh(placement, with_for_update=True)
    opened = session.scalars(
        sa.select(Concern).where(Concern.placement_id == placement_id, Concern.stage != Stage.CLOSED)
    ).all()
    for one in opened:
        if (one.raised_side, one.kind, one.text) == (side, kind, text):
            return find(session, actor, one.id)
    if len(opened) >= rules.MOST_OPEN:
        raise TooManyConcerns(f"At most {rules.MOST_OPEN} concerns of a placement are open at once.")
    begins = Stage.LEAD if skips_tutor or kind in rules.URGENT else Stage.TUTOR
    concern = Concern(
        placement_id=placement_id, student_id=placement.student_id, kind=kind, text=text, skips_tutor=skips_tutor,
        raised_side=side, raised_at=now.astimezone(UTC), stage=Stage.LEAD, due_at=now,
    )  # fmt: skip
    session.add(concern)
    session.flush()
    case = find(session, actor, concern.id)
    own(session, case, begins, now, deadlines)
    events.record(
        session, actor, "concern.raised", concern.id, {"kind": kind.value, "to": concern.stage.value}
    )
    service_telling.raised(session, concern, case.place, case.company_name, now)
    return case


def own(session: Session, case: Case, stage: Stage, now: datetime, deadlines: Deadlines) -> None:
    """Give it to the first owner from `stage` on who is there, and set the clock."""
    concern = case.concern
    while stage is not Stage.SERVICE and not service_telling.owners(session, stage, case.place):
        stage = rules.NEXT[stage]
    concern.stage = stage
    concern.due_at = deadlines.due_at(stage, concern.raised_at, now.astimezone(UTC))
    if stage in (Stage.TERRITORY, Stage.SERVICE) and concern.territory_at is None:
        concern.territory_at = now.astimezone(UTC)
    session.flush()


def _own_placement(session: Session, actor: Actor, placement_id: UUID) -> tuple[Placement, Side]:
    if actor.kind == rules.FAMILY:
        placement = session.get(Placement, placement_id)
        if placement is None or not rules.is_family_of(actor, placement.student_id):
            raise placements.NoSuchPlacement
        return placement, Side.FAMILY
    seen = placements.find(session, actor, placement_id)
    if seen.party is not Party.STUDENT:
        raise NotYoursToReport
    return seen.placement, Side.STUDENT


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


# --- afterwards -------------------------------------------------------------------------------------------------------


def write(session: Session, actor: Actor, concern_id: UUID, text: str, *, now: datetime) -> ConcernMessage:
    """Add to the thread; the same words again at the end of it are one message.

    Raises NoSuchConcern, ConcernClosed and TooManyConcerns.
    """
    case = _locked(session, actor, concern_id)
    if case.concern.stage is Stage.CLOSED:
        raise ConcernClosed
    thread = messages(session, concern_id)
    if thread and (thread[-1].written_by, thread[-1].text) == (actor.mark, text):
        return thread[-1]
    if len(thread) >= rules.MOST_MESSAGES:
        raise TooManyConcerns(f"A concern has at most {rules.MOST_MESSAGES} messages.")
    message = ConcernMessage(
        concern_id=concern_id,
        side=case.side,
        text=text,
        written_at=now.astimezone(UTC),
        written_by=actor.mark,
    )
    session.add(message)
    session.flush()
    events.record(session, actor, "concern.answered", concern_id, {"side": case.side.value})
    service_telling.written(session, case.concern, case.place, case.company_name, message, now)
    return message


def ask_name(session: Session, actor: Actor, concern_id: UUID, reason: str, *, now: datetime) -> Case:
    """Learn whom an open concern is about, as the coordinator who has to answer it; again changes nothing.

    Raises NoSuchConcern, NoNameNeeded and ConcernClosed.
    """
    case = _locked(session, actor, concern_id)
    if case.side is not Side.TERRITORY:
        raise NoNameNeeded
    if case.concern.named_at is not None:
        return case
    if case.concern.stage is Stage.CLOSED:
        raise ConcernClosed
    case.concern.named_at, case.concern.named_by = now.astimezone(UTC), actor.mark
    case.concern.named_for = reason
    session.flush()
    events.record(session, actor, "concern.named", concern_id)
    service_telling.named(session, case.concern, case.place, case.company_name, now)
    return case


def close(
    session: Session, actor: Actor, concern_id: UUID, *, reason: str | None = None, now: datetime
) -> Case:
    """End it; again changes nothing. Raises NoSuchConcern, NotYoursToClose and CloseReasonMissing."""
    case = _locked(session, actor, concern_id)
    if not rules.can_close(case.side, case.concern):
        raise NotYoursToClose
    if case.concern.stage is Stage.CLOSED:
        return case
    if reason is None and rules.needs_reason(case.side):
        raise CloseReasonMissing(faults=[{"in": "body", "field": "reason", "detail": "say why it is closed"}])
    was = case.concern.stage
    case.concern.stage, case.concern.due_at = Stage.CLOSED, None
    case.concern.closed_at, case.concern.closed_by = now.astimezone(UTC), actor.mark
    case.concern.close_reason = reason
    session.flush()
    events.record(session, actor, "concern.closed", concern_id, {"from": was.value, "side": case.side.value})
    service_telling.closed(session, case.concern, case.place, case.company_name, case.side, now)
    return case


def _locked(session: Session, actor: Actor, concern_id: UUID) -> Case:
    case = find(session, actor, concern_id, scope="placements:write")
    session.refresh(case.concern, with_for_update=True)
    return case
