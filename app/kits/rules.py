"""Who reads a kit, who may change it, copy it and say how long it took, and what an opportunity takes over from it."""

from __future__ import annotations

from collections.abc import Collection
from statistics import median
from uuid import UUID

from app.auth.actors import AT_COMPANY, AT_SCHOOL, Actor
from app.opportunities.models import Status

MOST_STEPS = 20
OVER = frozenset({Status.CLOSED, Status.ARCHIVED})
"""What is over: now one knows how long it took."""


def is_staff(actor: Actor) -> bool:
    """Kits are for those who make projects: schools, companies, and who coordinates them."""
    return actor.is_overseer or actor.has_role(*AT_COMPANY, *AT_SCHOOL)


def can_see(actor: Actor, territory_id: UUID, own: Collection[UUID]) -> bool:
    """Staff of the territory; `own` are the territories of the actor's organisations."""
    return actor.is_administrator or territory_id in actor.territories or territory_id in own


def can_edit(actor: Actor, territory_id: UUID, company_id: UUID | None, school_id: UUID | None) -> bool:
    """Its makers, and who coordinates the territory."""
    return (
        actor.is_administrator
        or territory_id in actor.territories
        or actor.is_of_company(company_id)
        or actor.is_of_school(school_id)
    )


def typical(minutes: Collection[int | None]) -> int | None:
    """The median of what was measured; None while nobody has.

    >>> typical([None, 90, 120, 600])
    120
    """
    known = [one for one in minutes if one is not None]
    return round(median(known)) if known else None
