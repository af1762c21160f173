"""Looking ahead at a new school year over the API. The step itself is a bulk change, which can be undone."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from app.rest import InCall, answers
from app.roll_overs import service as roll_overs
from app.roll_overs.schemas import RollOverOut

router = APIRouter(tags=["students"])


@router.get(
    "/schools/{school_id}/roll-over", summary="Look ahead at a new school year",
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_roll_over(
    call: InCall,
    school_id: UUID,
    year: Annotated[int, Query(ge=2000, le=2100, description="In which the new school year begins.")],
) -> RollOverOut:
    """For who leads the school: what each class becomes. Nothing happens."""
    with call.read() as (session, actor):
        return RollOverOut.of(roll_overs.preview(session, actor, school_id, year, now=call.now()))
