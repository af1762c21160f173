"""Municipalities as the API shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from app.rest import IstatCode, Line, Out, Page

Cap = Annotated[str, StringConstraints(min_length=5, max_length=5, pattern=r"^[0-9]{5}$")]
ProvinceCode = Annotated[str, StringConstraints(min_length=2, max_length=2, pattern=r"^[A-Z]{2}$")]


class MunicipalityOut(Out):
    """A municipality with the coordinates of its town (WGS 84)."""

    istat: IstatCode
    cadastral: Annotated[str, StringConstraints(min_length=4, max_length=4, pattern=r"^[A-Z][0-9]{3}$")]
    name: Line
    other_name: Line | None
    province_code: ProvinceCode
    province_name: Line
    region_name: Line
    caps: Annotated[list[Cap], Field(max_length=200)]
    latitude: Annotated[float, Field(ge=35, le=48)]
    longitude: Annotated[float, Field(ge=6, le=19)]
    coordinate_source: Line
    population: Annotated[int, Field(ge=0, le=10_000_000)]


class MunicipalityFound(MunicipalityOut):
    """A municipality, and the name or CAP under which it was found."""

    found_as: Line


class MunicipalityList(Page):
    """Municipalities that answer a search, the most populous first."""

    items: Annotated[list[MunicipalityFound], Field(max_length=100)]
