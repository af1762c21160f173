"""How many applications reach a company in a month, out of all schools together; the others wait for room."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.applications import rules
from app.applications.models import Application, ApplicationState, ContactLimit, ContactMonth
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import access
from app.companies import service as companies
from app.companies.rules import is_insider
from app.events import service as events


@dataclass(frozen=True, slots=True)
class Room:
    """How much a company is sent: its own wish, what holds, and how much of it this month has seen."""

    per_month: int | None
    paused_until: date | None
    most: int
    sent: int
    waiting: int
    version: int


def take_room(session: Session, company_id: UUID, *, most: int | None, today: date) -> bool:
    """Count one more contact of this month, unless `most` have been; whether there was room.

    One statement decides and counts, so that two schools at once do not send one too many. None counts without a limit.
    """
    month = rules.month_of(today)
    counted = (
        db.inserting(session, ContactMonth)
        .values(company_id=company_id, month=month, sent=1)
        .on_conflict_do_update(
            index_elements=["company_id", "month"],
            set_={"sent": ContactMonth.sent + 1},
            where=sa.true() if most is None else ContactMonth.sent < most,
        )
        .returning(ContactMonth.sent)
    )
    return session.execute(counted).one_or_none() is not None


def deliver(session: Session, application: Application, *, most: int, now: datetime) -> None:
    """Send an application to the company, or let it wait for the day on which there may be room.

    One that has ended begins again, and what the company has had before is no new contact. `now` is in the territory's time zone; `most` is the limit of all
    companies.
    """
    limit = session.get(ContactLimit, application.company_id)
    own, paused_until = (None, None) if limit is None else (limit.per_month, limit.paused_until)
    is_paused = paused_until is not None and paused_until > now.date()
    allowed = rules.most_contacts(most, own)
    is_sent = application.delivered_at is not None or (
        not is_paused and take_room(session, application.company_id, most=allowed, today=now.date())
    )
    application.ended_at = application.ended_by = application.ended_for = application.end_reason = None
    if is_sent:
        application.state = ApplicationState.SUBMITTED
        application.delivered_at = application.delivered_at or now.astimezone(UTC)
        application.due_at = rules.due_at(ApplicationState.SUBMITTED, application.starts_on, now)
        application.reminded_at = now if rules.is_reminded(application.due_at, now) else None
        return
    room_on = min(rules.next_room(now.date(), paused_until), application.starts_on)
    application.state = ApplicationState.QUEUED
    application.due_at = datetime.combine(room_on, time.min, now.tzinfo).astimezone(UTC)


# --- what a company wishes --------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, company_id: UUID, *, most: int, now: datetime) -> Room:
    """How much the company is sent: for its people and whoever oversees it. Raises NoSuchCompany, NotAllowed."""
    auth.require_scope(actor, "companies:read")
    company = companies.read(session, actor, company_id)
    if not is_insider(actor, company, access.provinces_of(session, actor, company_id)):
        raise errors.NotAllowed("Only the company, and who oversees it, reads this.")
    return _room(session, company_id, most, now.date())


def for_change(session: Session, actor: Actor, company_id: UUID, *, most: int, now: datetime) -> Room:
    """The same for whoever may change it, with the company locked. Raises NoSuchCompany, NotYourCompany."""
    companies.get_for_change(session, actor, company_id)
    return _room(session, company_id, most, now.date())


def edit(
    session: Session, actor: Actor, company_id: UUID, changes: Mapping[str, Any], *, most: int, now: datetime
) -> Room:
    """Set the company's own limit and its pause; what waits is tried again at once. Raises NoSuchCompany, NotYourCompany."""
    companies.get_for_change(session, actor, company_id)  # locked: nobody else is the first to say something
    limit = session.get(ContactLimit, company_id)
    if limit is None:
        limit = ContactLimit(company_id=company_id)
        session.add(limit)
        session.flush()
    changed = {name: value for name, value in changes.items() if getattr(limit, name) != value}
    for name, value in changed.items():
        setattr(limit, name, value)
    session.flush()
    if changed:
        events.record(session, actor, "contact_limit.edited", company_id, {"fields": sorted(changed)})
        _try_again(session, company_id, now)
    return _room(session, company_id, most, now.date())


def _try_again(session: Session, company_id: UUID, now: datetime) -> None:
    waiting = sa.select(Application.id).where(
        Application.company_id == company_id, Application.state == ApplicationState.QUEUED
    )
    ids = session.scalars(waiting.order_by(Application.id).with_for_update()).all()
    session.execute(
        sa.update(Application)
        .where(Application.id.in_(ids))
        .values(due_at=now.astimezone(UTC), version=Application.version + 1)
    )


def _room(session: Session, company_id: UUID, most: int, today: date) -> Room:
    limit = session.get(ContactLimit, company_id)
    month = session.get(ContactMonth, (company_id, rules.month_of(today)))
    waiting = sa.select(sa.func.count()).where(
        Application.company_id == company_id, Application.state == ApplicationState.QUEUED
    )
    own = None if limit is None else limit.per_month
    return Room(
        per_month=own,
        paused_until=None if limit is None else limit.paused_until,
        most=rules.most_contacts(most, own),
        sent=0 if month is None else month.sent,
        waiting=session.scalar(waiting) or 0,
        version=0 if limit is None else limit.version,
    )


def limits(session: Session, company_ids: Collection[UUID], *, most: int) -> dict[UUID, int]:
    """How many applications each of these companies is sent in a month at most."""
    own = dict(
        session.execute(
            sa.select(ContactLimit.company_id, ContactLimit.per_month).where(
                ContactLimit.company_id.in_(company_ids)
            )
        ).all()
    )
    return {one: rules.most_contacts(most, own.get(one)) for one in company_ids}
