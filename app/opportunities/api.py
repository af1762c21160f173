"""Opportunities over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind, Opportunity, Status
from app.opportunities.rules import Action
from app.opportunities.schemas import OpportunityIn, OpportunityList, OpportunityOut, OpportunityPatch
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IdempotencyHeader,
    IfMatch,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
    expect_version,
    with_etag,
)

router = APIRouter(prefix="/opportunities", tags=["opportunities"])

OpportunityId = Annotated[UUID, Path(description="The opportunity.")]
MOVED = answers(401, 403, 404, 409, 422)


@router.get("", summary="Search opportunities", responses=answers(401, 403, 422))
def list_opportunities(
    call: InCall,
    kind: Annotated[Kind | None, Query(description="Only this kind.")] = None,
    status: Annotated[Status | None, Query(description="Only in this state.")] = None,
    company_id: Annotated[UUID | None, Query(description="Only of this company.")] = None,
    municipality: Annotated[
        str | None, Query(pattern="^[0-9]{6}$", max_length=6, description="ISTAT code of the place.")
    ] = None,
    skill_id: Annotated[
        str | None,
        Query(
            pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
            max_length=80,
            description="A skill required, wanted or taught.",
        ),
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> OpportunityList:
    """Published, full and closed ones, and one's own, the newest first. Rankings are another list: `matches`."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = opportunities.search(
            session, actor, kind=kind, status=status, company_id=company_id, municipality_istat=municipality,
            skill_id=skill_id, after=after, limit=limit + 1,
        )  # fmt: skip
        items = opportunities.show(session, found[:limit])
    last = items[-1] if len(found) > limit else None
    return OpportunityList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "",
    status_code=201,
    response_model=OpportunityOut,
    summary="Write an opportunity",
    responses=answers(401, 403, 409, 422),
)
def create_opportunity(
    call: InCall,
    body: OpportunityIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the company's people and programs, and for coordinators. A draft: it may be incomplete."""
    with call.create(body) as (session, actor):
        opportunity = opportunities.create(session, actor, body, now=call.now())
        return call.created(
            _show(session, opportunity),
            location=f"/opportunities/{opportunity.id}",
            version=opportunity.version,
        )


@router.get(
    "/{opportunity_id}",
    response_model=OpportunityOut,
    summary="Read an opportunity",
    responses=answers(401, 403, 404, 422),
)
def read_opportunity(call: InCall, opportunity_id: OpportunityId) -> Response:
    """One opportunity with its dates, skills and conditions."""
    with call.read() as (session, actor):
        opportunity = opportunities.read(session, actor, opportunity_id)
        return with_etag(_show(session, opportunity), opportunity.version)


@router.patch(
    "/{opportunity_id}",
    response_model=OpportunityOut,
    summary="Change an opportunity",
    responses=answers(401, 403, 404, 409, 412, 422, 428),
)
def edit_opportunity(
    call: InCall,
    opportunity_id: OpportunityId,
    body: Annotated[OpportunityPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """What has been published cannot become incomplete, nor have fewer seats than are taken."""
    with call.write() as (session, actor):
        opportunity = opportunities.get_for_change(session, actor, opportunity_id)
        expect_version(if_match, opportunity.version)
        opportunities.edit(session, actor, opportunity, body.changes(), today=call.now().date())
        return with_etag(_show(session, opportunity), opportunity.version)


@router.post(
    "/{opportunity_id}/publish", response_model=OpportunityOut, summary="Publish a draft", responses=MOVED
)
def publish_opportunity(call: InCall, opportunity_id: OpportunityId) -> Response:
    """Refused with the list of what is missing, or while the company is not approved. Again changes nothing."""
    return _move(call, opportunity_id, Action.PUBLISH)


@router.post(
    "/{opportunity_id}/close", response_model=OpportunityOut, summary="Take no more people", responses=MOVED
)
def close_opportunity(call: InCall, opportunity_id: OpportunityId) -> Response:
    """Everybody can still read it. Again changes nothing."""
    return _move(call, opportunity_id, Action.CLOSE)


@router.post(
    "/{opportunity_id}/reopen", response_model=OpportunityOut, summary="Open what was closed", responses=MOVED
)
def reopen_opportunity(call: InCall, opportunity_id: OpportunityId) -> Response:
    """Refused like a publication. Again changes nothing."""
    return _move(call, opportunity_id, Action.REOPEN)


@router.post(
    "/{opportunity_id}/archive", response_model=OpportunityOut, summary="Put away for good", responses=MOVED
)
def archive_opportunity(call: InCall, opportunity_id: OpportunityId) -> Response:
    """A draft, a full or a closed one. Again changes nothing."""
    return _move(call, opportunity_id, Action.ARCHIVE)


def _move(call: InCall, opportunity_id: UUID, action: Action) -> Response:
    with call.write() as (session, actor):
        opportunity = life.move(session, actor, opportunity_id, action, now=call.now())
        return with_etag(_show(session, opportunity), opportunity.version)


def _show(session: Session, opportunity: Opportunity) -> OpportunityOut:
    return opportunities.show(session, [opportunity])[0]
