"""Sending a paper out to be signed: what was printed is kept, and each signature under it is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.agreements import rules, service, service_documents, service_effects, service_plans, service_signing
from app.agreements.models import (
    Amendment,
    Document,
    DocumentKind,
    Language,
    Signatory,
    Signature,
    SignerRole,
)
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
    people = signers(session, seen, people_of(session, [seen]), now)
    return [
        Signature(
            paper_id=seen.paper.id, document_id=document.id, role=role, position=rules.ORDER[role], name=name,
            user_id=user_id,
        )
        for role, (name, user_id) in people.items()
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class People:
    """Who may sign some papers, read once: by the id of the organisation, of the person, and of the student."""

    signatories: Mapping[UUID | None, Signatory]
    users: Mapping[UUID, User]
    accounts: Mapping[UUID, UUID]


def people_of(session: Session, papers: Sequence[Seen]) -> People:
    """The people of papers; three statements for any number."""
    schools, companies = (
        {getattr(one.paper, name) for one in papers} for name in ("school_id", "company_id")
    )
    signatories = session.scalars(
        sa.select(Signatory).where(
            sa.or_(Signatory.school_id.in_(schools), Signatory.company_id.in_(companies))
        )
    )
    tutors = {user_id for one in papers for user_id in _tutors(one).values()}
    students = {one.student.id for one in papers if one.student is not None}
    accounts = session.execute(
        sa.select(Membership.student_id, Membership.user_id)
        .where(Membership.student_id.in_(students))
        .order_by(Membership.id.desc())  # of several, the first stands in the end
    )
    return People(
        {one.school_id or one.company_id: one for one in signatories},
        {one.id: one for one in session.scalars(sa.select(User).where(User.id.in_(tutors)))},
        {row.student_id: row.user_id for row in accounts},
    )


def _tutors(seen: Seen) -> dict[SignerRole, UUID | None]:
    if seen.placement is None:
        return {}
    changes = _changes(seen)
    return {role: changes.get(name, getattr(seen.placement, name)) for name, role in rules.TUTORS.items()}


def _changes(seen: Seen) -> dict[str, Any]:
    return rules.changes_of(seen.paper) if isinstance(seen.paper, Amendment) else {}


def signers(
    session: Session, seen: Seen, people: People, now: datetime
) -> dict[SignerRole, tuple[str, UUID | None]]:
    """Who signs as what: the name, and the account if there is one. In the order of signing."""
    paper, placement, student = seen.paper, seen.placement, seen.student
    found: dict[SignerRole, tuple[str, UUID | None]] = {}
    for role, organisation in ((SignerRole.HEAD, paper.school_id), (SignerRole.HOST, paper.company_id)):
        if organisation in people.signatories:
            signatory = people.signatories[organisation]
            found[role] = (signatory.name, signatory.user_id)
    if placement is not None and student is not None:
        for role, user_id in _tutors(seen).items():
            if user_id is not None and user_id in people.users:
                found[role] = (people.users[user_id].name, user_id)
        account = people.accounts.get(student.id)
        found[SignerRole.STUDENT] = (f"{student.given_name} {student.family_name}", account)
        plan = service_plans.plan_with_guardian(session, paper)
        found[SignerRole.GUARDIAN] = ((plan.guardian_name if plan else None) or "", None)
    wanted = rules.signers(
        paper.kind, is_minor=student is not None and rules.is_minor(student.born_on, now.date()),
        tutors=found.keys() & {SignerRole.SCHOOL_TUTOR, SignerRole.HOST_TUTOR}, changes=_changes(seen),
    )  # fmt: skip
    return {
        role: found[role]
        for role in sorted(wanted & found.keys(), key=lambda role: (rules.ORDER[role], role))
    }
