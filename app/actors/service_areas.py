"""Districts, sectors and priority areas of a territory: one document that a coordinator changes, or loads from a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.actors import faults, rules
from app.actors.faults import AreaFault
from app.actors.models import TerritoryAreas
from app.actors.rules import Areas
from app.auth.actors import Actor
from app.auth.models import Territory, TerritoryProvince
from app.events import service as events
from app.network import service as network
from app.places.models import Municipality
from app.skills.models import Skill

EMPTY: Mapping[str, Any] = {"districts": [], "sectors": [], "priorities": []}


class NoSuchTerritory(errors.NotFound):
    """No territory has this id."""

    title = "No such territory"


class NotYourAreas(errors.NotAllowed):
    """The areas of a territory are for those who coordinate it."""

    title = "Only for those who coordinate the territory"


class UnfitAreas(errors.Invalid):
    """A district, a sector or a priority area cannot be so."""

    title = "The areas are not valid"

    def __init__(self, found: Sequence[AreaFault]) -> None:
        super().__init__(
            faults=[{"in": "body", "field": one.field, "detail": one.said("en")} for one in found]
        )
        self.found = found


def of_actor(session: Session, actor: Actor) -> Areas:
    """All areas of the territories that the actor coordinates. One query."""
    query = sa.select(TerritoryAreas.document).order_by(TerritoryAreas.territory_id)
    if not actor.is_administrator:
        query = query.where(TerritoryAreas.territory_id.in_(actor.territories))
    return Areas.of(session.scalars(query))


def read(session: Session, actor: Actor, territory_id: UUID) -> TerritoryAreas | None:
    """The areas of a territory; None before there are any. Raises NoSuchTerritory, NotYourAreas."""
    require(session, actor, territory_id, "network:read")
    return session.get(TerritoryAreas, territory_id)


def for_change(session: Session, actor: Actor, territory_id: UUID) -> TerritoryAreas | None:
    """The same, with the territory locked: of two first changes at once one comes first. Raises as `read` does."""
    territory = require(session, actor, territory_id, "network:write")
    session.refresh(territory, with_for_update=True)
    return session.get(TerritoryAreas, territory_id)


def edit(
    session: Session, actor: Actor, territory_id: UUID, changes: Mapping[str, Any], *, now: datetime
) -> TerritoryAreas:
    """Replace the lists in `changes`, values as JSON has them; the same again changes nothing.

    Raises as `read` does, and UnfitAreas.
    """
    row = for_change(session, actor, territory_id)
    document = {**EMPTY, **(row.document if row else {}), **changes}
    found = faults.find(
        document, municipalities=_municipalities(session, territory_id), skills=_skills(session, document)
    )
    if found:
        raise UnfitAreas(found)
    if row is None:
        row = TerritoryAreas(territory_id=territory_id)
        session.add(row)
    elif row.document == document:
        return row
    row.document, row.edited_at, row.edited_by = document, now.astimezone(UTC), actor.mark
    session.flush()
    events.record(session, actor, "areas.edited", territory_id, {"fields": sorted(changes)})
    return row


def _municipalities(session: Session, territory_id: UUID) -> frozenset[str]:
    provinces = sa.select(TerritoryProvince.province_code).where(
        TerritoryProvince.territory_id == territory_id
    )
    return frozenset(
        session.scalars(sa.select(Municipality.istat).where(Municipality.province_code.in_(provinces)))
    )


def _skills(session: Session, document: Mapping[str, Any]) -> frozenset[str]:
    named = {one["skill_id"] for one in document["priorities"] if one["skill_id"]}
    return frozenset(session.scalars(sa.select(Skill.id).where(Skill.id.in_(named))))


def require(session: Session, actor: Actor, territory_id: UUID, scope: str) -> Territory:
    """The territory, for those who coordinate it. Raises NotYourNetwork, NoSuchTerritory, NotYourAreas."""
    network.require(actor, scope)
    territory = session.get(Territory, territory_id)
    if territory is None:
        raise NoSuchTerritory
    if not rules.can_edit_areas(actor, territory_id):
        raise NotYourAreas
    return territory
