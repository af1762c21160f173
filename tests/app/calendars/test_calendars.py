"""Days off of schools and municipalities: who notes them, what cannot be, and where days are counted without them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app import holidays
from app.agreements import contents, service_effects
from app.agreements import service as papers
from app.agreements.models import Language
from app.applications import days
from app.applications.models import Application
from app.auth.actors import Grant, Role
from app.calendars import rules
from app.calendars import service as calendars
from app.calendars.models import ClosingKind
from app.calendars.rules import Calendar, Closing
from app.db import Database
from app.hours import service_ledger as ledgers
from app.opportunities.models import Kind, OpportunitySpan
from app.placements import service_calendar
from app.placements.models import State
from app.rounds.rules import Action
from app.schools.models import School
from tests.app.rounds.world import World
from tests.app.students.callers import person, staff, student_of
from tests.factories import ACTOR, NOW, Factory
from tests.queries import count_queries

API = "/api/v1"
CHRISTMAS = {
    "starts_on": "2026-12-24",
    "ends_on": "2027-01-06",
    "name": "Natale",
    "kind": "nobody_expected",
}
EASTER = {"starts_on": "2026-04-02", "ends_on": "2026-04-07", "name": "Pasqua", "kind": "nobody_expected"}
SUMMER = {"starts_on": "2026-06-06", "ends_on": "2026-09-14", "name": "Estate"}
SCHOOL, PLACE = uuid4(), uuid4()


def days_of(first: date, last: date, weekdays: int = 0b0011111) -> days.Days:
    return days.Days(first, last, weekdays)


# --- counting ---------------------------------------------------------------------------------------------------------


@given(
    first=st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    length=st.integers(0, 200),
    weekdays=st.integers(1, 127),
    off=st.sets(st.integers(-5, 205)),
)
def test_as_many_are_counted_as_there_are(first: date, length: int, weekdays: int, off: set[int]) -> None:
    last, none = first + timedelta(days=length), {first + timedelta(days=number) for number in off}
    found = holidays.days(first, last, weekdays, none)
    assert holidays.count(first, last, weekdays, none) == len(found)
    usual = holidays.days(first, last, weekdays)
    assert found == ([day for day in usual if day not in none] or usual)


def test_only_days_on_which_nobody_is_expected_are_off() -> None:
    """What lies outside stays, lessons that stop change nothing, and who works on Sundays works on the patron's day."""
    easter = Closing(date(2026, 4, 2), date(2026, 4, 7), "Pasqua", ClosingKind.NOBODY_EXPECTED)
    summer = Closing(date(2026, 6, 6), date(2026, 9, 14), "Estate")
    calendar = Calendar({SCHOOL: [easter, summer]}, {PLACE: (6, 24)})
    year = days_of(date(2026, 4, 3), date(2026, 12, 31))
    good_friday_to_tuesday = {date(2026, 4, day) for day in range(3, 8)}
    assert calendar.off(SCHOOL, PLACE, year) == good_friday_to_tuesday | {date(2026, 6, 24)}
    assert calendar.off(SCHOOL, PLACE, year._replace(weekdays=127)) == good_friday_to_tuesday
    assert calendar.off(uuid4(), uuid4(), year) == frozenset()
    assert calendar.closings(SCHOOL, days_of(date(2026, 9, 14), date(2026, 9, 30))) == [summer]


def test_a_patron_of_the_twenty_ninth_of_february_has_a_day_in_leap_years() -> None:
    calendar = Calendar({}, {PLACE: (2, 29)})
    assert calendar.off(SCHOOL, PLACE, days_of(date(2027, 1, 1), date(2028, 12, 31))) == {date(2028, 2, 29)}


@pytest.mark.parametrize(
    ("first", "last", "kind", "fields"),
    [
        (date(2026, 12, 24), date(2027, 1, 6), ClosingKind.NOBODY_EXPECTED, []),
        (date(2026, 8, 1), date(2026, 8, 31), ClosingKind.NOBODY_EXPECTED, []),
        (date(2026, 8, 1), date(2026, 9, 1), ClosingKind.NOBODY_EXPECTED, ["kind"]),
        (date(2026, 6, 6), date(2026, 9, 14), ClosingKind.LESSONS_ONLY, []),
        (date(2026, 1, 1), date(2027, 1, 2), ClosingKind.LESSONS_ONLY, ["ends_on"]),
        (date(2026, 1, 7), date(2026, 1, 6), ClosingKind.LESSONS_ONLY, ["ends_on"]),
    ],
)
def test_a_summer_is_no_closing_for_hosts(
    first: date, last: date, kind: ClosingKind, fields: list[str]
) -> None:
    assert [field for field, _ in rules.faults_of(Closing(first, last, "X", kind))] == fields


def test_who_is_not_expected_does_fewer_hours_and_no_longer_days() -> None:
    class Offer:
        kind, hours, daily_hours = Kind.INTERNSHIP, 80, None

    when = days_of(date(2026, 3, 30), date(2026, 4, 13))  # ten days without Easter Monday
    off = frozenset({date(2026, 4, 3), date(2026, 4, 7)})
    whole, less = days.terms(Offer(), when), days.terms(Offer(), when, off)
    assert (whole.daily_hours, whole.planned_hours) == (8, 80)
    assert (less.daily_hours, less.planned_hours) == (8, 64)


def test_days_are_counted_without_them_wherever_they_are_counted(
    client: TestClient, database: Database, make: Factory
) -> None:
    """What was agreed on stays as it is, and the plan does not go out before the hours fit again."""
    school_class = make.school_class()
    student, opportunity = make.student(school_class), make.opportunity(seats=2, takes_applications=True)
    span = {"starts_on": date(2026, 3, 30), "ends_on": date(2026, 4, 10)}  # nine days, without Easter Monday
    placement = make.placement(student, opportunity, state=State.RUNNING, planned_hours=72, **span)
    plan = make.plan(placement)
    make.closing(make.school())
    school = staff(make, school_class)
    url = f"{API}/schools/{student.school_id}/closings"
    made = client.post(url, json={"closings": [EASTER, SUMMER]}, headers=school)
    assert made.status_code == 201, made.text
    make.patron_day("037006", month=4, day=10)
    with database.read() as session, count_queries(database) as queries:
        [off] = service_calendar.off_days(session, [placement]).values()
        assert queries.count == 2
        assert off == {date(2026, 4, day) for day in (2, 3, 4, 5, 6, 7, 10)}
        closings = calendars.closings(session, student.school_id, limit=9)
        assert service_calendar.touched(session, student.school_id, closings) == {closings[0].id: 1}
        ledger = ledgers.of_student(session, ACTOR, student.id, today=NOW.date())
        assert [one.open for one in ledger.projects] == [5 * 8 * 60]
        seen = papers.find(session, ACTOR, plan.id)
        assert ("planned_hours", "more than 5 days of 8 hours hold") in service_effects.gaps(
            session, seen, NOW
        )
        sections = contents.of_paper(session, seen, Language.ENGLISH, NOW)["sections"]
    schedule = next(one for one in sections if one["heading"] == "Schedule day by day")
    assert [row[0] for row in schedule["table"]["rows"]] == [
        "2026-03-30", "2026-03-31", "2026-04-01", "2026-04-08", "2026-04-09",
    ]  # fmt: skip
    assert schedule["items"] == [
        "Pasqua: the school is closed from 2026-04-02 to 2026-04-07, and the student does not go to the host."
    ]
    body = {
        "student_id": str(make.student(school_class).id), "opportunity_id": str(opportunity.id), "daily_hours": 8,
        "planned_hours": 41, "starts_on": "2026-03-30", "ends_on": "2026-04-10",
    }  # fmt: skip
    refused = client.post(f"{API}/placements", json=body, headers=school)
    assert [(one["field"], one["detail"]) for one in refused.json()["faults"]] == [
        ("planned_hours", "more than 5 days of 8 hours hold")
    ]
    assert (
        client.post(f"{API}/placements", json=body | {"planned_hours": 40}, headers=school).status_code == 201
    )


def test_what_students_apply_for_counts_without_them_and_a_summer_stays_whole(
    client: TestClient, database: Database, make: Factory
) -> None:
    school_class = make.school_class()
    student = make.student(school_class)
    url = f"{API}/schools/{student.school_id}/closings"
    both = {"closings": [EASTER, SUMMER]}
    assert client.post(url, json=both, headers=staff(make, school_class)).status_code == 201
    hours = {}
    for first, last in (("2026-03-30", "2026-04-10"), ("2026-06-08", "2026-06-19")):
        offered = make.opportunity(takes_applications=True, daily_hours=8)
        asked = {"opportunity_id": str(offered.id), "starts_on": first, "ends_on": last}
        made = client.post(
            f"{API}/students/{student.id}/applications", json=asked, headers=student_of(make, student.id)
        )
        assert made.status_code == 201, made.text
        with database.read() as session:
            hours[first] = session.get_one(Application, UUID(made.json()["id"])).planned_hours
    assert hours == {"2026-03-30": 6 * 8, "2026-06-08": 10 * 8}


def test_what_a_round_publishes_counts_without_them(make: Factory) -> None:
    world = World.of(make, students=1, seats=(1,))
    make.change(world.offers[0], daily_hours=8)
    make.add(
        OpportunitySpan(
            opportunity_id=world.offers[0].id, starts_on=date(2026, 6, 8), ends_on=date(2026, 6, 19), weekdays=31, parts=7
        )
    )  # fmt: skip
    make.closing(
        make.get(School, world.school_class.school_id), starts_on=date(2026, 6, 18), ends_on=date(2026, 6, 25)
    )
    world.wish(0, 0)
    world.open()
    world.move(Action.FREEZE)
    world.run()
    assert world.publish() == 1
    with world.database.read() as session:
        assert session.scalars(sa.select(Application.planned_hours)).all() == [8 * 8]


# --- noting -----------------------------------------------------------------------------------------------------------


def test_a_school_notes_several_at_once_and_takes_one_back(client: TestClient, make: Factory) -> None:
    school_class = make.school_class()
    school, url = staff(make, school_class), f"{API}/schools/{school_class.school_id}/closings"
    answer = client.post(
        url, json={"closings": [CHRISTMAS, SUMMER]}, headers=school | {"Idempotency-Key": "the-same-call"}
    )
    made = answer.json()["closings"]
    own = {"school_id": str(school_class.school_id)}
    assert made == [
        {"id": made[0]["id"]} | own | CHRISTMAS,
        {"id": made[1]["id"], "kind": "lessons_only"} | own | SUMMER,
    ]
    assert answer.headers["location"] == url
    again = client.post(
        url, json={"closings": [CHRISTMAS, SUMMER]}, headers=school | {"Idempotency-Key": "the-same-call"}
    )
    assert (again.status_code, again.json()) == (201, answer.json())
    first = client.get(url, params={"limit": 1}).json()
    assert first["items"] == [made[1]]
    rest = client.get(url, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert rest == {"items": [made[0]], "next_cursor": None}
    assert client.get(url, params={"from_on": "2026-09-15"}).json()["items"] == [made[0]]
    assert client.delete(f"{url}/{made[1]['id']}", headers=school).status_code == 204
    assert client.delete(f"{url}/{made[1]['id']}", headers=school).status_code == 404
    other = make.closing(make.school())
    assert client.delete(f"{url}/{other.id}", headers=school).status_code == 404
    assert client.get(url).json()["items"] == [made[0]]


@pytest.mark.parametrize(
    ("closings", "status", "fields"),
    [
        ([CHRISTMAS, EASTER | {"ends_on": "2026-04-01"}], 422, ["closings.1.ends_on"]),
        ([SUMMER | {"kind": "nobody_expected"}], 422, ["closings.0.kind"]),
        ([SUMMER, CHRISTMAS, SUMMER], 422, ["closings.2.starts_on"]),
        ([CHRISTMAS, EASTER], 409, ["closings.1.starts_on"]),
        ([], 422, ["closings"]),
        ([CHRISTMAS | {"name": "N"}], 422, ["closings.0.name"]),
        ([CHRISTMAS | {"kind": "closed"}], 422, ["closings.0.kind"]),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_noted(
    client: TestClient, make: Factory, closings: list[dict[str, str]], status: int, fields: list[str]
) -> None:
    school_class = make.school_class()
    school, url = staff(make, school_class), f"{API}/schools/{school_class.school_id}/closings"
    assert client.post(url, json={"closings": [EASTER]}, headers=school).status_code == 201
    answer = client.post(url, json={"closings": closings}, headers=school)
    assert (answer.status_code, [one["field"] for one in answer.json()["faults"]]) == (status, fields)
    assert len(client.get(url).json()["items"]) == 1


def test_a_patron_is_noted_by_who_coordinates_the_province_or_leads_a_school_of_it(
    client: TestClient, make: Factory
) -> None:
    school_class, url = make.school_class(), f"{API}/patron-days"
    make.municipality("037032", cadastral="E289", name="Imola")
    make.municipality("015146", name="Milano", province_code="MI")
    imola = {"municipality_istat": "037032", "month": 8, "day": 13, "name": "San Cassiano"}
    coordinator = person(make, Grant(Role.COORDINATOR))
    teacher = person(
        make,
        Grant(Role.TEACHER, school_id=school_class.school_id, class_ids=frozenset({school_class.id})),
    )
    key = staff(make, school_class)

    def post(headers: dict[str, str], **values: Any) -> Any:
        return client.post(url, json=imola | values, headers=headers)

    made = post(key)
    assert made.status_code == 201, made.text
    assert made.json() == {"id": made.json()["id"], "municipality_name": "Imola"} | imola
    assert client.get(made.headers["location"]).json()["items"] == [made.json()]
    assert (post(key).status_code, post(key).json()["faults"][0]["field"]) == (409, "municipality_istat")
    assert post(key, municipality_istat="015146").status_code == 403
    assert post(coordinator, municipality_istat="015146").status_code == 403
    assert post(teacher, municipality_istat="037006").status_code == 403
    assert [one["field"] for one in post(key, month=2, day=30).json()["faults"]] == ["day"]
    assert [one["field"] for one in post(key, municipality_istat="999999").json()["faults"]] == [
        "municipality_istat"
    ]
    assert post(coordinator, municipality_istat="037006", month=10, day=4).status_code == 201
    first = client.get(url, params={"limit": 1}).json()
    assert [one["municipality_name"] for one in first["items"]] == ["Bologna"]
    rest = client.get(url, params={"limit": 1, "cursor": first["next_cursor"]}).json()
    assert rest == {"items": [made.json()], "next_cursor": None}
    gone = f"{url}/{made.json()['id']}"
    assert client.delete(gone, headers=teacher).status_code == 403
    assert client.delete(gone, headers=coordinator).status_code == 204
    assert client.delete(gone, headers=coordinator).status_code == 404
