"""A class as its teachers see it."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.programmes import service as programmes
from app.schools import classes
from app.schools import service as schools
from app.students import rules as student_rules
from app.students import service as students
from app.web import disclosures
from app.web.ui import InView

router = APIRouter(include_in_schema=False)

MOST_STUDENTS = 100


@router.get("/classes/{class_id}")
def show_class(view: InView, class_id: UUID) -> Response:
    """The students of a class, each with the way to the page that the student sees."""
    with view.read() as (session, actor):
        school_class = classes.get(session, actor, class_id)
        school, municipality_name = schools.read(session, school_class.school_id)
        found = students.search(session, actor, class_id=class_id, limit=MOST_STUDENTS)
        asked = disclosures.listed(view, session, actor, class_id=class_id)
        titles = programmes.titles(session, [school_class.programme_id] if school_class.programme_id else [])
    view.looked(LookKind.PROFILE, [one.student.id for one in found])
    return view.show(
        "teacher/class.html",
        school_class=school_class,
        school=school,
        municipality_name=municipality_name,
        programme=titles.get(school_class.programme_id or "", {}),
        students=found,
        gives_codes=student_rules.can_place(actor, school_class),
        asked=asked,
        can_answer=actor.is_staff_of(school_class.school_id, class_id),
    )
