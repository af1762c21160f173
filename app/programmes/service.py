"""Reading programmes: one with what each year brings, a search, and what the ranking needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.programmes.models import Programme, ProgrammeSkill, ProgrammeVersion
from app.skills import service as skills
from app.skills.service import SkillRef
from app.skills.vocabulary import normalise_label


class NoSuchProgramme(errors.NotFound):
    """No programme has this id."""

    title = "No such programme"


class UnknownProgramme(errors.Invalid):
    """Something refers to a programme that does not exist."""

    title = "Unknown programme"


class MetSkill(NamedTuple):
    """A skill and the level at which a student has normally met it."""

    skill: SkillRef
    level: int


class YearSkills(NamedTuple):
    """What a student has normally met by the end of a year."""

    year: int
    skills: list[MetSkill]


@dataclass(frozen=True, slots=True)
class VersionDetail:
    """A version of a programme, and the days on which its first year may be started under it."""

    version: int
    title_it: str
    title_en: str
    first_year: int
    last_year: int
    valid_from: date
    valid_to: date | None
    source: str
    note: str | None


@dataclass(frozen=True, slots=True)
class ProgrammeDetail:
    """A programme with its versions, its surroundings (`broader` nearest first), and the skills of each year."""

    programme: Programme
    versions: list[VersionDetail]
    broader: list[Programme]
    narrower: list[Programme]
    years: list[YearSkills]


def require(session: Session, ids: Sequence[str], field: str = "programme_id") -> None:
    """Refuse input that names an unknown programme. Raises UnknownProgramme; `{}` in `field` is the position."""
    known = set(session.scalars(sa.select(Programme.id).where(Programme.id.in_(set(ids)))))
    faults = [
        {
            "in": "body",
            "field": field.format(position),
            "detail": f"no programme has the id {programme_id}",
        }
        for position, programme_id in enumerate(ids)
        if programme_id not in known
    ]
    if faults:
        raise UnknownProgramme(faults=faults)


def read(session: Session, programme_id: str) -> ProgrammeDetail:
    """A programme with everything about it. Raises NoSuchProgramme."""
    programmes = {one.id: one for one in session.scalars(sa.select(Programme).order_by(Programme.id))}
    if programme_id not in programmes:
        raise NoSuchProgramme(f"No programme has the id {programme_id}.")
    versions = session.scalars(
        sa.select(ProgrammeVersion)
        .where(ProgrammeVersion.programme_id == programme_id)
        .order_by(ProgrammeVersion.version)
    )
    met = session.execute(
        sa.select(ProgrammeSkill.year, ProgrammeSkill.skill_id, ProgrammeSkill.level)
        .where(ProgrammeSkill.programme_id == programme_id)
        .order_by(ProgrammeSkill.year, ProgrammeSkill.level.desc(), ProgrammeSkill.skill_id)
    ).all()
    labels = skills.refs(session, {row.skill_id for row in met})
    years: dict[int, YearSkills] = {}
    for year, skill_id, level in met:
        years.setdefault(year, YearSkills(year, [])).skills.append(MetSkill(labels[skill_id], level))
    above = _line(programme_id, {one.id: one.broader_id for one in programmes.values()})[1:]
    return ProgrammeDetail(
        programme=programmes[programme_id],
        versions=[
            VersionDetail(**{name: getattr(row, name) for name in VersionDetail.__dataclass_fields__})
            for row in versions
        ],
        broader=[programmes[one] for one in above],
        narrower=[one for one in programmes.values() if one.broader_id == programme_id],
        years=list(years.values()),
    )


def titles(session: Session, ids: Iterable[str]) -> dict[str, dict[str, str]]:
    """Id → title in each language, of those that exist."""
    rows = session.execute(
        sa.select(Programme.id, Programme.title_it, Programme.title_en).where(Programme.id.in_(set(ids)))
    )
    return {programme_id: {"it": it, "en": en} for programme_id, it, en in rows}


def search(
    session: Session,
    query: str | None = None,
    *,
    kind: str | None = None,
    sector: str | None = None,
    area: str | None = None,
    broader: str | None = None,
    limit: int,
    after: str | None = None,
) -> list[Programme]:
    """Programmes by id; with a query, those whose code, or a word of whose title, begins with it.

    There are about a hundred: all are read, so that case and accents are compared in one way on every database.
    """
    statement = sa.select(Programme).order_by(Programme.id)
    for column, value in (
        (Programme.kind, kind),
        (Programme.sector, sector),
        (Programme.broader_id, broader),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if after is not None:
        statement = statement.where(Programme.id > after)
    key = normalise_label(query) if query is not None else ""
    if query is not None and not key:
        return []
    found = (
        one
        for one in session.scalars(statement)
        if (area is None or area in one.areas.split())
        and any(
            f" {key}" in f" {normalise_label(text)}" for text in (one.code or "", one.title_it, one.title_en)
        )
    )
    return list(islice(found, limit))


def usual_skills(session: Session, programme_id: str, year: int) -> dict[str, int]:
    """Skill id → level that a student of the programme has normally met by the end of the year.

    A year after the programme's last one has what the last one has; an unknown programme or year has nothing.
    """
    met = sa.select(ProgrammeSkill).where(
        ProgrammeSkill.programme_id == programme_id, ProgrammeSkill.year <= year
    )
    newest = met.with_only_columns(sa.func.max(ProgrammeSkill.year)).scalar_subquery()
    rows = met.with_only_columns(ProgrammeSkill.skill_id, ProgrammeSkill.level).where(
        ProgrammeSkill.year == newest
    )
    return dict(session.execute(rows.order_by(ProgrammeSkill.skill_id)).all())


def chain(session: Session) -> dict[str, tuple[str, ...]]:
    """Each programme's id → itself and the broader ones, nearest first; in one query."""
    broader = dict(session.execute(sa.select(Programme.id, Programme.broader_id)).all())
    return {one: _line(one, broader) for one in broader}


def _line(programme_id: str, broader: dict[str, str | None]) -> tuple[str, ...]:
    line: list[str] = []
    here: str | None = programme_id
    while here is not None:
        line.append(here)
        here = broader[here]
    return tuple(line)
