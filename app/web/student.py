"""A student's page, and an opportunity as it is for a student."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates
from app.applications import service_reading as applications
from app.auth.actors import AT_SCHOOL, Actor, Role
from app.bookings import service_overview
from app.companies import service as companies
from app.events.service_looks import LookKind
from app.hosting import service as rotations
from app.matches import rules as match_rules
from app.matches import service as matches
from app.matches.filters import BadFilter, Filters
from app.matches.service import StudentQuestion
from app.opportunities import service as opportunities
from app.opportunities.models import Kind
from app.opportunities.schemas import OpportunityOut
from app.places import service as places
from app.privacy import service_notices as notices
from app.programmes import service as programmes
from app.recommendations import rules as recommending
from app.recommendations import service as recommendations
from app.rest import Cursor, decode_cursor
from app.schools import classes
from app.schools.models import SchoolClass
from app.skills import service as skills
from app.students import service as students
from app.students import service_questions as questions
from app.students import surroundings
from app.students.schemas import StudentOut
from app.web import application_words, booking_words, disclosures, filter_form, hosting, visits
from app.web import applications as application_pages
from app.web.applications import Told
from app.web.maps import Point
from app.web.student_profile import TITLES
from app.web.ui import InView, View
from app.wishes import service as wishes

router = APIRouter(include_in_schema=False)

CARDS = 10
RECOMMENDED = 20
NEXT = 3
"""So many of the visits that are booked stand above the proposals."""
MOST_CLASSES = 100
MOST_POINTS = 100


class Look(StrEnum):
    """How the same proposals are shown."""

    LIST = "list"
    MAP = "map"


@router.get("/students/{student_id}")
def show_student(
    view: InView,
    student_id: UUID,
    kind: Kind = Kind.INTERNSHIP,
    after: Cursor = None,
    show: Look = Look.LIST,
) -> Response:
    """The profile, and the ranking of one kind."""
    position = decode_cursor(after, float, str)
    with view.read() as (session, actor):
        student = students.read(session, actor, student_id)
        where = surroundings.read(session, student.student)
        labels = skills.refs(session, {skill.skill_id for skill in student.skills} | set(student.interests))
        question = matches.ask_for_student(session, actor, view.engine, student_id)
        asked = disclosures.listed(view, session, actor, student_id=student_id)
        unread = notices.unread(session, actor, view.language, view.now().date())
        recommended = recommendations.of_student(session, actor, student_id, limit=RECOMMENDED)
        unanswered = questions.still_open(session, student) if actor.is_student(student_id) else []
        saved = wishes.saved(session, student_id)
        applied = applications.open_of(session, student_id)
        coming = (
            service_overview.next_of(session, student_id, view.now(), limit=NEXT) if position is None else []
        )
    asked_for = filter_form.read(view)
    try:
        limit = MOST_POINTS if show is Look.MAP else CARDS
        page = matches.student_page(
            view.engine, question, kind=kind, limit=limit, after=position, wanted=asked_for.filters
        )
    except BadFilter:
        asked_for = replace(asked_for, filters=Filters(), wrong=["skill_id"])
        page = matches.student_page(view.engine, question, kind=kind, limit=CARDS, after=position)
    is_empty = not page["items"] and position is None
    sessions_of = {}
    if kind is Kind.VISIT:
        with view.open_read() as session:
            ids = [UUID(line["opportunity"]["id"]) for line in page["items"]]
            sessions_of = visits.of_cards(view, session, ids)
    view.looked(LookKind.RANKING, [student_id])
    view.looked(LookKind.PROFILE, [student_id])
    has_filters = not asked_for.filters.is_empty
    return view.show(
        "student/student.html",
        status=422 if asked_for.wrong else 200,
        saved=saved,
        coming=coming,
        booking_words=booking_words,
        sessions_of=sessions_of,
        applied=applied,
        asked_for=asked_for,
        has_filters=has_filters,
        fields=sorted(matches.top_skills(view.engine, question), key=lambda top: top[view.language]),
        filter_names=filter_form.NAMES,
        kilometres=filter_form.KILOMETRES,
        show=show,
        points=_points(view, question, student_id, page) if show is Look.MAP else [],
        provinces=[line["opportunity"]["province_code"] for line in page["items"]],
        can_wish=actor.is_student(student_id),
        is_new=view.request.query_params.get("new") == "1",
        unanswered=unanswered if position is None else [],
        question_titles=TITLES,
        student=student,
        student_id=student_id,
        where=where,
        free=StudentOut.of(student).availabilities,
        labels=labels,
        kind=kind,
        page=page,
        is_first=position is None,
        is_self=actor.is_student(student_id),
        can_answer=actor.is_student(student_id)
        or actor.is_staff_of(student.student.school_id, student.student.class_id),
        can_take_back=recommending.can_recommend(actor, student.student),
        recommended=recommended if position is None else [],
        asked=asked,
        unread=unread[:1] if position is None else [],
        hiding=matches.hiding_rules(view.engine, question, kind) if is_empty and not has_filters else [],
    )


def _points(view: View, question: StudentQuestion, student_id: UUID, page: dict[str, Any]) -> list[Point]:
    """The lines of the list that have a place, in the list's order."""
    places_of = matches.places(view.engine, question)
    return [
        Point(
            label=card["title"],
            address=f"/opportunities/{card['id']}?student={student_id}",
            latitude=place[0],
            longitude=place[1],
            note=f"{card['company_name']}, {card['municipality_name']}",
            tone=card["kind"],
        )
        for line in page["items"]
        if (place := places_of.get((card := line["opportunity"])["id"])) is not None
    ]


@router.get("/opportunities/{opportunity_id}")
def show_opportunity(
    view: InView, opportunity_id: UUID, student: UUID | None = None, told: Told | None = None
) -> Response:
    """Everything about an opportunity; for a student also why it fits, or what hides it."""
    with view.read() as (session, actor):
        row = opportunities.read(session, actor, opportunity_id)
        [opportunity] = opportunities.show(session, [row])
        company = companies.read(session, actor, row.company_id)
        reader = student or _own_profile(actor)
        question = visibility = None
        if reader is not None:
            question = matches.ask_for_student(session, actor, view.engine, reader)
            visibility = matches.visibility(session, actor, view.engine, opportunity_id, reader)
        applied = applications.open_of(session, reader) if reader is not None else {}
        names = _names(session, opportunity)
        own_classes = _own_classes(session, actor, view.now().date())
        sessions = visits.offered(view, session, actor, opportunity, reader)
        plan = rotations.of_opportunity(session, row)
    match = matches.student_match(view.engine, question, opportunity_id) if question else None
    view.looked(LookKind.RANKING, [reader] if reader else [])
    return view.show(
        "student/opportunity.html",
        opportunity=opportunity,
        company=company,
        student_id=reader,
        is_self=reader is not None and actor.is_student(reader),
        applied=applied.get(opportunity_id),
        periods=application_pages.periods(opportunity, view.now().date()),
        texts=application_words,
        told=told,
        visibility=visibility,
        match=match,
        own_classes=own_classes,
        has_candidates=match_rules.can_see_candidates(actor, row.company_id, row.kind),
        **names,
        **sessions,
        **hosting.shown(plan, question),
    )


def _own_profile(actor: Actor) -> UUID | None:
    return next((grant.student_id for grant in actor.grants if grant.role is Role.STUDENT), None)


def _own_classes(session: Session, actor: Actor, today: date) -> list[SchoolClass]:
    """This year's classes to which a teacher can recommend something."""
    year = dates.school_year(today)
    return [
        school_class
        for grant in actor.grants
        if grant.role in AT_SCHOOL and grant.school_id is not None
        for school_class in classes.search(
            session, actor, grant.school_id, start_year=year, limit=MOST_CLASSES
        )
    ]


def _names(session: Session, opportunity: OpportunityOut) -> dict[str, Any]:
    needs = [*opportunity.required, *opportunity.wanted, *opportunity.taught]
    istat = opportunity.municipality_istat
    return {
        "labels": skills.refs(session, {need.skill_id for need in needs}),
        "place_names": places.names(session, [istat] if istat else []),
        "programme_titles": programmes.titles(
            session, [one.programme_id for one in opportunity.eligibilities if one.programme_id]
        ),
    }
