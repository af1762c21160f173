"""Answers that meet: several connections of a real database, many times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import errors
from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.disclosures import rules, service
from app.disclosures.models import Disclosure
from app.disclosures.rules import State
from tests.conftest import another_database
from tests.factories import NOW, Factory
from tests.together import at_once

ROUNDS = 25


@pytest.fixture
def shared(migrated: Database, tmp_path: Path) -> Iterator[Database]:
    """A database of the test's own, whose commits stay."""
    with another_database(migrated, tmp_path) as engine:
        database = Database(engine.url.render_as_string(hide_password=False), connections=4)
        yield database
        database.close()


def person(grant: Grant) -> Actor:
    return Actor(kind="user", id=None, name=grant.role, grants=(grant,))


def test_a_name_that_is_taken_back_while_it_is_accepted_never_shows(shared: Database) -> None:
    make = Factory(shared)
    student, opportunity = make.student(), make.opportunity()
    giulia = person(Grant(Role.STUDENT, student_id=student.id))
    lead = make.signed_in(Grant(Role.SCHOOL_LEAD, school_id=student.school_id))
    assert lead
    yes = {"school_accepted_at": NOW, "school_accepted_by": "system:tests"}
    for _ in range(ROUNDS):
        one = make.disclosure(student, opportunity, **yes)

        def accept(disclosure: Disclosure = one) -> object:
            with shared.write() as session:
                return service.accept(session, giulia, disclosure.id, now=NOW, days=30)

        def withdraw(disclosure: Disclosure = one) -> object:
            with shared.write() as session:
                return service.withdraw(session, giulia, disclosure.id, now=NOW)

        _, taken_back = at_once(accept, withdraw)
        assert not isinstance(taken_back, errors.Problem)
        with shared.read() as session:
            row = session.get_one(Disclosure, one.id)
            assert rules.state_of(row, NOW + timedelta(seconds=1)) is State.WITHDRAWN
        with shared.write() as session:
            session.delete(session.get_one(Disclosure, one.id))


def test_requests_that_meet_make_one_and_no_more_than_may_wait(shared: Database) -> None:
    make = Factory(shared)
    opportunity = make.opportunity(seats=1)
    students = [make.student() for _ in range(3)]
    company = person(Grant(Role.COMPANY_MEMBER, company_id=opportunity.company_id))

    def ask(number: int) -> Callable[[], object]:
        def call() -> object:
            with shared.write() as session:
                return service.ask(session, company, opportunity.id, students[number].id, now=NOW, days=30)

        return call

    at_once(ask(0), ask(0), ask(0), ask(0))
    with shared.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Disclosure)) == 1
    students += [make.student() for _ in range(3)]
    at_once(*(ask(number) for number in range(1, 5)))
    with shared.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Disclosure)) == rules.most_waiting(1)
