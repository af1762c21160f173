"""`python -m app export registers`: what a school hands on to public registers, as CSV files in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from app.commands.opened import fail, opened
from app.commands.school_years import find

app = typer.Typer(help="Files for others.", no_args_is_help=True)


@app.callback()
def _() -> None:
    """A group of commands, also while it has one."""


@app.command()
def registers(
    *,
    school: Annotated[str, typer.Option(help="The school's mechanographic code.")],
    year: Annotated[int, typer.Option(min=2000, max=2100, help="In which the school year began.")],
    to: Annotated[
        Path, typer.Option(file_okay=False, help="Folder for the files; made if it is not there.")
    ] = Path(),
    names: Annotated[
        bool,
        typer.Option(
            "--names", help="With names and dates of birth: for the school itself, and nobody else."
        ),
    ] = False,
) -> None:
    """Write placements.csv, hosts.csv and agreements.csv; `docs/registers.md` says what each column holds."""
    from app import tables
    from app.auth.actors import system
    from app.errors import Problem
    from app.registers import service
    from app.registers.columns import Register

    sheets = {}
    with opened() as (_, database):
        try:
            with database.read() as session:
                school_id = find(session, school)
                for register in Register:
                    actor = system("export")
                    sheets[register] = service.sheet(
                        session, actor, register, school_id, year, with_names=names
                    )
        except Problem as problem:
            fail(problem.detail)
    to.mkdir(parents=True, exist_ok=True)
    for register, (head, rows) in sheets.items():
        file = to / f"{register}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            writer = tables.writer(stream, delimiter=";")
            writer.writerow(head)
            writer.writerows(rows)
        typer.echo(f"{file}: {len(rows)} rows")
