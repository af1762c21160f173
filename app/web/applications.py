"""Applications on pages: what a student has asked for, what a company answers, what waits for the school."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.applications import (
    days,
    rules,
    service,
    service_contacts,
    service_hosts,
    service_moves,
    service_reading,
    service_steps,
)
from app.applications.rules import ApplicationAction, Caps
from app.applications.service_moves import Wanted
from app.applications.service_reading import Seen
from app.boards.rules import can_see_school
from app.companies import service as companies
from app.events.service_looks import LookKind
from app.matches import rules as match_rules
from app.matches import service as matches
from app.matches.service import CandidatesQuestion
from app.opportunities import service as opportunities
from app.opportunities import service_life as seats
from app.opportunities.models import Kind, Status
from app.opportunities.schemas import OpportunityOut, OpportunitySpanOut
from app.placements import service as placements
from app.placements.models import Party
from app.programmes import service as programmes
from app.schools import service as schools
from app.skills import service as skills
from app.students import service as students
from app.web import application_words, posting_forms
from app.web.posting_forms import Fields, InFields
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

MOST_LISTED = 200
MOST_MOVED = 50


class Told(StrEnum):
    """What has become of the last step; `application_words.TOLD` says it."""

    SAVED = "saved"
    SENT = "sent"
    NOTHING = "nothing"
    NO_REASON = "no_reason"
    MEANWHILE = "meanwhile"
    WRONG = "wrong"
    FULL = "full"
    TUTORS = "tutors"
    CLASH = "clash"
    TOO_MANY = "too_many"
    CLOSED = "closed"
    ANSWERED = "answered"
    DAYS = "days"


_REFUSALS: dict[type[errors.Problem], Told] = {
    service_moves.MovedMeanwhile: Told.MEANWHILE,
    service_moves.WrongStep: Told.WRONG,
    seats.Full: Told.FULL,
    service_hosts.TutorsFull: Told.TUTORS,
    service_steps.Clashes: Told.CLASH,
    placements.PlacedAlready: Told.CLASH,
    placements.PlacedElsewhere: Told.CLASH,
    service_steps.OpportunityClosed: Told.CLOSED,
    service.NotTaken: Told.CLOSED,
    service.TooManyOpen: Told.TOO_MANY,
    service.AnsweredAlready: Told.ANSWERED,
    days.UnfitDays: Told.DAYS,
}
"""What comes back to the page with words, instead of as a problem."""


class Line(NamedTuple):
    """An application, under which name its reader knows the student, and how much its company is sent in a month."""

    it: Seen
    name: str
    most: int


def _lines(view: View, session: Session, found: list[Seen]) -> list[Line]:
    caps = Caps.of(view.settings)
    company_ids = {one.application.company_id for one in found}
    most = service_contacts.limits(session, company_ids, most=caps.contacts_per_month)
    return [
        Line(
            one,
            f"{one.student.given_name} {one.student.family_name}"
            if one.sees_name
            else view.engine.pseudonym(one.application.company_id, one.application.student_id),
            most[one.application.company_id],
        )
        for one in found
    ]


# --- the student ------------------------------------------------------------------------------------------------------


@router.get("/students/{student_id}/applications")
def show_of_student(view: InView, student_id: UUID, told: Told | None = None) -> Response:
    """What the student has asked for: where each stands, what comes next, and what can be done."""
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        found = service_reading.search(session, actor, student_id=student_id, limit=MOST_LISTED)
        lines = _lines(view, session, found)
    view.looked(LookKind.PROFILE, [student_id])
    return view.show(
        "student/applications.html",
        person=student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        sections=_by_turn(lines, Party.STUDENT),
        most_open=view.settings.applications_per_student,
        texts=application_words,
        told=told,
    )


@router.post("/students/{student_id}/applications")
def apply(
    view: InView,
    student_id: UUID,
    opportunity_id: Annotated[UUID, Form()],
    period: Annotated[str, Form(max_length=30)] = "",
    starts_on: Annotated[str, Form(max_length=10)] = "",
    ends_on: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Ask for a seat, on one of the periods or on days of one's own."""
    first, _sign, last = period.partition("/") if period else (starts_on, "", ends_on)
    try:
        with view.write() as (session, actor):
            service.apply(
                session, actor, student_id, opportunity_id, starts_on=_day(first), ends_on=_day(last),
                now=view.now(), caps=Caps.of(view.settings),
            )  # fmt: skip
    except tuple(_REFUSALS) as problem:
        told = _REFUSALS[type(problem)]
        return view.go(f"/opportunities/{opportunity_id}?student={student_id}&told={told}#apply")
    return view.go(f"/students/{student_id}/applications?told={Told.SENT}")


def periods(opportunity: OpportunityOut, today: date) -> list[OpportunitySpanOut] | None:
    """What the form of an application lets one choose from; None where it takes none now, empty where days are free."""
    is_open = opportunity.status is Status.PUBLISHED and (opportunity.closes_on or today) >= today
    if not opportunity.takes_applications or not is_open:
        return None
    ahead = [span for span in opportunity.spans if span.starts_on > today]
    if opportunity.kind is Kind.TRAINING:  # its lessons are no choice
        return ahead[:1] if ahead == opportunity.spans else None
    return ahead or ([] if not opportunity.spans else None)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


# --- the company ------------------------------------------------------------------------------------------------------


@router.get("/opportunities/{opportunity_id}/applications")
def show_of_opportunity(view: InView, opportunity_id: UUID, told: Told | None = None) -> Response:
    """Who has asked for the opportunity, without names; several are answered at once."""
    with view.read() as (session, actor):
        row = opportunities.read(session, actor, opportunity_id)
        if not match_rules.can_see_candidates(actor, row.company_id, row.kind):
            raise errors.NotAllowed("Only the company that offers it sees its applications.")
        [opportunity] = opportunities.show(session, [row])
        found = service_reading.search(session, actor, opportunity_id=opportunity_id, limit=MOST_LISTED)
        lines = _lines(view, session, found)
        question = None
        if row.status is Status.PUBLISHED:
            question = matches.ask_for_candidates(session, actor, view.engine, opportunity_id)
    fits = _fits(view, question, {line.it.student.id for line in lines}) if question else []
    with view.open_read() as session:
        labels = skills.refs(session, {skill["skill_id"] for one in fits for skill in one["skills"]})
        titles = programmes.titles(session, {one["programme_id"] for one in fits if one["programme_id"]})
    with view.looking_at_many():
        for line in lines:
            if line.it.party is Party.COMPANY:
                kind = LookKind.NAME if line.it.sees_name else LookKind.CANDIDATE
                view.looked(kind, [line.it.student.id], about_id=opportunity_id, company_id=row.company_id)
    return view.show(
        "company/applications.html",
        opportunity=opportunity,
        company_id=row.company_id,
        works_here=actor.is_of_company(row.company_id),
        sections=_by_turn(lines, Party.COMPANY),
        able={action for line in lines for action in line.it.actions},
        fits={one["pseudonym"]: one for one in fits},
        labels=labels,
        programme_titles=titles,
        asked={need.skill_id for need in [*opportunity.required, *opportunity.wanted, *opportunity.taught]},
        texts=application_words,
        told=told,
    )


def _fits(view: View, question: CandidatesQuestion, student_ids: set[UUID]) -> list[dict[str, Any]]:
    """What the ranking says of those who have applied, as far as it knows them."""
    try:
        page = matches.candidates_page(view.engine, question, among=student_ids, limit=MOST_LISTED)
    except matches.NotRanked:  # the last seat has been taken since
        return []
    found: list[dict[str, Any]] = page["items"]
    return found


@router.get("/companies/{company_id}/contact-limit")
def show_contact_limit(view: InView, company_id: UUID, told: Told | None = None) -> Response:
    """How many applications the company is sent, and the form that says fewer, or none for a while."""
    most = view.settings.contacts_per_month
    with view.read() as (session, actor):
        company = companies.read(session, actor, company_id)
        room = service_contacts.read(session, actor, company_id, most=most, now=view.now())
    return view.show(
        "company/contact_limit.html", company=company, room=room, most=most, today=view.now().date(),
        told=told, texts=application_words,
    )  # fmt: skip


@router.post("/companies/{company_id}/contact-limit")
def edit_contact_limit(
    view: InView,
    company_id: UUID,
    per_month: Annotated[int | None, Form(ge=1, le=1000)] = None,
    paused_until: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Say how many, and until when none."""
    most = view.settings.contacts_per_month
    # Who leaves the number of all companies there wishes for nothing of its own.
    own = None if per_month is None or per_month >= most else per_month
    changes = {"per_month": own, "paused_until": _day(paused_until)}
    with view.write() as (session, actor):
        service_contacts.edit(session, actor, company_id, changes, most=most, now=view.now())
    return view.go(f"/companies/{company_id}/contact-limit?told={Told.SAVED}")


# --- the school -------------------------------------------------------------------------------------------------------


@router.get("/schools/{school_id}/applications")
def show_of_school(
    view: InView,
    school_id: UUID,
    told: Told | None = None,
    chosen: Annotated[str, Query(pattern="^(all)?$")] = "",
) -> Response:
    """What waits for the school first, then what else its students have asked for."""
    with view.read() as (session, actor):
        school, _town = schools.read(session, school_id)
        if not can_see_school(actor, school_id):
            raise errors.NotAllowed("Only the school's staff sees its applications.")
        found = service_reading.search(session, actor, school_id=school_id, limit=MOST_LISTED)
        lines = _lines(view, session, found)
    view.looked(LookKind.PROFILE, {line.it.student.id for line in lines})
    return view.show(
        "teacher/applications.html",
        school=school,
        sections=_by_turn(lines, Party.SCHOOL),
        able={action for line in lines for action in line.it.actions},
        is_all_chosen=chosen == "all",
        texts=application_words,
        told=told,
    )


def _by_turn(lines: list[Line], party: Party) -> dict[str, list[Line]]:
    """What waits for this side, the most urgent first; what waits for others; what is decided or over."""
    waiting = [line for line in lines if rules.OWNER.get(line.it.application.state) is party]
    waiting.sort(key=lambda line: (line.it.application.due_at is None, line.it.application.due_at))
    is_open = {line.it.application.id for line in lines if line.it.application.state in rules.OPEN}
    mine = {line.it.application.id for line in waiting}
    return {
        "waiting": waiting,
        "open": [line for line in lines if line.it.application.id in is_open - mine],
        "over": [line for line in lines if line.it.application.id not in is_open],
    }


# --- every side -------------------------------------------------------------------------------------------------------


@router.post("/application-moves")
def move(view: InView, fields: InFields) -> Response:
    """One step with all that were ticked, all or none; back to the page that it came from, with what has become of it."""
    back = safe_next(posting_forms.text(fields, "next", 400))
    action, wanted = _sent(fields)
    reason = posting_forms.text(fields, f"reason-{action}", 40) if action in rules.REASONS else ""
    if action is None or not wanted:
        return view.go(_with_told(back, Told.NOTHING))
    chosen = next((one for one in rules.REASONS.get(action, ()) if one == reason), None)
    if action in rules.REASONS and chosen is None:
        return view.go(_with_told(back, Told.NO_REASON))
    try:
        with view.write() as (session, actor):
            service_moves.move(
                session, actor, action, wanted, reason=chosen, now=view.now(), caps=Caps.of(view.settings)
            )
    except tuple(_REFUSALS) as problem:
        return view.go(_with_told(back, _REFUSALS[type(problem)]))
    return view.go(_with_told(back, Told.SAVED))


def _sent(fields: Fields) -> tuple[ApplicationAction | None, list[Wanted]]:
    """The step, and the applications with the version that the page showed: `application=ID:VERSION`."""
    name = posting_forms.text(fields, "action", 20)
    wanted = []
    for one in dict.fromkeys(fields.getlist("application")[:MOST_MOVED]):
        key, _sign, version = str(one).partition(":")
        try:
            wanted.append(Wanted(UUID(key), int(version)))
        except ValueError:
            continue
    return (ApplicationAction(name) if name in list(ApplicationAction) else None), wanted


def _with_told(address: str, told: Told) -> str:
    path, _sign, _rest = address.partition("?")
    return f"{path.partition('#')[0]}?told={told}"
