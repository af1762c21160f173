"""Who sees and oversees which opportunities, as conditions of queries: `rules`, asked of the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Role
from app.companies import access as companies
from app.opportunities import rules
from app.opportunities.models import Opportunity
from app.places.models import Municipality


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.can_see` as a condition."""
    bound = [grant for grant in actor.grants if grant.company_id is not None]
    whole = [grant.company_id for grant in bound if grant.role is not Role.TRAINING_BODY]
    some = [grant.company_id for grant in bound if grant.role is Role.TRAINING_BODY]
    return sa.or_(
        Opportunity.status.in_(rules.PUBLIC),
        Opportunity.company_id.in_(whole),
        sa.and_(Opportunity.company_id.in_(some), Opportunity.kind.in_(rules.OF_TRAINING_BODIES)),
        overseen_by(actor),
    )


def is_overseen(session: Session, actor: Actor, opportunity_id: UUID) -> bool:
    """Whether the actor answers for the place of the opportunity, or for its company when it has no place yet."""
    return bool(overseen(session, actor, [opportunity_id]))


def overseen(session: Session, actor: Actor, ids: Collection[UUID]) -> set[UUID]:
    """The same of several: those that the actor answers for; one query at most."""
    if not actor.is_coordinator:
        return set(ids) if actor.is_administrator else set()
    return set(session.scalars(sa.select(Opportunity.id).where(Opportunity.id.in_(ids), overseen_by(actor))))


def may_offer(session: Session, actor: Actor, values: Mapping[str, Any]) -> bool:
    """Whether the actor may offer this, there: nobody offers for a company, or in a place, that is not theirs."""
    if rules.works_on(actor, values["company_id"], values["kind"]):
        return True
    if values["municipality_istat"] is None:
        overseen = companies.is_overseen(actor, sa.literal(values["company_id"], sa.Uuid))
        return bool(session.scalar(sa.select(overseen)))
    istat = Municipality.istat == values["municipality_istat"]
    return actor.oversees_any([session.scalar(sa.select(Municipality.province_code).where(istat))])


def overseen_by(actor: Actor) -> sa.ColumnElement[bool]:
    """Those whose place the actor answers for, or whose company where they have no place, as a condition."""
    if actor.is_administrator or not actor.is_coordinator:
        return sa.true() if actor.is_administrator else sa.false()
    table = Opportunity.__table__.c
    placed = sa.exists().where(
        Municipality.istat == table.municipality_istat, Municipality.province_code.in_(actor.provinces)
    )
    return sa.or_(
        placed, sa.and_(table.municipality_istat.is_(None), companies.is_overseen(actor, table.company_id))
    )
