"""Noting who came: by list, by code, once or again, and later than it was seen where there was no network."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import db, errors
from app.attendances import rules, service_codes, service_worths
from app.attendances.models import CheckIn, CheckInStudent
from app.attendances.rules import Came, Expected
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import rules as booking_rules
from app.bookings import service_counts, service_reading, service_sessions, service_waiting
from app.bookings.models import Booking, BookingState, SessionState, VisitSession
from app.bookings.rules import BookingAction, Side
from app.bookings.service_reading import Seen
from app.errors import WrongState as WrongState
from app.events import service as events


class NotYourDoor(errors.NotAllowed):
    """Who came is for the host and the school to say; who of a group, for the school alone."""

    title = "Not yours to say"


class BadCheckIn(errors.Invalid):
    """More than have booked, somebody who does not come with it, or a moment that cannot be; `faults` names the field."""

    title = "This cannot be who came"


class SchoolHasSaid(WrongState):
    """The school has said who came, and its word stands."""

    title = "The school has said who came"


@dataclass(frozen=True, slots=True)
class Presence:
    """A booking that can come, and who came of it; `named` is empty for whoever is told no students."""

    seen: Seen
    check_in: CheckIn | None
    named: frozenset[UUID] | None = None

    @property
    def expected_students(self) -> int:
        """How many students have booked."""
        return self.seen.booking.people - self.seen.booking.adults

    @property
    def students(self) -> int | None:
        """How many came; None while nobody has said anything."""
        if self.check_in is not None:
            return self.check_in.students
        known = {BookingState.ATTENDED: self.expected_students, BookingState.ABSENT: 0}
        return known.get(self.seen.booking.state)

    @property
    def adults(self) -> int | None:
        """How many adults came with them."""
        if self.check_in is not None:
            return self.check_in.adults
        known = {BookingState.ATTENDED: self.seen.booking.adults, BookingState.ABSENT: 0}
        return known.get(self.seen.booking.state)

    @property
    def who(self) -> frozenset[UUID] | None:
        """The students who came, as far as it is known."""
        return rules.who_came(self.seen.students, self.students or 0, self.named)


# --- reading ----------------------------------------------------------------------------------------------------------


def read(session: Session, actor: Actor, booking_id: UUID) -> Presence:
    """Who came with a booking. Raises NoSuchBooking."""
    return presence(session, service_reading.find(session, actor, booking_id))


def presence(session: Session, seen: Seen) -> Presence:
    """Who came with a booking that was found."""
    check_in = session.get(CheckIn, seen.booking.id)
    is_named = check_in is not None and check_in.is_named
    return Presence(seen, check_in, _named(session, seen.booking.id) if is_named else None)


def of_session(
    session: Session, actor: Actor, visit_session_id: UUID, *,
    after: tuple[datetime, UUID] | None = None, limit: int, now: datetime,
) -> list[Presence]:  # fmt: skip
    """The bookings of a session that can come and that the actor has to do with. Raises NoSuchVisitSession."""
    found: list[Seen] = []
    while len(found) < limit:
        seen = service_reading.of_session(session, actor, visit_session_id, after=after, limit=limit, now=now)
        found += [one for one in seen if one.booking.state in rules.CAN_COME]
        if len(seen) < limit:
            break
        after = (seen[-1].booking.asked_at, seen[-1].booking.id)
    ids = [one.booking.id for one in found]
    noted = {
        one.booking_id: one for one in session.scalars(sa.select(CheckIn).where(CheckIn.booking_id.in_(ids)))
    }
    return [Presence(one, noted.get(one.booking.id)) for one in found[:limit]]


def _named(session: Session, booking_id: UUID) -> frozenset[UUID]:
    query = sa.select(CheckInStudent.student_id).where(CheckInStudent.booking_id == booking_id)
    return frozenset(session.scalars(query))


# --- noting -----------------------------------------------------------------------------------------------------------


def mark(session: Session, actor: Actor, booking_id: UUID, came: Came, *, now: datetime) -> Presence:
    """Note who came. Of two marks the one that was made later stands, in whatever order they arrive; again changes nothing.

    What the school has said by name stands against any number, also against one of a later moment that arrived before.
    Raises NoSuchBooking, NotYourDoor, BadCheckIn, WrongState and SchoolHasSaid.
    """
    seen = service_reading.find(session, actor, booking_id, scope="placements:write")
    booking, visit = seen.booking, seen.visit
    if not booking_rules.may(seen.side, BookingAction.ATTEND, is_group=seen.is_group):
        raise NotYourDoor
    if came.student_ids is not None and seen.side is not Side.SCHOOL:
        raise NotYourDoor("Who of a group came is for its school to say.")
    service_counts.lock(session, seen.students, visit.opportunity_id)
    session.refresh(booking)
    session.refresh(visit)
    refuse_closed(booking, visit, now)
    expected = Expected(
        booking.people - booking.adults, booking.adults, frozenset(seen.students), seen.is_group
    )
    faults = rules.mark_faults(came, expected, opens_at=visit.starts_at - rules.OPENS_BEFORE, now=now)
    if faults:
        raise BadCheckIn(faults=[{"in": "body", "field": one.field, "detail": one.detail} for one in faults])
    return note(session, actor, seen, came, now=now)


def note(session: Session, actor: Actor, seen: Seen, came: Came, *, now: datetime) -> Presence:
    """Write down what makes sense, of a booking whose event is locked. Raises SchoolHasSaid."""
    booking = seen.booking
    expected = Expected(
        booking.people - booking.adults, booking.adults, frozenset(seen.students), seen.is_group
    )
    students, adults = rules.counted(came, expected)
    made_at = min(came.made_at, now).astimezone(UTC)
    check_in = session.get(CheckIn, booking.id, populate_existing=True)
    is_named = came.student_ids is not None
    if check_in is None:
        check_in = CheckIn(booking_id=booking.id, version=1)
        session.add(check_in)
    elif check_in.made_at > made_at and (check_in.is_named or not is_named):
        return presence(session, seen)
    elif check_in.is_named and seen.side is not Side.SCHOOL:
        raise SchoolHasSaid
    elif _is_said(session, check_in, students, adults, came):
        check_in.made_at = made_at
        return presence(session, seen)
    check_in.students, check_in.adults, check_in.is_named = students, adults, is_named
    check_in.made_at, check_in.noted_at, check_in.noted_by = made_at, now.astimezone(UTC), actor.mark
    session.execute(sa.delete(CheckInStudent).where(CheckInStudent.booking_id == booking.id))
    session.flush()
    if came.student_ids:
        rows = [{"booking_id": booking.id, "student_id": one} for one in sorted(came.student_ids)]
        session.execute(db.inserting(session, CheckInStudent).values(rows))
    after = BookingState.ATTENDED if students + adults else BookingState.ABSENT
    if booking.state is not after:
        service_waiting.change(session, actor, booking, after, due_at=None)
    events.record(session, actor, "booking.checked_in", booking.id, {"people": students + adults})
    found = presence(session, seen)
    service_worths.settle(session, actor, seen, found.who, now=now)
    return found


def _is_said(session: Session, check_in: CheckIn, students: int, adults: int, came: Came) -> bool:
    named = None if came.student_ids is None else frozenset(came.student_ids)
    known = _named(session, check_in.booking_id) if check_in.is_named else None
    return (check_in.students, check_in.adults, known) == (students, adults, named)


def refuse_closed(booking: Booking, visit: VisitSession, now: datetime) -> None:
    """Raise WrongState unless people may come now, or have come."""
    if booking.state not in rules.CAN_COME:
        raise WrongState(f"Nobody comes with a booking in the state {booking.state}.")
    if visit.state is SessionState.CANCELLED:
        raise WrongState("The session is cancelled.")
    if now < visit.starts_at - rules.OPENS_BEFORE:
        raise WrongState("The doors are not open yet.")


def mark_by_code(
    session: Session, actor: Actor, visit_session_id: UUID, typed: str, came: Came, secret: SecretStr, *, now: datetime
) -> Presence:  # fmt: skip
    """The same by the code that somebody shows at the door. Raises NoSuchVisitSession and NotItsCode besides."""
    auth.require_scope(actor, "placements:write")
    visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    if not service_sessions.is_host(session, actor, opportunity.id, opportunity):
        raise NotYourDoor("Codes are read by the host.")
    return mark(session, actor, service_codes.find(session, visit, typed, secret), came, now=now)
