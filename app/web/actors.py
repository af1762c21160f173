"""The network for who coordinates it: the directory of actors, what each does, and who works with whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from app import dates
from app.actors import service
from app.actors.rules import ActorKind, District, Doing, Priority, Sector, TieKind, TieOrder, Wanted
from app.actors.service import Directory
from app.rest import Cursor, Slug, decode_cursor, encode_cursor
from app.web import actor_words, bonds, sheets
from app.web.benefit_words import school_year
from app.web.ui import InView, View

router = APIRouter(prefix="/coordination", include_in_schema=False)

LINES = 50
FIRST_YEAR = 2020
StartYear = Annotated[int | None, Query(ge=FIRST_YEAR, le=2099)]
Key = Annotated[Slug | Literal[""], Query()]


def _read(view: View, year: int | None) -> Directory:
    with view.read() as (session, actor):
        return service.read(session, actor, start_year=year, now=view.now())


def _year(view: View, found: Directory) -> dict[str, Any]:
    """The school year of a page, and which ones there are before and after it."""
    return {
        "start_year": found.start_year, "school_year": school_year(found.start_year), "first_year": FIRST_YEAR,
        "this_year": dates.school_year(view.now().date()), "actor_words": actor_words,
    }  # fmt: skip


# --- the directory ----------------------------------------------------------------------------------------------------


@router.get("/actors")
def show_actors(
    view: InView,
    q: Annotated[str, Query(max_length=80, pattern=r"^[^\x00-\x1f]*$")] = "",
    kind: ActorKind | Literal[""] = "",
    district: Key = "",
    sector: Key = "",
    priority: Key = "",
    doing: Doing | Literal[""] = "",
    year: StartYear = None,
    after: Cursor = None,
) -> Response:
    """Everybody in the network, by name; the filters stand in the address."""
    [offset] = decode_cursor(after, int) or (0,)
    offset, found = max(0, offset), _read(view, year)
    wanted = Wanted(
        q or None, kind or None, district or None, sector or None, priority or None, doing or None
    )
    lines = found.find(wanted)
    return view.show(
        "coordinator/actors.html",
        lines=lines[offset : offset + LINES],
        next_cursor=encode_cursor(offset + LINES) if len(lines) > offset + LINES else None,
        total=len(lines),
        everybody=len(found.actors),
        areas=found.areas,
        names=_names(view, found),
        wanted=wanted,
        **_year(view, found),
    )


def _names(view: View, found: Directory) -> dict[str, dict[str, str]]:
    """What districts, sectors and priority areas are called, by key."""
    areas = found.areas

    def named(ones: Sequence[District | Sector | Priority]) -> dict[str, str]:
        return {one.key: one.it if view.language == "it" else one.en for one in ones}

    return {
        "districts": named(areas.districts),
        "sectors": named(areas.sectors),
        "priorities": named(areas.priorities),
    }


@router.get("/actors.csv")
def read_actors_sheet(view: InView, year: StartYear = None) -> Response:
    """The whole directory for a spreadsheet."""
    found = _read(view, year)
    head = [
        "id", "kind", "name", "municipality_istat", "municipality", "districts", "sectors", "priorities", "offered", "visits",
        "placements_at_least", "has_placements", "partners", "noted_on",
    ]  # fmt: skip
    rows = (
        (
            one.id, one.kind, one.name, one.municipality_istat, one.municipality,
            *(" ".join(sorted(keys)) for keys in (one.districts, one.sectors, one.priorities)),
            one.offered, one.visits, one.placements, one.has_placements, one.partners, one.noted_on,
        )
        for one in found.actors
    )  # fmt: skip
    return sheets.sheet(f"actors-{found.start_year}", head, rows, language=view.language)


@router.get("/actors/schools/{school_id}")
def show_school_actor(view: InView, school_id: UUID, year: StartYear = None) -> Response:
    """What a school does with others this year."""
    return _show_actor(view, school_id, year)


@router.get("/actors/companies/{company_id}")
def show_company_actor(view: InView, company_id: UUID, year: StartYear = None) -> Response:
    """What a company, or another host, does with others this year."""
    return _show_actor(view, company_id, year)


def _show_actor(view: View, actor_id: UUID, year: int | None) -> Response:
    found = _read(view, year)
    return view.show(
        "coordinator/actor.html",
        one=found.read(actor_id),
        ties=found.ties(of=actor_id),
        names=_names(view, found),
        **_year(view, found),
    )


# --- who works with whom ----------------------------------------------------------------------------------------------


@router.get("/ties")
def show_ties(
    view: InView,
    order: TieOrder = TieOrder.STRENGTH,
    kind: TieKind | Literal[""] = "",
    year: StartYear = None,
    after: Cursor = None,
) -> Response:
    """Pairs of schools and hosts in a table, the same as a picture, and who works with nobody."""
    [offset] = decode_cursor(after, int) or (0,)
    offset, found = max(0, offset), _read(view, year)
    ties = found.ties(order, kind=kind or None)
    return view.show(
        "coordinator/ties.html",
        ties=ties[offset : offset + LINES],
        next_cursor=encode_cursor(offset + LINES) if len(ties) > offset + LINES else None,
        total=len(ties),
        drawing=bonds.draw(found.ties(kind=kind or None)),
        alone=found.alone(),
        order=order,
        kind=kind,
        **_year(view, found),
    )


@router.get("/ties.csv")
def read_ties_sheet(view: InView, year: StartYear = None) -> Response:
    """The whole table for a spreadsheet."""
    found = _read(view, year)
    head = ["school_id", "school", "company_id", "company", "visits", "agreements", "placements_at_least", "has_placements", "protocols", "kinds"]  # fmt: skip
    rows = (
        (
            one.tie.school_id, one.school, one.tie.company_id, one.company, one.tie.visits, one.tie.agreements,
            one.tie.placements, one.tie.has_placements, one.tie.protocols, " ".join(one.tie.kinds),
        )
        for one in found.ties()
    )  # fmt: skip
    return sheets.sheet(f"ties-{found.start_year}", head, rows, language=view.language)
