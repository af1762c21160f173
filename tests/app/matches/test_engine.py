"""The index while others read it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWaiting

import pytest
from fastapi import FastAPI

from app.matches.engine import Changes, Engine
from app.opportunities.models import Kind
from tests.app.matches.conftest import World


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
