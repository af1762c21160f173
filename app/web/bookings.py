"""A booking on a page: where it stands, and what its reader can do. A letter's link opens it, a button answers."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app import errors
from app.attendances.rules import CAN_COME, gives_feedback
from app.bookings import rules, service, service_moves, service_reading
from app.bookings.models import BookingState
from app.bookings.rules import BookingAction, Limits, Side
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.students.models import Student
from app.web import booking_words, visit_day
from app.web.ui import InView, View

router = APIRouter(prefix="/bookings/{booking_id}", include_in_schema=False)


@router.get("")
def show_booking(view: InView, booking_id: UUID) -> Response:
    """One booking, for whoever comes, their school, and the host."""
    return _page(view, booking_id)


def _page(view: View, booking_id: UUID, *, trouble: str = "") -> Response:
    with view.read() as (session, actor):
        seen = service_reading.read(session, actor, booking_id, now=view.now())
        company = session.get_one(Company, seen.opportunity.company_id)
        # Its own student needs no name, and the host gets none.
        is_named = seen.side in (Side.SCHOOL, Side.SERVICE) and not seen.is_group
        student_id = seen.booking.student_id if is_named else None
        student = session.get(Student, student_id) if student_id is not None else None
    if student is not None:
        view.looked(LookKind.PROFILE, [student.id])
    return view.show(
        "placement/booking.html", status=409 if trouble else 200, seen=seen, booking=seen.booking, visit=seen.visit,
        company=company, student=student, actions=seen.actions(view.now()), trouble=booking_words.TROUBLES.get(trouble),
        said=booking_words, back=_way_back(seen), most_passes=rules.MOST_PASSES,
        entry=visit_day.pass_of(view, seen), names_who_came=seen.side is Side.SCHOOL and seen.booking.state in CAN_COME, is_host=seen.side is Side.HOST,
        asks=seen.booking.state is BookingState.ATTENDED and gives_feedback(seen.side, is_group=seen.is_group, is_member=seen.side is Side.STUDENT), hears_link=seen.side is Side.HOST or seen.booking.state is BookingState.BOOKED,
    )  # fmt: skip


def _way_back(seen: service_reading.Seen) -> str:
    if seen.side in (Side.HOST, Side.SERVICE):
        return f"/opportunities/{seen.opportunity.id}"
    if seen.side is Side.SCHOOL and seen.is_group:
        return f"/classes/{seen.booking.class_id}"
    return f"/students/{seen.booking.student_id}" if seen.booking.student_id is not None else "/start"


@router.post("/move")
def move_booking(
    view: InView,
    booking_id: UUID,
    action: Annotated[BookingAction, Form()],
    version: Annotated[int, Form(ge=1, le=2**31 - 1)],
) -> Response:
    """Each button is a step; who was overtaken is shown what there is now."""
    try:
        with view.write() as (session, actor):
            service_moves.move(
                session, actor, booking_id, action, version=version, now=view.now(), limits=Limits.of(view.settings)
            )  # fmt: skip
    except service_moves.BookingChanged:
        return _page(view, booking_id, trouble="changed")
    except service.TakenElsewhere:
        return _page(view, booking_id, trouble="elsewhere")
    except errors.WrongState:
        return _page(view, booking_id, trouble="late")
    return view.go(f"/bookings/{booking_id}#state")
