"""Placements that are made and moved at the same moment: several connections of a real database, many times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.db import Database
from app.events.models import Event
from app.opportunities.models import Opportunity
from app.placements import service, service_clock
from app.placements.models import Placement
from app.placements.rules import Terms
from app.privacy import service_erasure as erasures
from app.students.models import Student
from tests.factories import ACTOR, NOW, TODAY, Factory
from tests.together import at_once

ROUNDS = 12
TERMS = Terms(TODAY + timedelta(days=7), TODAY + timedelta(days=18), daily_hours=8, planned_hours=64)


def place(database: Database, student: Student, opportunity: Opportunity) -> Callable[[], object]:
    def call() -> object:
        with database.write() as session:
            fresh = session.get_one(Opportunity, opportunity.id)
            return service.create(session, ACTOR, student, fresh, TERMS, now=NOW).id

    return call


def play(database: Database) -> list[list[object]]:
    """A student is placed twice at the same moment, again and again."""
    make = Factory(database)
    school_class = make.school_class()
    return [
        at_once(
            *(place(database, student, make_one) for make_one in (make.opportunity(), make.opportunity()))
        )
        for student in (make.student(school_class) for _ in range(ROUNDS))
    ]


def test_nobody_is_placed_twice_at_the_same_moment(shared: Database) -> None:
    for results in play(shared):
        assert sorted(type(one).__name__ for one in results) == ["PlacedElsewhere", "UUID"]
    with shared.read() as session:
        assert session.scalar(sa.select(sa.func.sum(Opportunity.seats_taken))) == ROUNDS


def test_without_the_lock_somebody_is(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_lock", lambda *_: None)
    # SQLite lets one block write at a time, with or without it.
    is_somebody = any(len({type(one) for one in results}) == 1 for results in play(shared))
    assert is_somebody is (shared.engine.dialect.name == "postgresql")


def test_two_clocks_at_once_do_it_once(shared: Database) -> None:
    make = Factory(shared)
    school_class = make.school_class()
    for _ in range(ROUNDS):
        make.placement(make.student(school_class), make.opportunity(seats_taken=1))
    later = NOW + timedelta(days=30)
    told = at_once(*[lambda: service_clock.run(shared, later)["moved"]] * 3)
    assert sum(one for one in told if isinstance(one, int)) == ROUNDS
    with shared.read() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Event.action == "placement.moved")) == ROUNDS
        assert session.scalar(sa.select(sa.func.sum(Opportunity.seats_taken))) == 0


def test_a_seat_is_given_back_once_whoever_is_first(shared: Database) -> None:
    make = Factory(shared)
    school_class = make.school_class()
    for _ in range(ROUNDS):
        student, opportunity = make.student(school_class), make.opportunity(seats_taken=1)
        make.placement(student, opportunity)

        def forget(student: Student = student) -> object:
            with shared.write() as session:
                return erasures.ask_for_student(session, ACTOR, student.id, now=NOW, hours=0).id

        at_once(forget, lambda: service_clock.run(shared, NOW + timedelta(days=30)))
        with shared.read() as session:
            assert session.get_one(Opportunity, opportunity.id).seats_taken == 0
            assert session.scalar(sa.select(sa.func.count()).select_from(Placement)) == 0
