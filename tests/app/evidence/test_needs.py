"""A scarce skill and one with too few seats, and what would help with each."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.appetites.models import Appetite, CompanyAppetite, NotHosting
from app.evidence import service_needs
from app.evidence.service_needs import Needs, Wanted
from app.matches.engine import Engine
from app.matches.survey import Surveyor
from app.network.rules import Balance
from app.network.service import NotYourNetwork
from app.opportunities.models import (
    Kind,
    Opportunity,
    OpportunityEligibility,
    OpportunitySkill,
    SkillRole,
    Status,
)
from app.settings import Settings
from app.skills.models import SkillKind
from app.students.models import Evidence, StudentSkill
from tests.app.network.conftest import BOLOGNA, MILAN
from tests.factories import NOW, Factory


def offer(make: Factory, skill: str, role: SkillRole = SkillRole.REQUIRED, **values: object) -> Opportunity:
    found = make.opportunity(**values)  # type: ignore[arg-type]
    make.add(OpportunitySkill(opportunity_id=found.id, skill_id=skill, role=role, level=2))
    make.change(found)
    return found


def read(make: Factory, settings: Settings, actor: object = BOLOGNA, wanted: Wanted = Wanted()) -> Needs:  # noqa: B008
    surveyor = Surveyor(Engine(settings, lambda: NOW))
    with make.database.read() as session:
        question = service_needs.ask(session, actor, surveyor, now=NOW)  # type: ignore[arg-type]
    return service_needs.show(surveyor, question, wanted)


def test_each_gap_is_told_with_what_would_close_it(make: Factory, settings: Settings) -> None:
    for skill in ("plc-programming", "cnc-turning"):
        make.skill(skill)
    school_class = make.school_class()
    for _ in range(12):
        student = make.student(school_class)
        make.add(
            StudentSkill(student_id=student.id, skill_id="cnc-turning", level=3, evidence=Evidence.VALIDATED)
        )
    offer(make, "plc-programming", kind=Kind.INTERNSHIP, seats=11)
    offer(make, "cnc-turning", kind=Kind.INTERNSHIP, seats=1)
    course = offer(make, "plc-programming", SkillRole.TAUGHT, kind=Kind.TRAINING, title="PLC in un mese")
    visit = offer(make, "plc-programming", SkillRole.TAUGHT, kind=Kind.VISIT, title="Dentro la fabbrica")
    companies = [make.company(name=name) for name in ("Alfa", "Beta", "Gamma")]
    for months, company in enumerate(companies, start=1):
        past = {
            "published_at": NOW - timedelta(days=31 * months),
            "status": Status.CLOSED,
            "seats": 2,
            "seats_taken": 1,
        }
        offer(make, "cnc-turning", company=company, kind=Kind.INTERNSHIP, **past)
    said = {"start_year": 2025, "answered_at": NOW, "answered_by": "user:x"}
    make.add(
        CompanyAppetite(
            company_id=companies[0].id, appetite=Appetite.NOT_THIS_YEAR, reason=NotHosting.NO_TUTOR, **said
        )
    )
    make.add(CompanyAppetite(company_id=companies[2].id, appetite=Appetite.LOOKING, **said))
    scarce, crowded = read(make, settings).skills
    assert (scarce.row.key, scarce.balance, scarce.row.seats, scarce.row.students) == (
        "plc-programming", Balance.STUDENTS_LACK, 11, 0,
    )  # fmt: skip
    assert [one.id for one in scarce.trainings] == [course.id]
    assert [one.id for one in scarce.visits] == [visit.id]
    assert (crowded.row.key, crowded.balance) == ("cnc-turning", Balance.SEATS_LACK)
    assert [one.name for one in crowded.companies] == ["Gamma", "Beta"]
    assert (crowded.unfilled, sum(crowded.months)) == (3, 6)
    assert crowded.ahead == []


def test_what_everybody_learns_is_no_gap(make: Factory, settings: Settings) -> None:
    make.skill("physics", kind=SkillKind.KNOWLEDGE)
    make.skill("cnc-turning")
    school_class = make.school_class()
    for _ in range(12):
        student = make.student(school_class)
        for skill in ("physics", "cnc-turning"):
            make.add(
                StudentSkill(student_id=student.id, skill_id=skill, level=3, evidence=Evidence.VALIDATED)
            )
    offer(make, "physics", kind=Kind.INTERNSHIP, seats=1)
    offer(make, "cnc-turning", kind=Kind.INTERNSHIP, seats=1)

    assert [one.row.key for one in read(make, settings).skills] == ["cnc-turning"]
    assert [one.row.key for one in read(make, settings, wanted=Wanted(skill="physics")).skills] == ["physics"]


def test_a_year_of_months_is_continued(make: Factory, settings: Settings) -> None:
    make.skill("plc-programming")
    for months in range(1, 15):
        offer(
            make,
            "plc-programming",
            kind=Kind.INTERNSHIP,
            seats=3,
            published_at=NOW - timedelta(days=30 * months),
        )
    [need] = read(make, settings).skills
    assert len(need.ahead) == service_needs.MONTHS_AHEAD
    assert need.ahead[0].low <= 3 <= need.ahead[0].high


def test_another_territory_has_needs_of_its_own(make: Factory, settings: Settings) -> None:
    make.skill("plc-programming")
    offer(make, "plc-programming", kind=Kind.INTERNSHIP, seats=9)
    assert read(make, settings, MILAN) == Needs([], [])
    with pytest.raises(NotYourNetwork):
        read(make, settings, type(BOLOGNA)("user", None, "x"))


def test_a_track_or_a_district_leaves_the_seats_for_it(make: Factory, settings: Settings) -> None:
    for skill in ("plc-programming", "cnc-turning"):
        make.skill(skill)
    make.municipality("037032", name="Imola", cadastral="E289")
    track = make.programme("it-c1", title_it="Meccanica").id
    make.student(make.school_class(programme_id=track))
    offer(make, "plc-programming", kind=Kind.INTERNSHIP, seats=9, municipality_istat="037032")
    closed = offer(make, "cnc-turning", kind=Kind.INTERNSHIP, seats=7, municipality_istat="037006")
    make.add(OpportunityEligibility(opportunity_id=closed.id, school_kind="its"))
    make.change(closed)

    def keys(*wanted: str | None) -> list[str]:
        return [one.row.key for one in read(make, settings, wanted=Wanted(*wanted)).skills]

    assert keys() == ["plc-programming", "cnc-turning"]
    assert keys(track) == ["plc-programming"]
    assert keys(None, "037006") == ["cnc-turning"]
    assert keys(None, None, "cnc-turning") == ["cnc-turning"]
    assert keys("unknown") == keys(None, "unknown") == keys(None, None, "unknown") == []
