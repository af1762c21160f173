"""Companies over the API. Sites and contacts have the version of their company."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.companies import service as companies
from app.companies import service_review as review
from app.companies import service_sites as parts
from app.companies.models import Company
from app.companies.schemas import (
    AtecoEdition,
    CompanyContactIn,
    CompanyContactOut,
    CompanyContactPatch,
    CompanyIn,
    CompanyList,
    CompanyOut,
    CompanyPatch,
    CompanyRejectionIn,
    CompanySiteIn,
    CompanySiteOut,
    CompanySitePatch,
)  # fmt: skip
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
)  # fmt: skip

router = APIRouter(prefix="/companies", tags=["companies"])

CompanyId = Annotated[UUID, Path(description="The company.")]
SiteId = Annotated[UUID, Path(description="One of its sites.")]
ContactId = Annotated[UUID, Path(description="One of its contacts.")]


@router.get("", summary="Search companies", responses=answers(401, 403, 422))
def list_companies(
    call: InCall,
    q: Annotated[str | None, Query(min_length=1, max_length=80, description="Beginning of the name.")] = None,
    municipality: Annotated[
        str | None, Query(pattern="^[0-9]{6}$", max_length=6, description="ISTAT code of a site.")
    ] = None,
    ateco_division: Annotated[
        str | None, Query(pattern="^[0-9]{2}$", max_length=2, description="First two digits of a sector.")
    ] = None,
    ateco_edition: Annotated[AtecoEdition | None, Query(description="Edition of that division.")] = None,
    is_approved: Annotated[bool | None, Query(description="Only approved ones, or only the others.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> CompanyList:
    """Approved companies, and one's own, by name; coordinators see all."""
    after = decode_cursor(cursor, str, UUID)
    with call.read() as (session, actor):
        found = companies.search(
            session, actor, name=q, municipality_istat=municipality, division=ateco_division, edition=ateco_edition,
            is_approved=is_approved, after=after, limit=limit + 1,
        )  # fmt: skip
        items = companies.show(session, actor, found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return CompanyList(items=items, next_cursor=encode_cursor(last.search_key, last.id) if last else None)


@router.post(
    "",
    status_code=201,
    response_model=CompanyOut,
    summary="Register a company",
    responses=answers(401, 403, 409, 422),
)
def create_company(call: InCall, body: CompanyIn, idempotency_key: IdempotencyHeader = None) -> Response:  # noqa: ARG001
    """For coordinators and administrators. The company is not approved yet."""
    with call.create(body) as (session, actor):
        company = companies.create(session, actor, body, now=call.now(), review_days=_review_days(call))
        out = _show(session, actor, company)
        return call.created(out, location=f"/companies/{company.id}", version=company.version)


@router.get(
    "/{company_id}",
    response_model=CompanyOut,
    summary="Read a company",
    responses=answers(401, 403, 404, 422),
)
def read_company(call: InCall, company_id: CompanyId) -> Response:
    """One company with its sectors and sites; with its contacts for insiders."""
    with call.read() as (session, actor):
        company = companies.read(session, actor, company_id)
        return with_etag(_show(session, actor, company), company.version)


@router.patch(
    "/{company_id}", response_model=CompanyOut, summary="Change a company",
    responses=answers(401, 403, 404, 409, 412, 422, 428),
)  # fmt: skip
def edit_company(
    call: InCall,
    company_id: CompanyId,
    body: Annotated[CompanyPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """For the company's administrators and programs, and for coordinators."""
    with call.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        expect_version(if_match, company.version)
        companies.edit(session, actor, company, body.changes())
        return with_etag(_show(session, actor, company), company.version)


@router.post(
    "/{company_id}/approve", response_model=CompanyOut, summary="Approve a company",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def approve_company(call: InCall, company_id: CompanyId) -> Response:
    """For coordinators and administrators. Again changes nothing."""
    with call.write() as (session, actor):
        company = review.approve(session, actor, company_id, now=call.now())
        return with_etag(_show(session, actor, company), company.version)


@router.post(
    "/{company_id}/reject", response_model=CompanyOut, summary="Reject a company",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def reject_company(call: InCall, company_id: CompanyId, body: CompanyRejectionIn) -> Response:
    """For coordinators and administrators: with a reason that the company reads."""
    with call.write() as (session, actor):
        company = review.reject(session, actor, company_id, reason=body.reason, now=call.now())
        return with_etag(_show(session, actor, company), company.version)


@router.post(
    "/{company_id}/submit", response_model=CompanyOut, summary="Submit a rejected company again",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def submit_company(call: InCall, company_id: CompanyId) -> Response:
    """For who may change the company: the clock starts anew. One that waits already goes on waiting."""
    with call.write() as (session, actor):
        company = review.submit(session, actor, company_id, now=call.now(), review_days=_review_days(call))
        return with_etag(_show(session, actor, company), company.version)


def _review_days(call: InCall) -> int:
    days: int = call.request.app.state.settings.review_days
    return days


def _show(session: Session, actor: Actor, company: Company) -> CompanyOut:
    return companies.show(session, actor, [company])[0]


# --- sites ------------------------------------------------------------------------------------------------------------


@router.post(
    "/{company_id}/sites", status_code=201, response_model=CompanySiteOut, summary="Add a site",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_company_site(
    call: InCall,
    company_id: CompanyId,
    body: CompanySiteIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """A place where the company hosts. The first is its main site."""
    with call.create(body) as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        site = parts.add_site(session, actor, company, body)
        location = f"/companies/{company.id}/sites/{site.id}"
        return call.created(CompanySiteOut.model_validate(site), location=location, version=company.version)


@router.get(
    "/{company_id}/sites/{site_id}", response_model=CompanySiteOut, summary="Read a site",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_company_site(call: InCall, company_id: CompanyId, site_id: SiteId) -> Response:
    """One site of a company."""
    with call.read() as (session, actor):
        company, site = parts.read_site(session, actor, company_id, site_id)
        return with_etag(CompanySiteOut.model_validate(site), company.version)


@router.patch(
    "/{company_id}/sites/{site_id}", response_model=CompanySiteOut, summary="Change a site",
    responses=answers(401, 403, 404, 412, 422, 428),
)  # fmt: skip
def edit_company_site(
    call: InCall,
    company_id: CompanyId,
    site_id: SiteId,
    body: Annotated[CompanySitePatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """A site that moves to another municipality is a new site."""
    with call.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        site = parts.find_site(session, company.id, site_id)
        expect_version(if_match, company.version)
        parts.edit_site(session, actor, company, site, body.changes())
        return with_etag(CompanySiteOut.model_validate(site), company.version)


@router.delete(
    "/{company_id}/sites/{site_id}", status_code=204, response_class=Response, summary="Remove a site",
    responses=answers(401, 403, 404, 409, 412, 422, 428),
)  # fmt: skip
def remove_company_site(
    call: InCall, company_id: CompanyId, site_id: SiteId, if_match: IfMatch = None
) -> None:
    """Refused while an opportunity takes place there."""
    with call.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        site = parts.find_site(session, company.id, site_id)
        expect_version(if_match, company.version)
        parts.remove_site(session, actor, company, site)


# --- contacts ---------------------------------------------------------------------------------------------------------


@router.post(
    "/{company_id}/contacts", status_code=201, response_model=CompanyContactOut, summary="Add a contact",
    responses=answers(401, 403, 404, 409, 422),
)  # fmt: skip
def create_company_contact(
    call: InCall,
    company_id: CompanyId,
    body: CompanyContactIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """A person to ask, shown to the company's own people and to coordinators."""
    with call.create(body) as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        contact = parts.add_contact(session, actor, company, body)
        location = f"/companies/{company.id}/contacts/{contact.id}"
        return call.created(
            CompanyContactOut.model_validate(contact), location=location, version=company.version
        )


@router.get(
    "/{company_id}/contacts/{contact_id}", response_model=CompanyContactOut, summary="Read a contact",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_company_contact(call: InCall, company_id: CompanyId, contact_id: ContactId) -> Response:
    """One contact of a company."""
    with call.read() as (session, actor):
        company, contact = parts.read_contact(session, actor, company_id, contact_id)
        return with_etag(CompanyContactOut.model_validate(contact), company.version)


@router.patch(
    "/{company_id}/contacts/{contact_id}", response_model=CompanyContactOut, summary="Change a contact",
    responses=answers(401, 403, 404, 412, 422, 428),
)  # fmt: skip
def edit_company_contact(
    call: InCall,
    company_id: CompanyId,
    contact_id: ContactId,
    body: Annotated[CompanyContactPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Change a contact of the company."""
    with call.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        contact = parts.find_contact(session, company.id, contact_id)
        expect_version(if_match, company.version)
        parts.edit_contact(session, actor, company, contact, body.changes())
        return with_etag(CompanyContactOut.model_validate(contact), company.version)


@router.delete(
    "/{company_id}/contacts/{contact_id}", status_code=204, response_class=Response, summary="Remove a contact",
    responses=answers(401, 403, 404, 412, 422, 428),
)  # fmt: skip
def remove_company_contact(
    call: InCall, company_id: CompanyId, contact_id: ContactId, if_match: IfMatch = None
) -> None:
    """Remove a contact of the company."""
    with call.write() as (session, actor):
        company = companies.get_for_change(session, actor, company_id)
        contact = parts.find_contact(session, company.id, contact_id)
        expect_version(if_match, company.version)
        parts.remove_contact(session, actor, company, contact)
