"""Territories, and what binds a role to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import errors
from app.auth import rules
from app.auth.actors import Actor, Role
from app.auth.models import Territory, TerritoryProvince
from app.db import Base
from app.events import service as events


class TerritoryExists(errors.Conflict):
    """A territory has this name already."""

    title = "The territory exists already"


class UnknownProvince(errors.Invalid):
    """No municipality lies in a province with this code."""

    title = "Unknown province"


class NotATrainingBody(errors.Invalid):
    """The role of a training body is for organisations of that kind."""

    title = "Not a training body"


def search(
    session: Session, *, limit: int, after: tuple[str, UUID] | None = None
) -> list[tuple[Territory, list[str]]]:
    """Territories by name, each with the codes of its provinces: published, as it says who answers for what."""
    order = sa.select(Territory).order_by(Territory.name, Territory.id).limit(limit)
    if after is not None:
        order = order.where(sa.tuple_(Territory.name, Territory.id) > after)
    found = session.scalars(order).all()
    return _with_provinces(session, found)


def find(session: Session, name: str) -> tuple[Territory, list[str]] | None:
    """The territory of that name with the codes of its provinces."""
    found = session.scalars(sa.select(Territory).where(Territory.name == name)).all()
    return next(iter(_with_provinces(session, found)), None)


def create(
    session: Session, actor: Actor, *, name: str, province_codes: Collection[str]
) -> tuple[Territory, list[str]]:
    """Add a territory. Raises NotAllowed, UnknownProvince and TerritoryExists."""
    if not rules.can_manage_territories(actor):
        raise errors.NotAllowed("Only an administrator adds territories.")
    wanted = sorted(set(province_codes))
    places = Base.metadata.tables["municipalities"].c  # they stand above accounts
    known = set(
        session.scalars(sa.select(places.province_code).where(places.province_code.in_(wanted)).distinct())
    )
    unknown = [code for code in wanted if code not in known]
    if unknown:
        raise UnknownProvince(
            faults=[
                {"in": "body", "field": "province_codes", "detail": f"{code} is no province"}
                for code in unknown
            ]
        )
    territory = Territory(name=name)
    session.add(territory)
    try:
        session.flush()
    except IntegrityError as error:
        raise TerritoryExists(
            faults=[{"in": "body", "field": "name", "detail": "another territory has it"}]
        ) from error
    session.add_all(TerritoryProvince(territory_id=territory.id, province_code=code) for code in wanted)
    session.flush()
    events.record(session, actor, "territory.created", territory.id, {"provinces": len(wanted)})
    return territory, wanted


def require_training_body(session: Session, role: Role, company_id: UUID | None) -> None:
    """Refuse to bind the role of a training body to anything else. Raises NotATrainingBody."""
    if role is not Role.TRAINING_BODY:
        return
    companies = Base.metadata.tables["companies"].c
    kind = session.scalar(sa.select(companies.kind).where(companies.id == company_id))
    if kind != "training_body":
        detail = "is not an organisation of the kind training_body"
        raise NotATrainingBody(faults=[{"in": "body", "field": "company_id", "detail": detail}])


def _with_provinces(session: Session, found: Sequence[Territory]) -> list[tuple[Territory, list[str]]]:
    codes: dict[UUID, list[str]] = defaultdict(list)
    for row in session.scalars(
        sa.select(TerritoryProvince)
        .where(TerritoryProvince.territory_id.in_([territory.id for territory in found]))
        .order_by(TerritoryProvince.province_code)
    ):
        codes[row.territory_id].append(row.province_code)
    return [(territory, codes[territory.id]) for territory in found]
