"""Renewals and efforts over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.opportunities import service as opportunities
from app.opportunities.schemas import OpportunityOut
from app.postings import service as postings
from app.postings.schemas import PostingMediansList, PostingMediansOut, RenewalIn
from app.rest import IdempotencyHeader, InCall, answers

router = APIRouter(tags=["opportunities"])


@router.post(
    "/opportunities/{opportunity_id}/renewals",
    status_code=201,
    response_model=OpportunityOut,
    summary="Offer last year's again",
    responses=answers(401, 403, 404, 409, 422),
)
def create_renewal(
    call: InCall,
    opportunity_id: Annotated[UUID, Path(description="The opportunity that is offered again.")],
    body: RenewalIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """A draft of the same, with all days moved a year ahead to the same weekdays; what you send replaces that."""
    with call.create(body) as (session, actor):
        renewed = postings.renew(session, actor, opportunity_id, body, now=call.now())
        [out] = opportunities.show(session, [renewed])
        return call.created(out, location=f"/opportunities/{out.id}", version=out.version)


@router.get("/posting-efforts", summary="What publications take", responses=answers(401, 403))
def read_posting_efforts(call: InCall) -> PostingMediansList:
    """Medians of seconds and clicks on the pages, by way, kind and size of company; none of fewer than five."""
    with call.read() as (session, actor):
        found = postings.medians(session, actor)
    return PostingMediansList(
        items=[
            PostingMediansOut(
                **one.cell._asdict(), publications=one.publications, seconds=one.seconds, clicks=one.clicks
            )
            for one in found
        ]
    )
