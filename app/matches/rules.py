"""Who may see which ranking."""

from __future__ import annotations

from uuid import UUID

from app.auth.actors import Actor


def can_see_candidates(actor: Actor, company_id: UUID) -> bool:
    """The company that offers, and whoever runs the service; no other company, and no coordinator."""
    return actor.is_of_company(company_id) or actor.is_administrator


def can_see_reach(actor: Actor, company_id: UUID) -> bool:
    """Counts tell nothing of a single student: who sees the candidates, and whoever coordinates the territory."""
    return can_see_candidates(actor, company_id) or actor.oversees
