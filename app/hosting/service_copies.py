"""The plan as it was agreed on: copied when a placement is made, and read with it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.companies.models import Company, CompanySite
from app.hosting import plans
from app.hosting.models import PartnerState, PlacementStation, RotationStation
from app.opportunities.models import Opportunity
from app.placements import rules as placement_rules
from app.placements.models import Placement
from app.places.models import Municipality

Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class AgreedStation:
    """One stop of a placement, with the names that its page needs."""

    station: PlacementStation
    company_name: str
    municipality_name: str | None


def keep(session: Session, placement_id: UUID, opportunity: Opportunity) -> None:
    """Copy the plan of a shared opportunity, if it is settled; one statement where nothing is shared."""
    is_shared = sa.select(RotationStation.position).where(RotationStation.opportunity_id == opportunity.id)
    if session.scalar(is_shared.limit(1)) is None:
        return
    plan = plans.load(session, opportunity)
    if not plan.is_settled:
        return
    tutors = {one.company_id: one.tutor_id for one in plan.partners if one.state is PartnerState.ACCEPTED}
    session.add_all(
        PlacementStation(
            placement_id=placement_id, position=number, host_tutor_id=tutors.get(stop.company_id),
            **{name: getattr(stop, name) for name in plans.COLUMNS},
        )
        for number, stop in enumerate(plan.stops)
    )  # fmt: skip
    session.flush()


def of_placement(session: Session, placement_id: UUID) -> list[AgreedStation]:
    """The stations that were agreed on, in order; none where the placement is not shared."""
    rows = session.execute(
        sa.select(PlacementStation, Company.name, Municipality.name)
        .join(Company, Company.id == PlacementStation.company_id)
        .outerjoin(CompanySite, CompanySite.id == PlacementStation.site_id)
        .outerjoin(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(PlacementStation.placement_id == placement_id)
        .order_by(PlacementStation.position)
    )
    return [AgreedStation(*row) for row in rows]


def tutored(session: Session, placement_ids: Collection[UUID]) -> dict[UUID, list[tuple[UUID, Days]]]:
    """Who follows these placements at single stations, and on which days."""
    rows = session.scalars(
        sa.select(PlacementStation).where(
            PlacementStation.placement_id.in_(placement_ids), PlacementStation.host_tutor_id.is_not(None)
        )
    )
    found: dict[UUID, list[tuple[UUID, Days]]] = {}
    for one in rows:
        assert one.host_tutor_id is not None  # noqa: S101 -- the query says so
        found.setdefault(one.placement_id, []).append((one.host_tutor_id, (one.starts_on, one.ends_on)))
    return found


def spans_of(session: Session, tutor_ids: Collection[UUID]) -> list[tuple[UUID, Days]]:
    """The days on which these tutors follow somebody at a station of an open placement, one line for each student."""
    rows = session.execute(
        sa.select(PlacementStation.host_tutor_id, PlacementStation.starts_on, PlacementStation.ends_on)
        .join(Placement, Placement.id == PlacementStation.placement_id)
        .where(PlacementStation.host_tutor_id.in_(tutor_ids), Placement.state.in_(placement_rules.OPEN))
    )
    return [(user_id, (starts_on, ends_on)) for user_id, starts_on, ends_on in rows if user_id is not None]
