"""Districts, sectors and priority areas as pages: read them, and change them as a table that spreadsheets know."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Annotated, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from fastapi import APIRouter, Form, UploadFile
from sqlalchemy.orm import Session
from starlette.responses import Response

from app import tables
from app.actors import service_areas, table
from app.actors.faults import AreaFault
from app.actors.rules import Areas
from app.actors.schemas import version_of
from app.actors.service_areas import EMPTY, UnfitAreas
from app.actors.table import Rows, UnreadableAreas
from app.auth import service_territories as territories
from app.auth.models import Territory
from app.class_lists import table as reading
from app.class_lists.table import UnreadableList
from app.companies import sectors
from app.network import service as network
from app.places import service as places
from app.skills.models import SkillLabel
from app.web import sheets
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_TERRITORIES = 100
MOST_SHOWN = 20


class Said(NamedTuple):
    """A fault, and the row of the table that it is about; 0 is the table as a whole."""

    row: int
    name: str
    text: str


@router.get("/coordination/areas")
def choose_territory(view: InView) -> Response:
    """Go to the areas of one's territory, or choose which."""
    found = territories_of(view)
    if len(found) == 1:
        return view.go(f"/territories/{found[0].id}/areas")
    return view.show("coordinator/areas_of.html", territories=found, page="areas")


def territories_of(view: View) -> list[Territory]:
    """The territories that the reader coordinates; all of them for whoever runs the service."""
    with view.read() as (session, actor):
        network.require(actor)
        return [
            one
            for one, _ in territories.search(session, limit=MOST_TERRITORIES)
            if actor.is_administrator or one.id in actor.territories
        ]


@router.get("/territories/{territory_id}/areas")
def show_areas(view: InView, territory_id: UUID) -> Response:
    """How the territory is divided, and what it cares for."""
    return _show(view, territory_id)


def _show(
    view: View, territory_id: UUID, *, written: str | None = None, faults: Sequence[Said] = (), is_overtaken: bool = False,
) -> Response:  # fmt: skip
    with view.read() as (session, actor):
        row = service_areas.read(session, actor, territory_id)
        document = row.document if row else EMPTY
        areas = Areas.of([document])
        names = places.names(session, {istat for one in areas.districts for istat in one.municipalities})
        skills = _labels(session, {one.skill_id for one in areas.priorities if one.skill_id}, view.language)
    stored = io.StringIO()
    writer = tables.writer(stored, delimiter=";")
    writer.writerow(table.COLUMNS)
    writer.writerows(table.rows(document))
    return view.show(
        "coordinator/areas.html",
        status=422 if faults else 409 if is_overtaken else 200,
        territory_id=territory_id,
        areas=areas,
        names=names,
        skills=skills,
        title_of=_title,
        today=view.now().date(),
        version=version_of(row),
        written=stored.getvalue() if written is None else written,
        faults=faults[:MOST_SHOWN],
        more_faults=max(0, len(faults) - MOST_SHOWN),
        is_overtaken=is_overtaken,
    )


def _labels(session: Session, ids: set[str], language: str) -> dict[str, str]:
    rows = session.execute(
        sa.select(SkillLabel.skill_id, SkillLabel.label).where(
            SkillLabel.skill_id.in_(ids), SkillLabel.language == language, SkillLabel.rank == 0
        )
    )
    return {row[0]: row[1] for row in rows}


def _title(division: str) -> str:
    """What ATECO calls a division."""
    edition, _, code = division.partition("-")
    return sectors.title(code, "2007" if edition == "2007" else "2025")


@router.get("/territories/{territory_id}/areas.csv")
def read_areas_sheet(view: InView, territory_id: UUID) -> Response:
    """The table, to change it in a spreadsheet."""
    with view.read() as (session, actor):
        row = service_areas.read(session, actor, territory_id)
    lines = table.rows(row.document if row else EMPTY)
    return sheets.sheet("areas", table.COLUMNS, lines, language=view.language)


@router.post("/territories/{territory_id}/areas")
def load_areas(
    view: InView,
    territory_id: UUID,
    version: Annotated[int, Form(ge=0, le=2**31 - 1)],
    file: UploadFile | None = None,
    written: Annotated[str, Form(max_length=reading.MOST_BYTES)] = "",
) -> Response:
    """Replace the areas by those of a file, or of the text; all of them, or none where something is wrong."""
    data = file.file.read(reading.MOST_BYTES + 1) if file is not None else b""
    try:
        read = reading.read(data or written.encode(), (file and file.filename) or "")
        rows = Rows(read.headings, [(one.number, one.cells) for one in read.rows])
        with view.write() as (session, actor):
            is_overtaken = version_of(service_areas.for_change(session, actor, territory_id)) != version
            if not is_overtaken:
                service_areas.edit(session, actor, territory_id, rows.document, now=view.now())
    except UnreadableList as refusal:
        faults = [Said(0, "", refusal.reason[view.language])]
    except UnreadableAreas as refusal:
        faults = [_said(view, row, fault) for row, fault in refusal.found]
    except UnfitAreas as refusal:
        faults = [_said(view, rows.row_of(fault), fault) for fault in refusal.found]
    else:
        if is_overtaken:
            return _show(view, territory_id, written=written or None, is_overtaken=True)
        return view.go(f"/territories/{territory_id}/areas#saved")
    return _show(view, territory_id, written=written or None, faults=faults)


def _said(view: View, row: int, fault: AreaFault) -> Said:
    return Said(row, fault.name, fault.said(view.language))
