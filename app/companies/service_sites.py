"""A company's sites and contacts. Each change raises the company's version, which is theirs too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor
from app.companies import access, rules
from app.companies import service as companies
from app.companies.models import Company, CompanyContact, CompanySite
from app.companies.schemas import MOST_CONTACTS, MOST_SITES, CompanyContactIn, CompanySiteIn
from app.events import service as events
from app.places import service as places


class NoSuchSite(errors.NotFound):
    """The company has no site with this id."""

    title = "No such site"


class NoSuchContact(errors.NotFound):
    """The company has no contact with this id, or contacts are none of the actor's business."""

    title = "No such contact"


class SiteInUse(errors.Conflict):
    """An opportunity takes place there."""

    title = "The site is in use"


class TooMany(errors.Conflict):
    """The company has as many sites or contacts as one company can have."""

    title = "The company has too many of them"


# --- sites ------------------------------------------------------------------------------------------------------------


def read_site(session: Session, actor: Actor, company_id: UUID, site_id: UUID) -> tuple[Company, CompanySite]:
    """The company and its site. Raises NoSuchCompany, NoSuchSite."""
    company = companies.read(session, actor, company_id)
    return company, find_site(session, company.id, site_id)


def find_site(session: Session, company_id: UUID, site_id: UUID) -> CompanySite:
    """The company's site. Raises NoSuchSite."""
    site = session.get(CompanySite, site_id)
    if site is None or site.company_id != company_id:
        raise NoSuchSite
    return site


def add_site(session: Session, actor: Actor, company: Company, given: CompanySiteIn) -> CompanySite:
    """Add a site to what `get_for_change` gave; the first is the main one. Raises UnknownMunicipality, TooMany."""
    places.require(session, given.municipality_istat)
    count = _count(session, CompanySite, company)
    if count >= MOST_SITES:
        raise TooMany(f"A company has at most {MOST_SITES} sites.")
    if given.is_main:
        _unset_main(session, company)
    site = CompanySite(company_id=company.id, **given.model_dump() | {"is_main": given.is_main or not count})
    session.add(site)
    _record(session, actor, company, "site_added", site)
    return site


def edit_site(
    session: Session, actor: Actor, company: Company, site: CompanySite, changes: Mapping[str, Any]
) -> None:
    """Change a site of what `get_for_change` gave."""
    fields = [name for name, value in changes.items() if getattr(site, name) != value]
    if not fields:
        return
    if changes.get("is_main"):
        _unset_main(session, company)
    for name in fields:
        setattr(site, name, changes[name])
    _record(session, actor, company, "site_edited", site, fields)


def remove_site(session: Session, actor: Actor, company: Company, site: CompanySite) -> None:
    """Remove a site of what `get_for_change` gave. Raises SiteInUse."""
    session.delete(site)
    try:
        session.flush()
    except IntegrityError as error:
        raise SiteInUse("An opportunity takes place at this site.") from error
    _record(session, actor, company, "site_removed", site)


def _unset_main(session: Session, company: Company) -> None:
    for other in session.scalars(
        sa.select(CompanySite).where(CompanySite.company_id == company.id, CompanySite.is_main)
    ):
        other.is_main = False


# --- contacts ---------------------------------------------------------------------------------------------------------


def read_contact(
    session: Session, actor: Actor, company_id: UUID, contact_id: UUID
) -> tuple[Company, CompanyContact]:
    """The company and its contact. Raises NoSuchCompany, NoSuchContact."""
    company = companies.read(session, actor, company_id)
    if not rules.is_insider(actor, company, access.provinces_of(session, actor, company_id)):
        raise NoSuchContact
    return company, find_contact(session, company.id, contact_id)


def find_contact(session: Session, company_id: UUID, contact_id: UUID) -> CompanyContact:
    """The company's contact. Raises NoSuchContact."""
    contact = session.get(CompanyContact, contact_id)
    if contact is None or contact.company_id != company_id:
        raise NoSuchContact
    return contact


def add_contact(session: Session, actor: Actor, company: Company, given: CompanyContactIn) -> CompanyContact:
    """Add a contact to what `get_for_change` gave. Raises TooMany."""
    if _count(session, CompanyContact, company) >= MOST_CONTACTS:
        raise TooMany(f"A company has at most {MOST_CONTACTS} contacts.")
    contact = CompanyContact(company_id=company.id, **given.model_dump())
    session.add(contact)
    _record(session, actor, company, "contact_added", contact)
    return contact


def edit_contact(
    session: Session, actor: Actor, company: Company, contact: CompanyContact, changes: Mapping[str, Any]
) -> None:
    """Change a contact of what `get_for_change` gave."""
    fields = [name for name, value in changes.items() if getattr(contact, name) != value]
    if not fields:
        return
    for name in fields:
        setattr(contact, name, changes[name])
    _record(session, actor, company, "contact_edited", contact, fields)


def remove_contact(session: Session, actor: Actor, company: Company, contact: CompanyContact) -> None:
    """Remove a contact of what `get_for_change` gave."""
    session.delete(contact)
    _record(session, actor, company, "contact_removed", contact)


# --- both -------------------------------------------------------------------------------------------------------------


def _count(session: Session, kind: type[CompanySite | CompanyContact], company: Company) -> int:
    return session.scalar(sa.select(sa.func.count()).where(kind.company_id == company.id)) or 0


def _record(
    session: Session,
    actor: Actor,
    company: Company,
    what: str,
    part: CompanySite | CompanyContact,
    fields: Iterable[str] = (),
) -> None:
    companies.raise_version(company)
    session.flush()
    data = {"id": str(part.id), "fields": sorted(fields)}
    events.record(session, actor, f"company.{what}", company.id, data)
