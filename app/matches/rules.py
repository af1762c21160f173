"""Who may see which ranking."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor
from app.opportunities.models import Kind
from app.opportunities.rules import works_on


def can_see_candidates(actor: Actor, company_id: UUID, kind: Kind) -> bool:
    """Who works for the company on this kind, and whoever runs the service; no other company, and no coordinator.

    People of a training body see those of its visits and training paths, none of an internship.
    """
    return works_on(actor, company_id, kind) or actor.is_administrator


def can_see_reach(actor: Actor, company_id: UUID, kind: Kind, *, is_overseen: bool) -> bool:
    """Counts tell nothing of a single student: who sees the candidates, and whoever oversees the opportunity."""
    return can_see_candidates(actor, company_id, kind) or is_overseen
