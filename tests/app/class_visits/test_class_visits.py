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


def test_tests_and_full_visits_stand_lower_and_say_why(client: TestClient, make: Factory) -> None:
    """What is full is not gone: it stands after what can be booked, with how many wait for it."""
    make.skill()
    world = World(make)
    school_class = world.school_class(2)
    full, crowded = World(make), World(make)
    tested, later = world.plan(), world.plan(starts_at=STARTS + timedelta(days=1))
    only = full.plan(seats=3)
    others = crowded.plan(seats=3)
    for each, visit in ((full, only), (crowded, others)):
        for _ in range(3):
            each.book(visit)
    full.book(only)
    full.book(only)
    hidden = World(make)
    hidden.book(hidden.plan(seats=1))
    make.change(hidden.event, status="closed")
    make.class_test(school_class, held_on=STARTS.date(), subject="matematica")
    for one in (world, full, crowded):
        event = make.get(type(one.event), one.event.id)
        assert event is not None
        make.change(event)
    client.headers |= person(
        make,
        Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id})),
    )
    items = client.get(f"/api/v1/classes/{school_class.id}/visits", params={"adults": 1}).json()["items"]
    assert [one["opportunity_id"] for one in items[:1]] == [str(world.event.id)]
    assert {one["opportunity_id"] for one in items[1:]} == {str(full.event.id), str(crowded.event.id)}
    told = [(one["visit_session_id"], one["obstacles"], one["tests"]) for one in items[0]["sessions"]]
    assert told == [(str(later.id), [], []), (str(tested.id), ["test"], ["matematica"])]
    waits = {one["opportunity_id"]: one["sessions"][0] for one in items[1:]}
    of_full, of_crowded = waits[str(full.event.id)], waits[str(crowded.event.id)]
    assert (of_full["room"], of_full["waiting"], of_full["obstacles"]) == (0, 2, ["wait", "test"])
    assert (of_crowded["room"], of_crowded["waiting"]) == (0, 0)
    assert items[1]["mean_fit"] > 0  # scored as if there were a seat
