"""What papers do: what they lack, what takes effect with the last signature, and when a placement is ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.agreements import rules, service, service_agreements, service_plans
from app.agreements.models import (
    Agreement,
    Amendment,
    Document,
    Paper,
    PaperKind,
    PaperState,
    Signatory,
    SignerRole,
    TrainingPlan,
)
from app.agreements.service import Seen
from app.auth.actors import Actor
from app.events import service as events
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.rules import Agreed
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements import service_calendar, service_findings
from app.placements import service_terms as terms
from app.placements.models import Placement, State
from app.placements.rules import Terms


class Obstacle(StrEnum):
    """Why a placement is not ready to begin."""

    NO_AGREEMENT = "no_agreement"
    NO_PLAN = "no_plan"
    PLAN_OUTDATED = "plan_outdated"
    AMENDMENT_UNSIGNED = "amendment_unsigned"
    LAW = "law"


# --- what is missing before it goes out -------------------------------------------------------------------------------


def gaps(session: Session, seen: Seen, now: datetime) -> list[tuple[str, str]]:
    """What the paper lacks before it can be signed, with the field."""
    paper = seen.paper
    found: list[tuple[str, str]] = []
    if isinstance(paper, Agreement):
        found += rules.agreement_gaps(paper)
    elif isinstance(paper, TrainingPlan) and seen.student is not None:
        needs_guardian = rules.is_minor(seen.student.born_on, now.date())
        skills = service_plans.skills_of(session, paper.id)
        found += rules.plan_gaps(paper, skills, needs_guardian=needs_guardian)
        if seen.placement is not None:
            off = service_calendar.off_days(session, [seen.placement])
            found += rules.hours_gaps(seen.placement, off[seen.placement.id])
    elif isinstance(paper, Amendment) and seen.placement is not None:
        found += amendment_gaps(session, seen.placement, rules.changes_of(paper))
    chosen = signatories(session, paper)
    for role, field in ((SignerRole.HEAD, "school_signatory"), (SignerRole.HOST, "company_signatory")):
        if role not in chosen:
            found.append((field, "nobody is named who signs for it"))
    return found


def amendment_gaps(
    session: Session, placement: Placement, changes: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """What is wrong with changes to a placement, the student's other placements considered."""
    yield from rules.amendment_gaps(placement, changes)
    after = Terms(**{name: changes.get(name, getattr(placement, name)) for name in terms.FIELDS})
    if placements.clashing(session, placement.student_id, after, but=placement.id):
        yield "starts_on", "the student has another placement at that time"


def signatories(session: Session, paper: Paper) -> dict[SignerRole, Signatory]:
    """Who signs for the school and for the host, where they have said who."""
    head = service_agreements.signatory(session, school_id=paper.school_id)
    host = service_agreements.signatory(session, company_id=paper.company_id)
    return {role: one for role, one in ((SignerRole.HEAD, head), (SignerRole.HOST, host)) if one is not None}


# --- the last signature -----------------------------------------------------------------------------------------------


def take_effect(session: Session, actor: Actor, paper: Paper, *, now: datetime) -> None:
    """Put a paper with all its signatures in force, and what hangs on it: the plan before, the placement's terms."""
    if isinstance(paper, Agreement):
        service.set_state(session, actor, paper, PaperState.IN_FORCE, now=now)
        for placement in _waiting_placements(session, paper.school_id, paper.company_id):
            prepare(session, actor, placement, now=now)
        return
    placement = session.get_one(Placement, paper.placement_id)
    if isinstance(paper, TrainingPlan):
        for before in _plans_in_force(session, placement.id):
            service.lock(session, before)
            service.set_state(session, actor, before, PaperState.SUPERSEDED, now=now)
    elif isinstance(paper, Amendment):
        _apply(session, actor, placement, paper, now=now)
    service.set_state(session, actor, paper, PaperState.IN_FORCE, now=now, last_day=placement.ends_on)
    prepare(session, actor, placement, now=now)


def _apply(
    session: Session, actor: Actor, placement: Placement, amendment: Amendment, *, now: datetime
) -> None:
    session.refresh(placement, with_for_update=True)
    changes = rules.changes_of(amendment)
    terms.write(placement, changes, now)
    for one in _in_force(session, placement.id):
        one.due_at = rules.day_after(placement.ends_on, now.tzinfo or UTC)
    session.flush()
    events.record(session, actor, "placement.amended", placement.id, {"fields": sorted(changes)})


def _plans_in_force(session: Session, placement_id: UUID) -> Iterable[Paper]:
    return [one for one in _in_force(session, placement_id) if one.kind is PaperKind.PLAN]


def _in_force(session: Session, placement_id: UUID) -> list[Paper]:
    query = sa.select(Paper).where(Paper.placement_id == placement_id, Paper.state == PaperState.IN_FORCE)
    return list(session.scalars(query.order_by(Paper.id)))


# --- readiness --------------------------------------------------------------------------------------------------------


def obstacles(session: Session, placement: Placement) -> tuple[Obstacle, ...]:
    """What still keeps a placement from beginning."""
    return obstacles_of(session, [placement])[placement.id]


def obstacles_of(session: Session, found: Sequence[Placement]) -> dict[UUID, tuple[Obstacle, ...]]:
    """The same for many, in as many statements as for one: agreement, signed plan, signed amendments, the law."""
    ids = [one.id for one in found]
    agreements = session.scalars(
        sa.select(Agreement).where(
            Agreement.school_id.in_({one.school_id for one in found}),
            Agreement.company_id.in_({one.company_id for one in found}),
            Agreement.state == PaperState.IN_FORCE,
        )
    ).all()
    papers = Paper.__table__.c
    rows = session.execute(
        sa.select(papers.placement_id, papers.kind, papers.state, Document.data)
        .outerjoin(Document, Document.id == papers.document_id)
        .where(papers.placement_id.in_(ids), papers.state.in_([PaperState.IN_FORCE, PaperState.SIGNING]))
        .order_by(Document.made_at, papers.kind.desc(), papers.id)
    ).all()
    states = {(row.placement_id, row.kind, row.state) for row in rows}
    # What was signed last says which days and hours hold.
    signed = {row.placement_id: row.data for row in rows if row.state is PaperState.IN_FORCE}
    covering = {one.id: _covering(agreements, one) for one in found}
    forbidden = _forbidden(session, found, covering)
    told = {}
    for one in found:
        in_the_way = {
            Obstacle.NO_AGREEMENT: covering[one.id] is None,
            Obstacle.NO_PLAN: (one.id, PaperKind.PLAN, PaperState.IN_FORCE) not in states,
            Obstacle.PLAN_OUTDATED: not _says(signed.get(one.id), one, {}),
            Obstacle.AMENDMENT_UNSIGNED: (one.id, PaperKind.AMENDMENT, PaperState.SIGNING) in states,
            Obstacle.LAW: one.id in forbidden,
        }
        told[one.id] = tuple(obstacle for obstacle, is_so in in_the_way.items() if is_so)
    return told


def _covering(agreements: Iterable[Agreement], placement: Placement) -> Agreement | None:
    """The agreement that holds on all days of the placement."""
    of_both = (
        one
        for one in agreements
        if (one.school_id, one.company_id) == (placement.school_id, placement.company_id)
        and rules.covers(one, placement.starts_on, placement.ends_on)
    )
    return next(of_both, None)


def _forbidden(
    session: Session, found: Sequence[Placement], covering: Mapping[UUID, Agreement | None]
) -> set[UUID]:
    """The placements that some rule of law forbids as they are. A missing agreement is told apart from the law."""
    table, facts = law_service.table(session), service_findings.facts_of(session, found)
    forbidden = set()
    for one in found:
        agreement = covering[one.id]
        is_insured = agreement is not None and bool(agreement.insurance_policy)
        known = replace(
            facts[one.id],
            is_agreement_known=agreement is not None,
            agreement=Agreed(covers_days=True, is_insured=is_insured),
        )
        if laws.forbidden(laws.check(table, known, one.starts_on)):
            forbidden.add(one.id)
    return forbidden


def _says(data: Mapping[str, Any] | None, placement: Placement, changes: Mapping[str, Any]) -> bool:
    """Whether a document has the days and hours of the placement; one without them says nothing else."""
    terms_then = (data or {}).get("terms")
    return terms_then is None or terms_then == rules.terms_of(placement, changes)


def is_up_to_date(session: Session, paper: Paper, document: Document) -> bool:
    """Whether the document still says what the placement's days and hours are: they can be edited until it is ready."""
    placement = session.get(Placement, paper.placement_id) if paper.placement_id is not None else None
    changes = rules.changes_of(paper) if isinstance(paper, Amendment) else {}
    return placement is None or _says(document.data, placement, changes)


def prepare(session: Session, actor: Actor, placement: Placement, *, now: datetime) -> bool:
    """Let a planned placement be ready if nothing is in the way; whether it became so."""
    if placement.state is not State.PLANNED or obstacles(session, placement):
        return False
    return placements.move(session, actor, placement, placement_rules.Action.PREPARE, now=now)


def reopen(session: Session, actor: Actor, placement: Placement, *, now: datetime) -> None:
    """What is ready is planned again while an amendment waits for signatures."""
    if placement.state is State.READY:
        placements.move(session, actor, placement, placement_rules.Action.REOPEN, now=now)


def _waiting_placements(session: Session, school_id: UUID, company_id: UUID) -> list[Placement]:
    query = sa.select(Placement).where(
        Placement.school_id == school_id, Placement.company_id == company_id, Placement.state == State.PLANNED
    )
    return list(session.scalars(query.order_by(Placement.id)))
