"""What coordinators note about companies of their territory."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access
from app.companies import rules as company_rules
from app.companies import service as companies
from app.companies.models import Company
from app.events import service as events
from app.network.models import CompanyNote

MOST_NOTES = 200
"""About one company."""


class NoSuchNote(errors.NotFound):
    """No note about this company has this id."""

    title = "No such note"


class NotYourCompanies(errors.NotAllowed):
    """Notes are for those who coordinate where the company is."""

    title = "Only for those who coordinate the company's territory"


class TooManyNotes(errors.Conflict):
    """There are as many notes about the company as there may be."""

    title = "Too many notes"


def search(
    session: Session,
    actor: Actor,
    company_id: UUID,
    *,
    before: tuple[datetime, UUID] | None = None,
    limit: int,
) -> Sequence[CompanyNote]:
    """Notes about a company, the newest first. Raises NoSuchCompany, NotYourCompanies."""
    _require(session, actor, company_id, "network:read")
    query = sa.select(CompanyNote).where(CompanyNote.company_id == company_id)
    if before is not None:
        query = query.where(sa.tuple_(CompanyNote.written_at, CompanyNote.id) < before)
    return session.scalars(
        query.order_by(CompanyNote.written_at.desc(), CompanyNote.id.desc()).limit(limit)
    ).all()


def write(session: Session, actor: Actor, company_id: UUID, text: str, *, now: datetime) -> CompanyNote:
    """Add a note. Raises NoSuchCompany, NotYourCompanies, TooManyNotes."""
    company = _require(session, actor, company_id, "network:write")
    session.refresh(company, with_for_update=True)  # of two notes at once one is the last that fits
    present = sa.select(sa.func.count()).where(CompanyNote.company_id == company_id)
    if (session.scalar(present) or 0) >= MOST_NOTES:
        raise TooManyNotes(f"There are at most {MOST_NOTES} notes about a company: remove old ones.")
    note = CompanyNote(
        company_id=company_id, text=text, written_at=now.astimezone(UTC), written_by=actor.mark
    )
    session.add(note)
    session.flush()
    events.record(session, actor, "company.noted", company_id)
    return note


def remove(session: Session, actor: Actor, company_id: UUID, note_id: UUID) -> None:
    """Remove a note. Raises NoSuchCompany, NotYourCompanies, NoSuchNote."""
    _require(session, actor, company_id, "network:write")
    note = session.get(CompanyNote, note_id)
    if note is None or note.company_id != company_id:
        raise NoSuchNote
    session.delete(note)
    events.record(session, actor, "company.note_removed", company_id)


def forget_old(session: Session, now: datetime, *, days: int) -> int:
    """Delete notes that are older; how many."""
    ended = sa.delete(CompanyNote).where(CompanyNote.written_at < now - timedelta(days=days))
    return int(session.execute(ended).rowcount)  # type: ignore[attr-defined]


def _require(session: Session, actor: Actor, company_id: UUID, scope: str) -> Company:
    auth.require_scope(actor, scope)
    company = companies.require(session, actor, company_id)
    if not company_rules.is_overseen(actor, company, access.provinces_of(session, actor, company_id)):
        raise NotYourCompanies
    return company
