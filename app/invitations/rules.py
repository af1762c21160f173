"""Who may invite whom to what."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor, Role

OF_SCHOOLS = frozenset({Role.TEACHER, Role.SCHOOL_LEAD})
OF_COMPANIES = frozenset({Role.COMPANY_MEMBER, Role.COMPANY_ADMIN})
FIRST = frozenset({Role.SCHOOL_LEAD, Role.COMPANY_ADMIN})
"""Roles to which a coordinator invites the first person of an organisation, and nobody afterwards."""


def is_in_charge(actor: Actor, *, school_id: UUID | None = None, company_id: UUID | None = None) -> bool:
    """Whether the actor answers for the school or the company, or runs the service."""
    if actor.is_administrator:
        return True
    if school_id is not None:
        return actor.is_staff_of(school_id)
    return company_id is not None and actor.is_of_company(company_id, as_admin=True)


def can_invite(
    actor: Actor, role: Role, *, school_id: UUID | None = None, company_id: UUID | None = None
) -> bool:
    """Whether the actor may offer the role. Coordinators are invited by people who run the service, never by a key."""
    if role is Role.COORDINATOR:
        return actor.is_administrator and actor.kind != "key"
    if role not in OF_SCHOOLS | OF_COMPANIES:
        return False
    return is_in_charge(actor, school_id=school_id, company_id=company_id) or is_first(actor, role)


def is_first(actor: Actor, role: Role) -> bool:
    """Whether the actor may offer the role only while the organisation has nobody in it."""
    return role in FIRST and actor.has_role(Role.COORDINATOR)


def can_list(actor: Actor, *, school_id: UUID | None = None, company_id: UUID | None = None) -> bool:
    """Whether the actor sees who was invited: to an organisation, or to the coordination when it is neither."""
    return is_in_charge(actor, school_id=school_id, company_id=company_id)
