"""The sessions of people who have signed in."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.auth.models import SignIn, User
from app.auth.service import hash_token
from app.events import service as events


def sign_in(session: Session, user: User, *, hours: int, request_id: str) -> str:
    """Open a session and return its token, which is stored nowhere."""
    token = secrets.token_urlsafe(32)
    now = datetime.now(UTC)
    session.execute(sa.delete(SignIn).where(SignIn.user_id == user.id, SignIn.expires_at <= now))
    session.add(
        SignIn(
            token_hash=hash_token(token),
            user_id=user.id,
            created_at=now,
            expires_at=now + timedelta(hours=hours),
        )
    )
    actor = Actor(kind="user", id=user.id, name=user.name, request_id=request_id)
    events.record(session, actor, "user.signed_in", user.id)
    return token


def sign_out(session: Session, cookie: str | None) -> None:
    """End the session behind the cookie, if there is one."""
    if cookie:
        session.execute(sa.delete(SignIn).where(SignIn.token_hash == hash_token(cookie)))
