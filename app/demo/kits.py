"""Three projects that a school and a firm have made, told as kits for others to copy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.demo import people
from app.kits import service as kits
from app.kits.models import Kit
from app.opportunities.models import Kind

KITS: tuple[Mapping[str, Any], ...] = (
    {
        "kind": Kind.INTERNSHIP, "title": "Un banco prova per valvole", "skill": "control-panel-wiring", "hours": 60, "students": 4, "first_year": 4, "last_year": 5,
        "summary": "La classe progetta e monta un banco che prova valvole. L'azienda lo usa in reparto.",
        "result": "Il banco prova venti valvole l'ora. Due studenti sono tornati in estate.",
        "materials": "Un PLC usato, valvole da provare, un tavolo con gli attrezzi.",
        "steps": (
            ("Un tecnico racconta il problema in classe", 120, 60), ("La classe disegna, il tecnico corregge", 90, 300),
            ("Montaggio in laboratorio", 60, 480), ("Collaudo in reparto", 180, 180),
        ),
    },
    {
        "kind": Kind.VISIT, "title": "Dal disegno al pezzo in una mattina", "skill": "caliper-use", "hours": 4, "students": 20, "first_year": 2, "last_year": 3,
        "summary": "La classe porta un disegno, il reparto lo lavora, e ognuno torna con il suo pezzo.",
        "result": "Tre domande a testa, e un pezzo in tasca.",
        "materials": "Un disegno semplice, barre di alluminio, occhiali per tutti.",
        "steps": (("Il docente manda i disegni", 15, 60), ("Visita a gruppi di cinque", 240, 240), ("Domande e misure", 30, 60)),
    },
    {
        "kind": Kind.INTERNSHIP, "title": "Manutenzione: cento guasti raccontati", "skill": "electrical-troubleshooting", "hours": 40, "students": 2, "first_year": 3, "last_year": 5,
        "summary": "Gli studenti seguono i manutentori e scrivono una scheda per ogni guasto: segni, causa, rimedio.",
        "result": "Un quaderno di cento schede che il reparto usa ancora.",
        "materials": "Un modello di scheda, un tablet per le foto delle macchine.",
        "steps": (("Sicurezza e regole del reparto", 60, 30), ("Una scheda al giorno", 200, 60), ("Le schede migliori in classe", 45, 120)),
    },
)  # fmt: skip


def tell(session: Session, company_ids: Sequence[UUID], school_id: UUID, now: datetime) -> int:
    """Tell each with one of the companies in turn; all but the last company and the school are named. How many; none twice."""
    if not company_ids or session.scalar(sa.select(sa.exists().where(Kit.title == KITS[0]["title"]))):
        return 0
    school = people.school(school_id)
    for number, one in enumerate(KITS):
        company_id = company_ids[number % len(company_ids)]
        company = people.company(company_id)
        told_at = now + timedelta(days=number)
        values = {name: value for name, value in one.items() if name != "skill"} | {
            "company_id": company_id, "school_id": school_id, "programme_id": None,
            "steps": [
                {"title": title, "company_minutes": ours, "teacher_minutes": theirs}
                for title, ours, theirs in one["steps"]
            ],
            "skills": [{"skill_id": one["skill"], "level": 2}],
        }  # fmt: skip
        kit = kits.create(session, company, values, now=told_at)
        if number < len(KITS) - 1:
            kits.edit(session, company, kit, {"shows_company": True}, now=told_at)
        kits.edit(session, school, kit, {"shows_school": True}, now=told_at)
    return len(KITS)
