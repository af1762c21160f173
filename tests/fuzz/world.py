"""Two tenants with one thing of each sort, the same in form; what is private to each carries its mark."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from app.agreements import service_codes as signing_codes
from app.agreements.models import Document, Signature
from app.auth import form_tokens
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role
from app.auth.models import Membership
from app.companies.models import Company, CompanyContact, CompanySite
from app.concerns.models import Stage
from app.db import new_id
from app.invitations.models import Invitation
from app.jobs.models import Job
from app.jobs.rules import JobKind
from app.laws.models import HostActivity
from app.matches.engine import Engine
from app.network.models import CompanyNote
from app.notifications.models import Notification
from app.opportunities.models import Status
from app.placements.models import Placement, State
from app.placements.rules import ENDED, HOLDS_SEAT
from app.privacy.models import Erasure, SubjectKind
from app.schools.models import School
from app.settings import Settings
from app.skills.models import Occupation
from app.students.models import Student
from tests import test_openapi as calls
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.papers import let_sign, papers_of
from tests.things import of_evidence, of_kit, of_placement, of_protocol, of_series, of_visit

SETTINGS = Settings(rate_limit_per_minute=2**31 - 1, look_delay_seconds=0)


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
    private: frozenset[str]
    """Ids and words that only this tenant, and whoever oversees both, may see."""
    owned: frozenset[str]
    """Ids of what others may know of, and only this tenant may change or add to."""
    callers: tuple[Caller, ...]

    def known(self, operation: str) -> dict[str, str]:
        """What the operation's ids can be of this tenant, by their names: things in a state that it can do something with."""
        others = OTHERS.get(operation, {})
        return self.ids | {name: self.ids[other] for name, other in others.items()}

    def good_body(self, operation: str) -> Any:
        """A body that the operation takes, of somebody who may call it."""
        if operation == "sign_paper":
            return {"code": self.ids["signing_code"], "digest": self.ids["signing_digest"]}
        return calls.filled(calls.BODIES.get(operation), self.ids)


OTHERS = calls.OTHERS | {
    "edit_company_member": {"member_id": "company_member_id"},
    "remove_company_member": {"member_id": "company_member_id"},
    "choose_company_signatory": {"user_id": "host_tutor_id"},
    "read_round_result": {"opportunity": "opportunity_id"},
    "mark_notifications": {"id": "notification_id"},
    "create_attendance": {"placement_id": "worked_placement_id", "code": "attendance_code"},
    "sign_paper": {"paper_id": "signing_id", "code": "signing_code", "digest": "signing_digest"},
}


OVERSEERS = ("administrator", "coordinator")


@dataclass(frozen=True)
class World:
    """Both tenants, and who is above them."""

    tenants: tuple[Tenant, Tenant]
    overseers: tuple[Caller, ...]
    """Whoever runs the service, and who coordinates the territory: they see of both what is not told to the other."""


def build(make: Factory) -> World:
    """Two tenants, the administrator and the coordinator."""
    make.skill()
    make.add(Occupation(id="7212", esco_uri="http://data.europa.eu/esco/isco/C7212", isco_group="7212"))
    coordinator = make.signed_in(Role.COORDINATOR, name="Coordinator")
    overseers = Caller(OVERSEERS[0], make.bearer(), {}), _person(OVERSEERS[1], coordinator)
    return World((_tenant(make, "Alpha"), _tenant(make, "Beta")), overseers)


def _tenant(make: Factory, name: str) -> Tenant:
    mark = f"Private{name}"
    school, company = make.school(name=f"Scuola {name}"), make.company(name=f"Officina {name}")
    school_class = make.school_class(school)
    student = make.student(school_class, given_name=mark, family_name=f"{mark}Family")
    grants = (
        Grant(Role.SCHOOL_LEAD, school_id=school.id), Grant(Role.COMPANY_ADMIN, company_id=company.id),
        Grant(Role.STUDENT, student_id=student.id),
    )  # fmt: skip
    tokens = [make.signed_in(grant, name=mark) for grant in grants]
    lead_id = _user_of(make, tokens[0])
    private = _people(make, mark, school, company) | _of_person(make, lead_id)
    private |= _things(make, mark, company, student, private["tutor_id"])
    private |= papers_of(make, school, company, student)
    private |= calls.rounds_of(make, student, make.opportunity(company))
    private |= of_placement(make, student, make.opportunity(company))
    private |= of_visit(make, student, company) | of_series(make, make.territory(), company)
    private |= of_kit(make, make.territory(), company, school, "037006")
    private |= of_protocol(make, make.territory(), company)
    private |= of_evidence(make, f"Territorio {name}")
    private["closing_id"] = make.closing(school).id
    private["test_id"] = make.class_test(school_class, subject=f"{mark} test").id
    pair = make.school_class(school, year=5)
    for _ in range(2):
        make.student(pair, given_name=mark, family_name=f"{mark}Family")
    public = {field: private.pop(field) for field in PUBLIC} | _to_sign(make, private["signing_id"], lead_id)
    public |= {
        "istat": "037006", "skill_id": "plc-programming", "occupation_id": "7212",
        "programme_id": "it-c3-automazione", "territory_id": make.territory().id, "school_id": school.id,
        "class_id": school_class.id, "pair_class_id": pair.id, "company_id": company.id, "site_id": _site(make, company).id,
        "activity_id": make.add(HostActivity(company_id=company.id, name="Cablaggio")).id,
        "waiting_id": make.company(is_approved=False).id, "rule_id": make.law_rule().id,
        "erasure_id": make.add(_erasure()).id,
        "patron_id": make.patron_day(make.municipality(f"0370{len(name):02}").istat).id,
        "free_istat": make.municipality("037032", name="Imola").istat,
    }  # fmt: skip
    ids = {field: str(value) for field, value in (public | private).items()}
    return Tenant(
        name,
        ids,
        frozenset({mark, *(ids[field] for field in private)}),
        frozenset(ids[field] for field in OWNED),
        tuple(_person(name, token) for token in tokens),
    )


OWNED = ("school_id", "class_id", "company_id", "site_id", "opportunity_id", "closing_id")
PUBLIC = (
    "opportunity_id", "shared_round_id", "joined_round_id", "run_number", "lone_company_id", "attendance_code",
    "notification_id", "visit_id", "visit_session_id", "open_session_id", "second_session_id", "held_session_id", "came_session_id", "quota_id", "closing_id",
    "series_id", "proposed_visit_id", "asked_id", "askable_id", "kit_id",
)  # fmt: skip
"""What is no secret, too short to be looked for, or passed over without a word where it is another's."""
Things = dict[str, Any]


def _site(make: Factory, company: Company) -> CompanySite:
    return make.add(
        CompanySite(company_id=company.id, name="Due", municipality_istat=make.municipality().istat)
    )


def _erasure() -> Erasure:
    return Erasure(subject_kind=SubjectKind.ACCOUNT, subject_id=new_id(), asked_at=NOW, due_at=NOW)


def _people(make: Factory, mark: str, school: School, company: Company) -> Things:
    """A teacher and somebody of the company, a key and an invitation."""
    make.signed_in(Grant(Role.TEACHER, school_id=school.id), name=f"{mark}Teacher")
    make.signed_in(Grant(Role.COMPANY_MEMBER, company_id=company.id), name=f"{mark}Member")
    invitation = make.add(
        Invitation(
            email=f"{mark}@example.org".lower(), role=Role.TEACHER, school_id=school.id, code_hash=mark,
            created_at=NOW, expires_at=NOW + timedelta(days=14),
        )
    )  # fmt: skip
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
    as_teacher = ("account_id", "tutor_id", "school_tutor_id", "user_id", "before_id", "after_id")
    return dict.fromkeys(as_teacher, teacher.user_id) | {
        "member_id": teacher.id, "company_member_id": member.id, "host_tutor_id": member.user_id,
        "key_id": key.id, "invitation_id": invitation.id,
    }  # fmt: skip


def _of_person(make: Factory, user_id: UUID) -> Things:
    """What is one person's alone."""
    job = Job(kind=JobKind.MATCH_RUN, arguments={"limit": 5}, started_by=f"user:{user_id}", created_at=NOW)
    told = Notification(
        user_id=user_id, kind="job_ended", subject_key=str(user_id), data={}, path="/jobs", created_at=NOW
    )
    return {
        "job_id": make.add(job).id, "notification_id": make.add(told).id,
        "bulk_change_id": make.bulk_change(made_by=f"user:{user_id}").id,
    }  # fmt: skip


def _to_sign(make: Factory, paper_id: str, user_id: UUID) -> Things:
    """Let this person be who has to sign, with a code to do it."""
    let_sign(make, UUID(paper_id), user_id)
    with make.database.write() as session:
        signature = session.query(Signature).filter_by(paper_id=UUID(paper_id)).one()
        return {
            "signing_code": signing_codes.make(session, SETTINGS.secret_key, signature, NOW),
            "signing_digest": session.get_one(Document, signature.document_id).digest,
        }


def _user_of(make: Factory, token: str) -> UUID:
    with make.database.read() as session:
        return sessions.find_present(session, token, NOW).user_id


def _things(make: Factory, mark: str, company: Company, student: Student, tutor_id: UUID) -> Things:
    """What there is of the student and of the company."""
    placements = _placements(make, company, student, tutor_id)
    concern = make.concern(placements[State.PLANNED], stage=Stage.TERRITORY, territory_at=NOW)
    note = CompanyNote(company_id=company.id, text=f"{mark}Note", written_at=NOW, written_by=ACTOR.mark)
    drafted = {
        "status": Status.DRAFT,
        "title": f"{mark}Draft",
        "published_at": None,
        "published_by": None,
    }
    return {
        "student_id": student.id, "student": student.id, "object_id": student.id,
        "pseudonym": Engine(SETTINGS, lambda: NOW).pseudonym(company.id, student.id),
        "contact_id": make.add(CompanyContact(company_id=company.id, name=f"{mark}Contact")).id,
        "draft_id": make.opportunity(company, **drafted).id, "note_id": make.add(note).id,
        "ranking_id": calls.stored_ranking(make, student.id).id,
        "training_id": make.safety_training(student).id,
        "disclosure_id": make.disclosure(student, make.opportunity(company)).id,
        "application_id": make.application(student, make.opportunity(company)).id,
        "wish_id": make.wish(student, make.opportunity(company)).id,
        "recommendation_id": make.recommendation(student, make.opportunity(company)).id,
        "placement_id": placements[State.PLANNED].id, "concern_id": concern.id,
        **{f"{state}_placement_id": one.id for state, one in placements.items()},
    }  # fmt: skip


def _placements(make: Factory, company: Company, student: Student, tutor_id: UUID) -> dict[State, Placement]:
    """One in each state, each at other times."""
    ended = {"ended_at": NOW, "ended_by": ACTOR.mark, "ended_for": "school", "end_reason": "moved"}
    return {
        state: make.placement(
            student,
            make.opportunity(company, seats_taken=int(state in HOLDS_SEAT)),
            state=state,
            school_tutor_id=tutor_id,
            starts_on=TODAY + timedelta(days=14 * number),
            **(ended if state in ENDED else {}),
        )
        for number, state in enumerate(State, start=1)
    }


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
    form_token = form_tokens.issue(SETTINGS, form_tokens.holder(cookies) or "")
    return Caller(name, {form_tokens.HEADER: form_token}, cookies)
