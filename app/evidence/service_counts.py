"""Counting what figures are made of, in a read block. As many queries however large the territory is."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates
from app.applications.models import Application
from app.bookings.models import Booking, BookingMember, BookingState, SessionState, VisitSession
from app.companies.models import Company, CompanySite
from app.evidence.figures import ELSEWHERE, Cell, Counts, Person, Reach, key_of
from app.evidence.models import Enrolment, ReportedOutcome
from app.evidence.policies import Grouping, Measure, Policy
from app.opportunities.models import Kind, Opportunity
from app.placements.models import Placement, State
from app.places.models import Municipality
from app.schools.models import School, SchoolClass
from app.students.models import Student
from app.wishes.models import Wish

YEARS_OF_TREND = 5
MOST_TRACKS = 30
OTHER_TRACKS = "other"
"""The key of those that have no line of their own."""


def count(
    session: Session, policy: Policy, provinces: Collection[str], start_year: int, now: datetime
) -> Counts:
    """What happened in the provinces in the school year that begins in `start_year`."""
    days = dates.days_of_school_year(start_year)
    began = dates.moments(days, now.tzinfo)
    area_of = {istat: area.id for area in policy.areas for istat in area.municipalities}
    schools = {
        school_id: Cell(area_of.get(istat or "", ELSEWHERE), str(kind))
        for school_id, istat, kind in session.execute(
            sa.select(School.id, School.municipality_istat, School.kind)
            .join(Municipality, Municipality.istat == School.municipality_istat)
            .where(Municipality.province_code.in_(provinces))
        )
    }
    counts = Counts(cells=set(schools.values()))
    active = _people(session, counts, schools, start_year, days, began)
    counts.open[Measure.SCHOOLS_ACTIVE] = _by_area(schools[one].area for one in active)
    counts.open[Measure.SCHOOLS_ACTIVE][key_of(Measure.SCHOOLS_ACTIVE)] = len(active)
    _companies(session, counts, area_of, provinces, days, began, now)
    _enrolments(session, counts, schools, start_year)
    return counts


def _by_area(areas: Any, measure: Measure = Measure.SCHOOLS_ACTIVE) -> Counter[str]:
    return Counter(key_of(measure, Grouping.AREA, area) for area in areas)


# --- students ---------------------------------------------------------------------------------------------------------


def _people(
    session: Session,
    counts: Counts,
    schools: Mapping[UUID, Cell],
    start_year: int,
    days: tuple[Any, Any],
    began: tuple[datetime, datetime],
) -> set[UUID]:
    """Students into `counts`; which schools had one who did anything."""
    students: dict[UUID, UUID] = {
        row[0]: row[1]
        for row in session.execute(
            sa.select(Student.id, Student.school_id)
            .join(SchoolClass, SchoolClass.id == Student.class_id)
            .where(SchoolClass.start_year == start_year, Student.archived_at.is_(None))
        )
        if row[1] in schools
    }
    reach: dict[UUID, int] = {}
    for step, query in _steps(days, began).items():
        for student_id in session.scalars(query.distinct()):
            reach[student_id] = step  # later steps stand later
    visits = Counter(session.scalars(_visits(began)))
    for student_id, school_id in students.items():
        cell = schools[school_id]
        counts.people[Person(cell, visits[student_id] > 0, reach.get(student_id, Reach.NOWHERE))] += 1
        counts.participations[cell] += visits[student_id]
    return {
        school_id for student_id, school_id in students.items() if student_id in reach or visits[student_id]
    }


def _steps(days: tuple[Any, Any], began: tuple[datetime, datetime]) -> Mapping[int, sa.Select[Any]]:
    placed = (
        sa.select(Placement.student_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(
            Opportunity.kind == Kind.INTERNSHIP, Placement.state != State.CANCELLED,
            Placement.starts_on.between(*days),
        )
    )  # fmt: skip
    return {
        Reach.CHOSE: sa.select(Wish.student_id).where(
            Wish.created_at >= began[0], Wish.created_at < began[1]
        ),
        Reach.APPLIED: sa.select(Application.student_id).where(
            Application.created_at >= began[0], Application.created_at < began[1]
        ),
        Reach.PLACED: placed,
        Reach.OUTCOME: placed.join(ReportedOutcome, ReportedOutcome.placement_id == Placement.id),
    }


def _visits(began: tuple[datetime, datetime]) -> sa.Select[Any]:
    return (
        sa.select(BookingMember.student_id)
        .join(Booking, Booking.id == BookingMember.booking_id)
        .join(VisitSession, VisitSession.id == Booking.visit_session_id)
        .where(
            Booking.state == BookingState.ATTENDED, VisitSession.starts_at >= began[0], VisitSession.starts_at < began[1]
        )
    )  # fmt: skip


# --- companies and events ---------------------------------------------------------------------------------------------


def _companies(
    session: Session,
    counts: Counts,
    area_of: Mapping[str, str],
    provinces: Collection[str],
    days: tuple[Any, Any],
    began: tuple[datetime, datetime],
    now: datetime,
) -> None:
    here = sa.select(Municipality.istat).where(Municipality.province_code.in_(provinces))
    held = session.execute(
        sa.select(VisitSession.id, Opportunity.municipality_istat, Opportunity.company_id)
        .join(Opportunity, Opportunity.id == VisitSession.opportunity_id)
        .where(
            VisitSession.state != SessionState.CANCELLED, VisitSession.starts_at >= began[0],
            VisitSession.starts_at < began[1], VisitSession.ends_at <= now, Opportunity.municipality_istat.in_(here),
        )
    ).all()  # fmt: skip
    events = Measure.SESSIONS_HELD
    counts.open[events] = _by_area((area_of.get(istat or "", ELSEWHERE) for _, istat, _ in held), events)
    counts.open[events][key_of(events)] = len(held)
    active = {company_id for _, _, company_id in held}
    active |= set(
        session.scalars(
            sa.select(Opportunity.company_id).where(
                Opportunity.published_at >= began[0], Opportunity.published_at < began[1],
                Opportunity.municipality_istat.in_(here),
            )
        )
    )  # fmt: skip
    active |= set(
        session.scalars(
            sa.select(Placement.company_id)
            .join(Opportunity, Opportunity.id == Placement.opportunity_id)
            .where(
                Placement.state != State.CANCELLED, Placement.starts_on.between(*days),
                Opportunity.municipality_istat.in_(here),
            )
        )
    )  # fmt: skip
    counts.open[Measure.COMPANIES_ACTIVE] = _active(session, active, area_of)


def _active(session: Session, active: Collection[UUID], area_of: Mapping[str, str]) -> Counter[str]:
    """Each company once: in the area of its main site, and in its size where it says one."""
    sites = sa.select(CompanySite.company_id, CompanySite.municipality_istat).order_by(
        CompanySite.is_main, CompanySite.id.desc()
    )
    main = {row[0]: row[1] for row in session.execute(sites)}  # the main one comes last
    measure = Measure.COMPANIES_ACTIVE
    found: Counter[str] = Counter({key_of(measure): len(active)})
    sizes = {row[0]: row[1] for row in session.execute(sa.select(Company.id, Company.size))}
    for company_id in active:
        found[key_of(measure, Grouping.AREA, area_of.get(main.get(company_id, ""), ELSEWHERE))] += 1
        size = sizes[company_id]
        if size is not None:
            found[key_of(measure, Grouping.SIZE, str(size))] += 1
    return found


# --- enrolments -------------------------------------------------------------------------------------------------------


def _enrolments(session: Session, counts: Counts, schools: Mapping[UUID, Cell], start_year: int) -> None:
    rows = session.execute(
        sa.select(Enrolment.school_id, Enrolment.start_year, Enrolment.track, Enrolment.students).where(
            Enrolment.start_year.between(start_year - YEARS_OF_TREND + 1, start_year)
        )
    ).all()
    here = [row for row in rows if row.school_id in schools]
    sizes: Counter[str] = Counter()
    for row in here:
        sizes[row.track] += row.students
    largest = sorted(sizes, key=lambda track: (-sizes[track], track))[:MOST_TRACKS]
    keys = {track: f"t{hashlib.sha256(track.encode()).hexdigest()[:8]}" for track in largest}
    counts.tracks = {key: track for track, key in keys.items()}
    for row in here:
        track = keys.get(row.track, OTHER_TRACKS)
        counts.enrolled[str(row.start_year), schools[row.school_id].school_kind, track] += row.students
