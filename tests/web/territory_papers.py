"""Papers for the pages of the small territory: a placement of Giulia's with a plan to sign, one of Marco's with a draft."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa

from app.agreements import contents, printing, service_codes, service_opening
from app.agreements.models import Language, Signatory, Signature, SignerRole
from app.auth.actors import Actor, Grant, Role
from app.auth.models import User
from app.companies.models import Company
from app.db import Database
from app.schools.models import School
from app.students.models import Student
from tests import things
from tests.factories import Factory
from tests.web.territory import Territory

SITE = "http://127.0.0.1:8000"


def fill(database: Database, land: Territory, now: datetime) -> dict[str, str]:
    """Ids of papers by the names that addresses use, and the token of a guardian's link."""
    make = Factory(database)
    on = now.date()
    school, company = make.get(School, land.school_id), make.get(Company, land.company_id)
    student, classmate = make.get(Student, land.student_id), make.get(Student, land.classmate_id)
    other_company = make.get(Company, land.other_company_id)
    assert school is not None
    assert company is not None
    assert student is not None
    assert classmate is not None
    for bound, email in (({"school_id": school.id}, "lead"), ({"company_id": company.id}, "company")):
        with database.write() as session:
            user = session.scalars(sa.select(User).where(User.email == land.emails[email])).one()
            session.add(Signatory(**bound, user_id=user.id, name=user.name))
    with database.write() as session:  # a minor, whatever the year
        session.get_one(Student, student.id).born_on = date(on.year - 17, 1, 1)
    with database.read() as session:
        teacher = session.scalars(sa.select(User.id).where(User.email == land.emails["teacher"])).one()
    days = {"starts_on": on + timedelta(days=30), "created_at": now, "due_at": now + timedelta(days=30)}
    placement = make.placement(
        student, make.opportunity(company, title="Cablaggi"), school_tutor_id=teacher, **days
    )
    other = make.placement(classmate, make.opportunity(other_company), **days)
    plan = make.plan(
        placement, created_at=now, due_at=now + timedelta(days=30), safety_measures="Scarpe e occhiali."
    )
    draft = make.plan(
        other, created_at=now, due_at=now + timedelta(days=30), guardian_name=None, guardian_email=None
    )
    agreement = make.agreement(
        school, company, state="sent", created_at=now, valid_from=on, valid_until=date(on.year + 2, 8, 31),
        due_at=now + timedelta(days=14),
    )  # fmt: skip
    staff = Actor(kind="user", id=None, name="tests", grants=(Grant(Role.SCHOOL_LEAD, school_id=school.id),))
    with database.read() as session:
        seen = service_opening.require_ready(session, staff, plan.id, now=now)
        data, version = contents.of_paper(session, seen, Language.ITALIAN, now), seen.paper.version
    printed = printing.print_paper(data, version=version, now=now)
    with database.write() as session:
        service_opening.open_paper(
            session, staff, plan.id, printed, language=Language.ITALIAN, now=now.astimezone(UTC), site=SITE
        )
        guardian = session.scalars(
            sa.select(Signature).where(Signature.paper_id == plan.id, Signature.role == SignerRole.GUARDIAN)
        ).one()
        token = service_codes.make_link(session, guardian)
    return {
        "plan_id": str(plan.id), "draft_plan_id": str(draft.id), "sent_id": str(agreement.id), "token": token,
        **things.of_evidence(make),
    }  # fmt: skip
