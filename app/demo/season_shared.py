"""What is made together: three small firms share an internship, and projects are told as kits."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.companies.models import Company, CompanySite, SizeBand
from app.companies.rules import Provinces
from app.demo import kits as demo_kits
from app.demo.season import Stage
from app.hosting import service as hosting
from app.hosting.rules import PartnerAction, Stop
from app.opportunities import service as opportunities
from app.opportunities import service_life as life
from app.opportunities.models import Kind
from app.opportunities.rules import Action
from app.opportunities.schemas import OpportunityIn
from app.places.models import Municipality

WEEK = 6
"""In how many weeks the shared internship begins."""
DAYS = 12
"""From the first Monday to the second Friday of a stop."""
LEARNS = ("Disegno del pezzo al CAD", "Tornitura e fresatura del pezzo", "Misura, montaggio e collaudo")
TAUGHT = ("cad-2d", "turning", "dimensional-measurement")
HOURS = 60


def share(stage: Stage) -> None:
    """A lead, two partners who say yes, and two weeks at each."""
    firms = _small_firms(stage)
    if len(firms) < 3:
        return
    lead, now = firms[0], stage.at(0)
    first = stage.monday(WEEK)
    actor = stage.company(lead)
    given = OpportunityIn.model_validate(
        {
            "company_id": lead, "kind": Kind.INTERNSHIP, "title": "Un pezzo, tre officine", "seats": 2,
            "text": "Segui un pezzo dal disegno al collaudo, in tre officine piccole: due settimane in ciascuna.",
            "hours": 3 * HOURS, "daily_hours": 6, "site_id": _site_of(stage, lead),
            "spans": [{"starts_on": first, "ends_on": first + timedelta(weeks=5, days=4)}],
            "taught": [{"skill_id": one, "level": 2} for one in TAUGHT],
        }
    )  # fmt: skip
    stops = [
        Stop(
            company_id, None, first + timedelta(weeks=2 * number), first + timedelta(weeks=2 * number, days=DAYS - 1),
            None, None, HOURS, learns,
        )
        for number, (company_id, learns) in enumerate(zip(firms, LEARNS, strict=True))
    ]  # fmt: skip
    with stage.database.write() as session:
        made = opportunities.create(session, actor, given, now=now)
        asked = [hosting.invite(session, actor, made.id, one, now=now) for one in firms[1:]]
        seen = hosting.get_for_change(session, actor, made.id)
        hosting.edit(session, actor, seen, {"stations": stops}, now=now)
        for partner in asked:
            hosting.move(
                session, stage.company(partner.company_id), made.id, partner.id, PartnerAction.ACCEPT,
                version=partner.version, now=now,
            )  # fmt: skip
        life.move(session, actor, made.id, Action.PUBLISH, now=now)
    stage.count("shared internships")


def tell(stage: Stage) -> None:
    """Kits of the one class's school with three firms, unless the edition has told them already."""
    firms = _small_firms(stage)
    with stage.database.write() as session:
        told = demo_kits.tell(session, firms, stage.school_id, stage.at(-30))
    stage.count("kits", told)


ACTS = (share, tell)


def _small_firms(stage: Stage) -> list[UUID]:
    """Three approved firms of the coordinator's territory, the smallest first."""
    provinces: Provinces = stage.coordinator.provinces
    small = sa.case((Company.size.in_((SizeBand.MICRO, SizeBand.SMALL)), 0), else_=1)
    query = (
        sa.select(Company.id)
        .join(CompanySite, CompanySite.company_id == Company.id)
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(
            Company.approved_at.is_not(None), CompanySite.is_main, Municipality.province_code.in_(provinces)
        )
        .order_by(small, Company.id)
        .limit(3)
    )
    with stage.database.read() as session:
        return list(session.scalars(query))


def _site_of(stage: Stage, company_id: UUID) -> UUID | None:
    with stage.database.read() as session:
        query = sa.select(CompanySite.id).where(CompanySite.company_id == company_id, CompanySite.is_main)
        return session.scalar(query)
