"""Who sees which rounds, as a condition of queries: `rules`, asked of the database."""

from __future__ import annotations

import sqlalchemy as sa

from app.auth.actors import AT_SCHOOL, Actor, Role
from app.auth.models import TerritoryProvince
from app.places.models import Municipality
from app.rounds.models import Round, RoundClass, RoundState
from app.schools.models import School


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """Rounds that the actor runs, or whose classes are among the actor's own; shared ones that the own school may join."""
    if actor.is_administrator:
        return sa.true()
    at_school = [grant for grant in actor.grants if grant.role in AT_SCHOOL]
    led = {grant.school_id for grant in at_school if grant.role is Role.SCHOOL_LEAD}
    taught = {class_id for grant in at_school if grant.role is Role.TEACHER for class_id in grant.class_ids}
    takes_part = sa.exists().where(
        RoundClass.round_id == Round.id, sa.or_(RoundClass.school_id.in_(led), RoundClass.class_id.in_(taught))
    )  # fmt: skip
    invited = sa.exists().where(
        TerritoryProvince.territory_id == Round.territory_id,
        TerritoryProvince.province_code == Municipality.province_code,
        Municipality.istat == School.municipality_istat,
        School.id.in_(led),
    )
    return sa.or_(
        Round.territory_id.in_(actor.territories),
        Round.school_id.in_(led),
        takes_part,
        sa.and_(Round.state == RoundState.COLLECTING, invited),
    )
