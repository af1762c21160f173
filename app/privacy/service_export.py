"""Everything about one person, found along the map: JSON and CSV in one ZIP file."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app import tables as delimited
from app.auth.actors import Actor
from app.auth.models import Membership
from app.privacy import map as maps
from app.privacy import rules
from app.privacy.map import Entry, Link, Subject
from app.privacy.models import SubjectKind
from app.students import service as students
from app.students.models import Student
from app.students.service import NoSuchStudent

HASHED = "(a hash: nobody can read it)"
WITHHELD = "(about others, or a key to an account)"
FILE = {"content-disposition": 'attachment; filename="bottega.zip"'}
"""Headers that let a browser keep the file."""

Tables = Mapping[str, Sequence[Mapping[str, Any]]]
"""Rows by table."""


class NotAPerson(errors.NotAllowed):
    """A key is nobody: nothing is kept about it."""

    title = "Only for a person who is signed in"


def of_student(session: Session, actor: Actor, student_id: UUID) -> Tables:
    """Everything about a student, with the accounts that are the student's alone. Raises NoSuchStudent."""
    student = students.get(session, actor, student_id)
    if not rules.can_export(actor, student):
        raise NoSuchStudent
    return collect(session, subjects_of_student(session, student))


def of_actor(session: Session, actor: Actor) -> Tables:
    """Everything about whoever asks. Raises NotAPerson."""
    return collect(session, subjects_of_actor(session, actor))


def person_id(actor: Actor) -> UUID:
    """The account of whoever asks. Raises NotAPerson."""
    if actor.kind != "user" or actor.id is None:
        raise NotAPerson
    return actor.id


def subjects_of_actor(session: Session, actor: Actor) -> list[Subject]:
    """The account, and the student's profile if there is one, whatever hat is worn. Raises NotAPerson."""
    user_id = person_id(actor)
    own = sa.select(Membership.student_id).where(
        Membership.user_id == user_id, Membership.student_id.is_not(None)
    )
    profiles = [Subject(SubjectKind.STUDENT, one) for one in session.scalars(own) if one is not None]
    return [Subject(SubjectKind.ACCOUNT, user_id), *profiles]


def subjects_of_student(session: Session, student: Student) -> list[Subject]:
    """The student, and the accounts that are nothing else."""
    others = sa.select(Membership.user_id).where(Membership.student_id.is_distinct_from(student.id))
    own = sa.select(Membership.user_id).where(
        Membership.student_id == student.id, Membership.user_id.not_in(others)
    )
    accounts = [Subject(SubjectKind.ACCOUNT, user_id) for user_id in session.scalars(own)]
    return [Subject(SubjectKind.STUDENT, student.id), *accounts]


def collect(session: Session, subjects: Iterable[Subject]) -> Tables:
    """Every row of the map that leads to one of them; no row twice."""
    found: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {}
    for subject in subjects:
        for entry, link in maps.read().walk(subject.kind):
            of_table = found.setdefault(entry.name, {})
            for key, row in _rows(session, entry, link, subject.id):
                known = of_table.get(key)
                # A link that withholds nothing says more.
                if known is None or WITHHELD in known.values():
                    of_table[key] = row
    return {name: list(rows.values()) for name, rows in sorted(found.items())}


def _rows(
    session: Session, entry: Entry, link: Link, subject_id: UUID
) -> Iterable[tuple[tuple[Any, ...], dict[str, Any]]]:
    table = entry.table
    for row in session.execute(sa.select(table).where(link.rows(table, subject_id))).mappings():
        key = tuple(row[column.name] for column in table.primary_key)
        yield key, {name: _shown(entry, link, name, row[name]) for name in entry.columns}


def _shown(entry: Entry, link: Link, name: str, value: Any) -> Any:
    if value is not None and name in entry.secret:
        return HASHED
    return WITHHELD if name in link.withhold else _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


# --- the file -----------------------------------------------------------------------------------------------------------


def pack(tables: Tables, now: datetime) -> bytes:
    """The ZIP file: each table twice, and what its columns mean."""
    stored = io.BytesIO()
    moment = now.timetuple()[:6]
    entries = maps.read().entries

    with zipfile.ZipFile(stored, "w", zipfile.ZIP_DEFLATED) as archive:

        def put(name: str, text: str) -> None:
            archive.writestr(zipfile.ZipInfo(name, moment), text, zipfile.ZIP_DEFLATED)

        meaning = {
            name: {
                "purpose": entries[name].purpose,
                "kept": entries[name].kept,
                "columns": dict(entries[name].columns),
            }
            for name in tables
        }
        put("README.txt", _README.format(moment=now.isoformat(timespec="seconds")))
        put("columns.json", json.dumps(meaning, ensure_ascii=False, indent=1))
        for name, rows in tables.items():
            put(f"json/{name}.json", json.dumps(list(rows), ensure_ascii=False, indent=1))
            put(f"csv/{name}.csv", _csv(list(entries[name].columns), rows))
    return stored.getvalue()


def _csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    text = io.StringIO()
    writer = delimited.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(row[name]) for name in columns] for row in rows)
    return text.getvalue()


def _cell(value: Any) -> Any:
    """What stands in a cell for a value that is no single one."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list)) else value


_README = """Bottega, {moment}

Qui c'è tutto quello che il servizio tiene su di te: una cartella in JSON e una in CSV, una tabella per file.
In columns.json trovi che cosa vuol dire ogni colonna, a che cosa serve e per quanto tempo resta.
In CSV, un testo che un foglio di calcolo prenderebbe per una formula comincia con un apostrofo.

Here is everything that the service keeps about you: one folder in JSON and one in CSV, one table per file.
columns.json says what each column means, what it is for, and how long it is kept.
In CSV, a text that a spreadsheet would take for a formula begins with an apostrophe.
"""
