"""The review of a company's profile, by forms on the company's page."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.companies import service_review as review
from app.companies.schemas import Reason
from app.web.ui import InView

router = APIRouter(include_in_schema=False)


@router.post("/companies/{company_id}/approve")
def approve(view: InView, company_id: UUID) -> Response:
    """Let everybody see the company."""
    with view.write() as (session, actor):
        review.approve(session, actor, company_id, now=view.now())
    return view.go(f"/companies/{company_id}")


@router.post("/companies/{company_id}/reject")
def reject(view: InView, company_id: UUID, reason: Annotated[Reason, Form()]) -> Response:
    """Refuse the profile, with the reason that the company reads."""
    with view.write() as (session, actor):
        review.reject(session, actor, company_id, reason=reason.strip(), now=view.now())
    return view.go(f"/companies/{company_id}")


@router.post("/companies/{company_id}/submit")
def submit(view: InView, company_id: UUID) -> Response:
    """Ask again after a rejection."""
    with view.write() as (session, actor):
        review.submit(session, actor, company_id, now=view.now(), review_days=view.settings.review_days)
    return view.go(f"/companies/{company_id}")
