"""Days side by side, for those who look at many: a student's own, a host's week, what waits for a school."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies import service as companies
from app.companies.models import Company
from app.hours import rules, service_diary
from app.hours import service as hours
from app.hours import service_ledger as ledgers
from app.hours.models import DiaryEntry, EntryState, Evaluation, HourEntry
from app.hours.service_diary import Lines
from app.opportunities.models import Kind, Opportunity
from app.opportunities.rules import works_on
from app.placements import service_calendar
from app.placements.models import Party, Placement, State
from app.students import service as students
from app.students.models import Student

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A placement with what was said of its days, by day; `lines` only for who reads the diary."""

    placement: Placement
    student: Student
    title: str
    company_name: str
    days: Sequence[date]
    said: Mapping[date, HourEntry]
    lines: Mapping[date, DiaryEntry]
    parties: frozenset[Party]

    @property
    def is_confirmed(self) -> bool:
        """Whether every day of which somebody has spoken stands."""
        return all(one.state is EntryState.CONFIRMED for one in self.said.values())


def of_student(session: Session, actor: Actor, student_id: UUID) -> list[Sheet]:
    """What the student is doing or has to close, the latest first; with the diary. Raises NoSuchStudent."""
    auth.require_scope(actor, "placements:read")
    student = students.get(session, actor, student_id)
    reads_diary = actor.is_student(student_id) or actor.is_staff_of(student.school_id, student.class_id)
    found = _rows.where(Placement.student_id == student_id, Placement.state.in_(rules.WORKED))
    return _sheets(session, found.order_by(Placement.starts_on.desc(), Placement.id), with_lines=reads_diary)


def week_of_company(session: Session, actor: Actor, company_id: UUID, monday: date) -> list[Sheet]:
    """Who was to be at the host in a week, by name, each with the days of that week.

    Raises NoSuchCompany, and NotAllowed for who does not work there.
    """
    auth.require_scope(actor, "placements:read")
    require_host(session, actor, company_id)
    found = _rows.where(
        Placement.company_id == company_id,
        Placement.state.in_(rules.WORKED),
        Placement.starts_on < monday + WEEK,
        Placement.ends_on >= monday,
    ).order_by(Student.family_name, Student.given_name, Placement.id)
    own = found.where(Opportunity.kind.in_([kind for kind in _KINDS if works_on(actor, company_id, kind)]))
    return _sheets(session, own, between=(monday, monday + WEEK))


def require_host(session: Session, actor: Actor, company_id: UUID) -> Company:
    """A company where the actor works. Raises NoSuchCompany and NotAllowed."""
    company = companies.require(session, actor, company_id)
    if not actor.is_of_company(company_id):
        raise errors.NotAllowed("Only who works there sees who comes and when.")
    return company


def of_class(session: Session, actor: Actor, class_id: UUID) -> list[Sheet]:
    """The placements of a class that run or have to be closed, by name. Raises NoSuchClass and NotAllowed."""
    auth.require_scope(actor, "placements:read")
    ledgers.require_class(session, actor, class_id, scope="students:read")
    found = _rows.where(
        Student.class_id == class_id, Placement.state.in_([State.RUNNING, State.CLOSING])
    ).order_by(Student.family_name, Student.given_name, Placement.id)
    return _sheets(session, found)


def save_day(
    session: Session,
    actor: Actor,
    student_id: UUID,
    placement_id: UUID,
    day: date,
    *,
    minutes: int | None,
    lines: Lines | None,
    now: datetime,
) -> None:
    """The student's day in one go, written for the first time or anew.

    Raises NotAllowed for everybody else, and what noting and writing raise.
    """
    students.get(session, actor, student_id)
    if not actor.is_student(student_id):
        raise errors.NotAllowed("Only the student writes the own day.")
    if minutes is not None:
        entry = session.scalar(
            sa.select(HourEntry).where(HourEntry.placement_id == placement_id, HourEntry.worked_on == day)
        )
        if entry is None:
            hours.note(session, actor, placement_id, day, minutes, now=now)
        else:
            hours.edit(session, actor, placement_id, entry.id, minutes, now=now)
    if lines is not None:
        written = service_diary.find(session, placement_id, day)
        if written is None:
            service_diary.write(session, actor, placement_id, day, lines, now=now)
        else:
            service_diary.edit(session, actor, placement_id, written.id, lines, now=now)


_KINDS = tuple(Kind)
_rows = (
    sa.select(Placement, Student, Opportunity.title, Company.name)
    .join(Student, Student.id == Placement.student_id)
    .join(Opportunity, Opportunity.id == Placement.opportunity_id)
    .join(Company, Company.id == Placement.company_id)
)


def _sheets(
    session: Session,
    query: sa.Select[*tuple[Any, ...]],
    *,
    between: tuple[date, date] = (date.min, date.max),
    with_lines: bool = False,
) -> list[Sheet]:
    rows = session.execute(query).all()
    ids = [row.Placement.id for row in rows]
    said = _by_day(session.scalars(sa.select(HourEntry).where(HourEntry.placement_id.in_(ids))), "worked_on")
    diary = sa.select(DiaryEntry).where(DiaryEntry.placement_id.in_(ids if with_lines else []))
    lines = _by_day(session.scalars(diary), "written_on")
    parties: dict[UUID, set[Party]] = defaultdict(set)
    given = sa.select(Evaluation.placement_id, Evaluation.party).where(Evaluation.placement_id.in_(ids))
    for placement_id, party in session.execute(given):
        parties[placement_id].add(party)
    off = service_calendar.off_days(session, [row.Placement for row in rows])
    first, end = between
    return [
        Sheet(
            row.Placement, row.Student, row.title, row.name,
            # a day off on which somebody has worked is a day too
            sorted(
                day for day in {*rules.planned_days(row.Placement, off[row.Placement.id]), *said[row.Placement.id]}
                if first <= day < end
            ),
            said[row.Placement.id], lines[row.Placement.id], frozenset(parties[row.Placement.id]),
        )
        for row in rows
    ]  # fmt: skip


def _by_day(rows: Any, name: str) -> Mapping[UUID, dict[date, Any]]:
    found: dict[UUID, dict[date, Any]] = defaultdict(dict)
    for row in rows:
        found[row.placement_id][getattr(row, name)] = row
    return found


def unsettled(sheets: Collection[Sheet]) -> list[tuple[Sheet, HourEntry]]:
    """The days of which student and host say different things."""
    return [
        (sheet, sheet.said[day])
        for sheet in sheets
        for day in sorted(sheet.said)
        if sheet.said[day].state is EntryState.DISPUTED
    ]
