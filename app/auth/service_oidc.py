"""Sign-ins with OpenID Connect: begun in one browser, ended there once, and whose they are."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.auth.models import Identity, OidcFlow, User
from app.auth.oidc import Who
from app.auth.service import hash_token
from app.events import service as events

VALID_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a flow keeps to itself. `browser` goes into a cookie, `state` and `nonce` to the provider."""

    state: str
    browser: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Flow:
    """What was kept for the way back."""

    nonce: str
    verifier: str
    next: str


def begin() -> Begun:
    """New secrets of 256 bits each."""
    return Begun(*(secrets.token_urlsafe(32) for _ in range(4)))


def keep(session: Session, begun: Begun, *, provider: str, next_page: str, now: datetime) -> None:
    """Remember a flow for ten minutes."""
    session.add(
        OidcFlow(
            state_hash=hash_token(begun.state), browser_hash=hash_token(begun.browser), provider=provider,
            nonce=begun.nonce, verifier=begun.verifier, next=next_page, expires_at=now + VALID_FOR,
        )
    )  # fmt: skip


def take(session: Session, *, state: str, browser: str, provider: str, now: datetime) -> Flow | None:
    """End a flow and return it; None unless this browser began it with this provider, not long ago, and for the first time."""
    row = session.execute(
        sa.delete(OidcFlow)
        .where(
            OidcFlow.state_hash == hash_token(state),
            OidcFlow.browser_hash == hash_token(browser),
            OidcFlow.provider == provider,
            OidcFlow.expires_at > now,
        )
        .returning(OidcFlow.nonce, OidcFlow.verifier, OidcFlow.next)
    ).one_or_none()
    return Flow(*row) if row is not None else None


def find_person(
    session: Session, who: Who, *, allows_demo: bool, request_id: str, now: datetime
) -> User | None:
    """The active person with this identity; the first time, the one with the verified address. Nobody is made.

    Somebody who has another identity of the same issuer is not found by address: addresses are given to new people.
    """
    known = session.scalar(
        sa.select(User)
        .join(Identity, Identity.user_id == User.id)
        .where(Identity.issuer == who.issuer, Identity.subject == who.subject)
    )
    user = known
    if known is None and who.email is not None:
        has_other = sa.exists().where(Identity.user_id == User.id, Identity.issuer == who.issuer)
        user = session.scalar(sa.select(User).where(User.email == who.email, ~has_other))
    if user is None or not user.is_active or (user.is_demo and not allows_demo):
        return None
    if known is None:
        session.add(Identity(user_id=user.id, issuer=who.issuer, subject=who.subject, created_at=now))
        session.flush()
        actor = Actor(kind="user", id=user.id, name=user.name, request_id=request_id)
        events.record(session, actor, "user.identity_linked", user.id)
    return user


def forget(session: Session, now: datetime) -> int:
    """Delete flows that nobody came back from; how many."""
    gone: sa.Result[Any] = session.execute(sa.delete(OidcFlow).where(OidcFlow.expires_at <= now))
    return int(gone.rowcount)  # type: ignore[attr-defined]
