"""The placements of a school on one page: classes and states, what needs somebody today, findings, tutors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import dates
from app.auth.actors import Actor
from app.events.service_looks import LookKind
from app.placements import rules, service_board, service_tutors
from app.placements import service_showing as showing
from app.placements.models import State, TutorSide
from app.schools import service as schools
from app.web import placement_forms as forms
from app.web import placement_words
from app.web.placement import Done
from app.web.posting_forms import Fields, InFields
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

Year = Annotated[int | None, Query(ge=2000, le=2100)]


@router.get("/schools/{school_id}/placements")
def show(view: InView, school_id: UUID, start_year: Year = None, done: Done = "") -> Response:
    """The board of a school year, of the reader's classes."""
    return _page(view, school_id, start_year, done=done)


def _page(
    view: View, school_id: UUID, start_year: int | None = None, *, status: int = 200, done: str = "",
    wrong: Sequence[forms.Wrong] = (),
) -> Response:  # fmt: skip
    year = start_year or dates.school_year(view.now().date())
    with view.read() as (session, actor):
        board = service_board.board(session, actor, school_id, year, now=view.now())
        school, municipality_name = schools.read(session, school_id)
        tutors = service_tutors.list_of_school(session, actor, school_id, year)
        needs = showing.show(session, [one.seen for one in board.needs])
    view.looked(LookKind.PROFILE, [one.student_id for one in needs])
    return view.show(
        "placement/board.html", status=status, school=school, municipality_name=municipality_name, start_year=year,
        board=board, needs=list(zip(board.needs, needs, strict=True)), tutors=tutors, states=list(State),
        terms=placement_words, can_manage=rules.can_manage_tutors(actor, school_id), done=done, wrong=wrong,
        today=view.now().date(), names=[(one.user_id, one.name) for one in tutors],
    )  # fmt: skip


@router.post("/schools/{school_id}/tutors/capacity")
def decide(view: InView, fields: InFields, school_id: UUID) -> Response:
    """How many students a tutor follows at most in a school year."""

    def do(session: Session, actor: Actor) -> None:
        user_id, year = forms.needed_id(fields, "user_id"), forms.whole(fields, "start_year", 2000, 2100)
        most = forms.whole(fields, "most_students", 0, 200)
        service_tutors.decide(session, actor, school_id, user_id, year, most, now=view.now())

    return _do(view, fields, school_id, "capacity", do)


@router.post("/schools/{school_id}/tutors/leave")
def note_leave(view: InView, fields: InFields, school_id: UUID) -> Response:
    """When a tutor is away."""

    def do(session: Session, actor: Actor) -> None:
        user_id = forms.needed_id(fields, "user_id")
        first, last = forms.needed_day(fields, "starts_on"), forms.needed_day(fields, "ends_on")
        service_tutors.note_leave(session, actor, school_id, user_id, first, last, now=view.now())

    return _do(view, fields, school_id, "leave", do)


@router.post("/schools/{school_id}/tutors/substitution")
def substitute(view: InView, fields: InFields, school_id: UUID) -> Response:
    """Who takes over from whom, in all placements that are not over."""

    def do(session: Session, actor: Actor) -> None:
        before, after = forms.needed_id(fields, "before_id"), forms.needed_id(fields, "after_id")
        from_on = forms.needed_day(fields, "from_on")
        service_tutors.substitute(
            session, actor, TutorSide.SCHOOL, before, after, from_on=from_on, now=view.now()
        )

    return _do(view, fields, school_id, "substitution", do)


def _do(
    view: View, fields: Fields, school_id: UUID, done: str, do: Callable[[Session, Actor], None]
) -> Response:
    try:
        with view.write() as (session, actor):
            service_tutors.require_staff(session, actor, school_id)
            do(session, actor)
    except (forms.Unreadable, service_tutors.UnfitTutor) as problem:
        return _page(view, school_id, status=422, wrong=forms.wrong(problem.faults))
    year = forms.whole(fields, "start_year", 2000, 2100) if "start_year" in fields else None
    return view.go(f"/schools/{school_id}/placements?done={done}" + (f"&start_year={year}" if year else ""))
