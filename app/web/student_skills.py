"""A student's skills: levels, what each stands on, and adding one in one's own words."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.events.service_looks import LookKind
from app.skills import service as skills
from app.skills import tops
from app.skills.service import SkillHit
from app.students import service as students
from app.students.models import Evidence
from app.students.rules import HeldSkill
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

GONE = 0
"""The level that takes a skill away."""


@router.get("/students/{student_id}/skills")
def show_skills(view: InView, student_id: UUID) -> Response:
    """What the student has said, what others have confirmed, and what the course of study brings."""
    return _page(view, student_id)


@router.post("/students/{student_id}/skills")
def add_skill(
    view: InView,
    student_id: UUID,
    level: Annotated[int, Form(ge=1, le=4)],
    skill: Annotated[str, Form(max_length=80)] = "",
    skill_id: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """Add a skill by its name in any language; where the words fit several, the page asks which."""
    if not skill_id:
        with view.read() as (session, actor):
            students.get(session, actor, student_id)
            found = tops.called(session, skill.strip())
        if len(found) != 1:
            return _page(view, student_id, written=skill, found=found, level=level)
        skill_id = found[0].skill.id
    try:
        return _put(view, student_id, skill_id, level)
    except students.NotYours:
        return _page(view, student_id, written=skill, is_proven=True, level=level)


@router.post("/students/{student_id}/skills/{skill_id}")
def change_skill(
    view: InView, student_id: UUID, skill_id: str, level: Annotated[int, Form(ge=0, le=4)]
) -> Response:
    """Another level; level 0 takes the skill away."""
    return _put(view, student_id, skill_id, level)


def _put(view: View, student_id: UUID, skill_id: str, level: int) -> Response:
    with view.write() as (session, actor):
        before = students.read(session, actor, student_id).skills
        held = tuple(
            one if one.skill_id != skill_id else one._replace(level=level)
            for one in before
            if one.skill_id != skill_id or level != GONE
        )
        if level != GONE and all(one.skill_id != skill_id for one in before):
            held += (HeldSkill(skill_id, level),)
        students.edit(session, actor, student_id, {"skills": held}, today=view.now().date())
    return view.go(f"/students/{student_id}/skills?saved={skill_id}#skills")


def _page(
    view: View,
    student_id: UUID,
    *,
    written: str = "",
    found: list[SkillHit] | None = None,
    level: int = 2,
    is_proven: bool = False,
) -> Response:
    with view.read() as (session, actor):
        full = students.read(session, actor, student_id)
        labels = skills.refs(session, [one.skill_id for one in full.skills])
    view.looked(LookKind.PROFILE, [student_id])
    own = [one for one in full.skills if one.evidence is not Evidence.CURRICULUM]
    saved = view.request.query_params.get("saved", "")
    return view.show(
        "student/skills.html",
        status=403 if is_proven else 200 if found is None else 422,
        is_proven=is_proven,
        student_id=student_id,
        person=full.student,
        is_self=actor.is_student(student_id),
        own=sorted(own, key=lambda one: -one.level),
        course=[one for one in full.skills if one.evidence is Evidence.CURRICULUM],
        labels=labels,
        written=written,
        found=found,
        level=level,
        saved=labels.get(saved),
    )
