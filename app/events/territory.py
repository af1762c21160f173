"""Which events concern a coordinator: those of companies, opportunities and classes of the territory, and no person's.

The tables that say where things are belong to packages that stand on this one, so they are taken from the metadata.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.auth.actors import Actor
from app.db import Base
from app.events.models import Event


def concerns(actor: Actor) -> sa.ColumnElement[bool]:
    """A condition on events, for a coordinator."""
    tables = Base.metadata.tables
    companies, sites, classes, schools, offers, places = (
        tables[name]
        for name in ("companies", "company_sites", "classes", "schools", "opportunities", "municipalities")
    )
    here = sa.select(places.c.istat).where(places.c.province_code.in_(actor.provinces))
    has_site = companies.c.id.in_(sa.select(sites.c.company_id).where(sites.c.municipality_istat.in_(here)))
    has_none = companies.c.id.not_in(sa.select(sites.c.company_id))
    proposed = companies.c.territory_id.in_(actor.territories)
    own = sa.select(companies.c.id).where(sa.or_(has_site, sa.and_(has_none, proposed)))
    is_online = offers.c.municipality_istat.is_(None)
    return sa.or_(
        _is("company", companies, companies.c.id.in_(own)),
        _is(
            "opportunity", offers,
            sa.or_(offers.c.municipality_istat.in_(here), sa.and_(is_online, offers.c.company_id.in_(own))),
        ),
        _is(
            "class", classes,
            classes.c.school_id.in_(sa.select(schools.c.id).where(schools.c.municipality_istat.in_(here))),
        ),
        sa.and_(
            Event.object_type == "territory",
            Event.object_id.in_([str(territory_id) for territory_id in actor.territories]),
        ),
    )  # fmt: skip


def _is(object_type: str, table: sa.Table, condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.and_(
        Event.object_type == object_type,
        _plain(Event.object_id).in_(sa.select(_plain(table.c.id)).where(condition)),
    )


def _plain(column: Any) -> sa.ColumnElement[str]:
    # One database writes ids with hyphens, the other without.
    return sa.func.replace(sa.cast(column, sa.String), "-", "")
