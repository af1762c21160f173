"""Passwords: set, changed and removed by their person. Hashing is slow by design and happens outside of any block."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules, service_log
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.models import User
from app.auth.service_sessions import Present


class BadPassword(errors.Invalid):
    """The new password cannot be taken; `faults` says why."""

    title = "This password cannot be taken"

    def __init__(self, fault: str) -> None:
        super().__init__(faults=[{"in": "body", "field": "new_password", "detail": _FAULTS[fault]}])
        self.fault = fault


class NotProven(errors.NotAllowed):
    """Neither the password in force nor, without it, a fresh sign-in by another way."""

    title = "Sign in again, or give the present password"


_FAULTS = {
    "short": f"needs at least {rules.SHORTEST_PASSWORD} characters",
    "long": f"takes at most {rules.LONGEST_PASSWORD} characters",
    "common": "is one of those that are tried first",
    "plain": "is a row or a repetition of signs",
    "own": "is made of the person's own name or address",
}


def prove(database_hash: str | None, present: Present, given: str) -> None:
    """Refuse who does not know the password in force, unless another way in was taken lately, or there is none.

    Slow: outside of any block. Raises NotProven.
    """
    if given and people.matches(database_hash, given):
        return
    is_enough = present.is_fresh if database_hash is None else present.is_fresh_otherwise
    if not is_enough or given:
        raise NotProven


def make_hash(present: Present, new: str) -> str:
    """The hash of a new password. Slow: outside of any block. Raises BadPassword."""
    fault = rules.password_fault(new, name=present.name, account=present.sign_in_name)
    if fault is not None:
        raise BadPassword(fault)
    return people.hash_password(new)


def stored_hash(session: Session, user_id: UUID) -> str | None:
    """The hash of the password in force."""
    return session.scalar(sa.select(User.password_hash).where(User.id == user_id))


def keep(session: Session, present: Present, password_hash: str | None, *, request_id: str) -> None:
    """Set, change or remove (None) the password, and end the person's other sessions."""
    session.execute(sa.update(User).where(User.id == present.user_id).values(password_hash=password_hash))
    action = "password_removed" if password_hash is None else "password_changed"
    service_log.note(session, action, present.user_id, request_id=request_id)
    sessions.end_all(session, present.user_id, keeps=present.session_id, request_id=request_id)
