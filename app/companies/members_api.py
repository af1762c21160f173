"""Who works for a company, over the API. People come in by invitation."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from app.companies import members
from app.companies.schemas import CompanyMemberList, CompanyMemberOut, CompanyMemberPatch
from app.rest import MERGE_PATCH, Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/companies/{company_id}/members", tags=["companies"])

CompanyId = Annotated[UUID, Path(description="The company.")]
MemberId = Annotated[UUID, Path(description="One of its members.")]


@router.get("", summary="List the members of a company", responses=answers(401, 403, 404, 422))
def list_company_members(
    call: InCall, company_id: CompanyId, limit: Limit = 50, cursor: Cursor = None
) -> CompanyMemberList:
    """The people of a company that you administer."""
    after = decode_cursor(cursor, str, UUID)
    with call.read() as (session, actor):
        found = members.search(session, actor, company_id, limit=limit + 1, after=after)
    items = [CompanyMemberOut.model_validate(member) for member in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return CompanyMemberList(items=items, next_cursor=encode_cursor(last.name, last.id) if last else None)


@router.patch(
    "/{member_id}",
    summary="Change what a member is to a company",
    responses=answers(400, 401, 403, 404, 409, 415, 422),
)
def edit_company_member(
    call: InCall,
    company_id: CompanyId,
    member_id: MemberId,
    body: Annotated[CompanyMemberPatch, Body(media_type=MERGE_PATCH)],
) -> CompanyMemberOut:
    """Give a member of a company that you administer the other role. One administrator is always left."""
    with call.write() as (session, actor):
        member = members.edit(session, actor, company_id, member_id, role=body.role)
    return CompanyMemberOut.model_validate(member)


@router.delete(
    "/{member_id}",
    summary="Remove a member from a company",
    status_code=204,
    responses=answers(401, 403, 404, 409, 422),
)
def remove_company_member(call: InCall, company_id: CompanyId, member_id: MemberId) -> Response:
    """Take a role from a person; the account stays. One administrator is always left."""
    with call.write() as (session, actor):
        members.remove(session, actor, company_id, member_id)
    return Response(status_code=204)
