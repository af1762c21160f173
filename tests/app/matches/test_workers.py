"""Whoever computes, the rankings are the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial

import pytest
import sqlalchemy as sa

from app.auth.actors import system
from app.db import Database
from app.matches import batch, workers
from app.matches.engine import Engine
from app.matches.models import Match, MatchRun
from app.settings import Settings
from benchmarks import world as country
from matching import Index, Kind
from matching.table import Alternatives
from tests.app.matches.conftest import World
from tests.factories import NOW

LIMIT = 4
Where = Callable[[Index, int], AbstractContextManager[workers.Rank]]


@pytest.fixture(scope="module")
def index() -> Index:
    alternatives = Alternatives()
    table = country.table(2000, alternatives)
    return Index.of_table(table, country.vocabulary(), alternatives, on=country.ON, seed=3)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    distributed = pytest.importorskip("distributed", reason="Dask is not installed: the extra dask brings it")
    with distributed.LocalCluster(
        n_workers=3, threads_per_worker=1, processes=True, dashboard_address="127.0.0.1:0", host="127.0.0.1"
    ) as cluster:
        yield cluster.scheduler_address


def ranked(where: Where, index: Index) -> list[workers.Ranking]:
    students = country.students(45)
    with where(index, LIMIT) as rank:
        waiting = [rank(students[first : first + 10]) for first in range(0, len(students), 10)]
        return [ranking for later in waiting for ranking in later.result()]


def one_by_one(index: Index) -> list[workers.Ranking]:
    return [
        {
            kind: [
                workers.Line(line.id, line.score, dict(line.parts))
                for line in index.top(student, LIMIT, kind)
            ]
            for kind in Kind
        }
        for student in country.students(45)
    ]


def test_here_ranks_as_one_by_one(index: Index) -> None:
    found = ranked(workers.here, index)
    assert found == one_by_one(index)
    assert any(ranking[Kind.VISIT] for ranking in found)


def test_several_processes_rank_as_one_by_one(index: Index) -> None:
    assert ranked(partial(workers.on_cores, processes=2), index) == one_by_one(index)


def test_a_cluster_of_several_processes_ranks_as_one_by_one(index: Index, cluster: str) -> None:
    assert ranked(partial(workers.on_dask, scheduler=cluster), index) == one_by_one(index)


def test_a_failure_in_another_process_is_told(index: Index) -> None:
    [student] = country.students(1)
    with workers.on_cores(index, -1, processes=1) as rank, pytest.raises(Exception, match="cannot return -1"):
        rank([student]).result()


def test_without_dask_it_is_said_what_to_install(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(workers.NoCluster, match="distributed is not installed"),
        workers.on_dask(index, LIMIT, "tcp://127.0.0.1:8786"),
    ):
        pass


def test_a_scheduler_that_is_not_there_is_named(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed", reason="Dask is not installed: the extra dask brings it")
    monkeypatch.setattr(workers, "PATIENCE", "1s")
    with (
        pytest.raises(workers.NoCluster, match="no Dask scheduler answers at tcp://127"),
        workers.on_dask(index, LIMIT, "tcp://127.0.0.1:9"),
    ):
        pass


def kept(database: Database, summary: batch.Summary) -> list[tuple[object, ...]]:
    with database.read() as session:
        assert session.get_one(MatchRun, summary.run_id).finished_at is not None
        columns = Match.student_id, Match.kind, Match.position, Match.opportunity_id, Match.score, Match.parts
        rows = session.execute(
            sa.select(*columns).where(Match.run_id == summary.run_id).order_by(*columns[:3])
        )
        return [tuple(row) for row in rows]


def run(
    database: Database, settings: Settings, scheduler: str | None = None
) -> tuple[batch.Summary, list[int]]:
    steps: list[int] = []
    engine = Engine(settings, lambda: NOW)
    summary = batch.match_all(
        database, system("test"), engine, limit=LIMIT, advance=steps.append, scheduler=scheduler
    )
    return summary, steps


def test_a_run_keeps_the_same_wherever_it_computes(
    database: Database, settings: Settings, world: World, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        world.make.student()
    here, steps = run(database, settings)
    assert (here.students, steps) == (5, [5])
    assert here.matches == len(kept(database, here)) > 0
    monkeypatch.setattr(batch, "STUDENTS_AT_ONCE", 2)
    monkeypatch.setattr(batch, "AHEAD", 1)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    for scheduler in (None, cluster):
        other, steps = run(database, settings, scheduler)
        assert (other.students, other.matches, other.without) == (5, here.matches, here.without)
        assert kept(database, other) == kept(database, here)
        assert steps == [2, 2, 1]


@pytest.mark.parametrize(("students", "cores"), [(batch.STUDENTS_AT_ONCE, 8), (100_000, 1)])
def test_few_students_or_one_core_start_no_process(
    index: Index, students: int, cores: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workers, "cores", lambda: cores)
    monkeypatch.delattr(workers, "on_cores")
    with batch._workers(index, LIMIT, students, None) as rank:
        assert rank(country.students(45)).result() == one_by_one(index)
