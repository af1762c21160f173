"""Identifying callers, and what every call of theirs asks for."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules, scopes
from app.auth.actors import Actor, Grant
from app.auth.models import (
    AccessToken,
    ApiKey,
    ApiKeySecret,
    IdempotencyKey,
    Membership,
    SecondFactor,
    SignIn,
    TaughtClass,
    TerritoryProvince,
    User,
)
from app.db import Prepared

COOKIE = "bottega_session"
KEY_MARK, TOKEN_MARK = "btg", "bta"
"""How a key and an access token begin: whoever finds one, a secret scanner too, sees what it is."""
SEEN_EVERY = timedelta(minutes=10)
"""How exactly a session knows when it was last used."""
KEPT_FOR = timedelta(hours=24)
"""How long the answer to a POST is kept for its repetition."""


class BadCredentials(errors.NotSignedIn):
    """No such caller; which part was wrong is not said."""

    title = "The credentials are not valid"


class SecondFactorMissing(errors.NotSignedIn):
    """The session can do nothing before the second factor has been given, or set up."""

    title = "Give the second factor first"


class ScopeMissing(errors.NotAllowed):
    """The API key was not given this scope."""

    title = "The key lacks a scope"


class HatMissing(errors.NotAllowed):
    """The person has several memberships, and has not said by which one to act."""

    title = "Choose a role first"


SCOPES = scopes.ALL


def require_scope(actor: Actor, scope: str) -> None:
    """Refuse a key that was not given `scope`. Raises ScopeMissing."""
    if not actor.has_scope(scope):
        raise ScopeMissing(f"This key lacks the scope {scope}.")


def hash_token(token: str) -> str:
    """The stored form of a random token; it has 256 bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()


# --- who is calling ---------------------------------------------------------------------------------------------------


class Use(NamedTuple):
    """That a secret of a key was used, or a session (then there is no prefix)."""

    id: UUID
    prefix: str | None = None


def identify(
    session: Session, *, bearer: str | None, cookie: str | None, request_id: str, now: datetime
) -> tuple[Actor, Use | None]:
    """The actor behind an API key, an access token or a session cookie.

    The second value is there when the use of key or session has not been noted lately. Raises NotSignedIn without
    credentials, BadCredentials with wrong, expired or revoked ones, and SecondFactorMissing.
    """
    if bearer is not None:
        scheme, _, token = bearer.partition(" ")
        token = token.strip()
        if scheme.lower() == "bearer" and token.startswith(f"{TOKEN_MARK}_"):
            return _identify_token(session, token, request_id, now), None
        if scheme.lower() == "bearer":
            row = check_secret(session, token, now)
            return _program(session, row, row.scopes, request_id), use_of(row, now)
        raise BadCredentials
    if cookie is not None:
        return _identify_person(session, cookie, request_id, now)
    raise errors.NotSignedIn("Send an API key as `Authorization: Bearer …`, or sign in.")


def check_secret(session: Session, given: str, now: datetime) -> sa.Row[*tuple[Any, ...]]:
    """The key whose live secret this is, with the secret's own columns. Raises BadCredentials."""
    mark, _, rest = given.partition("_")
    prefix, _, secret = rest.partition("_")
    if mark != KEY_MARK or not secret or "\0" in prefix:
        raise BadCredentials
    row = _key_by_prefix.one_or_none(session, prefix=prefix)
    # Whoever is unknown costs as much as who is not.
    is_right = secrets.compare_digest(row.secret_hash if row else _NO_HASH, hash_token(secret))
    if (
        row is None
        or not is_right
        or _has_ended(row, now)
        or (row.ends_at is not None and row.ends_at <= now)
    ):
        raise BadCredentials
    found: sa.Row[*tuple[Any, ...]] = row
    return found


def _identify_token(session: Session, token: str, request_id: str, now: datetime) -> Actor:
    row = _key_by_token.one_or_none(session, token_hash=hash_token(token))
    if row is None or row.ends_at <= now or _has_ended(row, now):
        raise BadCredentials
    return _program(session, row, row.granted, request_id)


def _has_ended(row: sa.Row[*tuple[Any, ...]], now: datetime) -> bool:
    return rules.has_key_ended(revoked_at=row.revoked_at, expires_at=row.expires_at, now=now)


def _program(session: Session, row: sa.Row[*tuple[Any, ...]], granted: str, request_id: str) -> Actor:
    return Actor(
        kind="key",
        id=row.id,
        name=row.name,
        grants=(
            Grant(
                row.role, school_id=row.school_id, company_id=row.company_id, territory_id=row.territory_id,
                provinces=_provinces(session, row.territory_id),
            ),
        ),
        scopes=scopes.read(granted),
        requests_per_minute=row.requests_per_minute,
        request_id=request_id,
    )  # fmt: skip


def use_of(row: sa.Row[*tuple[Any, ...]], now: datetime) -> Use | None:
    """That the secret was used, unless that has been noted today."""
    is_noted = row.used_at is not None and row.used_at > now - timedelta(days=1)
    return None if is_noted else Use(row.id, row.prefix)


# Plain columns, one statement: asked in every call, and three times as fast as those of the class.
_key, _secret, _token = ApiKey.__table__.c, ApiKeySecret.__table__.c, AccessToken.__table__.c
_of_key = (
    _key.id, _key.name, _key.role, _key.school_id, _key.company_id, _key.territory_id, _key.scopes, _key.requests_per_minute,
    _key.expires_at, _key.revoked_at,
)  # fmt: skip
_key_by_prefix = Prepared(
    sa.select(
        *_of_key, _secret.prefix, _secret.secret_hash, _secret.expires_at.label("ends_at"),
        _secret.last_used_at.label("used_at"),
    )
    .join_from(ApiKeySecret.__table__, ApiKey.__table__)
    .where(_secret.prefix == sa.bindparam("prefix"))
)  # fmt: skip
_key_by_token = Prepared(
    sa.select(*_of_key, _token.scopes.label("granted"), _token.expires_at.label("ends_at"))
    .join_from(AccessToken.__table__, ApiKey.__table__)
    .where(_token.token_hash == sa.bindparam("token_hash"))
)
_NO_HASH = "0" * 64


def note_use(session: Session, use: Use, now: datetime) -> None:
    """Remember that a secret or a session is in use; now and then is enough, and keeps reads from writing."""
    if use.prefix is None:
        session.execute(sa.update(SignIn).where(SignIn.id == use.id).values(seen_at=now))
        return
    session.execute(sa.update(ApiKey).where(ApiKey.id == use.id).values(last_used_at=now))
    session.execute(sa.update(ApiKeySecret).where(ApiKeySecret.prefix == use.prefix).values(last_used_at=now))


def _identify_person(
    session: Session, cookie: str, request_id: str, now: datetime
) -> tuple[Actor, Use | None]:
    row = _person_by_token.one_or_none(session, token_hash=hash_token(cookie))
    if row is None:
        raise BadCredentials
    hats = _hats(session, row.id)
    # All roles count here, also those not worn: the hat can be changed without signing in again.
    roles = {grant.role for grant in hats.values()}
    if rules.has_ended(roles, begun_at=row.created_at, ends_at=row.expires_at, now=now):
        raise BadCredentials
    is_enrolled, has_given = row.confirmed_at is not None, row.second_factor_at is not None
    is_strict = rules.must_have_second_factor(roles)
    if rules.lacks_second_factor(is_strict=is_strict, is_enrolled=is_enrolled, has_given=has_given):
        raise SecondFactorMissing
    worn = hats.get(row.membership_id)
    grants = (worn,) if worn is not None else tuple(hats.values()) if len(hats) == 1 else ()
    actor = Actor(
        kind="user", id=row.id, name=row.name, grants=grants, request_id=request_id, language=row.language,
        hats=len(hats),
    )  # fmt: skip
    return actor, Use(row.session_id) if row.seen_at <= now - SEEN_EVERY else None


_person_by_token = Prepared(
    sa.select(
        User.id, User.name, User.language, SignIn.id.label("session_id"), SignIn.membership_id,
        SignIn.created_at, SignIn.seen_at, SignIn.expires_at, SignIn.second_factor_at, SecondFactor.confirmed_at,
    )
    .join(SignIn, SignIn.user_id == User.id)
    .outerjoin(SecondFactor, SecondFactor.user_id == User.id)
    .where(SignIn.token_hash == sa.bindparam("token_hash"), User.is_active)
)  # fmt: skip


def with_all_hats(session: Session, user_id: UUID) -> Actor | None:
    """A person with all their roles at once, for what is read without signing in; None for who cannot sign in."""
    user = session.get(User, user_id)
    if user is None or not user.is_active:
        return None
    hats = _hats(session, user_id)
    return Actor(kind="user", id=user.id, name=user.name, grants=tuple(hats.values()), language=user.language)


def _hats(session: Session, user_id: UUID) -> dict[UUID, Grant]:
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
    return {
        row.id: Grant(
            row.role, school_id=row.school_id, class_ids=frozenset(classes[row.id]), student_id=row.student_id,
            company_id=row.company_id, territory_id=row.territory_id,
            provinces=_provinces(session, row.territory_id),
        )
        for row in by_id.values()
    }  # fmt: skip


def _provinces(session: Session, territory_id: UUID | None) -> frozenset[str]:
    # One more question for coordinators, none for all the others.
    if territory_id is None:
        return frozenset()
    of_territory = TerritoryProvince.territory_id == territory_id
    return frozenset(session.scalars(sa.select(TerritoryProvince.province_code).where(of_territory)))


# --- what ends by itself ---------------------------------------------------------------------------------------------


def forget_expired(session: Session, now: datetime) -> dict[str, int]:
    """Delete sessions that have ended and answers kept for repetition longer than a day; how many of each."""
    ended = session.execute(sa.delete(SignIn).where(SignIn.expires_at <= now))
    kept = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))
    return {"sign_ins": _rows(ended), "idempotency_keys": _rows(kept)}


def _rows(result: sa.Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
