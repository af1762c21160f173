"""Many students at once: the checks of `service`, and as few statements as a batch of rows allows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app import bulk, db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.bulk import Done
from app.bulk_rows import Row, fault
from app.db import Base, new_id
from app.events import service as events
from app.places.models import Municipality
from app.schools.models import SchoolClass
from app.skills import service as skills
from app.students import curriculum, parts, rules
from app.students import service as students
from app.students.models import Student
from app.students.parts import PARTS, FullStudent
from app.students.rules import HeldSkill
from app.students.schemas import StudentIn, StudentPatch

COLUMNS = frozenset(StudentIn.model_fields) - {"source"} | {"class_external_id"}
"""What a row may say. A class is named by its id, or by its external id in the same source."""


def require_loader(actor: Actor) -> None:
    """Refuse whoever could not add a single student. Raises NotAllowed."""
    auth.require_scope(actor, "students:write")
    if not rules.can_add(actor):
        raise errors.NotAllowed("Only a school's staff adds students.")


def load(session: Session, actor: Actor, rows: Sequence[Row], *, source: str, today: date) -> list[Done]:
    """Create, change or leave alone a student for each row, as `create` and `edit` would one by one."""
    require_loader(actor)
    batch = _Batch(session, actor, rows, source, today)
    done = [bulk.attempt(batch.take, row) for row in rows]
    batch.write()
    return done


def edit(
    session: Session, actor: Actor, changes: Mapping[UUID, Mapping[str, Any]], *, today: date
) -> list[Student]:
    """Change each of these students as `service.edit` would; those that there are, in the order of their ids.

    Raises NoSuchStudent, NotYours and everything that `create` raises; then nothing has changed.
    """
    auth.require_scope(actor, "students:write")
    found = session.scalars(
        sa.select(Student).where(Student.id.in_(changes)).order_by(Student.id).with_for_update()
    ).all()
    batch = _Batch(session, actor, (), "", today)
    batch.keep(SchoolClass, SchoolClass.id, {student.class_id for student in found})
    named = {values["municipality_istat"] for values in changes.values() if "municipality_istat" in values}
    batch.keep(Municipality, Municipality.istat, named)
    for full in parts.load(session, found):
        if not rules.can_see(actor, full.student):
            raise students.NoSuchStudent
        batch.edit(full, changes[full.student.id])
    batch.write()
    return list(found)


class _Batch:
    """Rows that are written together: what they need is read before, what they change is written after."""

    def __init__(self, session: Session, actor: Actor, rows: Sequence[Row], source: str, today: date) -> None:
        self.session, self.actor, self.source, self.today = session, actor, source, today
        self.present = self._find_present([row.document["external_id"] for row in rows])
        self.classes_by = self._find_classes(_texts(rows, "class_external_id"))
        # Kept so that looking them up one by one asks the session, not the database.
        self.kept: list[Base] = []
        self.keep(SchoolClass, SchoolClass.id, _ids(_texts(rows, "class_id")))
        self.keep(Municipality, Municipality.istat, _texts(rows, "municipality_istat"))
        self.class_by_id = {str(one.id): one for one in self.kept if isinstance(one, SchoolClass)}
        self.known_skills = skills.find_known(session, _named_skills(rows))
        self.usual: dict[tuple[str | None, int], list[HeldSkill]] = {}
        self.added: list[dict[str, Any]] = []
        self.parts: dict[UUID, dict[str, Any]] = {}
        self.happened: list[tuple[str, UUID, dict[str, Any] | None]] = []

    def _find_present(self, external_ids: Sequence[str]) -> Mapping[str, Sequence[FullStudent]]:
        """By external id, of the actor's schools: what others have under the same ids is nobody's business."""
        wanted = sa.select(Student).where(
            Student.source == self.source, Student.external_id.in_(external_ids)
        )
        if not self.actor.is_administrator:
            own = [grant.school_id for grant in self.actor.grants if grant.school_id is not None]
            wanted = wanted.where(Student.school_id.in_(own))
        found = self.session.scalars(wanted.order_by(Student.id).with_for_update()).all()
        present: dict[str, list[FullStudent]] = defaultdict(list)
        for full in parts.load(self.session, found):
            present[str(full.student.external_id)].append(full)
        return present

    def _find_classes(self, external_ids: set[str]) -> Mapping[str, Sequence[UUID]]:
        found: dict[str, list[UUID]] = defaultdict(list)
        if external_ids:
            for school_class in self.session.scalars(
                sa.select(SchoolClass).where(
                    SchoolClass.source == self.source, SchoolClass.external_id.in_(external_ids)
                )
            ):
                if rules.can_place(self.actor, school_class):
                    found[str(school_class.external_id)].append(school_class.id)
        return found

    def keep(self, table: type[Base], key: Any, values: Iterable[Any]) -> None:
        """Read rows that checks look up, and hold them: the session itself forgets what nobody holds."""
        wanted = set(values)
        if table is SchoolClass:
            wanted |= {full.student.class_id for several in self.present.values() for full in several}
            wanted |= {class_id for ids in self.classes_by.values() for class_id in ids}
        if wanted:
            self.kept += self.session.scalars(sa.select(table).where(key.in_(wanted)))

    # --- one row ------------------------------------------------------------------------------------------------------

    def take(self, row: Row) -> Done:
        """Check a row and note what it changes; nothing changes before everything has been checked."""
        document = bulk.resolve(row.document, "class_id", "class_external_id", self.classes_by)
        row = row._replace(document=document)
        before = self._meant(row)
        if before is None:
            return self._create(bulk.read_new(StudentIn, row, self.source).values())
        if not rules.can_see(self.actor, before.student):
            raise students.ExternalIdTaken
        return self.edit(before, bulk.read_changes(StudentPatch, row, {}).values())

    def _meant(self, row: Row) -> FullStudent | None:
        """Whom the row is about: the class says of which school, where there may be a doubt."""
        several = self.present.get(row.document["external_id"], ())
        school_class = self.class_by_id.get(str(row.document.get("class_id")))
        if school_class is not None and rules.can_place(self.actor, school_class):
            several = [full for full in several if full.student.school_id == school_class.school_id]
        if len(several) > 1:
            detail = "several schools have it in this source: name the class"
            raise errors.Invalid(faults=[fault("external_id", detail)])
        return several[0] if several else None

    def _create(self, values: Mapping[str, Any]) -> Done:
        self._check(values)
        school_class = self.session.get_one(SchoolClass, values["class_id"])
        columns = {name: value for name, value in values.items() if name not in PARTS}
        student_id = new_id()
        own = {"id": student_id, "school_id": school_class.school_id, "created_at": datetime.now(UTC)}
        self.added.append(columns | own)
        held = values["skills"] or self._usual(school_class)
        self.parts[student_id] = {name: values[name] for name in PARTS} | {"skills": held}
        self.happened.append(("student.created", student_id, None))
        return Done(bulk.CREATED, student_id)

    def edit(self, before: FullStudent, changes: Mapping[str, Any]) -> Done:
        """Check what differs, and note it."""
        student = before.student
        changed = {name: value for name, value in changes.items() if before.differs(name, value)}
        if not changed:
            return Done(bulk.UNCHANGED, student.id)
        students.check_rights(self.actor, before, changed)
        self._check(changed)
        school_class = self.session.get_one(SchoolClass, changed.get("class_id", student.class_id))
        for name, value in changed.items():
            if name not in PARTS:
                setattr(student, name, value)
        student.school_id = school_class.school_id
        flag_modified(student, "class_id")
        self.parts[student.id] = parts.after(before, changed, lambda: self._usual(school_class))
        self.happened.append(("student.edited", student.id, {"fields": sorted(changed)}))
        return Done(bulk.CHANGED, student.id)

    def _check(self, values: Mapping[str, Any]) -> None:
        with self.session.no_autoflush:
            students.check(self.session, self.actor, values, self.today, known_skills=self.known_skills)

    def _usual(self, school_class: SchoolClass) -> list[HeldSkill]:
        key = (school_class.programme_id, school_class.year)
        if key not in self.usual:
            with self.session.no_autoflush:
                self.usual[key] = curriculum.of_class(self.session, school_class)
        return self.usual[key]

    # --- all of them --------------------------------------------------------------------------------------------------

    def write(self) -> None:
        """Send what the rows have changed."""
        if not self.happened:
            return
        self.session.flush()  # what was changed
        if self.added:
            self.session.execute(sa.insert(Student), self.added)
        parts.store(self.session, self.parts, fresh={values["id"] for values in self.added})
        events.record_many(self.session, self.actor, self.happened)
        db.touch(self.session, "students")


def _texts(rows: Sequence[Row], field: str) -> set[str]:
    return {value for row in rows if isinstance(value := row.document.get(field), str)}


def _ids(texts: Iterable[str]) -> Iterable[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue  # the schema says so


def _named_skills(rows: Sequence[Row]) -> set[str]:
    named: set[str] = set()
    for row in rows:
        for field in ("skills", "interests"):
            listed = row.document.get(field)
            for one in listed if isinstance(listed, list) else ():
                skill_id = one.get("skill_id") if isinstance(one, dict) else one
                if isinstance(skill_id, str):
                    named.add(skill_id.strip())
    return named
