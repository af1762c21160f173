"""The index while others read it."""

from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import nullcontext, suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from app import db
from app.auth.actors import system
from app.db import Database
from app.matches import engine
from app.matches import service as matches
from app.matches.engine import Changes, Engine
from app.opportunities.models import Kind
from app.settings import Settings
from app.students.models import Student
from matching import Index, Ranked
from matching.layout import Layout
from tests.app.matches.conftest import World
from tests.factories import NOW, Factory


def changes_of(engine: Engine, world: World) -> Changes:
    with world.make.database.read() as session:
        return engine.changes(session)


def test_nothing_is_put_into_an_index_that_is_held_still(app: FastAPI, world: World) -> None:
    engine: Engine = app.state.engine
    first = changes_of(engine, world)
    engine.apply(first)
    offer = world.offer(Kind.VISIT)
    second = changes_of(engine, world)
    with ThreadPoolExecutor(1) as other:
        with engine.still(first) as state:
            putting = other.submit(engine.apply, second)
            with pytest.raises(StillWaiting):
                putting.result(timeout=0.3)
            assert str(offer.id) not in state.index
        assert str(offer.id) in putting.result(timeout=30).index


def test_an_index_hidden_from_the_garbage_collector_is_let_go_when_another_takes_its_place(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    one: Engine = app.state.engine

    def replaced() -> weakref.ref[Layout]:
        """The columns of an index that was hidden before another one was built."""
        before = weakref.ref(one.apply(changes_of(one, world)).index.folded())
        engine.settle()
        with world.make.database.write() as session:
            db.touch(session, "vocabulary")
        one.apply(changes_of(one, world))
        return before

    try:
        assert replaced()() is None
        monkeypatch.setattr(engine.gc, "unfreeze", lambda: None)
        assert replaced()() is not None
    finally:
        monkeypatch.undo()
        gc.unfreeze()


@pytest.mark.parametrize("has_turns", [True, False])
def test_rankings_are_computed_in_turns(
    app: FastAPI, world: World, monkeypatch: pytest.MonkeyPatch, *, has_turns: bool
) -> None:
    one: Engine = app.state.engine
    with world.make.database.read() as session:
        question = matches.ask_for_student(session, system("tests"), one, world.student.id)
    if not has_turns:
        monkeypatch.setattr(one, "turn", nullcontext())
    both, top = Barrier(2), Index.top

    def meet(*values: Any) -> list[Ranked]:
        """Waits a moment for another ranking to be computed at the same time."""
        with suppress(BrokenBarrierError):
            both.wait(0.3 if has_turns else 30)
            met.append(True)
        return top(*values)

    met: list[bool] = []
    monkeypatch.setattr(Index, "top", meet)
    with ThreadPoolExecutor(2) as threads:
        pages = list(threads.map(lambda _: matches.student_page(one, question), range(2)))
    assert pages[0] == pages[1]
    assert bool(met) is not has_turns


@pytest.mark.parametrize("is_guarded", [True, False])
def test_who_reads_slowly_does_not_bring_back_a_student_who_has_gone(
    shared: Database, monkeypatch: pytest.MonkeyPatch, *, is_guarded: bool
) -> None:
    """A block that began before the student went puts what it has read into memory after another has forgotten it."""
    student, one = Factory(shared).student(), Engine(Settings(), clock=lambda: NOW)
    if not is_guarded:
        monkeypatch.setattr(Engine, "_keep", lambda engine, fresh, _changes: engine._known.update(fresh))

    def go() -> None:
        with shared.write() as session:
            session.execute(sa.delete(Student).where(Student.id == student.id))
            db.touch(session, engine.GONE)
        with shared.read() as session:
            one.changes(session)

    with shared.read() as session, ThreadPoolExecutor(1) as other:
        changes = one.changes(session)
        other.submit(go).result(timeout=30)
        assert [known.profile.id for known in one.students(session, changes)] == [student.id]
    assert (student.id in one._known) is not is_guarded
