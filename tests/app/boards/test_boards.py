"""The class board: what stands on it, what needs the teacher, why nothing fits, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.boards.rules import Access, Line, Need, ProfileQuestion, needs, summarise
from app.db import Database
from app.matches.service_class import Fit
from app.opportunities.models import Kind
from app.schools.models import School, SchoolClass
from app.students.models import Evidence, StudentAvailability, StudentCode, StudentInterest, StudentSkill
from app.wishes.models import Wish
from tests.app.students.callers import person
from tests.factories import NOW, Factory
from tests.queries import count_queries

FITS = {kind: Fit(2, None) for kind in Kind}
NONE = {kind: Fit(0, None) for kind in Kind}
FINE = Line(
    student_id=None, class_id=None, given_name="Giulia", family_name="Rossi", hours_owed=90, access=Access.SIGNED_IN,  # type: ignore[arg-type]
    answered=frozenset(ProfileQuestion), to_validate=0, recommended=0, wishes=0, waiting=0, fits=FITS,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, []),
        ({"access": Access.CODE}, []),
        ({"access": Access.NONE}, [Need.HAND_OUT_CODE]),
        ({"to_validate": 1}, [Need.VALIDATE]),
        ({"waiting": 1}, [Need.ANSWER]),
        ({"fits": NONE}, [Need.NO_MATCH]),
        ({"fits": FITS | {Kind.INTERNSHIP: Fit(0, None)}}, [Need.NO_MATCH]),
        ({"fits": FITS | {Kind.INTERNSHIP: Fit(0, None)}, "hours_owed": 0}, []),
        ({"fits": NONE, "hours_owed": 0}, [Need.NO_MATCH]),
        ({"fits": FITS | {Kind.VISIT: Fit(0, None)}}, []),
        (
            {"access": Access.NONE, "to_validate": 2, "waiting": 1, "fits": NONE},
            [Need.ANSWER, Need.NO_MATCH, Need.VALIDATE, Need.HAND_OUT_CODE],
        ),
    ],
)
def test_what_needs_the_teacher(changes: dict[str, Any], expected: list[Need]) -> None:
    assert needs(replace(FINE, **changes)) == expected


def test_a_class_in_numbers() -> None:
    lines = [
        FINE,
        replace(FINE, access=Access.NONE, answered=frozenset(), to_validate=3, waiting=2, fits=NONE),
    ]
    summary = summarise(None, lines)  # type: ignore[arg-type]
    assert (summary.students, summary.signed_in, summary.answered, summary.to_validate) == (2, 1, 1, 3)
    assert (summary.waiting, summary.without_match, summary.needing) == (2, 1, 1)


@pytest.fixture
def school_class(make: Factory) -> SchoolClass:
    make.skill("plc")
    return make.school_class(start_year=2025)


def teacher(make: Factory, school_class: SchoolClass) -> dict[str, str]:
    return person(
        make, Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id}))
    )


def test_board_tells_where_each_student_stands(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    here = make.student(school_class, given_name="Ada", family_name="Alfa")
    make.student(school_class, given_name="Ugo", family_name="Zeta", max_km=1, municipality_istat=far(make))
    offer = make.opportunity(kind=Kind.INTERNSHIP)
    make.add(StudentInterest(student_id=here.id, skill_id="plc"))
    make.add(StudentAvailability(student_id=here.id, starts_on=date(2026, 2, 1), ends_on=date(2026, 9, 1)))
    make.add(StudentSkill(student_id=here.id, skill_id="plc", level=2, evidence=Evidence.DECLARED))
    make.add(StudentCode(student_id=here.id, code_hash="x", made_at=NOW, expires_at=NOW + timedelta(days=1)))
    make.recommendation(here, offer)
    make.add(Wish(student_id=here.id, opportunity_id=offer.id, created_at=NOW, position=1, ranked_at=NOW))
    make.add(Wish(student_id=here.id, opportunity_id=make.opportunity(kind=Kind.VISIT).id, created_at=NOW))
    make.disclosure(here, offer)
    make.disclosure(here, make.opportunity(), school_accepted_at=NOW, school_accepted_by="user:x")
    answer = client.get(f"/api/v1/classes/{school_class.id}/board", headers=teacher(make, school_class))
    ada, ugo = answer.json()["students"]
    assert ada == {
        "student_id": str(here.id), "given_name": "Ada", "family_name": "Alfa", "hours_owed": 100, "access": "code",
        "answered": ["free_days", "interests"], "skills_to_validate": 1, "recommendations": 1, "wishes": 1, "requests_waiting": 1,
        "fits": [
            {"kind": "internship", "opportunities": 2, "hidden_by": None},
            {"kind": "visit", "opportunities": 1, "hidden_by": None},
            {"kind": "training", "opportunities": 0, "hidden_by": None},
        ],
        "needs": ["answer_request", "validate_skills"],
    }  # fmt: skip
    rule = ugo["fits"][0]["hidden_by"]
    assert (rule["code"], rule["opportunities"]) == ("travel", 2)
    assert ugo["needs"] == ["no_match", "hand_out_code"]


def far(make: Factory) -> str:
    return make.municipality(
        "099014", name="Rimini", province_code="RN", latitude=44.05755, longitude=12.56528
    ).istat


def test_a_lead_sees_the_school_and_a_teacher_what_is_taught(
    client: TestClient, make: Factory, school_class: SchoolClass
) -> None:
    other = make.school_class(make.get(School, school_class.school_id), start_year=2025)
    make.school_class(make.get(School, school_class.school_id), start_year=2024)
    make.student(other)
    path = f"/api/v1/schools/{school_class.school_id}/board"
    lead = person(make, Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id))
    seen = client.get(path, headers=lead).json()
    assert seen["start_year"] == 2025
    assert {one["class_id"]: one["students"] for one in seen["classes"]} == {
        str(school_class.id): 0, str(other.id): 1,
    }  # fmt: skip
    taught = client.get(path, headers=teacher(make, school_class)).json()["classes"]
    assert [one["class_id"] for one in taught] == [str(school_class.id)]


def test_a_board_costs_no_more_statements_for_three_students_than_for_one(
    client: TestClient, database: Database, make: Factory, school_class: SchoolClass
) -> None:
    headers, path = teacher(make, school_class), f"/api/v1/classes/{school_class.id}/board"
    counts = []
    for more in (1, 2):
        for _ in range(more):
            make.student(school_class)
        client.get(path, headers=headers)  # the engine gets to know them
        with count_queries(database) as queries:
            assert client.get(path, headers=headers).status_code == 200
        counts.append(queries.count)
    assert counts == [8, 8]
