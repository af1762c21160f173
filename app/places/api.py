"""Municipalities over the API: published reference data, readable without an actor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.places import service as places
from app.places.models import Municipality
from app.places.schemas import MunicipalityFound, MunicipalityList, MunicipalityOut
from app.rest import Cursor, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/municipalities", tags=["places"])


@router.get("", summary="Search municipalities", responses=answers(422))
def list_municipalities(
    call: InCall,
    q: Annotated[
        str, Query(min_length=2, max_length=80, description="Beginning of a name, former name or CAP.")
    ],
    province: Annotated[
        str | None, Query(max_length=2, pattern="^[A-Z]{2}$", description="Only this province.")
    ] = None,
    limit: Limit = 20,
    cursor: Cursor = None,
) -> MunicipalityList:
    """Find municipalities by the beginning of a name, of a former municipality's name, or of a CAP."""
    after = decode_cursor(cursor, int, str)
    with call.open() as session:
        found = places.search(session, q, province=province, limit=limit + 1, after=after)
        items = [
            MunicipalityFound(**_fields(municipality), found_as=name) for municipality, name in found[:limit]
        ]
    last = items[-1] if len(found) > limit else None
    return MunicipalityList(
        items=items, next_cursor=encode_cursor(last.population, last.istat) if last else None
    )


@router.get("/{istat}", summary="Read a municipality", responses=answers(404, 422))
def read_municipality(
    call: InCall, istat: Annotated[str, Path(max_length=6, pattern="^[0-9]{6}$", description="ISTAT code.")]
) -> MunicipalityOut:
    """One municipality by its ISTAT code."""
    with call.open() as session:
        return MunicipalityOut(**_fields(places.read(session, istat)))


def _fields(municipality: Municipality) -> dict[str, object]:
    return {name: getattr(municipality, name) for name in MunicipalityOut.model_fields if name != "caps"} | {
        "caps": municipality.caps.split()
    }
