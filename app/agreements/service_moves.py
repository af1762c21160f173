"""What people do with a paper besides signing it: send it, give it back, take it back, end it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.agreements import rules, service, service_effects, service_telling
from app.agreements.models import Agreement, Amendment, PaperState
from app.agreements.rules import Action
from app.agreements.service import Seen
from app.auth import service as auth
from app.auth.actors import Actor


def move(
    session: Session, actor: Actor, paper_id: UUID, action: Action, *, note: str = "", now: datetime
) -> Seen:
    """Send a draft to the host, give it back with a note, take it back to change it, or end it; opening is `service_signing.open_paper`.

    Raises NoSuchPaper, NotYourPaper, WrongPaperState and NotComplete.
    """
    auth.require_scope(actor, "placements:write")
    seen = service.find(session, actor, paper_id)
    paper = seen.paper
    if not rules.can_move(actor, seen.party, paper, action):
        raise service.NotYourPaper
    service.lock(session, paper)
    after = service.next_state(paper, action)
    if action is Action.SEND and isinstance(paper, Agreement):
        service.refuse_gaps(rules.agreement_gaps(paper))
    if isinstance(paper, Agreement) and action in (Action.RETURN, Action.SEND):
        paper.host_note = note if action is Action.RETURN else ""
    if after is PaperState.DRAFT:
        paper.document_id = None
    service.set_state(session, actor, paper, after, now=now)
    if isinstance(paper, Amendment) and seen.placement is not None:
        service_effects.prepare(session, actor, seen.placement, now=now)  # it no longer waits for signatures
    if after is PaperState.SENT:
        service_telling.to_check(session, paper, now=now)
    elif action is Action.RETURN:
        service_telling.returned(session, paper, now=now)
    return seen
