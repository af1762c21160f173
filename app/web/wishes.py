"""What a student saves: the star, the list of wishes, two side by side, and the paths that open more."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple
from uuid import UUID

from fastapi import APIRouter, Form, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.auth.actors import Actor
from app.companies import service as companies
from app.events.service_looks import LookKind
from app.matches import service as matches
from app.matches import service_paths as paths
from app.matches.service_plain import RankingOff
from app.opportunities import service as opportunities
from app.opportunities.models import Opportunity
from app.places import service as places
from app.rounds import service_students
from app.rounds.models import RoundState
from app.students import service as students
from app.web import disclosures
from app.web.language import mark as _
from app.web.ui import InView, View, safe_next
from app.wishes import rules
from app.wishes import service as wishes
from app.wishes.rules import Outlook
from app.wishes.service import Wished

router = APIRouter(include_in_schema=False)

Next = Annotated[str, Form(max_length=500)]
OPENED = 5
"""Titles of what a path opens; the number says how many there are."""
HOURS = (20, 40, 80, 150)


class Line(NamedTuple):
    """A wish, and how its opportunity stands today."""

    it: Wished
    outlook: Outlook


@router.get("/students/{student_id}/wishes")
def show_wishes(view: InView, student_id: UUID) -> Response:
    """The wishes in their order, and what is only saved, each with how it stands."""
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        found = wishes.search(session, actor, student_id)
        asked = disclosures.listed(view, session, actor, student_id=student_id)
        waiting = service_students.search(session, actor, student_id)
    view.looked(LookKind.PROFILE, [student_id])
    today = view.now().date()
    lines = [Line(one, rules.outlook(one.status, one.closes_on, today)) for one in found]
    moved = view.request.query_params.get("moved", "")
    return view.show(
        "student/wishes.html",
        person=student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        ranked=[line for line in lines if line.it.wish.position is not None],
        saved=[line for line in lines if line.it.wish.position is None],
        asked={one.opportunity_id: one for one in asked},
        most=rules.MOST_RANKED,
        moved=next((one for one in found if str(one.wish.id) == moved), None),
        by=view.request.query_params.get("by", ""),
        outlooks=OUTLOOKS,
        rounds=[one for one in waiting if one.state is not RoundState.PUBLISHED],
    )


@router.post("/students/{student_id}/wishes")
def save_wish(
    view: InView,
    student_id: UUID,
    opportunity_id: Annotated[UUID, Form()],
    next: Next = "",  # noqa: A002 -- the form's own word
) -> Response:
    """The star."""
    with view.write() as (session, actor):
        wishes.save(session, actor, student_id, opportunity_id, now=view.now())
    return view.go(safe_next(next, f"/students/{student_id}/wishes"))


@router.post("/students/{student_id}/wishes/{wish_id}/move")
def move_wish(
    view: InView, student_id: UUID, wish_id: UUID, position: Annotated[int, Form(ge=0, le=100)]
) -> Response:
    """To a position of the list; 0 is out of it."""
    with view.write() as (session, actor):
        before = wishes.read(session, actor, student_id, wish_id).wish.position or 0
        wishes.move(session, actor, student_id, wish_id, position or None, now=view.now())
    by = "up" if position < before else "down"
    return view.go(f"/students/{student_id}/wishes?moved={wish_id}&by={by}")


@router.post("/students/{student_id}/wishes/{wish_id}/remove")
def remove_wish(view: InView, student_id: UUID, wish_id: UUID, next: Next = "") -> Response:  # noqa: A002
    """Neither saved nor ranked any longer."""
    with view.write() as (session, actor):
        wishes.remove(session, actor, student_id, wish_id, now=view.now())
    return view.go(safe_next(next, f"/students/{student_id}/wishes"))


@router.get("/students/{student_id}/compare")
def compare(
    view: InView,
    student_id: UUID,
    opportunity: Annotated[list[UUID] | None, Query(max_length=20)] = None,
) -> Response:
    """Two opportunities side by side, each as it is for the student."""
    chosen = list(dict.fromkeys(opportunity or ()))
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        question = matches.ask_for_student(session, actor, view.engine, student_id)
        rows = [opportunities.read(session, actor, one) for one in chosen] if len(chosen) == 2 else []
        shown = opportunities.show(session, rows)
        names = {one.company_id: companies.read(session, actor, one.company_id).name for one in shown}
        towns = places.names(session, [one.municipality_istat for one in shown if one.municipality_istat])
        hidden = [matches.visibility(session, actor, view.engine, one.id, student_id) for one in shown]
    view.looked(LookKind.RANKING, [student_id])
    sides = [
        {
            "it": one,
            "company": names[one.company_id],
            "town": towns.get(one.municipality_istat or ""),
            "match": matches.student_match(view.engine, question, one.id),
            "rules": why["rules"],
        }
        for one, why in zip(shown, hidden, strict=True)
    ]
    return view.show(
        "student/compare.html",
        status=200 if sides else 422,
        person=student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        sides=sides,
    )


@router.get("/students/{student_id}/paths")
def show_paths(
    view: InView,
    student_id: UUID,
    goal: Annotated[str, Query(max_length=120, pattern=paths.GOAL)] = "reach",
    hours: Annotated[int, Query(ge=1, le=5000)] = HOURS[1],
) -> Response:
    """Training that closes gaps, and what each path opens."""
    with view.read() as (session, actor):
        student = students.get(session, actor, student_id)
        wished = wishes.search(session, actor, student_id)
        aim = _aim(session, actor, goal)
        try:
            question = paths.ask(session, actor, view.engine, student_id, goal)
        except RankingOff:
            question = None
    view.looked(LookKind.RANKING, [student_id])
    page = paths.page(view.engine, question, budget_hours=hours) if question is not None else None
    return view.show(
        "student/paths.html",
        person=student,
        student_id=student_id,
        is_self=actor.is_student(student_id),
        page=page,
        opened=_opened(view, question, page),
        goal=goal,
        aim=aim,
        goals=[one for one in wished if f"opportunity:{one.wish.opportunity_id}" != goal],
        hours=hours,
        budgets=HOURS,
    )


def _aim(session: Session, actor: Actor, goal: str) -> Opportunity | None:
    kind, _sign, key = goal.partition(":")
    return opportunities.read(session, actor, UUID(key)) if kind == "opportunity" else None


def _opened(
    view: View, question: paths.PathsQuestion | None, page: dict[str, Any] | None
) -> list[list[dict[str, Any]]]:
    """For each path some of what it brings into reach."""
    if question is None or page is None:
        return []
    return [
        matches.cards(view.engine, question.student, path["opportunity_ids"][:OPENED])
        for path in page["items"]
    ]


OUTLOOKS = {
    "open": _("Aperta"),
    "full": _("Posti finiti: forse se ne libera uno"),
    "over": _("Chiusa"),
}
