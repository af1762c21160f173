"""Two coordinators who change the areas of their territory at the same moment: neither change is lost."""

from __future__ import annotations

from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest
from sqlalchemy.exc import SQLAlchemyError

from app.actors import faults, service_areas, service_protocols
from app.actors.models import TerritoryAreas
from app.auth.actors import Actor
from app.db import Database
from tests.app.actors.conftest import CENTRE, MACHINES, coordinator
from tests.factories import NOW, TODAY, Factory
from tests.together import at_once

LISTS: dict[str, Any] = {"districts": [CENTRE], "sectors": [MACHINES]}


@pytest.fixture
def make(shared: Database) -> Factory:
    return Factory(shared)


def change(make: Factory, actor: Actor, name: str) -> None:
    [territory_id] = actor.territories
    with make.database.write() as session:
        service_areas.edit(session, actor, territory_id, {name: LISTS[name]}, now=NOW)


def kept(make: Factory) -> dict[str, Any]:
    row = make.get(TerritoryAreas, make.territory().id)
    return {name: row.document[name] for name in LISTS} if row is not None else {}


def test_two_first_changes_at_once_are_both_kept(make: Factory) -> None:
    make.municipality()
    silvia = coordinator(make)
    assert at_once(*[lambda name=name: change(make, silvia, name) for name in LISTS]) == [None, None]
    assert kept(make) == LISTS


def test_without_the_lock_one_of_them_is_lost(make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    make.municipality()
    silvia = coordinator(make)
    is_postgresql = make.database.engine.dialect.name == "postgresql"
    both, find = Barrier(2, timeout=30 if is_postgresql else 0.2), faults.find

    def find_and_meet(*arguments: Any, **more: Any) -> Any:
        found = find(*arguments, **more)
        try:
            both.wait()
        except BrokenBarrierError:
            assert not is_postgresql  # SQLite lets one block write at a time, with or without it
        return found

    def look(session: Any, actor: Actor, territory_id: Any) -> TerritoryAreas | None:
        service_areas.require(session, actor, territory_id, "network:write")
        row: TerritoryAreas | None = session.get(TerritoryAreas, territory_id)
        return row

    monkeypatch.setattr(faults, "find", find_and_meet)
    monkeypatch.setattr(service_areas, "for_change", look)
    calls = [lambda name=name: attempt(make, silvia, name) for name in LISTS]
    assert at_once(*calls).count(True) == (1 if is_postgresql else 2)
    assert (kept(make) == LISTS) is not is_postgresql


def attempt(make: Factory, actor: Actor, name: str) -> bool:
    """Whether the change was kept: the database takes a territory's areas once."""
    try:
        change(make, actor, name)
    except SQLAlchemyError:
        return False
    return True


def test_protocols_that_are_added_at_once_stay_within_their_limit(
    make: Factory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_protocols, "MOST_PROTOCOLS", 2)
    silvia = coordinator(make)
    [territory_id] = silvia.territories

    def add() -> str:
        values = {"title": "Patto", "document_number": None, "signed_on": TODAY, "valid_until": None}
        with make.database.write() as session:
            service_protocols.create(session, silvia, territory_id, values, now=NOW)
        return "added"

    results = at_once(*[add] * 4)
    assert results.count("added") == 2
    assert sum(isinstance(one, service_protocols.TooManyProtocols) for one in results) == 2
