"""What time does to applications: it reminds, sends what has waited for room, and ends what nobody answers."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import rules, service, service_steps, service_telling
from app.applications.models import Application, ApplicationEnd, ApplicationState
from app.applications.rules import Caps
from app.auth.actors import Actor, system
from app.companies.models import Company
from app.db import Database
from app.events import service as events
from app.opportunities.models import Opportunity, Status

AT_ONCE = 500
"""Of each in one round; the rest waits for the next."""


def run(database: Database, now: datetime, caps: Caps) -> dict[str, int]:
    """Do what is due, each in a block of its own; two at once do nothing twice. `now` is in the territory's time zone."""
    due = (
        sa.select(Application.id)
        .where(Application.due_at <= now)
        .order_by(Application.created_at, Application.id)
    )
    near = sa.select(Application.id).where(*_to_remind(now)).order_by(Application.due_at)
    # Most rounds have nothing to do, and must not take the writers' lock for it.
    with database.read() as session:
        struck = session.scalars(due.limit(AT_ONCE)).all()
        reminded = session.scalars(near.limit(AT_ONCE)).all()
    told = {"applications_moved": 0, "applications_reminded": 0}
    for application_id in struck:
        with database.write() as session:
            told["applications_moved"] += strike(session, system("clock"), application_id, now, caps)
    for application_id in reminded:
        with database.write() as session:
            told["applications_reminded"] += _remind(session, application_id, now)
    return told


def strike(session: Session, actor: Actor, application_id: UUID, now: datetime, caps: Caps) -> bool:
    """What the clock of one application does; whether it was its time."""
    # Before the application, as whoever changes the company's limit does.
    company = sa.select(Application.company_id).where(Application.id == application_id)
    of = sa.select(Company.id).where(Company.id.in_(company)).with_for_update(read=True, key_share=True)
    session.execute(of)
    found = service_steps.lock_applications(session, [application_id])
    if not found or found[0].due_at is None or found[0].due_at > now:
        return False
    application = found[0]
    if application.state is not ApplicationState.QUEUED:
        owner = rules.OWNER[application.state]
        service_steps.take(
            session,
            actor,
            application,
            ApplicationState.EXPIRED,
            now=now,
            party=owner,
            reason=ApplicationEnd.NO_ANSWER,
        )
        return True
    if application.starts_on <= now.date():
        reason = ApplicationEnd.NO_ROOM
    elif not _is_open(session, application):
        reason = ApplicationEnd.OPPORTUNITY_OVER
    else:
        if not service.send(session, application, caps, now):
            return False
        data = {"from": ApplicationState.QUEUED.value, "to": application.state.value}
        events.record(session, actor, "application.moved", application.id, data)
        return True
    party = rules.OWNER[ApplicationState.QUEUED]
    service_steps.take(
        session, actor, application, ApplicationState.EXPIRED, now=now, party=party, reason=reason
    )
    return True


def _is_open(session: Session, application: Application) -> bool:
    opportunity = session.get_one(Opportunity, application.opportunity_id)
    return opportunity.status is Status.PUBLISHED and opportunity.takes_applications


def _to_remind(now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Application.due_at > now,
        Application.due_at <= now + rules.REMIND_BEFORE,
        Application.reminded_at.is_(None),
        Application.state != ApplicationState.QUEUED,
    )


def _remind(session: Session, application_id: UUID, now: datetime) -> bool:
    taken = session.scalar(
        sa.update(Application)
        .where(Application.id == application_id, *_to_remind(now))
        .values(reminded_at=now.astimezone(UTC), version=Application.version + 1)
        .returning(Application)
        .execution_options(populate_existing=True)
    )
    if taken is not None:
        service_telling.remind(session, taken, now)
    return taken is not None
