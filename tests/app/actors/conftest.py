"""A territory with its coordinator and areas, and what schools and companies do in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from app.actors import service_areas
from app.actors.models import Protocol, ProtocolParty
from app.auth.actors import Actor, Grant, Role
from app.bookings.models import Booking, VisitSession
from app.companies.models import Company, CompanySector
from app.opportunities.models import Kind, Opportunity
from app.schools.models import SchoolClass
from tests.factories import ACTOR, NOW, Factory

MACHINES = {"key": "machines", "it": "Macchine", "en": "Machines", "divisions": ["2025-28", "2007-28"]}
CENTRE = {"key": "centro", "it": "Centro", "en": "Centre", "municipalities": ["037006"]}
IMOLA = {"key": "imola", "it": "Imola", "en": "Imola", "municipalities": ["037032"]}
PLC = {
    "key": "plc", "it": "PLC in centro", "en": "PLC in the centre", "district": "centro", "sector": "machines",
    "skill_id": None, "starts_on": "2025-09-01", "ends_on": "2026-08-31", "reason": "Mancano tecnici.",
    "decided_by": "Tavolo metropolitano",
}  # fmt: skip


def coordinator(make: Factory) -> Actor:
    """Who coordinates the province of Bologna."""
    grant = Grant(Role.COORDINATOR, territory_id=make.territory().id, provinces=frozenset({"BO"}))
    return Actor("user", None, "Silvia", (grant,))


@pytest.fixture
def silvia(make: Factory) -> Actor:
    """She has divided her territory in two, and cares for one half."""
    for istat, name in (("037006", "Bologna"), ("037032", "Imola")):
        make.municipality(istat, name=name, cadastral=f"X{istat[-3:]}")
    actor, territory_id = coordinator(make), make.territory().id
    with make.database.write() as session:
        service_areas.edit(
            session, actor, territory_id,
            {"districts": [CENTRE, IMOLA], "sectors": [MACHINES], "priorities": [PLC]}, now=NOW,
        )  # fmt: skip
    return actor


def host(make: Factory, name: str, istat: str = "037006", code: str = "28.99", **values: Any) -> Company:
    """A company with a site and a sector."""
    company = make.company(name=name, municipality_istat=istat, **values)
    make.add(CompanySector(company_id=company.id, ateco_code=code, ateco_edition="2025"))
    return company


def visit(
    make: Factory, company: Company, *days: int, seats: int = 20, taken: int = 0, **values: Any
) -> tuple[Opportunity, list[VisitSession]]:
    """A visit with a session on each of these days from now."""
    offer = make.opportunity(company, kind=Kind.VISIT, has_sessions=True, **values)
    return offer, [session(make, offer, NOW + timedelta(days=day), seats=seats, taken=taken) for day in days]


def session(
    make: Factory, offer: Opportunity, starts_at: datetime, *, seats: int = 20, taken: int = 0
) -> VisitSession:
    """One date of it."""
    return make.add(
        VisitSession(
            opportunity_id=offer.id, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2), seats=seats,
            seats_taken=taken, draw_seed=7, created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip


def book(
    make: Factory, one: VisitSession, school_class: SchoolClass, people: int = 10, **values: Any
) -> Booking:
    """A class in a session; its seats are counted by nobody here."""
    return make.add(
        Booking(
            **{
                "visit_session_id": one.id, "kind": "group", "state": "booked", "school_id": school_class.school_id,
                "class_id": school_class.id, "people": people, "asked_at": NOW, "asked_by": ACTOR.mark,
            }
            | values
        )
    )  # fmt: skip


def protocol(make: Factory, schools: Iterable[UUID], companies: Iterable[UUID], **values: Any) -> Protocol:
    """What these have signed, without a commitment."""
    row = make.add(
        Protocol(
            **{
                "territory_id": make.territory().id, "title": "Patto", "signed_on": NOW.date(), "created_at": NOW,
                "created_by": ACTOR.mark,
            }
            | values
        )
    )  # fmt: skip
    for one in schools:
        make.add(ProtocolParty(protocol_id=row.id, school_id=one))
    for one in companies:
        make.add(ProtocolParty(protocol_id=row.id, company_id=one))
    return row
