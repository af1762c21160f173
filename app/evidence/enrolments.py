"""Enrolments from a file with the columns SCHOOL_CODE, START_YEAR, TRACK, STUDENTS: read with a fault for each bad cell, then loaded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.db import inserting
from app.events import service as events
from app.evidence.models import Enrolment
from app.imports import (
    DUPLICATE_ROW,
    Fault,
    ImportReport,
    Progress,
    Reason,
    Source,
    Table,
    cell_fault,
    clean_cell,
)
from app.schools.models import School

COLUMNS = ("SCHOOL_CODE", "START_YEAR", "TRACK", "STUDENTS")
LONGEST_TRACK = 120
MOST_STUDENTS = 10_000
FIRST_YEAR, LAST_YEAR = 2000, 2100

WRONG_YEAR = Reason(
    "wrong_year",
    "a school year is the year in which it begins, from {first} to {last}: 2025 for 2025/26",
    "un anno scolastico è l'anno in cui comincia, da {first} a {last}: 2025 per il 2025/26",
)
WRONG_NUMBER = Reason(
    "wrong_number",
    "the number of students is a whole number from 0 to {most}",
    "il numero di studenti è un numero intero da 0 a {most}",
)
UNKNOWN_SCHOOL = Reason(
    "unknown_school",
    "no school here has this code: import the registry of schools first",
    "nessuna scuola qui ha questo codice: importare prima l'anagrafe delle scuole",
)


class Row(NamedTuple):
    """A line of the file, by the number that a spreadsheet shows."""

    number: int
    school_code: str
    start_year: int
    track: str
    students: int


def read(source: Source, *, progress: Progress | None = None) -> tuple[list[Row], ImportReport]:
    """The rows that can be used, and what became of the others. Raises ImportFault."""
    report, rows = ImportReport(), []
    first: dict[tuple[str, int, str], int] = {}
    for number, cells, _ in Table(source, required=COLUMNS, report=report, progress=progress):
        found = _row(number, [clean_cell(cell) for cell in cells])
        if isinstance(found, Fault):
            report.reject(found)
            continue
        key = (found.school_code, found.start_year, found.track)
        if key in first:
            report.reject(DUPLICATE_ROW.at(number, first=first[key]))
            continue
        first[key] = number
        rows.append(found)
        report.keep()
    return rows, report


def _row(number: int, cells: list[str]) -> Row | Fault:
    code, year, track, students = cells
    for column, cell, limit in zip(COLUMNS, cells, (10, 4, LONGEST_TRACK, 5), strict=True):
        fault = cell_fault(number, column, cell, limit)
        if fault is not None:
            return fault
    if not (year.isascii() and year.isdigit() and FIRST_YEAR <= int(year) <= LAST_YEAR):
        return WRONG_YEAR.at(number, "START_YEAR", year, first=FIRST_YEAR, last=LAST_YEAR)
    if not (students.isascii() and students.isdigit() and int(students) <= MOST_STUDENTS):
        return WRONG_NUMBER.at(number, "STUDENTS", students, most=MOST_STUDENTS)
    return Row(number, code.upper(), int(year), track, int(students))


def load(session: Session, actor: Actor, rows: Sequence[Row], report: ImportReport) -> None:
    """Write them; what the file does not name stays. A row of an unknown school is rejected."""
    codes = {row.school_code for row in rows}
    found = session.execute(sa.select(School.code, School.id).where(School.code.in_(codes)))
    schools = {row[0]: row[1] for row in found}
    known = {
        (one.school_id, one.start_year, one.track): one.students
        for one in session.scalars(sa.select(Enrolment).where(Enrolment.school_id.in_(schools.values())))
    }
    changed = []
    for row in rows:
        school_id = schools.get(row.school_code)
        if school_id is None:
            report.discard(UNKNOWN_SCHOOL.at(row.number, "SCHOOL_CODE", row.school_code))
            continue
        report.records += 1
        present = known.get((school_id, row.start_year, row.track))
        if present == row.students:
            report.unchanged += 1
            continue
        report.created += present is None
        report.updated += present is not None
        changed.append(
            {
                "school_id": school_id,
                "start_year": row.start_year,
                "track": row.track,
                "students": row.students,
            }
        )
    if changed:
        insert = inserting(session, Enrolment)
        session.execute(
            insert.on_conflict_do_update(
                index_elements=["school_id", "start_year", "track"],
                set_={"students": insert.excluded.students},
            ),
            changed,
        )
        events.record(session, actor, "enrolments.loaded", "all", {"records": len(changed)})
