"""Maps without tiles: points on the outlines of provinces, beside the equal list; `shared/map.html` draws both."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from app import errors
from app.places import outlines

router = APIRouter(include_in_schema=False)
FOR_GOOD = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Point:
    """A link of the list that stands on the map as well; coordinates in degrees (WGS 84), those of a town."""

    label: str
    address: str
    latitude: float
    longitude: float
    count: int = 1
    note: str = ""
    """Said after the label, in the page's language."""
    tone: str = "internship"
    """The colour, one of `internship`, `visit`, `training`, `missing`: never the only sign of what it means."""


def address(province: str) -> str:
    """Where a province's outlines are, for good: the tag changes with them."""
    return f"/outlines/{province}.json?v={outlines.provinces()[province][0]}"


def known(provinces: Iterable[str]) -> list[str]:
    """Those of the provinces that have outlines, each once, in the order of their codes."""
    return sorted(set(provinces) & outlines.provinces().keys())


@router.get("/outlines/{province}.json")
def read_outlines(
    request: Request,
    province: Annotated[str, Path(min_length=2, max_length=2, pattern="^[A-Z]{2}$")],
    v: Annotated[str | None, Query(max_length=40)] = None,
) -> Response:
    """A province and its municipalities, as `app.places.outlines` writes them."""
    if province not in outlines.provinces():
        raise errors.NotFound
    tag, text = outlines.provinces()[province]
    headers = {"vary": "Accept-Encoding", "cache-control": FOR_GOOD if v == tag else "no-cache"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        text, headers["content-encoding"] = _packed(province), "gzip"
    return Response(text, headers=headers, media_type="application/json")


@cache
def _packed(province: str) -> bytes:
    return gzip.compress(outlines.provinces()[province][1], 9, mtime=0)
