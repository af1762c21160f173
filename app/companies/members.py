"""Who works for a company on this service: its administrators and members."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth import service_memberships as memberships
from app.auth.actors import Actor, Role
from app.auth.models import Membership, User
from app.companies import rules
from app.companies import service as companies
from app.events import service as events


class NoSuchCompanyMember(errors.NotFound):
    """The company has no member with this id."""

    title = "No such member"


class HasRoleAlready(errors.Conflict):
    """The person has this role at the company already, beside the one that was to change."""

    title = "The person has this role already"


@dataclass(frozen=True, slots=True)
class CompanyMember:
    """A membership with what is known of the person."""

    id: UUID
    user_id: UUID
    name: str
    email: str | None
    role: Role
    is_active: bool


def search(
    session: Session, actor: Actor, company_id: UUID, *, limit: int, after: tuple[str, UUID] | None = None
) -> list[CompanyMember]:
    """The company's people by name. `after` is the (name, id) that the page before ended on.

    Raises NoSuchCompany, and NotAllowed for those who see the company and do not manage its people.
    """
    auth.require_scope(actor, "companies:read")
    _require_manager(session, actor, company_id)
    order = _members.where(Membership.company_id == company_id)
    if after is not None:
        name, member_id = after
        order = order.where(
            sa.tuple_(User.name, Membership.id) > sa.tuple_(sa.literal(name), sa.literal(member_id))
        )
    rows = session.execute(order.order_by(User.name, Membership.id).limit(limit))
    return [CompanyMember(*row) for row in rows]


def edit(session: Session, actor: Actor, company_id: UUID, member_id: UUID, *, role: Role) -> CompanyMember:
    """Give a person the other role at the company.

    Raises NoSuchCompany, NotAllowed, NoSuchCompanyMember, LastOne and HasRoleAlready.
    """
    membership = _find(session, actor, company_id, member_id)
    before = membership.role
    try:
        memberships.change_role(session, membership, role)
    except IntegrityError as error:
        raise HasRoleAlready from error
    if role is not before:
        events.record(session, actor, "member.role_changed", member_id, {"role": role.value})
    return CompanyMember(*session.execute(_members.where(Membership.id == member_id)).one())


def remove(session: Session, actor: Actor, company_id: UUID, member_id: UUID) -> None:
    """Take a role at the company from a person, whose account stays.

    Raises NoSuchCompany, NotAllowed, NoSuchCompanyMember and LastOne.
    """
    membership = _find(session, actor, company_id, member_id)
    role = membership.role
    memberships.end(session, membership)
    events.record(session, actor, "member.removed", member_id, {"role": role.value})


_members = sa.select(
    Membership.id, User.id.label("user_id"), User.name, User.email, Membership.role, User.is_active
).join(User, User.id == Membership.user_id)


def _find(session: Session, actor: Actor, company_id: UUID, member_id: UUID) -> Membership:
    auth.require_scope(actor, "companies:write")
    _require_manager(session, actor, company_id)
    membership = session.get(Membership, member_id)
    if membership is None or membership.company_id != company_id:
        raise NoSuchCompanyMember
    return membership


def _require_manager(session: Session, actor: Actor, company_id: UUID) -> None:
    companies.require(session, actor, company_id)
    if not rules.can_manage_people(actor, company_id):
        raise errors.NotAllowed("Only the company's administrators see and change who works for it here.")
