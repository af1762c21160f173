"""Bringing schools and classes in line with the ministry's files: bulk, and idempotent.

What a file does not name stays as it is: files are of one region, or of one kind of school.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.auth.actors import Actor
from app.db import Base, new_id
from app.events import service as events
from app.imports import ImportReport, Loaded
from app.places.models import Municipality
from app.programmes.models import StudyPath
from app.schools.ministry import ClassData, KnownSchool, SchoolData
from app.schools.models import School, SchoolClass, SchoolKind

REGISTRY, CLASS_FILE, KNOWN = "mim-registry", "mim-classes", "known"
"""Where what is known of a school comes from; of `known`, with how certain it is."""

_KINDS = {
    "T": SchoolKind.TECHNICAL,
    "R": SchoolKind.VOCATIONAL,
    "P": SchoolKind.LICEO,
    "S": SchoolKind.LICEO,
}
Values = dict[str, Any]


def kind_of(code: str) -> SchoolKind:
    """What the third character of a school's code says: T technical, R vocational, P and S liceo.

    An institute of several kinds of school (IS) tells none.
    """
    return _KINDS.get(code[2], SchoolKind.OTHER)


def load_registry(session: Session, actor: Actor, rows: Iterable[SchoolData], report: ImportReport) -> None:
    """Load schools from the registry. A municipality that nobody knows is counted in `report.unmatched`."""
    municipalities = _municipalities(session)
    wanted: dict[str, Values] = {}
    for row in rows:
        municipality_istat = municipalities.get(row.cadastral_code)
        if municipality_istat is None:
            report.unmatched[row.cadastral_code] += 1
        wanted[row.code] = {
            "institute_code": row.institute_code,
            "name": row.name,
            "kind": kind_of(row.code),
            "municipality_istat": municipality_istat,
            "address": row.address,
            "cap": row.postcode,
            "email": row.email,
            "website": row.web,
            "is_state": row.is_state,
            "source": REGISTRY,
        }
    known = {row.code: row._asdict() for row in session.execute(sa.select(*School.__table__.columns))}
    _enter(report, _load_schools(session, actor, wanted, known))


def load_known(session: Session, actor: Actor, rows: Iterable[KnownSchool]) -> Loaded:
    """Give name and municipality to schools that no registry has described."""
    municipalities = _municipalities(session)
    known = {row.code: row._asdict() for row in session.execute(sa.select(*School.__table__.columns))}
    wanted = {
        row.code: {
            "name": row.name,
            "kind": kind_of(row.code),
            "municipality_istat": municipalities.get(row.cadastral_code),
            "is_state": True,
            "source": f"{KNOWN}-{row.certainty}",
        }
        for row in rows
        if known.get(row.code, {}).get("source") != REGISTRY
    }
    return _load_schools(session, actor, wanted, known)


def load_classes(
    session: Session, actor: Actor, classes: Iterable[ClassData], report: ImportReport, *, start_year: int
) -> None:
    """Load the classes of the school year that begins in `start_year`.

    A school that nobody has described is created with its code as its name. Classes whose study path has no programme
    are counted by its name in `report.unmatched`; a programme that somebody gave them stays.
    """
    classes = list(classes)
    schools = dict(session.execute(sa.select(School.code, School.id)).all())
    fresh = {
        one.school_code: {"name": one.school_code, "kind": kind_of(one.school_code), "source": CLASS_FILE}
        for one in classes
        if one.school_code not in schools
    }
    _load_schools(session, actor, fresh, {})
    schools = dict(session.execute(sa.select(School.code, School.id)).all())
    known = {
        (row.school_id, row.year, row.section, row.study_path): row._asdict()
        for row in session.execute(
            sa.select(*SchoolClass.__table__.columns).where(SchoolClass.start_year == start_year)
        )
    }
    programmes = _programmes(session)
    wanted: dict[tuple[Any, ...], Values] = {}
    for one in classes:
        key = (schools[one.school_code], one.year, one.section, one.study_path)
        programme_id = programmes.get((one.study_path, one.year))
        if programme_id is None:
            report.unmatched[one.study_path] += 1
            programme_id = known.get(key, {}).get("programme_id")
        wanted[key] = {
            **dict(zip(("school_id", "year", "section", "study_path"), key, strict=True)),
            "start_year": start_year,
            "programme_id": programme_id,
            "subjects": "\n".join(sorted(one.subjects)),
        }
    loaded = _write(session, SchoolClass, wanted, known)
    if loaded.has_changed:
        db.touch(session, "schools")
        events.record(session, actor, "class.loaded", start_year, loaded._asdict())
    _enter(report, loaded)


def _municipalities(session: Session) -> dict[str, str]:
    return dict(session.execute(sa.select(Municipality.cadastral, Municipality.istat)).all())


def _programmes(session: Session) -> dict[tuple[str, int], str]:
    """Study path and year → programme."""
    rows = session.execute(
        sa.select(StudyPath.name, StudyPath.first_year, StudyPath.last_year, StudyPath.programme_id)
    )
    return {
        (row.name, year): row.programme_id
        for row in rows
        if row.programme_id is not None
        for year in range(row.first_year, row.last_year + 1)
    }


def _load_schools(
    session: Session, actor: Actor, wanted: Mapping[str, Values], known: Mapping[str, Values]
) -> Loaded:
    complete = {code: {"code": code, **values} for code, values in wanted.items()}
    loaded = _write(session, School, complete, known)
    if loaded.has_changed:
        db.touch(session, "schools")
        events.record(session, actor, "school.loaded", "all", loaded._asdict())
    return loaded


def _write(
    session: Session, kind: type[Base], wanted: Mapping[Any, Values], known: Mapping[Any, Values]
) -> Loaded:
    """Insert what is not known and update what differs: two statements, each sent once with all its rows."""
    table = cast("sa.Table", kind.__table__)
    created = [{"id": new_id(), "version": 1, **values} for key, values in wanted.items() if key not in known]
    updated = [
        {"row_id": known[key]["id"], **values}
        for key, values in wanted.items()
        if key in known and any(known[key][name] != value for name, value in values.items())
    ]
    if created:
        session.execute(sa.insert(table), created)
    if updated:
        columns: Values = {name: sa.bindparam(name) for name in updated[0] if name != "row_id"}
        update = sa.update(table).where(table.c.id == sa.bindparam("row_id"))
        session.execute(update.values(version=table.c.version + 1, **columns), updated)
    return Loaded(len(wanted), len(created), len(updated))


def _enter(report: ImportReport, loaded: Loaded) -> None:
    report.created += loaded.created
    report.updated += loaded.updated
    report.unchanged += loaded.total - loaded.created - loaded.updated
    report.check(written=True)
