"""Programmes over the API: published reference data, readable without an actor."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query

from app.programmes import service as programmes
from app.programmes.models import Programme
from app.programmes.schemas import (
    ProgrammeList,
    ProgrammeOut,
    ProgrammeRef,
    ProgrammeVersionOut,
    YearSkillsOut,
)
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/programmes", tags=["programmes"])

ID = "^[A-Za-z0-9][A-Za-z0-9._:-]*$"


@router.get("", summary="Search programmes", responses=answers(422))
def list_programmes(
    call: InCall,
    q: Annotated[
        str | None,
        Query(min_length=1, max_length=80, description="Beginning of a code or of a word of a title."),
    ] = None,
    kind: Annotated[
        Literal["technical", "vocational", "liceo", "iefp", "its"] | None,
        Query(description="Only this kind."),
    ] = None,
    sector: Annotated[
        str | None, Query(max_length=40, pattern=ID, description="Only this sector of the school order.")
    ] = None,
    area: Annotated[
        str | None, Query(max_length=40, pattern=ID, description="Only those that prepare for this area.")
    ] = None,
    broader: Annotated[
        str | None, Query(max_length=80, pattern=ID, description="Only directly below this programme.")
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> ProgrammeList:
    """Find study paths by code or title, kind, sector or area."""
    (after,) = decode_cursor(cursor, str) or (None,)
    with call.open() as session:
        found = programmes.search(
            session, q, kind=kind, sector=sector, area=area, broader=broader, limit=limit + 1, after=after
        )
        items = [ProgrammeRef(**_fields(one)) for one in found[:limit]]
    return ProgrammeList(items=items, next_cursor=encode_cursor(items[-1].id) if len(found) > limit else None)


@router.get("/{programme_id}", summary="Read a programme", responses=answers(404, 422))
def read_programme(
    call: InCall, programme_id: Annotated[str, Path(min_length=1, max_length=80, pattern=ID)]
) -> ProgrammeOut:
    """One programme with its versions and the skills that each year has normally met."""
    with call.open() as session:
        found = programmes.read(session, programme_id)
        return ProgrammeOut(
            **_fields(found.programme),
            versions=[ProgrammeVersionOut.model_validate(one) for one in found.versions],
            broader=[ProgrammeRef(**_fields(one)) for one in found.broader],
            narrower=[ProgrammeRef(**_fields(one)) for one in found.narrower],
            years=[YearSkillsOut.model_validate(one) for one in found.years],
        )


def _fields(one: Programme) -> dict[str, Any]:
    names = ProgrammeRef.model_fields.keys() - {"areas"}
    return {name: getattr(one, name) for name in names} | {"areas": one.areas.split()}
