"""Who may do what with a company."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor
from app.companies.models import Company


def is_insider(actor: Actor, company_id: UUID) -> bool:
    """Whether contacts and the tax code are the actor's business: the company's own people, and overseers."""
    return actor.oversees or actor.is_of_company(company_id)


def can_see(actor: Actor, company: Company) -> bool:
    """Everybody sees approved companies; before that only insiders do."""
    return company.is_approved or is_insider(actor, company.id)


def can_create(actor: Actor) -> bool:
    """Overseers, so that no company appears twice."""
    return actor.oversees


def can_edit(actor: Actor, company_id: UUID) -> bool:
    """Overseers, the company's administrators, and programs that the company gave a key."""
    is_its_program = actor.kind == "key" and actor.is_of_company(company_id)
    return actor.oversees or is_its_program or actor.is_of_company(company_id, as_admin=True)


def can_manage_people(actor: Actor, company_id: UUID) -> bool:
    """The company's administrators, and who runs the service; coordinators only invite the first."""
    return actor.is_administrator or actor.is_of_company(company_id, as_admin=True)


def can_approve(actor: Actor) -> bool:
    """Overseers."""
    return actor.oversees
