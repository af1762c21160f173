"""`python -m app privacy …`: the data map, and what ends when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from app.commands.opened import opened

app = typer.Typer(help="What is kept about people, and for how long.", no_args_is_help=True)


@app.command("map")
def show_map() -> None:
    """Print the data map as the tables of docs/privacy.md."""
    import app.models  # noqa: F401 -- the map speaks of all tables
    from app.privacy import map as maps

    typer.echo(maps.as_markdown())


@app.command()
def due(
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="As of this day; today if left out.")
    ] = None,
) -> None:
    """List what ends by itself up to a day; changes nothing."""
    from app.privacy import service_retention as retention
    from app.settings import local_clock

    with opened() as (settings, database):
        day = on.date() if on else local_clock(settings)().date()
        with database.read() as session:
            found = retention.list_due(session, settings, day)
    for one in found:
        typer.echo(f"{one.on}  {one.rule:<17} {one.subject.kind:<8} {one.subject.id}")
    typer.echo(f"{len(found)} up to {day}.")
