"""People: their passwords, what they are to whom, what they choose for themselves, and the people of the demo."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from pwdlib import PasswordHash
from sqlalchemy.orm import Session

from app.auth import service_territories as territories
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, TaughtClass, User
from app.events import service as events


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
    """The active person with this address or user name.

    The demo's people, whose password everybody knows, only if allowed.
    """
    name = email.strip().lower()
    is_named = User.email == name if "@" in name else User.username == name
    user = session.scalar(sa.select(User).where(is_named, User.is_active))
    return None if user is None or (user.is_demo and not allows_demo) else user


def find_by_address(session: Session, email: str) -> User | None:
    """The person with this address, active or not, for whoever runs the service."""
    return session.scalar(sa.select(User).where(User.email == email.strip().lower()))


def count_administrators(session: Session) -> int:
    """How many active people run the service; the demo's do not count."""
    return (
        session.scalar(
            sa.select(sa.func.count(Membership.id))
            .join(User, User.id == Membership.user_id)
            .where(Membership.role == Role.ADMINISTRATOR, User.is_active, ~User.is_demo)
        )
        or 0
    )


def is_administrator(session: Session, user_id: UUID) -> bool:
    """Whether this person runs the service."""
    held = sa.select(Membership.id).where(
        Membership.user_id == user_id, Membership.role == Role.ADMINISTRATOR
    )
    return session.scalar(held.limit(1)) is not None


def has_password(user: User | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody. Slow by design: call it outside of any block."""
    return matches(user.password_hash if user is not None else None, password)


def matches(stored: str | None, password: str) -> bool:
    """Whether a password makes this hash; takes as long where there is none."""
    return _passwords().verify(password, stored or _decoy()) and stored is not None


def add_user(
    session: Session,
    actor: Actor,
    *,
    name: str,
    email: str | None = None,
    grants: Iterable[Grant] = (),
    password_hash: str | None = None,
    is_demo: bool = False,
    user_id: UUID | None = None,
) -> User:
    """Create a person with what they are to whom."""
    user = User(
        email=email.strip().lower() if email else None, name=name, password_hash=password_hash, is_demo=is_demo,
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
    """Let a person be something more; whoever calls records what it means. Raises NotATrainingBody."""
    territories.require_training_body(session, grant.role, grant.company_id)
    membership = Membership(
        user_id=user_id, role=grant.role, school_id=grant.school_id, company_id=grant.company_id,
        student_id=grant.student_id, territory_id=grant.territory_id,
    )  # fmt: skip
    session.add(membership)
    session.flush()
    session.add_all(
        TaughtClass(membership_id=membership.id, class_id=class_id) for class_id in sorted(grant.class_ids)
    )
    session.flush()
    return membership


class DemoUser(NamedTuple):
    """An invented person that everybody may sign in as."""

    email: str
    name: str
    roles: tuple[Role, ...]


def choose_language(session: Session, actor: Actor, language: str) -> None:
    """Remember the language of the person's pages and mails."""
    if actor.kind == "user":
        session.execute(sa.update(User).where(User.id == actor.id).values(language=language))


def list_demo(session: Session, *, limit: int = 20) -> list[DemoUser]:
    """The demo's people, students first, then by name."""
    people = session.execute(
        sa.select(User.id, User.email, User.name)
        .where(User.is_demo, User.is_active)
        .order_by(User.email)
        .limit(limit)
    ).all()
    roles: dict[UUID, list[Role]] = {person.id: [] for person in people}
    for user_id, role in session.execute(
        sa.select(Membership.user_id, Membership.role)
        .where(Membership.user_id.in_(roles))
        .order_by(Membership.role)
    ):
        if role not in roles[user_id]:
            roles[user_id].append(role)
    found = [DemoUser(person.email, person.name, tuple(roles[person.id])) for person in people]
    order = list(Role)
    return sorted(found, key=lambda person: [order.index(role) for role in person.roles] or [len(order)])


def find_demo(session: Session, email: str) -> User | None:
    """The invented person with this address, if there is one: no password guards them."""
    return session.scalar(sa.select(User).where(User.email == email, User.is_demo, User.is_active))
