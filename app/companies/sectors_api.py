"""Sectors over the API: published reference data, readable without an actor."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, StringConstraints

from app.companies import sectors
from app.companies.sectors import Edition
from app.rest import Cursor, InCall, Limit, Out, Page, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/sectors", tags=["sectors"])


class SectorOut(Out):
    """An economic activity of the ATECO classification: a section (letter) or a dotted code, with its edition."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=8, pattern=r"^([A-Z]|[0-9]{2}[0-9.]*)$")]
    edition: Edition
    title: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f]+$")]


class SectorList(Page):
    """Sectors in the order of the classification."""

    items: Annotated[list[SectorOut], Field(max_length=100)]


@router.get("", summary="Search sectors", responses=answers(422))
def list_sectors(
    call: InCall,
    q: Annotated[
        str,
        Query(max_length=80, description="Beginning of a code, or of a word of the title; all without it."),
    ] = "",
    edition: Annotated[Edition, Query(description="Edition of ATECO.")] = "2025",
    limit: Limit = 20,
    cursor: Cursor = None,
) -> SectorList:
    """Find ATECO sectors by code or Italian title in one edition."""
    (start,) = decode_cursor(cursor, int) or (0,)
    with call.open():
        found = sectors.search(q, edition)[max(start, 0) :]
    return SectorList(
        items=[SectorOut.model_validate(sector) for sector in found[:limit]],
        next_cursor=encode_cursor(start + limit) if len(found) > limit else None,
    )
