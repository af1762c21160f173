"""What hours add up to: for a student, for a class, and in `Student.hours_owed`, by which students are ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, db, errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies.models import Company
from app.hours import rules
from app.hours.law import Law
from app.hours.models import EntryState, HourCredit, HourEntry, HourLedger
from app.hours.rules import Alarm, Project, Sum
from app.opportunities.models import Kind, Opportunity
from app.placements import service_calendar
from app.placements.models import Placement, State
from app.programmes.models import Programme
from app.schools import classes
from app.schools.models import School, SchoolClass
from app.students import rules as student_rules
from app.students import service as students
from app.students.models import Student

_CONFIRMED = sa.func.coalesce(HourEntry.school_minutes, HourEntry.host_minutes)
_WAITING = sa.func.coalesce(HourEntry.student_minutes, HourEntry.host_minutes, 0)


@dataclass(frozen=True, slots=True)
class Ledger:
    """A student's hours: every project and credit, and what it comes to."""

    student: Student
    sum: Sum
    minimum: int
    projects: Sequence[Project]
    credits: Sequence[HourCredit]


@dataclass(frozen=True, slots=True)
class ClassLedger:
    """The ledgers of a class, by name, and what is alarming about them."""

    school_class: SchoolClass
    ledgers: Sequence[Ledger]
    alarm: Alarm | None


# --- keeping ----------------------------------------------------------------------------------------------------------


def settle(session: Session, student_ids: Collection[UUID]) -> None:
    """Bring the ledgers and `hours_owed` in line with what counts now. Whoever changes what counts calls it, in its block.

    Where `hours_owed` is not what was written here last, somebody has said anew what was owed: that is the new opening.
    """
    locked = session.scalars(
        sa.select(Student).where(Student.id.in_(student_ids)).order_by(Student.id).with_for_update(),
        execution_options={"populate_existing": True},
    ).all()
    counted = _counted(session, student_ids)
    found = sa.select(HourLedger).where(HourLedger.student_id.in_(student_ids))
    ledgers = {one.student_id: one for one in session.scalars(found)}
    for student in locked:
        ledger = ledgers.get(student.id)
        if ledger is None:
            ledger = HourLedger(
                student_id=student.id, opening_minutes=student.hours_owed * 60, counted_minutes=0
            )
            session.add(ledger)
        elif student.hours_owed != rules.owed_hours(ledger.opening_minutes, ledger.counted_minutes):
            ledger.opening_minutes = student.hours_owed * 60 + ledger.counted_minutes
        ledger.counted_minutes = counted[student.id]
        owed = rules.owed_hours(ledger.opening_minutes, ledger.counted_minutes)
        if owed != student.hours_owed:
            student.hours_owed = owed
            db.touch(session, "students")
    session.flush()


def _counted(session: Session, student_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Minutes that count towards the diploma now, by student."""
    law = Law(session)
    found: dict[UUID, int] = defaultdict(int)
    confirmed = (
        sa.select(Placement.student_id, Placement.starts_on, Placement.planned_hours, sa.func.sum(_CONFIRMED))
        .join(HourEntry, HourEntry.placement_id == Placement.id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(
            Placement.student_id.in_(student_ids),
            HourEntry.state == EntryState.CONFIRMED,
            Opportunity.kind == Kind.INTERNSHIP,
        )
        .group_by(Placement.id, Placement.student_id, Placement.starts_on, Placement.planned_hours)
    )
    for student_id, starts_on, planned_hours, minutes in session.execute(confirmed):
        found[student_id] += rules.counted(int(minutes), planned_hours * 60, law.share(starts_on))
    credited = sa.select(HourCredit.student_id, sa.func.sum(HourCredit.hours)).group_by(HourCredit.student_id)
    for student_id, hours in session.execute(credited.where(HourCredit.student_id.in_(student_ids))):
        found[student_id] += int(hours) * 60
    return found


# --- reading ----------------------------------------------------------------------------------------------------------


def of_student(session: Session, actor: Actor, student_id: UUID, *, today: date) -> Ledger:
    """A student's ledger. Raises NoSuchStudent."""
    auth.require_scope(actor, "placements:read")
    student = students.get(session, actor, student_id)
    return _ledgers(session, [student], today)[0]


def of_class(session: Session, actor: Actor, class_id: UUID, *, today: date, ends_on: date) -> ClassLedger:
    """The ledgers of a class; `ends_on` is the last day of lessons. Raises NoSuchClass and NotAllowed."""
    auth.require_scope(actor, "placements:read")
    school_class = require_class(session, actor, class_id, scope="students:read")
    found = session.scalars(
        sa.select(Student)
        .where(Student.class_id == class_id, Student.archived_at.is_(None))
        .order_by(Student.family_name, Student.given_name, Student.id)
    ).all()
    ledgers = _ledgers(session, found, today)
    programme = (
        session.get(Programme, school_class.programme_id) if school_class.programme_id is not None else None
    )
    is_last_year = programme is not None and school_class.year == programme.last_year
    alarm = rules.alarm(
        (one.sum for one in ledgers), rules.weeks_left(today, ends_on), is_last_year=is_last_year
    )
    return ClassLedger(school_class, ledgers, alarm)


def require_class(session: Session, actor: Actor, class_id: UUID, *, scope: str) -> SchoolClass:
    """A class that the actor is staff of. Raises NoSuchClass and NotAllowed."""
    school_class = classes.get(session, actor, class_id, scope=scope)
    if not student_rules.can_place(actor, school_class):
        raise errors.NotAllowed("Only the staff of the class sees and credits its hours.")
    return school_class


def lessons_end(today: date, month_and_day: str) -> date:
    """The last day of lessons of the school year of a day; "06-06" is the sixth of June."""
    return date.fromisoformat(f"{dates.school_year(today) + 1}-{month_and_day}")


def _ledgers(session: Session, found: Sequence[Student], today: date) -> list[Ledger]:
    ids = [student.id for student in found]
    law = Law(session)
    kinds = _kinds(session, ids)
    projects = _projects(session, law, ids)
    openings = {
        one.student_id: one
        for one in session.scalars(sa.select(HourLedger).where(HourLedger.student_id.in_(ids)))
    }
    credited: dict[UUID, list[HourCredit]] = defaultdict(list)
    for credit in session.scalars(
        sa.select(HourCredit)
        .where(HourCredit.student_id.in_(ids))
        .order_by(HourCredit.held_on, HourCredit.title, HourCredit.id)
    ):
        credited[credit.student_id].append(credit)
    return [
        _ledger(
            student, law.minimum_hours(kinds.get(student.id, ""), today), openings.get(student.id),
            projects[student.id], credited[student.id],
        )
        for student in found
    ]  # fmt: skip


def _ledger(
    student: Student, minimum: int, kept: HourLedger | None, projects: Sequence[Project], credits_: Sequence[HourCredit]
) -> Ledger:  # fmt: skip
    credited = sum(one.hours for one in credits_) * 60
    counted = credited + sum(one.counted for one in projects)
    known = kept.counted_minutes if kept is not None else 0
    opening = kept.opening_minutes if kept is not None else student.hours_owed * 60
    if student.hours_owed != rules.owed_hours(opening, known):
        opening = student.hours_owed * 60 + known
    expected = credited + sum(max(one.counted, one.expected) for one in projects)
    return Ledger(student, rules.sum_up(minimum, opening, counted, expected), minimum, projects, credits_)


def _kinds(session: Session, student_ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The kind of each student's study path: the programme's, else the school's."""
    kind = sa.func.coalesce(Programme.kind, School.kind)
    rows = session.execute(
        sa.select(Student.id, sa.cast(kind, sa.String))
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .join(School, School.id == Student.school_id)
        .outerjoin(Programme, Programme.id == SchoolClass.programme_id)
        .where(Student.id.in_(student_ids))
    )
    return dict(rows.all())


def _projects(session: Session, law: Law, student_ids: Collection[UUID]) -> Mapping[UUID, Sequence[Project]]:
    rows = session.execute(
        sa.select(Placement, Opportunity.title, Opportunity.kind, Company.name)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .join(Company, Company.id == Placement.company_id)
        .where(Placement.student_id.in_(student_ids), Placement.state != State.CANCELLED)
        .order_by(Placement.starts_on, Placement.id)
    ).all()
    said = _said(session, [row.Placement.id for row in rows])
    off = service_calendar.off_days(session, [row.Placement for row in rows])
    found: dict[UUID, list[Project]] = defaultdict(list)
    for row in rows:
        found[row.Placement.student_id].append(
            _project(row, said[row.Placement.id], law.share(row.Placement.starts_on), off[row.Placement.id])
        )
    return found


def _said(session: Session, placement_ids: Collection[UUID]) -> Mapping[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = defaultdict(list)
    for entry in session.execute(
        sa.select(
            HourEntry.placement_id, HourEntry.worked_on, HourEntry.state, _CONFIRMED.label("confirmed"),
            _WAITING.label("waiting"),
        ).where(HourEntry.placement_id.in_(placement_ids))
    ):  # fmt: skip
        found[entry.placement_id].append(entry)
    return found


def _project(row: Any, said: Sequence[Any], share: Fraction, off: AbstractSet[date]) -> Project:
    placement: Placement = row.Placement
    confirmed = sum(one.confirmed for one in said if one.state is EntryState.CONFIRMED)
    return Project(
        placement_id=placement.id, title=row.title, company_name=row.name, kind=row.kind, state=placement.state,
        starts_on=placement.starts_on, ends_on=placement.ends_on, planned=placement.planned_hours * 60,
        confirmed=confirmed, waiting=sum(one.waiting for one in said if one.state is not EntryState.CONFIRMED),
        open=rules.open_minutes(placement, {one.worked_on for one in said}, off), share=share,
    )  # fmt: skip
