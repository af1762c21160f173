"""Recommending an opportunity to several students of a class: which one, to whom, in which words."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app.boards import service as boards
from app.bulk_changes import service as changes
from app.companies import service as companies
from app.events.service_looks import LookKind
from app.matches import service_class as matches
from app.opportunities import service as opportunities
from app.opportunities.models import Kind
from app.recommendations import service as recommendations
from app.recommendations.schemas import MOST_AT_ONCE
from app.schools import classes
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

SUGGESTIONS = 15
Students = Annotated[list[UUID] | None, Query(max_length=MOST_AT_ONCE)]


@router.get("/classes/{class_id}/recommend")
def show_recommending(
    view: InView,
    class_id: UUID,
    student_ids: Students = None,
    kind: Kind = Kind.INTERNSHIP,
    opportunity_id: UUID | None = None,
) -> Response:
    """What is among the best for these students; and with an opportunity, to whom and why not to whom."""
    if opportunity_id is not None:
        return _to_whom(view, class_id, opportunity_id, student_ids or ())
    with view.read() as (session, actor):
        question = boards.ask_for_class(session, actor, view.engine, class_id, now=view.now())
        school_class = classes.get(session, actor, class_id)
    among = _among(question, student_ids or ())
    found = matches.suggest(view.engine, question.matches, among, kind, limit=SUGGESTIONS)
    view.looked(LookKind.RANKING, among)
    return view.show(
        "teacher/recommend.html", school_class=school_class, kind=kind, suggestions=found, among=among,
        student_ids=student_ids or [],
    )  # fmt: skip


def _among(question: boards.BoardQuestion, student_ids: list[UUID] | tuple[()]) -> set[UUID]:
    of_class = {row.id for row in question.rows}
    return of_class & set(student_ids) or of_class


def _to_whom(
    view: View,
    class_id: UUID,
    opportunity_id: UUID,
    student_ids: list[UUID] | tuple[()],
    *,
    note: str = "",
    has_chosen: bool = True,
) -> Response:
    with view.read() as (session, actor):
        question = boards.ask_for_class(session, actor, view.engine, class_id, now=view.now())
        school_class = classes.get(session, actor, class_id)
        opportunity = opportunities.read(session, actor, opportunity_id)
        company = companies.read(session, actor, opportunity.company_id)
        given = recommendations.given(session, [row.id for row in question.rows], opportunity_id)
    rules = matches.rules_for(view.engine, question.matches, opportunity_id)
    view.looked(LookKind.PROFILE, [row.id for row in question.rows])
    return view.show(
        "teacher/recommend_to.html",
        status=200 if has_chosen else 422,
        school_class=school_class,
        opportunity=opportunity,
        company=company,
        students=question.rows,
        chosen=set(student_ids) or {student_id for student_id, rule in rules.items() if rule is None},
        rules=rules,
        given=given,
        note=note,
        has_chosen=has_chosen,
    )


@router.post("/classes/{class_id}/recommend")
def recommend(
    view: InView,
    class_id: UUID,
    opportunity_id: Annotated[UUID, Form()],
    student_ids: Annotated[list[UUID] | None, Form(max_length=MOST_AT_ONCE)] = None,
    note: Annotated[str, Form(max_length=500, pattern=r"^[^\x00]*$")] = "",
) -> Response:
    """Recommend it, and go back to the board."""
    if not student_ids:
        return _to_whom(view, class_id, opportunity_id, (), note=note, has_chosen=False)
    with view.write() as (session, actor):
        change = changes.recommend(
            session, actor, opportunity_id, student_ids, note=note.strip() or None, now=view.now()
        )
    return view.go(f"/classes/{class_id}?done={change.id}")


@router.post("/recommendations/{recommendation_id}/remove")
def take_back(view: InView, recommendation_id: UUID) -> Response:
    """Take a recommendation back, and show the student's page."""
    with view.write() as (session, actor):
        student_id = recommendations.remove(session, actor, recommendation_id)
    return view.go(f"/students/{student_id}")
