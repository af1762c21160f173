"""Identifying callers, and what every call of theirs asks for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth.actors import Actor, Grant
from app.auth.models import ApiKey, IdempotencyKey, Membership, SignIn, TaughtClass, TerritoryProvince, User

COOKIE = "bottega_session"
KEY_MARK = "btg"
KEPT_FOR = timedelta(hours=24)
"""How long the answer to a POST is kept for its repetition."""


class BadCredentials(errors.NotSignedIn):
    """No such caller; which part was wrong is not said."""

    title = "The credentials are not valid"


class ScopeMissing(errors.NotAllowed):
    """The API key was not given this scope."""

    title = "The key lacks a scope"


SCOPES = frozenset(
    f"{noun}:{verb}"
    for noun in ("schools", "students", "companies", "opportunities", "matches", "disclosures", "events")
    for verb in ("read", "write")
) - {"events:write"}


def require_scope(actor: Actor, scope: str) -> None:
    """Refuse a key that was not given `scope`. Raises ScopeMissing."""
    if not actor.has_scope(scope):
        raise ScopeMissing(f"This key lacks the scope {scope}.")


def hash_token(token: str) -> str:
    """The stored form of a random token; it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- who is calling ---------------------------------------------------------------------------------------------------


def identify(
    session: Session, *, bearer: str | None, cookie: str | None, request_id: str
) -> tuple[Actor, UUID | None]:
    """The actor behind an API key or a session cookie.

    The second value is the key's id when today's use of it has not been noted yet. Raises NotSignedIn without
    credentials and BadCredentials with wrong, expired or revoked ones.
    """
    if bearer is not None:
        return _identify_key(session, bearer, request_id)
    if cookie is not None:
        return _identify_person(session, cookie, request_id), None
    raise errors.NotSignedIn("Send an API key as `Authorization: Bearer …`, or sign in.")


def _identify_key(session: Session, bearer: str, request_id: str) -> tuple[Actor, UUID | None]:
    scheme, _, token = bearer.partition(" ")
    mark, _, rest = token.strip().partition("_")
    prefix, _, secret = rest.partition("_")
    if scheme.lower() != "bearer" or mark != KEY_MARK or not secret:
        raise BadCredentials
    row = session.execute(_key_by_prefix, {"prefix": prefix}).one_or_none()
    now = datetime.now(UTC)
    if (
        row is None
        or not secrets.compare_digest(row.secret_hash, hash_token(secret))
        or row.revoked_at is not None
        or row.expires_at <= now
    ):
        raise BadCredentials
    actor = Actor(
        kind="key",
        id=row.id,
        name=row.name,
        grants=(
            Grant(
                row.role, school_id=row.school_id, company_id=row.company_id, territory_id=row.territory_id,
                provinces=_provinces(session, row.territory_id),
            ),
        ),
        scopes=frozenset(row.scopes.split()),
        request_id=request_id,
    )  # fmt: skip
    is_noted = row.last_used_at is not None and row.last_used_at > now - timedelta(days=1)
    return actor, None if is_noted else row.id


# Plain columns: asked in every call, and three times as fast as those of the class.
_key_by_prefix = sa.select(ApiKey.__table__).where(ApiKey.__table__.c.prefix == sa.bindparam("prefix"))


def note_use(session: Session, key_id: UUID) -> None:
    """Remember that the key is in use; once a day is enough, and keeps reads from writing."""
    session.execute(sa.update(ApiKey).where(ApiKey.id == key_id).values(last_used_at=datetime.now(UTC)))


def _identify_person(session: Session, cookie: str, request_id: str) -> Actor:
    row = session.execute(_person_by_token, {"token_hash": hash_token(cookie)}).one_or_none()
    if row is None or row.expires_at <= datetime.now(UTC):
        raise BadCredentials
    return Actor(
        kind="user", id=row.id, name=row.name, grants=_grants(session, row.id), request_id=request_id,
        language=row.language,
    )  # fmt: skip


_person_by_token = (
    sa.select(User.id, User.name, User.language, SignIn.expires_at)
    .join(SignIn, SignIn.user_id == User.id)
    .where(SignIn.token_hash == sa.bindparam("token_hash"), User.is_active)
)


def _grants(session: Session, user_id: UUID) -> tuple[Grant, ...]:
    rows = session.execute(
        sa.select(
            Membership.id, Membership.role, Membership.school_id, Membership.company_id, Membership.student_id,
            Membership.territory_id, TaughtClass.class_id,
        )
        .outerjoin(TaughtClass, TaughtClass.membership_id == Membership.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.id)
    ).all()  # fmt: skip
    classes: dict[UUID, set[UUID]] = {}
    for row in rows:
        classes.setdefault(row.id, set()).update({row.class_id} - {None})
    by_id = {row.id: row for row in rows}
    return tuple(
        Grant(
            row.role, school_id=row.school_id, class_ids=frozenset(classes[row.id]), student_id=row.student_id,
            company_id=row.company_id, territory_id=row.territory_id,
            provinces=_provinces(session, row.territory_id),
        )
        for row in by_id.values()
    )  # fmt: skip


def _provinces(session: Session, territory_id: UUID | None) -> frozenset[str]:
    # One more question for coordinators, none for all the others.
    if territory_id is None:
        return frozenset()
    of_territory = TerritoryProvince.territory_id == territory_id
    return frozenset(session.scalars(sa.select(TerritoryProvince.province_code).where(of_territory)))


# --- what ends by itself ---------------------------------------------------------------------------------------------


def forget_expired(session: Session) -> dict[str, int]:
    """Delete sessions that have ended and answers kept for repetition longer than a day; how many of each."""
    now = datetime.now(UTC)
    ended = session.execute(sa.delete(SignIn).where(SignIn.expires_at <= now))
    kept = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))
    return {"sign_ins": _rows(ended), "idempotency_keys": _rows(kept)}


def _rows(result: sa.Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
