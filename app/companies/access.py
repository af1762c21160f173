"""Who sees and oversees which companies, as conditions of queries: `rules`, asked of the database."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.auth.models import TerritoryProvince
from app.companies.models import Company, CompanySite
from app.places.models import Municipality
from app.schools.models import School


def provinces_of(session: Session, actor: Actor, company_id: UUID) -> frozenset[str]:
    """The provinces in which the company has sites; asked for coordinators only, as they decide for nobody else."""
    if not actor.is_coordinator:
        return frozenset()
    found = (
        sa.select(Municipality.province_code)
        .join(CompanySite, CompanySite.municipality_istat == Municipality.istat)
        .where(CompanySite.company_id == company_id)
    )
    return frozenset(session.scalars(found))


def is_overseen(actor: Actor, company_id: sa.ColumnElement[UUID]) -> sa.ColumnElement[bool]:
    """`rules.is_overseen` as a condition on a column that holds companies' ids."""
    if actor.is_administrator:
        return sa.true()
    if not actor.is_coordinator:
        return sa.false()
    site = sa.exists().where(CompanySite.company_id == company_id)
    here = site.where(
        CompanySite.municipality_istat == Municipality.istat, Municipality.province_code.in_(actor.provinces)
    )
    proposed = sa.exists().where(Company.id == company_id, Company.territory_id.in_(actor.territories))
    return sa.or_(here, sa.and_(proposed.correlate_except(Company), ~site))


def visible_to(actor: Actor) -> sa.ColumnElement[bool]:
    """`rules.can_see` as a condition."""
    own = [grant.company_id for grant in actor.grants if grant.company_id is not None]
    return sa.or_(Company.is_approved, Company.id.in_(own), is_overseen(actor, Company.__table__.c.id))


def territories_of(
    session: Session, company_ids: Collection[UUID], school_ids: Collection[UUID] = ()
) -> set[UUID]:
    """The territories in which these companies have sites or were proposed, or these schools are; one statement."""
    places: sa.CompoundSelect[Any] = sa.union_all(
        sa.select(CompanySite.municipality_istat).where(CompanySite.company_id.in_(company_ids)),
        sa.select(School.municipality_istat).where(School.id.in_(school_ids)),
    )
    here = (
        sa.select(TerritoryProvince.territory_id)
        .join(Municipality, Municipality.province_code == TerritoryProvince.province_code)
        .where(Municipality.istat.in_(places))
    )
    proposed = sa.select(Company.territory_id).where(Company.id.in_(company_ids))
    return {one for one in session.scalars(sa.union(here, proposed)) if one is not None}
