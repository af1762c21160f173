"""Finding papers, listing them, locking them, and the states that they are in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.agreements import rules
from app.agreements.models import Agreement, Paper, PaperKind, PaperState, Signature
from app.agreements.rules import Action
from app.auth import service as auth
from app.auth.actors import AT_SCHOOL, Actor, Role
from app.events import service as events
from app.opportunities.models import Kind, Opportunity
from app.opportunities.rules import OF_TRAINING_BODIES
from app.placements import rules as placement_rules
from app.placements.models import Party, Placement
from app.students import service as students
from app.students.models import Student


class NoSuchPaper(errors.NotFound):
    """There is no paper with this id that the actor may see."""

    title = "No such paper"


class NotYourPaper(errors.NotAllowed):
    """The actor sees the paper, and it is not the actor's to change."""

    title = "Not yours to change"


class WrongPaperState(errors.Conflict):
    """The paper is in a state that does not allow this."""

    title = "Not in this state"


class NotComplete(errors.Conflict):
    """Something is missing before the paper can go out; `faults` says what."""

    title = "The paper is not complete"


@dataclass(frozen=True, slots=True)
class Seen:
    """A paper, for whom the actor looks at it, and the placement that it is of; an agreement is of none."""

    paper: Paper
    party: Party
    placement: Placement | None = None
    student: Student | None = None


rows = (
    sa.select(Paper, Placement, Student, Opportunity.kind)
    .outerjoin(Placement, Placement.id == Paper.placement_id)
    .outerjoin(Student, Student.id == Paper.student_id)
    .outerjoin(Opportunity, Opportunity.id == Placement.opportunity_id)
)
"""Papers with what decides who sees them, and what they are about."""


def find(session: Session, actor: Actor, paper_id: UUID, kind: PaperKind | None = None) -> Seen:
    """One paper, of a kind if one is named. Raises NoSuchPaper, for the actor's foreign ones too."""
    auth.require_scope(actor, "placements:read")
    row = session.execute(rows.where(Paper.id == paper_id)).one_or_none()
    seen = None if row is None else see(actor, *row)
    if seen is None or kind not in (None, seen.paper.kind):
        raise NoSuchPaper
    return seen


def find_many(session: Session, actor: Actor, paper_ids: Sequence[UUID]) -> list[Seen]:
    """Those of the papers that the actor may see, in the order of the ids; one statement for any number."""
    auth.require_scope(actor, "placements:read")
    found = {row.Paper.id: see(actor, *row) for row in session.execute(rows.where(Paper.id.in_(paper_ids)))}
    return [seen for paper_id in paper_ids if (seen := found.get(paper_id)) is not None]


def see(
    actor: Actor, paper: Paper, placement: Placement | None, student: Student | None, kind: Kind | None
) -> Seen | None:
    """The paper as the actor sees it; None when it does not exist for the actor."""
    if placement is None or student is None or kind is None:
        party = rules.party_of_agreement(actor, paper)
    else:
        party = placement_rules.party_of(actor, student, paper.company_id, kind)
    return None if party is None else Seen(paper, party, placement, student)


def find_to_prepare(session: Session, actor: Actor, paper_id: UUID, kind: PaperKind | None = None) -> Seen:
    """One paper that the actor writes, locked. Raises NoSuchPaper and NotYourPaper."""
    auth.require_scope(actor, "placements:write")
    seen = find(session, actor, paper_id, kind)
    if not rules.can_prepare(actor, seen.party, seen.paper):
        raise NotYourPaper("The school writes it.")
    lock(session, seen.paper)
    return seen


def lock(session: Session, paper: Paper) -> None:
    """Nobody else changes it, or signs it, until the block ends; the object shows the row as it is now."""
    table = Paper.__table__
    session.execute(sa.select(table.c.id).where(table.c.id == paper.id).with_for_update())
    session.refresh(paper)


def search(
    session: Session,
    actor: Actor,
    *,
    kind: PaperKind | None = None,
    state: PaperState | None = None,
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    placement_id: UUID | None = None,
    class_id: UUID | None = None,
    is_waiting_for_me: bool = False,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> list[Paper]:
    """The actor's papers, the latest first. Filters that lead to nothing of theirs find nothing."""
    auth.require_scope(actor, "placements:read")
    query = rows.with_only_columns(Paper, maintain_column_froms=True).where(_visible_to(actor))
    equal = {
        Paper.kind: kind, Paper.state: state, Paper.school_id: school_id, Paper.company_id: company_id,
        Paper.placement_id: placement_id, Placement.class_id: class_id,
    }  # fmt: skip
    query = query.where(*(column == value for column, value in equal.items() if value is not None))
    if is_waiting_for_me:
        query = query.where(_waits_for(actor))
    if after is not None:
        query = query.where(sa.tuple_(Paper.created_at, Paper.id) < after)
    return list(session.scalars(query.order_by(Paper.created_at.desc(), Paper.id.desc()).limit(limit)))


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.party_of_agreement` and `placements.rules.party_of` as a condition."""
    schools = [grant.school_id for grant in actor.grants if grant.role in AT_SCHOOL]
    companies = [grant.company_id for grant in actor.grants if grant.company_id is not None]
    agreements = sa.and_(
        Paper.kind == PaperKind.AGREEMENT,
        sa.or_(
            sa.true() if actor.is_administrator else sa.false(),
            Paper.school_id.in_(schools),
            sa.and_(Paper.company_id.in_(companies), Paper.state != PaperState.DRAFT),
        ),
    )
    of_companies = (
        sa.and_(
            Paper.company_id == grant.company_id,
            sa.true() if grant.role is not Role.TRAINING_BODY else Opportunity.kind.in_(OF_TRAINING_BODIES),
        )
        for grant in actor.grants
        if grant.company_id is not None
    )
    of_students = sa.and_(
        Paper.kind != PaperKind.AGREEMENT, sa.or_(students.visible_to(actor), *of_companies)
    )
    return sa.or_(agreements, of_students)


def _waits_for(actor: Actor) -> sa.ColumnElement[bool]:
    waiting = sa.exists().where(
        Signature.document_id == Paper.document_id,
        Signature.user_id == actor.id,
        Signature.signed_at.is_(None),
        Signature.asked_at.is_not(None),
    )
    return sa.and_(Paper.state == PaperState.SIGNING, waiting)


# --- states -----------------------------------------------------------------------------------------------------------


def next_state(paper: Paper, action: Action) -> PaperState:
    """Where the action leads from here. Raises WrongPaperState."""
    after = rules.next_state(paper, action)
    if after is None:
        raise WrongPaperState(
            f"A paper of the kind {paper.kind} in the state {paper.state} cannot do this: {action}."
        )
    return after


def set_state(
    session: Session,
    actor: Actor,
    paper: Paper,
    after: PaperState,
    *,
    now: datetime,
    last_day: date | None = None,
) -> None:
    """Let a locked paper be in this state, with the state's clock; `last_day` is that of a paper in force."""
    before = paper.state
    last = last_day or (paper.valid_until if isinstance(paper, Agreement) else now.date())
    paper.state = after
    paper.due_at = rules.due_at(after, last, now)
    if after is PaperState.ENDED:
        paper.ended_at, paper.ended_by = now.astimezone(UTC), actor.mark
    session.flush()
    data = {"kind": paper.kind.value, "from": before.value, "to": after.value}
    events.record(session, actor, "paper.moved", paper.id, data)


def refuse_gaps(gaps: Iterable[tuple[str, str]]) -> None:
    """Raise NotComplete with all that is missing."""
    faults = [{"in": "body", "field": field, "detail": detail} for field, detail in gaps]
    if faults:
        raise NotComplete(f"{len(faults)} things are missing.", faults=faults)


def require_editable(paper: Paper) -> None:
    """Only a draft is changed. Raises WrongPaperState."""
    if paper.state not in rules.EDITABLE:
        raise WrongPaperState(f"It is {paper.state}: take it back to a draft first.")
