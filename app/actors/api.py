"""The network as a whole, over the API: areas, the directory, who works with whom, and where events leave gaps."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Body, Depends, Path, Query, Request
from starlette.responses import Response

from app.actors import portfolio, service, service_areas, service_portfolio
from app.actors.rules import ActorKind, Doing, TieKind, TieOrder, Wanted
from app.actors.schemas import (
    AreasOut,
    AreasPatch,
    NetworkActorList,
    NetworkActorOut,
    PortfolioOut,
    TieList,
    TieOut,
    version_of,
)
from app.dates import Day
from app.rest import (
    MERGE_PATCH,
    Cursor,
    IfMatch,
    InCall,
    Limit,
    Slug,
    answers,
    expect_version,
    page_of,
    with_etag,
)
from app.settings import Settings

router = APIRouter(tags=["network"])


async def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


InSettings = Annotated[Settings, Depends(_settings)]
TerritoryId = Annotated[UUID, Path(description="The territory.")]
StartYear = Annotated[
    int | None, Query(ge=2000, le=2100, description="In which the school year began; this one if left out.")
]

# --- areas ------------------------------------------------------------------------------------------------------------


@router.get(
    "/territories/{territory_id}/areas", summary="Read the areas of a territory", response_model=AreasOut,
    responses=answers(401, 403, 404, 422),
)  # fmt: skip
def read_areas(call: InCall, territory_id: TerritoryId) -> Response:
    """Districts, sectors and priority areas, for those who coordinate the territory."""
    with call.read() as (session, actor):
        out = AreasOut.of(territory_id, service_areas.read(session, actor, territory_id))
    return with_etag(out, out.version)


@router.patch(
    "/territories/{territory_id}/areas", summary="Change the areas of a territory", response_model=AreasOut,
    responses=answers(400, 401, 403, 404, 412, 415, 422, 428),
)  # fmt: skip
def edit_areas(
    call: InCall,
    territory_id: TerritoryId,
    body: Annotated[AreasPatch, Body(media_type=MERGE_PATCH)],
    if_match: IfMatch = None,
) -> Response:
    """Each list that is sent replaces the one there is; a fault names the entry by its number, counted from 0."""
    with call.write() as (session, actor):
        row = service_areas.for_change(session, actor, territory_id)
        expect_version(if_match, version_of(row))
        row = service_areas.edit(session, actor, territory_id, body.document(), now=call.now())
        out = AreasOut.of(territory_id, row)
    return with_etag(out, out.version)


# --- the directory ----------------------------------------------------------------------------------------------------


@router.get("/network/actors", summary="List the actors of the network", responses=answers(401, 403, 422))
def list_network_actors(
    call: InCall,
    q: Annotated[
        str | None,
        Query(max_length=80, pattern=r"^[^\x00-\x1f]*$", description="Words of the name or of the place."),
    ] = None,
    kind: Annotated[ActorKind | None, Query(description="Only this kind.")] = None,
    district: Annotated[Slug | None, Query(description="Key of a district.")] = None,
    sector: Annotated[Slug | None, Query(description="Key of a sector.")] = None,
    priority: Annotated[Slug | None, Query(description="Key of a priority area.")] = None,
    doing: Annotated[
        Doing | None, Query(description="Only those who did something with others, or nothing.")
    ] = None,
    start_year: StartYear = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> NetworkActorList:
    """Schools and companies of your territory by name, with what each did in the school year."""
    wanted = Wanted(q, kind, district, sector, priority, doing)
    with call.read() as (session, actor):
        found = service.read(session, actor, start_year=start_year, now=call.now())
    items, following = page_of(found.find(wanted), limit, cursor)
    return NetworkActorList(items=[NetworkActorOut.of(one) for one in items], next_cursor=following)


@router.get("/network/ties", summary="List who works with whom", responses=answers(401, 403, 422))
def list_network_ties(
    call: InCall,
    order: Annotated[TieOrder, Query(description="The most first, names from A to Z.")] = TieOrder.STRENGTH,
    kind: Annotated[TieKind | None, Query(description="Only pairs that are tied in this way.")] = None,
    start_year: StartYear = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> TieList:
    """Schools and hosts of your territory that did something together: placements, sessions of visits, agreements; or signed a protocol."""
    with call.read() as (session, actor):
        found = service.read(session, actor, start_year=start_year, now=call.now())
    items, following = page_of(found.ties(order, kind=kind), limit, cursor)
    return TieList(items=[TieOut.of(one) for one in items], next_cursor=following)


# --- the portfolio of events ------------------------------------------------------------------------------------------


@router.get("/network/portfolio", summary="Read the portfolio of events", responses=answers(401, 403, 422))
def read_portfolio(
    call: InCall,
    settings: InSettings,
    starts_on: Annotated[Day | None, Query(description="Today if left out.")] = None,
    ends_on: Annotated[Day | None, Query(description="Eight weeks from the first day if left out.")] = None,
) -> PortfolioOut:
    """Clashes, duplicates, what is overbooked or half-empty, what no event reaches, and whom to ask next; at most a year."""
    days = portfolio.span(starts_on, ends_on, call.now().date())
    with call.read() as (session, actor):
        question = service_portfolio.ask(
            session, actor, days=days, most=settings.contacts_per_month, now=call.now()
        )
    return PortfolioOut.of(service_portfolio.look(question))
