"""What hosts, students and schools are reminded of: a week to confirm, and an evaluation to write."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.companies.models import Company
from app.db import Database
from app.hours import rules
from app.hours.models import EntryState, Evaluation, HourEntry
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind
from app.opportunities.models import Opportunity
from app.placements import service_telling
from app.placements.models import Placement, State

AT_ONCE = 100
"""So many are told in one block."""


def run(database: Database, now: datetime) -> dict[str, int]:
    """Remind whoever has something to do; nobody is told the same twice, however often this runs."""
    with database.read() as session:
        ended, waiting = _ended(session), _waiting(session, now)
    for first in range(0, len(ended), AT_ONCE):
        with database.write() as session:
            for placement_id in ended[first : first + AT_ONCE]:
                _ask_to_evaluate(session, placement_id, now)
    for first in range(0, len(waiting), AT_ONCE):
        with database.write() as session:
            for company_id in waiting[first : first + AT_ONCE]:
                _ask_to_confirm(session, company_id, now)
    return {"evaluations_waiting": len(ended), "hosts_waiting": len(waiting)}


def _ended(session: Session) -> Sequence[UUID]:
    """Placements to be closed of which somebody has not evaluated."""
    given = sa.select(sa.func.count()).where(Evaluation.placement_id == Placement.id).scalar_subquery()
    query = sa.select(Placement.id).where(Placement.state == State.CLOSING, given < len(rules.CRITERIA))
    return session.scalars(query.order_by(Placement.id)).all()


def _waiting(session: Session, now: datetime) -> Sequence[UUID]:
    """Hosts with days of weeks that are over and that they have not confirmed."""
    monday = _monday(now)
    query = (
        sa.select(Placement.company_id)
        .join(HourEntry, HourEntry.placement_id == Placement.id)
        .where(
            Placement.state.in_(rules.WORKED),
            HourEntry.state == EntryState.NOTED,
            HourEntry.worked_on < monday.date(),
        )
        .distinct()
    )
    return session.scalars(query.order_by(Placement.company_id)).all()


def _monday(now: datetime) -> datetime:
    return now - timedelta(days=now.weekday())


def _ask_to_evaluate(session: Session, placement_id: UUID, now: datetime) -> None:
    placement = session.get(Placement, placement_id)
    if placement is None:
        return  # its student has just been forgotten
    given = set(session.scalars(sa.select(Evaluation.party).where(Evaluation.placement_id == placement_id)))
    people = {
        user_id
        for party in rules.CRITERIA
        if party not in given
        for user_id in service_telling.people(session, placement, party)
    }
    notifications.tell(
        session, people, NotificationKind.EVALUATION_ASKED, placement_id,
        path=f"/placements/{placement_id}/evaluation", now=now,
        data={
            "title": session.get_one(Opportunity, placement.opportunity_id).title,
            "company": session.get_one(Company, placement.company_id).name,
        },
    )  # fmt: skip


def _ask_to_confirm(session: Session, company_id: UUID, now: datetime) -> None:
    monday = _monday(now).date()
    notifications.tell(
        session, notifications.people_of_company(session, company_id), NotificationKind.HOURS_WAITING,
        f"{company_id} {monday}", path=f"/companies/{company_id}/hours?week={monday - timedelta(days=7)}",
        data={"company": session.get_one(Company, company_id).name}, now=now,
    )  # fmt: skip
