"""`python -m app audit …`: whether the log is as it was written."""

from __future__ import annotations

from typing import Annotated

import typer

from app.commands.opened import fail, opened

app = typer.Typer(help="The chain over the log of events.", no_args_is_help=True)


@app.callback()
def audit() -> None:
    """Keep `verify` a word of its own, whatever comes beside it."""


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option(help="An end of the chain that was noted elsewhere, for instance in a log.")
    ] = None,
) -> None:
    """Compute the chain over all events again; ends with 1 and names the first that is wrong."""
    import sqlalchemy as sa

    from app.events import service_chain as chain
    from app.privacy.models import Tombstone

    with opened() as (_, database), database.read() as session:
        gone = session.scalars(sa.select(Tombstone.id)).all()
        report = chain.verify(session, gone=gone, head=head)
    told = f"{report.events:,} events linked, {report.days:,} days sealed, {report.waiting:,} not linked yet"
    if report.finding is not None:
        which = f"event {report.finding.event_id}" if report.finding.event_id else "the day"
        fail(f"{which} of {report.finding.day}: {report.finding.reason}. Before it: {told}.")
    typer.echo(f"The log holds: {told}. Head {report.head}.")
