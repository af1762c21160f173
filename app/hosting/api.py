"""Shared internships and visits over the API: the plan, the firms that take part, and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from app.hosting import service
from app.hosting.schemas import (
    HostingInvitationList,
    HostingInvitationOut,
    HostingOut,
    HostingPartnerIn,
    HostingPartnerMoveIn,
    HostingPartnerOut,
    HostingPatch,
)
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

router = APIRouter(tags=["hosting"])

OpportunityId = Annotated[UUID, Path(description="The opportunity.")]
CompanyId = Annotated[UUID, Path(description="The company.")]
PartnerId = Annotated[UUID, Path(description="The partner.")]


@router.get(
    "/opportunities/{opportunity_id}/hosting", summary="Read a rotation plan", response_model=HostingOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_hosting(call: InCall, opportunity_id: OpportunityId) -> Response:
    """Where students go one after the other; before the plan is settled, for the companies that take part."""
    with call.read() as (session, actor):
        out = HostingOut.of(service.read(session, actor, opportunity_id))
    return with_etag(out, out.version)


@router.patch(
    "/opportunities/{opportunity_id}/hosting", summary="Change a rotation plan", response_model=HostingOut,
    responses=answers(400, 401, 403, 404, 409, 412, 415, 422, 428),
)  # fmt: skip
def edit_hosting(
    call: InCall,
    opportunity_id: OpportunityId,
    body: Annotated[HostingPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For the lead company. Whoever had agreed to other days, hours or contents is asked anew."""
    changes = body.changes()
    if body.stations is not None:
        changes["stations"] = [one.stop() for one in body.stations]
    with call.write() as (session, actor):
        seen = service.get_for_change(session, actor, opportunity_id)
        expect_version(if_match, seen.plan.rotation.version if seen.plan.rotation else 0)
        service.edit(session, actor, seen, changes, now=call.now())
        out = HostingOut.of(service.read(session, actor, opportunity_id))
    return with_etag(out, out.version)


@router.post(
    "/opportunities/{opportunity_id}/hosting/partners", status_code=201, summary="Ask a company to host together",
    response_model=HostingPartnerOut, responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_hosting_partner(
    call: InCall,
    opportunity_id: OpportunityId,
    body: HostingPartnerIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For the lead company: another company of the same territory. It reads the plan and answers."""
    with call.create(body) as (session, actor):
        partner = service.invite(session, actor, opportunity_id, body.company_id, now=call.now())
        out = HostingPartnerOut.of(partner, service.read(session, actor, opportunity_id))
        return call.created(out, location=f"/opportunities/{opportunity_id}/hosting", version=out.version)


@router.post(
    "/opportunities/{opportunity_id}/hosting/partners/{partner_id}/moves", status_code=201,
    summary="Take a step with a partner", response_model=HostingPartnerOut,
    responses=answers(400, 401, 403, 404, 409, 422),
)  # fmt: skip
def create_hosting_partner_move(
    call: InCall,
    opportunity_id: OpportunityId,
    partner_id: PartnerId,
    body: HostingPartnerMoveIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """The partner accepts or declines, the lead company takes it out or asks again; nobody leaves whom students expect."""
    with call.create(body) as (session, actor):
        partner = service.move(
            session, actor, opportunity_id, partner_id, body.action, version=body.version, reason=body.reason,
            tutor_id=body.tutor_id, now=call.now(),
        )  # fmt: skip
        out = HostingPartnerOut.of(partner, service.read(session, actor, opportunity_id))
        return call.created(out, location=f"/opportunities/{opportunity_id}/hosting", version=out.version)


@router.get(
    "/companies/{company_id}/hosting-invitations", summary="List what a company is asked to share",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def list_hosting_invitations(
    call: InCall, company_id: CompanyId, limit: Limit = 50, cursor: Cursor = None
) -> HostingInvitationList:
    """For those who work for the company, and who oversee it; the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service.search(session, actor, company_id, after=after, limit=limit + 1)
    last = found[limit - 1][0] if len(found) > limit else None
    return HostingInvitationList(
        items=[HostingInvitationOut.of(*one) for one in found[:limit]],
        next_cursor=encode_cursor(last.invited_at, last.id) if last else None,
    )
