"""`python -m app evidence check`: whether a file is a policy, and what is wrong with each field if not."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.opened import fail

app = typer.Typer(help="Figures that show what the network does.", no_args_is_help=True)


@app.callback()
def _() -> None:
    """A group of commands, also while it has one."""


@app.command()
def check(file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]) -> None:
    """Check a policy: indicators, areas, publisher."""
    from app.evidence import policies

    try:
        policy = policies.read(file)
    except policies.UnfitPolicy as error:
        fail(str(error))
    typer.echo(f"{policy.id}: {len(policy.indicators)} indicators, {len(policy.areas)} areas.")
