"""What each kind of job does: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.jobs.rules import JobKind
from app.jobs.service_running import Handler, Work


def _match_run(work: Work) -> dict[str, Any]:
    """Rank for every student and keep it. A run that was stopped has no `finished_at`, and nobody reads it."""
    # Ranking brings numpy and what stands on it, which a process without such work need not load.
    from app.matches import batch
    from app.matches.engine import Engine

    total, done = batch.count_students(work.database), 0
    work.step(0, total)

    def advance(students: int) -> None:
        nonlocal done
        done = min(done + students, total)
        work.step(done)

    summary = batch.match_all(
        work.database,
        work.actor,
        Engine(work.settings, work.clock),
        limit=work.arguments["limit"],
        advance=advance,
    )
    return {"run_id": str(summary.run_id), "students": summary.students, "matches": summary.matches}


def _round_run(work: Work) -> dict[str, Any]:
    """Run a round. Begun again it makes another run, which is harmless: a person chooses which one is published."""
    from app.matches.engine import Engine
    from app.rounds import service_runs
    from app.rounds.service_runs import Order

    work.step(0, 5)
    order = Order(**work.arguments)
    engine = Engine(work.settings, work.clock)
    number = service_runs.run(work.database, engine, work.actor, order, clock=work.clock, advance=work.step)
    return {"round_id": order.round_id, "number": number}


HANDLERS: Mapping[str, Handler] = {JobKind.MATCH_RUN: _match_run, JobKind.ROUND_RUN: _round_run}
