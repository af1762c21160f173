"""What the territory needs: skills with too few students or seats, what comes next, and what would close the gap."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from app.evidence import service_needs
from app.web import coordinator_words
from app.web.ui import InView

router = APIRouter(include_in_schema=False)


@router.get("/coordination/needs")
def show_needs_analysis(view: InView) -> Response:
    """One panel for each skill, and the districts that come first."""
    with view.read() as (session, actor):
        question = service_needs.ask(session, actor, view.surveyor, now=view.now())
    return view.show(
        "coordinator/analysis.html", found=service_needs.show(view.surveyor, question), terms=coordinator_words,
    )  # fmt: skip
