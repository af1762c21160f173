"""Who may switch whose account off and on."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple
from uuid import UUID

from app.auth.actors import Actor, Role


class Tie(NamedTuple):
    """A membership of the person: its role, and the school it belongs to, of a student the student's."""

    role: Role
    school_id: UUID | None


def can_switch(actor: Actor, user_id: UUID, ties: Collection[Tie]) -> bool:
    """Who runs the service; a school's lead for teachers and students who belong to that school and to nothing else.

    Never oneself, and no lead another one: two who did it at once would leave nobody to switch them on again. And a key
    switches nobody.
    """
    if actor.kind == "key" or actor.id == user_id:
        return False
    if actor.is_administrator:
        return True
    return bool(ties) and all(
        actor.is_staff_of(tie.school_id) and tie.role is not Role.SCHOOL_LEAD for tie in ties
    )


def can_see(actor: Actor, user_id: UUID, ties: Collection[Tie]) -> bool:
    """Whether the account exists for the actor: one's own, that of a colleague or student of the school that one leads."""
    return (
        actor.is_administrator
        or (actor.kind == "user" and actor.id == user_id)
        or any(actor.is_staff_of(tie.school_id) for tie in ties)
    )
