"""How many placements there are, for those who see no single one."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.placements.models import Placement, State
from app.places.models import Municipality
from app.schools.models import School

FEWEST = 5
"""Counts below it are not told: they would tell of somebody."""


def counts(session: Session, actor: Actor, start_year: int) -> dict[State, int | None]:
    """Placements by state of the schools in the actor's provinces, None for a few. Raises NotAllowed."""
    auth.require_scope(actor, "placements:read")
    if not actor.is_overseer:
        raise errors.NotAllowed("Only whoever coordinates the network sees these counts.")
    first, last = (date(year, dates.SCHOOL_YEAR_BEGINS, 1) for year in (start_year, start_year + 1))
    query = (
        sa.select(Placement.state, sa.func.count())
        .join(School, School.id == Placement.school_id)
        .where(Placement.starts_on >= first, Placement.starts_on < last)
        .group_by(Placement.state)
    )
    if not actor.is_administrator:
        query = query.join(Municipality, Municipality.istat == School.municipality_istat).where(
            Municipality.province_code.in_(actor.provinces)
        )
    found: dict[State, int] = dict(session.execute(query).all())
    return {state: None if 0 < found.get(state, 0) < FEWEST else found.get(state, 0) for state in State}
