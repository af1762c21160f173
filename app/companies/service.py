"""Finding, creating, changing and approving companies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access, rules, sectors
from app.companies.models import Company, CompanyContact, CompanySector, CompanySite, name_key
from app.companies.schemas import (
    CompanyContactOut,
    CompanyIn,
    CompanyOut,
    CompanyReviewOut,
    CompanySectorOut,
    CompanySiteOut,
)
from app.events import service as events
from app.places.models import Municipality


class NoSuchCompany(errors.NotFound):
    """No company has this id, or it is not approved yet and none of the actor's business."""

    title = "No such company"


class NotYourCompany(errors.NotAllowed):
    """The actor sees the company and may not change it."""

    title = "Not your company to change"


class OnlyOverseers(errors.NotAllowed):
    """Creating and approving companies is for coordinators and administrators."""

    title = "Only for coordinators and administrators"


class UnfitCompany(errors.Invalid):
    """Codes that do not exist, or values that exclude each other."""

    title = "The company's data is not valid"


class AlreadyRegistered(errors.Conflict):
    """Another company has this tax code or this external id."""

    title = "Another company has this code"


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, company_id: UUID) -> Company:
    """The company. Raises NoSuchCompany."""
    auth.require_scope(actor, "companies:read")
    return _see(session, actor, company_id)[0]


def require(session: Session, actor: Actor, company_id: UUID) -> Company:
    """The company that a path names, whatever the actor may do there. Raises NoSuchCompany."""
    return _see(session, actor, company_id)[0]


def get_for_change(session: Session, actor: Actor, company_id: UUID) -> Company:
    """The company, locked until the block ends. Raises NoSuchCompany, NotYourCompany."""
    auth.require_scope(actor, "companies:write")
    company, provinces = _see(session, actor, company_id, is_locked=True)
    if not rules.can_edit(actor, company, provinces):
        raise NotYourCompany
    return company


def get_to_decide(session: Session, actor: Actor, company_id: UUID) -> Company:
    """The company, locked, for approval or rejection. Raises NoSuchCompany, OnlyOverseers."""
    auth.require_scope(actor, "companies:write")
    company, provinces = _see(session, actor, company_id, is_locked=True)
    if not rules.can_decide(actor, company, provinces):
        raise OnlyOverseers
    return company


def search(
    session: Session,
    actor: Actor,
    *,
    name: str | None = None,
    municipality_istat: str | None = None,
    division: str | None = None,
    edition: str | None = None,
    is_approved: bool | None = None,
    after: tuple[str, UUID] | None = None,
    limit: int,
) -> list[Company]:
    """Companies that the actor may see, by name; `division` is the first two digits of an ATECO code."""
    auth.require_scope(actor, "companies:read")
    query = sa.select(Company).order_by(Company.search_key, Company.id).limit(limit)
    query = query.where(access.visible_to(actor))
    if name is not None:
        query = query.where(Company.search_key.startswith(name_key(name), autoescape=True))
    if municipality_istat is not None:
        query = query.where(
            sa.exists().where(
                CompanySite.company_id == Company.id, CompanySite.municipality_istat == municipality_istat
            )
        )
    if division is not None:
        sector = sa.exists().where(
            CompanySector.company_id == Company.id, CompanySector.ateco_code.startswith(division)
        )
        query = query.where(
            sector if edition is None else sector.where(CompanySector.ateco_edition == edition)
        )
    if is_approved is not None:
        query = query.where(Company.is_approved == is_approved)
    if after is not None:
        query = query.where(sa.tuple_(Company.search_key, Company.id) > after)
    return list(session.scalars(query))


def show(session: Session, actor: Actor, companies: Sequence[Company]) -> list[CompanyOut]:
    """The companies with their sectors, sites, and what only insiders see of each; three queries for any number."""
    ids = [company.id for company in companies]
    sectors_of = _by_company(
        session.scalars(
            sa.select(CompanySector)
            .where(CompanySector.company_id.in_(ids))
            .order_by(CompanySector.is_main.desc(), CompanySector.ateco_edition, CompanySector.ateco_code)
        )
    )
    sites_of: Mapping[UUID, list[CompanySite]] = defaultdict(list)
    provinces_of: Mapping[UUID, set[str]] = defaultdict(set)
    for site, province in session.execute(
        sa.select(CompanySite, Municipality.province_code)
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(CompanySite.company_id.in_(ids))
        .order_by(CompanySite.is_main.desc(), CompanySite.name, CompanySite.id)
    ):
        sites_of[site.company_id].append(site)
        provinces_of[site.company_id].add(province)
    inside = {one.id for one in companies if rules.is_insider(actor, one, provinces_of[one.id])}
    contacts_of = _by_company(
        session.scalars(
            sa.select(CompanyContact)
            .where(CompanyContact.company_id.in_(inside))
            .order_by(CompanyContact.name, CompanyContact.id)
        )
    )
    return [
        CompanyOut(
            **{name: getattr(company, name) for name in _COLUMNS},
            tax_code=company.tax_code if company.id in inside else None,
            review=_review(company) if company.id in inside else None,
            sectors=[CompanySectorOut.model_validate(row) for row in sectors_of[company.id]],
            sites=[CompanySiteOut.model_validate(row) for row in sites_of[company.id]],
            contacts=[CompanyContactOut.model_validate(row) for row in contacts_of[company.id]]
            if company.id in inside
            else None,
        )
        for company in companies
    ]


def _review(company: Company) -> CompanyReviewOut:
    return CompanyReviewOut(
        state=rules.review_of(is_approved=company.is_approved, is_waiting=company.is_waiting),
        submitted_at=company.submitted_at,
        answer_due_on=company.answer_due_on,
        answered_at=company.approved_at or company.rejected_at,
        reason=company.rejection_reason,
    )


_COLUMNS = (
    "id", "name", "kind", "size", "description", "website", "district", "is_approved", "is_public", "source", "external_id", "version",
)  # fmt: skip


def _by_company(rows: Iterable[Any]) -> Mapping[UUID, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row.company_id].append(row)
    return found


def _see(
    session: Session, actor: Actor, company_id: UUID, *, is_locked: bool = False
) -> tuple[Company, frozenset[str]]:
    # The same questions whether the company exists or not: how long the answer takes tells nothing.
    provinces = access.provinces_of(session, actor, company_id)
    company = session.get(Company, company_id, with_for_update=is_locked or None)
    if company is None or not rules.can_see(actor, company, provinces, is_approved=company.is_approved):
        raise NoSuchCompany
    return company, provinces


# --- changing ---------------------------------------------------------------------------------------------------------


def create(session: Session, actor: Actor, given: CompanyIn, *, now: datetime, review_days: int) -> Company:
    """Register a company and submit it for approval. Raises OnlyOverseers, UnfitCompany, AlreadyRegistered."""
    auth.require_scope(actor, "companies:write")
    if not rules.can_create(actor):
        raise OnlyOverseers
    values = given.model_dump()
    _refuse_unfit(values)
    sectors_given = values.pop("sectors")
    company = Company(**values, territory_id=rules.origin(actor))
    start_clock(company, now, review_days)
    session.add(company)
    _flush_unique(session)
    session.add_all(CompanySector(company_id=company.id, **sector) for sector in sectors_given)
    events.record(session, actor, "company.created", company.id)
    return company


def edit(session: Session, actor: Actor, company: Company, changes: Mapping[str, Any]) -> None:
    """Change what `get_for_change` gave; `sectors` are replaced. Raises UnfitCompany, AlreadyRegistered."""
    _refuse_unfit({"source": company.source, "external_id": company.external_id, "sectors": (), **changes})
    # Sectors first: their flush must not raise the version, which rises once.
    has_new_sectors = "sectors" in changes and _replace_sectors(session, company, changes["sectors"])
    fields = [name for name in changes if name != "sectors" and getattr(company, name) != changes[name]]
    for name in fields:
        setattr(company, name, changes[name])
    if "name" in fields:
        company.search_key = name_key(company.name)
        db.touch(session, "companies")  # cards of opportunities show it
    if has_new_sectors:
        fields.append("sectors")
    if fields:
        raise_version(company)
        _flush_unique(session)
        events.record(session, actor, "company.edited", company.id, {"fields": sorted(fields)})


def start_clock(company: Company, now: datetime, review_days: int) -> None:
    """Submit the company: from now it waits for an answer, promised for so many working days later."""
    company.submitted_at = now.astimezone(UTC)
    company.answer_due_on = rules.answer_due_on(now.date(), review_days)


def raise_version(company: Company) -> None:
    """Let the company's version rise with the next flush, also when only its sites, contacts or sectors change."""
    flag_modified(company, "name")


def _replace_sectors(session: Session, company: Company, given: list[dict[str, Any]]) -> bool:
    rows = list(session.scalars(sa.select(CompanySector).where(CompanySector.company_id == company.id)))
    before = {(row.ateco_code, row.ateco_edition, row.is_main) for row in rows}
    if before == {(row["ateco_code"], row["ateco_edition"], row["is_main"]) for row in given}:
        return False
    for row in rows:
        session.delete(row)
    session.flush()
    session.add_all(CompanySector(company_id=company.id, **sector) for sector in given)
    return True


def _refuse_unfit(values: Mapping[str, Any]) -> None:
    faults = []
    if (values["source"] is None) != (values["external_id"] is None):
        faults.append(("external_id", "source and external_id come together"))
    seen = set()
    mains = 0
    for index, sector in enumerate(values["sectors"]):
        code, edition = sector["ateco_code"], sector["ateco_edition"]
        if not sectors.is_known(code, edition):
            faults.append((f"sectors.{index}.ateco_code", f"{code} is not a code of ATECO {edition}"))
        if (code, edition) in seen:
            faults.append((f"sectors.{index}", "stands there twice"))
        seen.add((code, edition))
        mains += sector["is_main"]
    if mains > 1:
        faults.append(("sectors", "only one can be the main one"))
    if faults:
        raise UnfitCompany(
            faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults]
        )


def _flush_unique(session: Session) -> None:
    try:
        session.flush()
    except IntegrityError as error:
        field = "tax_code" if "tax_code" in str(error.orig) else "external_id"
        fault = {"in": "body", "field": field, "detail": "another company has it"}
        raise AlreadyRegistered(faults=[fault]) from error
