"""Sending a paper out to be signed: what was printed is kept, and each signature under it is asked for."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.agreements import rules, service, service_documents, service_effects, service_plans, service_signing
from app.agreements.models import Amendment, Document, DocumentKind, Language, Signature, SignerRole
from app.agreements.printing import Printed
from app.agreements.rules import Action
from app.agreements.service import Seen
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Membership, User


def require_ready(session: Session, actor: Actor, paper_id: UUID, *, now: datetime) -> Seen:
    """A paper that the actor may send out to be signed as it is. Raises NoSuchPaper, NotYourPaper, WrongPaperState and NotComplete."""
    auth.require_scope(actor, "placements:write")
    seen = service.find(session, actor, paper_id)
    if not rules.can_move(actor, seen.party, seen.paper, Action.OPEN):
        raise service.NotYourPaper
    service.next_state(seen.paper, Action.OPEN)
    service.refuse_gaps(service_effects.gaps(session, seen, now))
    return seen


def open_paper(
    session: Session,
    actor: Actor,
    paper_id: UUID,
    printed: Printed,
    *,
    language: Language,
    now: datetime,
    site: str,
) -> Seen:
    """Keep the printed document and ask for its signatures. Raises DocumentChanged too, when what was printed is not the paper as it is now."""
    seen = require_ready(session, actor, paper_id, now=now)
    paper = seen.paper
    service.lock(session, paper)
    after = service.next_state(paper, Action.OPEN)
    if printed.paper_version != paper.version:
        raise service_signing.DocumentChanged("The paper has changed while it was printed; try again.")
    document = service_documents.keep(
        session, actor, DocumentKind(paper.kind), paper.id, printed, student_id=paper.student_id, language=language,
        now=now,
    )  # fmt: skip
    session.add_all(_wanted(session, seen, document, now))
    paper.document_id = document.id
    service.set_state(session, actor, paper, after, now=now)
    if isinstance(paper, Amendment) and seen.placement is not None:
        service_effects.reopen(session, actor, seen.placement, now=now)
    service_signing.ask_next(session, paper, now, site)
    return seen


def _wanted(session: Session, seen: Seen, document: Document, now: datetime) -> list[Signature]:
    people = signers(session, seen, now)
    return [
        Signature(
            paper_id=seen.paper.id, document_id=document.id, role=role, position=rules.ORDER[role], name=name,
            user_id=user_id,
        )
        for role, (name, user_id) in people.items()
    ]  # fmt: skip


def signers(session: Session, seen: Seen, now: datetime) -> dict[SignerRole, tuple[str, UUID | None]]:
    """Who signs as what: the name, and the account if there is one. In the order of signing."""
    paper, placement, student = seen.paper, seen.placement, seen.student
    people: dict[SignerRole, tuple[str, UUID | None]] = {}
    for role, signatory in service_effects.signatories(session, paper).items():
        people[role] = (signatory.name, signatory.user_id)
    changes = rules.changes_of(paper) if isinstance(paper, Amendment) else {}
    if placement is not None and student is not None:
        tutors = {role: changes.get(name, getattr(placement, name)) for name, role in rules.TUTORS.items()}
        for role, user_id in tutors.items():
            user = session.get(User, user_id) if user_id is not None else None
            if user is not None:
                people[role] = (user.name, user.id)
        account = session.scalars(
            sa.select(Membership.user_id).where(Membership.student_id == student.id).order_by(Membership.id)
        ).first()
        people[SignerRole.STUDENT] = (f"{student.given_name} {student.family_name}", account)
        plan = service_plans.plan_with_guardian(session, paper)
        people[SignerRole.GUARDIAN] = ((plan.guardian_name if plan else None) or "", None)
    wanted = rules.signers(
        paper.kind, is_minor=student is not None and rules.is_minor(student.born_on, now.date()),
        tutors=people.keys() & {SignerRole.SCHOOL_TUTOR, SignerRole.HOST_TUTOR}, changes=changes,
    )  # fmt: skip
    return {
        role: people[role]
        for role in sorted(wanted & people.keys(), key=lambda role: (rules.ORDER[role], role))
    }
