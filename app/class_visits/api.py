"""Visits for a class over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from app.class_visits import service
from app.class_visits.schemas import ClassVisitList, ClassVisitOut
from app.events.service_looks import LookKind
from app.matches.asked import InEngine
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(tags=["bookings"])


@router.get(
    "/classes/{class_id}/visits", summary="Rank visits for a class", responses=answers(401, 403, 404, 422)
)
def list_class_visits(
    call: InCall,
    engine: InEngine,
    class_id: Annotated[UUID, Path(description="The class.")],
    adults: Annotated[int, Query(ge=1, le=50, description="Who go with the class; they take seats too.")] = 2,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ClassVisitList:
    """Visits with sessions to come, by what they are to the class as a whole: its mean and its worst fit count the same.

    What it can book now comes first. Without names: for the staff of the class.
    """
    [offset] = decode_cursor(cursor, int) or (0,)
    first = max(0, offset)
    with call.read() as (session, actor):
        question = service.ask(session, actor, engine, class_id, now=call.now())
    found = service.ranked(engine, question, adults=adults)
    call.looked(actor, LookKind.RANKING, [known.profile.id for known in question.matches.students])
    following = encode_cursor(first + limit) if len(found) > first + limit else None
    return ClassVisitList(
        items=[ClassVisitOut.of(one) for one in found[first : first + limit]], next_cursor=following
    )
