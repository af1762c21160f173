"""The figures of a school year, each with its definition."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.auth.actors import Actor
from app.companies import access as companies
from app.companies.models import Company, SizeBand
from app.disclosures.models import Disclosure
from app.network import rules, service
from app.network.definitions import DEFINITIONS, Definition
from app.opportunities import access as opportunities
from app.opportunities.models import Kind, Opportunity
from app.schools.models import School, SchoolClass
from app.students.models import Student

FIRST_YEAR = 2020


class Indicator(NamedTuple):
    """A figure with its `Definition`; None where there is nothing to make it of. Shares are 0 to 1."""

    code: str
    it: str
    en: str
    meaning_it: str
    meaning_en: str
    unit: str
    is_of_students: bool
    value: float | None


class Year(NamedTuple):
    """The indicators of the school year that began in `start_year`; `is_over` says that they will not grow any more."""

    start_year: int
    is_over: bool
    indicators: list[Indicator]


def read(session: Session, actor: Actor, *, start_year: int, now: datetime) -> Year:
    """What happened in the actor's territory in one school year. Raises NotYourNetwork. Four queries."""
    service.require(actor)
    begins = datetime(start_year, dates.SCHOOL_YEAR_BEGINS, 1, tzinfo=now.tzinfo)
    ends = begins.replace(year=start_year + 1)
    values = {
        **_approvals(session, actor, begins, ends),
        **_offers(session, actor, begins, ends),
        **_students(session, actor, start_year, begins, ends),
    }
    indicators = [Indicator(*one, _told(one, values[one.code])) for one in DEFINITIONS]
    return Year(start_year, ends <= now, indicators)


def _told(definition: Definition, value: float | None) -> float | None:
    return rules.told(int(value or 0)) if definition.is_of_students else value


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _approvals(session: Session, actor: Actor, begins: datetime, ends: datetime) -> Mapping[str, Any]:
    rows = session.execute(
        sa.select(Company.approved_at, Company.answer_due_on).where(
            companies.is_overseen(actor, Company.__table__.c.id),
            Company.approved_at >= begins,
            Company.approved_at < ends,
        )
    ).all()
    in_time = sum(row.approved_at.astimezone(begins.tzinfo).date() <= row.answer_due_on for row in rows)
    return {"companies_approved": len(rows), "answered_in_time": _share(in_time, len(rows))}


_NAMES = {Kind.INTERNSHIP: "internship", Kind.VISIT: "visit", Kind.TRAINING: "training"}
_SMALL = {SizeBand.MICRO, SizeBand.SMALL}


def _offers(session: Session, actor: Actor, begins: datetime, ends: datetime) -> Mapping[str, Any]:
    one = Opportunity
    rows = session.execute(
        sa.select(one.kind, one.seats, one.municipality_istat, one.company_id, Company.size)
        .join(Company, Company.id == one.company_id)
        .where(opportunities.overseen_by(actor), one.published_at >= begins, one.published_at < ends)
    ).all()
    sizes = {row.company_id: row.size for row in rows}
    known = [size for size in sizes.values() if size is not None]
    found: dict[str, Any] = {
        "companies_offering": len(sizes),
        "small_companies_offering": _share(sum(size in _SMALL for size in known), len(known)),
        "municipalities": len({row.municipality_istat for row in rows if row.municipality_istat}),
    }
    for kind, name in _NAMES.items():
        seats = [row.seats for row in rows if row.kind is kind]
        found |= {f"{name}s": len(seats), f"{name}_seats": sum(seats)}
    return found


def _students(
    session: Session, actor: Actor, start_year: int, begins: datetime, ends: datetime
) -> Mapping[str, Any]:
    here = (
        sa.select(Student.id)
        .join(SchoolClass, SchoolClass.id == Student.class_id)
        .where(
            SchoolClass.start_year == start_year,
            Student.archived_at.is_(None),
            Student.school_id.in_(service.schools_of(actor).with_only_columns(School.id)),
        )
    )
    accepted = sa.and_(
        Disclosure.student_accepted_at.is_not(None), Disclosure.school_accepted_at.is_not(None)
    )
    asked = session.execute(
        sa.select(
            sa.func.count(Disclosure.student_id.distinct()),
            sa.func.count(sa.case((accepted, Disclosure.student_id)).distinct()),
        ).where(
            Disclosure.requested_at >= begins,
            Disclosure.requested_at < ends,
            Disclosure.student_id.in_(here),
        )
    ).one()
    students = session.scalar(sa.select(sa.func.count()).select_from(here.subquery()))
    return {"students": students, "students_asked_for": asked[0], "students_told": asked[1]}
