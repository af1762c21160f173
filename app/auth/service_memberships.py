"""Ending and changing what a person is to an organisation, so that somebody is always left who answers for it."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app import errors
from app.auth.actors import Role
from app.auth.models import Membership, TaughtClass, User

ANSWERS_FOR = {Role.SCHOOL_LEAD: Membership.school_id, Role.COMPANY_ADMIN: Membership.company_id}
"""The roles of which an organisation keeps at least one, and the column that says which organisation."""


class LastOne(errors.Conflict):
    """Nobody would be left who answers for the school or the company."""

    title = "Somebody must be left in charge"


def end(session: Session, membership: Membership) -> None:
    """Take a role from a person, whose account stays. Raises LastOne."""
    _lock(session, membership)
    ended = session.execute(
        sa.delete(Membership)
        .where(Membership.id == membership.id, _somebody_is_left(membership))
        .execution_options(synchronize_session=False)
    )
    _require_change(ended)
    session.expunge(membership)


def change_role(session: Session, membership: Membership, role: Role) -> None:
    """Give a person another role at the same organisation; classes go with the role of a teacher.

    Raises LastOne. A role that the person has there already is refused by the table.
    """
    if membership.role is role:
        return
    _lock(session, membership)
    changed = session.execute(
        sa.update(Membership)
        .where(Membership.id == membership.id, _somebody_is_left(membership))
        .values(role=role)
        .execution_options(synchronize_session=False)
    )
    _require_change(changed)
    session.execute(sa.delete(TaughtClass).where(TaughtClass.membership_id == membership.id))
    session.refresh(membership)


def has_anybody(session: Session, role: Role, organisation_id: UUID) -> bool:
    """Whether an active person answers for the organisation in this role."""
    return bool(
        session.scalar(
            sa.select(
                sa.exists()
                .where(Membership.role == role, ANSWERS_FOR[role] == organisation_id)
                .where(User.id == Membership.user_id, User.is_active)
            )
        )
    )


def _lock(session: Session, membership: Membership) -> None:
    # Of two who take the role from each other at once, the second waits here and then finds nobody left but one.
    # The condition alone is not enough where each sees the other's row as it was (PostgreSQL, READ COMMITTED).
    column = ANSWERS_FOR.get(membership.role)
    if column is not None:
        own = getattr(membership, column.key)
        session.execute(
            sa.select(Membership.id)
            .where(column == own, Membership.role == membership.role)
            .order_by(Membership.id)
            .with_for_update()
        )


def _somebody_is_left(membership: Membership) -> sa.ColumnElement[bool]:
    column = ANSWERS_FOR.get(membership.role)
    if column is None:
        return sa.true()
    other = aliased(Membership)
    return (
        sa.exists()
        .where(
            getattr(other, column.key) == getattr(membership, column.key),
            other.role == membership.role,
            other.id != membership.id,
        )
        .where(User.id == other.user_id, User.is_active)
    )


def _require_change(result: sa.Result[object]) -> None:
    if not result.rowcount:  # type: ignore[attr-defined]
        raise LastOne("Name somebody else first.")
