"""What people choose for themselves, and the people of the demo."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Role
from app.auth.models import Membership, User


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
