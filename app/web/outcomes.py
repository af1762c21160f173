"""What became of the student after an internship, on the page of the placement."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from starlette.responses import Response

from app import errors
from app.evidence import service_outcomes as service
from app.evidence.models import Outcome
from app.web import placement, placement_forms
from app.web.posting_forms import InFields, text
from app.web.ui import InView

router = APIRouter(prefix="/placements/{placement_id}/outcome", include_in_schema=False)


@router.post("")
def report_outcome(view: InView, fields: InFields, placement_id: UUID) -> Response:
    """Report it, or report something else."""
    try:
        changes = {
            "outcome": placement_forms.one_of(fields, "outcome", Outcome),
            "agreed_on": placement_forms.needed_day(fields, "agreed_on"),
        }
        with view.write() as (session, actor):
            seen, row = service.for_change(session, actor, placement_id)
            if text(fields, "version", 12) != str(row.version if row else 0):
                raise errors.WrongState
            service.report(session, actor, seen, row, changes, now=view.now())
    except (placement_forms.Unreadable, service.UnfitOutcome) as problem:
        return placement.page(view, placement_id, status=422, wrong=placement_forms.wrong(problem.faults))
    except errors.Conflict as problem:
        return placement.page(view, placement_id, status=409, trouble=placement.in_words(problem))
    return view.go(f"/placements/{placement_id}#outcome")


@router.post("/remove")
def take_back_outcome(view: InView, placement_id: UUID) -> Response:
    """Delete it."""
    with view.write() as (session, actor):
        service.take_back(session, actor, placement_id)
    return view.go(f"/placements/{placement_id}")
