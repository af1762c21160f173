"""Agreements and training plans of the season: written, printed and signed on paper, which the school keeps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from app.agreements import (
    contents,
    printing,
    service,
    service_agreements,
    service_amendments,
    service_moves,
    service_opening,
    service_plans,
    service_signing,
)
from app.agreements.models import Language
from app.agreements.rules import Action
from app.auth.actors import Actor
from app.demo.season import Stage
from app.placements.models import EndReason, Party
from app.students.models import Student

SKILL = "control-panel-wiring"
"""What everybody comes to learn; a concept of the shipped vocabulary."""


def name_signers(stage: Stage) -> None:
    """Who signs for the school and for its hosts: on paper, without accounts."""
    with stage.database.write() as session:
        service_agreements.choose_signatory(
            session, stage.lead, school_id=stage.school_id, name="Elena Savandri", user_id=None
        )
        for company, _ in stage.hosts:
            service_agreements.choose_signatory(
                session, stage.company(company.id), company_id=company.id, name="La direzione", user_id=None
            )


# --- agreements -------------------------------------------------------------------------------------------------------


def draft(stage: Stage, host: int, now: datetime, *, until: int) -> UUID:
    """An agreement with a host, valid until so many days from the demo's day."""
    values = {
        "school_id": stage.school_id, "company_id": stage.hosts[host][0].id, "valid_from": now.date(),
        "valid_until": stage.on + timedelta(days=until), "insurance_company": "Assicurazioni Demo",
        "insurance_policy": "RC 2026/41", "inail_position": "PAT 000041",
    }  # fmt: skip
    with stage.database.write() as session:
        made = service_agreements.create(session, stage.lead, values, now=now)
    stage.count("agreements")
    return made.id


def agree(stage: Stage, host: int, now: datetime, *, until: int) -> UUID:
    """The same, signed."""
    paper_id = draft(stage, host, now, until=until)
    _open(stage, paper_id, now)
    _sign(stage, paper_id, now, "conv")
    return paper_id


def leave_agreements(stage: Stage) -> None:
    """One in each of the other states: draft, with the host, being signed, ended, expired."""
    draft(stage, 1, stage.at(-3), until=300)
    _move(stage, draft(stage, 2, stage.at(-5), until=300), Action.SEND, stage.at(-4))
    _open(stage, draft(stage, 3, stage.at(-6), until=300), stage.at(-5))
    _move(stage, agree(stage, 4, stage.at(-90), until=200), Action.END, stage.at(-20))
    agree(stage, 5, stage.at(-120), until=-2)


# --- plans ------------------------------------------------------------------------------------------------------------


def plan(stage: Stage, placement_ids: Sequence[UUID], now: datetime) -> list[UUID]:
    """A draft for each placement, with skills to gain and who signs for the minor."""
    with stage.database.write() as session:
        made = service_plans.create(session, stage.lead, placement_ids, now=now)
        for one in made:
            student = session.get_one(Student, one.student_id)
            changes = {"skills": [(SKILL, 2)], "guardian_name": f"Anna {student.family_name}"}
            service_plans.edit(session, stage.lead, one.id, changes)
    stage.count("plans", len(made))
    return [one.id for one in made]


def plan_and_sign(stage: Stage, placement_ids: Sequence[UUID], now: datetime) -> None:
    """From the draft to the last signature: the placements are ready then, as far as the law lets them."""
    for paper_id in plan(stage, placement_ids, now):
        _open(stage, paper_id, now)
        _sign(stage, paper_id, now + timedelta(days=2), "pfi")


def leave_plans(stage: Stage, placement_ids: Sequence[UUID]) -> None:
    """One draft, one being signed; the others have none yet."""
    plan(stage, placement_ids[:1], stage.at(-2))
    [paper_id] = plan(stage, placement_ids[1:2], stage.at(-2))
    _open(stage, paper_id, stage.at(-1))


def amend(stage: Stage, placement_ids: Sequence[UUID]) -> None:
    """Fewer hours for one who is there, to be signed by everybody."""
    with stage.database.write() as session:
        made = service_amendments.create(
            session, stage.lead, placement_ids[0], {"planned_hours": 72}, now=stage.at(0)
        )
    _open(stage, made.id, stage.at(0))
    stage.count("amendments")


# --- signing ----------------------------------------------------------------------------------------------------------


def end_early(
    stage: Stage, placement_id: UUID, now: datetime, reason: EndReason, *, actor: Actor | None = None,
    ended_on: date | None = None, text: str = "Mancava una protezione alla macchina.",
) -> None:  # fmt: skip
    """The school ends it, and writes the note of it."""
    lead = actor or stage.lead
    said: dict[str, Any] = {
        "ended_on": ended_on or now.date() - timedelta(days=1), "reason": reason, "party": Party.SCHOOL,
        "language": Language.ITALIAN, "text": text, "now": now,
    }  # fmt: skip
    with stage.database.read() as session:
        data = service_amendments.require_note(session, lead, placement_id, **said)
    printed = printing.print_paper(data, version=1, now=now)
    with stage.database.write() as session:
        service_amendments.interrupt(session, lead, placement_id, printed, **said)
    stage.count("notes of an early end")


def _open(stage: Stage, paper_id: UUID, now: datetime) -> None:
    """Print it outside of any block, and ask for the signatures."""
    with stage.database.read() as session:
        seen = service_opening.require_ready(session, stage.lead, paper_id, now=now)
        data, version = contents.of_paper(session, seen, Language.ITALIAN, now), seen.paper.version
    printed = printing.print_paper(data, version=version, now=now)
    with stage.database.write() as session:
        service_opening.open_paper(
            session, stage.lead, paper_id, printed, language=Language.ITALIAN, now=now, site=stage.site
        )


def _sign(stage: Stage, paper_id: UUID, now: datetime, folder: str) -> None:
    with stage.database.write() as session:
        paper = service.find(session, stage.lead, paper_id).paper
        roles = [one.role for one in service_signing.of_document(session, paper.document_id)]
        service_signing.record(
            session, stage.lead, paper_id, roles, signed_on=now.date(), archive_number=f"{folder}/{paper_id.hex[:8]}",
            now=now, site=stage.site,
        )  # fmt: skip


def _move(stage: Stage, paper_id: UUID, action: Action, now: datetime, actor: Actor | None = None) -> None:
    with stage.database.write() as session:
        service_moves.move(session, actor or stage.lead, paper_id, action, now=now)
