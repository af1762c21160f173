"""Looking ahead at the new school year, moving a school into it, and moving it back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.models import TaughtClass
from app.events import service as events
from app.placements.models import Placement
from app.programmes.models import Programme
from app.roll_overs import rules
from app.roll_overs.rules import Choice, Key, StudentFate
from app.schools import service as schools
from app.schools.models import School, SchoolClass
from app.students import curriculum, parts
from app.students.models import Student


class NotInTime(errors.Invalid):
    """Classes move into the school year that runs, or into the next one."""

    title = "Not a year to move into"


class BadExceptions(errors.Invalid):
    """A decision about a student that cannot be meant; `faults` names each."""

    title = "The exceptions are not valid"


@dataclass(slots=True)
class ClassPlan:
    """A class of the old year: its students, and the class of the new year that it becomes, if it has one.

    `is_new` says that this class is not there yet, `waiting` who has finished but for an open placement.
    """

    school_class: SchoolClass
    to: Key | None
    is_new: bool
    programme_id: str | None
    students: list[Student] = field(default_factory=list)
    waiting: set[UUID] = field(default_factory=set)

    @property
    def key(self) -> Key:
        """Which class it is."""
        return key_of(self.school_class)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen to a school; `targets` are all classes of the new year, also those that are there."""

    school: School
    year: int
    classes: list[ClassPlan]
    present: Mapping[Key, SchoolClass]

    @property
    def targets(self) -> list[Key]:
        """The classes that the school has in the new year, or will have."""
        return sorted({*self.present, *(one.to for one in self.classes if one.to is not None)})

    @property
    def is_done(self) -> bool:
        """Whether nobody is left to move."""
        return not any(one.students for one in self.classes)


@dataclass(frozen=True, slots=True)
class Moved:
    """A student who was moved, or has left (`to` is None), and from where. `made` says that the new class is this change's."""

    student_id: UUID
    class_id: UUID
    to: UUID | None
    made: bool = False


def key_of(school_class: SchoolClass) -> Key:
    """Which class of its year it is."""
    return Key(school_class.year, school_class.section, school_class.study_path)


# --- looking ahead ----------------------------------------------------------------------------------------------------


def preview(session: Session, actor: Actor, school_id: UUID, year: int, *, now: datetime) -> Plan:
    """What would happen; nothing does. Raises NoSuchSchool, NotAllowed and NotInTime."""
    auth.require_scope(actor, "students:read")
    school = schools.require(session, school_id)
    if not rules.can_roll_over(actor, school_id):
        raise errors.NotAllowed("Only who leads the school moves it into the new year.")
    if not rules.is_in_time(year, now.date()):
        detail = "classes move into the school year that runs, or into the next one"
        raise NotInTime(faults=[{"in": "body", "field": "year", "detail": detail}])
    rows = session.execute(
        sa.select(SchoolClass, Programme)
        .outerjoin(Programme, Programme.id == SchoolClass.programme_id)
        .where(SchoolClass.school_id == school_id, SchoolClass.start_year.in_((year - 1, year)))
        .order_by(SchoolClass.year, SchoolClass.section, SchoolClass.study_path)
    ).all()
    present = {key_of(row.SchoolClass): row.SchoolClass for row in rows if row.SchoolClass.start_year == year}
    plans = {
        row.SchoolClass.id: _plan(row.SchoolClass, row.Programme, present)
        for row in rows
        if row.SchoolClass.start_year == year - 1
    }
    students = session.scalars(
        sa.select(Student)
        .where(Student.class_id.in_(plans), Student.archived_at.is_(None))
        .order_by(Student.family_name, Student.given_name, Student.id)
    ).all()
    busy = _with_open_placement(session, plans)
    for student in students:
        plan = plans[student.class_id]
        plan.students.append(student)
        if student.id in busy:
            plan.waiting.add(student.id)
    return Plan(school, year, list(plans.values()), present)


def _plan(
    school_class: SchoolClass, course: Programme | None, present: Mapping[Key, SchoolClass]
) -> ClassPlan:
    to = rules.following(key_of(school_class), course)
    keeps = to is not None and rules.keeps_course(course, to.year)
    programme_id = school_class.programme_id if keeps else None
    return ClassPlan(school_class, to, to is not None and to not in present, programme_id)


def _with_open_placement(session: Session, class_ids: Iterable[UUID]) -> set[UUID]:
    return set(
        session.scalars(
            sa.select(Placement.student_id)
            .join(Student, Student.id == Placement.student_id)
            .where(Student.class_id.in_(class_ids), Placement.state.in_(rules.HOLDS_BACK))
        )
    )


# --- moving -----------------------------------------------------------------------------------------------------------


def carry_out(
    session: Session, actor: Actor, school_id: UUID, year: int, choices: Sequence[Choice], *, now: datetime
) -> list[Moved]:
    """Move everybody as planned, but those whom the school has decided about. Again moves nobody.

    Who has finished is archived, unless a placement is still open: another run archives them afterwards. Raises what
    `preview` raises, and BadExceptions.
    """
    auth.require_scope(actor, "students:write")
    # Locked, so that of two at once the second finds nobody left, and nobody is forgotten on the way.
    schools.require(session, school_id)
    for key, of in ((School.id, School.id), (Student.id, Student.school_id)):
        session.execute(sa.select(key).where(of == school_id).order_by(key).with_for_update())
    plan = preview(session, actor, school_id, year, now=now)
    students = {one.id: plan_.key for plan_ in plan.classes for one in plan_.students}
    faults = rules.choice_faults(choices, students, plan.targets)
    if faults:
        raise BadExceptions(faults=faults)
    decided = {one.student_id: one for one in choices}
    fates = [
        (
            student,
            one,
            decided.get(student.id) or Choice(student.id, StudentFate.UP if one.to else StudentFate.LEAVES),
        )
        for one in plan.classes
        for student in one.students
    ]
    classes = _Classes(session, actor, plan)
    moved = []
    by_class: dict[UUID, list[Student]] = defaultdict(list)
    for student, of_class, choice in fates:
        to = _target(of_class, choice)
        if to is None:
            if student.id not in of_class.waiting:
                moved.append(Moved(student.id, student.class_id, None))
                student.archived_at = now.astimezone(UTC)
            continue
        school_class, is_made = classes.get(to, of_class)
        moved.append(Moved(student.id, student.class_id, school_class.id, is_made))
        by_class[school_class.id].append(student)
    for class_id, group in by_class.items():
        _enter(session, session.get_one(SchoolClass, class_id), group)
    _record(session, actor, moved)
    return moved


def _target(of_class: ClassPlan, choice: Choice) -> Key | None:
    """The class of the new year in which the student is; None for who leaves."""
    if choice.fate is StudentFate.LEAVES:
        return None
    if choice.fate is StudentFate.STAYS:
        return of_class.key
    return choice.to or of_class.to


class _Classes:
    """The classes of the new year: those that are there, and those that are made on the way."""

    def __init__(self, session: Session, actor: Actor, plan: Plan) -> None:
        self.session, self.actor, self.plan = session, actor, plan
        self.there = dict(plan.present)
        self.becomes = {one.to: one for one in plan.classes if one.to is not None}
        self.made: set[UUID] = set()

    def get(self, key: Key, of_class: ClassPlan) -> tuple[SchoolClass, bool]:
        """The class, with those who have taught its students so far; and whether it was made here."""
        if key not in self.there:
            # Where no younger class comes up, whoever stays has the programme that they had.
            source = self.becomes.get(key)
            programme_id = source.programme_id if source else of_class.school_class.programme_id
            made = SchoolClass(
                school_id=self.plan.school.id, start_year=self.plan.year, year=key.year, section=key.section,
                study_path=key.study_path, programme_id=programme_id,
            )  # fmt: skip
            self.session.add(made)
            self.session.flush()
            events.record(self.session, self.actor, "class.created", made.id)
            self._bring_teachers((source or of_class).school_class.id, made.id)
            self.there[key] = made
            self.made.add(made.id)
        found = self.there[key]
        return found, found.id in self.made

    def _bring_teachers(self, source: UUID, made: UUID) -> None:
        taught = sa.select(TaughtClass.membership_id).where(TaughtClass.class_id == source)
        for membership_id in self.session.scalars(taught).all():
            self.session.add(TaughtClass(membership_id=membership_id, class_id=made))


def _enter(session: Session, school_class: SchoolClass, students: Sequence[Student]) -> None:
    """Put them into the class, with what it has normally met instead of what the class before had."""
    for student in students:
        student.class_id = school_class.id
    session.flush()
    usual = curriculum.of_class(session, school_class)
    if usual:
        held = parts.load(session, students)
        parts.store(
            session, {one.student.id: {"skills": curriculum.renew(one.skills, usual)} for one in held}
        )


def _record(session: Session, actor: Actor, moved: Sequence[Moved]) -> None:
    session.flush()
    if moved:
        db.touch(session, "students")
    events.record_many(
        session,
        actor,
        [
            ("student.archived", one.student_id, None)
            if one.to is None
            else ("student.edited", one.student_id, {"fields": ["class_id"]})
            for one in moved
        ],
    )


# --- and back ---------------------------------------------------------------------------------------------------------


def take_back(session: Session, actor: Actor, moved: Sequence[Moved]) -> int:
    """Put back who is still where the roll-over has put them; classes that it has made and nobody needs go. How many."""
    by_id = {one.student_id: one for one in moved}
    students = session.scalars(
        sa.select(Student).where(Student.id.in_(by_id)).order_by(Student.id).with_for_update()
    ).all()
    back: dict[UUID, list[Student]] = defaultdict(list)
    for student in students:
        one = by_id[student.id]
        is_there = student.archived_at is not None if one.to is None else student.class_id == one.to
        if is_there:
            student.archived_at = None if one.to is None else student.archived_at
            back[one.class_id].append(student)
    for class_id, group in back.items():
        _enter(session, session.get_one(SchoolClass, class_id), group)
    put_back = [student.id for group in back.values() for student in group]
    if put_back:
        db.touch(session, "students")
    events.record_many(
        session,
        actor,
        [
            ("student.restored", one, None)
            if by_id[one].to is None
            else ("student.edited", one, {"fields": ["class_id"]})
            for one in put_back
        ],
    )
    made = {one.to for one in moved if one.made and one.to is not None}
    needed = db.referrers(session, SchoolClass.id, made)
    for class_id in sorted(made - needed.keys()):
        session.execute(sa.delete(SchoolClass).where(SchoolClass.id == class_id))
        events.record(session, actor, "class.removed", class_id)
    return len(put_back)
