"""A visit that was yesterday: the stranger alone and the class with two adults have booked, and nobody has said who came."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa

from app.attendances.models import CheckIn, Discovery, Recommends, VisitFeedback
from app.bookings.models import Booking, BookingKind, BookingMember, BookingState, SessionState, VisitSession
from app.db import Database, new_id
from app.opportunities.models import Kind, Status
from app.students.models import Student
from tests.factories import ACTOR, NOW, Factory
from tests.web.territory import Territory


def fill(database: Database, land: Territory, on: date) -> dict[str, str]:
    """The ids by name: `day_session_id`, `day_single_id`, `day_group_id`."""
    make = Factory(database)
    student, stranger = (make.get(Student, one) for one in (land.student_id, land.stranger_id))
    assert student is not None
    assert stranger is not None
    event = make.opportunity(
        company_id=land.company_id, kind=Kind.VISIT, title="Dentro il reparto prove", status=Status.CLOSED, seats=0,
        has_sessions=True, takes_applications=False,
    )  # fmt: skip
    begins = datetime.combine(on - timedelta(days=1), time(8), UTC)
    visit = make.add(
        VisitSession(
            opportunity_id=event.id, starts_at=begins, ends_at=begins + timedelta(hours=3), room="Portineria", seats=30,
            seats_taken=5, draw_seed=7, created_at=NOW, created_by=ACTOR.mark, state=SessionState.HELD,
        )
    )  # fmt: skip
    with database.read() as session:
        whole = session.scalars(sa.select(Student.id).where(Student.class_id == land.class_id)).all()

    def booking_of(one: Student, **values: Any) -> Booking:
        return make.add(
            Booking(
                visit_session_id=visit.id, school_id=one.school_id, class_id=one.class_id, asked_at=NOW,
                asked_by=ACTOR.mark, state=BookingState.BOOKED, **values,
            )
        )  # fmt: skip

    single = booking_of(stranger, kind=BookingKind.SINGLE, student_id=stranger.id, people=1)
    group = booking_of(student, kind=BookingKind.GROUP, people=len(whole) + 2, adults=2)
    for booking, members in ((single, [stranger.id]), (group, whole)):
        for one in members:
            make.add(BookingMember(visit_session_id=visit.id, student_id=one, booking_id=booking.id))
    past, coming = (
        make.add(
            VisitSession(
                opportunity_id=event.id, starts_at=begins + timedelta(days=days), ends_at=begins + timedelta(days=days, hours=2),
                seats=400, seats_taken=taken, draw_seed=7, created_at=NOW, created_by=ACTOR.mark, state=state,
            )
        )
        for days, taken, state in ((-7, 400, SessionState.HELD), (10, 0, SessionState.PLANNED))
    )  # fmt: skip
    _counted(database, past, stranger)
    return {
        "day_session_id": str(visit.id), "day_single_id": str(single.id), "day_group_id": str(group.id),
        "day_past_id": str(past.id), "day_next_id": str(coming.id),
    }  # fmt: skip


def _counted(database: Database, past: VisitSession, student: Student) -> None:
    """Four hundred who have been counted, every third of whom did not come; seven of those who did have said how it was."""
    bookings: list[Booking] = []
    after: list[CheckIn | VisitFeedback] = []
    for number in range(400):
        is_there = number % 3 > 0
        booking = Booking(
            id=new_id(), visit_session_id=past.id, kind=BookingKind.SINGLE, people=1, school_id=student.school_id,
            class_id=student.class_id, asked_at=past.starts_at - timedelta(days=number % 40), asked_by=ACTOR.mark,
            state=BookingState.ATTENDED if is_there else BookingState.ABSENT,
        )  # fmt: skip
        bookings.append(booking)
        seen_at = {"made_at": past.starts_at, "noted_at": past.starts_at, "noted_by": ACTOR.mark}
        after.append(CheckIn(booking_id=booking.id, students=int(is_there), adults=0, **seen_at))
        if is_there and number < 11:
            after.append(
                VisitFeedback(
                    booking_id=booking.id, discovery=Discovery.A_TECHNOLOGY, recommends=Recommends.YES,
                    words="Il banco di prova.", given_at=past.ends_at,
                )
            )  # fmt: skip
    with database.write() as session:
        session.add_all(bookings)
        session.flush()  # the others name them
        session.add_all(after)
