"""Whether a company hosts in a school year, over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path
from starlette.responses import Response

from app.appetites import rules, service
from app.appetites.schemas import AppetiteOut, AppetitePatch, version_of
from app.rest import MERGE_PATCH, IfMatch, InCall, answers, expect_version, with_etag

router = APIRouter(prefix="/companies/{company_id}", tags=["companies"])

CompanyId = Annotated[UUID, Path(description="The company.")]


@router.get(
    "/appetite", summary="Read whether a company hosts", response_model=AppetiteOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_appetite(call: InCall, company_id: CompanyId) -> Response:
    """Of this school year, from June on of the next; for the company, and for who oversees it."""
    year = rules.asked_year(call.now().date())
    with call.read() as (session, actor):
        row = service.read(session, actor, company_id, year=year)
        out = AppetiteOut.of(company_id, year, row, service.hidden_at(session, company_id))
    return with_etag(out, out.version)


@router.patch(
    "/appetite", summary="Say whether a company hosts", response_model=AppetiteOut,
    responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_appetite(
    call: InCall,
    company_id: CompanyId,
    body: Annotated[AppetitePatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Who says no, or is organised already, is not asked again before the next school year. Who was hidden comes back."""
    year = rules.asked_year(call.now().date())
    with call.write() as (session, actor):
        row = service.for_change(session, actor, company_id, year=year)
        expect_version(if_match, version_of(row))
        row = service.say(session, actor, company_id, body.changes(), year=year, now=call.now())
        out = AppetiteOut.of(company_id, year, row)
    return with_etag(out, out.version)
