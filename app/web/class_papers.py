"""The papers of a class: plans made in one go, sent out to be signed together, printed as one document."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import errors
from app.agreements import (
    contents,
    printing,
    rules,
    service,
    service_documents,
    service_effects,
    service_plans,
)
from app.agreements.models import Language, Paper, PaperKind, PaperState
from app.agreements.service_effects import Obstacle
from app.auth.actors import Actor
from app.companies.models import Company
from app.events.service_looks import LookKind
from app.placements import service as placements
from app.placements.models import State
from app.schools import classes
from app.schools.models import SchoolClass
from app.web import paper_words, papers
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST = 100


class Bulk(StrEnum):
    """What is done with all plans of a class."""

    MAKE = "make"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Line:
    """A placement of the class, its plan if there is one, and what still keeps it from beginning."""

    seen: placements.Seen
    plan: Paper | None
    company: str
    obstacles: tuple[Obstacle, ...]


@router.get("/classes/{class_id}/papers")
def show_class_papers(view: InView, class_id: UUID, left: int = 0) -> Response:
    """Each placement of the class with its plan, and what is still missing; `left` says how many could not go out."""
    with view.read() as (session, actor):
        school_class = _class_of_staff(session, actor, class_id)
        found = [
            one for one in placements.search(session, actor, class_id=class_id, limit=MOST)
            if one.placement.state in rules.PLANNABLE
        ]  # fmt: skip
        plans = _plans(session, actor, class_id)
        waiting = [one.placement for one in found if one.placement.state is State.PLANNED]
        obstacles = service_effects.obstacles_of(session, waiting)
        companies = _names(session, {one.placement.company_id for one in found})
    lines = [
        Line(
            one,
            plans.get(one.placement.id),
            companies[one.placement.company_id],
            obstacles.get(one.placement.id, ()),
        )
        for one in sorted(found, key=lambda one: (one.student.family_name, one.student.given_name))
    ]
    view.looked(LookKind.PROFILE, [one.student.id for one in found])
    return view.show(
        "papers/class.html", school_class=school_class, lines=lines, left=left,
        paper_words=paper_words, has_pdf=printing.has_pdf(),
    )  # fmt: skip


def _names(session: Session, company_ids: set[UUID]) -> dict[UUID, str]:
    rows = session.execute(sa.select(Company.id, Company.name).where(Company.id.in_(company_ids)))
    return {row.id: row.name for row in rows}


def _class_of_staff(session: Session, actor: Actor, class_id: UUID) -> SchoolClass:
    school_class = classes.get(session, actor, class_id)
    if not actor.is_staff_of(school_class.school_id, class_id):
        raise errors.NotAllowed("The staff of the class writes its plans.")
    return school_class


def _plans(session: Session, actor: Actor, class_id: UUID) -> dict[UUID, Paper]:
    """Placement → the latest plan that is neither ended nor superseded."""
    found = service.search(session, actor, kind=PaperKind.PLAN, class_id=class_id, limit=MOST * 2)
    gone = (PaperState.ENDED, PaperState.SUPERSEDED)
    plans: dict[UUID, Paper] = {}
    for one in found:
        if one.placement_id is not None and one.state not in gone:
            plans.setdefault(one.placement_id, one)
    return plans


@router.post("/classes/{class_id}/papers")
def do_with_all(view: InView, class_id: UUID, what: Annotated[Bulk, Form()]) -> Response:
    """Make the plans that are missing; or send out all that are complete, and say how many are not."""
    with view.read() as (session, actor):
        _class_of_staff(session, actor, class_id)
        found = placements.search(session, actor, class_id=class_id, limit=MOST)
        plans = _plans(session, actor, class_id)
    if what is Bulk.MAKE:
        missing = [
            one.placement.id for one in found
            if one.placement.state in rules.PLANNABLE and one.placement.id not in plans
        ]  # fmt: skip
        if missing:
            with view.write() as (session, actor):
                service_plans.create(session, actor, missing[: service_plans.MOST_AT_ONCE], now=view.now())
        return view.go(f"/classes/{class_id}/papers")
    left = 0
    for one in plans.values():
        if one.state is PaperState.DRAFT:
            left += not _opened(view, one.id)
    return view.go(f"/classes/{class_id}/papers" + (f"?left={left}" if left else ""))


def _opened(view: View, plan_id: UUID) -> bool:
    try:
        papers.open_for_signing(view, plan_id, Language.ITALIAN)
    except paper_words.TOLD:
        return False
    return True


@router.get("/classes/{class_id}/papers/print")
def print_class(view: InView, class_id: UUID) -> Response:
    """All plans of the class as one document for the printer: what is signed as it was sent out, drafts as they are now."""
    now = view.now()
    with view.read() as (session, actor):
        _class_of_staff(session, actor, class_id)
        plans = list(_plans(session, actor, class_id).values())
        kept = service_documents.data_of(
            session, [one.document_id for one in plans if one.document_id is not None]
        )
        drafts = service.find_many(session, actor, [one.id for one in plans if one.document_id not in kept])
        written = contents.of_papers(session, drafts, Language.ITALIAN, now)
        made = {seen.paper.id: data for seen, data in zip(drafts, written, strict=True)}
        data = [made.get(one.id) or kept[one.document_id] for one in plans]
        students = [one.student_id for one in plans]
    if not data:
        raise errors.NotFound("No plan is there to print.")
    view.looked(LookKind.PROFILE, [one for one in students if one is not None])
    media_type, content = printing.print_all(data, now=now)
    suffix = "pdf" if printing.has_pdf() else "html"
    return Response(
        content, media_type=media_type,
        headers={"content-disposition": f'attachment; filename="progetti-formativi.{suffix}"'},
    )  # fmt: skip
