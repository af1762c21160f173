"""Confirming what the students of a class have declared, on one page."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.bulk_changes import service as changes
from app.bulk_changes.schemas import MOST_SKILLS
from app.events.service_looks import LookKind
from app.schools import classes
from app.skills import service as skills
from app.students import service_validation as validation
from app.students.service_validation import Choice
from app.web import undo
from app.web.ui import InView, View
from app.web.undo import Done

router = APIRouter(include_in_schema=False)

_WRITTEN = r"^[0-9a-f-]{36} [1-4] [A-Za-z0-9][A-Za-z0-9._:-]{0,79}$"
Written = Annotated[str, Form(pattern=_WRITTEN)]
"""A student's id, a level and a skill; a tick names the level that was declared, a menu the one that is confirmed."""


class Order(StrEnum):
    """What stands together."""

    STUDENT = "student"
    SKILL = "skill"


@router.get("/classes/{class_id}/validation")
def show_validation(view: InView, class_id: UUID, by: Order = Order.STUDENT, done: Done = None) -> Response:
    """Every declared skill of the class, by student or by skill."""
    return _page(view, class_id, by, done)


def _page(view: View, class_id: UUID, by: Order, done: UUID | None, *, has_chosen: bool = True) -> Response:
    with view.read() as (session, actor):
        found = validation.declared(session, actor, class_id)
        school_class = classes.get(session, actor, class_id)
        labels = skills.refs(session, {one.skill_id for one in found})
        change = undo.bar(view, session, actor, done)
    view.looked(LookKind.PROFILE, {one.student_id for one in found})
    if by is Order.SKILL:
        found.sort(key=lambda one: labels[one.skill_id].label[view.language].casefold())
    return view.show(
        "teacher/validation.html",
        status=200 if has_chosen else 422,
        school_class=school_class,
        declared=found,
        labels=labels,
        by=by,
        has_chosen=has_chosen,
        change=change,
    )


@router.post("/classes/{class_id}/validation")
def validate(
    view: InView,
    class_id: UUID,
    chosen: Annotated[list[Written] | None, Form(max_length=MOST_SKILLS)] = None,
    levels: Annotated[list[Written] | None, Form(max_length=MOST_SKILLS)] = None,
    by: Annotated[Order, Form()] = Order.STUDENT,
) -> Response:
    """Confirm what was ticked, each at the level of its menu."""
    if not chosen:
        return _page(view, class_id, by, None, has_chosen=False)
    at = {(one.student_id, one.skill_id): one for one in map(_choice, levels or ())}
    ticked = [at.get((one.student_id, one.skill_id), one) for one in map(_choice, chosen)]
    with view.write() as (session, actor):
        change = changes.validate(session, actor, class_id, ticked, now=view.now())
    return view.go(f"/classes/{class_id}/validation?by={by}&done={change.id}")


def _choice(written: str) -> Choice:
    student_id, level, skill_id = written.split(" ")
    return Choice(UUID(student_id), skill_id, int(level))
