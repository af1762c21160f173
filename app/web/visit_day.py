"""The day of a visit: the host's list, which also works without network, the code at the door, and the school's names."""

from __future__ import annotations

from datetime import timedelta
from importlib.util import find_spec
from typing import Annotated
from uuid import UUID

import segno
from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.attendances import service, service_codes, service_worths
from app.attendances.rules import CAN_COME, OPENS_BEFORE, Came
from app.auth import service_throttles as throttles
from app.auth.service_throttles import Door, TooManyTries
from app.bookings import service_sessions
from app.bookings.models import BookingState
from app.bookings.rules import Side
from app.bookings.service_reading import Seen
from app.events.service_looks import LookKind
from app.students.models import Student
from app.web import day_words
from app.web.sign_in import enter
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_ROWS = 500
WEEK = timedelta(days=7)
People = Annotated[int | None, Form(ge=0, le=1000)]
Code = Annotated[str, Form(max_length=40)]


# --- the host's list --------------------------------------------------------------------------------------------------


@router.get("/visit-sessions/{visit_session_id}/day")
def show_day(
    view: InView,
    visit_session_id: UUID,
    c: Annotated[str, Query(max_length=40)] = "",
    found: UUID | None = None,
) -> Response:
    """Who is to come, by numbers, and who came. A code in the address fills the form in, and does nothing else."""
    return _day(view, visit_session_id, code=c, found=found)


@router.post("/visit-sessions/{visit_session_id}/code")
def check_in_by_code(view: InView, visit_session_id: UUID, code: Code) -> Response:
    """Somebody shows a code at the door: all of the booking are there, until a number says otherwise."""
    with view.read() as (_, actor):
        who = actor.mark
    try:
        with view.open_write() as session:
            turn = enter(view, session, Door.CHECK_IN, who)
        with view.write() as (session, actor):
            found = service.mark_by_code(
                session, actor, visit_session_id, code, Came(view.now()), view.settings.secret_key, now=view.now()
            )  # fmt: skip
            throttles.give_back(session, turn, view.now())
    except TooManyTries:
        return _day(view, visit_session_id, code=code, trouble="wait", status=429)
    except service_codes.NotItsCode:
        return _day(view, visit_session_id, code=code, trouble="code", status=422)
    except errors.WrongState as refusal:
        return _day(view, visit_session_id, code=code, trouble=_trouble(refusal), status=409)
    booking_id = found.seen.booking.id
    return view.go(f"/visit-sessions/{visit_session_id}/day?found={booking_id}#b-{booking_id}")


@router.post("/bookings/{booking_id}/present")
def note_present(
    view: InView,
    booking_id: UUID,
    students: People = None,
    adults: People = None,
    ago: Annotated[int, Form(ge=0, le=int(WEEK.total_seconds()))] = 0,
) -> Response:
    """How many came with a booking. `ago` is how many seconds have gone since it was seen: no clock but ours is asked."""
    now, visit_session_id = view.now(), None
    try:
        with view.write() as (session, actor):
            found = service.read(session, actor, booking_id)
            visit_session_id = found.seen.visit.id
            came = Came(now - timedelta(seconds=ago), students, adults)
            service.mark(session, actor, booking_id, came, now=now)
    except errors.WrongState as refusal:
        assert visit_session_id is not None  # noqa: S101 -- for the type checker: it was read before
        return _day(view, visit_session_id, trouble=_trouble(refusal), status=409)
    except service.BadCheckIn:
        assert visit_session_id is not None  # noqa: S101 -- as above
        return _day(view, visit_session_id, trouble="numbers", status=422)
    return view.go(f"/visit-sessions/{visit_session_id}/day#b-{booking_id}")


def _trouble(refusal: errors.WrongState) -> str:
    return "said" if isinstance(refusal, service.SchoolHasSaid) else "late"


def _day(
    view: View, visit_session_id: UUID, *, code: str = "", found: UUID | None = None, trouble: str = "", status: int = 200
) -> Response:  # fmt: skip
    with view.read() as (session, actor):
        visit, opportunity = service_sessions.read(session, actor, visit_session_id)
        if not service_sessions.is_host(session, actor, opportunity.id, opportunity):
            raise service.NotYourDoor
        rows = service.of_session(session, actor, visit_session_id, limit=MOST_ROWS, now=view.now())
    rows.sort(key=lambda one: (one.seen.school_name or "", one.seen.year or 0, one.seen.booking.asked_at))
    return view.show(
        "day/list.html", status=status, visit=visit, opportunity=opportunity, rows=rows, code=code, found=found,
        trouble=day_words.TROUBLES.get(trouble), trouble_of_code=trouble in ("code", "wait"), Side=Side,
        expected=sum(one.seen.booking.people for one in rows),
        came=sum((one.students or 0) + (one.adults or 0) for one in rows),
    )  # fmt: skip


# --- the code ---------------------------------------------------------------------------------------------------------


def pass_of(view: View, seen: Seen) -> dict[str, str] | None:
    """What whoever comes shows at the door: the code, and as a picture the host's page with the code in it. None once it is known who came."""
    code = service_codes.of_reader(seen, view.settings.secret_key)
    if code is None or seen.booking.state is not BookingState.BOOKED:
        return None
    return entry_of(view, seen.visit.id, code)


def entry_of(view: View, visit_session_id: UUID, code: str) -> dict[str, str]:
    """The same of a code that is known."""
    address = f"{view.settings.public_url.rstrip('/')}/visit-sessions/{visit_session_id}/day?c={code}"
    return {
        "code": code, "picture": segno.make(address, error="m").svg_data_uri(scale=5, border=2, light="white"),
    }  # fmt: skip


# --- the school's names -----------------------------------------------------------------------------------------------


@router.get("/bookings/{booking_id}/check-in")
def show_names(view: InView, booking_id: UUID, *, saved: bool = False) -> Response:
    """Who of the school's came, and what it is worth."""
    return _names(view, booking_id, is_saved=saved)


@router.post("/bookings/{booking_id}/check-in")
def note_names(
    view: InView,
    booking_id: UUID,
    student: Annotated[list[UUID] | None, Form(max_length=100)] = None,
    adults: People = None,
) -> Response:
    """Who is ticked came, and nobody else: the school's word stands."""
    came = Came(view.now(), adults=adults, student_ids=tuple(student or ()))
    try:
        with view.write() as (session, actor):
            service.mark(session, actor, booking_id, came, now=view.now())
    except errors.WrongState as refusal:
        return _names(view, booking_id, trouble=_trouble(refusal), status=409)
    except service.BadCheckIn:
        return _names(view, booking_id, trouble="numbers", status=422)
    return view.go(f"/bookings/{booking_id}/check-in?saved=true")


@router.post("/bookings/{booking_id}/hours")
def decide_hours(view: InView, booking_id: UUID, hours: Annotated[int, Form(ge=0, le=24)]) -> Response:
    """What the visit is worth for the whole school: whoever was there has the hours at once."""
    with view.write() as (session, actor):
        seen = service.read(session, actor, booking_id).seen
        if seen.booking.school_id is None:
            raise service.NotYourDoor
        service_worths.decide(
            session, actor, seen.opportunity.id, seen.booking.school_id, hours, now=view.now()
        )
    return view.go(f"/bookings/{booking_id}/check-in?saved=true#hours")


def _names(
    view: View, booking_id: UUID, *, is_saved: bool = False, trouble: str = "", status: int = 200
) -> Response:
    with view.read() as (session, actor):
        found = service.read(session, actor, booking_id)
        seen = found.seen
        if seen.side is not Side.SCHOOL or seen.booking.state not in CAN_COME:
            raise service.NotYourDoor
        students = sorted(
            (session.get_one(Student, one) for one in seen.students),
            key=lambda one: (one.family_name, one.given_name, one.id),
        )
        school_id = seen.booking.school_id
        leads = actor.is_staff_of(school_id)
        worth = None
        if school_id is not None and leads:
            worth = service_worths.read(session, actor, seen.opportunity.id, school_id)
    view.looked(LookKind.NAME, [one.id for one in students])
    return view.show(
        "day/names.html", status=status, found=found, seen=seen, students=students, leads=leads, worth=worth,
        is_saved=is_saved, has_pdf=find_spec("typst") is not None, trouble=day_words.TROUBLES.get(trouble),
        opens_at=view.local(seen.visit.starts_at - OPENS_BEFORE),
        can_mark=view.now() >= seen.visit.starts_at - OPENS_BEFORE,
    )  # fmt: skip
