"""Ranking for every student at once, and keeping what came out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa

from app.auth.actors import Actor
from app.db import Database, new_id
from app.events import service as events
from app.matches import translate
from app.matches.engine import Engine, Known
from app.matches.models import Match, MatchRun
from app.students.models import Student
from matching import Index, Kind

STUDENTS_AT_ONCE = 500


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
        return session.scalar(sa.select(sa.func.count()).select_from(Student)) or 0


def match_all(
    database: Database, actor: Actor, engine: Engine, *, limit: int, advance: Callable[[int], None]
) -> Summary:
    """Rank `limit` opportunities of each kind for every student and keep the rankings as one run.

    Students are read, ranked and written a few hundred at a time: computing happens outside of any block, and a run
    that was stopped half way has no `finished_at`.
    """
    with database.read() as session:
        changes = engine.changes(session)
        ids = list(session.scalars(sa.select(Student.id).order_by(Student.id)))
    index = engine.apply(changes).index
    run_id = new_id()
    with database.write() as session:
        session.add(
            MatchRun(
                id=run_id,
                algorithm=engine.making()["algorithm"],
                weights=translate.weights(engine.weights),
                seed=engine.seed,
                ranked_on=index.on,
                revision=changes.opportunities,
                started_at=datetime.now(UTC),
            )
        )
    kept, without = 0, {str(kind): 0 for kind in Kind}
    for first in range(0, len(ids), STUDENTS_AT_ONCE):
        some = ids[first : first + STUDENTS_AT_ONCE]
        with database.read() as session:
            students = engine.students(session, changes, Student.id.in_(some))
        rows = []
        for known in students:
            for kind in Kind:
                lines = _lines(index, run_id, known, kind, limit)
                without[kind] += not lines
                rows += lines
        with database.write() as session:
            if rows:
                session.execute(sa.insert(Match), rows)
        kept += len(rows)
        advance(len(some))
    with database.write() as session:
        run = session.get_one(MatchRun, run_id)
        run.students, run.finished_at = len(ids), datetime.now(UTC)
        events.record(session, actor, "match_run.finished", run_id, {"students": len(ids), "matches": kept})
    return Summary(run_id, len(ids), kept, without)


def _lines(index: Index, run_id: UUID, known: Known, kind: Kind, limit: int) -> list[dict[str, object]]:
    return [
        {
            "run_id": run_id,
            "student_id": known.profile.id,
            "kind": str(kind),
            "position": position,
            "opportunity_id": UUID(ranked.id),
            "score": ranked.score,
            "parts": dict(ranked.parts),
        }
        for position, ranked in enumerate(index.top(known.student, limit, kind), start=1)
    ]
