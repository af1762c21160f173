"""Applications that a company has got in a school year, and how fast it answered, beside firms like it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date, timedelta, tzinfo
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications.models import Application
from app.applications.rules import COMPANY_REASONS
from app.benefits import rules
from app.benefits.rules import Firm, Peers
from app.companies.models import Company, CompanySector, CompanySite
from app.placements.models import Party
from app.places.models import Municipality


class Replies(NamedTuple):
    """Applications that came, those that the company answered itself, and in how many days, half of them at most."""

    received: int
    answered: int
    median_days: float | None
    peers: Peers | None


def of(
    session: Session, company_id: UUID, days: tuple[date, date], zone: tzinfo | None, *, exact: bool
) -> Replies:
    """Those that came in these days; the others are companies with a site in the same provinces. Four queries."""
    near = _near(company_id)
    begins, ends = dates.moments(days, zone)
    rows = session.execute(
        sa.select(
            Application.company_id,
            Application.delivered_at,
            sa.func.coalesce(
                Application.company_accepted_at, sa.case((_refused, Application.ended_at))
            ).label("answered_at"),
        ).where(
            sa.or_(Application.company_id == company_id, Application.company_id.in_(near)),
            Application.delivered_at >= begins,
            Application.delivered_at < ends,
        )
    ).all()
    received = sum(row.company_id == company_id for row in rows)
    firms = _firms(session, {row.company_id for row in rows} | {company_id}, _durations(rows))
    own = firms.pop(company_id)
    return Replies(
        rules.tell(received, exact=exact),
        rules.tell(len(own.days), exact=exact),
        own.median_days if own.days and (exact or rules.tell(len(own.days), exact=False)) else None,
        rules.peers(own, firms.values()),
    )


_refused = sa.and_(Application.ended_for == Party.COMPANY, Application.end_reason.in_(COMPANY_REASONS))


def _near(company_id: UUID) -> sa.Select[UUID]:
    """Companies with a site in a province where this one has a site."""
    in_province = Municipality.istat == CompanySite.municipality_istat
    own = (
        sa.select(Municipality.province_code)
        .join(CompanySite, in_province)
        .where(CompanySite.company_id == company_id)
    )
    return (
        sa.select(CompanySite.company_id)
        .join(Municipality, in_province)
        .where(Municipality.province_code.in_(own))
    )


def _durations(rows: Iterable[Any]) -> Mapping[UUID, list[float]]:
    """Days from the delivery of an application to the company's own yes or no; silence is no answer."""
    found: Mapping[UUID, list[float]] = defaultdict(list)
    for row in rows:
        if row.answered_at is not None:
            found[row.company_id].append((row.answered_at - row.delivered_at) / timedelta(days=1))
    return found


def _firms(session: Session, ids: set[UUID], durations: Mapping[UUID, list[float]]) -> dict[UUID, Firm]:
    divisions: Mapping[UUID, set[str]] = defaultdict(set)
    for company_id, code, edition in session.execute(
        sa.select(CompanySector.company_id, CompanySector.ateco_code, CompanySector.ateco_edition).where(
            CompanySector.company_id.in_(ids)
        )
    ):
        divisions[company_id].add(f"{edition}-{code[:2]}")
    sizes = session.execute(sa.select(Company.id, Company.size).where(Company.id.in_(ids)))
    return {one: Firm(size, divisions[one], durations[one]) for one, size in sizes}
