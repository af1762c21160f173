"""The life of API keys: issued, rotated, revoked, and a word before they end."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules
from app.auth import service_territories as territories
from app.auth.actors import AT_COMPANY, Actor, Role, system
from app.auth.models import AccessToken, ApiKey, ApiKeySecret
from app.auth.service import KEY_MARK, SCOPES, hash_token, require_scope
from app.events import service as events

REMINDED_BEFORE = timedelta(days=30)
"""How long before a key ends the log says so."""


class NoSuchKey(errors.NotFound):
    """No API key that the actor may see has this id."""

    title = "No such API key"


class BadBinding(errors.Invalid):
    """A key's role and what it is bound to do not fit."""

    title = "Role and binding do not fit"


class BadScopes(errors.Invalid):
    """A scope that does not exist, or that the key's role has no use for."""

    title = "Not a scope for this key"


class KeyEnded(errors.Conflict):
    """The key has been revoked, or has expired; issue another one."""

    title = "The key has ended"


class StillOverlapping(errors.Conflict):
    """The last rotation's overlap is not over: a further one would end a secret that was promised to live."""

    title = "Two secrets are still live"


# --- issuing ----------------------------------------------------------------------------------------------------------


def issue_key(
    session: Session,
    actor: Actor,
    *,
    name: str,
    role: Role,
    scopes: Iterable[str],
    school_id: UUID | None = None,
    company_id: UUID | None = None,
    territory_id: UUID | None = None,
    now: datetime,
    days: int = 365,
    requests_per_minute: int | None = None,
) -> tuple[ApiKey, str]:
    """Create a key; the returned token is shown once and stored nowhere.

    Raises NotAllowed, BadScopes, BadBinding when the role and what it is bound to do not fit, and NotATrainingBody.
    """
    wanted = sorted(set(scopes))
    require_manager(actor, "keys:write")
    _refuse_binding(role, {"school_id": school_id, "company_id": company_id, "territory_id": territory_id})
    territories.require_training_body(session, role, company_id)
    if not rules.can_issue_key(actor, role, school_id, company_id, territory_id):
        raise errors.NotAllowed("You issue keys for what you answer for, in no wider role than yours.")
    if requests_per_minute is not None and not actor.is_administrator:
        raise errors.NotAllowed("Only an administrator gives a key a rate limit of its own.")
    _refuse_scopes(role, wanted)
    # A school, company or territory that does not exist is refused by the foreign key, as a conflict.
    key = ApiKey(
        name=name, role=role, school_id=school_id, company_id=company_id, territory_id=territory_id,
        scopes=" ".join(wanted),
        requests_per_minute=requests_per_minute,
        created_by=actor.id if actor.kind == "user" else None, created_at=now, expires_at=now + timedelta(days=days),
    )  # fmt: skip
    session.add(key)
    session.flush()
    token = _add_secret(session, key, generation=1, now=now)
    events.record(session, actor, "key.issued", key.id, {"scopes": wanted})
    return key, token


def _add_secret(session: Session, key: ApiKey, *, generation: int, now: datetime) -> str:
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    session.add(
        ApiKeySecret(
            key_id=key.id,
            generation=generation,
            prefix=prefix,
            secret_hash=hash_token(secret),
            created_at=now,
        )
    )
    session.flush()
    return f"{KEY_MARK}_{prefix}_{secret}"


def _refuse_scopes(role: Role, wanted: Sequence[str]) -> None:
    unknown = [scope for scope in wanted if scope not in SCOPES]
    excessive = rules.excessive_scopes(role, [scope for scope in wanted if scope in SCOPES])
    faults = [{"in": "body", "field": "scopes", "detail": f"{scope} is not a scope"} for scope in unknown]
    faults += [
        {"in": "body", "field": "scopes", "detail": f"{scope} is not for the role {role}"}
        for scope in excessive
    ]
    if faults:
        raise BadScopes(f"Not for this key: {', '.join(unknown + excessive)}.", faults=faults)


def _refuse_binding(role: Role, given: Mapping[str, UUID | None]) -> None:
    needs = {
        "school_id": role is Role.SCHOOL_LEAD,
        "company_id": role in AT_COMPANY,
        "territory_id": role is Role.COORDINATOR,
    }
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


# --- reading ----------------------------------------------------------------------------------------------------------


def list_keys(
    session: Session, actor: Actor, *, limit: int, after: tuple[datetime, UUID] | None = None
) -> list[ApiKey]:
    """Keys that the actor may see, the newest first; `after` is the (created_at, id) that the page before ended on.

    Raises NotAllowed.
    """
    require_manager(actor, "keys:read")
    found = sa.select(ApiKey).where(_visible_to(actor))
    if after is not None:
        created_at, key_id = after
        found = found.where(
            sa.or_(
                ApiKey.created_at < created_at, sa.and_(ApiKey.created_at == created_at, ApiKey.id > key_id)
            )
        )
    return list(session.scalars(found.order_by(ApiKey.created_at.desc(), ApiKey.id).limit(limit)))


def read_key(session: Session, actor: Actor, key_id: UUID) -> ApiKey:
    """A key that the actor may see. Raises NotAllowed and NoSuchKey."""
    require_manager(actor, "keys:read")
    return _see(actor, session.get(ApiKey, key_id))


def secrets_of(session: Session, keys: Sequence[ApiKey], now: datetime) -> Mapping[UUID, list[ApiKeySecret]]:
    """The live secrets of each key, the newest first; one query."""
    found: dict[UUID, list[ApiKeySecret]] = defaultdict(list)
    is_live = sa.or_(ApiKeySecret.expires_at.is_(None), ApiKeySecret.expires_at > now)
    for secret in session.scalars(
        sa.select(ApiKeySecret)
        .where(ApiKeySecret.key_id.in_([key.id for key in keys]), is_live)
        .order_by(ApiKeySecret.generation.desc())
    ):
        found[secret.key_id].append(secret)
    return found


def _visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.can_see_key` as a condition."""
    if actor.kind == "key":
        return ApiKey.id == actor.id
    if actor.is_administrator:
        return sa.true()
    led = [grant.school_id for grant in actor.grants if actor.is_staff_of(grant.school_id)]
    administered = [
        grant.company_id for grant in actor.grants if actor.is_of_company(grant.company_id, as_admin=True)
    ]
    return sa.or_(
        ApiKey.school_id.in_(led),
        ApiKey.company_id.in_(administered),
        ApiKey.territory_id.in_(actor.territories),
    )


def require_manager(actor: Actor, scope: str) -> None:
    """Refuse who has no keys to look after. Raises NotAllowed."""
    require_scope(actor, scope)
    if not rules.can_manage_keys(actor):
        raise errors.NotAllowed("Only who answers for a school, a company or a territory has keys.")


def _see(actor: Actor, key: ApiKey | None) -> ApiKey:
    if key is None or not rules.can_see_key(actor, key):
        raise NoSuchKey
    return key


# --- changing ---------------------------------------------------------------------------------------------------------


def rotate_key(
    session: Session, actor: Actor, key_id: UUID, *, overlap: timedelta, now: datetime
) -> tuple[ApiKey, str]:
    """Give the key a new secret, shown once; the present one lives on for the overlap.

    Without an overlap all others end at once, and every access token with them: whoever had a leaked secret may have
    asked for one. When the key itself ends does not change. Raises NotAllowed, NoSuchKey, KeyEnded, and
    StillOverlapping while the overlap of an earlier rotation lasts.
    """
    key = _get_for_change(session, actor, key_id)
    if rules.has_key_ended(revoked_at=key.revoked_at, expires_at=key.expires_at, now=now):
        raise KeyEnded
    newest, *earlier = session.scalars(
        sa.select(ApiKeySecret).where(ApiKeySecret.key_id == key_id).order_by(ApiKeySecret.generation.desc())
    )
    for secret in earlier:
        if overlap and secret.expires_at is not None and secret.expires_at > now:
            raise StillOverlapping(
                f"Until {secret.expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC; or rotate without an overlap."
            )
        session.delete(secret)
    if overlap:
        newest.expires_at = now + overlap
    else:
        session.delete(newest)
        session.execute(sa.delete(AccessToken).where(AccessToken.key_id == key_id))
    # Two rotations at once would make the same generation: the second one fails on the primary key.
    token = _add_secret(session, key, generation=newest.generation + 1, now=now)
    data = {"overlap_hours": int(overlap / timedelta(hours=1))}
    events.record(session, actor, "key.rotated", key.id, data)
    return key, token


def revoke_key(session: Session, actor: Actor, key_id: UUID, *, now: datetime) -> ApiKey:
    """End a key, its secrets and its access tokens at once; a second call changes nothing.

    Raises NotAllowed and NoSuchKey.
    """
    key = _get_for_change(session, actor, key_id)
    if key.revoked_at is None:
        key.revoked_at = now
        session.execute(sa.delete(AccessToken).where(AccessToken.key_id == key_id))
        session.execute(sa.delete(ApiKeySecret).where(ApiKeySecret.key_id == key_id))
        events.record(session, actor, "key.revoked", key.id)
    return key


def _get_for_change(session: Session, actor: Actor, key_id: UUID) -> ApiKey:
    require_manager(actor, "keys:write")
    return _see(actor, session.get(ApiKey, key_id, with_for_update=True))


# --- what is due ------------------------------------------------------------------------------------------------------


def remind_of_ends(session: Session, now: datetime) -> int:
    """Log each key that ends within a month, once; how many."""
    due = (
        sa.update(ApiKey)
        .where(
            ApiKey.reminded_at.is_(None), ApiKey.revoked_at.is_(None), ApiKey.expires_at > now,
            ApiKey.expires_at <= now + REMINDED_BEFORE,
        )
        .values(reminded_at=now)
        .returning(ApiKey.id, ApiKey.expires_at)
    )  # fmt: skip
    rows = session.execute(due).all()
    for key_id, expires_at in rows:
        data = {"expires_on": expires_at.date().isoformat()}
        events.record(session, system("worker"), "key.expires_soon", key_id, data)
    return len(rows)


def forget_ended(session: Session, now: datetime) -> dict[str, int]:
    """Delete access tokens and overlapping secrets whose time is over; how many of each."""
    tokens = session.execute(sa.delete(AccessToken).where(AccessToken.expires_at <= now))
    ended = session.execute(sa.delete(ApiKeySecret).where(ApiKeySecret.expires_at <= now))
    return {"access_tokens": _rows(tokens), "key_secrets": _rows(ended)}


def _rows(result: sa.Result[tuple[()]]) -> int:
    return int(result.rowcount)  # type: ignore[attr-defined]
