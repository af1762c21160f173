"""Boards over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app import dates
from app.boards import service as boards
from app.boards.schemas import BoardLineOut, ClassBoard, ClassSummaryOut, SchoolBoard
from app.events.service_looks import LookKind
from app.matches.asked import InEngine
from app.rest import InCall, answers

router = APIRouter(tags=["schools"])


@router.get(
    "/classes/{class_id}/board", summary="Read the board of a class", responses=answers(401, 403, 404, 422)
)
def read_class_board(call: InCall, engine: InEngine, class_id: UUID) -> ClassBoard:
    """Where each student stands, how much fits, why nothing does, and what waits for the teacher."""
    with call.read() as (session, actor):
        question = boards.ask_for_class(session, actor, engine, class_id, now=call.now())
    lines = boards.lines(engine, question)
    call.looked(actor, LookKind.PROFILE, [line.student_id for line in lines])
    return ClassBoard(class_id=class_id, students=[BoardLineOut.of(line) for line in lines])


@router.get(
    "/schools/{school_id}/board", summary="Read the board of a school", responses=answers(401, 403, 404, 422)
)
def read_school_board(
    call: InCall,
    engine: InEngine,
    school_id: UUID,
    start_year: Annotated[
        int | None,
        Query(ge=2000, le=2100, description="The school year that begins then; this one if left out."),
    ] = None,
) -> SchoolBoard:
    """Your classes in numbers: a lead's are all of the school."""
    year = start_year or dates.school_year(call.now().date())
    with call.read() as (session, actor):
        question = boards.ask_for_school(session, actor, engine, school_id, start_year=year, now=call.now())
    found = boards.summaries(engine, question)
    return SchoolBoard(
        school_id=school_id, start_year=year, classes=[ClassSummaryOut.of(*one) for one in found]
    )
