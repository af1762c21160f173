"""Ranking for every student at once, and keeping what came out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from app.auth.actors import Actor
from app.db import Database, new_id
from app.events import service as events
from app.matches import translate, workers
from app.matches.engine import Changes, Engine, Known
from app.matches.models import Match, MatchRun
from app.students.models import Student
from matching import Index, Kind

STUDENTS_AT_ONCE = 500
_IS_RANKED = sa.and_(Student.is_ranked, Student.archived_at.is_(None))
AHEAD = 64
"""So many times as many students may wait to be ranked: enough for the cores of a small cluster."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run has kept; `without` counts, for each kind, the students for whom nothing was left."""

    run_id: UUID
    students: int
    matches: int
    without: dict[str, int]


def count_students(database: Database) -> int:
    """How many students a run would rank for."""
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Student).where(_IS_RANKED)) or 0


def match_all(
    database: Database,
    actor: Actor,
    engine: Engine,
    *,
    limit: int,
    advance: Callable[[int], None],
    scheduler: str | None = None,
) -> Summary:
    """Rank `limit` opportunities of each kind for every student and keep the rankings as one run.

    Students are read, ranked and written a few hundred at a time: computing happens outside of any block, and a run
    that was stopped half way has no `finished_at`. Who computes changes nothing in the result.

    Parameters
    ----------
    scheduler
        The address of a Dask scheduler; every core of this machine if left out.
    """
    with database.read() as session:
        changes = engine.changes(session)
        ids = list(
            session.scalars(sa.select(Student.id).where(_IS_RANKED).order_by(Student.class_id, Student.id))
        )
    index = engine.apply(changes).index
    kept, without = 0, {str(kind): 0 for kind in Kind}
    with _workers(index, limit, len(ids), scheduler) as rank:
        run_id = _begin(database, engine, index, changes.opportunities)
        for students, later in _ranked(database, engine, changes, ids, rank):
            rankings = later.result()
            rows = [
                row
                for known, ranking in zip(students, rankings, strict=True)
                for row in _lines(run_id, known, ranking)
            ]
            with database.write() as session:
                if rows:
                    session.execute(sa.insert(Match), rows)
            kept += len(rows)
            for kind in Kind:
                without[kind] += sum(not ranking[kind] for ranking in rankings)
            advance(len(students))
    with database.write() as session:
        run = session.get_one(MatchRun, run_id)
        run.students, run.finished_at = len(ids), datetime.now(UTC)
        events.record(session, actor, "match_run.finished", run_id, {"students": len(ids), "matches": kept})
    return Summary(run_id, len(ids), kept, without)


def _workers(
    index: Index, limit: int, students: int, scheduler: str | None
) -> AbstractContextManager[workers.Rank]:
    if scheduler is not None:
        return workers.on_dask(index, limit, scheduler)
    if students <= STUDENTS_AT_ONCE or workers.cores() == 1:
        return workers.here(index, limit)
    return workers.on_cores(index, limit)


def _begin(database: Database, engine: Engine, index: Index, revision: int) -> UUID:
    """Write down that a run has begun, and how it ranks."""
    run_id = new_id()
    with database.write() as session:
        session.add(
            MatchRun(
                id=run_id,
                algorithm=engine.making()["algorithm"],
                weights=translate.weights(engine.weights),
                seed=engine.seed,
                ranked_on=index.on,
                revision=revision,
                started_at=datetime.now(UTC),
            )
        )
    return run_id


def _ranked(
    database: Database,
    engine: Engine,
    changes: Changes,
    ids: Sequence[UUID],
    rank: workers.Rank,
) -> Iterator[tuple[list[Known], workers.Later]]:
    """Read students and hand them out, but only so far ahead of who takes the rankings that memory stays bounded."""
    waiting: deque[tuple[list[Known], workers.Later]] = deque()
    for first in range(0, len(ids), STUDENTS_AT_ONCE):
        with database.read() as session:
            # Whoever has switched the ranking off since the run began is left out too.
            some = sa.and_(Student.id.in_(ids[first : first + STUDENTS_AT_ONCE]), _IS_RANKED)
            students = engine.students(session, changes, some)
        waiting.append((students, rank([known.student for known in students])))
        if len(waiting) > AHEAD:
            yield waiting.popleft()
    yield from waiting


def _lines(run_id: UUID, known: Known, ranking: workers.Ranking) -> list[dict[str, object]]:
    return [
        {
            "run_id": run_id,
            "student_id": known.profile.id,
            "kind": str(kind),
            "position": position,
            "opportunity_id": UUID(line.opportunity_id),
            "score": line.score,
            "parts": line.parts,
        }
        for kind, lines in ranking.items()
        for position, line in enumerate(lines, start=1)
    ]
