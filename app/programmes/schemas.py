"""Programmes as the API shows them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from app.programmes.curriculum import LAST_YEAR
from app.rest import Level, Line, Out, Page, Prose, Slug
from app.skills.schemas import SkillRef

Year = Annotated[int, Field(ge=1, le=LAST_YEAR)]


class ProgrammeRef(Out):
    """A study path: an *indirizzo*, or an *articolazione* below it. Its years are those spent in it."""

    id: Slug
    code: Slug | None
    kind: Slug = Field(description="`technical`, `vocational`, `liceo`, `iefp` or `its`.")
    sector: Slug
    areas: Annotated[list[Slug], Field(max_length=20, description="Productive areas that it prepares for.")]
    title_it: Line
    title_en: Line
    broader_id: Slug | None
    first_year: Year
    last_year: Year
    eqf: Annotated[int, Field(ge=1, le=8)] | None


class ProgrammeList(Page):
    """Programmes by id."""

    items: Annotated[list[ProgrammeRef], Field(max_length=100)]


class ProgrammeVersionOut(Out):
    """A version of a programme: who starts the first year between the two days attends this one."""

    version: Annotated[int, Field(ge=1, le=1000)]
    title_it: Line
    title_en: Line
    first_year: Year
    last_year: Year
    valid_from: date
    valid_to: date | None
    source: Annotated[str, Field(max_length=300, pattern=r"^[^\x00-\x1f]+$")]
    note: Prose | None


class MetSkillOut(Out):
    """A skill, and the level at which a student has normally met it."""

    skill: SkillRef
    level: Level


class YearSkillsOut(Out):
    """What a student has normally met by the end of a year, the highest levels first."""

    year: Year
    skills: Annotated[list[MetSkillOut], Field(max_length=1000)]


class ProgrammeOut(ProgrammeRef):
    """A programme with its versions, the broader ones (nearest first), the narrower ones and its skills by year."""

    versions: Annotated[list[ProgrammeVersionOut], Field(max_length=100)]
    broader: Annotated[list[ProgrammeRef], Field(max_length=10)]
    narrower: Annotated[list[ProgrammeRef], Field(max_length=100)]
    years: Annotated[list[YearSkillsOut], Field(max_length=LAST_YEAR)]
