"""The territory's figures, and notes about companies, over the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Request
from starlette.responses import Response

from app import dates
from app.matches.survey import Surveyor
from app.network import (
    service,
    service_companies,
    service_contacts,
    service_gaps,
    service_notes,
    service_overview,
)
from app.network import service_indicators as indicators
from app.network import service_supply as supply
from app.network.rules import Standing, Thresholds
from app.network.schemas import (
    CompanyNoteIn,
    CompanyNoteList,
    CompanyNoteOut,
    ContactLoadList,
    ContactLoadOut,
    IndicatorOut,
    IndicatorsOut,
    NetworkOut,
    StandingCount,
    StandingList,
    StandingOut,
    SupplyOut,
    SupplyRow,
    UncalledOut,
    UncalledRow,
    UnwantedList,
    UnwantedOut,
)
from app.network.service_gaps import Uncalled
from app.opportunities.models import Kind
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor
from app.settings import Settings

router = APIRouter(tags=["network"])


async def _surveyor(request: Request) -> Surveyor:
    surveyor: Surveyor = request.app.state.surveyor
    return surveyor


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


InSurveyor = Annotated[Surveyor, Depends(_surveyor)]
InSettings = Annotated[Settings, Depends(_settings)]
OfKind = Annotated[Kind | None, Query(description="Only this kind.")]
CompanyId = Annotated[UUID, Path(description="The company.")]


@router.get("/network", summary="What needs the coordinator", responses=answers(401, 403))
def read_network(call: InCall, surveyor: InSurveyor, settings: InSettings) -> NetworkOut:
    """Numbers of your territory: companies that wait or are silent, opportunities and students that nobody calls."""
    with call.read() as (session, actor):
        question = service_overview.ask(
            session, actor, surveyor, now=call.now(), thresholds=Thresholds.of(settings)
        )
    territory = service_overview.look(surveyor, question)
    found = service_overview.show(territory, question, students_per_seat=settings.students_per_seat)
    return NetworkOut(
        waiting=found.waiting,
        late=found.late,
        standings=[StandingCount(standing=one, companies=number) for one, number in found.standings.items()],
        unwanted=found.unwanted,
        nobody_fits=found.nobody_fits,
        students=UncalledRow.model_validate(found.students),
    )


@router.get("/network/supply", summary="Demand against supply", responses=answers(401, 403, 422))
def read_supply(call: InCall, surveyor: InSurveyor, kind: OfKind = None) -> SupplyOut:
    """Free seats of your territory against the students of its schools: by skill, by programme, by district."""
    with call.read() as (session, actor):
        question = service.ask(session, actor, surveyor)
    found = supply.compare(service.look(surveyor, question), kind)
    return SupplyOut(
        opportunities=found.opportunities,
        seats=found.seats,
        students=found.students,
        skills=_rows(found.skills),
        programmes=_rows(found.programmes),
        districts=_rows(found.districts),
    )


def _rows(rows: Sequence[supply.Row]) -> list[SupplyRow]:
    return [SupplyRow.model_validate(row) for row in rows]


@router.get(
    "/network/opportunities",
    summary="List what few students fit or nobody chooses",
    responses=answers(401, 403, 422),
)
def list_unwanted_opportunities(
    call: InCall,
    surveyor: InSurveyor,
    settings: InSettings,
    kind: OfKind = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> UnwantedList:
    """Opportunities of your territory with few fitting students for their free seats, or chosen by nobody; `reach` says what would widen one."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        question = service.ask(session, actor, surveyor)
        choices = service_gaps.ask_for_choices(session, now=call.now())
    found = service_gaps.unwanted(
        service.look(surveyor, question), choices, students_per_seat=settings.students_per_seat, kind=kind
    )[max(0, offset) :]
    items = [
        UnwantedOut(
            opportunity=one.card,
            seats_free=one.seats_free,
            fitting=one.fitting,
            visible=one.visible,
            choosing=one.choosing,
            is_ignored=one.is_ignored,
        )
        for one in found[:limit]
    ]
    return UnwantedList(items=items, next_cursor=_next(offset, limit, len(found)))


def _next(offset: int, limit: int, left: int) -> str | None:
    return encode_cursor(max(0, offset) + limit) if left > limit else None


@router.get("/network/students", summary="Count students whom nobody calls", responses=answers(401, 403))
def read_uncalled_students(call: InCall, surveyor: InSurveyor) -> UncalledOut:
    """Counts in steps of five, by school, programme and district: nobody is named, and no few are told."""
    with call.read() as (session, actor):
        question = service_gaps.ask_for_calls(session, actor, surveyor, now=call.now())
    found = service_gaps.calls(service.look(surveyor, question.territory), question.asked_for)
    return UncalledOut(
        total=UncalledRow.model_validate(found.total),
        schools=_uncalled(found.schools),
        programmes=_uncalled(found.programmes),
        districts=_uncalled(found.districts),
    )


def _uncalled(rows: Sequence[Uncalled]) -> list[UncalledRow]:
    return [UncalledRow.model_validate(row) for row in rows]


@router.get(
    "/network/companies", summary="List companies by how they stand", responses=answers(401, 403, 422)
)
def list_standings(
    call: InCall,
    settings: InSettings,
    standing: Annotated[Standing | None, Query(description="Only those that stand so.")] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> StandingList:
    """Approved companies of your territory: dormant, silent, new, answering, by the last sign of life in the log."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        lines = service_companies.stand(session, actor, now=call.now(), thresholds=Thresholds.of(settings))
    found = [one for one in lines if standing in (None, one.standing)][max(0, offset) :]
    items = [StandingOut.model_validate(one) for one in found[:limit]]
    return StandingList(items=items, next_cursor=_next(offset, limit, len(found)))


@router.get(
    "/network/contacts", summary="List how much each company is sent", responses=answers(401, 403, 422)
)
def list_contact_loads(
    call: InCall, settings: InSettings, limit: Limit = 20, cursor: Cursor = None
) -> ContactLoadList:
    """This month, by all schools together, against its limit; and which schools wait, counted in steps of five."""
    [offset] = decode_cursor(cursor, int) or (0,)
    with call.read() as (session, actor):
        loads = service_contacts.load(session, actor, most=settings.contacts_per_month, now=call.now())
    found = loads[max(0, offset) :]
    items = [ContactLoadOut.model_validate(one) for one in found[:limit]]
    return ContactLoadList(items=items, next_cursor=_next(offset, limit, len(found)))


@router.get("/network/indicators", summary="Yearly indicators", responses=answers(401, 403, 422))
def read_indicators(
    call: InCall,
    start_year: Annotated[
        int | None,
        Query(
            ge=indicators.FIRST_YEAR,
            le=2099,
            description="In which the school year began; this one if left out.",
        ),
    ] = None,
) -> IndicatorsOut:
    """The figures of a school year in your territory, each with its definition."""
    with call.read() as (session, actor):
        now = call.now()
        year = start_year or dates.school_year(now.date())
        found = indicators.read(session, actor, start_year=year, now=now)
    return IndicatorsOut(
        start_year=found.start_year,
        is_over=found.is_over,
        indicators=[IndicatorOut.model_validate(one) for one in found.indicators],
    )


# --- notes ------------------------------------------------------------------------------------------------------------


@router.get(
    "/companies/{company_id}/notes",
    summary="List notes about a company",
    responses=answers(401, 403, 404, 422),
)
def list_company_notes(
    call: InCall, company_id: CompanyId, limit: Limit = 20, cursor: Cursor = None
) -> CompanyNoteList:
    """What you and others who coordinate the territory noted; the company does not see it."""
    before = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = service_notes.search(session, actor, company_id, before=before, limit=limit + 1)
        items = [CompanyNoteOut.model_validate(note) for note in found[:limit]]
    last = items[-1] if len(found) > limit else None
    return CompanyNoteList(items=items, next_cursor=encode_cursor(last.written_at, last.id) if last else None)


@router.post(
    "/companies/{company_id}/notes",
    status_code=201,
    response_model=CompanyNoteOut,
    summary="Note something about a company",
    responses=answers(401, 403, 404, 409, 422),
)
def create_company_note(
    call: InCall,
    company_id: CompanyId,
    body: CompanyNoteIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For those who coordinate the company's territory."""
    with call.create(body) as (session, actor):
        note = service_notes.write(session, actor, company_id, body.text, now=call.now())
        out = CompanyNoteOut.model_validate(note)
        return call.created(out, location=f"/companies/{company_id}/notes/{note.id}")


@router.delete(
    "/companies/{company_id}/notes/{note_id}",
    status_code=204,
    summary="Remove a note",
    responses=answers(401, 403, 404, 422),
)
def remove_company_note(
    call: InCall, company_id: CompanyId, note_id: Annotated[UUID, Path(description="The note.")]
) -> None:
    """For those who coordinate the company's territory, whoever wrote it."""
    with call.write() as (session, actor):
        service_notes.remove(session, actor, company_id, note_id)
