"""What a crowd of processes does: each thread takes applications out of one heap and says the company's yes to them."""

from __future__ import annotations

from threading import local
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.applications import service_steps
from app.applications.models import Application, ApplicationState
from app.auth.actors import Actor, system
from app.db import Database
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity, Status
from app.placements.models import Party
from tests.factories import NOW

_seen = local()
CROWD = system("crowd")


def say_yes(database: Database, application_id: UUID) -> None:
    """The company's yes."""
    with database.write() as session:
        row = session.get_one(Application, application_id, with_for_update=True)
        service_steps.take(session, CROWD, row, ApplicationState.ACCEPTED, now=NOW, party=Party.COMPANY)


def look_and_say_yes(database: Database, application_id: UUID) -> None:
    """The same by who looks for a free seat first, in a block of its own."""
    _seen.free = _look(database, application_id)
    say_yes(database, application_id)


def _look(database: Database, application_id: UUID) -> bool:
    query = sa.select(Opportunity.seats_taken < Opportunity.seats).join(Application)
    with database.read() as session:
        return bool(session.scalar(query.where(Application.id == application_id)))


def take_what_was_seen(session: Session, _actor: Actor, opportunity_id: UUID) -> None:
    """Instead of the guard: who has seen a free seat before takes it."""
    if not _seen.free:
        raise seats.Full
    full = sa.case((Opportunity.seats_taken + 1 >= Opportunity.seats, Status.FULL), else_=Opportunity.status)
    counted = sa.func.min if session.get_bind().dialect.name == "sqlite" else sa.func.least
    session.execute(
        sa.update(Opportunity)
        .where(Opportunity.id == opportunity_id)
        .values(seats_taken=counted(Opportunity.seats_taken + 1, Opportunity.seats), status=full)
        .execution_options(synchronize_session=False)
    )
