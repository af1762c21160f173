"""Signing in by mail: a link, and beside it a code to type, for half an hour and once.

Looking at a link uses nothing up: the mail scanners of schools open every link. Rows are written for addresses that
nobody has as well, so that the answer takes the same work; they open nothing.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app.auth import codes
from app.auth.models import SignInCode, User
from app.auth.service import hash_token

VALID_FOR = timedelta(minutes=30)
MOST_WRONG_CODES = 5
LENGTH = 8


class Mailed(NamedTuple):
    """What goes into the mail; it is stored nowhere."""

    token: str
    code: str


def make(session: Session, secret: SecretStr, *, email: str, user: User | None, now: datetime) -> Mailed:
    """A link's token and a code for the person with this address; the same work where there is none."""
    token = secrets.token_urlsafe(32)
    code = codes.make(LENGTH)
    session.add(
        SignInCode(
            user_id=user.id if user is not None else None, link_hash=hash_token(token),
            code_hash=_code_hash(secret, email, code), created_at=now, expires_at=now + VALID_FOR,
        )
    )  # fmt: skip
    session.flush()
    return Mailed(token, code)


def look(session: Session, token: str, now: datetime) -> User | None:
    """Whom a link would sign in; uses nothing up."""
    return session.scalar(
        sa.select(User)
        .join(SignInCode, SignInCode.user_id == User.id)
        .where(SignInCode.link_hash == hash_token(token), _is_open(now), User.is_active)
    )


def use_link(session: Session, token: str, now: datetime) -> User | None:
    """Use a link up; the person, for the first who asks in time."""
    return _use(session, SignInCode.link_hash == hash_token(token), now)


def use_code(session: Session, secret: SecretStr, *, email: str, code: str, now: datetime) -> User | None:
    """Use a typed code up; the person, for the first who asks in time. A wrong one counts against the address's codes.

    A guess is a guess at the codes of one address.
    """
    is_it = SignInCode.code_hash == _code_hash(secret, email, code)
    user = _use(session, sa.and_(is_it, SignInCode.wrong_codes < MOST_WRONG_CODES), now)
    if user is None:
        of_address = sa.select(User.id).where(User.email == email.strip().lower()).scalar_subquery()
        session.execute(
            sa.update(SignInCode)
            .where(SignInCode.user_id == of_address, _is_open(now), SignInCode.wrong_codes < MOST_WRONG_CODES)
            .values(wrong_codes=SignInCode.wrong_codes + 1)
        )
    return user


def _use(session: Session, is_it: sa.ColumnElement[bool], now: datetime) -> User | None:
    # One conditional UPDATE: of two who come at once, one finds it open.
    user_id: UUID | None = session.scalar(
        sa.update(SignInCode).where(is_it, _is_open(now)).values(used_at=now).returning(SignInCode.user_id)
    )
    if user_id is None:
        return None
    others = sa.update(SignInCode).where(SignInCode.user_id == user_id, _is_open(now))
    session.execute(others.values(used_at=now))
    return session.scalar(sa.select(User).where(User.id == user_id, User.is_active))


def _is_open(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(SignInCode.used_at.is_(None), SignInCode.expires_at > now)


def _code_hash(secret: SecretStr, email: str, code: str) -> str:
    return codes.keyed_hash(secret, "sign-in code", code, email.strip().lower())


def forget(session: Session, now: datetime) -> int:
    """Delete what nobody can use any more; how many."""
    return int(session.execute(sa.delete(SignInCode).where(SignInCode.expires_at <= now)).rowcount)  # type: ignore[attr-defined]
