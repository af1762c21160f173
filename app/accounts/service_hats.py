"""Hats: a person with several memberships wears one of them at a time."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor, Role
from app.auth.models import Membership, SignIn
from app.companies.models import Company
from app.events import service as events
from app.schools.models import School
from app.students.models import Student


class NoSuchHat(errors.NotFound):
    """The person has no membership with this id."""

    title = "No such hat"


@dataclass(frozen=True, slots=True)
class Hat:
    """A membership by which a person can act; `title` is the school, the company or the student, if there is one."""

    id: UUID
    role: Role
    title: str | None


def list_hats(session: Session, actor: Actor) -> list[Hat]:
    """What the person can choose from, in order of role and title."""
    title = sa.func.coalesce(School.name, Company.name, Student.given_name)
    rows = session.execute(
        sa.select(Membership.id, Membership.role, title.label("title"))
        .outerjoin(School, School.id == Membership.school_id)
        .outerjoin(Company, Company.id == Membership.company_id)
        .outerjoin(Student, Student.id == Membership.student_id)
        .where(Membership.user_id == actor.id)
    )
    order = list(Role)
    hats = [Hat(row.id, row.role, row.title) for row in rows]
    return sorted(hats, key=lambda hat: (order.index(hat.role), hat.title or "", hat.id))


def wear(session: Session, actor: Actor, cookie: str, membership_id: UUID) -> None:
    """Put a hat on in the session behind the cookie. Raises NoSuchHat for a membership of somebody else."""
    own = sa.exists().where(Membership.id == membership_id, Membership.user_id == SignIn.user_id)
    changed = session.execute(
        sa.update(SignIn)
        .where(SignIn.token_hash == auth.hash_token(cookie), own)
        .values(membership_id=membership_id)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise NoSuchHat
    events.record(session, actor, "user.hat_chosen", str(actor.id), {"membership": str(membership_id)})
