"""Placements over the API: what each side reads, changes and ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.opportunities.models import Opportunity
from app.placements import service
from app.placements import service_showing as showing
from app.placements.models import State
from app.schools.models import SchoolClass
from app.students.models import Student
from tests.app.students.callers import match, person, staff, student_of
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.queries import count_queries

URL = "/api/v1/placements"
STARTS_ON = TODAY + timedelta(days=28)
ENDS_ON = STARTS_ON + timedelta(days=11)


def body(student: Student, opportunity: Opportunity, **values: Any) -> dict[str, Any]:
    return {
        "student_id": str(student.id), "opportunity_id": str(opportunity.id), "starts_on": STARTS_ON.isoformat(),
        "ends_on": ENDS_ON.isoformat(), "daily_hours": 8, "planned_hours": 80,
    } | values  # fmt: skip


def of_school(make: Factory, student: Student) -> dict[str, str]:
    school_class = make.get(SchoolClass, student.class_id)
    assert school_class is not None
    return staff(make, school_class)


def of_company(make: Factory, opportunity: Opportunity) -> dict[str, str]:
    return person(make, Grant(Role.COMPANY_MEMBER, company_id=opportunity.company_id))


def test_a_school_writes_down_what_was_agreed_on_elsewhere(client: TestClient, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity(seats=2)
    headers = of_school(make, student)
    answer = client.post(URL, json=body(student, opportunity), headers=headers)
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["location"] == f"{URL}/{made['id']}"
    company_name = made.pop("company_name")
    assert company_name.startswith("Officina")
    assert made | {"id": "", "due_at": ""} == {
        "id": "", "student_id": str(student.id), "student_name": f"Giulia {student.family_name}",
        "school_id": str(student.school_id), "class_id": str(student.class_id), "opportunity_id": str(opportunity.id),
        "opportunity_title": "Tirocinio", "kind": "internship", "company_id": str(opportunity.company_id),
        "site_id": None, "state": "planned", "owner": "school", "due_at": "", "starts_on": STARTS_ON.isoformat(),
        "ends_on": ENDS_ON.isoformat(), "weekdays": ["MO", "TU", "WE", "TH", "FR"], "starts_at": None, "ends_at": None,
        "daily_hours": 8, "planned_hours": 80, "risk": "low", "school_tutor_id": None, "school_tutor_name": None,
        "host_tutor_id": None, "host_tutor_name": None, "activity_ids": [], "created_at": NOW.isoformat().replace("+00:00", "Z"),
        "ended_at": None, "ended_for": None, "end_reason": None, "version": 1,
    }  # fmt: skip
    read = client.get(f"{URL}/{made['id']}", headers=of_company(make, opportunity))
    assert (read.status_code, read.json()["student_name"]) == (200, f"Giulia {student.family_name}")


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"ends_on": (STARTS_ON - timedelta(days=1)).isoformat()}, ["ends_on"]),
        ({"starts_on": TODAY.isoformat()}, ["starts_on"]),
        ({"planned_hours": 99}, ["planned_hours"]),
        ({"daily_hours": 5e-324}, ["daily_hours"]),
        ({"starts_at": "09:00:00"}, ["ends_at"]),
        (
            {
                "school_tutor_id": "00000000-0000-4000-8000-000000000000",
                "host_tutor_id": "00000000-0000-4000-8000-000000000000",
            },
            ["school_tutor_id", "host_tutor_id"],
        ),
        ({"opportunity_id": "00000000-0000-4000-8000-000000000000"}, ["opportunity_id"]),
        ({"student_id": "00000000-0000-4000-8000-000000000000"}, ["student_id"]),
    ],
)
def test_what_cannot_be_is_named_by_its_field(
    client: TestClient, make: Factory, values: dict[str, Any], fields: list[str]
) -> None:
    student = make.student()
    answer = client.post(
        URL, json=body(student, make.opportunity(), **values), headers=of_school(make, student)
    )
    assert (answer.status_code, [fault["field"] for fault in answer.json()["faults"]]) == (422, fields)


def test_terms_change_while_planned_and_each_side_changes_its_own(client: TestClient, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity(seats_taken=1)
    placement = make.placement(student, opportunity)
    url = f"{URL}/{placement.id}"
    school, company = of_school(make, student), of_company(make, opportunity)
    later = (STARTS_ON + timedelta(days=1)).isoformat()
    changed = client.patch(url, json={"starts_on": later, "planned_hours": 72}, headers=match(school, 1))
    assert (changed.status_code, changed.json()["due_at"][:10], changed.headers["etag"]) == (
        200,
        later,
        '"2"',
    )
    assert client.patch(url, json={"risk": "high"}, headers=match(school, 1)).status_code == 412
    assert client.patch(url, json={"risk": "high"}, headers=match(company, 2)).status_code == 200
    refused = client.patch(url, json={"planned_hours": 8, "risk": "low"}, headers=match(company))
    assert (refused.status_code, refused.json()["faults"]) == (
        403,
        [{"in": "body", "field": "planned_hours", "detail": "is for another side to change"}],
    )
    empty = client.patch(url, json={"starts_on": None}, headers=match(school))
    assert (empty.status_code, empty.json()["faults"][0]["field"]) == (422, "starts_on")


def test_what_is_ready_changes_by_amendment_only(client: TestClient, make: Factory) -> None:
    student = make.student()
    placement = make.placement(student, make.opportunity(seats_taken=1), state=State.READY)
    headers = match(of_school(make, student))
    answer = client.patch(f"{URL}/{placement.id}", json={"planned_hours": 8}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/wrong-state")


def test_each_side_ends_it_with_a_reason_of_its_own(client: TestClient, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity(seats_taken=1)
    placement = make.placement(student, opportunity)
    giulia, url = student_of(make, student.id), f"{URL}/{placement.id}/cancel"
    foreign = client.post(url, json={"reason": "company_changed"}, headers=giulia)
    assert (foreign.status_code, foreign.json()["faults"][0]["field"]) == (422, "reason")
    ended = client.post(url, json={"reason": "student_changed"}, headers=giulia).json()
    assert {name: ended[name] for name in ("state", "owner", "due_at", "ended_for", "end_reason")} == {
        "state": "cancelled", "owner": None, "due_at": None, "ended_for": "student", "end_reason": "student_changed",
    }  # fmt: skip
    assert client.post(f"{URL}/{placement.id}/restore", headers=giulia).status_code == 403
    restored = client.post(f"{URL}/{placement.id}/restore", headers=of_school(make, student))
    assert (restored.status_code, restored.json()["state"]) == (200, "planned")


def test_lists_are_filtered_and_cost_the_same_for_one_and_for_three(
    client: TestClient, make: Factory
) -> None:
    school_class = make.school_class()
    headers = staff(make, school_class)
    counts = set()
    for number in range(3):
        student = make.student(school_class)
        make.placement(student, make.opportunity(seats_taken=1), created_at=NOW + timedelta(minutes=number))
        with make.database.read() as session, count_queries(make.database) as queries:
            showing.show(session, service.search(session, ACTOR, limit=9))
        counts.add(queries.count)
    assert counts == {4}  # the placements, titles, companies, activities; nobody is a tutor
    found = client.get(URL, headers=headers).json()["items"]
    first = client.get(f"{URL}?limit=2", headers=headers).json()
    rest = client.get(f"{URL}?limit=2&cursor={first['next_cursor']}", headers=headers).json()
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == [one["id"] for one in found]
    for name in ("school_id", "class_id", "company_id", "opportunity_id", "student_id", "state"):
        some = client.get(f"{URL}?{name}={found[0][name]}", headers=headers).json()["items"]
        assert found[0] in some
        assert all(one[name] == found[0][name] for one in some)
    assert client.get(f"{URL}?state=completed", headers=headers).json()["items"] == []
