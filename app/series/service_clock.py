"""What happens to series by themselves: a silent steering group is reminded, and who was there on the day is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import system
from app.db import Database
from app.events import service as events
from app.opportunities.models import Opportunity
from app.series import rules, service_telling
from app.series.models import Series, SeriesProposal

AT_ONCE = 500
"""Proposals of one round; the rest waits for the next."""


def remind(database: Database, now: datetime) -> dict[str, int]:
    """Tell each steering group what it owes an answer to, once in `rules.REMINDED_EVERY`; how many."""
    with database.read() as session:
        due = list(session.scalars(_due(now).limit(AT_ONCE)))
    reminded = 0
    for proposal_id in due:
        with database.write() as session:
            proposal = session.get(SeriesProposal, proposal_id, with_for_update=True)
            if proposal is None or not rules.is_reminder_due(proposal.due_at, proposal.reminded_at, now):
                continue
            proposal.reminded_at = now.astimezone(UTC)
            series = session.get_one(Series, proposal.series_id)
            opportunity = session.get_one(Opportunity, proposal.opportunity_id)
            service_telling.late(session, proposal, series, opportunity, now)
            events.record(session, system("worker"), "series_proposal.reminded", proposal.id)
            reminded += 1
    return {"proposals_reminded": reminded}


def _due(now: datetime) -> sa.Select[UUID]:
    moment = now.astimezone(UTC)
    lately = SeriesProposal.reminded_at > moment - rules.REMINDED_EVERY
    return (
        sa.select(SeriesProposal.id)
        .where(SeriesProposal.due_at <= moment, sa.or_(SeriesProposal.reminded_at.is_(None), ~lately))
        .order_by(SeriesProposal.due_at, SeriesProposal.id)
    )


def forget_contacts(session: Session, now: datetime, *, days: int) -> int:
    """Empty who was there on the day, of series that have long been over; how many."""
    over = sa.select(Series.id).where(Series.ends_on < now.date() - timedelta(days=days))
    named = sa.or_(SeriesProposal.contact_name != "", SeriesProposal.contact_phone != "")
    gone = session.execute(
        sa.update(SeriesProposal)
        .where(SeriesProposal.series_id.in_(over), named)
        .values(contact_name="", contact_phone="", version=SeriesProposal.version + 1)
    )
    return int(gone.rowcount)  # type: ignore[attr-defined]
