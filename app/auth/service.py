"""Identifying callers, signing people in, and the life of API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules
from app.auth.actors import Actor, Grant, Role
from app.auth.models import ApiKey, IdempotencyKey, Membership, SignIn, TaughtClass, User
from app.events import service as events

COOKIE = "bottega_session"
KEY_MARK = "btg"
KEPT_FOR = timedelta(hours=24)
"""How long the answer to a POST is kept for its repetition."""


class BadCredentials(errors.NotSignedIn):
    """No such caller; which part was wrong is not said."""

    title = "The credentials are not valid"


class NoSuchKey(errors.NotFound):
    """No API key has this id."""

    title = "No such API key"


class BadBinding(errors.Invalid):
    """A key's role and what it is bound to do not fit."""

    title = "Role and binding do not fit"


class BadScopes(errors.Invalid):
    """A scope that does not exist."""

    title = "Unknown scope"


class ScopeMissing(errors.NotAllowed):
    """The API key was not given this scope."""

    title = "The key lacks a scope"


SCOPES = frozenset(
    f"{noun}:{verb}"
    for noun in ("schools", "students", "companies", "opportunities", "matches", "events")
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
        grants=(Grant(row.role, school_id=row.school_id, company_id=row.company_id),),
        scopes=frozenset(row.scopes.split()),
        request_id=request_id,
    )
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
            TaughtClass.class_id,
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
            company_id=row.company_id,
        )
        for row in by_id.values()
    )  # fmt: skip


# --- people -----------------------------------------------------------------------------------------------------------


@cache
def _passwords() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _decoy() -> str:
    return _passwords().hash(secrets.token_urlsafe(16))


def hash_password(password: str) -> str:
    """An argon2id hash."""
    return _passwords().hash(password)


def find_person(session: Session, email: str, *, allows_demo: bool = False) -> User | None:
    """The active person with this address; the demo's people, whose password everybody knows, only if allowed."""
    user = session.scalar(sa.select(User).where(User.email == email.strip().lower(), User.is_active))
    return None if user is None or (user.is_demo and not allows_demo) else user


def has_password(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody. Slow by design: call it outside of any block."""
    stored = user.password_hash if user is not None else None
    return _passwords().verify(password, stored or _decoy()) and stored is not None


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


def forget_expired(session: Session) -> dict[str, int]:
    """Delete sessions that have ended and answers kept for repetition longer than a day; how many of each."""
    now = datetime.now(UTC)
    ended = session.execute(sa.delete(SignIn).where(SignIn.expires_at <= now))
    kept = session.execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at <= now - KEPT_FOR))
    return {"sign_ins": _rows(ended), "idempotency_keys": _rows(kept)}


def _rows(result: sa.Result[Any]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]


def add_user(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    grants: Iterable[Grant] = (),
    password_hash: str | None = None,
    is_demo: bool = False,
    user_id: UUID | None = None,
) -> User:
    """Create a person with what they are to whom."""
    user = User(
        email=email.strip().lower(), name=name, password_hash=password_hash, is_demo=is_demo,
        created_at=datetime.now(UTC),
    )  # fmt: skip
    if user_id is not None:
        user.id = user_id
    session.add(user)
    session.flush()
    for grant in grants:
        add_membership(session, user.id, grant)
    events.record(session, actor, "user.created", user.id)
    return user


def add_membership(session: Session, user_id: UUID, grant: Grant) -> Membership:
    """Let a person be something more; whoever calls records what it means."""
    membership = Membership(
        user_id=user_id, role=grant.role, school_id=grant.school_id, company_id=grant.company_id,
        student_id=grant.student_id,
    )  # fmt: skip
    session.add(membership)
    session.flush()
    session.add_all(
        TaughtClass(membership_id=membership.id, class_id=class_id) for class_id in sorted(grant.class_ids)
    )
    session.flush()
    return membership


# --- API keys ---------------------------------------------------------------------------------------------------------


def issue_key(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: Role,
    scopes: Iterable[str],
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    days: int = 365,
) -> tuple[ApiKey, str]:
    """Create a key; the returned token is shown once and stored nowhere.

    Raises NotAllowed, BadScopes, and BadBinding when the role and what it is bound to do not fit.
    """
    wanted = sorted(set(scopes))
    _require_key_manager(actor)
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown:
        raise BadScopes(
            f"Unknown scope: {', '.join(unknown)}.",
            faults=[
                {"in": "body", "field": "scopes", "detail": f"{scope} is not a scope"} for scope in unknown
            ],
        )
    _refuse_binding(role, school_id, company_id)
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    # A school or company that does not exist is refused by the foreign key, as a conflict.
    key = ApiKey(
        name=name, prefix=secrets.token_hex(4), secret_hash=hash_token(secret), role=role, school_id=school_id,
        company_id=company_id, scopes=" ".join(wanted), created_by=actor.id if actor.kind == "user" else None,
        created_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(key)
    session.flush()
    events.record(session, actor, "key.issued", key.id, {"scopes": wanted})
    return key, f"{KEY_MARK}_{key.prefix}_{secret}"


def list_keys(
    session: Session, actor: Actor, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[ApiKey]:
    """Keys, the newest first; `after` is the (created_at, id) that the page before ended on. Raises NotAllowed."""
    _require_key_manager(actor)
    found = sa.select(ApiKey).order_by(ApiKey.created_at.desc(), ApiKey.id).limit(limit)
    if after is not None:
        created_at, key_id = after
        found = found.where(
            sa.or_(
                ApiKey.created_at < created_at, sa.and_(ApiKey.created_at == created_at, ApiKey.id > key_id)
            )
        )
    return list(session.scalars(found))


def _require_key_manager(actor: Actor) -> None:
    if not rules.can_manage_keys(actor):
        raise errors.NotAllowed("Only an administrator issues and revokes API keys.")


def _refuse_binding(role: Role, school_id: UUID | None, company_id: UUID | None) -> None:
    needs = {
        "school_id": role is Role.SCHOOL_LEAD,
        "company_id": role in (Role.COMPANY_ADMIN, Role.COMPANY_MEMBER),
    }
    given = {"school_id": school_id, "company_id": company_id}
    faults = []
    if role in (Role.STUDENT, Role.TEACHER):
        faults.append({"in": "body", "field": "role", "detail": "a key cannot be a student or a teacher"})
    for field, value in given.items():
        if needs[field] and value is None:
            faults.append({"in": "body", "field": field, "detail": f"the role {role} needs it"})
        elif not needs[field] and value is not None:
            faults.append({"in": "body", "field": field, "detail": f"the role {role} is not bound to one"})
    if faults:
        raise BadBinding(faults=faults)


def revoke_key(session: Session, actor: Actor, key_id: UUID) -> ApiKey:
    """End a key at once; a second call changes nothing. Raises NotAllowed and NoSuchKey."""
    _require_key_manager(actor)
    key = session.get(ApiKey, key_id)
    if key is None:
        raise NoSuchKey
    if key.revoked_at is None:
        key.revoked_at = datetime.now(UTC)
        events.record(session, actor, "key.revoked", key.id)
    return key
