"""The life of API keys."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules
from app.auth import service_territories as territories
from app.auth.actors import AT_COMPANY, Actor, Role
from app.auth.models import ApiKey
from app.auth.service import KEY_MARK, SCOPES, hash_token
from app.events import service as events


class NoSuchKey(errors.NotFound):
    """No API key has this id."""

    title = "No such API key"


class BadBinding(errors.Invalid):
    """A key's role and what it is bound to do not fit."""

    title = "Role and binding do not fit"


class BadScopes(errors.Invalid):
    """A scope that does not exist."""

    title = "Unknown scope"


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
    days: int = 365,
) -> tuple[ApiKey, str]:
    """Create a key; the returned token is shown once and stored nowhere.

    Raises NotAllowed, BadScopes, BadBinding when the role and what it is bound to do not fit, and NotATrainingBody.
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
    _refuse_binding(role, {"school_id": school_id, "company_id": company_id, "territory_id": territory_id})
    territories.require_training_body(session, role, company_id)
    secret, now = secrets.token_urlsafe(32), datetime.now(UTC)
    # A school, company or territory that does not exist is refused by the foreign key, as a conflict.
    key = ApiKey(
        name=name, prefix=secrets.token_hex(4), secret_hash=hash_token(secret), role=role, school_id=school_id,
        company_id=company_id, territory_id=territory_id, scopes=" ".join(wanted),
        created_by=actor.id if actor.kind == "user" else None, created_at=now, expires_at=now + timedelta(days=days),
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
