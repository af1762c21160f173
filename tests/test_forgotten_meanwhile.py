"""Somebody is forgotten while a call is at work: it answers that nothing is there, and never with a fault of ours.

A block that changes something reads first and locks then, and on PostgreSQL another process may delete between the two. Each
good call of the API, and each job of the clock, is made again and again: before its first question to the database, before its
second, and so on, the student is forgotten, until it has locked or written something of the student, or an opportunity in
which forgetting gives a seat back. From there on, whoever forgets has to wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from fastapi import FastAPI
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction
from starlette.testclient import TestClient

from app.auth import service as auth
from app.auth.actors import Grant, Role
from app.commands import worker
from app.db import BlockSession, Database
from app.main import create_app
from app.opportunities.models import Opportunity
from app.privacy import map as maps
from app.privacy import service_erasure as erasures
from app.privacy.models import SubjectKind
from app.settings import Settings
from tests import contract, forms
from tests import test_openapi as calls
from tests.caller import Caller
from tests.conftest import UndoneDatabase
from tests.factories import ACTOR, NOW, Factory

CHANGING = [name for name, (_, method, _) in calls.OPERATIONS.items() if method != "get"]
CLOCKS = (
    "rounds_moved",
    "applications",
    "bookings",
    "placements_moved",
    "hours_reminded",
    "concerns",
    "papers_kept",
)
SETTINGS = Settings(rate_limit_per_minute=1_000_000, look_delay_seconds=0)
SHARED = {"events", "idempotency_keys", "looks", "memberships", "notifications", "oidc_flows"}
"""Tables in which one writes of oneself too, which keeps nobody from being forgotten."""
OF_STUDENTS = {entry.table.name for entry, _ in maps.read().walk(SubjectKind.STUDENT)} - SHARED


# --- the moment -------------------------------------------------------------------------------------------------------


@dataclass
class Moment:
    """Just before the question `number`: then the student is forgotten, if nothing keeps anybody from it."""

    database: UndoneDatabase
    student_id: UUID
    number: int
    seats_in: frozenset[UUID] = frozenset()
    """The opportunities that are changed as well when the student is forgotten."""
    asked: int = 0
    has_come: bool = False
    is_of_students: bool = False
    """Whether anything was asked of what is a student's."""

    def ask(self, state: ORMExecuteState) -> None:
        block = state.session.info
        is_first = not block.get("has_asked")
        block["has_asked"] = True
        if self.has_come or block.get("is_settled") or not (is_first or state.session.autoflush):
            return  # a block that only reads sees one moment
        self.asked += 1
        if self.asked == self.number:
            self.has_come = True
            self.forget()
            return
        asked_for = {
            one.name for one in sa.sql.visitors.iterate(state.statement) if isinstance(one, sa.Table)
        }
        has_lock = getattr(state.statement, "_for_update_arg", None) is not None
        if asked_for & OF_STUDENTS:
            self.is_of_students = True
            block["is_settled"] = has_lock or not state.is_select
        elif has_lock and Opportunity.__tablename__ in asked_for:
            given = {**state.statement.compile().params, **dict(state.parameters or {})}
            if self.seats_in.intersection(one for one in given.values() if isinstance(one, UUID)):
                self.is_of_students = block["is_settled"] = True

    def write(self, session: Session, _: UOWTransaction) -> None:
        written = {one.__tablename__ for one in (*session.new, *session.dirty, *session.deleted)}
        if written & OF_STUDENTS:
            session.info["is_settled"] = True

    def forget(self) -> None:
        # A block beside the one that is open, as another process would have it.
        with self.database._session(is_write=True) as session:
            erasures.ask_for_student(session, ACTOR, self.student_id, now=NOW, hours=0)
            session.commit()


@contextmanager
def forgetting(moment: Moment) -> Iterator[None]:
    event.listen(Session, "do_orm_execute", moment.ask)
    event.listen(Session, "after_flush", moment.write)
    try:
        yield
    finally:
        event.remove(Session, "do_orm_execute", moment.ask)
        event.remove(Session, "after_flush", moment.write)


# --- the land ---------------------------------------------------------------------------------------------------------


@dataclass
class Land:
    """A running application with one thing of each sort, which is the same again after each test."""

    app: FastAPI
    client: TestClient
    make: Factory
    database: UndoneDatabase
    world: calls.World

    def moments(self) -> Iterator[Moment]:
        """One that never comes, and then all that there are; each within a world that is undone."""
        student_id = UUID(self.world["student_id"])
        seats_in = self._seats_of(student_id)
        never = Moment(self.database, student_id, 0, seats_in)
        yield from self._in(never)
        assert never.asked, "it has asked nothing"
        for number in range(1, never.asked + 1 if never.is_of_students else 1):
            moment = Moment(self.database, student_id, number, seats_in)
            yield from self._in(moment)
            assert moment.has_come

    def _seats_of(self, student_id: UUID) -> frozenset[UUID]:
        with self.database.attempt():
            before = self._versions()
            Moment(self.database, student_id, 0).forget()
            after = self._versions()
        return frozenset(key for key, version in before.items() if after[key] != version)

    def _versions(self) -> dict[UUID, int]:
        with self.database.read() as session:
            return {
                row.id: row.version for row in session.execute(sa.select(Opportunity.id, Opportunity.version))
            }

    def _in(self, moment: Moment) -> Iterator[Moment]:
        with self.database.attempt(), forgetting(moment):
            yield moment
        self.app.state.engine._state = None  # it may have seen what has been undone


@pytest.fixture(scope="module")
def whole_land(migrated: Database) -> Iterator[Land]:
    with migrated.engine.connect() as connection:
        transaction = connection.begin()
        database = UndoneDatabase(connection)
        make = Factory(database)
        app = create_app(SETTINGS, database=database, clock=lambda: NOW)
        with Caller(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as client:
            client.event_hooks = {"request": [forms.carry_token], "response": [contract.check]}
            yield Land(app, client, make, database, calls.one_of_each(make))
        transaction.rollback()


@pytest.fixture
def land(whole_land: Land) -> Iterator[Land]:
    whole_land.client.cookies.clear()
    with whole_land.database.attempt():
        yield whole_land


# --- the tests --------------------------------------------------------------------------------------------------------


def call_of(land: Land, name: str) -> Any:
    """The good call of an operation, by who may make it."""
    grant = calls.CALLERS.get(name, lambda _: Grant(Role.ADMINISTRATOR))(land.world)
    land.client.cookies.set(auth.COOKIE, land.make.signed_in(grant))
    call = calls.good_call(name, land.world)
    is_own = name in ("create_signing_code", "sign_paper")
    return calls.to_be_signed(land.make, call, SETTINGS) if is_own else call


@pytest.mark.parametrize("name", CHANGING)
def test_no_call_stumbles_over_somebody_who_is_forgotten(name: str, land: Land) -> None:
    call = call_of(land, name)
    for moment in land.moments():
        response = call.send(land.client)
        assert response.status_code < 500, f"before question {moment.number}: {response.text}"


def test_what_is_locked_too_late_is_gone(land: Land) -> None:
    call = call_of(land, "cancel_placement")
    answers = [call.send(land.client).json() for _ in land.moments()]
    assert {"gone", "no-such-placement"} == {one["type"].rpartition("/")[2] for one in answers[1:]}
    assert answers[0]["state"] == "cancelled"


def test_a_session_that_expects_every_row_to_stay_is_seen(
    land: Land, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(BlockSession, "refresh", Session.refresh)
    call = call_of(land, "cancel_placement")
    assert 500 in {call.send(land.client).status_code for _ in land.moments()}


@pytest.mark.parametrize("name", CLOCKS)
def test_no_clock_stumbles_over_somebody_who_is_forgotten(name: str, land: Land) -> None:
    for _ in land.moments():
        worker.jobs()[name].do(SETTINGS, land.database, NOW + timedelta(days=21))
