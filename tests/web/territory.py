"""A small territory for the pages: a school with a class, two companies, all three kinds of opportunity, people of every role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from uuid import UUID

from app.auth import service_people as people
from app.auth.actors import Grant, Role
from app.bookings.models import Booking, BookingKind, BookingMember, BookingState, VisitSession
from app.companies.models import Company, CompanyContact
from app.concerns import service_family as families
from app.concerns.models import ConcernKind, ConcernMessage, Side, Stage
from app.db import Database
from app.hosting.models import HostingPartner
from app.hours.models import (
    CreditKind,
    DiaryEntry,
    EntryState,
    Evaluation,
    EvaluationMark,
    EvaluationSkill,
    HourCredit,
    HourEntry,
)
from app.hours.rules import CRITERIA
from app.kits.models import Kit, KitSkill, KitStep
from app.laws import loading as laws
from app.laws.models import HostActivity
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    OpportunitySpan,
    SkillRole,
    Status,
)
from app.placements.models import Party, Placement, State
from app.schools.models import SchoolClass
from app.series.models import ProposalState, Series, SeriesKind, SeriesProposal, SeriesState
from app.settings import Settings
from app.skills.models import Skill, SkillKind, SkillLabel
from app.students.models import Evidence, Student, StudentAvailability, StudentInterest, StudentSkill
from tests.factories import ACTOR, NOW, Factory

PASSWORD = "prova-prova-prova"
ROLES = (
    "student", "classmate", "stranger", "teacher", "lead", "other lead", "company", "other company", "coordinator",
    "administrator", "several", "nobody", "pupil",
)  # fmt: skip
SKILLS = {
    "plc-programming": ("Programmazione PLC", "PLC programming"),
    "electrical-panels": ("Cablaggio di quadri elettrici", "Wiring of electrical panels"),
    "technical-drawing": ("Disegno tecnico", "Technical drawing"),
    "pneumatics": ("Pneumatica", "Pneumatics"),
    "robot-programming": ("Programmazione di robot industriali", "Programming of industrial robots"),
    "cnc-turning": ("Tornitura CNC", "CNC turning"),
    "metrology": ("Misure e collaudi", "Measuring and testing"),
}


@dataclass(frozen=True)
class Territory:
    """Ids of what pages show, and the people who look at them."""

    school_id: UUID
    student_id: UUID
    classmate_id: UUID
    stranger_id: UUID
    class_id: UUID
    other_class_id: UUID
    company_id: UUID
    other_company_id: UUID
    unapproved_id: UUID
    internship_id: UUID
    far_id: UUID
    draft_id: UUID
    full_id: UUID
    round_id: UUID
    open_round_id: UUID
    shared_round_id: UUID
    territory_id: UUID
    placement_id: UUID
    worked_id: UUID
    closing_id: UUID
    last_year_id: UUID
    emails: dict[str, str]
    concern_id: UUID
    family_code: str
    offered_id: UUID
    series_id: UUID
    kit_id: UUID
    morning_id: UUID
    waiting_id: UUID
    visit_id: UUID
    session_id: UUID


def build(database: Database, *, on: date) -> Territory:
    """Fill an empty, migrated database with what is offered from a month after that day on."""
    make = Factory(database)
    for skill_id, labels in SKILLS.items():
        make.add(Skill(id=skill_id, kind=SkillKind.SKILL))
        for language, label in zip(("it", "en"), labels, strict=True):
            make.add(
                SkillLabel(
                    skill_id=skill_id, language=language, rank=0, label=label, search_key=label.lower()
                )
            )
    make.municipality("037032", name="Imola", latitude=44.35227, longitude=11.71582, population=69000)
    make.municipality(
        "099014", name="Rimini", province_code="RN", province_name="Rimini", latitude=44.05755, longitude=12.56528,
        population=150000,
    )  # fmt: skip
    school = make.school(name="Istituto tecnico Aldini")
    school_class = make.school_class(school, section="A")
    other_class = make.school_class(make.school(name="Istituto professionale Alberghetti"), section="B")
    student = make.student(school_class, given_name="Giulia", family_name="Rossi", max_km=60)
    classmate = make.student(
        school_class,
        given_name="Marco",
        family_name="Neri",
        max_km=None,
        hours_owed=1,
        born_on=date(on.year - 16, 1, 1),
    )
    stranger = make.student(
        other_class, given_name="Sara", family_name="Bianchi", born_on=date(on.year - 16, 1, 1)
    )
    start = on + timedelta(days=30)
    for one in (student, stranger):
        profile(make, one.id, start)
    company = make.company(
        name="Automazioni Reno srl",
        size="small",
        description="Progettiamo e montiamo linee di confezionamento.",
        district="Distretto del packaging",
        website="https://example.org",
        is_public=True,
    )
    make.add(
        CompanyContact(company_id=company.id, name="Paola Verdi", job="Tutor", email="paola@example.org")
    )
    other_company = make.company(name="Officine Santerno")
    unapproved = make.company(name="Torneria Nuova", is_approved=False)
    internship = _offer(
        make, company.id, Kind.INTERNSHIP, "Montaggio e prova di quadri di automazione", start, days=20, hours=120,
        text="Segui un tecnico esperto: leggi gli schemi, monti i componenti, provi il programma sulla macchina.",
        conditions="Scarpe antinfortunistiche fornite da noi.", daily_hours=7.5, min_age=16, max_age=20,
        closes_on=start - timedelta(days=10),
        skills=[("plc-programming", 3, "required"), ("electrical-panels", 2, "wanted"), ("pneumatics", 2, "taught")],
    )  # fmt: skip
    make.add(
        OpportunitySpan(
            opportunity_id=internship, starts_on=start + timedelta(days=40), ends_on=start + timedelta(days=54),
            weekdays=0b00101, parts=1,
        )
    )  # fmt: skip
    make.add(OpportunityEligibility(opportunity_id=internship, programme_id="it-c3-automazione", year=4))
    make.add(OpportunityEligibility(opportunity_id=internship, school_kind="its"))
    for number in range(1, 13):
        _offer(
            make, other_company.id, Kind.INTERNSHIP, f"Officina meccanica, turno {number}", start, days=10 + number,
            istat="037032", hours=40 + number, skills=[("cnc-turning", 2, "required"), ("metrology", 1, "taught")],
        )  # fmt: skip
    far = _offer(make, other_company.id, Kind.INTERNSHIP, "Robot al mare", start, days=5, istat="099014",
                 hours=30, skills=[("robot-programming", 2, "wanted")])  # fmt: skip
    morning = _offer(make, company.id, Kind.VISIT, "Una mattina in reparto", start, days=0, hours=3, group_min=5, group_max=25,
                     skills=[("pneumatics", 1, "taught")])  # fmt: skip
    _offer(make, other_company.id, Kind.TRAINING, "Corso base di schemi elettrici", start, days=0, hours=24, istat=None,
           skills=[("electrical-panels", 2, "taught")])  # fmt: skip
    draft = _offer(make, company.id, Kind.INTERNSHIP, "Ancora da finire", start, days=5, status=Status.DRAFT,
                   published_at=None, published_by=None)  # fmt: skip
    full = _offer(make, company.id, Kind.VISIT, "Visita con i posti finiti", start, days=0, status=Status.FULL,
                  seats=1, seats_taken=1)  # fmt: skip
    grants_of = {
        "student": [Grant(Role.STUDENT, student_id=student.id)],
        "classmate": [Grant(Role.STUDENT, student_id=classmate.id)],
        "stranger": [Grant(Role.STUDENT, student_id=stranger.id)],
        "teacher": [Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({school_class.id}))],
        "lead": [Grant(Role.SCHOOL_LEAD, school_id=school.id)],
        "other lead": [Grant(Role.SCHOOL_LEAD, school_id=other_class.school_id)],
        "company": [Grant(Role.COMPANY_ADMIN, company_id=company.id)],
        "other company": [Grant(Role.COMPANY_MEMBER, company_id=other_company.id)],
        "coordinator": [make.grant(Role.COORDINATOR)],
        "administrator": [Grant(Role.ADMINISTRATOR)],
        "several": [
            Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({school_class.id})),
            Grant(Role.COMPANY_MEMBER, company_id=company.id),
        ],
        "nobody": [],
        "pupil": [Grant(Role.STUDENT, student_id=classmate.id)],
    }
    emails = {who: f"{who.replace(' ', '.')}@example.org" for who in grants_of}
    with database.write() as session:
        for who, grants in grants_of.items():
            people.add_user(
                session,
                ACTOR,
                email=emails[who],
                name=who.title(),
                grants=grants,
                password_hash=_hashed() if who != "pupil" else None,
                is_demo=True,
            )
    offered = make.get(Opportunity, internship)
    assert offered is not None
    reviewed = make.reviewed_round(student, offered, name="Tirocini di giugno")
    make.round_pin(reviewed, classmate, offered, ruling="ban", why="Ne abbiamo parlato")
    collecting = make.round(school_class, name="Visite di primavera", kinds="visit")
    shared = make.round(other_class, name="Tirocini insieme", territory=make.territory())
    placement = _place(make, student, full, start)
    session_id, offered_id, waiting_id = _bookings(make, student, full, start)
    series_id = _series(make, full, morning, on)
    kit = make.add(
        Kit(
            territory_id=make.territory().id, company_id=company.id, school_id=school.id, kind=Kind.INTERNSHIP,
            title="Un banco prova per valvole", summary="La classe lo progetta, l'azienda lo usa.", first_year=4, last_year=5,
            hours=60, result="Il banco è in reparto.", company_shown_at=NOW, company_shown_by=ACTOR.mark, created_at=NOW,
            created_by=ACTOR.mark,
        )
    )  # fmt: skip
    make.add(
        KitStep(
            kit_id=kit.id,
            position=0,
            title="Il tecnico viene in classe",
            company_minutes=120,
            teacher_minutes=60,
        )
    )
    make.add(KitSkill(kit_id=kit.id, skill_id="plc-programming", level=2))
    make.add(
        HostingPartner(
            opportunity_id=internship, company_id=other_company.id, invited_at=NOW, invited_by=ACTOR.mark
        )
    )
    concern_id, family_code = _report(make, placement, classmate, full, on)
    last_year = _offer(
        make, company.id, Kind.INTERNSHIP, "Cablaggio e collaudo", start, days=20, hours=80, status=Status.CLOSED,
        skills=[("plc-programming", 2, "wanted"), ("pneumatics", 1, "taught")],
    )  # fmt: skip
    worked, closing = placements(make, (student, classmate), last_year, on)
    return Territory(
        series_id=series_id, kit_id=kit.id, morning_id=morning, offered_id=offered_id, waiting_id=waiting_id, visit_id=morning, session_id=session_id, concern_id=concern_id, family_code=family_code, worked_id=worked, closing_id=closing, last_year_id=last_year,
        school_id=school.id, student_id=student.id, classmate_id=classmate.id, stranger_id=stranger.id, class_id=school_class.id,
        other_class_id=other_class.id, company_id=company.id, other_company_id=other_company.id,
        unapproved_id=unapproved.id, internship_id=internship, far_id=far, draft_id=draft, round_id=reviewed.id, open_round_id=collecting.id, full_id=full,
        shared_round_id=shared.id, territory_id=make.territory().id,
        placement_id=placement.id, emails=emails,
    )  # fmt: skip


def _place(make: Factory, student: Student, opportunity_id: UUID, start: date) -> Placement:
    """A placement of the student, still to be prepared, with rules of each gravity that find something in it."""
    opportunity = make.get(Opportunity, opportunity_id)
    assert opportunity is not None
    with make.database.write() as session:
        laws.load(session, ACTOR, laws.read_rules())
    make.add(HostActivity(company_id=opportunity.company_id, name="Montaggio meccanico"))
    make.add(HostActivity(company_id=opportunity.company_id, name="Saldatura", is_high_risk=True))
    return make.placement(student, opportunity, starts_on=start, ends_on=start + timedelta(days=11))


def _bookings(make: Factory, student: Student, visit_id: UUID, start: date) -> tuple[UUID, UUID, UUID]:
    """Two bookings of a session with one seat: the student has been offered it, and the class waits; it has a test then."""
    begins = datetime.combine(start, time(8), UTC)
    visit = make.add(
        VisitSession(
            opportunity_id=visit_id, starts_at=begins, ends_at=begins + timedelta(hours=3), room="Portineria", seats=1,
            seats_taken=1, draw_seed=7, note="Scarpe chiuse.", created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    asked = {
        "visit_session_id": visit.id, "school_id": student.school_id, "class_id": student.class_id, "asked_at": NOW,
        "asked_by": ACTOR.mark, "due_at": begins - timedelta(days=1),
    }  # fmt: skip
    offered = make.add(
        Booking(kind=BookingKind.SINGLE, state=BookingState.OFFERED, student_id=student.id, people=1, **asked)
    )
    waiting = make.add(
        Booking(kind=BookingKind.GROUP, state=BookingState.WAITING, people=5, adults=1, passes=1, **asked)
    )
    make.add(BookingMember(visit_session_id=visit.id, student_id=student.id, booking_id=offered.id))
    school_class = make.get(SchoolClass, student.class_id)
    assert school_class is not None
    make.class_test(school_class, held_on=start, subject="elettronica")
    return visit.id, offered.id, waiting.id


def _series(make: Factory, visit_id: UUID, proposed_id: UUID, on: date) -> UUID:
    """A festival with an event in it, and another one that has waited too long for an answer."""
    series = make.add(
        Series(
            territory_id=make.territory().id, name_it="Festa della tecnica", name_en="Days of technology",
            kind=SeriesKind.FESTIVAL, starts_on=on, ends_on=on + timedelta(days=90), state=SeriesState.OPEN,
            brief="Eventi aperti alle classi.", created_at=NOW, created_by=ACTOR.mark,
        )
    )  # fmt: skip
    said = {
        "series_id": series.id,
        "audiences": 9,
        "proposed_at": NOW,
        "proposed_by": ACTOR.mark,
        "is_step_free": True,
    }
    decided = {"state": ProposalState.PUBLISHED, "decided_at": NOW, "decided_by": ACTOR.mark}
    make.add(SeriesProposal(opportunity_id=visit_id, accessibility="Rampa in cortile.", **said, **decided))
    due_at = datetime.combine(on, time(12), UTC) - timedelta(days=2)
    make.add(SeriesProposal(opportunity_id=proposed_id, contact_name="Rita Bassi", due_at=due_at, **said))
    return series.id


def _report(
    make: Factory, placement: Placement, classmate: Student, internship: UUID, on: date
) -> tuple[UUID, str]:
    """Two placements with a reported problem each: the student's has come to the territory, a family's is with the school."""
    opportunity = make.get(Opportunity, internship)
    assert opportunity is not None
    other = make.placement(classmate, opportunity, starts_on=on + timedelta(days=30))
    noon = datetime.combine(on, time(12), UTC)
    told = {"raised_at": noon - timedelta(days=8), "due_at": noon + timedelta(days=4)}
    concern = make.concern(placement, stage=Stage.TERRITORY, territory_at=noon - timedelta(days=1), **told)
    make.add(
        ConcernMessage(
            concern_id=concern.id, side=Side.SCHOOL, text="Ne parlo domani con l'azienda.", written_at=noon - timedelta(days=7),
            written_by="system:tests",
        )
    )  # fmt: skip
    make.concern(other, raised_side=Side.FAMILY, kind=ConcernKind.SAFETY, text="Lavora senza guanti.", **told)
    with make.database.write() as session:
        code = families.issue(session, ACTOR, classmate.id, secret=Settings().secret_key, now=noon).code
    return concern.id, code


def placements(
    make: Factory, people_: tuple[Student, Student], opportunity_id: UUID, on: date
) -> tuple[UUID, UUID]:
    """One that runs, with a day in dispute, a line in the diary and a credit; and one that is to be closed."""
    opportunity = make.get(Opportunity, opportunity_id)
    assert opportunity is not None
    every_day = {"weekdays": 127, "daily_hours": 7.5}
    runs, ended = (
        make.placement(student, opportunity, state=state, starts_on=on - timedelta(days=days), **every_day)
        for student, state, days in zip(people_, (State.RUNNING, State.CLOSING), (5, 15), strict=True)
    )
    said = {"changed_at": NOW, "changed_by": ACTOR.mark}
    for number, (state, theirs) in enumerate(((EntryState.CONFIRMED, 450), (EntryState.DISPUTED, 240))):
        make.add(
            HourEntry(
                placement_id=runs.id, worked_on=on - timedelta(days=3 - number), state=state, student_minutes=450,
                host_minutes=theirs, **said,
            )
        )  # fmt: skip
    make.add(
        DiaryEntry(
            placement_id=runs.id, written_on=on - timedelta(days=3), did="Ho montato un quadro.",
            learnt="A leggere lo schema.", written_at=NOW,
        )
    )  # fmt: skip
    make.add(
        HourCredit(
            student_id=runs.student_id, kind=CreditKind.VISIT, title="Visita alla fiera", held_on=on, hours=4,
            decided_at=NOW, decided_by=ACTOR.mark,
        )
    )  # fmt: skip
    evaluation = make.add(
        Evaluation(
            placement_id=ended.id, student_id=ended.student_id, party=Party.COMPANY, would_repeat=True, words="Bravo.",
            given_at=NOW, given_by=ACTOR.mark,
        )
    )  # fmt: skip
    for criterion in CRITERIA[Party.COMPANY]:
        make.add(EvaluationMark(evaluation_id=evaluation.id, criterion=criterion, mark=3))
    make.add(EvaluationSkill(evaluation_id=evaluation.id, skill_id="plc-programming", level=3))
    return runs.id, ended.id


@cache
def _hashed() -> str:
    return people.hash_password(PASSWORD)


def profile(make: Factory, student_id: UUID, start: date) -> None:
    """Skills, an interest, and three months free: a student for whom something fits."""
    held = {"plc-programming": (3, "validated"), "electrical-panels": (1, "curriculum"),
            "technical-drawing": (2, "curriculum"), "robot-programming": (2, "declared"),
            "cnc-turning": (4, "certified"), "metrology": (2, "curriculum")}  # fmt: skip
    for skill_id, (level, evidence) in held.items():
        make.add(
            StudentSkill(student_id=student_id, skill_id=skill_id, level=level, evidence=Evidence(evidence))
        )
    make.add(StudentInterest(student_id=student_id, skill_id="robot-programming"))
    make.add(
        StudentAvailability(
            student_id=student_id, starts_on=start, ends_on=start + timedelta(days=90), weekdays=31
        )
    )


def _offer(
    make: Factory,
    company_id: UUID,
    kind: Kind,
    title: str,
    start: date,
    *,
    days: int,
    istat: str | None = "037006",
    skills: list[tuple[str, int, str]] = (),  # type: ignore[assignment]
    **values: object,
) -> UUID:
    offer = make.opportunity(
        make.get(Company, company_id),
        kind=kind,
        title=title,
        municipality_istat=istat,
        is_online=istat is None,
        **values,
    )
    make.add(OpportunitySpan(opportunity_id=offer.id, starts_on=start, ends_on=start + timedelta(days=days)))
    for skill_id, level, role in skills:
        make.add(
            OpportunitySkill(opportunity_id=offer.id, skill_id=skill_id, level=level, role=SkillRole(role))
        )
    return offer.id
