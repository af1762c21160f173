"""What becomes of an invitation: whoever reads the mail of the invited address takes the role, once; or nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth import codes
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, TaughtClass, Territory, User
from app.companies.models import Company
from app.events import service as events
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.schools.models import School

KEPT_FOR = timedelta(days=90)
"""How long an invitation is kept after its end, for whoever asks what has become of it."""


class WrongInvitation(errors.NotAllowed):
    """No such invitation, or it was accepted, revoked or is too old; which, is not said."""

    title = "The invitation is not valid any more"


@dataclass(frozen=True, slots=True)
class Offer:
    """An invitation as the invited person sees it: `title` is the school or the company, if there is one."""

    email: str
    role: Role
    title: str | None
    expires_at: datetime


def look(session: Session, code: str, *, secret: SecretStr, now: datetime) -> Offer:
    """What an open invitation offers, without accepting it. Raises WrongInvitation."""
    row = session.execute(
        sa.select(Invitation, sa.func.coalesce(School.name, Company.name, Territory.name).label("title"))
        .outerjoin(School, School.id == Invitation.school_id)
        .outerjoin(Company, Company.id == Invitation.company_id)
        .outerjoin(Territory, Territory.id == Invitation.territory_id)
        .where(
            Invitation.code_hash == codes.keyed_hash(secret, invitations.PURPOSE, code),
            *invitations.is_open(now),
        )
    ).one_or_none()
    if row is None:
        raise WrongInvitation
    found: Invitation = row.Invitation
    return Offer(found.email, found.role, row.title, found.expires_at)


def accept(
    session: Session, code: str, *, name: str, secret: SecretStr, now: datetime, request_id: str
) -> tuple[User, bool]:
    """Use an invitation up: its role goes to the account with its address, new if there is none (True).

    `name` is for a new account only. Raises WrongInvitation, which leaves it unused when the account is not active.
    """
    accepted = (
        sa.update(Invitation)
        .where(
            Invitation.code_hash == codes.keyed_hash(secret, invitations.PURPOSE, code),
            *invitations.is_open(now),
        )
        .values(accepted_at=now)
        .returning(Invitation.id)
    )
    invitation_id = session.scalar(accepted)
    if invitation_id is None:
        raise WrongInvitation
    invitation = session.get_one(Invitation, invitation_id)
    user = session.scalar(sa.select(User).where(User.email == invitation.email))
    if user is not None and not user.is_active:
        raise WrongInvitation
    is_new = user is None
    actor = Actor(kind="system", id=None, name="invitation", request_id=request_id)
    if user is None:
        user = people.add_user(session, actor, email=invitation.email, name=name)
    invitation.accepted_by = user.id
    _grant(session, user, invitation)
    by = Actor(kind="user", id=user.id, name=user.name, request_id=request_id)
    events.record(session, by, "invitation.accepted", invitation.id, {"role": invitation.role.value})
    return user, is_new


def _grant(session: Session, user: User, invitation: Invitation) -> None:
    class_ids = frozenset(invitations.classes_of(session, [invitation.id]).get(invitation.id, ()))
    # Bound to nothing, a role is held once: the unique keys say nothing about NULL.
    held = session.scalar(
        sa.select(Membership).where(
            Membership.user_id == user.id,
            Membership.role == invitation.role,
            Membership.school_id.is_not_distinct_from(invitation.school_id),
            Membership.company_id.is_not_distinct_from(invitation.company_id),
            Membership.territory_id.is_not_distinct_from(invitation.territory_id),
        )
    )
    if held is None:
        grant = Grant(
            invitation.role,
            school_id=invitation.school_id,
            company_id=invitation.company_id,
            territory_id=invitation.territory_id,
            class_ids=class_ids,
        )
        people.add_membership(session, user.id, grant)
        return
    taught = set(session.scalars(sa.select(TaughtClass.class_id).where(TaughtClass.membership_id == held.id)))
    session.add_all(TaughtClass(membership_id=held.id, class_id=one) for one in sorted(class_ids - taught))


def forget(session: Session, now: datetime) -> int:
    """Delete invitations that ended long ago, whatever came of them: an address of somebody who never came; how many."""
    ended = session.execute(sa.delete(Invitation).where(Invitation.expires_at <= now - KEPT_FOR))
    return int(ended.rowcount)  # type: ignore[attr-defined]
