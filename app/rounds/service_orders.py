"""A company's own order of its candidates, under pseudonyms; who has no place in it follows by the score.

The order is the company's standing one and says nothing of any round: which school asks, or who wishes for what, is
nobody's business at this stage.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.matches import service as matches
from app.matches.engine import Engine
from app.matches.service import CandidatesQuestion
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity
from app.opportunities.rules import works_on
from app.rounds.models import CompanyRank

MOST = 50
"""Candidates that a company puts in order: nobody compares more with one another."""


class NotYourOrder(errors.NotAllowed):
    """The order is the company's own."""

    title = "Only the company puts candidates in order"


class BadOrder(errors.Invalid):
    """A pseudonym that is no candidate's, or stands twice."""

    title = "The order cannot be like that"


class OrderChanged(errors.Conflict):
    """Somebody of the company has changed the order since it was read."""

    title = "The order has changed meanwhile"


def read(session: Session, opportunity_id: UUID) -> list[UUID]:
    """The students in the company's order; whether the actor may see candidates is the caller's to know."""
    order = sa.select(CompanyRank.student_id).where(CompanyRank.opportunity_id == opportunity_id)
    return list(session.scalars(order.order_by(CompanyRank.position)))


def find(engine: Engine, question: CandidatesQuestion, pseudonyms: Sequence[str]) -> list[UUID]:
    """The students behind pseudonyms, in their order; outside of any block. Raises BadOrder."""
    found = matches.find_candidates(engine, question, pseudonyms)
    faults = [
        {"in": "body", "field": f"pseudonyms.{number}", "detail": detail}
        for number, pseudonym in enumerate(pseudonyms)
        for is_bad, detail in (
            (pseudonym not in found, "no candidate of this opportunity has this pseudonym"),
            (pseudonym in pseudonyms[:number], "stands there twice"),
        )
        if is_bad
    ]
    if faults:
        raise BadOrder(faults=faults)
    return [found[pseudonym] for pseudonym in pseudonyms]


def replace(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    student_ids: Sequence[UUID],
    *,
    seen: Sequence[UUID] | None = None,
    now: datetime,
) -> None:
    """Put candidates in order; an empty one leaves it to the score. The caller has found them by their pseudonyms.

    `seen` is the order that this one is made from, where the caller says so. Raises NoSuchOpportunity, NotYourOrder and
    OrderChanged.
    """
    auth.require_scope(actor, "opportunities:write")
    found = opportunities.read(session, actor, opportunity_id)
    if not works_on(actor, found.company_id, found.kind):
        raise NotYourOrder
    # Locked, so that two orders never mix.
    session.execute(sa.select(Opportunity.id).where(Opportunity.id == opportunity_id).with_for_update())
    before = read(session, opportunity_id)
    if seen is not None and before != list(seen):
        raise OrderChanged
    if before == list(student_ids):
        return
    session.execute(sa.delete(CompanyRank).where(CompanyRank.opportunity_id == opportunity_id))
    rows = [
        {
            "opportunity_id": opportunity_id, "student_id": student_id, "position": position,
            "ranked_at": now.astimezone(UTC), "ranked_by": actor.mark,
        }
        for position, student_id in enumerate(student_ids, start=1)
    ]  # fmt: skip
    if rows:
        session.execute(sa.insert(CompanyRank), rows)
    events.record(session, actor, "opportunity.candidates_ordered", opportunity_id, {"count": len(rows)})
