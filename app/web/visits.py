"""Finding and booking visits: the sessions on an opportunity's page, a student's bookings, and those of a class."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates, errors
from app.auth.actors import AT_SCHOOL, Actor
from app.bookings import (
    rules,
    service,
    service_overview,
    service_reading,
    service_sessions,
    service_split,
)
from app.bookings.models import SessionState, VisitSession
from app.bookings.rules import Limits
from app.bookings.service import Wanted
from app.bookings.service_reading import Seen
from app.class_visits import service as class_visits
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.opportunities.models import Kind
from app.opportunities.schemas import OpportunityOut
from app.schools import classes
from app.schools.models import SchoolClass
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Student
from app.web import booking_words, visit_words
from app.web import placement_forms as forms
from app.web.posting_forms import Fields, InFields, Wrong, text
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_LISTED = 100
MOST_CLASSES = 100
MOST_ADULTS = 50
USUAL_ADULTS = 2
MOST_RANKED = 20


@dataclass(frozen=True, slots=True)
class Offered:
    """A session to come, as its reader sees it: `free` seats, `room` for the reader, and the reader's own booking."""

    visit: VisitSession
    free: int
    room: int
    waiting: int
    booking: Seen | None


# --- on other pages ---------------------------------------------------------------------------------------------------


def offered(
    view: View, session: Session, actor: Actor, opportunity: OpportunityOut, student_id: UUID | None
) -> dict[str, Any]:
    """What the page of a visit with sessions shows of them; empty for everything else."""
    found: dict[str, Any] = {
        "offered": [],
        "can_plan": False,
        "can_book": False,
        "hold_minutes": view.settings.booking_hold_minutes,
    }
    if opportunity.kind is not Kind.VISIT:
        return found
    visits = service_overview.to_come(session, [opportunity.id], view.now()).get(opportunity.id, [])
    halls = service_overview.halls(session, visits, view.now())
    waiting = service_overview.awaited(session, visits)
    own: dict[UUID, Seen] = {}
    guest = None
    if student_id is not None:
        student = students.get(session, actor, student_id)
        guest = service_overview.guest(session.get_one(SchoolClass, student.class_id), is_group=False)
        asked = service_reading.of_student(session, actor, student_id, limit=MOST_LISTED, now=view.now())
        own = {one.visit.id: one for one in asked if one.booking.state in rules.OPEN}
        found["can_book"] = student_rules.can_see(actor, student) and not actor.is_administrator
    lines = []
    for visit in visits:
        hall = halls[visit.id]
        room = hall.free if guest is None else rules.room(hall, guest)
        lines.append(Offered(visit, hall.free, room, waiting.get(visit.id, 0), own.get(visit.id)))
    return found | {
        "offered": lines, "can_plan": service_sessions.is_host(session, actor, opportunity.id),
        "booking_words": booking_words,
    }  # fmt: skip


def _to_come(found: Iterable[Seen], now: datetime) -> list[Seen]:
    open_ones = [one for one in found if one.booking.state in rules.OPEN and one.visit.ends_at > now]
    return sorted(open_ones, key=lambda one: (one.visit.starts_at, one.booking.id))


# --- the student ------------------------------------------------------------------------------------------------------


@router.get("/students/{student_id}/bookings")
def show_of_student(view: InView, student_id: UUID) -> Response:
    """A student's visits, alone and with the class: what is to come, and what was."""
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        found = service_reading.of_student(session, actor, student_id, limit=MOST_LISTED, now=view.now())
    coming = _to_come(found, view.now())
    view.looked(LookKind.PROFILE, [student_id])
    return view.show(
        "visits/of_student.html", person=student, student_id=student_id, is_self=actor.is_student(student_id),
        coming=coming, past=[one for one in found if one not in coming], booking_words=booking_words, now=view.now(),
    )  # fmt: skip


@router.post("/visit-sessions/{visit_session_id}/bookings")
def book_seat(
    view: InView,
    visit_session_id: UUID,
    student_id: Annotated[UUID, Form()],
    hold: Annotated[str, Form(pattern="^1?$")] = "",
) -> Response:
    """Book or hold one seat, or join the list where there is none; the booking's page says which."""
    wanted = Wanted(student_id=student_id, is_hold=bool(hold))
    trouble = ""
    try:
        with view.write() as (session, actor):
            made = service.book(
                session, actor, visit_session_id, wanted, now=view.now(), limits=Limits.of(view.settings)
            )
        return view.go(f"/bookings/{made.id}#state")
    except service.TakenElsewhere:
        trouble = "elsewhere"
    except service.BookedAlready:
        trouble = "already"
    except service.NotBookable:
        trouble = "closed"
    with view.read() as (session, actor):
        visit, opportunity = service_sessions.read(session, actor, visit_session_id)
    return view.show(
        "visits/refused.html", status=409, visit=visit, opportunity=opportunity, trouble=visit_words.TROUBLES[trouble],
        back=f"/opportunities/{opportunity.id}?student={student_id}", student_id=student_id,
    )  # fmt: skip


# --- the class --------------------------------------------------------------------------------------------------------


@router.get("/classes/{class_id}/visits")
def show_of_class(view: InView, class_id: UUID) -> Response:
    """What a class and single students of it have booked or wait for."""
    with view.read() as (session, actor):
        school_class = _own_class(session, actor, class_id)
        found = service_reading.of_class(session, actor, class_id, limit=MOST_LISTED, now=view.now())
        ids = [one.booking.student_id for one in found if one.booking.student_id is not None]
        named = {one.id: one for one in session.scalars(sa.select(Student).where(Student.id.in_(ids)))}
        question = class_visits.ask(session, actor, view.engine, class_id, now=view.now())
    ranked = class_visits.ranked(view.engine, question, adults=USUAL_ADULTS)
    coming = _to_come(found, view.now())
    view.looked(LookKind.PROFILE, sorted(named))
    view.looked(LookKind.RANKING, [known.profile.id for known in question.matches.students])
    return view.show(
        "visits/of_class.html", school_class=school_class, coming=coming, named=named, now=view.now(),
        past=[one for one in found if one not in coming], booking_words=booking_words,
        ranked=ranked[:MOST_RANKED], count=len(ranked), people=len(question.matches.students) + USUAL_ADULTS,
        adults=USUAL_ADULTS, said=visit_words,
    )  # fmt: skip


@router.get("/visit-sessions/{visit_session_id}/class")
def show_class_form(view: InView, visit_session_id: UUID, class_id: UUID | None = None) -> Response:
    """Which class comes, who of it, and with how many adults."""
    return _class_form(view, visit_session_id, class_id)


@router.post("/visit-sessions/{visit_session_id}/class")
def book_class(view: InView, fields: InFields, visit_session_id: UUID) -> Response:
    """Book a class, or some of it; in two sessions at once where the form says so."""
    class_id = None
    try:
        class_id = forms.needed_id(fields, "class_id")
        chosen = _chosen(fields)
        second = forms.identifier(fields, "second")
        adults = forms.whole(fields, "adults", 2 if second else 1, MOST_ADULTS)
    except forms.Unreadable as problem:
        return _class_form(view, visit_session_id, class_id, wrong=problem.faults[0]["field"], fields=fields)
    wanted = Wanted(
        class_id=class_id, student_ids=tuple(chosen), adults=adults, may_wait=text(fields, "wait") == "yes",
        despite_test=text(fields, "despite_test", 3) == "yes",
    )  # fmt: skip
    limits = Limits.of(view.settings)
    busy: frozenset[str] = frozenset()
    try:
        with view.write() as (session, actor):
            if second is None:
                service.book(session, actor, visit_session_id, wanted, now=view.now(), limits=limits)
            else:
                both = (visit_session_id, second)
                service_split.book(session, actor, both, wanted, now=view.now(), limits=limits)
        return view.go(f"/classes/{class_id}/visits#coming")
    except (service.TakenElsewhere, service.BookedAlready) as problem:
        trouble = "elsewhere" if isinstance(problem, service.TakenElsewhere) else "already"
        busy = frozenset(str(fault["detail"]).partition(" ")[0] for fault in problem.faults)
    except service.NoRoom:
        trouble = "full" if second is None else "half"
    except service.TestThen:
        trouble = "test"
    except service.NotBookable:
        trouble = "closed"
    except service.UnknownGuest as problem:
        field = str(problem.faults[0]["field"]).partition(".")[0]
        return _class_form(view, visit_session_id, class_id, wrong=field, fields=fields)
    return _class_form(view, visit_session_id, class_id, trouble=trouble, busy=busy, fields=fields)


def _chosen(fields: Fields) -> list[UUID]:
    found = forms.identifiers(fields, "student_ids")
    if not found:
        raise forms.Unreadable("student_ids")
    return found


def _class_form(
    view: View, visit_session_id: UUID, class_id: UUID | None, *, wrong: str = "", trouble: str = "",
    busy: frozenset[str] = frozenset(), fields: Any = None,
) -> Response:  # fmt: skip
    now = view.now()
    with view.read() as (session, actor):
        visit, opportunity = service_sessions.read(session, actor, visit_session_id)
        company = session.get_one(Company, opportunity.company_id)
        mine = _own_classes(session, actor, dates.school_year(now.date()))
        school_class = _staffed(session, actor, class_id) or (mine[0] if len(mine) == 1 else None)
        if not mine and school_class is None:
            raise service.NotYourBooking("A class is booked by its teachers.")
        pupils = _pupils(session, school_class)
        others = service_overview.to_come(session, [opportunity.id], now).get(opportunity.id, [])
        halls = service_overview.halls(session, [visit, *others], now)
        tests = (
            {}
            if school_class is None
            else service.tests_then(session, school_class.id, [visit, *others], now)
        )
    chosen = {str(one.id) for one in pupils}
    adults, second, waits = str(USUAL_ADULTS), "", True
    if fields is not None:
        chosen = {str(one) for one in fields.getlist("student_ids")}
        adults, second, waits = (
            text(fields, "adults", 5),
            text(fields, "second", 40),
            bool(text(fields, "wait")),
        )
    rooms: dict[UUID, int] = {}
    if school_class is not None:
        guest = service_overview.guest(school_class, is_group=True)
        rooms = {key: rules.room(hall, guest) for key, hall in halls.items()}
        if trouble == "closed":
            people = len(chosen) + int(adults)
            verdict = service_overview.fits(halls[visit.id], guest, people, visit.smallest_group)
            trouble = verdict if verdict in visit_words.TROUBLES else trouble
    view.looked(LookKind.PROFILE, [one.id for one in pupils])
    said = visit_words.FIELDS.get(wrong, visit_words.FIELDS["student_ids"])
    return view.show(
        "visits/book_class.html", status=422 if wrong else 409 if trouble else 200, visit=visit, opportunity=opportunity,
        company=company, classes=mine, school_class=school_class, pupils=pupils, chosen=chosen, adults=adults,
        second=second, waits=waits, rooms=rooms, busy=busy, tests=tests, despite=fields is not None and bool(text(fields, "despite_test", 3)), wrong=[Wrong(wrong, *said)] if wrong else [],
        others=[one for one in others if one.id != visit.id], trouble=visit_words.TROUBLES.get(trouble),
        is_open=visit.state is SessionState.PLANNED and visit.starts_at > now,
    )  # fmt: skip


def _staffed(session: Session, actor: Actor, class_id: UUID | None) -> SchoolClass | None:
    """A class by its id, of this year or another, if the actor may book it."""
    found = None if class_id is None else session.get(SchoolClass, class_id)
    return found if found is not None and actor.is_staff_of(found.school_id, found.id) else None


def _pupils(session: Session, school_class: SchoolClass | None) -> Sequence[Student]:
    if school_class is None:
        return []
    query = sa.select(Student).where(Student.class_id == school_class.id, Student.archived_at.is_(None))
    return session.scalars(query.order_by(Student.family_name, Student.given_name, Student.id)).all()


def _own_class(session: Session, actor: Actor, class_id: UUID) -> SchoolClass:
    school_class = classes.get(session, actor, class_id)
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("For the staff of the class.")
    return school_class


def _own_classes(session: Session, actor: Actor, start_year: int) -> list[SchoolClass]:
    """This year's classes that the actor may book."""
    return [
        one
        for grant in actor.grants
        if grant.role in AT_SCHOOL and grant.school_id is not None
        for one in classes.search(session, actor, grant.school_id, start_year=start_year, limit=MOST_CLASSES)
        if actor.is_staff_of(one.school_id, one.id)
    ]


def of_cards(view: View, session: Session, ids: Sequence[UUID]) -> dict[str, list[VisitSession]]:
    """The sessions to come of the visits on cards."""
    found = service_overview.to_come(session, ids, view.now()) if ids else {}
    return {str(key): visits for key, visits in found.items()}
