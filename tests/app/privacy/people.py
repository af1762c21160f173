"""A student of whom something stands in every table, put there the way people and programs do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from starlette.testclient import TestClient

from app.actors.models import Protocol, TerritoryAreas
from app.actors.service_areas import EMPTY
from app.agreements.models import Interruption, Method, Signatory, Signature, SignerRole
from app.appetites.models import Appetite, CompanyAppetite
from app.applications.models import Application, ApplicationState
from app.attendances.models import CheckIn, CheckInStudent, VisitCredit, VisitFeedback, VisitWorth
from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.auth.models import Identity, Membership, OidcFlow, User
from app.bookings.models import Booking, BookingGuest, Quota, VisitSession
from app.companies.models import CompanyContact
from app.db import Database
from app.evidence.models import EvidenceEdition, Outcome, ReportedOutcome
from app.feeds.models import CalendarFeed, FeedAbout
from app.hosting.models import HostingPartner, PlacementStation, Rotation
from app.hours import service_ledger
from app.hours.models import DiaryEntry, EntryState, Evaluation, EvaluationSkill, HourCredit, HourEntry
from app.invitations.models import Invitation
from app.jobs.models import Job
from app.kits.models import Kit, KitCopy
from app.laws.models import HostActivity, HostSafety
from app.mails.models import Mail
from app.matches import batch
from app.matches.engine import Engine
from app.network.models import CompanyNote
from app.notifications import rules as notification_rules
from app.notifications import service as notifications
from app.notifications.models import MailChoice, MailPreference
from app.opportunities.models import Kind, Opportunity, OpportunitySkill, OpportunitySpan, SkillRole
from app.placements.models import (
    EndReason,
    Party,
    Placement,
    PlacementActivity,
    State,
    TutorCapacity,
    TutorChange,
    TutorLeave,
)
from app.privacy.models import NoticeView, RetentionWarning
from app.rounds.models import CompanyRank, RoundClass, RoundRun, RoundSchool, RoundWish
from app.schools.models import School, SchoolClass
from app.series.models import ProposalState, Series, SeriesProposal
from app.settings import Settings
from app.students.models import Question, SettledQuestion, Student, StudentCode
from tests import things
from tests.app.students.callers import PATCH
from tests.factories import ACTOR, NOW, TODAY, Factory

PLANTED = {
    "given_name": "Zyxgiven", "family_name": "Zyxfamily", "words": "zyxwords of the student", "external_id": "ZYX-external",
    "source": "zyxsource", "account": "Zyxaccount", "email": "zyxmail@example.org", "contact": "Zyxcontact",
    "phone": "+39 051 9990001", "job": "Zyxjob", "key": "zyx-idempotency-key", "subject": "zyxsubject", "request": "zyx-request-id",
    "note": "zyxnote of the teacher", "concern": "zyxconcern of the student", "diary": "zyxdiary of the student",
    "guardian": "Zyxguardian", "evaluation": "zyxevaluation of the host",
}  # fmt: skip
"""What nobody else has: each is looked for everywhere."""


@dataclass(frozen=True)
class Person:
    """The student, the account that is the student's alone, and how each calls."""

    student_id: UUID
    user_id: UUID
    school_class: SchoolClass
    own: dict[str, str]
    lead: dict[str, str]
    company: dict[str, str]
    opportunity_id: UUID


def plant(client: TestClient, make: Factory, database: Database) -> Person:
    """Fill every table that can hold something of a student."""
    make.skill("plc")
    make.skill("cad")
    make.municipality()
    school_class = make.school_class()
    lead = {
        "Cookie": f"{auth.COOKIE}={make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id))}"
    }
    student = create(client, school_class, lead)
    user_id, own = account(make, database, student)
    company, opportunity = offer(make)
    territory_id = make.territory().id
    with database.write() as session:
        session.add(
            CompanyContact(
                company_id=company, name=PLANTED["contact"], job=PLANTED["job"], phone=PLANTED["phone"],
                email=PLANTED["email"].upper(),
            )
        )  # fmt: skip
        later = NOW + timedelta(days=7)
        session.add(
            Identity(user_id=user_id, issuer="https://id.example", subject="zyxsubject", created_at=NOW)
        )
        session.add(
            Mail(
                kind="test", language="it", to_address=PLANTED["email"], subject=f"Ciao {PLANTED['account']}",
                body_text=PLANTED["given_name"], created_at=NOW, send_after=NOW, send_before=later,
            )
        )  # fmt: skip
        session.add(
            Invitation(
                email=PLANTED["email"], role=Role.COORDINATOR, territory_id=territory_id, code_hash="zyxhash-1",
                created_at=NOW, expires_at=later,
            )
        )  # fmt: skip
        session.add(
            StudentCode(
                student_id=student, code_hash="zyxhash-2", made_by=user_id, made_at=NOW, expires_at=later
            )
        )
        session.add(SettledQuestion(student_id=student, question=Question.TRAVEL, settled_at=NOW))
        session.add(
            OidcFlow(
                state_hash="zyxhash-3", browser_hash="zyxhash-4", provider="school", nonce="n", verifier="v",
                next=f"/students/{student}/data", expires_at=later,
            )
        )  # fmt: skip
        for kind, subject in (("student", student), ("account", user_id)):
            session.add(
                RetentionWarning(
                    subject_kind=kind, subject_id=subject, rule="student_left", warned_at=NOW, due_on=TODAY
                )
            )
        session.add(
            NoticeView(user_id=user_id, notice="student", version="2026-09-01", language="it", seen_at=NOW)
        )
        lead_id = session.scalars(
            sa.select(Membership.user_id).where(Membership.role == Role.SCHOOL_LEAD)
        ).first()
        assert lead_id is not None
        notifications.tell(
            session, [user_id, lead_id], notification_rules.NotificationKind.NAME_ASKED, "zyx", path=f"/students/{student}",
            data={"company": "Reno", "title": "Tornio"}, now=NOW,
        )  # fmt: skip
        session.add(MailPreference(user_id=user_id, kind="name_asked", mail=MailChoice.DAILY))
        session.add(
            CompanyNote(company_id=company, text="Sentiti.", written_at=NOW, written_by=f"user:{user_id}")
        )
        session.add(
            CompanyAppetite(
                company_id=company, start_year=2025, appetite=Appetite.LOOKING, answered_at=NOW,
                answered_by=f"user:{user_id}",
            )
        )  # fmt: skip
        session.add(
            TerritoryAreas(
                territory_id=territory_id, document=dict(EMPTY), edited_at=NOW, edited_by=f"user:{user_id}"
            )
        )
        session.add(
            Protocol(
                territory_id=territory_id, title="Patto", signed_on=TODAY, created_at=NOW,
                created_by=f"user:{user_id}",
            )
        )  # fmt: skip
        session.add(waiting(student, company, opportunity, user_id))
        session.add(Job(kind="match_run", arguments={}, started_by=f"user:{user_id}", created_at=NOW))
    place(make, student, opportunity, user_id)
    sign_papers(make, student, user_id)
    shown_by = make.bearer(Role.COMPANY_ADMIN, company_id=company)
    use(client, student, own, lead, shown_by, opportunity)
    batch.match_all(database, ACTOR, Engine(Settings(), lambda: NOW), limit=3, advance=lambda _: None)
    person = Person(student, user_id, school_class, own, lead, shown_by, opportunity)
    report(client, make, person)
    work(make, student, user_id)
    seat(make, student, opportunity, user_id)
    visit(make, student, user_id)
    series(make, user_id)
    together(make, student, user_id)
    return person


def together(make: Factory, student_id: UUID, user_id: UUID) -> None:
    """A plan, its partner and a station of a placement, and a kit with a copy; the person has done it all."""
    student = make.get(Student, student_id)
    school = make.get(School, student.school_id) if student is not None else None
    assert student is not None
    assert school is not None
    mark, company = f"user:{user_id}", make.company()
    shared = make.opportunity(company)
    asked = things.of_hosting(make, shared)
    kit = things.of_kit(make, make.territory(), company, school, make.municipality().istat)
    placement = make.placement(student, shared)
    make.add(Rotation(opportunity_id=shared.id, changed_at=NOW, changed_by=mark))
    make.add(
        PlacementStation(
            placement_id=placement.id, position=0, company_id=company.id, host_tutor_id=user_id, starts_on=TODAY,
            ends_on=TODAY, hours=4,
        )
    )  # fmt: skip
    with make.database.write() as session:
        partner = session.get_one(HostingPartner, UUID(asked["partner_id"]))
        partner.invited_by = partner.answered_by = mark
        partner.answered_at, partner.tutor_id = NOW, user_id
        told = session.get_one(Kit, UUID(kit["kit_id"]))
        told.created_by = told.company_shown_by = told.school_shown_by = mark
        told.company_shown_at = told.school_shown_at = NOW
        session.get_one(KitCopy, UUID(kit["copy_id"])).copied_by = mark


def series(make: Factory, user_id: UUID) -> None:
    """A series that the person has founded, an event that the person has proposed and returned, and a calendar."""
    mark = f"user:{user_id}"
    parts = things.of_series(make, make.territory(), make.company())
    with make.database.write() as session:
        session.get_one(Series, UUID(parts["series_id"])).created_by = mark
        proposal = session.get_one(SeriesProposal, UUID(parts["proposal_id"]))
        proposal.proposed_by = proposal.decided_by = mark
        proposal.state, proposal.due_at, proposal.decided_at = ProposalState.RETURNED, None, NOW
        proposal.reason = "Manca la data."
        session.add(CalendarFeed(user_id=user_id, about=FeedAbout.OWN, token_hash="f" * 64, created_at=NOW))


def visit(make: Factory, student_id: UUID, user_id: UUID) -> None:
    """A booking of a visit; the person has planned it, booked it and ended it."""
    student = make.get(Student, student_id)
    assert student is not None
    mark = f"user:{user_id}"
    parts = things.of_visit(make, student, make.company())
    with make.database.write() as session:
        session.get_one(VisitSession, UUID(parts["visit_session_id"])).created_by = mark
        session.get_one(Quota, UUID(parts["quota_id"])).created_by = mark
        session.get_one(Booking, UUID(parts["booking_id"])).asked_by = mark
        came = UUID(parts["come_booking_id"])
        session.add(CheckIn(booking_id=came, students=1, adults=0, made_at=NOW, noted_at=NOW, noted_by=mark))
        session.add(CheckInStudent(booking_id=came, student_id=student_id))
        session.add(
            VisitWorth(
                opportunity_id=UUID(parts["visit_id"]), school_id=student.school_id, hours=2, decided_at=NOW, decided_by=mark
            )
        )  # fmt: skip
        credit = session.scalars(sa.select(HourCredit).where(HourCredit.student_id == student_id)).first()
        assert credit is not None
        session.add(VisitCredit(booking_id=came, hour_credit_id=credit.id))
        session.add(
            VisitFeedback(
                booking_id=came, student_id=student_id, discovery="a_job", recommends="yes", words="Bello.", given_at=NOW
            )
        )  # fmt: skip
        session.add(
            Booking(
                visit_session_id=UUID(parts["open_session_id"]), kind="single", state="cancelled", student_id=student_id,
                school_id=student.school_id, class_id=student.class_id, people=1, asked_at=NOW, asked_by=mark,
                ended_at=NOW, ended_by=mark, end_reason="own_choice",
            )
        )  # fmt: skip
        session.add(
            BookingGuest(
                visit_session_id=UUID(parts["open_session_id"]), name=PLANTED["given_name"], email=PLANTED["email"],
                language="it", people=2, code_hash="zyxhash-7", asked_at=NOW, code_ends_at=NOW + timedelta(days=1),
            )
        )  # fmt: skip


def seat(make: Factory, student_id: UUID, opportunity_id: UUID, user_id: UUID) -> None:
    """A round that has given the student a seat; the person has done everything in it."""
    student, opportunity = make.get(Student, student_id), make.get(Opportunity, opportunity_id)
    assert student is not None
    assert opportunity is not None
    mark = f"user:{user_id}"
    row = make.reviewed_round(student, opportunity, created_by=mark)
    make.round_pin(row, student, opportunity, made_by=mark)
    make.add(RoundWish(round_id=row.id, student_id=student_id, position=1, opportunity_id=opportunity_id))
    make.add(
        CompanyRank(
            opportunity_id=opportunity_id, student_id=student_id, position=1, ranked_at=NOW, ranked_by=mark
        )
    )
    with make.database.write() as session:
        session.query(RoundRun).filter_by(round_id=row.id).one().created_by = mark
        session.query(RoundSchool).filter_by(round_id=row.id).one().joined_by = mark
        taught = session.query(RoundClass).filter_by(round_id=row.id).one()
        taught.published_at, taught.published_by, taught.published_run = NOW, mark, 1


def work(make: Factory, student_id: UUID, user_id: UUID) -> None:
    """A placement with hours, a line in the diary, an evaluation and a credit; the person is all sides of it."""
    student = make.get(Student, student_id)
    assert student is not None
    mark = f"user:{user_id}"
    parts = things.of_placement(make, student, make.opportunity())
    with make.database.write() as session:
        entry = session.get_one(HourEntry, UUID(parts["hour_entry_id"]))
        entry.host_minutes, entry.school_minutes, entry.state = 50, 55, EntryState.CONFIRMED
        entry.arrived_at = entry.left_at = NOW
        entry.changed_by = mark
        session.get_one(DiaryEntry, UUID(parts["diary_entry_id"])).did = PLANTED["diary"]
        evaluation = session.get_one(Evaluation, UUID(parts["evaluation_id"]))
        evaluation.given_by = evaluation.confirmed_by = mark
        evaluation.words, evaluation.confirmed_at = PLANTED["evaluation"], NOW
        session.add(EvaluationSkill(evaluation_id=evaluation.id, skill_id="cad", level=3))
        session.get_one(HourCredit, UUID(parts["hour_credit_id"])).decided_by = mark
    with make.database.write() as session:
        service_ledger.settle(session, [student_id])


def sign_papers(make: Factory, student_id: UUID, user_id: UUID) -> None:
    """A plan that the student has signed, an amendment, a note of an early end, and the student as signatory of a school."""
    with make.database.read() as session:
        placement = session.query(Placement).filter_by(student_id=student_id).one()
    mark = f"user:{user_id}"
    plan = make.plan(placement, state="signing", guardian_name=PLANTED["guardian"], created_by=mark)
    make.add(
        Signature(
            paper_id=plan.id, document_id=plan.document_id, role=SignerRole.STUDENT, position=1, user_id=user_id,
            name=PLANTED["given_name"], link_hash="zyxhash-6".ljust(64, "0"), signed_at=NOW, signed_by=mark, signed_on=TODAY,
            method=Method.CODE,
        )
    )  # fmt: skip
    make.amendment(placement, school_tutor_id=user_id)
    note = Interruption(
        placement_id=placement.id,
        ended_on=TODAY,
        party=Party.STUDENT,
        reason=EndReason.MOVED,
        written_at=NOW,
        written_by=mark,
    )
    make.add(note)
    make.add(Signatory(school_id=make.school().id, user_id=user_id, name=PLANTED["account"]))


def waiting(student_id: UUID, company_id: UUID, opportunity_id: UUID, user_id: UUID) -> Application:
    return Application(
        student_id=student_id, opportunity_id=opportunity_id, company_id=company_id, state=ApplicationState.SUBMITTED, due_at=NOW,
        starts_on=TODAY, ends_on=TODAY, daily_hours=4, planned_hours=4, created_at=NOW, created_by=f"user:{user_id}",
        delivered_at=NOW,
    )  # fmt: skip


def place(make: Factory, student_id: UUID, opportunity_id: UUID, user_id: UUID) -> None:
    """A placement that ended early, in which the person is everything that one can be."""
    student, opportunity = make.get(Student, student_id), make.get(Opportunity, opportunity_id)
    assert student is not None
    assert opportunity is not None
    mark = f"user:{user_id}"
    activity = make.add(HostActivity(company_id=opportunity.company_id, name="Tornio"))
    placement = make.placement(
        student, opportunity, state=State.INTERRUPTED, created_by=mark, ended_by=mark, ended_at=NOW, ended_for="school",
        end_reason="moved", school_tutor_id=user_id, host_tutor_id=user_id, starts_at=time(8), ends_at=time(17),
    )  # fmt: skip
    days = {"starts_on": TODAY, "ends_on": TODAY}
    for row in (
        PlacementActivity(placement_id=placement.id, activity_id=activity.id),
        TutorChange(
            placement_id=placement.id, side="school", before_id=user_id, after_id=user_id, from_on=TODAY, made_at=NOW,
            made_by=mark, applied_at=NOW,
        ),
        TutorCapacity(
            user_id=user_id, school_id=student.school_id, start_year=2025, most_students=3, decided_at=NOW, decided_by=mark,
        ),
        ReportedOutcome(
            placement_id=placement.id, outcome=Outcome.CONTRACT, agreed_on=TODAY, reported_for="school",
            reported_at=NOW, reported_by=mark,
        ),
        EvidenceEdition(
            territory_id=make.territory().id, policy="network", start_year=2024, number=1, content={}, digest="0" * 64,
            counted_at=NOW, counted_by=mark, released_at=NOW, released_by=mark,
        ),
        TutorLeave(user_id=user_id, noted_at=NOW, noted_by=mark, **days),
        HostSafety(company_id=opportunity.company_id, declared_at=NOW, declared_by=mark),
    ):  # fmt: skip
        make.add(row)
    make.safety_training(student, kind="specific", risk="low", recorded_by=mark)
    make.law_rule(created_by=mark)


def create(client: TestClient, school_class: SchoolClass, lead: dict[str, str]) -> UUID:
    body = {
        "class_id": str(school_class.id), "given_name": PLANTED["given_name"], "family_name": PLANTED["family_name"],
        "born_on": "2008-05-04", "municipality_istat": "037006", "source": PLANTED["source"], "max_km": 50,
        "external_id": PLANTED["external_id"], "hours_owed": 90, "interests": ["plc"],
        "skills": [{"skill_id": "plc", "level": 3, "evidence": "validated", "words": PLANTED["words"]}],
        "availabilities": [{"starts_on": "2026-05-01", "ends_on": "2026-06-30"}],
        "languages": [{"language": "de", "cefr": "A2"}],
    }  # fmt: skip
    headers = lead | {"Idempotency-Key": PLANTED["key"], "Request-Id": PLANTED["request"]}
    answer = client.post("/api/v1/students", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    return UUID(answer.json()["id"])


def account(make: Factory, database: Database, student_id: UUID) -> tuple[UUID, dict[str, str]]:
    token = make.signed_in(Grant(Role.STUDENT, student_id=student_id), name=PLANTED["account"])
    with database.write() as session:
        user = session.query(User).join(Membership).filter(Membership.student_id == student_id).one()
        user.email, user.password_hash = PLANTED["email"], "zyxhash"
        return user.id, {"Cookie": f"{auth.COOKIE}={token}"}


def offer(make: Factory) -> tuple[UUID, UUID]:
    company = make.company()
    opportunity = make.opportunity(company, kind=Kind.INTERNSHIP, hours=80)
    make.add(
        OpportunitySkill(opportunity_id=opportunity.id, skill_id="plc", role=SkillRole.REQUIRED, level=2)
    )
    make.add(
        OpportunitySpan(
            opportunity_id=opportunity.id,
            starts_on=TODAY.replace(month=5),
            ends_on=TODAY.replace(month=5, day=29),
        )
    )
    make.change(opportunity)
    return company.id, opportunity.id


def use(
    client: TestClient,
    student: UUID,
    own: dict[str, str],
    lead: dict[str, str],
    company: dict[str, str],
    offer: UUID,
) -> None:
    """What happens to a student in a week."""
    path = f"/api/v1/students/{student}"

    def fine(answer: Any) -> Any:
        assert answer.status_code < 300, answer.text
        return answer

    request = {"Request-Id": PLANTED["request"]}
    fine(client.patch(path, json={"max_km": 49}, headers=own | PATCH | request | {"If-Match": "*"}))
    ranking = {"student_id": str(student), "limit": 5}
    fine(client.post("/api/v1/rankings", json=ranking, headers=own | {"Idempotency-Key": "zyx-ranking"}))
    wish = {"opportunity_id": str(offer), "is_ranked": True}
    fine(client.post(f"{path}/wishes", json=wish, headers=own))
    for headers in (lead, own):
        fine(client.get(path, headers=headers))
        fine(client.get(f"{path}/matches", headers=headers))
    candidates = fine(client.get(f"/api/v1/opportunities/{offer}/candidates", headers=company)).json()
    answer = {
        "items": [
            {"pseudonym": candidates["items"][0]["pseudonym"], "verdict": "no", "reason": "other_dates"}
        ]
    }
    fine(client.post(f"/api/v1/opportunities/{offer}/answers", json=answer, headers=company))
    advice = {"student_ids": [str(student)], "note": PLANTED["note"]}
    fine(client.post(f"/api/v1/opportunities/{offer}/recommendations", json=advice, headers=lead))
    fine(client.get(f"{path}/export", headers=lead))


def report(client: TestClient, make: Factory, person: Person) -> None:
    """Something is wrong in the placement; the school answers, and the family has a code."""
    student = make.get(Student, person.student_id)
    opportunity = make.get(Opportunity, person.opportunity_id)
    assert student is not None
    assert opportunity is not None
    placement = make.placement(student, opportunity)
    told = {"kind": "hours", "text": PLANTED["concern"]}
    made = client.post(f"/api/v1/placements/{placement.id}/concerns", json=told, headers=person.own)
    assert made.status_code == 201, made.text
    answer = {"text": f"Risposta a: {PLANTED['concern']}"}
    path = f"{made.headers['location']}/messages"
    assert client.post(path, json=answer, headers=person.lead).status_code == 201
    assert client.post(f"/api/v1/students/{student.id}/family-code", headers=person.lead).status_code == 200
