"""Answers to candidates over the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.answers import service as answers_
from app.answers.rules import Given
from app.answers.schemas import AnswerList, AnswersIn
from app.matches import service as matches
from app.matches.asked import InEngine
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["answers"])


@router.get(
    "/opportunities/{opportunity_id}/answers", summary="List answers to candidates",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def list_answers(
    call: InCall, engine: InEngine, opportunity_id: UUID, limit: Limit = 20, cursor: Cursor = None
) -> AnswerList:
    """What the company has said of its candidates: the same for all who work there. The latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        opportunity, found = answers_.search(session, actor, opportunity_id, after=after, limit=limit + 1)
    last = found[limit - 1] if len(found) > limit else None
    return AnswerList(
        items=answers_.show(found[:limit], engine, opportunity.company_id),
        next_cursor=encode_cursor(last.answered_at, last.id) if last else None,
    )


@router.post(
    "/opportunities/{opportunity_id}/answers",
    summary="Answer candidates",
    status_code=201,
    response_model=AnswerList,
    responses=answers(401, 403, 404, 409, 422),
)
def create_answers(
    call: InCall,
    engine: InEngine,
    opportunity_id: UUID,
    body: AnswersIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Yes, maybe or no for several candidates, all or none. An answer that a colleague has changed is not overwritten."""
    with call.read() as (session, actor):
        question = matches.ask_for_candidates(session, actor, engine, opportunity_id)
    found = matches.find_candidates(engine, question, {one.pseudonym for one in body.items})
    unknown = [
        (f"items.{number}.pseudonym", "no candidate of this opportunity has this pseudonym")
        for number, one in enumerate(body.items)
        if one.pseudonym not in found
    ]
    if unknown:
        raise answers_.unfit(unknown)
    given = [Given(found[one.pseudonym], one.verdict, one.reason, one.version) for one in body.items]
    days: int = call.request.app.state.settings.disclosure_days
    with call.create(body) as (session, actor):
        rows = answers_.give(session, actor, opportunity_id, given, now=call.now(), days=days)
        items = answers_.show(rows, engine, question.company_id)
        return call.created(AnswerList(items=items), location=f"/opportunities/{opportunity_id}/answers")
