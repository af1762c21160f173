"""The proof that seats and days are never given twice: four processes of eight threads, ten thousand attempts."""

from __future__ import annotations

import time
from collections import Counter
from datetime import timedelta
from itertools import product
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from app.applications import service_contacts, service_steps
from app.applications.models import Application
from app.applications.models import ApplicationState as State
from app.applications.rules import ApplicationAction as Action
from app.db import Database, new_id
from app.opportunities import service_life as seats
from app.opportunities.models import Opportunity
from app.students.models import Student
from tests.app.applications import crowd
from tests.app.applications.world import CAPS, FRIDAY, MONDAY, World
from tests.conftest import say_at_the_end
from tests.factories import NOW, Factory
from tests.together import THREADS, at_once, compete, compete_in_processes

SEATS = 10


def _fill(database: Database, attempts: int, offered: int) -> list[UUID]:
    """So many applications for few seats, each by another student or for another opportunity; the ids of them."""
    make = Factory(database)
    company, school_class = make.company(), make.school_class()
    offers = [make.opportunity(company, seats=SEATS).id for _ in range(offered)]
    model = make.student(school_class)
    columns = {column.key: getattr(model, column.key) for column in sa.inspect(Student).columns}
    students = [new_id() for _ in range(attempts // offered)]
    made = [
        {
            "id": new_id(), "student_id": student, "opportunity_id": offer, "company_id": company.id,
            "state": State.SUBMITTED, "due_at": NOW + timedelta(days=14), "starts_on": MONDAY, "ends_on": FRIDAY,
            "daily_hours": 8, "planned_hours": 80, "created_at": NOW, "created_by": "system:tests",
            "company_accepted_at": NOW, "company_accepted_by": "system:tests", "delivered_at": NOW,
        }
        for student, offer in product(students, offers)
    ]  # fmt: skip
    with database.write() as session:
        session.execute(sa.insert(Student), [columns | {"id": student} for student in students])
        session.execute(sa.insert(Application), made)
    return [one["id"] for one in made]


def _held(database: Database) -> tuple[set[int], set[int]]:
    """How many hold a seat of each opportunity, and how many each says are taken."""
    count = (
        sa.select(sa.func.count())
        .where(Application.state == State.ACCEPTED)
        .group_by(Application.opportunity_id)
    )
    with database.read() as session:
        taken = sa.select(Opportunity.seats_taken).where(Opportunity.seats == SEATS)
        return set(session.scalars(count)), set(session.scalars(taken))


def test_ten_thousand_attempts_give_each_seat_once(shared: Database, request: pytest.FixtureRequest) -> None:
    ids = _fill(shared, 10_000, offered=20)
    began = time.monotonic()
    told = compete_in_processes(shared, ids, crowd.say_yes)
    seconds = time.monotonic() - began
    say_at_the_end(
        request.config,
        f"seats on {shared.engine.dialect.name}: {len(ids)} attempts, {dict(told)}, {seconds:.1f} s",
    )
    assert (told["taken"], told["full"]) == (20 * SEATS, len(ids) - 20 * SEATS)
    assert _held(shared) == ({SEATS}, {SEATS})


def test_to_look_first_and_count_afterwards_oversells(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof that the test above can fail: threads of one process are enough."""
    monkeypatch.setattr(seats, "take_seat", crowd.take_what_was_seen)
    url = shared.engine.url.render_as_string(hide_password=False)
    told = compete(url, _fill(shared, 300, offered=3), 2 * THREADS, crowd.look_and_say_yes)
    assert told["taken"] > 3 * SEATS
    assert max(_held(shared)[0]) > SEATS


# --- days, and contacts -----------------------------------------------------------------------------------------------


def _confirm_two_at_once(make: Factory) -> int:
    """A student with two yeses for the same days says yes to both in the same moment; how many stand."""
    world = World(make)
    both = [world.apply(world.opportunity()) for _ in range(2)]
    for one in both:
        world.to(State.ACCEPTED, one)
    at_once(*[lambda one=one: world.move(world.giulia(), Action.CONFIRM, one) for one in both])  # type: ignore[misc]
    return sum(world.now(one).state is State.CONFIRMED for one in both)


def test_two_yeses_at_once_leave_one(shared: Database) -> None:
    make = Factory(shared)
    assert {_confirm_two_at_once(make) for _ in range(10)} == {1}


def test_without_the_locks_two_yeses_meet(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if shared.engine.dialect.name == "sqlite":
        return  # there a write block is alone by itself
    monkeypatch.setattr(service_steps, "lock", lambda *_: None)
    monkeypatch.setattr(
        service_steps,
        "lock_applications",
        lambda session, ids, **_: session.scalars(
            sa.select(Application).where(Application.id.in_(ids))
        ).all(),
    )
    make = Factory(shared)

    def goes_wrong() -> bool:
        try:
            return _confirm_two_at_once(make) != 1
        except SQLAlchemyError:
            return True

    assert any(goes_wrong() for _ in range(40))


def test_clicks_at_once_make_one_application_and_no_more_than_may_be(shared: Database) -> None:
    world = World(Factory(shared))
    offered = world.opportunity()
    at_once(*[lambda: world.apply(offered)] * 8)
    several = [world.opportunity() for _ in range(6)]
    at_once(*[lambda one=one: world.apply(one) for one in several])  # type: ignore[misc]
    with shared.read() as session:
        found = session.scalars(sa.select(Application.opportunity_id)).all()
    assert (found.count(offered.id), len(found)) == (1, CAPS.open_per_student)


def test_two_schools_at_once_send_no_more_than_a_company_takes(shared: Database) -> None:
    company = Factory(shared).company()

    def send() -> None:
        with shared.write() as session:
            sent.append(service_contacts.take_room(session, company.id, most=5, today=MONDAY))

    sent: list[bool] = []
    at_once(*[send] * 8)
    assert Counter(sent) == {True: 5, False: 3}


def test_two_workers_at_once_do_nothing_twice(shared: Database) -> None:
    world = World(Factory(shared))
    due = [world.apply(world.opportunity(seats=1), world.make.student()) for _ in range(6)]
    for one in due[:3]:
        world.to(State.ACCEPTED, one)
    told: list[dict[str, int]] = []
    at_once(*[lambda: told.append(world.tick(30))] * 4)
    assert sum(one["applications_moved"] for one in told) == len(due)
    assert {world.now(one).state for one in due} == {State.EXPIRED}
    with shared.read() as session:
        assert set(session.scalars(sa.select(Opportunity.seats_taken))) == {0}
