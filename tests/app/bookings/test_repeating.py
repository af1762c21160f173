"""Sessions by a rule: which days it comes to, all or none, and by the clocks of the place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from app.auth.actors import Role
from app.bookings import rules_repeating as rules
from app.bookings.models import VisitSession
from app.bookings.rules_repeating import LeftOut, Repetition
from app.db import Database
from app.main import create_app
from app.opportunities.models import Kind, Opportunity
from app.settings import Settings
from tests.caller import Caller
from tests.factories import NOW, Factory

ROME = ZoneInfo("Europe/Rome")
RUN = {
    "rrule": "FREQ=WEEKLY;BYDAY=TU", "first_on": "2026-03-10", "last_on": "2026-04-14", "starts_at": "09:00",
    "ends_at": "11:30", "without_on": ["2026-03-17"], "seats": 20, "room": "Sala Rossa",
}  # fmt: skip
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@pytest.fixture
def client(database: Database) -> Iterator[TestClient]:
    """The service by the clocks of Rome."""
    app = create_app(Settings(), database=database, clock=lambda: NOW.astimezone(ROME))
    with Caller(app, base_url="http://127.0.0.1:8000") as client:
        yield client


def repetition(**values: Any) -> Repetition:
    defaults: dict[str, Any] = {
        "rrule": "FREQ=WEEKLY;BYDAY=TU", "first_on": date(2026, 3, 2), "last_on": date(2026, 3, 31),
        "starts_at": time(9), "ends_at": time(11),
    }  # fmt: skip
    return Repetition(**defaults | values)


def test_a_rule_is_looked_at_first_and_then_planned_as_a_whole(client: TestClient, make: Factory) -> None:
    company, school = make.company(), make.school()
    make.closing(school, starts_on=date(2026, 4, 2), ends_on=date(2026, 4, 7), name="Pasqua")
    visit = make.opportunity(company, kind=Kind.VISIT, seats=1)
    host = make.bearer(Role.COMPANY_MEMBER, company_id=company.id)
    path, body = f"/api/v1/opportunities/{visit.id}/session-runs", RUN | {"school_id": str(school.id)}
    seen = client.post(f"{path}/trial", headers=host, json=body).json()
    assert [one["starts_at"] for one in seen["moments"]] == [
        "2026-03-10T08:00:00Z", "2026-03-24T08:00:00Z", "2026-03-31T07:00:00Z", "2026-04-14T07:00:00Z",
    ]  # fmt: skip
    assert {one["day"]: one["reason"] for one in seen["left_out"]} == {
        "2026-03-17": "listed", "2026-04-07": "school_closed",
    }  # fmt: skip
    assert client.get(path.removesuffix("session-runs") + "sessions", headers=host).json()["items"] == []
    made = client.post(path, headers=host, json=body)
    assert [one["starts_at"] for one in made.json()["sessions"]] == [
        one["starts_at"] for one in seen["moments"]
    ]
    stored = make.get(Opportunity, visit.id)
    assert stored is not None
    assert (stored.seats, stored.has_sessions) == (80, True)

    # The same again is in the same room at the same time: nothing of it is planned.
    again = client.post(path, headers=host, json=body | {"room": " sala  ROSSA"})
    assert (again.status_code, again.json()["type"], len(again.json()["faults"])) == (
        409,
        "/problems/room-taken",
        4,
    )
    elsewhere = body | {"room": "Sala Blu", "last_on": "2026-03-10"}
    [clash] = client.post(f"{path}/trial", headers=host, json=elsewhere).json()["moments"][0]["clashes"]
    assert clash["kind"] == "host"
    assert client.post(path, headers=host, json=elsewhere).status_code == 201
    hers = client.get(path.removesuffix("session-runs") + "clashes", headers=host).json()["sessions"]
    assert [one["clashes"][0]["kind"] for one in hers] == ["host", "host"]
    with make.database.read() as session:
        assert session.query(VisitSession).count() == 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"last_on": "2026-03-01"}, "last_on"),
        ({"last_on": "2027-12-01"}, "last_on"),
        ({"ends_at": "08:00"}, "ends_at"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=XX"}, "rrule"),
        ({"rrule": "FREQ=WEEKLY;BYDAY=TU;BYDAY=WE"}, "rrule"),
        ({"rrule": "FREQ=SECONDLY"}, "rrule"),
        ({"school_id": "00000000-0000-4000-8000-000000000000"}, "school_id"),
    ],
)
def test_a_rule_that_makes_no_sense_names_the_field(
    client: TestClient, make: Factory, change: dict[str, str], field: str
) -> None:
    visit = make.opportunity(kind=Kind.VISIT)
    path = f"/api/v1/opportunities/{visit.id}/session-runs"
    for one in (path, f"{path}/trial"):
        refused = client.post(one, headers=make.bearer(), json=RUN | change)
        assert (refused.status_code, refused.json()["faults"][0]["field"]) == (422, field)


def test_all_are_planned_or_none(client: TestClient, make: Factory) -> None:
    visit = make.opportunity(kind=Kind.VISIT)
    path = f"/api/v1/opportunities/{visit.id}/session-runs"
    daily = RUN | {"rrule": "FREQ=DAILY", "last_on": "2026-07-30", "skips_holidays": False}
    full = client.post(path, headers=make.bearer(), json=daily)
    assert full.json()["type"] == "/problems/too-many-sessions"
    past = RUN | {"first_on": "2026-01-01", "last_on": "2026-01-10"}
    assert client.post(path, headers=make.bearer(), json=past).json()["type"] == "/problems/nothing-to-plan"
    with make.database.read() as session:
        assert session.query(VisitSession).count() == 0


def test_days_are_left_out_for_the_first_reason_that_holds() -> None:
    wanted = repetition(
        rrule="FREQ=DAILY",
        first_on=date(2026, 4, 30),
        last_on=date(2026, 5, 4),
        without=frozenset({date(2026, 4, 30)}),
    )
    closed = [date(2026, 5, 1), date(2026, 5, 3)]
    moments, left_out = rules.plan(wanted, ROME, NOW, patron=(5, 2), closed=closed)
    assert left_out == {
        date(2026, 4, 30): LeftOut.LISTED, date(2026, 5, 1): LeftOut.HOLIDAY, date(2026, 5, 2): LeftOut.PATRON,
        date(2026, 5, 3): LeftOut.SCHOOL_CLOSED,
    }  # fmt: skip
    assert [first.day for first, _ in moments] == [4]


def test_an_hour_that_the_clocks_leap_over_has_no_session() -> None:
    wanted = repetition(
        rrule="FREQ=DAILY",
        first_on=date(2026, 3, 28),
        last_on=date(2026, 3, 30),
        starts_at=time(2, 30),
        ends_at=time(4),
    )
    moments, left_out = rules.plan(wanted, ROME, NOW, patron=None, closed=())
    assert [first.day for first, _ in moments] == [28, 30]
    assert left_out == {date(2026, 3, 29): LeftOut.NO_SUCH_HOUR}


@given(
    first_on=st.dates(date(2026, 2, 1), date(2027, 6, 1)),
    length=st.integers(0, 380),
    weekdays=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    interval=st.integers(1, 9),
    starts_at=st.times(),
)
def test_each_session_is_at_the_hour_that_was_said_on_a_weekday_that_was_said(
    first_on: date, length: int, weekdays: set[str], interval: int, starts_at: time
) -> None:
    wanted = repetition(
        rrule=f"FREQ=WEEKLY;INTERVAL={interval};BYDAY={','.join(sorted(weekdays))}", first_on=first_on,
        last_on=first_on + timedelta(days=length), starts_at=starts_at, ends_at=time.max,
    )  # fmt: skip
    if rules.faults_of(wanted):
        assert starts_at == time.max
        return
    moments, left_out = rules.plan(wanted, ROME, NOW, patron=None, closed=())
    days = rules.days_of(wanted)
    assert len(moments) + len(left_out) == len(days) == len(set(days))
    for first, last in moments:
        local = first.astimezone(ROME)
        assert (local.timetz().replace(tzinfo=None), WEEKDAYS[local.weekday()] in weekdays) == (
            starts_at,
            True,
        )
        assert wanted.first_on <= local.date() <= wanted.last_on
        assert first < last
    # The first week of the rule is the one of its first day.
    monday = first_on - timedelta(days=first_on.weekday())
    assert all((day - monday).days // 7 % interval == 0 for day in days)
