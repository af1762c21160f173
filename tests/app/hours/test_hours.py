"""Noting, confirming, disputing and settling days; what it does to the hours that are owed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from fractions import Fraction
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import errors
from app.auth.actors import Role
from app.db import Database
from app.events.models import Event
from app.hours import service, service_attendance, service_ledger
from app.hours.law import Law
from app.hours.models import HourEntry, HourLedger
from app.hours.service import Said
from app.laws.models import Measure
from app.placements.models import State
from app.settings import Settings
from app.students.models import Student
from tests.app.hours.people import MONDAY, Place, Seat, actor_of, place
from tests.factories import NOW, Factory


@pytest.fixture
def at(make: Factory) -> Place:
    return place(make)


def owed(make: Factory, at: Place) -> int:
    student = make.get(Student, at.student.id)
    assert student is not None
    return student.hours_owed


def day(number: int) -> str:
    return (MONDAY + timedelta(days=number)).isoformat()


def test_a_day_goes_from_the_student_to_the_host_and_is_confirmed(
    client: TestClient, make: Factory, at: Place
) -> None:
    pupil, host = Seat(client, make, at.pupil), Seat(client, make, at.host)
    made = pupil.send("POST", f"{at.path}/hours", {"worked_on": day(0), "minutes": 450})
    assert (made.status_code, made.headers["etag"]) == (201, '"1"')
    noted = made.json()
    assert noted == {
        "id": noted["id"], "placement_id": str(at.placement.id), "worked_on": day(0), "state": "noted",
        "student_minutes": 450, "host_minutes": None, "school_minutes": None, "attended_minutes": None,
        "arrived_at": None, "left_at": None, "version": 1,
    }  # fmt: skip
    said = {"placement_id": str(at.placement.id), "worked_on": day(0), "minutes": 450, "version": 1}
    answer = host.send("POST", "/api/v1/hour-confirmations", {"items": [said]})
    assert answer.status_code == 201
    assert answer.json()["items"] == [
        noted | {"state": "confirmed", "host_minutes": 450, "attended_minutes": 450, "version": 2}
    ]
    again = host.send("POST", "/api/v1/hour-confirmations", {"items": [said]})
    assert again.json()["items"] == answer.json()["items"]


def test_of_two_words_the_school_settles(client: TestClient, make: Factory, at: Place) -> None:
    pupil, host, teacher = (Seat(client, make, grant) for grant in (at.pupil, at.host, at.teacher))
    noted = pupil.send("POST", f"{at.path}/hours", {"worked_on": day(0), "minutes": 480}).json()
    path = f"{at.path}/hours/{noted['id']}"
    disputed = host.send("PATCH", path, {"minutes": 240}, **{"If-Match": '"1"'}).json()
    assert (disputed["state"], disputed["attended_minutes"]) == ("disputed", None)
    stale = teacher.send("PATCH", path, {"minutes": 300}, **{"If-Match": '"1"'})
    assert stale.status_code == 412
    settled = teacher.send("PATCH", path, {"minutes": 300}, **{"If-Match": '"2"'}).json()
    assert (settled["state"], settled["attended_minutes"]) == ("confirmed", 300)
    assert (settled["student_minutes"], settled["host_minutes"]) == (480, 240)


def test_who_agrees_with_the_host_ends_the_dispute(client: TestClient, make: Factory, at: Place) -> None:
    pupil, host = Seat(client, make, at.pupil), Seat(client, make, at.host)
    entry = host.send("POST", f"{at.path}/hours", {"worked_on": day(1), "minutes": 0}).json()
    assert (entry["state"], entry["attended_minutes"]) == ("confirmed", 0)
    path = f"{at.path}/hours/{entry['id']}"
    assert pupil.send("PATCH", path, {"minutes": 480}, **{"If-Match": "*"}).json()["state"] == "disputed"
    assert pupil.send("PATCH", path, {"minutes": 0}, **{"If-Match": "*"}).json()["state"] == "confirmed"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"worked_on": day(8), "minutes": 60}, "worked_on", "lies in the future"),
    ({"worked_on": day(5), "minutes": 60}, "worked_on", "is not a day of this placement"),
    ({"worked_on": day(0), "minutes": 481}, "minutes", "a day of this placement has 480 minutes"),
    (
        {"worked_on": day(0), "minutes": -1},
        "minutes",
        "Input should be greater than or equal to 0",
    ),
    ({"minutes": 60}, "worked_on", "Field required"),
]


@pytest.mark.parametrize(("body", "field", "detail"), BAD)
def test_what_cannot_be_is_refused_with_the_field(
    client: TestClient, make: Factory, at: Place, body: dict[str, Any], field: str, detail: str
) -> None:
    answer = Seat(client, make, at.pupil).send("POST", f"{at.path}/hours", body)
    assert answer.status_code == 422
    assert answer.json()["faults"] == [{"in": "body", "field": field, "detail": detail}]


def test_a_week_names_each_day_that_cannot_be(client: TestClient, make: Factory, at: Place) -> None:
    good = {"placement_id": str(at.placement.id), "worked_on": day(0), "minutes": 480}
    items = [good, good, good | {"worked_on": day(9)}, good | {"placement_id": str(uuid4())}]
    answer = Seat(client, make, at.host).send("POST", "/api/v1/hour-confirmations", {"items": items})
    assert answer.status_code == 422
    assert answer.json()["faults"] == [
        {"in": "body", "field": "items.1.worked_on", "detail": "stands there twice"},
        {"in": "body", "field": "items.2.worked_on", "detail": "lies in the future"},
        {"in": "body", "field": "items.3.placement_id", "detail": "no placement of yours has this id"},
    ]
    with make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(HourEntry)) == 0


def test_a_day_is_noted_once_and_never_overwritten_unseen(
    client: TestClient, make: Factory, at: Place
) -> None:
    pupil, host = Seat(client, make, at.pupil), Seat(client, make, at.host)
    body = {"worked_on": day(0), "minutes": 480}
    assert pupil.send("POST", f"{at.path}/hours", body).status_code == 201
    second = pupil.send("POST", f"{at.path}/hours", body)
    assert (second.status_code, second.json()["type"]) == (409, "/problems/day-noted")
    unseen = host.send(
        "POST", "/api/v1/hour-confirmations", {"items": [body | {"placement_id": str(at.placement.id)}]}
    )
    assert (unseen.status_code, unseen.json()["type"]) == (409, "/problems/said-meanwhile")
    assert unseen.json()["faults"][0]["field"] == "items.0.version"


@pytest.mark.parametrize("state", [State.PLANNED, State.READY, State.COMPLETED])
def test_hours_are_open_while_it_runs_and_closes(client: TestClient, make: Factory, state: State) -> None:
    at = place(make, state=state)
    answer = Seat(client, make, at.host).send(
        "POST", f"{at.path}/hours", {"worked_on": day(0), "minutes": 60}
    )
    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/not-running")


def test_who_runs_the_service_was_not_there(client: TestClient, make: Factory, at: Place) -> None:
    administrator = Seat(client, make, Role.ADMINISTRATOR)
    assert administrator.send("GET", f"{at.path}/hours").json()["items"] == []
    answer = administrator.send("POST", f"{at.path}/hours", {"worked_on": day(0), "minutes": 60})
    assert (answer.status_code, answer.json()["type"]) == (403, "/problems/not-your-hours")


def test_pages_of_days_follow_each_other(client: TestClient, make: Factory, at: Place) -> None:
    host = Seat(client, make, at.host)
    items = [
        {"placement_id": str(at.placement.id), "worked_on": day(number), "minutes": 480}
        for number in range(5)
    ]
    assert host.send("POST", "/api/v1/hour-confirmations", {"items": items}).status_code == 201
    first = host.send("GET", f"{at.path}/hours?limit=3").json()
    rest = host.send("GET", f"{at.path}/hours?limit=3&cursor={first['next_cursor']}").json()
    days = [one["worked_on"] for page in (first, rest) for one in page["items"]]
    assert (days, rest["next_cursor"]) == ([day(number) for number in range(5)], None)


# --- what it comes to -------------------------------------------------------------------------------------------------


def confirm(make: Factory, at: Place, days: int, *, now: Any = NOW) -> None:
    said = [Said(at.placement.id, MONDAY + timedelta(days=number), 480) for number in range(days)]
    with make.database.write() as session:
        service.say_many(session, actor_of(at.host), said, now=now)


def test_hours_are_owed_until_three_quarters_are_there(make: Factory) -> None:
    at = place(make, ends_on=MONDAY + timedelta(days=4), planned_hours=32)
    confirm(make, at, 2)
    assert owed(make, at) == 100  # 16 of 32 hours: less than three quarters
    confirm(make, at, 3)
    assert owed(make, at) == 76  # 24 of 32
    confirm(make, at, 5)
    assert owed(make, at) == 68  # 40, of which no more than 32 were agreed


def test_the_rules_of_law_hold_from_a_day_on(make: Factory) -> None:
    at = place(make, ends_on=MONDAY + timedelta(days=4), planned_hours=40)
    stricter = {
        "measure": Measure.ATTENDED_SHARE,
        "code": "three-quarters",
        "version": 9,
        "parameters": {"share": 0.9},
    }
    make.law_rule(**stricter, starts_on=MONDAY + timedelta(days=1))
    with make.database.read() as session:
        law = Law(session)
        kinds = ("technical", "vocational", "liceo", "its")
        assert [law.minimum_hours(kind, MONDAY) for kind in kinds] == [150, 210, 90, 0]
        assert law.minimum_hours("technical", date(2010, 1, 5)) == 0
        days = (date(2010, 1, 5), MONDAY, MONDAY + timedelta(days=1))
        assert [law.share(day) for day in days] == [0, Fraction(3, 4), Fraction(9, 10)]
    confirm(make, at, 4)  # 32 of 40: what began before the rule was changed keeps the old one
    assert owed(make, at) == 68


def test_what_is_taken_back_is_owed_again(make: Factory) -> None:
    at = place(make, ends_on=MONDAY + timedelta(days=4), planned_hours=40)
    confirm(make, at, 5)
    assert owed(make, at) == 60
    with make.database.write() as session:
        entries = session.scalars(sa.select(HourEntry).order_by(HourEntry.worked_on)).all()
        for entry in entries[:2]:
            service.edit(session, actor_of(at.teacher), at.placement.id, entry.id, 0, now=NOW)
    assert owed(make, at) == 100


def test_what_a_register_says_anew_is_the_new_opening(make: Factory) -> None:
    at = place(make, ends_on=MONDAY + timedelta(days=4), planned_hours=40)
    confirm(make, at, 4)
    assert owed(make, at) == 68
    with make.database.write() as session:
        session.get_one(Student, at.student.id).hours_owed = 50
    confirm(make, at, 5)
    assert owed(make, at) == 42
    kept = make.get(HourLedger, at.student.id)
    assert kept is not None
    assert (kept.opening_minutes, kept.counted_minutes) == (82 * 60, 40 * 60)


def test_a_visit_counts_by_a_credit_alone(make: Factory) -> None:
    student = make.student()
    visit = make.opportunity(kind="visit")
    placement = make.placement(
        student, visit, state=State.RUNNING, starts_on=MONDAY, ends_on=MONDAY, planned_hours=8
    )
    at = Place(make, student, visit, placement)
    confirm(make, at, 1)
    assert owed(make, at) == 100


def test_a_ledger_tells_what_was_done_and_what_is_to_come(
    client: TestClient, make: Factory, at: Place
) -> None:
    confirm(make, at, 5)
    make.placement(
        at.student, make.opportunity(), state=State.PLANNED, starts_on=date(2026, 2, 2), planned_hours=30
    )
    answer = Seat(client, make, at.pupil).send("GET", f"/api/v1/students/{at.student.id}/ledger")
    body = answer.json()
    assert body["sum"] == {
        "target_hours": 150, "minimum_hours": 150, "opening_hours": 50, "counted_hours": 0, "owed_hours": 100,
        "expected_owed_hours": 0,
    }  # fmt: skip
    running, planned = body["projects"]
    assert (running["attended_minutes"], running["needed_minutes"]) == (2400, 3600)
    assert (running["counted_minutes"], running["expected_minutes"]) == (0, 4800)
    assert (planned["state"], planned["expected_minutes"]) == ("planned", 1800)


def test_a_class_ledger_alarms_in_the_last_year(client: TestClient, make: Factory) -> None:
    last = make.school_class(year=5)
    for hours_owed in (10, 20, 60):
        make.student(last, hours_owed=hours_owed)
    at = place(make, student=make.student(last, hours_owed=72))
    found = Seat(client, make, at.teacher).send("GET", f"/api/v1/classes/{last.id}/ledger").json()
    assert len(found["students"]) == 4
    # From the twelfth of January to the sixth of June; one of the three has a placement of ten days, and one of them is the Epiphany.
    assert found["alarm"] == {"students": 3, "uncovered_students": 2, "hours": 20, "weeks_left": 20}


def test_a_ledger_costs_as_many_questions_for_three_as_for_one(make: Factory) -> None:
    from tests.queries import count_queries

    counts = []
    for number in (1, 3):
        school_class = make.school_class()
        for _ in range(number):
            at = place(make, student=make.student(school_class))
        confirm(make, at, 2)
        with make.database.read() as session, count_queries(make.database) as queries:
            service_ledger.of_class(
                session, actor_of(at.teacher), school_class.id, today=NOW.date(), ends_on=NOW.date()
            )
        counts.append(queries.count)
    assert counts[0] == counts[1]


# --- credits ----------------------------------------------------------------------------------------------------------


CREDIT = {"kind": "visit", "title": "Visita alla fiera", "held_on": day(0), "hours": 6}


def test_a_credit_counts_once_and_is_taken_back(client: TestClient, make: Factory, at: Place) -> None:
    teacher = Seat(client, make, at.teacher)
    path = f"/api/v1/classes/{at.student.class_id}/hour-credits"
    body = CREDIT | {"student_ids": [str(at.student.id)]}
    [credit] = teacher.send("POST", path, body).json()["items"]
    assert owed(make, at) == 94
    assert teacher.send("POST", path, body).json()["items"] == []
    assert owed(make, at) == 94
    own = f"/api/v1/students/{at.student.id}/hour-credits/{credit['id']}"
    assert Seat(client, make, at.pupil).send("GET", own).json() == credit
    assert Seat(client, make, at.pupil).send("DELETE", own, **{"If-Match": "*"}).status_code == 403
    assert teacher.send("DELETE", own, **{"If-Match": '"1"'}).status_code == 204
    assert owed(make, at) == 100


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"student_ids": [str(uuid4())]}, "student_ids.0"),
        ({"held_on": day(9)}, "held_on"),
        ({"hours": 0}, "hours"),
        ({"title": ""}, "title"),
        ({"kind": "opening"}, "kind"),
    ],
)
def test_a_credit_that_cannot_be_names_the_field(
    client: TestClient, make: Factory, at: Place, change: dict[str, Any], field: str
) -> None:
    body = CREDIT | {"student_ids": [str(at.student.id)]} | change
    path = f"/api/v1/classes/{at.student.class_id}/hour-credits"
    answer = Seat(client, make, at.teacher).send("POST", path, body)
    assert (answer.status_code, [one["field"] for one in answer.json()["faults"]]) == (422, [field])
    assert owed(make, at) == 100


# --- the code of the day ----------------------------------------------------------------------------------------------


def attend(make: Factory, at: Place, what: str, code: str, *, minutes: int = 0) -> HourEntry:
    with make.database.write() as session:
        return service_attendance.attend(
            session, actor_of(at.pupil), at.placement.id, service_attendance.What(what), code,
            Settings().secret_key, now=NOW + timedelta(minutes=minutes),
        )  # fmt: skip


def code(at: Place, minutes: int = 0) -> str:
    moment = NOW + timedelta(minutes=minutes)
    return service_attendance.code_at(at.opportunity.company_id, Settings().secret_key, moment).text


def test_who_comes_and_goes_with_the_code_has_noted_the_day(make: Factory, at: Place) -> None:
    attend(make, at, "arrival", code(at).lower())
    attend(make, at, "arrival", code(at, 7), minutes=7)  # the first one stands
    entry = attend(make, at, "departure", code(at, 241), minutes=245)
    assert (entry.student_minutes, entry.state, entry.host_minutes) == (245, "noted", None)
    late = attend(make, at, "departure", code(at, 600), minutes=600)
    assert (late.id, late.student_minutes) == (entry.id, 480)  # no more than the day has


@pytest.mark.parametrize("wrong", ["AAAAAA", "è", "", "old", "other"])
def test_another_code_is_refused(make: Factory, at: Place, wrong: str) -> None:
    given = {"old": code(at, -21), "other": code(place(make))}.get(wrong, wrong)
    with pytest.raises(service_attendance.NotTheCode) as refusal:
        attend(make, at, "arrival", given)
    assert refusal.value.faults[0]["field"] == "code"


def test_who_leaves_has_come(make: Factory, at: Place) -> None:
    with pytest.raises(service_attendance.NotArrived):
        attend(make, at, "departure", code(at))


def test_the_code_is_shown_where_the_host_works(client: TestClient, make: Factory, at: Place) -> None:
    path = f"/api/v1/companies/{at.opportunity.company_id}/attendance-code"
    shown = Seat(client, make, at.host).send("GET", path).json()
    assert shown == {"code": code(at), "ends_at": "2026-01-12T09:10:00Z"}
    assert Seat(client, make, at.pupil).send("GET", path).status_code == 403


def test_the_log_says_who_spoke_and_not_what(make: Factory, at: Place) -> None:
    confirm(make, at, 1)
    with make.database.read() as session:
        event = session.scalars(sa.select(Event).where(Event.action == "hours.said")).one()
    assert event.data == {"for": "company", "to": "confirmed"}


# --- at once ----------------------------------------------------------------------------------------------------------

AT_ONCE = 8


def race(shared: Database, do: Callable[[Any, int], object]) -> list[object]:
    """What each of eight got who did it at the same moment."""
    barrier = Barrier(AT_ONCE)

    def one(number: int) -> object:
        barrier.wait()
        try:
            with shared.write() as session:
                return do(session, number)
        except (errors.Problem, sa.exc.SQLAlchemyError) as error:
            return error

    with ThreadPoolExecutor(AT_ONCE) as threads:
        return list(threads.map(one, range(AT_ONCE)))


def note_at_once(shared: Database) -> tuple[list[object], int]:
    make = Factory(shared)
    at = place(make, ends_on=MONDAY, planned_hours=8)

    def do(session: Any, number: int) -> object:
        grant = at.host if number % 2 else at.teacher
        return service.note(session, actor_of(grant), at.placement.id, MONDAY, 480, now=NOW)

    found = race(shared, do)
    return found, owed(make, at)


def test_of_eight_at_once_one_notes_the_day_and_it_counts_once(shared: Database) -> None:
    found, left = note_at_once(shared)
    assert sum(isinstance(one, HourEntry) for one in found) == 1
    assert sum(isinstance(one, service.DayNoted) for one in found) == AT_ONCE - 1, found
    assert left == 92


def test_without_the_lock_the_key_is_the_last_wall(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that the test above can fail: nobody waits, nobody looks, and the unique key refuses."""
    monkeypatch.setattr(service, "lock", lambda *_: None)
    monkeypatch.setattr(service, "_entries", lambda *_: {})
    found, left = note_at_once(shared)
    assert sum(isinstance(one, sa.exc.IntegrityError) for one in found) == AT_ONCE - 1, found
    assert left == 92


def test_credits_and_hours_at_once_add_up(shared: Database) -> None:
    from app.hours import service_credits
    from app.hours.models import CreditKind

    make = Factory(shared)
    at = place(make, ends_on=MONDAY + timedelta(days=3), planned_hours=32)

    def do(session: Any, number: int) -> object:
        if number < 4:
            said = [Said(at.placement.id, MONDAY + timedelta(days=number), 480)]
            return service.say_many(session, actor_of(at.host), said, now=NOW)
        return service_credits.credit(
            session, actor_of(at.teacher), at.student.class_id, [at.student.id], kind=CreditKind.VISIT,
            title=f"Visita {number}", held_on=MONDAY, worth=5, now=NOW,
        )  # fmt: skip

    assert not [one for one in race(shared, do) if isinstance(one, Exception)]
    assert owed(make, at) == 100 - 32 - 20
