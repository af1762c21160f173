"""Switching accounts off and on: sessions end at once, memberships stay."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.accounts import rules
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import Membership, SignIn, User
from app.events import service as events
from app.students.models import Student


class NoSuchAccount(errors.NotFound):
    """No account that the actor may see has this id."""

    title = "No such account"


def deactivate(session: Session, actor: Actor, account_id: UUID) -> User:
    """Switch an account off and end its sessions; a second call changes nothing. Raises NoSuchAccount, NotAllowed."""
    user = _find(session, actor, account_id)
    session.execute(sa.delete(SignIn).where(SignIn.user_id == account_id))
    if _switch(session, account_id, is_active=False):
        events.record(session, actor, "user.deactivated", account_id)
    session.refresh(user)
    return user


def reactivate(session: Session, actor: Actor, account_id: UUID) -> User:
    """Switch an account on again; a second call changes nothing. Raises NoSuchAccount and NotAllowed."""
    user = _find(session, actor, account_id)
    if _switch(session, account_id, is_active=True):
        events.record(session, actor, "user.reactivated", account_id)
    session.refresh(user)
    return user


def _switch(session: Session, account_id: UUID, *, is_active: bool) -> bool:
    changed = session.execute(
        sa.update(User)
        .where(User.id == account_id, User.is_active.is_not(is_active))
        .values(is_active=is_active)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def _find(session: Session, actor: Actor, account_id: UUID) -> User:
    auth.require_scope(actor, "schools:write")
    user = session.get(User, account_id)
    ties = _ties(session, account_id)
    if user is None or not rules.can_see(actor, account_id, ties):
        raise NoSuchAccount
    if not rules.can_switch(actor, account_id, ties):
        raise errors.NotAllowed(
            "Only who runs the service switches this account; a school's lead its own teachers and students."
        )
    return user


def _ties(session: Session, account_id: UUID) -> list[rules.Tie]:
    school_id = sa.func.coalesce(Membership.school_id, Student.school_id, type_=sa.Uuid())
    rows = session.execute(
        sa.select(Membership.role, school_id.label("school_id"))
        .outerjoin(Student, Student.id == Membership.student_id)
        .where(Membership.user_id == account_id)
    )
    return [rules.Tie(row.role, row.school_id) for row in rows]
