"""Policies: which figures show success, in files that anybody can write. Measures are ours; names and choices are theirs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

DATA = Path(__file__).parent / "data"


class Measure(StrEnum):
    """What can be counted; `MEASURES` says by what."""

    SCHOOLS_ACTIVE = "schools_active"
    COMPANIES_ACTIVE = "companies_active"
    SESSIONS_HELD = "sessions_held"
    PARTICIPATIONS = "participations"
    STUDENTS = "students"
    VISITED = "visited"
    CHOSEN = "chosen"
    APPLIED = "applied"
    PLACED = "placed"
    OUTCOME = "outcome"
    VISITED_CHOSEN = "visited_chosen"
    VISITED_APPLIED = "visited_applied"
    VISITED_PLACED = "visited_placed"
    VISITED_OUTCOME = "visited_outcome"
    ENROLLED = "enrolled"


class Grouping(StrEnum):
    """By what a measure is divided."""

    AREA = "area"
    SCHOOL_KIND = "school_kind"
    SIZE = "size"
    YEAR = "year"
    TRACK = "track"
    """A track in a year, so that one reads how it changes."""


_OF_STUDENTS = frozenset({Grouping.AREA, Grouping.SCHOOL_KIND})
DIVIDED_BY: Mapping[Measure, frozenset[Grouping]] = {
    **dict.fromkeys(Measure, _OF_STUDENTS),
    Measure.SCHOOLS_ACTIVE: frozenset({Grouping.AREA}),
    Measure.COMPANIES_ACTIVE: frozenset({Grouping.AREA, Grouping.SIZE}),
    Measure.SESSIONS_HELD: frozenset({Grouping.AREA}),
    Measure.ENROLLED: frozenset({Grouping.SCHOOL_KIND, Grouping.YEAR, Grouping.TRACK}),
}
WITHIN: Mapping[Measure, frozenset[Measure]] = {
    Measure.VISITED: frozenset({Measure.STUDENTS}),
    Measure.CHOSEN: frozenset({Measure.STUDENTS}),
    Measure.APPLIED: frozenset({Measure.STUDENTS, Measure.CHOSEN}),
    Measure.PLACED: frozenset({Measure.STUDENTS, Measure.CHOSEN, Measure.APPLIED}),
    Measure.OUTCOME: frozenset({Measure.STUDENTS, Measure.PLACED}),
    Measure.VISITED_CHOSEN: frozenset({Measure.STUDENTS, Measure.VISITED, Measure.CHOSEN}),
    Measure.VISITED_APPLIED: frozenset(
        {Measure.STUDENTS, Measure.VISITED, Measure.APPLIED, Measure.VISITED_CHOSEN}
    ),
    Measure.VISITED_PLACED: frozenset(
        {Measure.STUDENTS, Measure.VISITED, Measure.PLACED, Measure.VISITED_APPLIED}
    ),
    Measure.VISITED_OUTCOME: frozenset(
        {Measure.STUDENTS, Measure.VISITED, Measure.OUTCOME, Measure.VISITED_PLACED}
    ),
}
"""Of which other measures a measure can be a share: it counts some of the same people."""

Slug = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=1000)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Area(_Strict):
    """Some municipalities, by ISTAT code; each in one area only."""

    id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,79}$")]
    it: Name
    en: Name
    municipalities: tuple[Annotated[str, StringConstraints(pattern=r"^\d{6}$")], ...] = Field(min_length=1)


class Indicator(_Strict):
    """A measure under the name and with the meaning that a policy gives it."""

    id: Slug
    it: Name
    en: Name
    meaning_it: Text
    meaning_en: Text
    unit: Name
    measure: Measure
    by: tuple[Grouping, ...] = ()
    share_of: Slug | None = None
    source: Text | None = None


class Publisher(_Strict):
    """Who answers for what is published, as catalogues of open data want to know it."""

    name: Name
    identifier: Name
    homepage: Annotated[str, StringConstraints(pattern=r"^https?://[^\s\"<>]{1,190}$")]
    themes: tuple[Annotated[str, StringConstraints(pattern=r"^[A-Z]{4}$")], ...] = Field(min_length=1)
    frequency: Literal["ANNUAL", "ANNUAL_2", "QUARTERLY", "MONTHLY", "IRREG"]


class Policy(_Strict):
    """A set of indicators, with a publisher; without areas of its own it is about the districts of the territory."""

    id: Slug
    it: Name
    en: Name
    source: Text
    publisher: Publisher
    areas: tuple[Area, ...] = ()
    indicators: tuple[Indicator, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _agree(self) -> Self:
        faults = list(_disagreements(self))
        if faults:
            raise ValueError("; ".join(faults))
        return self

    def indicator(self, indicator_id: str) -> Indicator:
        """The one with this id; there is one."""
        return next(one for one in self.indicators if one.id == indicator_id)


def _disagreements(policy: Policy) -> Any:
    for name, found in (("areas", policy.areas), ("indicators", policy.indicators)):
        ids = [one.id for one in found]
        yield from (
            f"{name}: the id {one} stands twice" for one in sorted({x for x in ids if ids.count(x) > 1})
        )
    places = [istat for area in policy.areas for istat in area.municipalities]
    twice = sorted({istat for istat in places if places.count(istat) > 1})
    yield from (f"areas: the municipality {istat} lies in two areas" for istat in twice)
    known = {one.id: one.measure for one in policy.indicators}
    for one in policy.indicators:
        wrong = [group for group in one.by if group not in DIVIDED_BY[one.measure]]
        yield from (f"indicators.{one.id}.by: {one.measure} cannot be divided by {group}" for group in wrong)
        if one.share_of is not None and known.get(one.share_of) not in WITHIN.get(one.measure, ()):
            yield f"indicators.{one.id}.share_of: {one.share_of} is no indicator whose people {one.measure} counts some of"


class Fault(NamedTuple):
    """What is wrong, and where in the file."""

    field: str
    detail: str

    def __str__(self) -> str:
        return f"{self.field}: {self.detail}" if self.field else self.detail


class UnfitPolicy(ValueError):  # noqa: N818 -- a fault of the file
    """A file is no policy; `faults` has one for each field."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        super().__init__("\n".join(f"{path.name}: {fault}" for fault in faults))
        self.faults = faults


def read(path: Path) -> Policy:
    """A policy from a file. Raises UnfitPolicy."""
    try:
        written = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnfitPolicy(path, [Fault("", f"is no TOML: {error}")]) from error
    try:
        return Policy.model_validate(written)
    except ValidationError as error:
        raise UnfitPolicy(path, [_fault(written, one) for one in error.errors()]) from error


def _fault(written: Mapping[str, Any], error: Any) -> Fault:
    """The place in words: an entry of a list is called by its id where it has one."""
    value: Any = written
    steps = []
    for step in error["loc"]:
        value = (
            value[step] if isinstance(value, list) or (isinstance(value, dict) and step in value) else None
        )
        has_id = isinstance(step, int) and isinstance(value, dict) and isinstance(value.get("id"), str)
        steps.append(value["id"] if has_id else str(step))
    return Fault(".".join(steps), error["msg"].removeprefix("Value error, "))


@cache
def load(folder: str) -> Mapping[str, Policy]:
    """The policies that ship with the service and those of a folder, by id; the latter win. Raises UnfitPolicy.

    Read once: who changes a file starts the service anew.
    """
    files = sorted(DATA.glob("*.toml")) + (sorted(Path(folder).glob("*.toml")) if folder else [])
    found = [read(path) for path in files]
    return {policy.id: policy for policy in found}
