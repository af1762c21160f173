"""One-time codes for students over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.rest import InCall, answers
from app.students import service_codes as codes
from app.students.schemas import CodesIn, SlipOut, SlipsOut

router = APIRouter(tags=["students"])


@router.post(
    "/classes/{class_id}/student-codes",
    summary="Make one-time codes for students",
    status_code=201,
    response_model=SlipsOut,
    responses=answers(400, 401, 403, 404, 422),
)
def create_student_codes(
    call: InCall, class_id: Annotated[UUID, Path(description="The students' class.")], body: CodesIn
) -> Response:
    """For the staff of the class. The answer alone holds the codes, so this call cannot be replayed; a new code ends
    the one before. A code is valid for 14 days and opens the student's account once, which is made if there is none.
    """
    settings = call.request.app.state.settings
    with call.write() as (session, actor):
        slips = codes.issue(
            session, actor, class_id, body.student_ids, secret=settings.secret_key, now=call.now()
        )
    out = SlipsOut(
        slips=[SlipOut(student_id=one.student_id, code=one.code, expires_at=one.expires_at) for one in slips],
        address=settings.public_url.rstrip("/") + codes.ADDRESS,
    )
    return Response(
        out.model_dump_json(), 201, {"location": f"{call.request.scope.get('root_path', '')}/classes/{class_id}"},
        media_type="application/json",
    )  # fmt: skip
