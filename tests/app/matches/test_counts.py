"""How many candidates live opportunities have, as the company's page counts them."""

from __future__ import annotations

from uuid import UUID

import pytest
from fastapi import FastAPI

from app import db
from app.answers import service as answers
from app.answers.models import Answer, Verdict
from app.auth.actors import Actor, Grant, Role
from app.db import Database
from app.matches import service as matches
from app.matches import service_counts as counts
from app.opportunities.models import Opportunity, Status
from app.students.models import Student
from tests.factories import NOW, Factory


def counted(
    app: FastAPI, database: Database, actor: Actor, *offers: Opportunity
) -> dict[UUID, tuple[int, int]]:
    engine = app.state.engine
    with database.read() as session:
        rows = [session.get_one(Opportunity, one.id) for one in offers]
        question = counts.ask(session, actor, engine, rows)
        answered = answers.answered(session, question.opportunity_ids)
    return counts.candidates(engine, question, answered)


def test_the_number_is_that_of_the_list_and_follows_every_change(
    app: FastAPI, database: Database, make: Factory
) -> None:
    offer = make.opportunity()
    actor = Actor(
        kind="user", id=None, name="A", grants=(Grant(Role.COMPANY_MEMBER, company_id=offer.company_id),)
    )
    school_class = make.school_class()
    students = [make.student(school_class) for _ in range(3)]

    def check(expected: int, waiting: int) -> None:
        with database.read() as session:
            question = matches.ask_for_candidates(session, actor, app.state.engine, offer.id)
        listed = matches.candidates_page(app.state.engine, question)["items"]
        assert counted(app, database, actor, offer) == {offer.id: (expected, waiting)}
        assert len(listed) == expected

    check(3, 3)
    answer = Answer(
        opportunity_id=offer.id,
        student_id=students[2].id,
        verdict=Verdict.MAYBE,
        answered_at=NOW,
        answered_by="user:a",
    )
    make.add(answer)
    check(3, 2)
    with database.write() as session:
        session.get_one(Student, students[0].id).is_ranked = False
    check(2, 1)
    make.change(offer, min_age=60)
    check(0, 0)
    make.change(offer, min_age=None)
    with database.write() as session:
        session.delete(session.get_one(Student, students[1].id))
        db.touch(session, "students_gone")
    check(1, 0)


def test_what_has_been_counted_is_not_counted_again(
    app: FastAPI, database: Database, make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer, actor = (
        make.opportunity(),
        Actor(kind="user", id=None, name="A", grants=(Grant(Role.ADMINISTRATOR),)),
    )
    make.student()
    first = counted(app, database, actor, offer)
    monkeypatch.setattr(counts, "visible_to", lambda *_: [])  # whoever counts anew finds nobody
    assert counted(app, database, actor, offer) == first == {offer.id: (1, 1)}


def test_only_live_ones_of_one_s_own_are_counted(app: FastAPI, database: Database, make: Factory) -> None:
    closed, other = make.opportunity(status=Status.CLOSED), make.opportunity()
    actor = Actor(
        kind="user", id=None, name="A", grants=(Grant(Role.COMPANY_MEMBER, company_id=closed.company_id),)
    )
    assert counted(app, database, actor, closed, other) == {}
