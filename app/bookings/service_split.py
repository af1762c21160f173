"""A class that comes in two halves, to two sessions of the same event: both are booked, or neither."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.bookings import rules, service, service_counts, service_overview, service_sessions
from app.bookings.models import Booking
from app.bookings.rules import Limits
from app.bookings.service import Wanted
from app.schools.models import SchoolClass


def book(
    session: Session,
    actor: Actor,
    visit_session_ids: tuple[UUID, UUID],
    wanted: Wanted,
    *,
    now: datetime,
    limits: Limits,
) -> tuple[Booking, Booking]:
    """Book a class for two sessions of one event, as evenly as there is room; nobody waits.

    Raises what `service.book` raises, and NoRoom unless both halves have seats now.
    """
    visit, event = service_sessions.read(session, actor, visit_session_ids[0])
    other = service_sessions.read_of(session, actor, event.id, visit_session_ids[1])
    school_class, students = service.who(session, actor, wanted)
    # All of them at once, before the event: each half locks only its own.
    service_counts.lock(session, students, event.id)
    half = service_overview.guest(session.get_one(SchoolClass, school_class.id), is_group=True)
    rooms = [rules.room(service_counts.hall(session, one, now), half) for one in (visit, other)]
    least = max(visit.smallest_group or 1, other.smallest_group or 1)
    sizes = rules.split(len(students), wanted.adults, (rooms[0], rooms[1]), least)
    if sizes is None or visit.id == other.id:
        raise service.NoRoom
    (first, adults), (_, other_adults) = sizes
    parts = (
        (visit.id, replace(wanted, student_ids=tuple(students[:first]), adults=adults, may_wait=False)),
        (other.id, replace(wanted, student_ids=tuple(students[first:]), adults=other_adults, may_wait=False)),
    )
    made = [service.book(session, actor, one, part, now=now, limits=limits) for one, part in parts]
    return made[0], made[1]
