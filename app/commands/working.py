"""What each kind of job does: the one place that knows all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

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


def _evidence(work: Work) -> dict[str, Any]:
    """Count an edition. Begun again it counts anew: until it is saved there is nothing."""
    from app.evidence import policies, service

    work.step(0, 3)
    policy = service.find_policy(policies.load(work.settings.policies_folder), work.arguments["policy"])
    territory_id, start_year = UUID(work.arguments["territory_id"]), work.arguments["start_year"]
    with work.database.read() as session:
        question = service.ask(session, policy, territory_id, start_year=start_year, now=work.clock())
    work.step(1)
    content = service.make(question)
    work.step(2)
    with work.database.write() as session:
        edition = service.save(session, work.actor, question, content)
        return {"edition_id": str(edition.id), "figures": len(content["lines"])}


HANDLERS: Mapping[str, Handler] = {
    JobKind.MATCH_RUN: _match_run,
    JobKind.ROUND_RUN: _round_run,
    JobKind.EVIDENCE: _evidence,
}
