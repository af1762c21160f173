"""What a year has brought a company: exact for the company, in steps of five for who oversees it."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.applications.models import ApplicationEnd, ApplicationState
from app.auth.actors import Role
from app.benefits import rules
from app.benefits.rules import Firm, Likeness, Peers, Recommended
from app.bookings.models import Booking, BookingKind, BookingMember, BookingState, VisitSession
from app.companies.models import CompanySector, SizeBand
from app.hours.models import EntryState, Evaluation, EvaluationSkill, HourEntry
from app.opportunities.models import Kind, Opportunity, OpportunitySpan, Status
from app.placements.models import Party, Placement, State
from app.postings.models import Posting, PostingEffort
from app.students.models import Student
from tests.factories import NOW, TODAY, Factory

FIRST = date(2025, 10, 6)


def hosted(make: Factory, student: Student, offer: Opportunity, *, again: bool, hours: int = 4) -> Placement:
    """A completed placement with one confirmed day, and what host and student said of it."""
    placement = make.placement(student, offer, state=State.COMPLETED, starts_on=FIRST)
    make.add(
        HourEntry(
            placement_id=placement.id, worked_on=FIRST, state=EntryState.CONFIRMED, host_minutes=hours * 60,
            changed_at=NOW, changed_by="system:tests",
        )
    )  # fmt: skip
    given = {"placement_id": placement.id, "student_id": student.id, "given_by": "system:tests"}
    make.add(Evaluation(**given, party=Party.STUDENT, would_repeat=again, given_at=NOW))
    of_host = make.add(
        Evaluation(
            **given, party=Party.COMPANY, would_repeat=True, given_at=NOW, confirmed_at=NOW, confirmed_by="system:tests"
        )
    )  # fmt: skip
    make.add(EvaluationSkill(evaluation_id=of_host.id, skill_id=make.skill().id, level=3))
    return placement


def read(client: TestClient, headers: dict[str, str], company_id: object, **query: int) -> Any:
    answer = client.get(f"/api/v1/companies/{company_id}/benefits", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_year_exact_for_the_company_and_in_steps_for_the_coordinator(
    client: TestClient, make: Factory
) -> None:
    company, school_class = make.company(size=SizeBand.SMALL), make.school_class()
    students = [make.student(school_class) for _ in range(7)]
    offer = make.opportunity(company, seats=8, seats_taken=6)
    make.add(OpportunitySpan(opportunity_id=offer.id, starts_on=FIRST, ends_on=FIRST + timedelta(days=9)))
    visit = make.opportunity(company, kind=Kind.VISIT, seats=20, seats_taken=1)
    make.opportunity(company, status=Status.DRAFT, published_at=None, published_by=None)
    for number, student in enumerate(students[:6]):
        hosted(make, student, offer, again=number > 0)
    make.placement(students[0], visit, state=State.RUNNING, starts_on=TODAY)
    make.placement(students[6], offer, state=State.READY, starts_on=TODAY + timedelta(days=9))  # to come
    make.placement(students[6], offer, state=State.COMPLETED, starts_on=date(2025, 8, 31))  # the year before
    hosted(make, students[6], make.opportunity(), again=True)  # elsewhere
    newcomer = make.student(school_class)
    seen = make.add(
        VisitSession(
            opportunity_id=visit.id, starts_at=NOW - timedelta(days=5), ends_at=NOW - timedelta(days=4), seats=20,
            draw_seed=1, created_at=NOW, created_by="user:x",
        )
    )  # fmt: skip
    for student, state in (
        (students[1], BookingState.ATTENDED),
        (newcomer, BookingState.ATTENDED),
        (students[2], BookingState.ABSENT),
    ):
        booking = make.add(
            Booking(
                visit_session_id=seen.id, kind=BookingKind.SINGLE, state=state, student_id=student.id,
                school_id=student.school_id, class_id=student.class_id, people=1, asked_at=NOW, asked_by="user:x",
            )
        )  # fmt: skip
        make.add(BookingMember(visit_session_id=seen.id, student_id=student.id, booking_id=booking.id))
    refused = {
        "state": ApplicationState.REJECTED, "due_at": None, "ended_at": NOW, "ended_by": "user:x",
        "ended_for": Party.COMPANY, "end_reason": ApplicationEnd.SEATS_GIVEN,
    }  # fmt: skip
    make.application(students[0], offer, delivered_at=NOW - timedelta(days=3), **refused)
    make.application(students[1], offer, delivered_at=NOW - timedelta(days=9))  # nobody has answered
    make.add(Posting(company_id=company.id, opportunity_id=offer.id, is_measured=True))
    for _ in range(5):
        make.add(
            PostingEffort(
                kind=Kind.INTERNSHIP, size=SizeBand.SMALL, province_code="BO", is_renewal=False, seconds=170,
                clicks=9, published_on=TODAY,
            )
        )  # fmt: skip
    mine = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    exact = read(client, mine, company.id)
    assert exact == {
        "company_id": str(company.id), "company_name": company.name, "start_year": 2025, "is_over": False,
        "is_exact": True, "has_hosted": True, "students": 7, "placements": 6, "visits": 3, "hours": 24,
        "skills": [{"skill_id": "plc-programming", "students": 6, "level": 3}],
        "offered": [
            {"kind": "internship", "opportunities": 1, "seats": 8, "seats_taken": 6},
            {"kind": "visit", "opportunities": 1, "seats": 20, "seats_taken": 1},
        ],
        "replies": {"received": 2, "answered": 1, "median_days": 3.0, "peers": None},
        "recommended": {"answers": 5, "share": "most"},
        "spent": {"publications": 1, "renewals": 0, "minutes": 3},
        "waiting": {"open_seats": 2, "students": 0},
    }  # fmt: skip
    assert read(client, make.bearer(Role.COORDINATOR), company.id) == exact | {
        "is_exact": False, "students": 5, "placements": 5, "visits": 0,
        "skills": [{"skill_id": "plc-programming", "students": 5, "level": 3}],
        "replies": {"received": 0, "answered": 0, "median_days": None, "peers": None},
    }  # fmt: skip
    before = read(client, mine, company.id, year=2024)
    assert (before["students"], before["is_over"], before["offered"], before["waiting"]) == (
        1,
        True,
        [],
        None,
    )
    small = read(client, make.bearer(Role.COORDINATOR), company.id, year=2024)
    assert (small["has_hosted"], small["students"], small["hours"], small["skills"]) == (True, 0, None, [])
    year = client.get(f"/api/v1/companies/{company.id}/benefits?year=1999", headers=mine)
    assert (year.status_code, year.json()["faults"][0]["field"]) == (422, "year")


def test_those_who_fit_and_have_no_internship_wait(client: TestClient, make: Factory) -> None:
    company, school_class = make.company(), make.school_class()
    students = [make.student(school_class) for _ in range(11)]
    mine = make.bearer(Role.COMPANY_ADMIN, company_id=company.id)
    assert read(client, mine, company.id)["waiting"] is None
    make.opportunity(company, seats=3, seats_taken=1, hours=80)
    assert read(client, mine, company.id)["waiting"] == {"open_seats": 2, "students": 10}
    elsewhere = make.opportunity()
    for student in students[:2]:
        make.placement(student, elsewhere)
    assert read(client, mine, company.id)["waiting"] == {"open_seats": 2, "students": 5}


def test_replies_are_compared_with_the_most_alike(client: TestClient, make: Factory) -> None:
    student = make.student()

    def firm(days: int, division: str = "28", **values: Any) -> Any:
        company = make.company(**values)
        make.add(CompanySector(company_id=company.id, ateco_code=f"{division}.11", ateco_edition="2007"))
        make.application(
            student, make.opportunity(company), delivered_at=NOW - timedelta(days=days), company_accepted_at=NOW,
            company_accepted_by="user:x", state=ApplicationState.ACCEPTED,
        )  # fmt: skip
        return company

    own = firm(2, size=SizeBand.MICRO)
    for _ in range(4):
        firm(6, size=SizeBand.MICRO)
    mine = make.bearer(Role.COMPANY_ADMIN, company_id=own.id)
    assert read(client, mine, own.id)["replies"]["peers"] is None  # one's own answers are no peers
    make.municipality("015146", name="Milano", province_code="MI", province_name="Milano")
    firm(50, municipality_istat="015146")  # in another territory
    firm(8, size=SizeBand.LARGE)
    replies = read(client, mine, own.id)["replies"]
    assert replies == {
        "received": 1, "answered": 1, "median_days": 2.0,
        "peers": {"likeness": "sector", "firms": 5, "median_days": 6.0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("sizes", "divisions", "likeness"),
    [
        ("small", "2007-28", Likeness.SIZE_AND_SECTOR),
        ("large", "2007-28", Likeness.SECTOR),
        ("small", "2007-62", Likeness.SIZE),
        ("large", "2007-62", Likeness.TERRITORY),
    ],
)
def test_firms_are_alike_in_the_most_that_five_share(sizes: str, divisions: str, likeness: Likeness) -> None:
    own = Firm(SizeBand.SMALL, {"2007-28"}, [])
    others = [Firm(SizeBand(sizes), {divisions}, [float(days)]) for days in range(5)]
    assert rules.peers(own, others) == Peers(likeness, 5, 2.0)
    assert rules.peers(own, [*others[:4], others[4]._replace(days=[])]) is None


def test_nobodys_answer_changes_what_is_said_of_recommendations() -> None:
    said = [True, False, True, False, False]
    for more in range(5):
        assert rules.recommended(said + [True] * more) == (5, Recommended.HALF)
    assert rules.recommended(said + [True] * 5) == (10, Recommended.MOST)
    assert rules.recommended([False] * 5) == (5, Recommended.FEW)
