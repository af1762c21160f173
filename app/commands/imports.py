"""`python -m app import …`: loads files, shows how far it is, and says what became of every row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from app import tables
from app.progress import progress

if TYPE_CHECKING:
    from app.db import Database
    from app.imports import ImportReport

# Modules that bring in the tables or the web are imported in the commands: `--help` should not wait for them.

app = typer.Typer(help="Load reference data and files.", no_args_is_help=True)

Quiet = Annotated[bool, typer.Option("--quiet", help="Plain lines, no progress bars.")]
FaultsFile = Annotated[
    Path | None,
    typer.Option("--faults", dir_okay=False, help="Write the faults, 1,000 a file at most, to this CSV."),
]
InFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)]
InFiles = Annotated[list[Path], typer.Argument(exists=True, dir_okay=False, readable=True)]
SHOWN = 20
"""Faults that are listed in the terminal."""

ROWS_REJECTED = 1
FILE_UNUSABLE = 2


@app.command()
def places(*, quiet: Quiet = False) -> None:
    """Load the shipped municipalities; changes nothing when they are up to date."""
    _load_shipped("municipalities", quiet=quiet)


@app.command()
def vocabulary(*, quiet: Quiet = False) -> None:
    """Load the shipped vocabulary of skills; changes nothing when it is up to date."""
    _load_shipped("vocabulary", quiet=quiet)


@app.command()
def esco(
    files: InFiles,
    *,
    language: Annotated[str, typer.Option(help="Of the labels in the files: it, en, de …")],
    faults: FaultsFile = None,
    quiet: Quiet = False,
) -> None:
    """Import files of the official ESCO package in one language, recognised by their headers.

    All or nothing: skills, occupations, ISCO groups, broader relations of the skill pillar, skill-skill relations.
    """
    from app.auth.actors import system
    from app.skills import esco as package
    from app.skills import esco_loading

    read = []
    with _unusable("language"):
        package.check_language(language)
    for path in files:
        with _reading(path, quiet=quiet) as reach:
            read.append(package.read_file(path, progress=reach))
    with _open().write() as session, progress("Writing", quiet=quiet):
        loaded = esco_loading.load(session, system("import"), read, language)
    _finish([(file.name, file.report) for file in loaded], faults)


@app.command()
def territory(file: InFile) -> None:
    """Add the territory of a file (TOML: `name`, `provinces`); one that is there already with these provinces stays."""
    import tomllib

    from app import models  # noqa: F401 -- all tables
    from app.auth import service_territories as territories
    from app.auth.actors import system
    from app.errors import Problem

    try:
        given = tomllib.loads(file.read_text(encoding="utf-8"))
        name, provinces = given["name"], given["provinces"]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        _fail(f"{file.name}: {error}. Nothing was imported.")
    except KeyError as error:
        _fail(f"{file.name}: {error.args[0]}: is missing. Nothing was imported.")
    with _open().write() as session:
        present = territories.find(session, name)
        if present is not None and present[1] == sorted(set(provinces)):
            typer.echo(f"{name}: up to date, {present[0].id}.")
            return
        try:
            added, codes = territories.create(session, system("import"), name=name, province_codes=provinces)
        except Problem as problem:
            faults = "; ".join(f"{one['field']}: {one['detail']}" for one in problem.faults)
            _fail(f"{file.name}: {faults}. Nothing was imported.")
        typer.echo(f"{name}: {', '.join(codes)}, {added.id}.")


@app.command()
def schools(registry: InFile, *, faults: FaultsFile = None, quiet: Quiet = False) -> None:
    """Import schools from the ministry's registry, state or private; only upper secondary ones are kept."""
    from app.auth.actors import system
    from app.schools import loading, ministry

    with _reading(registry, quiet=quiet) as reach:
        rows, report = ministry.read_registry_rows(registry, progress=reach)
    with _open().write() as session, progress("Writing", quiet=quiet):
        loading.load_registry(session, system("import"), rows, report)
    _finish([(registry.name, report)], faults)


@app.command()
def classes(
    file: InFile,
    *,
    start_year: Annotated[int, typer.Option(min=2000, max=2100, help="2023 for the school year 2023/24.")],
    faults: FaultsFile = None,
    quiet: Quiet = False,
) -> None:
    """Import classes from the ministry's file of adopted books, plain or gzip.

    Names and municipalities of state schools that are publicly known are filled in, until a registry says more.
    """
    from app.auth.actors import system
    from app.schools import loading, ministry

    with _reading(file, quiet=quiet) as reach:
        rows, report = ministry.read_classes(file, progress=reach)
    codes = {row.school_code for row in rows}
    with _open().write() as session, progress("Writing", quiet=quiet):
        loading.load_classes(session, system("import"), rows, report, start_year=start_year)
        known = [one for one in ministry.read_known_schools() if one.code in codes]
        loading.load_known(session, system("import"), known)
    _finish([(file.name, report)], faults)


@app.command()
def enrolments(file: InFile, *, faults: FaultsFile = None, quiet: Quiet = False) -> None:
    """Import how many students schools have, by track and year: columns school_code, start_year, track, students."""
    from app.auth.actors import system
    from app.evidence import enrolments as loading

    with _reading(file, quiet=quiet) as reach:
        rows, report = loading.read(file, progress=reach)
    with _open().write() as session, progress("Writing", quiet=quiet):
        loading.load(session, system("import"), rows, report)
    _finish([(file.name, report)], faults)


# --- shared -----------------------------------------------------------------------------------------------------------


def _open() -> Database:
    from app.db import Database
    from app.settings import Settings

    settings = Settings()
    return Database(settings.database_url, connections=settings.threads)


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(FILE_UNUSABLE)


@contextmanager
def _reading(path: Path, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """Show how far a file is read; yields what is told the rows so far."""
    with _unusable(path.name), progress(f"Reading {path.name}", _count_rows(path), quiet=quiet) as advance:
        yield advance.reach


@contextmanager
def _unusable(name: str) -> Iterator[None]:
    """End the command with a plain sentence when a file cannot be used as a whole."""
    from app.imports import ImportFault

    try:
        yield
    except ImportFault as error:
        _fail(f"{name}: {error}. Nothing was imported.")


def _load_shipped(name: str, *, quiet: bool) -> None:
    from app.errors import Problem
    from app.reference import load_reference

    try:
        loaded = load_reference(_open(), only=name, quiet=quiet)[name]
    except Problem as problem:
        _fail("\n".join([problem.detail, *(f"  {one['field']}: {one['detail']}" for one in problem.faults)]))
    if loaded is None:
        typer.echo(f"{name}: up to date.")
    else:
        typer.echo(
            f"{name}: {loaded.total:,} in all; {loaded.created:,} created, {loaded.updated:,} updated, "
            f"{loaded.removed:,} removed."
        )


def _count_rows(path: Path) -> int | None:
    """How many rows the file has, for the time left; None when that cannot be said."""
    from app.imports import ImportFault, ImportReport, Table

    try:
        return sum(1 for _ in Table(path, required=(), report=ImportReport()))
    except ImportFault:
        return None


def _finish(reports: list[tuple[str, ImportReport]], faults_file: Path | None) -> None:
    """Say what became of the rows, list the faults, and end with 1 when rows were rejected."""
    for name, report in reports:
        typer.echo(
            f"{name}: {report.seen:,} rows: {report.kept:,} kept, {report.merged:,} merged, "
            f"{report.skipped:,} skipped, {report.rejected:,} rejected. "
            f"{report.records:,} records: {report.created:,} created, {report.updated:,} updated, "
            f"{report.unchanged:,} unchanged."
        )
        for why, count in sorted(report.skipped_by.items()):
            typer.echo(f"  skipped, {why.replace('_', ' ')}: {count:,}")
        for what, count in report.unmatched.most_common(SHOWN):
            typer.echo(f"  kept without a match, {what}: {count:,}")
        if len(report.unmatched) > SHOWN:
            typer.echo(f"  kept without a match, {len(report.unmatched) - SHOWN:,} other names")
    found = [(name, fault) for name, report in reports for fault in report.faults]
    rejected = sum(report.rejected for _, report in reports)
    for name, fault in found[:SHOWN]:
        typer.echo(f"  {name}: {fault}", err=True)
    if rejected > SHOWN:
        typer.echo(f"  … and {rejected - min(SHOWN, len(found)):,} more rejected rows", err=True)
    if faults_file is not None:
        columns = ("row", "column", "value", "code", "reason", "reason_it")
        with faults_file.open("w", encoding="utf-8", newline="") as stream:
            writer = tables.writer(stream)
            writer.writerow(("file", *columns))
            writer.writerows([name, *(getattr(fault, column) for column in columns)] for name, fault in found)
    if rejected:
        raise typer.Exit(ROWS_REJECTED)
