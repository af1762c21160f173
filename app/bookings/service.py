"""Asking for seats of a session: for a student, or for a class. Whoever asks joins the list, and the list is served."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.bookings import rules, service_counts, service_sessions, service_waiting
from app.bookings.models import Booking, BookingKind, BookingMember, BookingState, VisitSession
from app.bookings.rules import Limits
from app.class_tests import rules as test_rules
from app.class_tests import service as class_tests
from app.class_tests.models import ClassTest
from app.events import service as events
from app.opportunities.models import Opportunity, Status
from app.opportunities.service_life import Full
from app.placements import service as placements
from app.schools import classes
from app.schools.models import SchoolClass
from app.students.models import Student


class NotYourBooking(errors.NotAllowed):
    """A student books alone, or the staff of the class does; a class is booked by its staff."""

    title = "Not yours to book"


class UnknownGuest(errors.Invalid):
    """Who is to come does not exist, or is not the actor's to know; `faults` names the field."""

    title = "Unknown student or class"


class NotBookable(errors.Conflict):
    """The event or the session takes nobody, or not a group of this size."""

    title = "It cannot be booked"


class NoRoom(Full):
    """Not so many seats are free, or these are kept for others; whoever says so joins the waiting list."""

    title = "There is no room now"


class BookedAlready(errors.Conflict):
    """Some of them come to this session already; `faults` names them."""

    title = "Booked already"


class TakenElsewhere(errors.Conflict):
    """Some of them are, or have promised to be, somewhere else at that time; `faults` names them."""

    title = "Somewhere else at that time"


class TestThen(errors.Conflict):
    """The class has a test then; whoever says so books all the same. `faults` names each test."""

    title = "The class has a test then"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who is to come: a student, or a class, or some of its students, with adults."""

    student_id: UUID | None = None
    class_id: UUID | None = None
    student_ids: tuple[UUID, ...] | None = None
    adults: int = 0
    is_hold: bool = False
    """Only keep the seats for a short time."""
    may_wait: bool = True
    """Join the waiting list where there is no room."""
    despite_test: bool = False
    """Come although the class has a test then."""


def book(
    session: Session, actor: Actor, visit_session_id: UUID, wanted: Wanted, *, now: datetime, limits: Limits
) -> Booking:
    """Book, hold, or wait; what is open already for the same people stays the one booking that it is.

    Raises NoSuchVisitSession, UnknownGuest, NotYourBooking, NotBookable, BookedAlready, TakenElsewhere, TestThen and NoRoom.
    """
    auth.require_scope(actor, "placements:write")
    visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    school_class, students = who(session, actor, wanted)
    people = len(students) + wanted.adults
    present = _present(session, visit, students)
    if present is None and not wanted.may_wait:
        _refuse_full(visit, people)
    service_counts.lock(session, students, opportunity.id)
    session.refresh(opportunity)
    session.refresh(visit)
    present = _present(session, visit, students)
    if present is not None:
        return present
    refuse_closed(visit, opportunity, now)
    booking = Booking(
        id=db.new_id(), visit_session_id=visit.id, state=BookingState.WAITING, due_at=visit.starts_at,
        kind=BookingKind.SINGLE if wanted.class_id is None else BookingKind.GROUP, student_id=wanted.student_id,
        school_id=school_class.school_id, class_id=school_class.id, people=people,
        adults=wanted.adults, asked_at=now.astimezone(UTC), asked_by=actor.mark, passes=0,
    )  # fmt: skip
    refuse_size(session, booking, visit, now)
    refuse_clash(session, visit, students, now)
    if booking.kind is BookingKind.GROUP and not wanted.despite_test:
        _refuse_test(session, visit, school_class.id, now)
    session.add(booking)
    session.flush()
    session.add_all(
        BookingMember(visit_session_id=visit.id, student_id=one, booking_id=booking.id)
        for one in sorted(students)
    )
    events.record(session, actor, "booking.asked", booking.id, {"to": booking.state.value})
    becomes = BookingState.HELD if wanted.is_hold else BookingState.BOOKED
    service_waiting.serve(session, actor, visit, now=now, limits=limits, newcomer=booking, becomes=becomes)
    if booking.state is BookingState.WAITING and not wanted.may_wait:
        raise NoRoom
    return booking


def refuse_closed(visit: VisitSession, opportunity: Opportunity, now: datetime) -> None:
    """Raise NotBookable unless the event and the session take people."""
    if opportunity.status not in (Status.PUBLISHED, Status.FULL):
        raise NotBookable(f"The event is {opportunity.status}.")
    if opportunity.closes_on is not None and opportunity.closes_on < now.date():
        raise NotBookable(f"It took bookings until {opportunity.closes_on}.")
    try:
        service_sessions.refuse_over(visit, now)
    except errors.WrongState as error:
        raise NotBookable(error.detail) from error


def refuse_clash(session: Session, visit: VisitSession, students: Collection[UUID], now: datetime) -> None:
    """Raise TakenElsewhere, naming those who cannot come: they are at a placement, or come to another session then."""
    moment = rules.moment(visit.starts_at, visit.ends_at, now.tzinfo or UTC)
    busy = set() if moment is None else placements.busy(session, students, moment)
    query = (
        sa.select(BookingMember.student_id)
        .join(Booking, Booking.id == BookingMember.booking_id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(
            BookingMember.student_id.in_(students), Booking.state.in_(rules.PROMISED), VisitSession.id != visit.id,
            VisitSession.starts_at < visit.ends_at, VisitSession.ends_at > visit.starts_at,
        )
    )  # fmt: skip
    busy |= set(session.scalars(query))
    if busy:
        raise TakenElsewhere(faults=_named(busy, "is somewhere else at that time"))


def tests_then(
    session: Session, class_id: UUID, visits: Collection[VisitSession], now: datetime
) -> dict[UUID, list[ClassTest]]:
    """The tests that a class has while each of these sessions is, for whoever books it; one query."""
    moments = {one.id: rules.moment(one.starts_at, one.ends_at, now.tzinfo or UTC) for one in visits}
    days = {moment.starts_on for moment in moments.values() if moment is not None}
    tests = class_tests.of_class(session, class_id, days)
    found = {
        key: test_rules.in_the_way(tests, moment.starts_on, moment.parts)
        for key, moment in moments.items()
        if moment is not None
    }
    return {key: some for key, some in found.items() if some}


def _refuse_test(session: Session, visit: VisitSession, class_id: UUID, now: datetime) -> None:
    found = tests_then(session, class_id, [visit], now).get(visit.id, ())
    if found:
        details = [f"on {one.held_on} the class has a test: {one.subject}" for one in found]
        raise TestThen(
            faults=[{"in": "body", "field": "despite_test", "detail": detail} for detail in details]
        )


def _refuse_full(visit: VisitSession, people: int) -> None:
    # Most of a rush ends here, before anybody waits for a lock; a seat that comes free in this moment is another's.
    if visit.seats_taken + people > visit.seats:
        raise NoRoom


def who(session: Session, actor: Actor, wanted: Wanted) -> tuple[SchoolClass, list[UUID]]:
    """Whose class they are of, and the students who are to come. Raises UnknownGuest and NotYourBooking."""
    if wanted.student_id is not None:
        student = session.get(Student, wanted.student_id)
        is_own = actor.is_student(wanted.student_id)
        if student is None or not (
            is_own or actor.is_administrator or actor.is_staff_of(student.school_id, student.class_id)
        ):
            raise _unknown("student_id", "no student that you may see has this id")
        if not is_own and not actor.is_staff_of(student.school_id, student.class_id):
            raise NotYourBooking
        return session.get_one(SchoolClass, student.class_id), [student.id]
    if wanted.class_id is None:
        raise _unknown("class_id", "no class that you may see has this id")
    try:
        school_class = classes.get(session, actor, wanted.class_id, scope="placements:write")
    except classes.NoSuchClass as error:
        # The same for a class of others: who comes is theirs to know.
        raise _unknown("class_id", "no class that you may see has this id") from error
    if not actor.is_staff_of(school_class.school_id, school_class.id):
        raise NotYourBooking("A class is booked by its teachers.")
    query = sa.select(Student.id).where(Student.class_id == school_class.id, Student.archived_at.is_(None))
    everybody = session.scalars(query.order_by(Student.id)).all()
    chosen = everybody if wanted.student_ids is None else wanted.student_ids
    strangers = [index for index, one in enumerate(chosen) if one not in everybody]
    if strangers:
        raise _unknown(f"student_ids.{strangers[0]}", "the class has no student with this id")
    if not chosen:
        raise _unknown("class_id", "the class has no students")
    return school_class, sorted(chosen)


def _present(session: Session, visit: VisitSession, students: Sequence[UUID]) -> Booking | None:
    of_session = BookingMember.visit_session_id == visit.id
    query = sa.select(BookingMember).where(of_session, BookingMember.student_id.in_(students))
    found = session.scalars(query).all()
    if not found:
        return None
    ids = {one.booking_id for one in found}
    booking = session.get_one(Booking, min(ids), populate_existing=True)
    is_same = len(ids) == 1 and len(found) == len(students) == booking.people - booking.adults
    if not is_same:
        raise BookedAlready(faults=_named({one.student_id for one in found}, "comes to this session already"))
    return booking


def refuse_size(session: Session, booking: Booking, visit: VisitSession, now: datetime) -> None:
    """Raise NotBookable for a group that is too small, and for more than there can ever be room for."""
    is_group = booking.kind is BookingKind.GROUP
    if is_group and visit.smallest_group is not None and booking.people < visit.smallest_group:
        raise NotBookable(f"Groups are of at least {visit.smallest_group} people.")
    hall = service_counts.hall(session, visit, now)
    most = rules.most(hall, service_counts.guest(session, booking))
    if booking.people > most:
        raise NotBookable(f"There can never be room for more than {most} here.")


def _unknown(field: str, detail: str) -> UnknownGuest:
    return UnknownGuest(faults=[{"in": "body", "field": field, "detail": detail}])


def _named(students: Collection[UUID], detail: str) -> list[dict[str, str]]:
    return [{"in": "body", "field": "student_ids", "detail": f"{one} {detail}"} for one in sorted(students)]
