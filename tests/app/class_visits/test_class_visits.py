"""Visits for a class over the API: ranked for all together, from the school, whatever each one's own limits are."""

from __future__ import annotations

from datetime import timedelta

from starlette.testclient import TestClient

from app.auth.actors import Grant, Role
from app.opportunities.models import OpportunityEligibility, OpportunitySkill
from app.students.models import StudentSkill
from tests.app.bookings.world import STARTS, World
from tests.app.students.callers import person
from tests.factories import Factory


def test_visits_for_a_class(client: TestClient, make: Factory) -> None:
    make.skill()
    world = World(make)
    here = make.municipality("037032", name="Imola", latitude=44.35227, longitude=11.71582)
    school = make.school(municipality_istat=here.istat)
    school_class = make.school_class(school)
    # Neither lives near, and both want to go nowhere: the coach takes them all the same.
    one, _ = (make.student(school_class, max_km=1) for _ in range(2))
    make.add(StudentSkill(student_id=one.id, skill_id="plc-programming", level=2, evidence="declared"))
    make.add(
        OpportunitySkill(opportunity_id=world.event.id, skill_id="plc-programming", level=2, role="taught")
    )
    others = make.opportunity(kind="visit", seats=1)
    make.add(OpportunityEligibility(opportunity_id=others.id, year=1))
    first, second = world.plan(seats=3), world.plan(seats=30, starts_at=STARTS + timedelta(days=1))
    third = world.plan(others, seats=30, smallest_group=9)
    make.closing(school, starts_on=second.starts_at.date(), ends_on=second.starts_at.date())
    for each in (world.event, others):
        make.change(each)  # as the ranking sees it
    client.headers |= person(
        make, Grant(Role.TEACHER, school_id=school.id, class_ids=frozenset({school_class.id}))
    )
    path = f"/api/v1/classes/{school_class.id}/visits"
    whole = client.get(path, params={"adults": 1, "limit": 1}).json()
    [best] = whole["items"]
    assert best["opportunity_id"] == str(world.event.id)
    assert (best["suited"], best["ranked"]) == (2, 2)
    assert 30 < best["travel_km"] < 50  # by road from Imola to Bologna
    assert 0 < best["worst_fit"] <= best["mean_fit"] <= 1
    assert best["discovers"] == []  # half of the class knows it
    told = {one["visit_session_id"]: (one["room"], one["obstacles"]) for one in best["sessions"]}
    assert told == {str(first.id): (3, []), str(second.id): (30, ["closed"])}
    [last] = client.get(path, params={"adults": 1, "limit": 1, "cursor": whole["next_cursor"]}).json()[
        "items"
    ]
    assert (last["suited"], last["worst_fit"], last["sessions"][0]["obstacles"]) == (0, 0, ["small"])
    assert last["sessions"][0]["visit_session_id"] == str(third.id)
    refused = client.get(path, params={"adults": 0})
    assert (refused.status_code, "adults" in refused.text) == (422, True)
    assert client.get(path, headers=person(make, make.grant(Role.COORDINATOR))).status_code == 403
