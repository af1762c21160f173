"""Building what tests need: `make.company(name="…")`. Each thing brings the things that it cannot do without."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

import sqlalchemy as sa

from app import db
from app.agreements import rules as papers
from app.agreements.models import Agreement, Amendment, Document, Paper, PaperState, PlanSkill, TrainingPlan
from app.applications.models import Application, ApplicationState
from app.auth import service as auth
from app.auth import service_keys as keys
from app.auth import service_people as people
from app.auth import service_sessions as sessions
from app.auth.actors import Grant, Role, system
from app.auth.models import Territory, TerritoryProvince
from app.bulk_changes.models import BulkChange, BulkKind
from app.calendars.models import ClosingKind, PatronDay, SchoolClosing
from app.class_tests.models import ClassTest
from app.companies.models import Company, CompanySite
from app.concerns.models import Concern, ConcernKind, Side, Stage
from app.db import Base, Database
from app.disclosures.models import Disclosure
from app.laws.models import LawRule, Measure, SafetyTraining, Severity
from app.opportunities.models import Kind, Opportunity, Status
from app.placements.models import Placement, State
from app.placements.rules import due_at
from app.places.models import Municipality
from app.programmes.models import Programme
from app.recommendations.models import Recommendation
from app.rounds.models import Round, RoundClass, RoundPin, RoundRun, RoundSchool, RoundSeat, RoundState
from app.schools.models import School, SchoolClass
from app.skills.models import Skill, SkillKind, SkillLabel
from app.students.models import Student
from app.wishes.models import Wish

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
ACTOR = system("tests")
APPROVED: dict[str, Any] = {"approved_at": NOW, "approved_by": "system:tests"}
"""What makes a company one that everybody sees."""


Row = TypeVar("Row", bound=Base)


class Factory:
    """Makes rows in blocks of their own; every value can be overridden by name."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.numbers = count(1)

    def add(self, row: Row) -> Row:
        """Store any row."""
        with self.database.write() as session:
            session.add(row)
        return row

    def get(self, kind: type[Row], key: Any) -> Row | None:
        """Read any row."""
        with self.database.read() as session:
            return session.get(kind, key)

    def bearer(
        self,
        role: Role = Role.ADMINISTRATOR,
        *,
        scopes: Iterable[str] = auth.SCOPES,
        school_id: UUID | None = None,
        company_id: UUID | None = None,
        territory_id: UUID | None = None,
    ) -> dict[str, str]:
        """Headers of a caller with an API key; a coordinator's is of the province of Bologna unless told otherwise."""
        if role is Role.COORDINATOR:
            territory_id = territory_id or self.territory().id
        # Issued as the system: a test needs keys before it has an administrator.
        with self.database.write() as session:
            key, token = keys.issue_key(
                session,
                ACTOR,
                name="test",
                role=role,
                scopes=[],
                school_id=school_id,
                company_id=company_id,
                territory_id=territory_id,
                now=NOW,
            )
            # Also more than its role may have: the rules must hold without the help of the scopes.
            key.scopes = " ".join(sorted(scopes))
        return {"Authorization": f"Bearer {token}"}

    def signed_in(self, *grants: Grant | Role, name: str = "Anna") -> str:
        """The session token of a person with these grants; a coordinator is Bologna's unless told otherwise."""
        given = [self.grant(grant) for grant in grants]
        with self.database.write() as session:
            user = people.add_user(
                session,
                ACTOR,
                email=f"{name.lower()}{next(self.numbers)}@example.org",
                name=name,
                grants=given,
            )
            return sessions.sign_in(session, user, hours=1, request_id="tests", has_second_factor=True)

    def grant(self, grant: Grant | Role) -> Grant:
        """The grant, bound to a territory where it is a coordinator's."""
        grant = Grant(grant) if isinstance(grant, Role) else grant
        if grant.role is not Role.COORDINATOR or grant.territory_id is not None:
            return grant
        return replace(grant, territory_id=self.territory().id)

    def territory(self, name: str = "Bologna", *provinces: str) -> Territory:
        """The province of Bologna unless told otherwise; the same row when asked twice."""
        with self.database.read() as session:
            found = session.scalar(sa.select(Territory).where(Territory.name == name))
        if found is not None:
            return found
        territory = self.add(Territory(name=name))
        for code in provinces or ("BO",):
            self.add(TerritoryProvince(territory_id=territory.id, province_code=code))
        return territory

    def municipality(self, istat: str = "037006", **values: Any) -> Municipality:
        """Bologna unless told otherwise; the same row when asked twice."""
        found = self.get(Municipality, istat)
        if found is not None:
            return found
        defaults: dict[str, Any] = {
            "cadastral": f"A{int(istat) % 1000:03d}", "name": "Bologna", "province_code": "BO",
            "province_name": "Bologna", "region_code": "08", "region_name": "Emilia-Romagna", "caps": "40121 40122",
            "latitude": 44.49381, "longitude": 11.33875, "coordinate_source": "town", "population": 390000,
        }  # fmt: skip
        return self.add(Municipality(istat=istat, **defaults | values))

    def skill(self, skill_id: str = "plc-programming", **values: Any) -> Skill:
        """A concept with its preferred label in both languages; the same row when asked twice."""
        found = self.get(Skill, skill_id)
        if found is not None:
            return found
        skill = self.add(Skill(id=skill_id, **{"kind": SkillKind.SKILL} | values))
        label = skill_id.replace("-", " ")
        for language in ("it", "en"):
            self.add(SkillLabel(skill_id=skill_id, language=language, rank=0, label=label, search_key=label))
        return skill

    def programme(self, programme_id: str = "it-c3-automazione", **values: Any) -> Programme:
        """A technical track; the same row when asked twice."""
        found = self.get(Programme, programme_id)
        if found is not None:
            return found
        defaults: dict[str, Any] = {
            "code": "C3", "kind": "technical", "sector": "technological", "title_it": "Automazione",
            "title_en": "Automation", "first_year": 3, "last_year": 5, "eqf": 4,
        }  # fmt: skip
        return self.add(Programme(id=programme_id, **defaults | values))

    def school(self, **values: Any) -> School:
        """A technical school in Bologna."""
        number = next(self.numbers)
        defaults: dict[str, Any] = {
            "code": f"BOTF{number:05d}X", "name": f"Scuola {number}", "kind": "technical", "is_state": True,
            "municipality_istat": self.municipality().istat, "source": "tests",
        }  # fmt: skip
        return self.add(School(**defaults | values))

    def school_class(self, school: School | None = None, **values: Any) -> SchoolClass:
        """A fourth class of automation."""
        school = school or self.school()
        defaults: dict[str, Any] = {
            "school_id": school.id, "start_year": 2025, "year": 4, "section": f"A{next(self.numbers)}",
            "programme_id": self.programme().id,
        }  # fmt: skip
        return self.add(SchoolClass(**defaults | values))

    def student(self, school_class: SchoolClass | None = None, **values: Any) -> Student:
        """A student of a fourth class, seventeen years old."""
        school_class = school_class or self.school_class()
        defaults: dict[str, Any] = {
            "school_id": school_class.school_id, "class_id": school_class.id, "given_name": "Giulia",
            "family_name": f"Prova{next(self.numbers)}", "born_on": date(2008, 5, 4), "max_km": 40,
            "municipality_istat": self.municipality().istat, "hours_owed": 100, "created_at": NOW,
        }  # fmt: skip
        return self.add(Student(**defaults | values))

    def company(self, **values: Any) -> Company:
        """An approved firm with a site in Bologna; with `is_approved=False` it waits."""
        defaults: dict[str, Any] = {"name": f"Officina {next(self.numbers)}", "submitted_at": NOW}
        if values.pop("is_approved", True):
            defaults |= APPROVED
        istat = values.pop("municipality_istat", None) or self.municipality().istat
        company = self.add(Company(**defaults | values))
        self.add(CompanySite(company_id=company.id, name="Sede", municipality_istat=istat, is_main=True))
        return company

    def opportunity(self, company: Company | None = None, **values: Any) -> Opportunity:
        """A published internship in Bologna."""
        company = company or self.company()
        defaults: dict[str, Any] = {
            "company_id": company.id, "kind": Kind.INTERNSHIP, "status": Status.PUBLISHED, "title": "Tirocinio",
            "municipality_istat": self.municipality().istat, "seats": 2, "created_at": NOW, "published_at": NOW,
            "published_by": "system:tests",
        }  # fmt: skip
        opportunity = self.add(Opportunity(**defaults | values))
        self.change(opportunity)
        return opportunity

    def closing(self, school: School | None = None, **values: Any) -> SchoolClosing:
        """Christmas 2026, on which nobody is expected."""
        defaults: dict[str, Any] = {
            "school_id": (school or self.school()).id, "starts_on": date(2026, 12, 23), "ends_on": date(2027, 1, 6), "name": "Natale",
            "kind": ClosingKind.NOBODY_EXPECTED,
        }  # fmt: skip
        return self.add(SchoolClosing(**defaults | values))

    def class_test(self, school_class: SchoolClass, **values: Any) -> ClassTest:
        """In mathematics, on the second of March 2026, at any time."""
        defaults: dict[str, Any] = {
            "class_id": school_class.id, "held_on": date(2026, 3, 2), "subject": "matematica", "noted_at": NOW,
            "noted_by": "system:tests",
        }  # fmt: skip
        return self.add(ClassTest(**defaults | values))

    def patron_day(self, istat: str, **values: Any) -> PatronDay:
        """The fourth of October unless told otherwise."""
        defaults: dict[str, Any] = {"month": 10, "day": 4, "name": "San Petronio"}
        return self.add(PatronDay(municipality_istat=istat, **defaults | values))

    def disclosure(self, student: Student, opportunity: Opportunity, **values: Any) -> Disclosure:
        """A company's request for the name of a student; nobody has answered."""
        defaults: dict[str, Any] = {
            "student_id": student.id, "opportunity_id": opportunity.id, "company_id": opportunity.company_id,
            "requested_at": NOW, "requested_by": "system:tests", "expires_at": NOW + timedelta(days=30),
        }  # fmt: skip
        return self.add(Disclosure(**defaults | values))

    def concern(self, placement: Placement, **values: Any) -> Concern:
        """What a student has reported; the school's lead owns it."""
        defaults: dict[str, Any] = {
            "placement_id": placement.id, "student_id": placement.student_id, "kind": ConcernKind.TASKS,
            "text": "Faccio solo fotocopie.", "raised_side": Side.STUDENT, "raised_at": NOW, "stage": Stage.LEAD,
            "due_at": NOW + timedelta(days=7),
        }  # fmt: skip
        return self.add(Concern(**defaults | values))

    def wish(
        self, student: Student, opportunity: Opportunity, position: int | None = None, **values: Any
    ) -> Wish:
        """What a student has saved; with a position it is ranked too."""
        defaults: dict[str, Any] = {
            "student_id": student.id, "opportunity_id": opportunity.id, "position": position, "created_at": NOW,
            "ranked_at": None if position is None else NOW,
        }  # fmt: skip
        return self.add(Wish(**defaults | values))

    def agreement(self, school: School, company: Company, **values: Any) -> Agreement:
        """A complete draft for this school year and the next; in other states it has a document."""
        defaults: dict[str, Any] = {
            "school_id": school.id, "company_id": company.id, "valid_from": date(2025, 9, 1),
            "valid_until": date(2027, 8, 31), "insurance_company": "Assicura", "insurance_policy": "P-1",
            "inail_position": "I-1", "created_at": NOW, "created_by": "system:tests",
        }  # fmt: skip
        return self._paper(Agreement(**defaults | values))

    def plan(self, placement: Placement, **values: Any) -> TrainingPlan:
        """A complete draft with a guardian; in other states it has a document."""
        defaults: dict[str, Any] = {
            "placement_id": placement.id, "student_id": placement.student_id, "school_id": placement.school_id,
            "company_id": placement.company_id, "activities": "Cabla quadri.", "guardian_name": "Rita Prova",
            "guardian_email": "rita@example.org", "created_at": NOW, "created_by": "system:tests",
        }  # fmt: skip
        plan = self._paper(TrainingPlan(**defaults | values))
        self.add(PlanSkill(plan_id=plan.id, skill_id=self.skill().id, level=2))
        return plan

    def amendment(self, placement: Placement, **values: Any) -> Amendment:
        """A draft of other hours a day."""
        defaults: dict[str, Any] = {
            "placement_id": placement.id, "student_id": placement.student_id, "school_id": placement.school_id,
            "company_id": placement.company_id, "daily_hours": 6, "created_at": NOW, "created_by": "system:tests",
        }  # fmt: skip
        return self._paper(Amendment(**defaults | values))

    def _paper(self, paper: Row) -> Row:
        assert isinstance(paper, Paper)
        paper.id, paper.state = db.new_id(), paper.state or PaperState.DRAFT
        if paper.state in papers.OPEN and paper.due_at is None:
            paper.due_at = NOW + timedelta(days=20)
        if paper.state not in (PaperState.DRAFT, PaperState.SENT):
            paper.document_id = self.document(paper.id, kind=paper.kind, student_id=paper.student_id).id
        return self.add(paper)

    def document(self, subject_id: UUID, **values: Any) -> Document:
        """Some bytes about a paper; their hash is theirs."""
        content = values.pop("content", b"%PDF-1.7 a document of the tests %%EOF")
        defaults: dict[str, Any] = {
            "kind": "plan", "subject_id": subject_id, "language": "it", "version": 1, "content": content,
            "media_type": "application/pdf", "digest": sha256(content).hexdigest(), "made_at": NOW,
            "made_by": "system:tests",
        }  # fmt: skip
        return self.add(Document(**defaults | values))

    def application(self, student: Student, opportunity: Opportunity, **values: Any) -> Application:
        """A student's application for ten days, which the company has got today; nobody has answered."""
        defaults: dict[str, Any] = {
            "student_id": student.id, "opportunity_id": opportunity.id, "company_id": opportunity.company_id,
            "state": ApplicationState.SUBMITTED, "due_at": NOW + timedelta(days=14), "starts_on": date(2026, 3, 2),
            "ends_on": date(2026, 3, 13), "daily_hours": 8, "planned_hours": 80, "created_at": NOW,
            "created_by": "system:tests", "delivered_at": NOW,
        }  # fmt: skip
        return self.add(Application(**defaults | values))

    def placement(self, student: Student, opportunity: Opportunity, **values: Any) -> Placement:
        """Two weeks next month that everybody has agreed on; it holds no seat unless `seats_taken` says so."""
        starts_on = values.get("starts_on", TODAY + timedelta(days=28))
        defaults: dict[str, Any] = {
            "student_id": student.id, "school_id": student.school_id, "class_id": student.class_id,
            "opportunity_id": opportunity.id, "company_id": opportunity.company_id, "starts_on": starts_on,
            "ends_on": starts_on + timedelta(days=11), "daily_hours": 8, "planned_hours": 80, "created_at": NOW,
            "created_by": "system:tests",
        }  # fmt: skip
        placement = Placement(**{"state": State.PLANNED} | defaults | values)
        if placement.due_at is None:
            placement.due_at = due_at(placement, placement.state, UTC)
        return self.add(placement)

    def law_rule(self, **values: Any) -> LawRule:
        """A rule that nobody has to fulfil: placements take at most a thousand hours a week."""
        defaults: dict[str, Any] = {
            "code": f"rule-{next(self.numbers)}", "version": 1, "measure": Measure.WEEKLY_HOURS, "severity": Severity.FORBIDS,
            "parameters": {"hours": 168}, "starts_on": date(2020, 1, 1), "source": "L. 1/2020", "message_it": "No: {planned}.",
            "message_en": "No: {planned}.", "created_at": NOW, "created_by": "system:tests",
        }  # fmt: skip
        return self.add(LawRule(**defaults | values))

    def safety_training(self, student: Student, **values: Any) -> SafetyTraining:
        """The general four hours, held by the school."""
        defaults: dict[str, Any] = {
            "student_id": student.id, "kind": "general", "hours": 4, "held_on": TODAY, "held_by": "Scuola",
            "recorded_at": NOW, "recorded_by": "system:tests",
        }  # fmt: skip
        return self.add(SafetyTraining(**defaults | values))

    def recommendation(self, student: Student, opportunity: Opportunity, **values: Any) -> Recommendation:
        """A recommendation of nobody in particular, without words."""
        defaults = {"student_id": student.id, "opportunity_id": opportunity.id, "recommended_at": NOW}
        return self.add(Recommendation(**defaults | values))

    def round(self, school_class: SchoolClass | None = None, **values: Any) -> Round:
        """A round of one class for internships in June that collects wishes until the 20th; or, in `territory`, shared."""
        territory = values.pop("territory", None)
        defaults: dict[str, Any] = {
            "school_id": None, "territory_id": territory.id if territory else None, "name": "Tirocini di giugno",
            "kinds": "internship", "starts_on": date(2026, 6, 1), "ends_on": date(2026, 7, 31), "opens_on": TODAY,
            "closes_on": date(2026, 1, 20), "publish_by": date(2026, 2, 10), "max_wishes": 5,
            "created_at": NOW, "created_by": "system:tests",
        }  # fmt: skip
        if school_class is not None and territory is None:
            defaults["school_id"] = school_class.school_id
        state = values.get("state", RoundState.COLLECTING)
        if state not in (RoundState.PUBLISHED, RoundState.CANCELLED):
            defaults["due_at"] = NOW + timedelta(days=9)
        if state is RoundState.CANCELLED:
            defaults |= {"ended_at": NOW, "ended_by": "system:tests"}
        row = self.add(Round(**defaults | values))
        if school_class is not None:
            school = {"round_id": row.id, "school_id": school_class.school_id}
            self.add(RoundSchool(**school, joined_at=NOW, joined_by="system:tests"))
            self.add(RoundClass(**school, class_id=school_class.id))
        return row

    def reviewed_round(self, student: Student, opportunity: Opportunity, **values: Any) -> Round:
        """A round of the student's class with one run that gives the student the seat."""
        school_class = self.get(SchoolClass, student.class_id)
        state = values.pop("state", RoundState.REVIEWED)
        row = self.round(
            school_class, state=state, run_number=1, **{"frozen_at": NOW, "frozen_by": "t"} | values
        )
        offer = {"id": str(opportunity.id), "seats": 2, "minimum": 0, "periods": 0, "size": "", "spans": []}
        run = self.add(
            RoundRun(
                round_id=row.id, number=1, mode="stable", seed=1, is_wishes_only=False, algorithm="bottega-2",
                weights={}, ranked_on=TODAY, offers={"items": [offer]}, fingerprint="0", students=1, placed=1,
                seconds=0.1, created_at=NOW, created_by="system:tests",
                report={
                    "is_valid": True, "is_stable": True, "violations": {}, "blocking": {}, "could_open": 0, "lost_pins": 0,
                    "by_wish": [1], "beyond": 0, "unplaced": 0, "envy": 0, "justified_envy": 0, "placed_share": 1.0,
                    "levels": [], "exposure": [],
                },
            )
        )  # fmt: skip
        inputs = {"wishes": [0], "options": [0], "scores": [0.5], "free": {}, "barred": {}, "pin": None}
        self.add(
            RoundSeat(
                run_id=run.id, student_id=student.id, class_id=student.class_id, opportunity_id=opportunity.id,
                wish=1, score=0.5, said={"parts": {"skills": 0.5}, "reasons": [], "gap": None}, inputs=inputs,
            )
        )  # fmt: skip
        return row

    def round_pin(self, row: Round, student: Student, opportunity: Opportunity, **values: Any) -> RoundPin:
        """A pin, with no words."""
        defaults = {"ruling": "pin", "made_at": NOW, "made_by": "system:tests"}
        pair = {"round_id": row.id, "student_id": student.id, "opportunity_id": opportunity.id}
        return self.add(RoundPin(**pair, **defaults | values))

    def bulk_change(self, **values: Any) -> BulkChange:
        """A change of nothing that can be undone, made by nobody who calls."""
        defaults: dict[str, Any] = {
            "kind": BulkKind.RECOMMENDED, "size": 0, "made_by": "system:tests", "made_at": NOW,
            "expires_at": NOW + timedelta(minutes=10),
        }  # fmt: skip
        return self.add(BulkChange(**defaults | values))

    def change(self, opportunity: Opportunity, **values: Any) -> None:
        """Change an opportunity so that rankings see it."""
        with self.database.write() as session:
            row = session.get_one(Opportunity, opportunity.id)
            for name, value in values.items():
                setattr(row, name, value)
            db.stamp(session, Opportunity, row.id)
