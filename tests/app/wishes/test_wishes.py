"""What a student saves and ranks: who sees it, in which order, and what stays of it."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError
from starlette.testclient import TestClient

from app import errors
from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.events.models import Event
from app.opportunities.models import Kind, Opportunity, Status
from app.students.models import Student
from app.wishes import rules, service
from app.wishes.models import Wish
from app.wishes.rules import Outlook
from tests.app.students.callers import match, student_of, teacher_of
from tests.factories import NOW, TODAY, Factory
from tests.queries import count_queries
from tests.together import at_once


def own(student: Student) -> Actor:
    return Actor(kind="user", id=None, name="Giulia", grants=(Grant(Role.STUDENT, student_id=student.id),))


def order_of(database: Database, student: Student) -> list[tuple[UUID, int | None]]:
    with database.read() as session:
        found = service.search(session, own(student), student.id)
    return [(one.wish.opportunity_id, one.wish.position) for one in found]


# --- rules ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "days", "expected"),
    [
        (Status.PUBLISHED, None, Outlook.OPEN),
        (Status.PUBLISHED, 0, Outlook.OPEN),
        (Status.PUBLISHED, -1, Outlook.OVER),
        (Status.FULL, None, Outlook.FULL),
        (Status.FULL, -1, Outlook.OVER),
        (Status.CLOSED, 5, Outlook.OVER),
        (Status.ARCHIVED, None, Outlook.OVER),
    ],
)
def test_outlook(status: Status, days: int | None, expected: Outlook) -> None:
    closes_on = None if days is None else TODAY + timedelta(days=days)
    assert rules.outlook(status, closes_on, TODAY) is expected


ORDERS = st.lists(st.uuids(), unique=True, max_size=12)


@given(order=ORDERS, data=st.data(), position=st.integers(1, 15))
def test_a_move_keeps_the_others_in_their_order(
    order: list[UUID], data: st.DataObject, position: int
) -> None:
    wish_id = data.draw(st.sampled_from(order) if order else st.uuids())
    moved = rules.moved(order, wish_id, position)
    others = [one for one in order if one != wish_id]
    assert [one for one in moved if one != wish_id] == others == rules.moved(order, wish_id, None)
    assert moved.index(wish_id) == min(position - 1, len(others))


# --- the service ------------------------------------------------------------------------------------------------------


def test_wishes_keep_their_order_and_saved_ones_stand_behind(database: Database, make: Factory) -> None:
    student = make.student()
    giulia = own(student)
    a, b, c, d = (make.opportunity().id for _ in range(4))
    with database.write() as session:
        for minutes, one in enumerate((a, b, c, d)):
            now = NOW + timedelta(minutes=minutes)
            service.save(session, giulia, student.id, one, is_ranked=one in (a, b, c), now=now)
    assert order_of(database, student) == [(a, 1), (b, 2), (c, 3), (d, None)]
    ids = {opportunity_id: wish.id for opportunity_id, wish in _saved(database, student).items()}
    with database.write() as session:
        service.move(session, giulia, student.id, ids[c], 1, now=NOW)
        service.move(session, giulia, student.id, ids[d], 9, now=NOW)
        service.move(session, giulia, student.id, ids[a], None, now=NOW)
    assert order_of(database, student) == [(c, 1), (b, 2), (d, 3), (a, None)]
    with database.write() as session:
        service.remove(session, giulia, student.id, ids[c], now=NOW)
    assert order_of(database, student) == [(b, 1), (d, 2), (a, None)]


def _saved(database: Database, student: Student) -> dict[UUID, Wish]:
    with database.read() as session:
        return service.saved(session, student.id)


def test_a_place_keeps_its_date_when_others_push_it(database: Database, make: Factory) -> None:
    student, later = make.student(), NOW + timedelta(days=3)
    first = make.wish(student, make.opportunity(), 1)
    second = make.wish(student, make.opportunity(), 2)
    saved = make.wish(student, make.opportunity())
    with database.write() as session:
        service.move(session, own(student), student.id, saved.id, 1, now=later)
    found = {one.id: (one.position, one.ranked_at) for one in _saved(database, student).values()}
    assert found == {saved.id: (1, later), first.id: (2, NOW), second.id: (3, NOW)}


def test_saving_twice_is_one_wish_and_one_event(database: Database, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity()
    with database.write() as session:
        made = [service.save(session, own(student), student.id, opportunity.id, now=NOW) for _ in range(2)]
        actions = session.scalars(sa.select(Event.action).where(Event.object_id == str(made[0].id))).all()
    assert made[0] is made[1]
    assert actions == ["wish.saved"]


def test_what_is_over_is_not_saved_but_what_was_saved_stays(database: Database, make: Factory) -> None:
    student, kept = make.student(), make.opportunity()
    make.wish(student, kept)
    make.change(kept, status=Status.CLOSED)
    with database.write() as session:
        service.save(session, own(student), student.id, kept.id, is_ranked=True, now=NOW)
    assert order_of(database, student) == [(kept.id, 1)]
    for status in (Status.CLOSED, Status.DRAFT):
        draft = {"published_at": None, "published_by": None} if status is Status.DRAFT else {}
        gone = make.opportunity(status=status, **draft)
        refusal = service.UnknownWish if status is Status.DRAFT else service.NotWishable
        with pytest.raises(refusal), database.write() as session:
            service.save(session, own(student), student.id, gone.id, now=NOW)


def test_there_are_so_many_and_no_more(
    database: Database, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "MOST_SAVED", 3)
    monkeypatch.setattr(rules, "MOST_RANKED", 2)
    student = make.student()
    ids = [make.opportunity().id for _ in range(4)]
    with database.write() as session:
        for one in ids[:2]:
            service.save(session, own(student), student.id, one, is_ranked=True, now=NOW)
    with pytest.raises(service.TooManyWishes, match="At most 2 are ranked"), database.write() as session:
        service.save(session, own(student), student.id, ids[2], is_ranked=True, now=NOW)
    with database.write() as session:
        service.save(session, own(student), student.id, ids[2], now=NOW)
    with pytest.raises(service.TooManyWishes, match="At most 3 are saved"), database.write() as session:
        service.save(session, own(student), student.id, ids[3], now=NOW)


def test_a_list_of_any_length_takes_as_many_questions(database: Database, make: Factory) -> None:
    counts = []
    for length in (1, 3):
        student = make.student()
        for number in range(1, length + 1):
            make.wish(student, make.opportunity(), number)
        with database.read() as session, count_queries(database) as queries:
            assert len(service.search(session, own(student), student.id)) == length
        counts.append(queries.count)
    assert counts == [2, 2]


# --- at once ----------------------------------------------------------------------------------------------------------


def _crowd(make: Factory) -> list[tuple[UUID, int | None]]:
    """Eight hands order one student's four wishes at the same moment; what stands afterwards."""
    database = make.database
    student = make.student()
    wishes = [make.wish(student, make.opportunity(), number) for number in range(1, 5)]
    numbers = count()

    def move() -> None:
        number = next(numbers)
        with database.write() as session:
            wish, position = wishes[number % 4], number % 3 + 1
            service.read(session, own(student), student.id, wish.id)  # what the block has seen may grow old
            service.move(session, own(student), student.id, wish.id, position, now=NOW)

    assert not [one for one in at_once(*[move] * 8) if isinstance(one, errors.Problem)]
    return order_of(database, student)


def test_moves_at_once_leave_an_order_without_holes(shared: Database) -> None:
    make = Factory(shared)
    for _ in range(5):
        assert [position for _, position in _crowd(make)] == [1, 2, 3, 4]


def test_without_the_lock_moves_meet(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if shared.engine.dialect.name == "sqlite":
        return  # there a write block is alone by itself
    monkeypatch.setattr(
        service,
        "_locked",
        lambda session, student_id: session.scalars(
            sa.select(Wish).where(Wish.student_id == student_id).order_by(Wish.position)
        ).all(),
    )
    make = Factory(shared)
    assert any(_goes_wrong(make) for _ in range(40))


def _goes_wrong(make: Factory) -> bool:
    try:
        return [position for _, position in _crowd(make)] != [1, 2, 3, 4]
    except SQLAlchemyError:
        return True


# --- the API ----------------------------------------------------------------------------------------------------------


def test_student_saves_orders_and_removes(client: TestClient, make: Factory) -> None:
    student, visit = (
        make.student(),
        make.opportunity(make.company(name="Reno"), kind=Kind.VISIT, title="Reparto"),
    )
    url, me = f"/api/v1/students/{student.id}/wishes", student_of(make, student.id)
    made = client.post(url, json={"opportunity_id": str(visit.id), "is_ranked": True}, headers=me)
    assert (made.status_code, made.headers["etag"]) == (201, '"1"') or made.json()
    body = made.json()
    assert body == {
        "id": body["id"], "opportunity_id": str(visit.id), "kind": "visit", "title": "Reparto", "company_name": "Reno",
        "status": "published", "closes_on": None, "position": 1, "created_at": "2026-01-12T09:00:00Z",
        "ranked_at": "2026-01-12T09:00:00Z", "version": body["version"],
    }  # fmt: skip
    one = f"{url}/{body['id']}"
    assert made.headers["location"] == one
    out = client.patch(one, json={"position": None}, headers=match(me, body["version"]))
    assert (out.status_code, out.json()["position"], out.json()["ranked_at"]) == (200, None, None)
    assert client.delete(one, headers=match(me, out.json()["version"])).status_code == 204
    assert client.get(url, headers=me).json() == {"items": [], "next_cursor": None}


def test_list_goes_on_by_cursor(client: TestClient, make: Factory) -> None:
    student = make.student()
    for number in range(1, 4):
        make.wish(student, make.opportunity(title=f"{number}"), number)
    me, titles, cursor = student_of(make, student.id), [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        answer = client.get(
            f"/api/v1/students/{student.id}/wishes", params={"limit": 2} | more, headers=me
        ).json()
        titles.append([one["title"] for one in answer["items"]])
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert titles == [["1", "2"], ["3"]]


def test_teachers_read_and_companies_do_not(client: TestClient, make: Factory, bearer: Any) -> None:
    school_class = make.school_class()
    student = make.student(school_class)
    company = make.company()
    wish = make.wish(student, make.opportunity(company), 1)
    url, teacher = f"/api/v1/students/{student.id}/wishes", teacher_of(make, school_class)
    [line] = client.get(url, headers=teacher).json()["items"]
    assert line["id"] == str(wish.id)
    refused = client.patch(f"{url}/{wish.id}", json={"position": None}, headers=match(teacher))
    assert (refused.status_code, refused.json()["type"]) == (403, "/problems/not-your-wish")
    theirs = bearer(Role.COMPANY_ADMIN, company_id=company.id)
    assert client.get(url, headers=theirs).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "opportunity_id"),
        ({"opportunity_id": "x"}, "opportunity_id"),
        ({"opportunity_id": "00000000-0000-4000-8000-000000000000"}, "opportunity_id"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, make: Factory, body: dict[str, Any], field: str) -> None:
    student = make.student()
    answer = client.post(
        f"/api/v1/students/{student.id}/wishes", json=body, headers=student_of(make, student.id)
    )
    assert (answer.status_code, [fault["field"] for fault in answer.json()["faults"]]) == (422, [field])


def test_wishes_go_with_the_opportunity_and_the_student(database: Database, make: Factory) -> None:
    student, opportunity = make.student(), make.opportunity()
    make.wish(student, opportunity, 1)
    other = make.wish(make.student(), make.opportunity())
    with database.write() as session:
        session.delete(session.get_one(Opportunity, opportunity.id))
        session.delete(session.get_one(Student, other.student_id))
    with database.read() as session:
        assert session.scalars(sa.select(Wish)).all() == []
