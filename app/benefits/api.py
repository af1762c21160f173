"""What hosting has brought a company, over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request

from app.benefits import service
from app.benefits.schemas import BenefitsOut
from app.matches.survey import Surveyor
from app.network.service_indicators import FIRST_YEAR
from app.rest import InCall, answers

router = APIRouter(prefix="/companies/{company_id}", tags=["companies"])

CompanyId = Annotated[UUID, Path(description="The company.")]


async def _surveyor(request: Request) -> Surveyor:
    surveyor: Surveyor = request.app.state.surveyor
    return surveyor


@router.get("/benefits", summary="Read what a school year has brought", responses=answers(401, 403, 404, 422))
def read_benefits(
    call: InCall,
    company_id: CompanyId,
    surveyor: Annotated[Surveyor, Depends(_surveyor)],
    year: Annotated[
        int | None,
        Query(ge=FIRST_YEAR, le=2099, description="In which the school year began; this one if left out."),
    ] = None,
) -> BenefitsOut:
    """For the company itself, and for who oversees it, who reads counts of students in steps of five."""
    with call.read() as (session, actor):
        question = service.ask(session, actor, surveyor, company_id, year=year, now=call.now())
    return BenefitsOut.of(service.show(surveyor, question))
