"""What the worker does with papers: clocks that strike, signatures that wait, placements that have become ready.

Each step finds its rows first and then changes one at a time behind its lock, so that two workers do nothing twice.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.agreements import rules, service, service_effects, service_telling
from app.agreements.models import Amendment, Paper, PaperKind, PaperState, Signature
from app.auth.actors import Actor, system
from app.db import Database, Gone
from app.placements.models import Placement, State

CLOCK = system("papers")
AT_ONCE = 200


def keep(database: Database, now: datetime, site: str) -> dict[str, int]:
    """Do all that is due at this moment; how much of what."""
    told = {"papers_lapsed": 0, "signatures_reminded": 0, "placements_ready": 0}
    with database.read() as session:
        due, waiting, planned = _due(session, now), _waiting(session, now), _planned(session)
    for paper_id in due:
        with suppress(Gone), database.write() as session:
            told["papers_lapsed"] += lapse(session, CLOCK, paper_id, now=now)
    for signature_id in waiting:
        with database.write() as session:
            told["signatures_reminded"] += remind(session, signature_id, now=now, site=site)
    for placement_id in planned:
        with database.write() as session:
            placement = session.get(Placement, placement_id, with_for_update=True)
            if placement is not None:
                told["placements_ready"] += service_effects.prepare(session, CLOCK, placement, now=now)
    return told


def _due(session: Session, now: datetime) -> list[UUID]:
    query = sa.select(Paper.__table__.c.id).where(Paper.__table__.c.due_at <= now)
    return list(session.scalars(query.order_by(Paper.__table__.c.due_at).limit(AT_ONCE)))


def lapse(session: Session, actor: Actor, paper_id: UUID, *, now: datetime) -> bool:
    """Let the clock of a paper strike, if it is still due."""
    paper = session.get(Paper, paper_id)
    if paper is None:
        return False
    service.lock(session, paper)
    if paper.due_at is None or paper.due_at > now:
        return False
    before, after = paper.state, rules.AT_DUE[paper.state]
    if after is PaperState.DRAFT:
        paper.document_id = None
    service.set_state(session, actor, paper, after, now=now)
    if before is PaperState.SENT:
        service_telling.returned(session, paper, now=now)
    if before is PaperState.SIGNING and isinstance(paper, Amendment):
        placement = session.get_one(Placement, paper.placement_id)
        service_effects.prepare(session, actor, placement, now=now)
    return True


def _waiting(session: Session, now: datetime) -> list[UUID]:
    # The oldest possible turn; `remind` looks at each one's own.
    query = (
        sa.select(Signature.id)
        .join(Paper.__table__, Paper.__table__.c.document_id == Signature.document_id)
        .where(
            Paper.__table__.c.state == PaperState.SIGNING, Signature.signed_at.is_(None),
            Signature.asked_at <= now - rules.REMIND_EVERY, Signature.reminders < rules.MOST_REMINDERS,
        )
    )  # fmt: skip
    return list(session.scalars(query.order_by(Signature.asked_at, Signature.id).limit(AT_ONCE)))


def remind(session: Session, signature_id: UUID, *, now: datetime, site: str) -> bool:
    """Remind who has not signed, if it is time for it and nobody has done so meanwhile."""
    signature = session.get(Signature, signature_id)
    if signature is None or signature.signed_at is not None or signature.asked_at is None:
        return False
    if not rules.is_turn_to_remind(signature.asked_at, signature.reminders, now):
        return False
    counted = session.execute(
        sa.update(Signature)
        .where(
            Signature.id == signature_id, Signature.reminders == signature.reminders, Signature.signed_at.is_(None)
        )
        .values(reminders=Signature.reminders + 1)
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if not counted.rowcount:  # type: ignore[attr-defined]
        return False
    session.refresh(signature)
    service_telling.asked(session, session.get_one(Paper, signature.paper_id), signature, now=now, site=site)
    return True


def _planned(session: Session) -> list[UUID]:
    """Placements with a plan in force that are not ready: an agreement, or the law, may have come to agree meanwhile."""
    papers = Paper.__table__.c
    query = (
        sa.select(Placement.id)
        .join(Paper.__table__, papers.placement_id == Placement.id)
        .where(
            Placement.state == State.PLANNED,
            papers.kind == PaperKind.PLAN,
            papers.state == PaperState.IN_FORCE,
        )
    )
    return list(session.scalars(query.order_by(Placement.id).limit(AT_ONCE)))
