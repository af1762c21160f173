"""A change that is undone twice at the same moment, and what happens without the wall."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor, Grant, Role
from app.bulk_changes import service as changes
from app.db import Database
from app.events.models import Event
from tests.factories import NOW, Factory

AT_ONCE = 4


def prepare(make: Factory) -> tuple[Actor, UUID]:
    """A program that has recommended something to two students."""
    school_class = make.school_class()
    grant = Grant(Role.SCHOOL_LEAD, school_id=school_class.school_id)
    lead = Actor(kind="key", id=None, name="register", grants=(grant,))
    ids = [make.student(school_class).id for _ in range(2)]
    offer = make.opportunity().id
    with make.database.write() as session:
        return lead, changes.recommend(session, lead, offer, ids, note=None, now=NOW).id


def undo_at_once(shared: Database, actor: Actor, change_id: UUID) -> list[int | None]:
    barrier = Barrier(AT_ONCE)

    def undo(_: int) -> int | None:
        barrier.wait()
        with shared.write() as session:
            return changes.undo(session, actor, change_id, now=NOW).undone

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(undo, range(AT_ONCE)))


def times_undone(shared: Database) -> int:
    with shared.read() as session:
        found = sa.select(sa.func.count()).where(Event.action == "bulk_change.undone")
        return session.scalar(found) or 0


def test_a_change_that_is_undone_by_several_at_once_is_undone_once(shared: Database) -> None:
    actor, change_id = prepare(Factory(shared))
    assert undo_at_once(shared, actor, change_id) == [2] * AT_ONCE
    assert times_undone(shared) == 1


def test_without_the_lock_it_is_undone_more_than_once(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite has one writer at a time, and no lock to take away: there it stays at once."""
    has_locks = shared.engine.dialect.name != "sqlite"
    actor, change_id = prepare(Factory(shared))
    meeting = Barrier(AT_ONCE)

    def look_only(_session: Session, _row: Any, **_: Any) -> None:
        if has_locks:
            meeting.wait(timeout=60)  # all have looked before the first one writes

    monkeypatch.setattr(Session, "refresh", look_only)
    undo_at_once(shared, actor, change_id)
    assert (times_undone(shared) > 1) is has_locks
