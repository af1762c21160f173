"""Bringing the tables in line with the curricula."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import Actor
from app.db import Base
from app.events import service as events
from app.imports import Loaded
from app.programmes.curriculum import Curriculum, ProgrammeData
from app.programmes.curriculum import StudyPath as StudyPathData
from app.programmes.models import Programme, ProgrammeSkill, ProgrammeVersion, StudyPath


class ProgrammeInUse(errors.Conflict):
    """A programme that leaves the curricula is still referred to."""

    title = "A programme that leaves the curricula is still in use"


def load(session: Session, actor: Actor, curriculum: Curriculum) -> Loaded:
    """Bring programmes, their versions, study paths and the skills of each year in line with the curricula.

    The vocabulary must have been loaded before. Loading twice changes nothing. Raises ProgrammeInUse when a
    programme that goes is still referred to; nothing is loaded then.
    """
    newest = {one.id: one for one in sorted(curriculum.programmes, key=lambda one: one.version)}
    known = set(session.scalars(sa.select(Programme.id)))
    gone = known - newest.keys()
    _remove(session, gone)
    changed = _write_programmes(session, newest, known)
    changed |= _align(session, ProgrammeVersion, {_version(one) for one in curriculum.programmes})
    changed |= _align(session, StudyPath, {_study_path(one) for one in curriculum.study_paths})
    changed |= _align(session, ProgrammeSkill, set(_skills(curriculum, newest)))
    loaded = Loaded(len(newest), len(newest.keys() - known), len(changed & known), len(gone))
    if changed or gone:
        db.touch(session, "vocabulary")  # the ranking reads programmes together with the vocabulary
        events.record(session, actor, "programmes.loaded", "all", loaded._asdict())
    return loaded


def _remove(session: Session, gone: Collection[str]) -> None:
    if not gone:
        return
    in_use = db.referrers(session, Programme.id, gone)
    if in_use:
        raise ProgrammeInUse(
            f"{len(in_use)} programmes that leave the curricula are still referred to: {', '.join(sorted(in_use))}.",
            faults=[
                {"in": "curricula", "field": one, "detail": f"in use in {', '.join(sorted(tables))}"}
                for one, tables in sorted(in_use.items())
            ],
        )
    session.execute(sa.delete(Programme).where(Programme.id.in_(gone)))


def _write_programmes(
    session: Session, newest: Mapping[str, ProgrammeData], known: Collection[str]
) -> set[str]:
    rows = {row.id: row._asdict() for row in session.execute(sa.select(*Programme.__table__.columns))}
    values = {one.id: _columns(one) for one in newest.values()}
    fresh = [values[one] | {"broader_id": None} for one in values if one not in known]
    changed = {one for one in values if rows.get(one) != values[one]}
    if fresh:
        session.execute(sa.insert(Programme), fresh)
    if changed:  # broader programmes exist by now
        session.execute(sa.update(Programme), [values[one] for one in sorted(changed)])
    return changed


def _columns(one: ProgrammeData) -> dict[str, Any]:
    return {
        "id": one.id,
        "code": one.code,
        "kind": one.kind,
        "sector": one.sector,
        "areas": " ".join(one.areas),
        "title_it": one.title_it,
        "title_en": one.title_en,
        "broader_id": one.broader,
        "first_year": one.first_year,
        "last_year": one.last_year,
        "eqf": one.eqf,
    }


# --- rows in the order of the tables' columns -------------------------------------------------------------------------


def _version(one: ProgrammeData) -> tuple[Any, ...]:
    return (one.id, one.version, one.title_it, one.title_en, one.first_year, one.last_year,
            one.valid_from, one.valid_to, one.source, one.note)  # fmt: skip


def _study_path(one: StudyPathData) -> tuple[Any, ...]:
    return one.study_path, one.first_year, one.last_year, one.programme, one.unmapped_reason


def _skills(curriculum: Curriculum, newest: Mapping[str, ProgrammeData]) -> Iterator[tuple[Any, ...]]:
    for one in newest.values():
        start = one
        while (
            start.broader is not None
        ):  # the first years of an articulation are spent in the broader programme
            start = newest[start.broader]
        for year in range(start.first_year, one.last_year + 1):
            for skill_id, level in curriculum.skills_met(one.id, year).items():
                yield one.id, year, skill_id, level


def _align(session: Session, table: type[Base], wanted: set[tuple[Any, ...]]) -> set[str]:
    """Make the table hold these rows and no others. Returns the first column of what is different now."""
    plain = cast("sa.Table", table.__table__)
    known = set(session.execute(sa.select(*plain.columns)))
    stale, new = known - wanted, wanted - known
    names = [column.name for column in plain.columns]
    keys = list(plain.primary_key.columns)
    if stale:
        session.execute(
            sa.delete(plain).where(*(key == sa.bindparam(f"old_{key.name}") for key in keys)),
            [{f"old_{name}": value for name, value in zip(names, row, strict=True)} for row in stale],
        )
    if new:
        session.execute(sa.insert(plain), [dict(zip(names, row, strict=True)) for row in new])
    return {row[0] for row in stale | new}
