"""Checking a list against the school, and loading what is right of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import bulk, errors
from app.auth.actors import Actor
from app.auth.models import Membership
from app.bulk_rows import Row
from app.class_lists import columns as naming
from app.class_lists import rules
from app.class_lists.columns import ListField
from app.class_lists.rules import CellFault, Person
from app.class_lists.table import ListTable
from app.places import service as places
from app.places.gazetteer import search_key
from app.places.models import Municipality
from app.privacy import service_slips as slips
from app.schools import classes
from app.schools.models import School, SchoolClass
from app.students import rules as student_rules
from app.students import service_bulk as loading
from app.students.models import Student, StudentCode


class BadColumns(errors.Invalid):
    """A field that is needed has no column, or has several; `faults` names it."""

    title = "The columns are not clear"


@dataclass(frozen=True, slots=True)
class Checked:
    """A row: what would become of it (a status of `app.bulk`), and why not. `changes` are of `student_id`."""

    number: int
    cells: tuple[str, ...]
    status: str
    faults: tuple[CellFault, ...] = ()
    person: Person | None = None
    student_id: UUID | None = None
    changes: Mapping[str, Any] | None = None


class Loaded(NamedTuple):
    """A student that loading has made (`before` is None) or changed, and the version that it left."""

    student_id: UUID
    version: int
    before: dict[str, Any] | None


def require_class(
    session: Session, actor: Actor, class_id: UUID, *, scope: str = "students:read"
) -> SchoolClass:
    """A class into which the actor may put students. Raises NoSuchClass and NotAllowed."""
    school_class = classes.get(session, actor, class_id, scope=scope)
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class loads its list.")
    return school_class


def check(
    session: Session,
    actor: Actor,
    class_id: UUID,
    table: ListTable,
    columns: Sequence[ListField | None],
    *,
    today: date,
) -> list[Checked]:
    """What would become of each row; nothing changes. Raises NoSuchClass, NotAllowed and BadColumns."""
    school_class = require_class(session, actor, class_id)
    _refuse(table, columns)
    read = [rules.cells_of(row, columns) for row in table.rows]
    meant = places.find_named(
        session,
        {cells[ListField.MUNICIPALITY] for cells in read if cells.get(ListField.MUNICIPALITY)},
        near_province=_province(session, school_class),
    )
    known = _Known(session, school_class)
    first: dict[Any, int] = {}
    found = []
    for row, cells in zip(table.rows, read, strict=True):
        person, faults = rules.check(cells, meant, today)
        checked = Checked(row.number, tuple(row.cells), bulk.REJECTED, tuple(faults))
        if person is not None:
            earlier = first.setdefault(person.key, row.number)
            checked = (
                Checked(
                    row.number, tuple(row.cells), bulk.REJECTED, (rules.row_fault(rules.SAME_PERSON, first=earlier),)
                )
                if earlier != row.number
                else known.compare(row.number, tuple(row.cells), person)
            )  # fmt: skip
        found.append(checked)
    return found


def _refuse(table: ListTable, columns: Sequence[ListField | None]) -> None:
    faults = [
        {"in": "body", "field": field, "detail": detail}
        for fields, detail in (
            (naming.missing(columns), "no column has it"),
            (naming.repeated(columns), "several columns have it"),
        )
        for field in fields
    ]
    if len(columns) != len(table.headings):
        faults.append(
            {"in": "body", "field": "columns", "detail": f"say what {len(table.headings)} columns are"}
        )
    if faults:
        raise BadColumns(faults=faults)


def _province(session: Session, school_class: SchoolClass) -> str | None:
    return session.scalar(
        sa.select(Municipality.province_code)
        .join(School, School.municipality_istat == Municipality.istat)
        .where(School.id == school_class.school_id)
    )


class _Known:
    """Whom the school has already: by the id of a list, or as the same person."""

    def __init__(self, session: Session, school_class: SchoolClass) -> None:
        self.class_id = school_class.id
        self.by_id: dict[str, Student] = {}
        self.by_person: dict[Any, Student] = {}
        for student in session.scalars(sa.select(Student).where(Student.school_id == school_class.school_id)):
            key = search_key(student.family_name), search_key(student.given_name), student.born_on
            self.by_person[key] = student
            if student.source == rules.SOURCE and student.external_id is not None:
                self.by_id[student.external_id] = student

    def compare(self, number: int, cells: tuple[str, ...], person: Person) -> Checked:
        """What would become of a row that is right in itself."""
        student = self.by_id.get(person.id_in_list()) or self.by_person.get(person.key)
        if student is None:
            return Checked(number, cells, bulk.CREATED, person=person)
        if student.class_id != self.class_id:
            return Checked(number, cells, bulk.REJECTED, (rules.row_fault(rules.OTHER_CLASS),))
        changes = {name: value for name, value in _values(person).items() if getattr(student, name) != value}
        status = bulk.CHANGED if changes else bulk.UNCHANGED
        return Checked(number, cells, status, (), person, student.id, changes)


def _values(person: Person) -> dict[str, Any]:
    values: dict[str, Any] = {
        "family_name": person.family_name, "given_name": person.given_name, "born_on": person.born_on,
        "municipality_istat": person.municipality_istat,
    }  # fmt: skip
    return values if person.hours_owed is None else values | {"hours_owed": person.hours_owed}


# --- loading ----------------------------------------------------------------------------------------------------------


def load(
    session: Session,
    actor: Actor,
    class_id: UUID,
    table: ListTable,
    columns: Sequence[ListField | None],
    *,
    today: date,
) -> tuple[list[Checked], list[Loaded]]:
    """Load the rows that are right, all in this transaction: what became of each row, and of which students.

    Raises NoSuchClass, NotAllowed and BadColumns.
    """
    require_class(session, actor, class_id, scope="students:write")
    checked = check(session, actor, class_id, table, columns, today=today)
    loaded = _change(session, actor, checked, today)
    new = [one for one in checked if one.status == bulk.CREATED]
    rows = [Row(one.number, _document(one.person, class_id)) for one in new if one.person is not None]
    done = {
        row.number: told
        for row, told in zip(
            rows, loading.load(session, actor, rows, source=rules.SOURCE, today=today), strict=True
        )
    }
    loaded += [Loaded(told.id, 1, None) for told in done.values() if told.id is not None]
    return [_after(one, done) for one in checked], loaded


def _change(session: Session, actor: Actor, checked: Sequence[Checked], today: date) -> list[Loaded]:
    changes = {one.student_id: one.changes for one in checked if one.student_id is not None and one.changes}
    present = session.scalars(sa.select(Student).where(Student.id.in_(changes))).all()
    before = {
        student.id: {name: _written(getattr(student, name)) for name in changes[student.id]}
        for student in present
    }
    return [
        Loaded(student.id, student.version, before[student.id])
        for student in loading.edit(session, actor, changes, today=today)
    ]


def _document(person: Person, class_id: UUID) -> dict[str, Any]:
    values = {name: _written(value) for name, value in _values(person).items()}
    return values | {"class_id": str(class_id), "external_id": person.id_in_list()}


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _after(one: Checked, done: Mapping[int, bulk.Done]) -> Checked:
    told = done.get(one.number)
    if told is None or told.status == bulk.CREATED:
        return one
    # Somebody else has changed something since it was checked; what, the loader says.
    faults = tuple(CellFault(None, fault["detail"], fault["detail"]) for fault in told.faults)
    return Checked(one.number, one.cells, bulk.REJECTED, faults)


def take_back(session: Session, actor: Actor, loaded: Sequence[Loaded], *, today: date) -> int:
    """Forget the students that were made, and put back those that were changed, as far as nobody has touched them since.

    Whoever has an account or a code stays: somebody counts on it. How many were put back.
    """
    ids = [one.student_id for one in loaded]
    present = {
        student.id: student
        for student in session.scalars(
            sa.select(Student).where(Student.id.in_(ids)).order_by(Student.id).with_for_update()
        )
    }
    used = {
        student_id
        for table in (Membership, StudentCode)
        for student_id in session.scalars(sa.select(table.student_id).where(table.student_id.in_(ids)))
    }
    untouched = [
        one for one in loaded if one.student_id in present and present[one.student_id].version == one.version
    ]
    made = [one.student_id for one in untouched if one.before is None and one.student_id not in used]
    changed = [one for one in untouched if one.before is not None]
    loading.edit(session, actor, {one.student_id: _read(one.before or {}) for one in changed}, today=today)
    if made:
        slips.forget(session, actor, made)
    return len(made) + len(changed)


def _read(before: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(before)
    if "born_on" in values:
        values["born_on"] = date.fromisoformat(values["born_on"])
    return values


def counts(checked: Sequence[Checked]) -> Counter[str]:
    """How many rows have each status."""
    return Counter(one.status for one in checked)
