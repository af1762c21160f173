"""An event with sessions, schools with classes, and what each does, each in a block of its own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from app.auth.actors import Actor, Grant, Role
from app.bookings import service, service_moves, service_quotas, service_sessions, service_turns
from app.bookings.models import Booking, BookingCount, BookingMember, BookingState, Quota, VisitSession
from app.bookings.rules import ENDED, HOLDS_SEATS, BookingAction, Limits
from app.bookings.service import Wanted
from app.opportunities.models import Kind, Opportunity
from app.schools.models import SchoolClass
from app.students.models import Student
from tests.factories import NOW, Factory

LIMITS = Limits(hold=timedelta(minutes=15), offer=timedelta(hours=48))
STARTS = NOW + timedelta(days=21)
NO_QUOTA: dict[str, Any] = {
    "visit_session_id": None, "name": "Quota", "school_id": None, "year": None, "programme_id": None, "seats": None,
    "most_groups": None, "keeps": False, "released_at": None,
}  # fmt: skip


def session_values(**values: Any) -> dict[str, Any]:
    starts_at = values.get("starts_at", STARTS)
    defaults: dict[str, Any] = {
        "starts_at": starts_at, "ends_at": starts_at + timedelta(hours=2), "room": "Sala A", "online_link": None,
        "language": "it", "note": "", "seats": 30, "smallest_group": None,
    }  # fmt: skip
    return defaults | values


class World:
    """A visit of a company."""

    def __init__(self, make: Factory) -> None:
        self.make, self.database = make, make.database
        self.event = make.opportunity(kind=Kind.VISIT, seats=1)

    def host(self, event: Opportunity | None = None) -> Actor:
        grant = Grant(Role.COMPANY_MEMBER, company_id=(event or self.event).company_id)
        return Actor(kind="user", id=None, name="Roberto", grants=(grant,))

    def student(self, student: Student) -> Actor:
        return Actor(
            kind="user", id=None, name="Giulia", grants=(Grant(Role.STUDENT, student_id=student.id),)
        )

    def lead(self, school_id: UUID) -> Actor:
        grant = Grant(Role.SCHOOL_LEAD, school_id=school_id)
        return Actor(kind="user", id=None, name="Elena", grants=(grant,))

    def plan(self, event: Opportunity | None = None, **values: Any) -> VisitSession:
        event = event or self.event
        with self.database.write() as session:
            return service_sessions.create(
                session, self.host(event), event.id, session_values(**values), now=NOW
            )

    def quota(self, **values: Any) -> Quota:
        with self.database.write() as session:
            return service_quotas.create(session, self.host(), self.event.id, NO_QUOTA | values, now=NOW)

    def book(
        self, visit: VisitSession, student: Student | None = None, *, now: datetime = NOW, **wanted: Any
    ) -> Booking:
        student = student or self.make.student()
        with self.database.write() as session:
            return service.book(
                session, self.student(student), visit.id, Wanted(student_id=student.id, **wanted), now=now, limits=LIMITS,
            )  # fmt: skip

    def school_class(self, students: int) -> SchoolClass:
        school_class = self.make.school_class()
        for _ in range(students):
            self.make.student(school_class)
        return school_class

    def book_class(
        self, visit: VisitSession, school_class: SchoolClass, *, adults: int = 2, now: datetime = NOW, **wanted: Any
    ) -> Booking:  # fmt: skip
        actor = self.lead(school_class.school_id)
        with self.database.write() as session:
            whole = Wanted(class_id=school_class.id, adults=adults, **wanted)
            return service.book(session, actor, visit.id, whole, now=now, limits=LIMITS)

    def move(self, booking: Booking, action: BookingAction, *, now: datetime = NOW) -> BookingState:
        """As the student, or as who leads the school."""
        with self.database.write() as session:
            moved = service_moves.move(
                session, self.lead(booking.school_id), booking.id, action, now=now, limits=LIMITS
            )
            return moved.state

    def cancel_session(self, visit: VisitSession) -> None:
        with self.database.write() as session:
            found, event = service_sessions.get_for_change(session, self.host(), self.event.id, visit.id)
            service_turns.cancel(session, self.host(), found, event, now=NOW)

    def edit_session(self, visit: VisitSession, **changes: Any) -> None:
        with self.database.write() as session:
            found, event = service_sessions.get_for_change(session, self.host(), self.event.id, visit.id)
            service_turns.edit(session, self.host(), found, event, changes, now=NOW, limits=LIMITS)

    def tick(self, now: datetime) -> dict[str, int]:
        return service_turns.run(self.database, now, LIMITS)

    def now(self, booking: Booking) -> Booking:
        found = self.make.get(Booking, booking.id)
        assert found is not None
        return found

    def rows(self) -> list[Booking]:
        """The bookings of the event, in the order in which they were asked for."""
        with self.database.read() as session:
            here = sa.select(VisitSession.id).where(VisitSession.opportunity_id == self.event.id)
            query = sa.select(Booking).where(Booking.visit_session_id.in_(here))
            return list(session.scalars(query.order_by(Booking.asked_at, Booking.id)))

    def check(self) -> None:
        """Every counter says what the bookings say, and nobody is counted who does not come."""
        bookings = self.rows()
        holding = {one.id: one for one in bookings if one.state in HOLDS_SEATS}
        with self.database.read() as session:
            for visit in session.scalars(
                sa.select(VisitSession).where(VisitSession.opportunity_id == self.event.id)
            ):
                here = [one for one in holding.values() if one.visit_session_id == visit.id]
                assert visit.seats_taken == sum(one.people for one in here) <= visit.seats
            quotas = session.scalars(sa.select(Quota).where(Quota.opportunity_id == self.event.id)).all()
            for quota in quotas:
                mine = session.scalars(sa.select(BookingCount).where(BookingCount.quota_id == quota.id)).all()
                assert {one.booking_id for one in mine} <= holding.keys()
                assert quota.seats_taken == sum(one.seats for one in mine)
                assert quota.groups_taken == sum(one.groups for one in mine)
            members = session.scalars(sa.select(BookingMember.booking_id)).all()
            for one in bookings:
                assert members.count(one.id) == (0 if one.state in ENDED else one.people - one.adults)
