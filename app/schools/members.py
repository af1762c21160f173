"""Who works at a school: its leads, and its teachers with their classes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth import service_memberships as memberships
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, TaughtClass, User
from app.events import service as events
from app.schools import rules
from app.schools import service as schools
from app.schools.models import SchoolClass


class NoSuchMember(errors.NotFound):
    """The school has no member with this id."""

    title = "No such member"


class BadMember(errors.Invalid):
    """A member who is given classes that the school does not have, or that the role does not take."""

    title = "The member is not valid"


class AlreadyMember(errors.Conflict):
    """The person has this role at the school already."""

    title = "The person has this role already"


@dataclass(frozen=True, slots=True)
class Member:
    """A membership with what is known of the person. `class_ids` are those that a teacher teaches."""

    id: UUID
    user_id: UUID
    name: str
    email: str | None
    role: Role
    is_active: bool
    class_ids: tuple[UUID, ...]


def search(
    session: Session, actor: Actor, school_id: UUID, *, limit: int, after: tuple[str, UUID] | None = None
) -> list[Member]:
    """The school's members by name. `after` is the (name, id) that the page before ended on.

    Raises NoSuchSchool and NotAllowed.
    """
    auth.require_scope(actor, "members:read")
    _require_lead(session, actor, school_id)
    order = _members.where(Membership.school_id == school_id)
    if after is not None:
        name, member_id = after
        order = order.where(
            sa.tuple_(User.name, Membership.id) > sa.tuple_(sa.literal(name), sa.literal(member_id))
        )
    rows = session.execute(order.order_by(User.name, Membership.id).limit(limit)).all()
    taught = _taught(session, (row.id for row in rows))
    return [Member(*row, class_ids=tuple(taught.get(row.id, ()))) for row in rows]


def add(
    session: Session,
    actor: Actor,
    school_id: UUID,
    *,
    email: str,
    name: str,
    role: Role,
    class_ids: Sequence[UUID] = (),
) -> Member:
    """Give a person a role at the school, for who runs the service; leads invite.

    The answer tells whether the address has an account, and whose, which is nobody's business at a school.

    `email` finds the person; `name` is taken only for somebody new, who gets an account without a password. Raises
    NoSuchSchool, NotAllowed, BadMember and AlreadyMember.
    """
    auth.require_scope(actor, "members:write")
    _require_lead(session, actor, school_id)
    if not actor.is_administrator:
        raise errors.NotAllowed("Invite people to the school: only who runs the service adds them.")
    _check_classes(session, school_id, role, class_ids)
    user = session.scalar(sa.select(User).where(User.email == email.strip().lower()))
    if user is None:
        user = people.add_user(session, actor, email=email, name=name)
    grant = Grant(role, school_id=school_id, class_ids=frozenset(class_ids))
    try:
        membership = people.add_membership(session, user.id, grant)
    except IntegrityError as error:
        raise AlreadyMember from error
    events.record(session, actor, "member.added", membership.id, {"role": role.value})
    return Member(
        membership.id, user.id, user.name, user.email, role, user.is_active, tuple(sorted(grant.class_ids))
    )  # fmt: skip


def remove(session: Session, actor: Actor, school_id: UUID, member_id: UUID) -> None:
    """Take a role at the school from a person, whose account stays.

    Raises NoSuchSchool, NotAllowed, NoSuchMember, and LastOne when nobody would lead the school.
    """
    membership = _find(session, actor, school_id, member_id)
    role = membership.role
    memberships.end(session, membership)
    events.record(session, actor, "member.removed", member_id, {"role": role.value})


def edit(
    session: Session,
    actor: Actor,
    school_id: UUID,
    member_id: UUID,
    *,
    role: Role,
    class_ids: Sequence[UUID] = (),
) -> Member:
    """Give a person a role at the school, and a teacher the classes, instead of those before.

    Raises NoSuchSchool, NotAllowed, NoSuchMember, BadMember, LastOne and AlreadyMember.
    """
    membership = _find(session, actor, school_id, member_id)
    _check_classes(session, school_id, role, class_ids)
    try:
        memberships.change_role(session, membership, role)
    except IntegrityError as error:
        raise AlreadyMember from error
    session.execute(sa.delete(TaughtClass).where(TaughtClass.membership_id == member_id))
    session.add_all(TaughtClass(membership_id=member_id, class_id=one) for one in sorted(set(class_ids)))
    events.record(
        session, actor, "member.edited", member_id, {"role": role.value, "classes": len(set(class_ids))}
    )
    row = session.execute(_members.where(Membership.id == member_id)).one()
    return Member(*row, class_ids=tuple(sorted(set(class_ids))))


def _find(session: Session, actor: Actor, school_id: UUID, member_id: UUID) -> Membership:
    auth.require_scope(actor, "members:write")
    _require_lead(session, actor, school_id)
    membership = session.get(Membership, member_id)
    if membership is None or membership.school_id != school_id:
        raise NoSuchMember
    return membership


_members = sa.select(
    Membership.id, User.id.label("user_id"), User.name, User.email, Membership.role, User.is_active
).join(User, User.id == Membership.user_id)


def _taught(session: Session, member_ids: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    taught: dict[UUID, list[UUID]] = {}
    rows = session.execute(
        sa.select(TaughtClass.membership_id, TaughtClass.class_id)
        .where(TaughtClass.membership_id.in_(list(member_ids)))
        .order_by(TaughtClass.class_id)
    )
    for member_id, class_id in rows:
        taught.setdefault(member_id, []).append(class_id)
    return taught


def _require_lead(session: Session, actor: Actor, school_id: UUID) -> None:
    schools.require(session, school_id)
    if not rules.leads(actor, school_id):
        raise errors.NotAllowed("Only who leads the school sees and changes its members.")


def _check_classes(session: Session, school_id: UUID, role: Role, class_ids: Sequence[UUID]) -> None:
    if class_ids and role is not Role.TEACHER:
        raise BadMember(
            faults=[{"in": "body", "field": "class_ids", "detail": "only a teacher is given classes"}]
        )
    of_school = sa.select(SchoolClass.id).where(
        SchoolClass.school_id == school_id, SchoolClass.id.in_(class_ids)
    )
    known = set(session.scalars(of_school)) if class_ids else set()
    faults = [
        {"in": "body", "field": f"class_ids.{index}", "detail": "the school has no class with this id"}
        for index, class_id in enumerate(class_ids)
        if class_id not in known
    ]
    if faults:
        raise BadMember(faults=faults)
