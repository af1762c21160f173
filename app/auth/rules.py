"""What a caller must bring, whatever the thing."""

from __future__ import annotations

from app import errors
from app.auth.actors import Actor


class ScopeMissing(errors.NotAllowed):
    """The API key may not do this kind of thing at all."""

    title = "The API key lacks a scope"


def need_scope(actor: Actor, scope: str) -> None:
    """Refuse a key without this scope, by name; people need none. Raises ScopeMissing."""
    if not actor.has_scope(scope):
        raise ScopeMissing(f"The key needs the scope {scope}.")
