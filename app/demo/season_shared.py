"""What is made together: three small firms share an internship, and three projects are told as kits."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.companies.models import Company, CompanySite, SizeBand
from app.companies.rules import Provinces
from app.demo import season_papers as papers
from app.demo.season import Stage
from app.hosting import service as hosting
from app.hosting.rules import PartnerAction, Stop
from app.kits import service as kits
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
HOURS = 60
KITS: tuple[Mapping[str, Any], ...] = (
    {
        "kind": Kind.INTERNSHIP, "title": "Un banco prova per valvole", "hours": 60, "students": 4, "first_year": 4, "last_year": 5,
        "summary": "La classe progetta e monta un banco che prova valvole. L'azienda lo usa in reparto.",
        "result": "Il banco prova venti valvole l'ora. Due studenti sono tornati in estate.",
        "materials": "Un PLC usato, valvole da provare, un tavolo con gli attrezzi.",
        "steps": (
            ("Un tecnico racconta il problema in classe", 120, 60), ("La classe disegna, il tecnico corregge", 90, 300),
            ("Montaggio in laboratorio", 60, 480), ("Collaudo in reparto", 180, 180),
        ),
    },
    {
        "kind": Kind.VISIT, "title": "Dal disegno al pezzo in una mattina", "hours": 4, "students": 20, "first_year": 2, "last_year": 3,
        "summary": "La classe porta un disegno, il reparto lo lavora, e ognuno torna con il suo pezzo.",
        "result": "Tre domande a testa, e un pezzo in tasca.",
        "materials": "Un disegno semplice, barre di alluminio, occhiali per tutti.",
        "steps": (("Il docente manda i disegni", 15, 60), ("Visita a gruppi di cinque", 240, 240), ("Domande e misure", 30, 60)),
    },
    {
        "kind": Kind.INTERNSHIP, "title": "Manutenzione: cento guasti raccontati", "hours": 40, "students": 2, "first_year": 3, "last_year": 5,
        "summary": "Gli studenti seguono i manutentori e scrivono una scheda per ogni guasto: segni, causa, rimedio.",
        "result": "Un quaderno di cento schede che il reparto usa ancora.",
        "materials": "Un modello di scheda, un tablet per le foto delle macchine.",
        "steps": (("Sicurezza e regole del reparto", 60, 30), ("Una scheda al giorno", 200, 60), ("Le schede migliori in classe", 45, 120)),
    },
)  # fmt: skip


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
            "taught": [{"skill_id": papers.SKILL, "level": 2}],
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
    """Three kits of the one class's school with a firm; two firms and the school are named."""
    firms = _small_firms(stage)
    if not firms:
        return
    for number, one in enumerate(KITS):
        company_id = firms[number % len(firms)]
        actor, now = stage.company(company_id), stage.at(-30 + number)
        values = dict(one) | {
            "company_id": company_id, "school_id": stage.school_id, "programme_id": None,
            "steps": [
                {"title": title, "company_minutes": ours, "teacher_minutes": theirs}
                for title, ours, theirs in one["steps"]
            ],
            "skills": [{"skill_id": papers.SKILL, "level": 2}],
        }  # fmt: skip
        with stage.database.write() as session:
            kit = kits.create(session, actor, values, now=now)
            if number < 2:
                kits.edit(session, actor, kit, {"shows_company": True}, now=now)
            kits.edit(session, stage.school(stage.school_id), kit, {"shows_school": True}, now=now)
    stage.count("kits", len(KITS))


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
