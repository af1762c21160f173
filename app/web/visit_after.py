"""After a visit: two answers, what they come to for the host, certificates; and before it, how many will come."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.attendances import service, service_advice, service_feedback, service_worths
from app.attendances.models import Discovery, Recommends
from app.attendances.service import Presence
from app.bookings import service_sessions
from app.bookings.models import BookingState
from app.bookings.rules import Side
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.network.rules import LEAST
from app.schools.models import SchoolClass
from app.students.models import Student
from app.web import day_words, language
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

TEMPLATE = Path(__file__).parent / "documents" / "participation.typ"
LIBRARY = "typst"


class NothingToCertify(errors.Conflict):
    """Nobody was there, or it is not known who."""

    title = "Nobody is known to have been there"


def has_pdf() -> bool:
    """Whether the library is there."""
    return find_spec(LIBRARY) is not None


# --- two answers ------------------------------------------------------------------------------------------------------


@router.get("/bookings/{booking_id}/feedback")
def show_feedback(view: InView, booking_id: UUID, *, saved: bool = False) -> Response:
    """Two questions, filled in with what was answered before."""
    return _feedback(view, booking_id, is_saved=saved)


@router.post("/bookings/{booking_id}/feedback")
def give_feedback(
    view: InView,
    booking_id: UUID,
    discovery: Annotated[Discovery | None, Form()] = None,
    recommends: Annotated[Recommends | None, Form()] = None,
    words: Annotated[str, Form(max_length=300)] = "",
) -> Response:
    """One click each; the words are nobody's duty."""
    if discovery is None or recommends is None:
        return _feedback(view, booking_id, missing=True, chosen=(discovery, recommends, words))
    with view.write() as (session, actor):
        service_feedback.give(
            session, actor, booking_id, discovery, recommends, words.strip(), now=view.now()
        )
    return view.go(f"/bookings/{booking_id}/feedback?saved=true")


def _feedback(
    view: View,
    booking_id: UUID,
    *,
    is_saved: bool = False,
    missing: bool = False,
    chosen: tuple[Discovery | None, Recommends | None, str] | None = None,
) -> Response:
    with view.read() as (session, actor):
        found, student_id, given = service_feedback.own(session, actor, booking_id)
        company = session.get_one(Company, found.seen.opportunity.company_id)
    if chosen is None and given is not None:
        chosen = (given.discovery, given.recommends, given.words)
    return view.show(
        "day/feedback.html", status=422 if missing else 200, found=found, seen=found.seen, company=company,
        can_answer=service_feedback.was_there(found, student_id), is_saved=is_saved, missing=missing,
        chosen=chosen or (None, None, ""), terms=day_words, is_school=student_id is None, has_pdf=has_pdf(),
    )  # fmt: skip


@router.get("/visit-sessions/{visit_session_id}/feedback")
def show_said(view: InView, visit_session_id: UUID) -> Response:
    """What the answers come to, for the host and whoever coordinates."""
    with view.read() as (session, actor):
        said = service_feedback.of_session(session, actor, visit_session_id)
        visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    return view.show(
        "day/said.html", said=said, visit=visit, opportunity=opportunity, terms=day_words, least=LEAST
    )


# --- certificates -----------------------------------------------------------------------------------------------------


@router.get("/bookings/{booking_id}/certificates.pdf")
def read_certificates(view: InView, booking_id: UUID) -> Response:
    """A sheet for each who was there: for a student the own one, for the school all in one file. PDF/A-2a and PDF/UA-1."""
    if not has_pdf():
        raise errors.Unavailable("This installation makes no PDF.")
    with view.read() as (session, actor):
        found = service.read(session, actor, booking_id)
        if found.seen.side not in (Side.STUDENT, Side.SCHOOL):
            raise service.NotYourDoor("Certificates are for who was there, and for their school.")
        who = sorted(
            one for one in found.who or () if found.seen.side is Side.SCHOOL or actor.is_student(one)
        )
        if found.seen.booking.state is not BookingState.ATTENDED or not who:
            raise NothingToCertify
        students = [session.get_one(Student, one) for one in who]
        school_class = session.get_one(SchoolClass, found.seen.booking.class_id)
        company = session.get_one(Company, found.seen.opportunity.company_id)
        worth = service_worths.of_booking(session, found.seen)
    if found.seen.side is Side.SCHOOL:
        view.looked(LookKind.NAME, [one.id for one in students])
    students.sort(key=lambda one: (one.family_name, one.given_name, one.id))
    names = [f"{one.given_name} {one.family_name}" for one in students]
    return Response(
        _certificates(view, found, names, school_class, company, worth),
        media_type="application/pdf",
        headers={"content-disposition": f'attachment; filename="{view.text(day_words.FILE)}.pdf"'},
    )


def _certificates(
    view: View, found: Presence, names: Sequence[str], school_class: SchoolClass, company: Company, worth: int
) -> bytes:
    import typst  # 40 MB, and absent from the lean container image

    now, write, start = view.now(), language.Writer(view.language), view.local(found.seen.visit.starts_at)
    data = {
        "lang": view.language,
        "title": view.text(day_words.TITLE),
        "sheets": list(names),
        "class": view.text(day_words.CLASS)
        % {"name": f"{school_class.year}{school_class.section}", "school": found.seen.school_name},
        "took_part": view.text(day_words.TOOK_PART),
        "event": found.seen.opportunity.title,
        "host": company.name,
        "day": f"{write.weekday(start.date())}, {write.clock(start.time())}–"
        f"{write.clock(view.local(found.seen.visit.ends_at).time())}",
        "hours": view.text(day_words.HOURS) % {"number": worth} if worth else "",
        "made": view.text(day_words.MADE) % {"day": write.day(now.date())},
    }
    document: bytes = typst.compile(
        TEMPLATE.read_bytes(),
        format="pdf",
        pdf_standards=["a-2a", "ua-1"],
        # it takes an offset instead of a zone, and no fractions of a second
        timestamp=now.astimezone(UTC).replace(microsecond=0),
        sys_inputs={"data": json.dumps(data)},
    )
    return document


# --- how many will come -----------------------------------------------------------------------------------------------


@router.get("/visit-sessions/{visit_session_id}/seat-advice")
def show_advice(
    view: InView,
    visit_session_id: UUID,
    room: Annotated[int | None, Query(ge=1, le=1000)] = None,
    percent: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Response:
    """What more seats would risk. The page changes nothing: whoever runs the visit does."""
    with view.read() as (session, actor):
        question = service_advice.ask(session, actor, visit_session_id, now=view.now())
        _, opportunity = service_sessions.read(session, actor, visit_session_id)
    found = service_advice.answer(question, room=room, risk=percent / 100)
    return view.show(
        "day/advice.html", found=found, visit=found.visit, opportunity=opportunity, percent=percent,
        least=service_advice.LEAST_PAST,
    )  # fmt: skip
