"""What a crowd of processes does: each thread asks for a seat of a session for one student after the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import local
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
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

TRIES = 50
_seen = local()
Attempt = tuple[UUID, UUID]
"""A student and a session."""


def compete(url: str, attempts: Sequence[Attempt], threads: int, *, is_guarded: bool) -> Counter[str]:
    """Book for each; how many got a seat, how many did not, and how often the database was busy.

    Not `is_guarded` looks for a free seat first, in a block of its own.
    """
    database = Database(url, connections=threads)
    told: Counter[str] = Counter()

    def attempt(one: Attempt) -> None:
        student_id, visit_id = one
        actor = Actor(
            kind="user", id=None, name="Giulia", grants=(Grant(Role.STUDENT, student_id=student_id),)
        )
        wanted = Wanted(student_id=student_id, may_wait=False)
        for _ in range(TRIES):
            try:
                if not is_guarded:
                    with database.read() as session:
                        visit = session.get_one(VisitSession, visit_id)
                        _seen.free = visit.seats_taken < visit.seats
                with database.write() as session:
                    service.book(session, actor, visit_id, wanted, now=NOW, limits=LIMITS)
            except service.Full:
                told["full"] += 1
                return
            except OperationalError:  # a lock that was waited for too long, or waits that crossed: once more
                told["busy"] += 1
            else:
                told["taken"] += 1
                return
        told["given up"] += 1

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(attempt, attempts))
    database.close()
    return told


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
