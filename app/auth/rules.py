"""Who may do what with accounts and keys."""

from __future__ import annotations

from uuid import UUID

from app.auth import scopes
from app.auth.actors import Actor, Role
from app.auth.models import ApiKey


def can_manage_keys(actor: Actor) -> bool:
    """People who run the service, lead a school or administer a company; a program only as far as itself."""
    return actor.kind == "key" or actor.has_role(Role.ADMINISTRATOR, Role.SCHOOL_LEAD, Role.COMPANY_ADMIN)


def can_issue_key(actor: Actor, role: Role, school_id: UUID | None, company_id: UUID | None) -> bool:
    """Administrators everything; leads and company administrators for their own, in no wider role. No key begets keys."""
    if actor.kind == "key":
        return False
    if actor.is_administrator:
        return True
    if role is Role.SCHOOL_LEAD:
        return actor.is_staff_of(school_id)
    return role in (Role.COMPANY_ADMIN, Role.COMPANY_MEMBER) and actor.is_of_company(
        company_id, as_admin=True
    )


def can_see_key(actor: Actor, key: ApiKey) -> bool:
    """Administrators all, others those of their school or company, whoever issued them; a key sees itself."""
    if actor.kind == "key":
        return actor.id == key.id
    return (
        actor.is_administrator
        or actor.is_staff_of(key.school_id)
        or actor.is_of_company(key.company_id, as_admin=True)
    )


def excessive_scopes(role: Role, wanted: list[str]) -> list[str]:
    """Those of the scopes that a program in this role has no use for."""
    return [scope for scope in wanted if scope not in scopes.of_role(role)]
