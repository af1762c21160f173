"""Shared opportunities as they stand: plan, firms and places, in as many statements for any number of stations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.companies.models import Company, CompanySite
from app.hosting import rules
from app.hosting.models import HostingPartner, PartnerState, PlacementStation, Rotation, RotationStation
from app.hosting.rules import Fault, Stop
from app.opportunities.models import Opportunity, OpportunitySpan
from app.places.models import Municipality

COLUMNS = ("company_id", "site_id", "starts_on", "ends_on", "starts_at", "ends_at", "hours", "learns")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stop is: the town of the named site, or of the company's main one; degrees."""

    istat: str
    name: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan with what holds it together and what does not; `obstacles` are for those who can do something about them."""

    opportunity: Opportunity
    rotation: Rotation | None
    stops: list[Stop]
    partners: list[HostingPartner]
    obstacles: list[Fault]
    names: Mapping[UUID, str] = field(default_factory=dict)
    places: Mapping[UUID, Place] = field(default_factory=dict)
    """By site and by company."""

    @property
    def is_settled(self) -> bool:
        """Whether the plan is whole, and each of its companies has agreed: only then students read it."""
        return bool(self.stops) and not self.obstacles

    def place(self, stop: Stop) -> Place | None:
        """Where it is, if that is known."""
        return self.places.get(stop.site_id or stop.company_id)


def load(session: Session, opportunity: Opportunity) -> Plan:
    """The plan of an opportunity, whoever asks; six statements at most."""
    rows = session.scalars(
        sa.select(RotationStation)
        .where(RotationStation.opportunity_id == opportunity.id)
        .order_by(RotationStation.position)
    )
    stops = [stop_of(one) for one in rows]
    spans = session.scalars(
        sa.select(OpportunitySpan).where(OpportunitySpan.opportunity_id == opportunity.id)
    ).all()
    partners = session.scalars(
        sa.select(HostingPartner)
        .where(HostingPartner.opportunity_id == opportunity.id)
        .order_by(HostingPartner.invited_at, HostingPartner.id)
    ).all()
    rotation = session.get(Rotation, opportunity.id)
    found = faults_of(rotation, stops, spans, opportunity.hours)
    agreed = {one.company_id for one in partners if one.state is PartnerState.ACCEPTED}
    found += rules.not_agreed(stops, opportunity.company_id, agreed)
    companies = {
        opportunity.company_id,
        *(one.company_id for one in partners),
        *(one.company_id for one in stops),
    }
    return Plan(
        opportunity, rotation, stops, list(partners), found, names_of(session, companies),
        places_of(session, companies),
    )  # fmt: skip


def faults_of(
    rotation: Rotation | None, stops: Sequence[Stop], spans: Sequence[OpportunitySpan], hours: int
) -> list[Fault]:
    """What is wrong with the plan itself."""
    return rules.faults(
        stops, spans, hours,
        allows_gaps=rotation is not None and rotation.allows_gaps,
        allows_overlaps=rotation is not None and rotation.allows_overlaps,
    )  # fmt: skip


def stop_of(row: RotationStation | PlacementStation) -> Stop:
    """The row as it is checked and shown."""
    return Stop(**{name: getattr(row, name) for name in COLUMNS})


def names_of(session: Session, company_ids: Collection[UUID]) -> dict[UUID, str]:
    """The companies' names."""
    rows = session.execute(sa.select(Company.id, Company.name).where(Company.id.in_(company_ids)))
    return {row.id: row.name for row in rows}


def places_of(session: Session, company_ids: Collection[UUID]) -> dict[UUID, Place]:
    """Towns by the ids of sites, and by those of companies: that of the main site."""
    rows = session.execute(
        sa.select(CompanySite.id, CompanySite.company_id, Municipality)
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(CompanySite.company_id.in_(company_ids))
        .order_by(CompanySite.is_main.desc(), CompanySite.id)
    )
    found: dict[UUID, Place] = {}
    for site_id, company_id, town in rows:
        place = Place(town.istat, town.name, town.latitude, town.longitude)
        found[site_id] = place
        found.setdefault(company_id, place)
    return found
