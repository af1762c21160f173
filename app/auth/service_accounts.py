"""A person's own account: the user name and the first password of who came without either."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service_log, usernames
from app.auth.actors import Actor
from app.auth.models import User


class HasPassword(errors.Conflict):
    """The person has a password already; it is changed where the old one is asked for."""

    title = "There is a password already"


def own(session: Session, actor: Actor) -> User:
    """The person's own account. Raises NotAllowed for programs."""
    user = session.get(User, actor.id) if actor.kind == "user" else None
    if user is None:
        raise errors.NotAllowed("Only a person has an account.")
    return user


def set_first_password(session: Session, actor: Actor, *, username: str, password_hash: str) -> None:
    """Let a person who has no password sign in with one, and with the user name.

    Raises NotAllowed, HasPassword, BadUsername and UsernameTaken.
    """
    user = own(session, actor)
    usernames.choose(session, user.id, username, real_names=(user.name,))
    changed = session.execute(
        sa.update(User)
        .where(User.id == user.id, User.password_hash.is_(None))
        .values(password_hash=password_hash)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise HasPassword
    service_log.note(session, "password_changed", user.id, request_id=actor.request_id)
