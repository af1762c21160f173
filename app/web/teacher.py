"""A class and a school as their staff see them: who is where, and what waits for whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app import dates
from app.boards import service as boards
from app.events.service_looks import LookKind
from app.programmes import service as programmes
from app.schools import classes
from app.schools import rules as school_rules
from app.schools import service as schools
from app.students import rules as student_rules
from app.web import disclosures, undo
from app.web.ui import InView
from app.web.undo import Done

router = APIRouter(include_in_schema=False)


class Shown(StrEnum):
    """Which students a board lists."""

    ALL = "all"
    TODAY = "today"


@router.get("/classes/{class_id}")
def show_class(
    view: InView,
    class_id: UUID,
    show: Shown = Shown.ALL,
    chosen: Annotated[str, Query(pattern="^(all)?$")] = "",
    done: Done = None,
) -> Response:
    """The board of a class, with the way to the page that each student sees. Overseers see no student."""
    with view.read() as (session, actor):
        school_class = classes.get(session, actor, class_id)
        school, municipality_name = schools.read(session, school_class.school_id)
        is_staff = student_rules.can_place(actor, school_class)
        question = (
            boards.ask_for_class(session, actor, view.engine, class_id, now=view.now()) if is_staff else None
        )
        asked = disclosures.listed(view, session, actor, class_id=class_id)
        titles = programmes.titles(session, [school_class.programme_id] if school_class.programme_id else [])
        change = undo.bar(view, session, actor, done)
    lines = boards.lines(view.engine, question) if question else []
    view.looked(LookKind.PROFILE, [line.student_id for line in lines])
    return view.show(
        "teacher/class.html",
        school_class=school_class,
        school=school,
        municipality_name=municipality_name,
        programme=titles.get(school_class.programme_id or "", {}),
        lines=lines,
        shown=[line for line in lines if show is Shown.ALL or line.needs],
        show=show,
        is_all_chosen=chosen == "all",
        is_staff=is_staff,
        asked=asked,
        can_answer=actor.is_staff_of(school_class.school_id, class_id),
        change=change,
    )


@router.get("/schools/{school_id}/board")
def show_school(
    view: InView, school_id: UUID, start_year: Annotated[int | None, Query(ge=2000, le=2100)] = None
) -> Response:
    """The reader's classes of a school year, each in numbers: a lead's are all of the school."""
    year = start_year or dates.school_year(view.now().date())
    with view.read() as (session, actor):
        school, municipality_name = schools.read(session, school_id)
        question = boards.ask_for_school(
            session, actor, view.engine, school_id, start_year=year, now=view.now()
        )
        titles = programmes.titles(
            session, {one.programme_id for one in question.classes if one.programme_id}
        )
    return view.show(
        "teacher/school.html",
        school=school,
        municipality_name=municipality_name,
        start_year=year,
        titles=titles,
        classes=boards.summaries(view.engine, question),
        is_lead=school_rules.leads(actor, school_id),
    )
