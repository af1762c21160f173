"""The API's document is sound, and says neither more nor less than the API does.

The table below has one good call for each operation; everything that can go wrong is made out of it. An operation that
is missing here, a status that it declares and never gives, and one that it gives and does not declare: each fails.
Whether media types, headers and bodies are as declared is looked at by `tests.contract` in every test of the API.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, NoReturn
from uuid import UUID, uuid4

import httpx2
import pytest
from jsonschema import Draft202012Validator
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from app import api, openapi
from app.actors.service_protocols import MOST_PROTOCOLS
from app.agreements import service_codes as signing_codes
from app.agreements.models import Document, Signature
from app.attendances import service_codes
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.auth.models import IdempotencyKey, Membership, User
from app.companies.models import Company, CompanyContact, CompanySite
from app.companies.schemas import MOST_CONTACTS, MOST_SITES
from app.concerns.models import Stage
from app.concerns.rules import MOST_OPEN
from app.db import Database, ids_from
from app.demo.chance import Chance
from app.invitations import service as invitations
from app.invitations.models import Invitation
from app.jobs.models import Job, JobState
from app.jobs.rules import JobKind
from app.kits.models import Kit, KitCopy
from app.main import create_app
from app.matches import translate
from app.matches.engine import Engine
from app.matches.models import StoredRanking
from app.matches.service_rankings import MOST_RANKINGS
from app.network.models import CompanyNote
from app.network.service_notes import MOST_NOTES
from app.opportunities.models import Kind, Opportunity, Status
from app.placements.models import Placement, State
from app.placements.rules import ENDED
from app.privacy.models import Erasure
from app.rest import encode_cursor
from app.rounds.models import RoundState
from app.schools.models import School, SchoolClass
from app.settings import Settings
from app.skills.models import Occupation
from app.students.models import Student
from app.wishes.rules import MOST_RANKED
from matching import Weights
from tests import contract, things
from tests.caller import Caller
from tests.conftest import UndoneDatabase
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.papers import let_sign, papers_of

OPERATIONS = {
    operation["operationId"]: (path, method, operation) for path, method, operation in contract.operations()
}
"""Path, method and operation by operation id."""

World = dict[str, str]

# --- one good call for each operation ---------------------------------------------------------------------------------

QUERIES: dict[str, dict[str, str]] = {
    "list_municipalities": {"q": "bo"},
    "read_search": {"q": "plc"},
    "list_occupations": {"q": "sal"},
    "list_student_matches": {"explain": "full"},
    "list_student_paths": {"goal": "reach"},
    "read_visibility": {"student": "{student_id}"},
    "read_roll_over": {"year": "2026"},
    "load_students": {"source": "register"},
    "load_classes": {"source": "register"},
    "load_companies": {"source": "register"},
    "load_opportunities": {"source": "register"},
}
BODIES: dict[str, dict[str, Any]] = {
    "create_class": {"school_id": "{school_id}", "start_year": 2026, "year": 3, "section": "Z"},
    "edit_class": {"section": "Y"},
    "create_member": {"email": "new@example.org", "name": "New", "role": "school_lead"},
    "edit_member": {"role": "teacher", "class_ids": ["{class_id}"]},
    "edit_company_member": {"role": "company_admin"},
    "create_invitation": {"email": "new@example.org", "role": "teacher", "school_id": "{school_id}"},
    "create_student_codes": {"student_ids": ["{student_id}"]},
    "create_company": {"name": "Rossi", "tax_code": "01234567890"},
    "edit_company": {"description": "Torneria"},
    "create_company_site": {"name": "Capannone", "municipality_istat": "{istat}"},
    "edit_company_site": {"address": "via Emilia 1"},
    "create_company_contact": {"name": "Bianchi"},
    "edit_company_contact": {"phone": "+39 051 123456"},
    "create_student": {
        "class_id": "{class_id}", "given_name": "Ugo", "family_name": "Prova", "born_on": "2009-02-03",
        "municipality_istat": "{istat}", "source": "register", "external_id": "U-2",
    },
    "edit_student": {"max_km": 12},
    "create_opportunity": {
        "company_id": "{company_id}", "kind": "internship", "title": "Tornio", "source": "hr", "external_id": "T-2",
    },
    "edit_opportunity": {"seats": 3},
    "create_ranking": {"student_id": "{student_id}", "limit": 5},
    "create_student_erasure": {"confirm": True},
    "create_my_erasure": {"confirm": True},
    "create_key": {"name": "Register", "role": "school_lead", "school_id": "{school_id}", "scopes": ["schools:read"]},
    "rotate_key": {"overlap_days": 3},
    "create_territory": {"name": "Altrove", "province_codes": ["BO"]},
    "reject_company": {"reason": "Manca il codice fiscale."},
    "create_company_note": {"text": "Richiamare a gennaio."},
    "create_disclosure": {"pseudonym": "{pseudonym}"},
    "accept_disclosure": {},
    "create_roll_over": {"year": 2026, "choices": []},
    "create_concern": {"kind": "hours", "text": "Faccio dieci ore al giorno."},
    "create_concern_message": {"text": "Ne parlo con l'azienda."},
    "ask_concern_name": {"reason": "Devo chiamare la famiglia."},
    "close_concern": {"reason": "Risolto."},
    "create_job": {"kind": "match_run", "limit": 5},
    "mark_notifications": {"ids": []},
    "choose_mail_preference": {"kind": "job_ended", "mail": "daily"},
    "create_placement": {
        "student_id": "{student_id}", "opportunity_id": "{opportunity_id}", "starts_on": "2026-05-04",
        "ends_on": "2026-05-15", "daily_hours": 8, "planned_hours": 80,
    },
    "edit_placement": {"planned_hours": 72},
    "cancel_placement": {"reason": "unsafe"},
    "interrupt_placement": {"reason": "unsafe"},
    "create_law_rule": {
        "code": "hours", "measure": "daily_hours", "parameters": {"hours": 6, "under_age": 18}, "severity": "warns",
        "starts_on": "2026-09-01", "source": "L. 1/2026", "message_it": "Troppe ore.", "message_en": "Too many hours.",
    },
    "edit_company_safety": {"assessed_on": "2025-11-03", "risk": "low", "activities": [{"name": "Saldatura"}]},
    "create_safety_trainings": {
        "student_ids": ["{student_id}"], "kind": "general", "hours": 4, "held_on": "2025-10-01", "held_by": "Scuola",
    },
    "create_tutor_capacity": {"user_id": "{tutor_id}", "start_year": 2025, "most_students": 9},
    "create_tutor_leave": {"user_id": "{tutor_id}", "starts_on": "2026-02-02", "ends_on": "2026-02-06"},
    "create_tutor_substitution": {
        "side": "school", "before_id": "{tutor_id}", "after_id": "{tutor_id}", "from_on": "2026-02-02",
        "placement_ids": ["{placement_id}"],
    },
    "create_school_closings": {
        "closings": [{"starts_on": "2026-12-24", "ends_on": "2027-01-06", "name": "Natale", "kind": "nobody_expected"}],
    },
    "create_patron_day": {"municipality_istat": "{free_istat}", "month": 10, "day": 4, "name": "San Petronio"},
    "create_student_wish": {"opportunity_id": "{opportunity_id}"},
    "edit_student_wish": {"position": None},
    "create_student_application": {
        "opportunity_id": "{opportunity_id}", "starts_on": "2026-06-01", "ends_on": "2026-06-12",
    },
    "create_application_moves": {"action": "see", "items": [{"application_id": "{application_id}", "version": 1}]},
    "create_visit_session": {"starts_at": "2026-03-02T09:00:00+01:00", "ends_at": "2026-03-02T11:00:00+01:00", "seats": 4},
    "edit_visit_session": {"seats": 4},
    "create_quota": {"name": "Quinte", "year": 5, "seats": 2},
    "create_booking": {"student_id": "{student_id}"},
    "create_booking_move": {"action": "cancel", "version": 1},
    "create_split_booking": {"second_session_id": "{second_session_id}", "class_id": "{pair_class_id}", "adults": 2},
    "create_class_tests": {"tests": [{"held_on": "2026-03-02", "subject": "matematica", "part": "morning"}]},
    "create_session_run": {
        "rrule": "FREQ=WEEKLY;BYDAY=TU", "first_on": "2026-03-02", "last_on": "2026-03-20", "starts_at": "09:00",
        "ends_at": "11:00", "seats": 4, "without_on": ["2026-03-10"],
    },
    "create_check_in": {"students": 1},
    "create_code_check_in": {"code": "{booking_code}"},
    "create_visit_hours": {"school_id": "{school_id}", "hours": 4},
    "create_visit_feedback": {"discovery": "a_job", "recommends": "yes"},
    "create_series": {
        "territory_id": "{territory_id}", "name_it": "Settimana aperta", "name_en": "Open week", "kind": "open_days",
        "starts_on": "2026-03-02", "ends_on": "2026-03-06",
    },
    "edit_series": {"state": "closed"},
    "create_kit": {
        "company_id": "{company_id}", "kind": "internship", "title": "Banco prova", "first_year": 4, "last_year": 5,
        "steps": [{"title": "Una visita", "company_minutes": 60, "teacher_minutes": 30}],
        "skills": [{"skill_id": "{skill_id}", "level": 2}],
    },
    "edit_kit": {"result": "Un banco che funziona."},
    "create_kit_copy": {"company_id": "{company_id}"},
    "edit_kit_copy": {"company_minutes": 90},
    "edit_hosting": {"allows_gaps": True},
    "create_hosting_partner": {"company_id": "{askable_id}"},
    "create_hosting_partner_move": {"action": "withdraw", "version": 1},
    "create_series_proposal": {"opportunity_id": "{visit_id}", "audiences": ["students", "families"]},
    "edit_series_proposal": {"is_step_free": True},
    "create_series_proposal_move": {"action": "take", "version": 1},
    "edit_contact_limit": {"per_month": 3},
    "edit_appetite": {"appetite": "interested"},
    "create_protocol": {
        "title": "Patto di Bologna", "signed_on": "2026-01-12",
        "parties": [
            {"actor_id": "{school_id}"}, {"actor_id": "{company_id}", "pledge": "seats", "per_year": 40},
        ],
    },
    "edit_protocol": {"document_number": "PG/12"},
    "create_edition": {"policy": "network", "start_year": 2025},
    "edit_outcome": {"outcome": "its_enrolment"},
    "edit_areas": {
        "sectors": [{"key": "machines", "it": "Macchine", "en": "Machines", "divisions": ["2025-28"]}],
        "priorities": [{
            "key": "plc", "it": "PLC per le macchine", "en": "PLC for machines", "sector": "machines",
            "skill_id": "{skill_id}", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "reason": "Mancano tecnici.",
            "decided_by": "Tavolo metropolitano",
        }],
    },
    "create_answers": {"items": [{"pseudonym": "{pseudonym}", "verdict": "maybe"}]},
    "create_renewal": {"seats": 3},
    "create_hour_entry": {"worked_on": "2026-01-06", "minutes": 480},
    "edit_hour_entry": {"minutes": 30},
    "create_hour_confirmations": {
        "items": [{"placement_id": "{worked_placement_id}", "worked_on": "2026-01-07", "minutes": 480}],
    },
    "create_attendance": {"what": "arrival", "code": "{attendance_code}"},
    "create_hour_credits": {
        "student_ids": ["{student_id}"], "kind": "visit", "title": "Fiera", "held_on": "2026-01-07", "hours": 4,
    },
    "create_diary_entry": {"written_on": "2026-01-06", "did": "Ho montato un quadro."},
    "edit_diary_entry": {"learnt": "A leggere uno schema."},
    "create_evaluation": {
        "marks": [
            {"criterion": one, "mark": 3} for one in ("welcome", "tasks", "help", "learning", "safety")
        ],
        "would_repeat": True,
    },
    "edit_evaluation": {"words": "Preciso."},
    "create_skill_validations": {"skills": [{"student_id": "{student_id}", "skill_id": "{skill_id}", "level": 3}]},
    "create_recommendations": {"student_ids": ["{student_id}"], "note": "Fa per te."},
    "create_round": {
        "school_id": "{school_id}", "class_ids": ["{class_id}"], "name": "Giugno", "kinds": ["internship"],
        "starts_on": "2026-06-01", "ends_on": "2026-07-31", "opens_on": "2026-01-12", "closes_on": "2026-01-31",
        "publish_by": "2026-02-28",
    },
    "edit_round": {"max_wishes": 3},
    "create_round_school": {"school_id": "{school_id}", "class_ids": ["{class_id}"]},
    "collect_late_wishes": {"student_ids": ["{student_id}"]},
    "create_round_pin": {"student_id": "{student_id}", "opportunity_id": "{opportunity_id}", "ruling": "ban"},
    "create_round_run": {"mode": "optimal"},
    "choose_round_run": {"run_number": 1},
    "try_round": {"changes": [{"student_id": "{student_id}", "opportunity_id": "{opportunity_id}", "is_ban": True}]},
    "publish_round": {"run_number": 1},
    "order_candidates": {"pseudonyms": ["{pseudonym}"]},
    "create_agreement": {
        "school_id": "{school_id}", "company_id": "{lone_company_id}", "valid_from": "2025-09-01", "valid_until": "2027-08-31",
    },
    "edit_agreement": {"insurance_policy": "P-2"},
    "choose_school_signatory": {"name": "Anna Neri"},
    "choose_company_signatory": {"name": "Ugo Bo"},
    "create_training_plans": {"placement_ids": ["{placement_id}"]},
    "edit_training_plan": {"activities": "Monta."},
    "create_amendment": {"daily_hours": 6},
    "create_interruption": {"ended_on": "2026-01-12", "party": "student", "reason": "moved"},
    "move_paper": {"action": "open"},
    "sign_paper": {"code": "AAAA-AAAA", "digest": "0" * 64},
    "create_signatures": {"roles": ["host"], "signed_on": "2026-01-12", "archive_number": "12/2026"},
    "recognise_skills": {"text": "Cerchiamo chi sa di PLC", "language": "it"},
}  # fmt: skip
BODIES["try_session_run"] = BODIES["create_session_run"]


WRONG_QUERIES = {
    "read_placement_counts": {"start_year": "1999"},
    "read_supply": {"kind": "job"},
    "read_indicators": {"start_year": "1999"},
    "read_portfolio": {"starts_on": "2026-02-02", "ends_on": "2026-02-01"},
    "read_needs": {"track": "-"},
    "read_unmet_students": {"skill": "-"},
}
"""What an operation refuses that has nothing else to be refused."""

OTHERS: dict[str, dict[str, str]] = {
    "archive_opportunity": {"opportunity_id": "draft_id"},
    **{
        f"{verb}_{noun}": {"opportunity_id": "visit_id"}
        for noun, verbs in {
            "visit_session": ("create", "read", "edit", "cancel"), "visit_sessions": ("list",),
            "quota": ("create", "remove"), "quotas": ("list",), "session_run": ("try", "create"), "opportunity_clashes": ("read",),
        }.items()
        for verb in verbs
    },
    "create_booking": {"visit_session_id": "open_session_id"},
    "create_split_booking": {"visit_session_id": "open_session_id"},
    "create_check_in": {"booking_id": "come_booking_id"},
    "create_visit_feedback": {"booking_id": "come_booking_id"},
    "create_code_check_in": {"visit_session_id": "came_session_id"},
    "create_visit_hours": {"opportunity_id": "visit_id"},
    "approve_company": {"company_id": "waiting_id"},
    "reject_company": {"company_id": "waiting_id"},
    "submit_company": {"company_id": "waiting_id"},
    "create_interruption": {"placement_id": "running_id"},
    "create_signing_code": {"paper_id": "signing_id"},
    "sign_paper": {"paper_id": "signing_id"},
    "create_signatures": {"paper_id": "signing_id"},
    "move_paper": {"paper_id": "agreement_id"},
    **{f"{verb}_outcome": {"placement_id": "finished_placement_id"} for verb in ("read", "edit", "remove")},
    "interrupt_placement": {"placement_id": "running_placement_id"},
    "restore_placement": {"placement_id": "cancelled_placement_id"},
    "complete_placement": {"placement_id": "finished_placement_id"},
    **{
        f"{verb}_{noun}": {"placement_id": "worked_placement_id"}
        for noun, verbs in {
            "hour_entry": ("create", "read", "edit"), "hour_entries": ("list",), "attendance": ("create",),
            "diary_entry": ("create", "read", "edit"), "diary_entries": ("list",),
            "evaluation": ("create", "read", "edit", "confirm"), "evaluations": ("read",),
        }.items()
        for verb in verbs
    },
    "create_round_school": {"round_id": "shared_round_id"},
    "list_round_schools": {"round_id": "shared_round_id"},
    "invite_round": {"round_id": "shared_round_id"},
    "remove_round_school": {"round_id": "joined_round_id"},
} | {key: {"round_id": "open_round_id"} for key in ("edit_round", "freeze_round", "remind_round")}  # fmt: skip
"""What an operation is called for where the usual thing of its kind does not do."""


@dataclass(frozen=True)
class Request:
    """A call that can be changed into one that fails."""

    method: str
    path: str
    world: World
    ids: World
    query: dict[str, str]
    headers: dict[str, str]
    body: dict[str, Any] | None = None
    content: bytes | None = None

    @property
    def url(self) -> str:
        return api.PREFIX + self.path.format(**self.ids)

    def send(self, client: TestClient, **headers: str) -> httpx2.Response:
        return client.request(
            self.method,
            self.url,
            params=self.query,
            headers=self.headers | headers,
            json=self.body,
            content=self.content,
        )


def good_call(name: str, world: World) -> Request:
    path, method, operation = OPERATIONS[name]
    headers = {"If-Match": "*"} if "428" in operation["responses"] else {}
    body = filled(BODIES.get(name), world)
    if body is not None:
        [headers["Content-Type"]] = operation["requestBody"]["content"]
    content = None
    if name.startswith("load_"):
        headers["Content-Type"], content = "application/x-ndjson", b'{"external_id": "1"}'
    others = OTHERS.get(name, {})
    ids = {variable: world[others.get(variable, variable)] for variable in re.findall(r"\{(\w+)\}", path)}
    if name.endswith("_company_member"):
        ids["member_id"] = world["company_member_id"]
    query = filled(QUERIES.get(name, {}), world)
    return Request(method.upper(), path, world, ids, query, headers, body, content)


def filled(value: Any, world: World) -> Any:
    if isinstance(value, dict):
        return {name: filled(one, world) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, world) for one in value]
    return value.format(**world) if isinstance(value, str) else value


@dataclass(frozen=True)
class Land:
    """A database with one thing of each sort, made once for all tests."""

    database: UndoneDatabase
    make: Factory
    world: World


@pytest.fixture(scope="module")
def land(migrated: Database) -> Iterator[Land]:
    with migrated.engine.connect() as connection:
        transaction = connection.begin()
        database = UndoneDatabase(connection)
        make = Factory(database)
        with ids_from(Chance(0, __name__).id):
            world = one_of_each(make)
        yield Land(database, make, world)
        transaction.rollback()


@pytest.fixture
def database(land: Land) -> Iterator[Database]:
    with land.database.attempt():
        yield land.database


@pytest.fixture
def make(land: Land) -> Factory:
    return land.make


@pytest.fixture
def world(land: Land) -> World:
    return land.world


def one_of_each(make: Factory) -> World:
    """One thing of each sort."""
    school, company = make.school(), make.company()
    school_class = make.school_class(school)
    student = make.student(school_class)
    pair = make.school_class(school, year=5)
    for _ in range(2):
        make.student(pair)
    make.skill()
    make.add(Occupation(id="7212", esco_uri="http://data.europa.eu/esco/isco/C7212", isco_group="7212"))
    site = make.add(
        CompanySite(company_id=company.id, name="Due", municipality_istat=make.municipality().istat)
    )
    contact = make.add(CompanyContact(company_id=company.id, name="Neri"))
    make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school.id), name="Lead")
    with make.database.write() as session:
        key, _ = keys.issue_key(
            session, ACTOR, name="k", role=Role.ADMINISTRATOR, scopes=["schools:read"], now=NOW
        )
        teacher = people.add_user(session, ACTOR, email="teacher@example.org", name="Teacher")
        member = people.add_membership(session, teacher.id, Grant(Role.TEACHER, school_id=school.id))
        worker = people.add_membership(session, teacher.id, Grant(Role.COMPANY_MEMBER, company_id=company.id))
        invitation = invitations.create(
            session, ACTOR, email="x@example.org", role=Role.SCHOOL_LEAD, school_id=school.id,
            secret=Settings().secret_key, address="http://127.0.0.1/invitation", now=NOW,
        )  # fmt: skip
    placement = make.placement(student, make.opportunity(company))
    concern = make.concern(placement, stage=Stage.TERRITORY, territory_at=NOW)
    return {
        "placement_id": str(placement.id), "concern_id": str(concern.id),
        "company_member_id": str(worker.id), "account_id": str(teacher.id), "invitation_id": str(invitation.id),
        "istat": "037006", "skill_id": "plc-programming", "occupation_id": "7212", "programme_id": "it-c3-automazione",
        "school_id": str(school.id), "class_id": str(school_class.id), "member_id": str(member.id),
        "company_id": str(company.id), "site_id": str(site.id), "contact_id": str(contact.id),
        "student_id": str(student.id), "erasure_id": str(make.add(pending_erasure(make)).id), "key_id": str(key.id),
        "opportunity_id": str(make.opportunity(company).id), "ranking_id": str(stored_ranking(make, student.id).id),
        "draft_id": str(make.opportunity(company, status=Status.DRAFT).id),
        "waiting_id": str(make.company(is_approved=False).id),
        "disclosure_id": str(make.disclosure(student, make.opportunity(company)).id),
        "application_id": str(make.application(student, make.opportunity(company)).id),
        "wish_id": str(make.wish(student, make.opportunity(company)).id),
        "recommendation_id": str(make.recommendation(student, make.opportunity(company)).id),
        "bulk_change_id": str(make.bulk_change().id),
        "pseudonym": Engine(Settings(), lambda: NOW).pseudonym(company.id, student.id),
        "note_id": str(make.add(note_about(company.id)).id),
        "job_id": str(make.add(queued_job()).id),
        "territory_id": str(make.territory().id),
        **things.of_protocol(make, make.territory(), company),
        "tutor_id": str(teacher.id),
        "rule_id": str(make.law_rule().id),
        "training_id": str(make.safety_training(student).id),
        "closing_id": str(make.closing(school, starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 7)).id),
        "patron_id": str(make.patron_day("037006").id),
        "test_id": str(make.class_test(school_class, subject="TPS").id),
        "pair_class_id": str(pair.id),
        "free_istat": make.municipality("037032", cadastral="E289", name="Imola").istat,
        **papers_of(make, school, company, student),
        **placements_of(make, student, teacher.id),
        **things.of_placement(make, student, make.opportunity(company)),
        **things.of_visit(make, student, company),
        **things.of_evidence(make),
        **things.of_kit(make, make.territory(), company, school, "037006"),
        **things.of_series(make, make.territory(), company),
    } | rounds_of(make, student, make.opportunity(company))  # fmt: skip


def rounds_of(make: Factory, student: Student, opportunity: Opportunity, territory: str = "Bologna") -> World:
    """One that is reviewed, one that collects, one that schools may join, and one that this school has joined."""
    school_class = make.get(SchoolClass, student.class_id)
    reviewed = make.reviewed_round(student, opportunity)
    # The run knows no other opportunity than the one that calls name.
    return {
        "round_id": str(reviewed.id), "run_number": "1", "opportunity_id": str(opportunity.id),
        "open_round_id": str(make.round(school_class).id),
        "shared_round_id": str(make.round(territory=make.territory(territory)).id),
        "joined_round_id": str(make.round(school_class, territory=make.territory(territory)).id),
        "pin_id": str(make.round_pin(reviewed, student, make.opportunity()).id),
        **things.of_hosting(make, opportunity),
    }  # fmt: skip


def placements_of(make: Factory, student: Student, tutor_id: UUID) -> World:
    """A placement in each state, each at other times: `running_placement_id` and so on; a planned one is the usual."""
    found = {}
    ended = {"ended_at": NOW, "ended_by": "system:tests", "ended_for": "school", "end_reason": "moved"}
    for number, state in enumerate(State, start=1):
        values: dict[str, Any] = {
            "state": state,
            "school_tutor_id": tutor_id,
            "starts_on": TODAY + timedelta(days=14 * number),
        }
        opportunity = make.opportunity(seats_taken=0 if state is State.CANCELLED else 1)
        placement = make.placement(student, opportunity, **values | (ended if state in ENDED else {}))
        found[f"{state}_placement_id"] = str(placement.id)
    return found | {"placement_id": found["planned_placement_id"]}


CALLERS: dict[str, Callable[[World], Grant]] = {
    "create_application_moves": lambda world: Grant(
        Role.COMPANY_MEMBER, company_id=UUID(world["company_id"])
    ),
    "create_answers": lambda world: Grant(Role.COMPANY_MEMBER, company_id=UUID(world["company_id"])),
    "create_disclosure": lambda world: Grant(Role.COMPANY_MEMBER, company_id=UUID(world["company_id"])),
    "create_concern": lambda world: Grant(Role.STUDENT, student_id=UUID(world["student_id"])),
    "ask_concern_name": lambda _: Grant(Role.COORDINATOR),
    "accept_disclosure": lambda world: Grant(Role.STUDENT, student_id=UUID(world["student_id"])),
    "refuse_disclosure": lambda world: Grant(Role.STUDENT, student_id=UUID(world["student_id"])),
    "withdraw_disclosure": lambda world: Grant(Role.STUDENT, student_id=UUID(world["student_id"])),
    "order_candidates": lambda world: Grant(Role.COMPANY_MEMBER, company_id=UUID(world["company_id"])),
    "publish_round": lambda world: Grant(Role.SCHOOL_LEAD, school_id=UUID(world["school_id"])),
    "create_recommendations": lambda world: Grant(Role.SCHOOL_LEAD, school_id=UUID(world["school_id"])),
    "remove_recommendation": lambda world: Grant(Role.SCHOOL_LEAD, school_id=UUID(world["school_id"])),
}
"""Who makes the good call where the administrator has no say."""


def note_about(company_id: UUID) -> CompanyNote:
    return CompanyNote(company_id=company_id, text="Sentiti.", written_at=NOW, written_by=ACTOR.mark)


def queued_job(**more: Any) -> Job:
    return Job(
        kind=JobKind.MATCH_RUN, arguments={"limit": 5}, started_by="system:tests", created_at=NOW, **more
    )


SCHOOLS_OWN = (
    "edit_agreement", "create_training_plans", "edit_training_plan", "create_amendment", "create_interruption", "move_paper",
    "create_signing_code", "sign_paper", "create_signatures",
)  # fmt: skip
CALLERS |= dict.fromkeys(SCHOOLS_OWN, CALLERS["create_recommendations"])
STUDENTS_OWN = (
    "create_student_wish",
    "edit_student_wish",
    "remove_student_wish",
    "create_student_application",
    "create_booking",
    "create_booking_move",
    "create_visit_feedback",
)
CALLERS |= dict.fromkeys(STUDENTS_OWN, CALLERS["accept_disclosure"])
CALLERS |= dict.fromkeys(
    ("create_attendance", "create_diary_entry", "edit_diary_entry", "create_evaluation"),
    CALLERS["accept_disclosure"],
)
CALLERS |= dict.fromkeys(
    (
        "create_hour_entry", "edit_hour_entry", "create_hour_confirmations", "list_diary_entries", "read_diary_entry",
        "read_evaluations", "read_evaluation", "confirm_evaluation", "complete_placement",
    ),
    CALLERS["create_recommendations"],
)  # fmt: skip
CALLERS |= dict.fromkeys(
    ("read_outcome", "edit_outcome", "remove_outcome"), CALLERS["create_recommendations"]
)
CALLERS |= dict.fromkeys(("read_attendance_code", "edit_evaluation"), CALLERS["create_answers"])
CALLERS |= dict.fromkeys(("create_check_in", "create_code_check_in"), CALLERS["create_answers"])
CALLERS["create_visit_hours"] = CALLERS["create_split_booking"] = CALLERS["create_recommendations"]


def pending_erasure(make: Factory) -> Erasure:
    return Erasure(subject_kind="student", subject_id=make.student().id, asked_at=NOW, due_at=NOW)


def stored_ranking(make: Factory, student_id: UUID) -> StoredRanking:
    return make.add(
        StoredRanking(
            student_id=student_id, line_limit=5, algorithm="bottega-1", weights=translate.weights(Weights()),
            attendance=0.75, seed=0, ranked_on=TODAY, vocabulary="0" * 32, stored_at=NOW,
            expires_at=datetime.now(UTC) + timedelta(days=1), student={"latitude": 44.5, "longitude": 11.3},
        )
    )  # fmt: skip


# --- what an operation's state can forbid -----------------------------------------------------------------------------


def of_state(status: Status) -> Callable[[Factory, Request], Request]:
    def change(make: Factory, call: Request) -> Request:
        return replace(call, ids=call.ids | {"opportunity_id": str(make.opportunity(status=status).id)})

    return change


def same_class(make: Factory, call: Request) -> Request:
    taken = {"start_year": 2024, "year": 5, "section": "Y", "study_path": ""}
    make.add(SchoolClass(school_id=UUID(call.world["school_id"]), **taken))
    return replace(call, body=(call.body or {}) | taken)


def same_member(make: Factory, call: Request) -> Request:
    with make.database.read() as session:
        lead = session.query(User).filter_by(name="Lead").one()
    return replace(call, body=(call.body or {}) | {"email": lead.email})


def same_tax_code(make: Factory, call: Request) -> Request:
    make.company(tax_code="11111111111")
    return replace(call, body={"name": "Verdi", "tax_code": "11111111111"})


def too_many(kind: type[CompanySite | CompanyContact], most: int) -> Callable[[Factory, Request], Request]:
    def change(make: Factory, call: Request) -> Request:
        company = make.company()
        more = {"municipality_istat": make.municipality().istat} if kind is CompanySite else {}
        with make.database.write() as session:
            session.add_all(kind(company_id=company.id, name=str(number), **more) for number in range(most))
        return replace(call, ids={"company_id": str(company.id)})

    return change


def used_site(make: Factory, call: Request) -> Request:
    company = make.company()
    with make.database.read() as session:
        site = session.query(CompanySite).filter_by(company_id=company.id).one()
    make.opportunity(company, site_id=site.id)
    return replace(call, ids={"company_id": str(company.id), "site_id": str(site.id)})


def vanished_student(make: Factory, call: Request) -> Request:
    return replace(call, query={"cursor": encode_cursor(uuid4())})


def same_external_student(make: Factory, call: Request) -> Request:
    if "student_id" in call.ids:
        present = make.get(Student, UUID(call.ids["student_id"]))
        class_id = present.class_id if present is not None else None
    else:
        class_id = UUID((call.body or {})["class_id"])
    make.student(make.get(SchoolClass, class_id), source="register", external_id="U-1")
    return replace(call, body=(call.body or {}) | {"source": "register", "external_id": "U-1"})


def same_external_opportunity(make: Factory, call: Request) -> Request:
    make.opportunity(source="hr", external_id="T-1")
    return replace(call, body=(call.body or {}) | {"source": "hr", "external_id": "T-1"})


def too_many_rankings(make: Factory, call: Request) -> Request:
    student = make.student()
    for _ in range(MOST_RANKINGS):
        stored_ranking(make, student.id)
    return replace(call, body={"student_id": str(student.id)})


def the_student(make: Factory, call: Request) -> Student:
    student = make.get(Student, UUID(call.world["student_id"]))
    assert student is not None
    return student


def asked_student(make: Factory, call: Request) -> Request:
    other = make.opportunity(make.get(Company, UUID(call.world["company_id"])))
    make.disclosure(the_student(make, call), other)
    return replace(call, ids={"opportunity_id": str(other.id)})


def ended(how: str) -> Callable[[Factory, Request], Request]:
    def change(make: Factory, call: Request) -> Request:
        end = {f"{how}_at": NOW, f"{how}_by": "system:tests"}
        disclosure = make.disclosure(the_student(make, call), make.opportunity(), **end)
        return replace(call, ids={"disclosure_id": str(disclosure.id)})

    return change


def too_many_concerns(make: Factory, call: Request) -> Request:
    placement = make.placement(the_student(make, call), make.opportunity())
    for _ in range(MOST_OPEN):
        make.concern(placement)
    return replace(call, ids={"placement_id": str(placement.id)})


def closed_concern(make: Factory, call: Request) -> Request:
    placement = make.placement(the_student(make, call), make.opportunity())
    end = {
        "stage": "closed",
        "due_at": None,
        "closed_at": NOW,
        "closed_by": "system:tests",
        "territory_at": NOW,
    }
    return replace(call, ids={"concern_id": str(make.concern(placement, **end).id)})


def grown_up(make: Factory, call: Request) -> Request:
    return replace(call, ids={"student_id": str(make.student(born_on=date(2007, 1, 1)).id)})


def ended_job(make: Factory, call: Request) -> Request:
    job = make.add(queued_job(state=JobState.DONE, finished_at=NOW))
    return replace(call, ids={"job_id": str(job.id)})


def closed_opportunity(make: Factory, call: Request) -> Request:
    closed = make.opportunity(status=Status.CLOSED)
    return replace(call, body={"opportunity_id": str(closed.id)})


def too_many_ranked(make: Factory, call: Request) -> Request:
    student = the_student(make, call)
    for number in range(1, MOST_RANKED + 1):
        make.wish(student, make.opportunity(), number)
    one_more = make.wish(student, make.opportunity())
    return replace(call, ids=call.ids | {"wish_id": str(one_more.id)}, body={"position": 1})


def overtaken_move(make: Factory, call: Request) -> Request:
    [item] = (call.body or {})["items"]
    return replace(call, body=(call.body or {}) | {"items": [item | {"version": 7}], "action": "accept"})


def internship(make: Factory, call: Request) -> Request:
    company = make.get(Company, UUID(call.world["company_id"]))
    return replace(call, ids={"opportunity_id": str(make.opportunity(company).id)})


def held_session(_: Factory, call: Request) -> Request:
    return replace(call, ids=call.ids | {"visit_session_id": call.world["held_session_id"]})


def too_many_kept(_: Factory, call: Request) -> Request:
    more = {"visit_session_id": call.world["visit_session_id"], "seats": 9, "keeps": True}
    return replace(call, body=(call.body or {}) | more)


def overtaken_booking(_: Factory, call: Request) -> Request:
    return replace(call, body=(call.body or {}) | {"version": 7})


def closed_doors(_: Factory, call: Request) -> Request:
    """A session that is months away."""
    code = service_codes.code_of(UUID(call.world["booking_id"]), Settings().secret_key)
    body = {"code": code} if "code" in (call.body or {}) else call.body
    return replace(call, ids={name: call.world[name] for name in call.ids}, body=body)


def with_body(**values: Any) -> Callable[[Factory, Request], Request]:
    return lambda _, call: replace(call, body=values)


def proposed_visit(_: Factory, call: Request) -> Request:
    return replace(call, body=(call.body or {}) | {"opportunity_id": call.world["proposed_visit_id"]})


def overtaken_answer(make: Factory, call: Request) -> Request:
    [item] = (call.body or {})["items"]
    return replace(call, body={"items": [item | {"version": 7}]})


def in_state(state: State) -> Callable[[Factory, Request], Request]:
    def change(make: Factory, call: Request) -> Request:
        return replace(call, ids={"placement_id": call.world[f"{state}_placement_id"]})

    return change


def same_placement(make: Factory, call: Request) -> Request:
    """The student is there already, on other days."""
    student, opportunity = make.student(), make.opportunity()
    make.placement(student, opportunity, starts_on=TODAY + timedelta(days=300))
    same = {"student_id": str(student.id), "opportunity_id": str(opportunity.id)}
    return replace(call, body=(call.body or {}) | same)


def released_edition(_: Factory, call: Request) -> Request:
    return replace(call, ids={"edition_id": call.world["released_edition_id"]})


def draft_there(_: Factory, call: Request) -> Request:
    return replace(call, body={"policy": "network", "start_year": 2023})


def approved_company(make: Factory, call: Request) -> Request:
    return replace(call, ids={"company_id": str(make.company().id)})


def same_territory(make: Factory, call: Request) -> Request:
    return replace(call, body={"name": make.territory().name, "province_codes": ["BO"]})


def caller_mark(make: Factory) -> str:
    """Who has signed in last, as columns keep it."""
    with make.database.read() as session:
        caller = session.query(User).filter_by(name="Anna").order_by(User.created_at.desc()).first()
    assert caller is not None
    return f"user:{caller.id}"


def to_be_signed(make: Factory, call: Request, settings: Settings) -> Request:
    """The same call, where the caller has to sign and has a code for it."""
    let_sign(make, UUID(call.world["signing_id"]), UUID(caller_mark(make).removeprefix("user:")))
    if call.body is None:
        return call
    with make.database.write() as session:
        signature = session.query(Signature).filter_by(paper_id=UUID(call.world["signing_id"])).one()
        code = signing_codes.make(session, settings.secret_key, signature, NOW)
        digest = session.get_one(Document, signature.document_id).digest
    return replace(call, body={"code": code, "digest": digest})


def settled_change(make: Factory, call: Request) -> Request:
    change = make.bulk_change(made_by=caller_mark(make), expires_at=NOW)
    return replace(call, ids={"bulk_change_id": str(change.id)})


def still_running(make: Factory, call: Request) -> Request:
    make.add(
        IdempotencyKey(
            actor=caller_mark(make), key="still-running", fingerprint="", status=0, body="", headers="{}",
            created_at=datetime.now(UTC),
        )
    )  # fmt: skip
    return replace(call, headers=call.headers | {"Idempotency-Key": "still-running"})


def unranked_student(make: Factory, call: Request) -> Request:
    student = make.student(is_ranked=False)
    ids = {"student_id": str(student.id)}
    if "ranking_id" in call.ids:
        ids = {"ranking_id": str(stored_ranking(make, student.id).id)}
    return replace(call, ids=ids)


def unknown_school(make: Factory, call: Request) -> Request:
    return replace(call, body=(call.body or {}) | {"school_id": str(uuid4())})


def last_lead(make: Factory, call: Request) -> Request:
    with make.database.read() as session:
        lead = session.query(Membership).filter_by(role=Role.SCHOOL_LEAD).one()
    return replace(call, ids=call.ids | {"member_id": str(lead.id)})


def last_admin(make: Factory, call: Request) -> Request:
    make.signed_in(Grant(Role.COMPANY_ADMIN, company_id=UUID(call.ids["company_id"])), name="Boss")
    with make.database.read() as session:
        admin = session.query(Membership).filter_by(role=Role.COMPANY_ADMIN).one()
    body = {"role": "company_member"} if call.body else None
    return replace(call, ids=call.ids | {"member_id": str(admin.id)}, body=body)


def too_many_invitations(make: Factory, call: Request) -> Request:
    school = make.school()
    with make.database.write() as session:
        session.add_all(
            Invitation(
                email="a@example.org", role=Role.TEACHER, school_id=school.id, code_hash=f"{number:064d}",
                created_at=NOW, expires_at=NOW + timedelta(days=1),
            )
            for number in range(invitations.MOST_OPEN)
        )  # fmt: skip
    return replace(call, body=(call.body or {}) | {"school_id": str(school.id)})


def accepted_invitation(make: Factory, call: Request) -> Request:
    accepted = make.add(
        Invitation(
            email="a@example.org", role=Role.TEACHER, school_id=make.school().id, code_hash="0" * 64, created_at=NOW,
            expires_at=NOW, accepted_at=NOW,
        )
    )  # fmt: skip
    return replace(call, ids={"invitation_id": str(accepted.id)})


def ended_key(make: Factory, call: Request) -> Request:
    with make.database.write() as session:
        key, _ = keys.issue_key(
            session, ACTOR, name="k", role=Role.ADMINISTRATOR, scopes=["schools:read"], now=NOW
        )
        keys.revoke_key(session, ACTOR, key.id, now=NOW)
    return replace(call, ids={"key_id": str(key.id)})


def completed_placement(make: Factory, call: Request) -> Request:
    opportunity = make.opportunity(make.get(Company, UUID(call.world["company_id"])))
    parts = things.completed_parts(make, the_student(make, call), opportunity)
    parts["placement_id"] = parts["worked_placement_id"]
    return replace(call, ids={name: parts[name] for name in call.ids})


def completed_days(make: Factory, call: Request) -> Request:
    [item] = (call.body or {})["items"]
    return replace(call, body={"items": [item | {"placement_id": call.world["finished_placement_id"]}]})


def running_placement(make: Factory, call: Request) -> Request:
    return replace(call, ids={"placement_id": call.world["worked_placement_id"]})


def many_protocols(make: Factory, call: Request) -> Request:
    territory = make.territory("Altrove")
    for _ in range(MOST_PROTOCOLS):
        things.of_protocol(make, territory, None)
    return replace(call, ids={"territory_id": str(territory.id)})


def too_many_notes(make: Factory, call: Request) -> Request:
    company = make.company()
    with make.database.write() as session:
        session.add_all(note_about(company.id) for _ in range(MOST_NOTES))
    return replace(call, ids={"company_id": str(company.id)})


def round_in(state: RoundState) -> Callable[[Factory, Request], Request]:
    """The same call to a round of the same class in another state."""

    def change(make: Factory, call: Request) -> Request:
        school_class = make.get(SchoolClass, UUID(call.world["class_id"]))
        row = make.round(school_class, state=state, run_number=1)
        ids = call.ids | {"round_id": str(row.id)}
        if "pin_id" in ids:
            pin = make.round_pin(row, the_student(make, call), make.opportunity())
            ids["pin_id"] = str(pin.id)
        return replace(call, ids=ids)

    return change


def joined_round(make: Factory, call: Request) -> Request:
    return replace(call, ids={"round_id": call.world["joined_round_id"]})


def frozen_shared_round(make: Factory, call: Request) -> Request:
    school_class = make.get(SchoolClass, UUID(call.world["class_id"]))
    row = make.round(school_class, territory=make.territory(), state=RoundState.FROZEN)
    return replace(call, ids=call.ids | {"round_id": str(row.id)})


def another_run(make: Factory, call: Request) -> Request:
    return replace(call, body={"run_number": 7})


def training(make: Factory, call: Request) -> Request:
    company = make.get(Company, UUID(call.world["company_id"]))
    return replace(call, ids={"opportunity_id": str(make.opportunity(company, kind=Kind.TRAINING).id)})


def another_kit(make: Factory, call: Request) -> World:
    company, school = (
        make.get(kind, UUID(call.world[name]))
        for kind, name in ((Company, "company_id"), (School, "school_id"))
    )
    assert isinstance(company, Company)
    assert isinstance(school, School)
    return things.of_kit(make, make.territory(), company, school, "037006")


def retired_kit(make: Factory, call: Request) -> Request:
    kit_id = another_kit(make, call)["kit_id"]
    with make.database.write() as session:
        session.get_one(Kit, UUID(kit_id)).is_retired = True
    return replace(call, ids={"kit_id": kit_id})


def open_copy(make: Factory, call: Request) -> Request:
    parts = another_kit(make, call)
    with make.database.write() as session:
        made = session.get_one(KitCopy, UUID(parts["copy_id"]))
        session.get_one(Opportunity, made.opportunity_id).status = Status.PUBLISHED
    return replace(call, ids=parts)


def asked_company(make: Factory, call: Request) -> Request:
    return replace(call, body={"company_id": call.world["asked_id"]})


def own_draft(make: Factory, call: Request) -> Request:
    company = make.get(Company, UUID(call.world["company_id"]))
    return replace(call, ids={"opportunity_id": str(make.opportunity(company, status=Status.DRAFT).id)})


def in_force(make: Factory, call: Request) -> Request:
    school, company = make.get(School, UUID(call.world["school_id"])), make.company()
    assert school is not None
    agreement_id = str(make.agreement(school, company, state="in_force").id)
    return replace(call, ids=dict.fromkeys(call.ids, agreement_id))


def draft_paper(make: Factory, call: Request) -> Request:
    return replace(call, ids={"paper_id": call.world["paper_id"]})


def signed_plan(make: Factory, call: Request) -> Request:
    placement = make.get(Placement, UUID(call.world["placement_id"]))
    assert placement is not None
    return replace(call, ids={"plan_id": str(make.plan(placement, state="in_force").id)})


def planned_placement(make: Factory, call: Request) -> Request:
    if "placement_id" in call.ids:
        return replace(call, ids={"placement_id": call.world["planned_id"]})
    return replace(call, body={"placement_ids": [call.world["planned_id"]]})


def same_host(make: Factory, call: Request) -> Request:
    return replace(call, body=(call.body or {}) | {"company_id": call.world["company_id"]})


CONFLICTS: dict[str, Callable[[Factory, Request], Request]] = {
    "create_class": same_class,
    "edit_class": same_class,
    "create_member": same_member,
    "edit_member": last_lead,
    "remove_member": last_lead,
    "edit_company_member": last_admin,
    "remove_company_member": last_admin,
    "create_invitation": too_many_invitations,
    "revoke_invitation": accepted_invitation,
    "create_company": same_tax_code,
    "edit_company": same_tax_code,
    "create_company_note": too_many_notes,
    "create_protocol": many_protocols,
    "create_company_site": too_many(CompanySite, MOST_SITES),
    "create_company_contact": too_many(CompanyContact, MOST_CONTACTS),
    "remove_company_site": used_site,
    "list_students": vanished_student,
    "create_student": same_external_student,
    "edit_student": same_external_student,
    "create_opportunity": same_external_opportunity,
    "edit_opportunity": of_state(Status.ARCHIVED),
    "publish_opportunity": of_state(Status.ARCHIVED),
    "close_opportunity": of_state(Status.DRAFT),
    "reopen_opportunity": of_state(Status.DRAFT),
    "archive_opportunity": of_state(Status.PUBLISHED),
    "list_candidates": of_state(Status.DRAFT),
    "create_renewal": of_state(Status.DRAFT),
    "create_answers": overtaken_answer,
    "create_key": unknown_school,
    "list_student_paths": unranked_student,
    "read_replay": unranked_student,
    "create_student_erasure": still_running,
    "create_my_erasure": still_running,
    "rotate_key": ended_key,
    "create_ranking": too_many_rankings,
    "create_territory": same_territory,
    "create_edition": draft_there,
    **dict.fromkeys(("publish_edition", "remove_edition"), released_edition),
    "edit_outcome": in_state(State.RUNNING),
    "reject_company": approved_company,
    "submit_company": approved_company,
    "create_disclosure": asked_student,
    "create_student_wish": closed_opportunity,
    "create_student_application": closed_opportunity,
    "create_application_moves": overtaken_move,
    "create_visit_session": internship,
    **dict.fromkeys(("try_session_run", "create_session_run", "read_opportunity_clashes"), internship),
    **dict.fromkeys(
        ("edit_visit_session", "cancel_visit_session", "create_booking", "create_split_booking"), held_session
    ),
    "create_quota": too_many_kept,
    "create_series": still_running,
    "edit_series": with_body(state="draft"),
    "create_series_proposal": proposed_visit,
    "create_series_proposal_move": overtaken_booking,
    "create_kit": still_running,
    "create_kit_copy": retired_kit,
    "edit_kit_copy": open_copy,
    "edit_hosting": training,
    "create_hosting_partner": asked_company,
    "create_hosting_partner_move": overtaken_booking,
    "create_booking_move": overtaken_booking,
    "create_check_in": closed_doors,
    "create_code_check_in": closed_doors,
    "create_visit_feedback": closed_doors,
    "read_seat_advice": held_session,
    "create_visit_hours": internship,
    "edit_student_wish": too_many_ranked,
    "accept_disclosure": ended("refused"),
    "refuse_disclosure": ended("withdrawn"),
    "withdraw_disclosure": ended("refused"),
    "cancel_job": ended_job,
    "create_placement": same_placement,
    **dict.fromkeys(
        (
            "create_law_rule",
            "create_safety_trainings",
            "create_tutor_capacity",
            "create_tutor_leave",
            "create_tutor_substitution",
            "create_school_closings",
            "create_class_tests",
            "create_patron_day",
        ),
        still_running,
    ),
    "edit_placement": in_state(State.RUNNING),
    "cancel_placement": in_state(State.RUNNING),
    "interrupt_placement": in_state(State.PLANNED),
    "restore_placement": in_state(State.RUNNING),
    "create_concern": too_many_concerns,
    "create_concern_message": closed_concern,
    "ask_concern_name": closed_concern,
    "renew_family_code": grown_up,
    "create_skill_validations": still_running,
    "create_hour_credits": still_running,
    "create_hour_entry": completed_placement,
    "edit_hour_entry": completed_placement,
    "create_hour_confirmations": completed_days,
    "create_attendance": completed_placement,
    "create_diary_entry": completed_placement,
    "edit_diary_entry": completed_placement,
    "create_evaluation": completed_placement,
    "edit_evaluation": completed_placement,
    "complete_placement": running_placement,
    "create_recommendations": of_state(Status.FULL),
    "undo_bulk_change": settled_change,
    "create_round": still_running,
    "edit_round": round_in(RoundState.FROZEN),
    "freeze_round": round_in(RoundState.CANCELLED),
    "reopen_round": round_in(RoundState.PUBLISHED),
    "cancel_round": round_in(RoundState.PUBLISHED),
    "create_round_school": joined_round,
    "remove_round_school": frozen_shared_round,
    "invite_round": frozen_shared_round,
    "remind_round": round_in(RoundState.FROZEN),
    "collect_late_wishes": round_in(RoundState.COLLECTING),
    "create_round_pin": round_in(RoundState.CANCELLED),
    "remove_round_pin": round_in(RoundState.CANCELLED),
    "create_round_run": round_in(RoundState.COLLECTING),
    "choose_round_run": round_in(RoundState.FROZEN),
    "try_round": round_in(RoundState.COLLECTING),
    "publish_round": another_run,
    "read_candidate_order": of_state(Status.DRAFT),
    "order_candidates": own_draft,
    "create_roll_over": still_running,
    "create_agreement": same_host,
    "edit_agreement": in_force,
    "create_training_plans": planned_placement,
    "edit_training_plan": signed_plan,
    "create_amendment": planned_placement,
    "create_interruption": planned_placement,
    "move_paper": in_force,
    "create_signing_code": draft_paper,
    "sign_paper": draft_paper,
    "create_signatures": draft_paper,
}

# --- services that fail -----------------------------------------------------------------------------------------------


class BrokenDatabase(Database):
    """A database whose blocks cannot be opened."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def _session(self, **_: object) -> NoReturn:
        raise self.error

    def close(self) -> None:
        """Nothing is open."""


@contextmanager
def failing(error: Exception, *, limit: int = 1_000_000) -> Iterator[TestClient]:
    app = create_app(Settings(rate_limit_per_minute=limit), database=BrokenDatabase(error))
    with Caller(app, base_url="http://127.0.0.1:8000") as client:
        client.event_hooks = {"response": [contract.check]}
        yield client


@pytest.fixture(scope="module")
def faulty() -> Iterator[TestClient]:
    with failing(RuntimeError("a fault of ours")) as client:
        yield client


@pytest.fixture(scope="module")
def busy() -> Iterator[TestClient]:
    with failing(OperationalError("SELECT 1", {}, Exception("database is locked"))) as client:
        yield client


@pytest.fixture(scope="module")
def exhausted() -> Iterator[TestClient]:
    with failing(RuntimeError("is never reached"), limit=1) as client:
        yield client


# --- the tests --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_answers_all_that_it_declares_and_nothing_else(
    name: str,
    client: TestClient,
    make: Factory,
    world: World,
    settings: Settings,
    faulty: TestClient,
    busy: TestClient,
    exhausted: TestClient,
) -> None:
    declared = OPERATIONS[name][2]
    call = good_call(name, world)
    answered: dict[int, list[str]] = {}

    def note(response: httpx2.Response) -> httpx2.Response:
        slug = response.json()["type"] if response.status_code >= 400 else ""
        answered.setdefault(response.status_code, []).append(slug)
        return response

    cookie = make.signed_in(CALLERS.get(name, lambda _: Grant(Role.ADMINISTRATOR))(world))
    client.cookies.set(auth.COOKIE, cookie)
    if "bulk_change_id" in call.ids:
        own = make.bulk_change(made_by=caller_mark(make))
        call = replace(call, ids={"bulk_change_id": str(own.id)})
    if name in ("create_signing_code", "sign_paper"):
        call = to_be_signed(make, call, settings)
    wrong = {"Authorization": "Bearer btg_00000000_wrong"}
    assert note(call.send(client, **wrong)).status_code == 401
    assert note(replace(call, query=call.query | {"x": "\0"}).send(client)).status_code == 400
    if declared["security"] != [{}]:
        other = "schools:read" if name in {"list_events", "list_erased_counts"} else "events:read"
        scopeless = make.bearer(scopes=[other])
        client.cookies.clear()
        assert note(call.send(client)).status_code == 401
        if name in openapi.ANY_ACTOR:
            assert call.send(client, **scopeless).status_code == 200
        else:
            assert note(call.send(client, **scopeless)).status_code == 403
        client.cookies.set(auth.COOKIE, cookie)
    for variable in call.ids:
        unknown = {"istat": "999999", "run_number": "999999"}.get(variable, str(uuid4()))
        assert note(replace(call, ids=call.ids | {variable: unknown}).send(client)).status_code == 404
        assert note(replace(call, ids=call.ids | {variable: "-"}).send(client)).status_code == 422
    if "limit" in {parameter["name"] for parameter in declared.get("parameters", ())}:
        assert note(replace(call, query=call.query | {"limit": "0"}).send(client)).status_code == 422
        assert note(replace(call, query=call.query | {"cursor": "e30"}).send(client)).status_code == 422
    if any(one["in"] == "query" and one.get("required") for one in declared.get("parameters", ())):
        assert note(replace(call, query={}).send(client)).status_code == 422
    if name in WRONG_QUERIES:
        assert note(replace(call, query=call.query | WRONG_QUERIES[name]).send(client)).status_code == 422
    if call.content is not None:
        assert note(call.send(client, **{"Content-Type": "text/plain"})).status_code == 415
        assert note(replace(call, query=call.query | {"mode": "all"}).send(client)).status_code == 422
        assert note(replace(call, query={}).send(client)).status_code == 422
        large = iter([b"x" * (2**20)] * (settings.max_bulk_bytes // 2**20 + 1))
        assert note(replace(call, content=large).send(client)).status_code == 413  # type: ignore[arg-type]
    if call.body is not None:
        text = {"Content-Type": "text/plain"}
        assert note(call.send(client, **text)).status_code == 415
        assert note(replace(call, body=call.body | {"colour": "red"}).send(client)).status_code == 422
        assert note(replace(call, body=None, content=b"{").send(client)).status_code == 400
        large = b"x" * (settings.max_body_bytes + 1)
        assert note(replace(call, body=None, content=large).send(client)).status_code == 413
    if "If-Match" in call.headers:
        without = {name: value for name, value in call.headers.items() if name != "If-Match"}
        assert note(replace(call, headers=without).send(client)).status_code == 428
        assert note(call.send(client, **{"If-Match": '"999"'})).status_code == 412
        assert note(call.send(client, **{"If-Match": "1"})).status_code == 422
    if name in CONFLICTS:
        answer = note(CONFLICTS[name](make, call).send(client))
        assert answer.status_code == 409, answer.text
    note(call.send(faulty, **wrong))
    note(call.send(busy, **wrong))
    caller = {"Authorization": f"Bearer btg_{name}"[:32]}
    note(call.send(exhausted, **caller))
    note(call.send(exhausted, **caller))
    good = note(call.send(client))
    assert good.status_code < 300, good.text
    assert {str(status) for status in answered} == set(declared["responses"])


def test_another_method_is_refused_with_those_that_there_are(client: TestClient) -> None:
    known: dict[str, set[str]] = {}
    for path, method, _ in contract.operations():
        known.setdefault(path, set()).add(method.upper())
    for path in known:
        # A word that might be an id: /skills/recognise is an address of /skills/{skill_id} too.
        pattern = re.compile(re.sub(r"\{\w+\}", "[^/{}]+", path))
        for word in filter(pattern.fullmatch, known):
            known[word] |= known[path]
    for path, methods in known.items():
        answer = client.put(api.PREFIX + re.sub(r"\{\w+\}", str(uuid4()), path))
        assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (405, methods), path


def test_an_address_with_a_slash_too_many_leads_nowhere(client: TestClient) -> None:
    assert client.get("/api/v1/companies/", follow_redirects=False).status_code == 404


def test_the_document_is_sent_as_it_was_checked(client: TestClient) -> None:
    answer = client.get("/api/v1/openapi.json")
    assert (answer.status_code, answer.json()) == (200, contract.document())


def test_the_document_is_openapi_with_sound_schemas() -> None:
    document = contract.document()
    assert document["openapi"].startswith("3.1.")
    assert {"title", "version", "description", "contact", "license", "termsOfService"} <= set(
        document["info"]
    )
    for schema in contract.whole(document)["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for path, _, operation in contract.operations():
        declared = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert declared == set(re.findall(r"\{(\w+)\}", path))
        assert all(response["description"] for response in operation["responses"].values())
        assert set(operation["tags"]) <= {tag["name"] for tag in document["tags"]}


def test_operations_are_named_by_a_verb_and_once() -> None:
    names = [operation["operationId"] for _, _, operation in contract.operations()]
    assert len(set(names)) == len(names)
    verbs = {
        "get": r"list|read", "patch": "edit",
        "post": r"create|cancel|interrupt|complete|restore|mark|choose|approve|reject|submit|accept|refuse|withdraw|publish|close|reopen"
        r"|archive|revoke|rotate|renew|ask|recognise|deactivate|reactivate|load|undo|freeze|remind|invite|collect|try|order|move|sign|confirm",
        "delete": "remove",
    }  # fmt: skip
    for path, method, operation in contract.operations():
        assert re.fullmatch(rf"({verbs[method]})(_[a-z]+)+", operation["operationId"]), path


def test_paths_are_in_kebab_case() -> None:
    for path in contract.document()["paths"]:
        assert re.fullmatch(r"(/([a-z]+(-[a-z]+)*|\{[a-z]+(_[a-z]+)*\}))+", path), path


def test_fields_are_in_snake_case_and_schemas_in_pascal_case() -> None:
    for name, schema in contract.document()["components"]["schemas"].items():
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", name), name
        for field in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z]+(_[a-z0-9]+)*", field), f"{name}.{field}"
    for _, _, operation in contract.operations():
        for parameter in operation.get("parameters", ()):
            if parameter["in"] != "header":
                assert re.fullmatch(r"[a-z]+(_[a-z]+)*", parameter["name"]), parameter["name"]


def test_lists_are_envelopes_with_cursors() -> None:
    for _, _, operation in contract.operations():
        if operation["operationId"].startswith("list_"):
            [(_, body)] = contract.whole(operation["responses"]["200"])["content"].items()
            assert {"items", "next_cursor"} <= set(body["schema"]["properties"])
            assert {"limit", "cursor"} <= {parameter["name"] for parameter in operation["parameters"]}


def test_whatever_creates_can_be_repeated_except_a_secret() -> None:
    secret = {"create_key", "create_student_codes", "create_signing_code"}
    for _, _, operation in contract.operations():
        if operation["operationId"].startswith("create_") and operation["operationId"] not in secret:
            assert "Idempotency-Key" in {parameter["name"] for parameter in operation["parameters"]}


def test_whatever_is_public_is_tagged_so() -> None:
    for _, method, operation in contract.operations():
        if operation["security"] == [{}]:
            assert method == "get"
            assert set(operation["tags"]) <= openapi.PUBLIC_TAGS
