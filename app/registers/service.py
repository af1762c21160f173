"""Reading what the files for registers hold. A school's year is the one in which a placement begins."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.agreements.models import Agreement, PaperState, Signature
from app.auth import service as auth
from app.auth.actors import Actor
from app.companies.models import Company, CompanySector, CompanySite
from app.hours.models import EntryState, HourEntry
from app.opportunities.models import Opportunity
from app.placements import rules as placements
from app.placements.models import Placement
from app.places.models import Municipality
from app.registers.columns import AgreementLine, HostLine, PlacementLine, Register, columns
from app.schools import rules as schools_rules
from app.schools import service as schools
from app.schools.models import School, SchoolClass
from app.students.models import Student

Sheet = tuple[list[str], list[list[object]]]
"""Headings and rows."""


def sheet(
    session: Session, actor: Actor, register: Register, school_id: UUID, year: int, *, with_names: bool = True
) -> Sheet:
    """One file, of the school year that begins in `year`. Raises NoSuchSchool, and NotAllowed for who does not lead it."""
    school = require(session, actor, school_id)
    lines = _READ[register](session, school, year)
    wanted = columns(register, with_names=with_names)
    return [one.name for one in wanted], [[one.value(line) for one in wanted] for line in lines]


def require(session: Session, actor: Actor, school_id: UUID) -> School:
    """A school whose files the actor may take. Raises NoSuchSchool and NotAllowed."""
    auth.require_scope(actor, "placements:read")
    school = schools.require(session, school_id)
    if not schools_rules.leads(actor, school_id):
        raise errors.NotAllowed("Only who leads the school takes its registers.")
    return school


def students(session: Session, school_id: UUID, year: int) -> list[UUID]:
    """Whom a file with names shows: to be noted as looked at."""
    return list(session.scalars(sa.select(Placement.student_id).where(*_of(school_id, year)).distinct()))


def _of(school_id: UUID, year: int) -> tuple[sa.ColumnElement[bool], ...]:
    begins, ends = (date(one, dates.SCHOOL_YEAR_BEGINS, 1) for one in (year, year + 1))
    return Placement.school_id == school_id, Placement.starts_on >= begins, Placement.starts_on < ends


def _placements(session: Session, school: School, year: int) -> Sequence[PlacementLine]:
    rows = session.execute(
        sa.select(Placement, Student, SchoolClass, Company, Opportunity, Municipality)
        .join(Student, Student.id == Placement.student_id)
        .join(SchoolClass, SchoolClass.id == Placement.class_id)
        .join(Company, Company.id == Placement.company_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .outerjoin(Municipality, Municipality.istat == Opportunity.municipality_istat)
        .where(*_of(school.id, year))
        .order_by(
            SchoolClass.year, SchoolClass.section, Student.family_name, Student.given_name, Placement.starts_on,
            Placement.id,
        )
    )  # fmt: skip
    attended = _attended(session, school.id, year)
    agreed = _agreements(session, school, year)
    return [
        PlacementLine(
            placement, student, school_class, school, company, opportunity, municipality, attended.get(placement.id),
            _covering(agreed, placement),
        )
        for placement, student, school_class, company, opportunity, municipality in rows
    ]  # fmt: skip


def _attended(session: Session, school_id: UUID, year: int) -> dict[UUID, int]:
    """Minutes that stand, by placement of which somebody has said something."""
    stands = sa.case(
        (
            HourEntry.state == EntryState.CONFIRMED,
            sa.func.coalesce(HourEntry.school_minutes, HourEntry.host_minutes),
        ),
        else_=0,
    )
    rows = session.execute(
        sa.select(HourEntry.placement_id, sa.func.sum(stands))
        .join(Placement, Placement.id == HourEntry.placement_id)
        .where(*_of(school_id, year))
        .group_by(HourEntry.placement_id)
    )
    return {placement_id: int(minutes) for placement_id, minutes in rows}


def _covering(agreed: Sequence[AgreementLine], placement: Placement) -> UUID | None:
    return next(
        (
            one.agreement.id
            for one in agreed
            if one.company.id == placement.company_id
            and one.agreement.valid_from <= placement.starts_on
            and placement.ends_on <= one.agreement.valid_until
        ),
        None,
    )


def _agreements(session: Session, school: School, year: int) -> Sequence[AgreementLine]:
    """Those that were signed and hold, or held, on some day of the year; the one that holds longest first."""
    begins, ends = (date(one, dates.SCHOOL_YEAR_BEGINS, 1) for one in (year, year + 1))
    signed = (
        sa.select(sa.func.max(Signature.signed_on))
        .where(Signature.document_id == Agreement.document_id)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Agreement, Company, signed)
        .join(Company, Company.id == Agreement.company_id)
        .where(
            Agreement.school_id == school.id,
            Agreement.state.in_((PaperState.IN_FORCE, PaperState.EXPIRED)),
            Agreement.valid_from < ends,
            Agreement.valid_until >= begins,
        )
        .order_by(Company.search_key, Company.id, Agreement.valid_until.desc(), Agreement.id)
    )
    return [AgreementLine(school, company, agreement, signed_on) for agreement, company, signed_on in rows]


def _hosts(session: Session, school: School, year: int) -> Sequence[HostLine]:
    # A placement that was cancelled has put nobody anywhere.
    rows = session.execute(
        sa.select(Placement.company_id, Placement.student_id, Placement.planned_hours, Opportunity.title)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(*_of(school.id, year), Placement.state.in_(placements.HOLDS_SEAT))
    ).all()
    of_host: dict[UUID, list[sa.Row[UUID, UUID, int, str]]] = defaultdict(list)
    for row in rows:
        of_host[row.company_id].append(row)
    sectors: dict[UUID, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    found = sa.select(CompanySector).where(CompanySector.company_id.in_(of_host))
    for one in session.scalars(found.order_by(CompanySector.is_main.desc(), CompanySector.ateco_code)):
        sectors[one.company_id][one.ateco_edition].append(one.ateco_code)
    sites: dict[UUID, list[str]] = defaultdict(list)
    placed = sa.select(CompanySite).where(CompanySite.company_id.in_(of_host))
    for site in session.scalars(placed.order_by(CompanySite.is_main.desc(), CompanySite.id)):
        sites[site.company_id].append(site.municipality_istat)
    hosts = session.scalars(
        sa.select(Company).where(Company.id.in_(of_host)).order_by(Company.search_key, Company.id)
    )
    return [
        HostLine(
            school, company, sectors[company.id], list(dict.fromkeys(sites[company.id])),
            students=len({row.student_id for row in of_host[company.id]}),
            planned_hours=sum(row.planned_hours for row in of_host[company.id]),
            titles=sorted({row.title for row in of_host[company.id]}),
        )
        for company in hosts
    ]  # fmt: skip


_READ = {
    Register.PLACEMENTS: _placements,
    Register.HOSTS: _hosts,
    Register.AGREEMENTS: _agreements,
}
