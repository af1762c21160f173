"""Two tenants with one thing of each sort, the same in form; what is private to each carries its mark."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.auth import form_tokens
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth.actors import Grant, Role
from app.auth.models import Membership
from app.companies.models import CompanyContact, CompanySite
from app.db import new_id
from app.invitations.models import Invitation
from app.matches import translate
from app.matches.models import StoredRanking
from app.opportunities.models import Status
from app.privacy.models import Erasure, SubjectKind
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
    """A school and a company under one roof, and the three people who are there."""

    name: str
    ids: dict[str, str]
    private: set[str]
    """Ids and words that only this tenant, and whoever runs the service, may see."""
    owned: frozenset[str]
    """Ids of what others may know of, and only this tenant may change or add to."""
    callers: tuple[Caller, ...]

    def known(self, operation: str) -> dict[str, str]:
        """What the operation's ids can be of this tenant, by their names."""
        if operation.endswith("_company_member"):
            return self.ids | {"member_id": self.ids["company_member_id"]}
        return self.ids


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


def _invitation(make: Factory, school_id: UUID, mark: str) -> Invitation:
    return make.add(
        Invitation(
            email=f"{mark}@example.org".lower(), role=Role.TEACHER, school_id=school_id, code_hash=mark,
            created_at=NOW, expires_at=NOW + timedelta(days=14),
        )
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
    erasure = make.add(
        Erasure(subject_kind=SubjectKind.ACCOUNT, subject_id=new_id(), asked_at=NOW, due_at=NOW)
    )
    grants = (
        Grant(Role.SCHOOL_LEAD, school_id=school.id), Grant(Role.COMPANY_ADMIN, company_id=company.id),
        Grant(Role.STUDENT, student_id=student.id),
    )  # fmt: skip
    callers = tuple(_person(name, make.signed_in(grant, name=mark)) for grant in grants)
    make.signed_in(Grant(Role.TEACHER, school_id=school.id), name=f"{mark}Teacher")
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=company.id), name=f"{mark}Member")
    with make.database.write() as session:
        key, _ = keys.issue_key(
            session,
            ACTOR,
            name=f"{mark}Key",
            role=Role.SCHOOL_LEAD,
            scopes=["schools:read"],
            school_id=school.id,
            now=NOW,
        )
        teacher = session.query(Membership).filter_by(school_id=school.id, role=Role.TEACHER).one()
        member = session.query(Membership).filter_by(company_id=company.id, role=Role.COMPANY_MEMBER).one()
    ids = {
        "istat": "037006", "skill_id": "plc-programming", "occupation_id": "7212",
        "programme_id": "it-c3-automazione", "territory_id": make.territory().id, "school_id": school.id,
        "class_id": school_class.id, "company_id": company.id, "site_id": site.id,
        "opportunity_id": make.opportunity(company).id, "erasure_id": erasure.id,
    }  # fmt: skip
    private = {
        "student_id": student.id, "student": student.id, "object_id": student.id, "ranking_id": ranking.id,
        "contact_id": contact.id, "draft_id": draft.id, "key_id": key.id, "account_id": teacher.user_id,
        "tutor_id": teacher.user_id, "member_id": teacher.id, "company_member_id": member.id,
        "invitation_id": _invitation(make, school.id, mark).id,
        "disclosure_id": make.disclosure(student, make.opportunity(company)).id,
        "wish_id": make.wish(student, make.opportunity(company)).id,
    }  # fmt: skip
    return Tenant(
        name,
        {field: str(value) for field, value in (ids | private).items()},
        {mark, *map(str, private.values())},
        frozenset(
            str(ids[field]) for field in ("school_id", "class_id", "company_id", "site_id", "opportunity_id")
        ),
        callers,
    )


def row(operation: str, tenant: Tenant, external_id: str) -> dict[str, Any]:
    """A row of a bulk load that is as it should be."""
    return {"external_id": external_id} | {
        "load_students": {
            "class_id": tenant.ids["class_id"], "given_name": "Ugo", "family_name": "Prova", "born_on": "2008-02-03",
            "municipality_istat": "037006",
        },
        "load_classes": {
            "school_id": tenant.ids["school_id"], "start_year": 2025, "year": 4, "section": external_id,
            "programme_id": tenant.ids["programme_id"],
        },
        "load_companies": {"name": "Officina"},
        "load_opportunities": {
            "company_id": tenant.ids["company_id"], "kind": "internship", "title": "Tirocinio",
            "municipality_istat": "037006",
        },
    }[operation]  # fmt: skip


def written(rows: list[dict[str, Any]], media: str) -> str:
    """The rows as a file of the media type."""
    if media == "application/x-ndjson":
        return "".join(json.dumps(row) + "\n" for row in rows)
    text = io.StringIO()
    table = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)))
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def _person(name: str, token: str) -> Caller:
    cookies = {auth.COOKIE: token}
    form_token = form_tokens.issue(Settings(), form_tokens.holder(cookies) or "")
    return Caller(name, {form_tokens.HEADER: form_token}, cookies)
