"""Two tenants with one thing of each sort, the same in form; what is private to each carries its mark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.auth import form_tokens
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth.actors import Grant, Role
from app.auth.models import Membership
from app.companies.models import CompanyContact, CompanySite
from app.matches import translate
from app.matches.models import StoredRanking
from app.opportunities.models import Status
from app.settings import Settings
from app.skills.models import Occupation
from matching import Weights
from tests.factories import ACTOR, NOW, TODAY, Factory


@dataclass(frozen=True)
class Caller:
    """Somebody who calls: what a request of theirs carries."""

    name: str
    headers: dict[str, str]
    cookies: dict[str, str]


@dataclass(frozen=True)
class Tenant:
    """A school and a company under one roof, and the two people who run them."""

    name: str
    ids: dict[str, str]
    private: frozenset[str]
    """Ids and words that only this tenant, and whoever runs the service, may see."""
    callers: tuple[Caller, ...]


def build(make: Factory) -> tuple[Tenant, Tenant, Caller]:
    """Two tenants and the administrator."""
    make.skill()
    make.add(Occupation(id="7212", esco_uri="http://data.europa.eu/esco/isco/C7212", isco_group="7212"))
    administrator = Caller("administrator", make.bearer(), {})
    return _tenant(make, "Alpha"), _tenant(make, "Beta"), administrator


def _ranking(student_id: UUID) -> StoredRanking:
    return StoredRanking(
        student_id=student_id, line_limit=5, algorithm="bottega-1", weights=translate.weights(Weights()),
        attendance=0.75, seed=0, ranked_on=TODAY, vocabulary="0" * 32, stored_at=NOW,
        expires_at=datetime.now(UTC) + timedelta(days=1), student={"latitude": 44.5, "longitude": 11.3},
    )  # fmt: skip


def _tenant(make: Factory, name: str) -> Tenant:
    mark = f"Private{name}"
    school, company = make.school(name=f"Scuola {name}"), make.company(name=f"Officina {name}")
    school_class = make.school_class(school)
    student = make.student(school_class, given_name=mark, family_name=f"{mark}Family")
    site = make.add(
        CompanySite(company_id=company.id, name="Due", municipality_istat=make.municipality().istat)
    )
    contact = make.add(CompanyContact(company_id=company.id, name=f"{mark}Contact"))
    draft = make.opportunity(
        company, status=Status.DRAFT, title=f"{mark}Draft", published_at=None, published_by=None
    )
    ranking = make.add(_ranking(student.id))
    grants = (
        Grant(Role.SCHOOL_LEAD, school_id=school.id), Grant(Role.COMPANY_ADMIN, company_id=company.id)
    )  # fmt: skip
    callers = tuple(_person(name, make.signed_in(grant, name=mark)) for grant in grants)
    with make.database.write() as session:
        key, _ = keys.issue_key(
            session, ACTOR, name=f"{mark}Key", role=Role.COORDINATOR, scopes=["schools:read"]
        )
        member = session.query(Membership).filter_by(school_id=school.id).one()
    ids = {
        "istat": "037006", "skill_id": "plc-programming", "occupation_id": "7212",
        "programme_id": "it-c3-automazione", "school_id": school.id, "class_id": school_class.id,
        "member_id": member.id, "company_id": company.id, "site_id": site.id, "contact_id": contact.id,
        "student_id": student.id, "key_id": key.id, "opportunity_id": make.opportunity(company).id,
        "ranking_id": ranking.id, "draft_id": draft.id,
    }  # fmt: skip
    secret = ("student_id", "ranking_id", "contact_id", "draft_id", "member_id", "key_id")
    return Tenant(
        name,
        {field: str(value) for field, value in ids.items()},
        frozenset({mark, *(str(ids[field]) for field in secret)}),
        callers,
    )


def _person(name: str, token: str) -> Caller:
    cookies = {auth.COOKIE: token}
    form_token = form_tokens.issue(Settings(), form_tokens.holder(cookies) or "")
    return Caller(name, {form_tokens.HEADER: form_token}, cookies)
