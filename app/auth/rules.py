"""Who may do what with accounts and keys."""

from __future__ import annotations

from app.auth.actors import Actor


def can_manage_keys(actor: Actor) -> bool:
    """Only a person who runs the service issues and revokes keys; a key begets no keys."""
    return actor.is_administrator and actor.kind != "key"


def can_manage_territories(actor: Actor) -> bool:
    """Whoever runs the service says who coordinates what."""
    return actor.is_administrator
