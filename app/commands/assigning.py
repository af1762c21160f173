"""`python -m app assign --round ID`: run a round, or do its chosen run again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from app.commands.opened import fail, opened

if TYPE_CHECKING:
    from app.db import Database
    from app.rounds.models import RoundRun


def assign(
    *,
    round_id: Annotated[UUID, typer.Option("--round", help="Which round.")],
    optimal: Annotated[
        bool,
        typer.Option("--optimal/--stable", help="As many as possible, or nobody with cause to complain."),
    ] = False,
    near: Annotated[
        bool, typer.Option("--near", help="Optimal, with the fewest changes to the chosen run.")
    ] = False,
    replay: Annotated[
        bool, typer.Option("--replay", help="Do the chosen run again, and say whether it gives the same.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Give out the seats of a round. Nothing is published, and nobody is named."""
    from app.auth.actors import system
    from app.errors import Problem
    from app.matches.engine import Engine
    from app.rounds import service_kept, service_runs
    from app.rounds.models import RunMode
    from app.settings import local_clock

    with opened() as (settings, database):
        clock, actor = local_clock(settings), system("assign")
        try:
            if replay:
                _replay(database, round_id, as_json=as_json)
                return
            mode = RunMode.OPTIMAL if optimal or near else RunMode.STABLE
            with database.write() as session:
                order, _ = service_runs.ask(session, actor, round_id, mode=mode, is_near=near)
            number = service_runs.run(database, Engine(settings, clock), actor, order, clock=clock)
            with database.read() as session:
                typer.echo(_told(service_kept.read(session, round_id, number), as_json=as_json))
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail}")


def _replay(database: Database, round_id: UUID, *, as_json: bool) -> None:
    from app.auth.actors import system
    from app.rounds import service as rounds
    from app.rounds import service_kept

    with database.read() as session:
        chosen = rounds.find(session, system("assign"), round_id).round.run_number
        kept = service_kept.load(session, round_id, chosen, is_for_replay=True)
    is_reproduced, elsewhere = service_kept.replay(kept)
    if as_json:
        typer.echo(json.dumps({"number": chosen, "is_reproduced": is_reproduced, "elsewhere": elsewhere}))
    elif is_reproduced is None:
        typer.echo(f"Run {chosen} cannot be done again: students have been deleted since.")
    else:
        typer.echo(
            f"Run {chosen}: " + ("the same again." if is_reproduced else f"{elsewhere} sit elsewhere.")
        )
    if is_reproduced is False:
        raise typer.Exit(1)


def _told(made: RoundRun, *, as_json: bool) -> str:
    report: dict[str, Any] = made.report
    if as_json:
        kept = ("number", "mode", "near_number", "seed", "students", "placed", "seconds")
        return json.dumps({name: getattr(made, name) for name in kept} | {"report": report})
    wishes = ", ".join(f"{count} wish {number}" for number, count in enumerate(report["by_wish"], start=1))
    return "\n".join(
        [
            f"Run {made.number}, {made.mode}, in {made.seconds:.1f} s: {made.placed} of {made.students} placed.",
            f"  {wishes or 'no wish came true'}, {report['beyond']} beyond the wishes, {report['unplaced']} without a seat.",
            (
                f"  {'Stable' if report['is_stable'] else 'Not stable'}; {report['envy']} would rather have another's"
                f" seat, {report['justified_envy']} of them go before that other."
            ),
            f"  Seed {made.seed}, {made.algorithm}. Not published.",
        ]
    )
