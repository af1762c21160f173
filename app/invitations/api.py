"""Invitations over the API. They are accepted on a page, by whoever reads the mail."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.invitations.schemas import InvitationIn, InvitationList, InvitationOut
from app.rest import (
    Cursor,
    IdempotencyHeader,
    InCall,
    Limit,
    answers,
    decode_cursor,
    encode_cursor,
)

router = APIRouter(prefix="/invitations", tags=["invitations"])


@router.get("", summary="List invitations", responses=answers(401, 403, 422))
def list_invitations(
    call: InCall,
    school_id: Annotated[UUID | None, Query(description="To this school.")] = None,
    company_id: Annotated[UUID | None, Query(description="To this company.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> InvitationList:
    """Invitations to a school that you lead or a company that you administer; without either, to the coordination."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = invitations.search(
            session, actor, school_id=school_id, company_id=company_id, limit=limit + 1, after=after
        )
    items = [_out(invitation, class_ids) for invitation, class_ids in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return InvitationList(items=items, next_cursor=encode_cursor(last.created_at, last.id) if last else None)


@router.post(
    "",
    summary="Invite somebody",
    status_code=201,
    response_model=InvitationOut,
    responses=answers(400, 401, 403, 409, 422),
)
def create_invitation(
    call: InCall,
    body: InvitationIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """Offer a role to an address, by mail; valid for 14 days. The answer is the same whether it has an account.

    School leads invite teachers and leads, company administrators invite members and administrators, coordinators the
    first lead or administrator of an organisation, administrators coordinators too.
    """
    settings = call.request.app.state.settings
    with call.create(body) as (session, actor):
        invitation = invitations.create(
            session, actor, **body.model_dump(), secret=settings.secret_key,
            address=settings.public_url.rstrip("/") + invitations.ADDRESS, now=call.now(),
        )  # fmt: skip
        return call.created(_out(invitation, body.class_ids), location="/invitations")


@router.post(
    "/{invitation_id}/revoke", summary="Revoke an invitation", responses=answers(401, 403, 404, 409, 422)
)
def revoke_invitation(call: InCall, invitation_id: UUID) -> InvitationOut:
    """End an invitation that has not been accepted; a second call changes nothing."""
    with call.write() as (session, actor):
        invitation = invitations.revoke(session, actor, invitation_id, now=call.now())
        classes = invitations.classes_of(session, [invitation_id])
    return _out(invitation, classes.get(invitation_id, ()))


def _out(invitation: Invitation, class_ids: Iterable[UUID]) -> InvitationOut:
    fields = {name: getattr(invitation, name) for name in InvitationOut.model_fields if name != "class_ids"}
    return InvitationOut(**fields, class_ids=sorted(set(class_ids)))
