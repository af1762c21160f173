"""What a crowd of processes does: each thread asks for a seat of a session for one student after the other."""

from __future__ import annotations

from datetime import datetime
from threading import local
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Grant, Role
from app.bookings import service
from app.bookings.models import Booking, VisitSession
from app.bookings.rules import Counted
from app.bookings.service import Wanted
from app.db import Database
from app.opportunities.models import Opportunity
from tests.app.bookings.world import LIMITS
from tests.factories import NOW

_seen = local()
Attempt = tuple[UUID, UUID]
"""A student and a session."""


def book(database: Database, attempt: Attempt) -> None:
    """Ask for a seat, and do not wait for one."""
    student_id, visit_id = attempt
    actor = Actor(kind="user", id=None, name="Giulia", grants=(Grant(Role.STUDENT, student_id=student_id),))
    wanted = Wanted(student_id=student_id, may_wait=False)
    with database.write() as session:
        service.book(session, actor, visit_id, wanted, now=NOW, limits=LIMITS)


def look_and_book(database: Database, attempt: Attempt) -> None:
    """The same by who looks for a free seat first, in a block of its own."""
    with database.read() as session:
        visit = session.get_one(VisitSession, attempt[1])
        _seen.free = visit.seats_taken < visit.seats
    book(database, attempt)


def take_what_was_seen(
    session: Session, _actor: Actor, booking: Booking, visit: VisitSession, _counts: dict[UUID, Counted], _now: datetime
) -> None:  # fmt: skip
    """Instead of the guards: who has seen a free seat before takes it."""
    if not _seen.free:
        raise service.NoRoom
    counted = sa.func.min if session.get_bind().dialect.name == "sqlite" else sa.func.least
    for kind, row_id in ((VisitSession, visit.id), (Opportunity, visit.opportunity_id)):
        session.execute(
            sa.update(kind)
            .where(kind.id == row_id)
            .values(seats_taken=counted(kind.seats_taken + booking.people, kind.seats))
            .execution_options(synchronize_session=False)
        )


def seat_who_has_looked(
    session: Session, actor: Actor, visit: VisitSession, *, newcomer: Booking, becomes: object, **_: object
) -> None:
    """Instead of serving the list by what is counted now."""
    take_what_was_seen(session, actor, newcomer, visit, {}, NOW)
    newcomer.state, newcomer.due_at = becomes, None  # type: ignore[assignment]
