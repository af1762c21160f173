"""Papers of every sort for the tables that go through all operations."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from app.agreements.models import Signatory, Signature, SignerRole
from app.companies.models import Company
from app.placements.models import State
from app.schools.models import School
from app.students.models import Student
from tests.factories import TODAY, Factory


def papers_of(make: Factory, school: School, company: Company, student: Student) -> dict[str, str]:
    """A placement with a plan and an amendment in drafts, one that runs; a draft of an agreement, and
    one of which the host's signature is missing."""
    other = make.company()
    with make.database.write() as session:
        for bound in ({"school_id": school.id}, {"company_id": company.id}, {"company_id": other.id}):
            if session.query(Signatory).filter_by(**bound).first() is None:
                session.add(Signatory(**bound, name="Anna Neri"))
    far = TODAY + timedelta(days=400)  # of all other placements
    planned = make.placement(student, make.opportunity(company), starts_on=far)
    running = make.placement(
        student, make.opportunity(company), state=State.RUNNING, starts_on=TODAY - timedelta(days=3)
    )
    plan, signing = make.plan(planned), make.agreement(school, company, state="signing")
    asked = Signature(
        paper_id=signing.id, document_id=signing.document_id, role=SignerRole.HOST, position=3, name="Anna Neri",
        asked_at=signing.created_at,
    )  # fmt: skip
    make.add(asked)
    found = {
        "planned_id": planned.id, "running_id": running.id, "plan_id": plan.id,
        "paper_id": plan.id, "amendment_id": make.amendment(planned).id, "signing_id": signing.id,
        "agreement_id": make.agreement(school, other).id, "document_id": signing.document_id,
        "lone_company_id": make.company().id,
    }  # fmt: skip
    return {name: str(value) for name, value in found.items()}


def let_sign(make: Factory, paper_id: UUID, user_id: UUID) -> None:
    """Let this person be who has to sign."""
    with make.database.write() as session:
        session.execute(sa.update(Signature).where(Signature.paper_id == paper_id).values(user_id=user_id))
