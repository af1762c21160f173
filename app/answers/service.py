"""Answering candidates: several at once, all or none, and never over a colleague's answer unseen."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.answers import rules
from app.answers.models import Answer, Verdict
from app.answers.rules import Given
from app.answers.schemas import AnswerOut
from app.auth import service as auth
from app.auth.actors import Actor
from app.disclosures import service as disclosures
from app.disclosures.models import Disclosure
from app.events import service as events
from app.matches.engine import Engine
from app.matches.rules import can_see_candidates
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity


class UnfitAnswer(errors.Invalid):
    """A no without a reason, a reason without a no, or an unknown candidate."""

    title = "The answers are not valid"


class AnsweredMeanwhile(errors.Conflict):
    """Somebody else of the company has answered for the same candidate; `faults` names each."""

    title = "Somebody else has answered meanwhile"


# --- reading ----------------------------------------------------------------------------------------------------------


def search(
    session: Session,
    actor: Actor,
    opportunity_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int,
) -> tuple[Opportunity, list[Answer]]:
    """The opportunity and its answers, the latest first. Raises NoSuchOpportunity, NotAllowed."""
    auth.require_scope(actor, "disclosures:read")
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not can_see_candidates(actor, opportunity.company_id, opportunity.kind):
        raise errors.NotAllowed("Only the company that offers it sees its answers.")
    query = sa.select(Answer).where(Answer.opportunity_id == opportunity_id)
    if after is not None:
        query = query.where(sa.tuple_(Answer.answered_at, Answer.id) < after)
    query = query.order_by(Answer.answered_at.desc(), Answer.id.desc()).limit(limit)
    return opportunity, list(session.scalars(query))


def answered(session: Session, opportunity_ids: Collection[UUID]) -> Mapping[UUID, frozenset[UUID]]:
    """Who has been answered, by opportunity: for counts. Whoever calls has decided that the actor may see them."""
    rows = session.execute(
        sa.select(Answer.opportunity_id, Answer.student_id).where(Answer.opportunity_id.in_(opportunity_ids))
    ).all()
    return {one: frozenset(student for other, student in rows if other == one) for one in opportunity_ids}


def show(answers: Iterable[Answer], engine: Engine, company_id: UUID) -> list[AnswerOut]:
    """The answers as the company sees them: of pseudonyms."""
    return [
        AnswerOut(
            pseudonym=engine.pseudonym(company_id, one.student_id), verdict=one.verdict, reason=one.reason,
            answered_at=one.answered_at, version=one.version,
        )
        for one in answers
    ]  # fmt: skip


# --- answering --------------------------------------------------------------------------------------------------------


def give(
    session: Session, actor: Actor, opportunity_id: UUID, given: Sequence[Given], *, now: datetime, days: int
) -> list[Answer]:
    """Answer for candidates whom the caller has found in the opportunity's ranking; to repeat it changes nothing.

    A yes asks for the name, and a no takes a question back that waits. Raises NoSuchOpportunity, NotAllowed,
    UnfitAnswer, AnsweredMeanwhile, and what asking for a name raises.
    """
    auth.require_scope(actor, "disclosures:write")
    opportunity = opportunities.read(session, actor, opportunity_id)
    if not rules.can_answer(actor, opportunity.company_id, opportunity.kind):
        raise errors.NotAllowed("Only the company that offers it answers its candidates.")
    faults = rules.faults(given)
    if faults:
        raise unfit(faults)
    # Locked, so that answers of one opportunity come one after the other and each sees the one before.
    session.refresh(opportunity, with_for_update=True)
    present = {
        one.student_id: one
        for one in session.scalars(
            sa.select(Answer).where(
                Answer.opportunity_id == opportunity_id,
                Answer.student_id.in_([one.student_id for one in given]),
            )
        )
    }
    _refuse_overtaken(given, present)
    for one in given:
        row = present.get(one.student_id)
        if row is None:
            row = present[one.student_id] = Answer(
                opportunity_id=opportunity_id, student_id=one.student_id, answered_at=now, answered_by=actor.mark
            )  # fmt: skip
            session.add(row)
        elif _is_same(row, one):
            continue
        row.verdict, row.reason = one.verdict, one.reason
        row.answered_at, row.answered_by = now.astimezone(UTC), actor.mark
        session.flush()
        events.record(session, actor, "answer.given", row.id)
        _follow(session, actor, row, now, days)
    return [present[one.student_id] for one in given]


def unfit(faults: Iterable[tuple[str, str]]) -> UnfitAnswer:
    """The problem that names these fields."""
    return UnfitAnswer(faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults])


def _is_same(row: Answer, given: Given) -> bool:
    return (row.verdict, row.reason) == (given.verdict, given.reason)


def _refuse_overtaken(given: Sequence[Given], present: Mapping[UUID, Answer]) -> None:
    faults = []
    for number, one in enumerate(given):
        row = present.get(one.student_id)
        version = row.version if row is not None else rules.NOT_ANSWERED
        is_same = row is not None and _is_same(row, one)
        if rules.is_overtaken(one.version, version, is_same=is_same):
            detail = f"the answer has version {version} by now"
            faults.append({"in": "body", "field": f"items.{number}.version", "detail": detail})
    if faults:
        raise AnsweredMeanwhile(faults=faults)


def _follow(session: Session, actor: Actor, row: Answer, now: datetime, days: int) -> None:
    """What an answer does to the request for the name."""
    asked_id = session.scalar(
        sa.select(Disclosure.id).where(
            Disclosure.opportunity_id == row.opportunity_id,
            Disclosure.student_id == row.student_id,
            *disclosures.still_open(now),
        )
    )
    if row.verdict is Verdict.YES and asked_id is None:
        disclosures.ask(session, actor, row.opportunity_id, row.student_id, now=now, days=days)
    elif row.verdict is Verdict.NO and asked_id is not None:
        disclosures.withdraw(session, actor, asked_id, now=now)
