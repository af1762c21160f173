"""Making, mailing, listing and revoking invitations; `service_accept` has the other side.

Nothing here tells the inviter whether the address has an account: that is looked up when the invitation is accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth import codes
from app.auth import service as auth
from app.auth import service_memberships as memberships
from app.auth import service_territories as territories
from app.auth.actors import Actor, Role
from app.auth.models import Territory
from app.companies import access
from app.companies import rules as company_rules
from app.companies.models import Company
from app.db import new_id
from app.events import service as events
from app.invitations import letters, rules
from app.invitations.models import Invitation, InvitedClass
from app.mails import service as mails
from app.places.models import Municipality
from app.schools.models import School, SchoolClass

VALID_FOR = timedelta(days=14)
LENGTH = 16
PURPOSE = "invitation"
ADDRESS = "/invitation"
"""The page where an invitation is accepted."""
MOST_OPEN = 100
"""Open invitations of one organisation: nobody sends mail to the whole town through us."""


class NoSuchInvitation(errors.NotFound):
    """No invitation that the actor may see has this id."""

    title = "No such invitation"


class BadInvitation(errors.Invalid):
    """The role, and the school, company or classes, do not fit."""

    title = "The invitation is not valid"


class AlreadyLed(errors.Conflict):
    """The organisation has somebody in charge, who invites the others."""

    title = "Somebody is in charge already"


class TooManyInvitations(errors.Conflict):
    """So many invitations wait for an answer."""

    title = "Too many open invitations"


class InvitationEnded(errors.Conflict):
    """It was accepted or revoked already."""

    title = "The invitation has ended"


# --- inviting --------------------------------------------------------------------------------------------------------


def create(
    session: Session,
    actor: Actor,
    *,
    email: str,
    role: Role,
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    territory_id: UUID | None = None,
    class_ids: Sequence[UUID] = (),
    secret: SecretStr,
    address: str,
    now: datetime,
) -> Invitation:
    """Invite an address and queue the mail; an open invitation of the same address to the same role ends.

    `address` is that of the page where an invitation is accepted. Raises BadInvitation, NotAllowed, AlreadyLed and
    TooManyInvitations.
    """
    auth.require_scope(actor, f"{_noun(role)}:write")
    title = _check_binding(
        session, actor, role, {"school_id": school_id, "company_id": company_id, "territory_id": territory_id}
    )
    is_overseen = oversees(session, actor, school_id=school_id, company_id=company_id)
    if not rules.can_invite(actor, role, school_id=school_id, company_id=company_id, is_overseen=is_overseen):
        raise errors.NotAllowed("Only who answers for the school or the company invites to it.")
    territories.require_training_body(session, role, company_id)
    _check_classes(session, role, school_id, class_ids)
    organisation = school_id or company_id
    if (
        not rules.is_in_charge(actor, school_id=school_id, company_id=company_id)
        and organisation is not None
        and memberships.has_anybody(session, role, organisation)
    ):
        raise AlreadyLed("Those who are in charge there invite the others.")
    of_same = sa.and_(
        Invitation.school_id == school_id if school_id else Invitation.school_id.is_(None),
        Invitation.company_id == company_id if company_id else Invitation.company_id.is_(None),
        Invitation.territory_id == territory_id if territory_id else Invitation.territory_id.is_(None),
        *is_open(now),
    )
    if (session.scalar(sa.select(sa.func.count()).select_from(Invitation).where(of_same)) or 0) >= MOST_OPEN:
        raise TooManyInvitations(f"At most {MOST_OPEN} wait for an answer; revoke some.")
    to = email.strip().lower()
    session.execute(
        sa.update(Invitation)
        .where(of_same, Invitation.email == to, Invitation.role == role)
        .values(revoked_at=now)
    )
    code = codes.make(LENGTH)
    invitation = Invitation(
        id=new_id(), email=to, role=role, school_id=school_id, company_id=company_id,
        territory_id=territory_id,
        code_hash=codes.keyed_hash(secret, PURPOSE, code), invited_by=actor.id if actor.kind == "user" else None,
        created_at=now, expires_at=now + VALID_FOR, accepted_at=None, accepted_by=None, revoked_at=None,
    )  # fmt: skip
    session.add(invitation)
    session.flush()
    session.add_all(InvitedClass(invitation_id=invitation.id, class_id=one) for one in sorted(set(class_ids)))
    letter = letters.write(
        actor.language, role=role, title=title, address=address, code=code, until=invitation.expires_at
    )
    mails.queue(
        session, to=to, subject=letter.subject, text=letter.text, kind="invitation", now=now,
        language=actor.language, worth_for=VALID_FOR,
    )  # fmt: skip
    events.record(session, actor, "invitation.created", invitation.id, {"role": role.value})
    return invitation


def _noun(role: Role) -> str:
    return "companies" if role in rules.OF_COMPANIES else "schools"


def oversees(
    session: Session, actor: Actor, *, school_id: UUID | None = None, company_id: UUID | None = None
) -> bool:
    """Whether the actor coordinates the territory that the school or the company is in."""
    if not actor.is_coordinator:
        return False
    if company_id is not None:
        company = session.get(Company, company_id)
        found = access.provinces_of(session, actor, company_id)
        return company is not None and company_rules.is_overseen(actor, company, found)
    province = session.scalar(
        sa.select(Municipality.province_code)
        .join(School, School.municipality_istat == Municipality.istat)
        .where(School.id == school_id)
    )
    return province is not None and actor.oversees_any([province])


def _check_binding(
    session: Session, actor: Actor, role: Role, bound: Mapping[str, UUID | None]
) -> str | None:
    """The name of what the role is bound to; raises BadInvitation with every fault."""
    needs = {
        "school_id": role in rules.OF_SCHOOLS,
        "company_id": role in rules.OF_COMPANIES,
        "territory_id": role is Role.COORDINATOR,
    }
    title, faults = None, []
    for field, value in bound.items():
        found = _find_bound(session, actor, field, value) if value is not None else None
        if needs[field] and value is None:
            faults.append(_fault(field, f"the role {role} needs it"))
        elif not needs[field] and value is not None:
            faults.append(_fault(field, f"the role {role} is not bound to one"))
        elif value is not None and found is None:
            faults.append(_fault(field, "nothing has this id"))
        title = found or title
    if faults:
        raise BadInvitation(faults=faults)
    return title


def _find_bound(session: Session, actor: Actor, field: str, value: UUID) -> str | None:
    kind: Any = {"school_id": School, "company_id": Company, "territory_id": Territory}[field]
    found = sa.select(kind.name).where(kind.id == value)
    # Schools and territories are published; a company that the actor does not see is not there.
    return session.scalar(found.where(access.visible_to(actor)) if kind is Company else found)


def _check_classes(session: Session, role: Role, school_id: UUID | None, class_ids: Sequence[UUID]) -> None:
    """Only for who may invite: which classes there are is the school's business."""
    of_school = sa.select(SchoolClass.id).where(
        SchoolClass.school_id == school_id, SchoolClass.id.in_(class_ids)
    )
    known = set(session.scalars(of_school)) if class_ids and role is Role.TEACHER else set()
    faults = [
        _fault(f"class_ids.{index}", "only a teacher of the school is given its classes")
        for index, class_id in enumerate(class_ids)
        if class_id not in known
    ]
    if faults:
        raise BadInvitation(faults=faults)


def _fault(field: str, detail: str) -> dict[str, str]:
    return {"in": "body", "field": field, "detail": detail}


# --- seeing and revoking ---------------------------------------------------------------------------------------------


def search(
    session: Session,
    actor: Actor,
    *,
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
) -> list[tuple[Invitation, tuple[UUID, ...]]]:
    """Invitations to an organisation, or to the coordination when none is named, newest first, with their classes.

    `after` is the (created_at, id) that the page before ended on. Raises NotAllowed.
    """
    auth.require_scope(actor, "companies:read" if company_id else "schools:read")
    if not rules.can_list(actor, school_id=school_id, company_id=company_id):
        raise errors.NotAllowed("Only who answers for the school or the company sees who was invited to it.")
    found = sa.select(Invitation).order_by(Invitation.created_at.desc(), Invitation.id).limit(limit)
    for column, value in ((Invitation.school_id, school_id), (Invitation.company_id, company_id)):
        found = found.where(column == value if value is not None else column.is_(None))
    if after is not None:
        created_at, invitation_id = after
        found = found.where(
            sa.or_(
                Invitation.created_at < created_at,
                sa.and_(Invitation.created_at == created_at, Invitation.id > invitation_id),
            )
        )
    rows = list(session.scalars(found))
    classes = classes_of(session, [row.id for row in rows])
    return [(row, tuple(classes.get(row.id, ()))) for row in rows]


def classes_of(session: Session, invitation_ids: Collection[UUID]) -> dict[UUID, list[UUID]]:
    """The classes that come with each invitation."""
    found: dict[UUID, list[UUID]] = {}
    rows = session.execute(
        sa.select(InvitedClass.invitation_id, InvitedClass.class_id)
        .where(InvitedClass.invitation_id.in_(invitation_ids))
        .order_by(InvitedClass.class_id)
    )
    for invitation_id, class_id in rows:
        found.setdefault(invitation_id, []).append(class_id)
    return found


def revoke(session: Session, actor: Actor, invitation_id: UUID, *, now: datetime) -> Invitation:
    """End an invitation; a second call changes nothing. Raises NoSuchInvitation and InvitationEnded."""
    if not actor.has_scope("companies:write"):
        auth.require_scope(actor, "schools:write")  # with neither, nothing is told of which it would need
    invitation = session.get(Invitation, invitation_id)
    if invitation is None or not rules.can_list(
        actor, school_id=invitation.school_id, company_id=invitation.company_id
    ):
        raise NoSuchInvitation
    auth.require_scope(actor, f"{_noun(invitation.role)}:write")
    # One statement decides between revoking and accepting at once.
    revoked = session.scalar(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation_id, Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None)
        )
        .values(revoked_at=now)
        .returning(Invitation.id)
    )
    session.refresh(invitation)
    if revoked is not None:
        events.record(session, actor, "invitation.revoked", invitation_id)
    elif invitation.accepted_at is not None:
        raise InvitationEnded("It was accepted; end the membership instead.")
    return invitation


def is_open(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    """Neither accepted nor revoked, and in its time."""
    return (
        Invitation.accepted_at.is_(None),
        Invitation.revoked_at.is_(None),
        Invitation.expires_at > now,
    )
