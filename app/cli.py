"""The command line: thin, and slow to import nothing that the command does not need."""

from __future__ import annotations

import json
from contextlib import ExitStack
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from app.commands import (
    admin,
    assigning,
    audit,
    evidence,
    exports,
    hours,
    imports,
    keys,
    loads,
    privacy,
    school_years,
    worker,
)
from app.commands.opened import fail, opened

if TYPE_CHECKING:
    from app.opportunities.models import Kind
    from app.settings import Settings

app = typer.Typer(
    name="bottega",
    help="Students of technical schools and the companies of their territory find each other.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # laying out the help with rich would cost a quarter of a second
)
db_app = typer.Typer(help="The database's tables.", no_args_is_help=True)
app.add_typer(db_app, name="db")
app.add_typer(admin.app, name="admin")
app.add_typer(keys.app, name="key")
app.add_typer(imports.app, name="import")
app.command("load")(loads.load)
app.add_typer(privacy.app, name="privacy")
app.add_typer(audit.app, name="audit")
app.add_typer(exports.app, name="export")
app.add_typer(evidence.app, name="evidence")
app.command("worker")(worker.work)
app.command("hours")(hours.hours)
app.command("assign")(assigning.assign)
app.command("roll-over")(school_years.roll_over)

Quiet = Annotated[bool, typer.Option("--quiet", help="Plain lines, no progress bars.")]


# --- the service ------------------------------------------------------------------------------------------------------


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="PORT", min=0, max=65535, help="Port to listen on.")] = 8000,
    prepare: Annotated[
        bool,
        typer.Option(
            "--prepare", help="First migrate, load reference data, and, but in production, the demo if empty."
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Serve the pages and the API."""
    from threading import Thread

    import uvicorn

    from app import logs
    from app.main import create_app
    from app.matches.engine import settle
    from app.settings import local_clock

    address = f"http://{host}:{port}"
    with opened() as (given, database):
        settings = _reached_at(given, address)
        logs.set_up(settings)
        if prepare:
            from app import demo, migrate, reference
            from app.demo import edition

            migrate.upgrade(database.engine)
            reference.load_reference(database, quiet=quiet)
            if settings.environment != "production" and demo.is_empty(database):
                today = local_clock(settings)().date()
                typer.echo(demo.load(database, demo.Size(), on=today, quiet=quiet))
                typer.echo(edition.hold(database, settings, edition.SMALL, on=today, quiet=quiet))
            typer.echo(demo.welcome(database, address))
        service = create_app(settings, database=database)

        def warm_up() -> None:
            service.state.engine.warm_up(database)
            service.state.surveyor.warm_up(database)
            import_module("scipy.optimize")  # or the first who asks for a path would wait for it
            settle()

        Thread(target=warm_up, daemon=True).start()
        if settings.environment == "development":
            Thread(target=worker.keep_mailing, args=(settings, database), daemon=True).start()
        with ExitStack() as running:
            if database.engine.dialect.name == "sqlite":
                # One file for one school: nobody has to start a worker. Where one runs too, each job is one's alone.
                from app.commands.working import HANDLERS
                from app.jobs.service_running import Runner

                running.enter_context(Runner(HANDLERS, settings, database, local_clock(settings)))
            uvicorn.run(
                service, host=host, port=port, log_config=None, access_log=False,
                server_header=False,
            )  # fmt: skip


def _reached_at(settings: Settings, address: str) -> Settings:
    """On a developer's machine, what is printed and mailed leads to the port that was asked for."""
    if settings.environment != "development" or "public_url" in settings.model_fields_set:
        return settings
    return settings.model_copy(update={"public_url": address})


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    from app import api
    from app.settings import Settings

    settings = Settings()
    typer.echo(json.dumps(api.document(settings), indent=1, ensure_ascii=False))


# --- the database -----------------------------------------------------------------------------------------------------


@db_app.command("upgrade")
def upgrade(revision: str = "head") -> None:
    """Run the migrations."""
    from app import migrate

    with opened() as (_, database):
        migrate.upgrade(database.engine, revision)


@db_app.command("downgrade")
def downgrade(revision: str) -> None:
    """Undo migrations back to a revision; the data of dropped tables is gone."""
    from app import migrate

    with opened() as (_, database):
        migrate.downgrade(database.engine, revision)


@db_app.command("check")
def check() -> None:
    """Exit with 1 when migrations wait to be run."""
    from app import migrate

    with opened() as (_, database):
        if not migrate.is_current(database.engine):
            fail("Migrations wait to be run: python -m app db upgrade")


@app.command()
def reference(*, quiet: Quiet = False) -> None:
    """Load municipalities, skills and programmes; changes nothing when they are up to date."""
    from app import reference

    with opened() as (_, database):
        reference.load_reference(database, quiet=quiet)


# --- the demo and the rankings ----------------------------------------------------------------------------------------


@app.command()
def demo(
    *,
    seed: Annotated[int, typer.Option(help="Same seed and day, same territory.")] = 1,
    students: Annotated[int, typer.Option(min=1, max=1_000_000)] = 1200,
    companies: Annotated[int, typer.Option(min=1, max=100_000)] = 250,
    opportunities: Annotated[int, typer.Option(min=1, max=1_000_000)] = 500,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its today; today if left out.")
    ] = None,
    season: Annotated[
        bool, typer.Option("--season", help="Then play a season: from wishes to completed placements.")
    ] = False,
    edition: Annotated[
        bool,
        typer.Option(
            "--edition", help="A year of 500 events with 10,000 bookings, also in a demo that is there."
        ),
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Load the demo territory into an empty database."""
    from app import demo, migrate, reference
    from app.demo import edition as editions
    from app.errors import Problem
    from app.settings import local_clock

    with opened() as (settings, database):
        if settings.environment == "production":
            fail("The demo has an administrator whose password everybody knows: not in production.")
        migrate.upgrade(database.engine)
        reference.load_reference(database, quiet=quiet)
        size = demo.Size(students=students, companies=companies, opportunities=opportunities)
        today = (on or local_clock(settings)()).date()
        try:
            if season or not edition or demo.is_empty(database):
                typer.echo(demo.load(database, size, seed=seed, on=today, quiet=quiet))
            if season:
                from app.demo import season as seasons

                typer.echo(seasons.play(database, settings, seed=seed, on=today, quiet=quiet))
            events = editions.EditionSize() if edition else editions.SMALL
            typer.echo(editions.hold(database, settings, events, seed=seed, on=today, quiet=quiet))
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail}")
        typer.echo(demo.welcome(database, "http://127.0.0.1:8000"))


@app.command()
def recognise(
    text: Annotated[str, typer.Argument(help="What a company might type.")],
    *,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 20,
    language: Annotated[str | None, typer.Option(help="it or en; guessed if left out.")] = None,
) -> None:
    """Find the skills of the vocabulary that a text names."""
    from app.matches.recognition import Recogniser

    if language not in (None, "it", "en"):
        fail(f"{language} is not a language here; use it or en.", 2)
    with opened() as (_, database):
        recogniser = Recogniser()
        with database.read() as session:
            vocabulary = recogniser.ask(session)
        for found in recogniser.find(vocabulary, text, language, limit):
            typer.echo(f"{found.score:.2f}  {found.id}  «{found.text}» {found.start}–{found.end}")


@app.command()
def match(
    *,
    student: Annotated[UUID | None, typer.Option(help="A student's id.")] = None,
    all_students: Annotated[bool, typer.Option("--all", help="Rank for every student and keep it.")] = False,
    scheduler: Annotated[
        str | None,
        typer.Option(help="With --all: a Dask scheduler, tcp://HOST:8786; else all cores of this machine."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(help="internship, visit or training; all three if left out.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 10,
    store: Annotated[
        bool, typer.Option("--store", help="Store the student's ranking and print its id.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Exactly what the API answers.")] = False,
    language: Annotated[str, typer.Option(help="it or en.")] = "it",
    quiet: Quiet = False,
) -> None:
    """Rank opportunities for one student, or for all."""
    from app.auth.actors import system
    from app.matches import batch, terminal, workers
    from app.matches import service as matches
    from app.matches.engine import Engine
    from app.opportunities.models import Kind
    from app.progress import progress
    from app.settings import local_clock

    if (student is None) is not all_students:
        fail("Name a student with --student ID, or say --all.", 2)
    if store and all_students:
        fail("--store is for one student; --all keeps its rankings anyway.", 2)
    if kind is not None and kind not in list(Kind):
        fail(f"{kind} is not a kind; use one of {', '.join(Kind)}.", 2)
    if scheduler is not None and not all_students:
        fail("--scheduler goes with --all.", 2)
    if student is not None and store:
        typer.echo(_store(student, Kind(kind) if kind else None, limit))
        return
    with opened() as (settings, database):
        engine = Engine(settings, local_clock(settings))
        if student is None:
            try:
                with progress("Ranking", batch.count_students(database), quiet=quiet) as advance:
                    summary = batch.match_all(
                        database, system("cli"), engine, limit=limit, advance=advance, scheduler=scheduler
                    )
            except workers.NoCluster as error:
                fail(str(error))
            typer.echo(terminal.summary(summary))
            return
        from app.errors import Problem

        try:
            with database.read() as session:
                question = matches.ask_for_student(session, system("cli"), engine, student)
        except Problem as problem:
            fail(problem.detail)
        page = matches.student_page(engine, question, kind=Kind(kind) if kind else None, limit=limit)
        typer.echo(json.dumps(page, ensure_ascii=False) if as_json else terminal.ranking(page, language))


def _store(student: UUID, kind: Kind | None, limit: int) -> UUID:
    from app.auth.actors import system
    from app.errors import Problem
    from app.matches import service_rankings as rankings
    from app.matches.engine import Engine
    from app.settings import local_clock

    actor = system("cli")
    with opened() as (settings, database):
        clock = local_clock(settings)
        engine = Engine(settings, clock)
        try:
            with database.read() as session:
                question = rankings.ask(session, actor, engine, student)
            stored = rankings.make(
                engine, question, kind=kind, limit=limit, now=clock(), days=settings.ranking_days
            )
            with database.write() as session:
                rankings.store(session, actor, stored)
        except Problem as problem:
            fail(f"{problem.title}: {problem.detail}")
        return stored[0].id


@app.command()
def replay(
    ranking: Annotated[UUID, typer.Argument(help="A stored ranking's id.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Exactly what the API answers.")] = False,
    language: Annotated[str, typer.Option(help="it or en.")] = "it",
) -> None:
    """Make a stored ranking again, and say what has changed since and why."""
    from app.auth.actors import system
    from app.errors import Problem
    from app.matches import service_replay, terminal
    from app.matches.engine import Engine
    from app.settings import local_clock

    with opened() as (settings, database):
        clock = local_clock(settings)
        engine = Engine(settings, clock)
        try:
            with database.read() as session:
                question = service_replay.ask(session, system("cli"), engine, ranking, now=clock())
        except Problem as problem:
            fail(problem.detail)
        page = service_replay.page(engine, question)
        typer.echo(json.dumps(page, ensure_ascii=False) if as_json else terminal.replay(page, language))


@app.command()
def paths(
    *,
    student: Annotated[UUID, typer.Option(help="A student's id.")],
    goal: Annotated[str, typer.Option(help="opportunity:ID, programme:ID, or reach.")] = "reach",
    budget_hours: Annotated[int, typer.Option(min=1, max=2000, help="Hours that a path may take.")] = 100,
    by: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its last day.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100)] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Exactly what the API answers.")] = False,
    language: Annotated[str, typer.Option(help="it or en.")] = "it",
) -> None:
    """Plan training paths for a student."""
    import re

    from app.auth.actors import system
    from app.errors import Problem
    from app.matches import service_paths, terminal
    from app.matches.engine import Engine
    from app.settings import local_clock

    if re.fullmatch(service_paths.GOAL, goal) is None:
        fail(f"{goal} is not a goal; use opportunity:ID, programme:ID or reach.", 2)
    with opened() as (settings, database):
        engine = Engine(settings, local_clock(settings))
        try:
            with database.read() as session:
                question = service_paths.ask(session, system("cli"), engine, student, goal)
        except Problem as problem:
            fail(problem.detail)
        last = by.date() if by else None
        page = service_paths.page(engine, question, budget_hours=budget_hours, by=last, limit=limit)
        typer.echo(json.dumps(page, ensure_ascii=False) if as_json else terminal.paths(page, language))


@app.command()
def reach(
    *,
    opportunity: Annotated[UUID, typer.Option(help="An opportunity's id.")],
    as_json: Annotated[bool, typer.Option("--json", help="Exactly what the API answers.")] = False,
    language: Annotated[str, typer.Option(help="it or en.")] = "it",
) -> None:
    """Count whom an opportunity fits, and what would widen its reach."""
    from app.auth.actors import system
    from app.errors import Problem
    from app.matches import service_reach, terminal
    from app.matches.engine import Engine
    from app.settings import local_clock

    with opened() as (settings, database):
        engine = Engine(settings, local_clock(settings))
        try:
            with database.read() as session:
                question = service_reach.ask(session, system("cli"), engine, opportunity)
        except Problem as problem:
            fail(problem.detail)
        page = service_reach.page(engine, question)
        typer.echo(json.dumps(page, ensure_ascii=False) if as_json else terminal.reach(page, language))
