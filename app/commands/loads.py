"""`python -m app load …`: bulk loads from files on the machine, by the same code as over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.commands.opened import fail, opened

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.auth.actors import Actor
    from app.bulk import Loader
    from app.settings import Settings

NOUNS = ("students", "classes", "companies", "opportunities")
ROWS_REJECTED = 1


def load(
    noun: Annotated[str, typer.Argument(help=f"One of {', '.join(NOUNS)}.")],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or NDJSON.")],
    *,
    source: Annotated[str, typer.Option(help="The system that the external ids belong to.")],
    everything: Annotated[bool, typer.Option("--all", help="One bad row stops all.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be, and change nothing.")
    ] = False,
    territory: Annotated[
        str | None, typer.Option(help="As this territory's coordinators, by its name: companies are theirs.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="A line for each row, as the API answers.")] = False,
) -> None:
    """Create, change or leave alone records by their external id; CSV when the file is called so, else NDJSON."""
    from app import bulk_rows
    from app.bulk import REJECTED, Load
    from app.errors import Problem

    if noun not in NOUNS:
        fail(f"{noun} cannot be loaded; use one of {', '.join(NOUNS)}.", 2)
    with opened() as (settings, database), file.open("rb") as stream:
        loader, columns = _loader(noun, source, settings)
        with database.read() as session:
            actor = _actor(session, territory)
        is_table = file.suffix.lower() == ".csv"
        rows = bulk_rows.read_csv(stream, columns) if is_table else bulk_rows.read_ndjson(stream)

        @contextmanager
        def block() -> Iterator[tuple[Session, Actor]]:
            with database.write() as session:
                yield session, actor

        work = Load(rows, loader, block, is_dry_run=dry_run)
        try:
            for line in work.all() if everything else work.each():
                if as_json:
                    typer.echo(json.dumps(line.document(), default=str, ensure_ascii=False))
                elif line.done.status == REJECTED:
                    told = "; ".join(f"{one['field']}: {one['detail']}" for one in line.done.faults)
                    typer.echo(f"row {line.row}: {told}", err=True)
        except Problem as problem:
            for one in problem.faults:
                typer.echo(f"{one['in']}: {one['field']}: {one['detail']}", err=True)
            fail(problem.detail)
        typer.echo(json.dumps(work.summary()))
        if work.counts[REJECTED] or not work.is_complete:
            raise typer.Exit(ROWS_REJECTED)


def _actor(session: Session, territory: str | None) -> Actor:
    """Who loads: the service itself, or who coordinates the territory of that name."""
    from app.auth import service_territories as territories
    from app.auth.actors import Actor, Grant, Role, system

    if territory is None:
        return system("load")
    found = territories.find(session, territory)
    if found is None:
        fail(f"--territory: there is no territory of the name {territory}.", 2)
    grant = Grant(Role.COORDINATOR, territory_id=found[0].id, provinces=frozenset(found[1]))
    return Actor(kind="system", id=None, name="load", grants=(grant,))


def _loader(noun: str, source: str, settings: Settings) -> tuple[Loader, frozenset[str]]:
    from app.companies import service_bulk as companies
    from app.opportunities import service_bulk as opportunities
    from app.schools import service_bulk as classes
    from app.settings import local_clock
    from app.students import service_bulk as students

    clock = local_clock(settings)

    def load_students(session: Session, actor: Any, rows: Any) -> Any:
        return students.load(session, actor, rows, source=source, today=clock().date())

    def load_opportunities(session: Session, actor: Any, rows: Any) -> Any:
        return opportunities.load(session, actor, rows, source=source, now=clock())

    def load_companies(session: Session, actor: Any, rows: Any) -> Any:
        days = settings.review_days
        return companies.load(session, actor, rows, source=source, now=clock(), review_days=days)

    def load_classes(session: Session, actor: Any, rows: Any) -> Any:
        return classes.load(session, actor, rows, source=source)

    return {
        "students": (load_students, students.COLUMNS),
        "classes": (load_classes, classes.COLUMNS),
        "companies": (load_companies, companies.COLUMNS),
        "opportunities": (load_opportunities, opportunities.COLUMNS),
    }[noun]
