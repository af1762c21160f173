"""A database of its own, since the demo needs the whole reference data; and the demo in it, undone at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app import demo, migrate, reference
from app.db import Database
from tests.app.demo.world import ON, undone


@pytest.fixture(scope="session")
def referenced(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Reference data, and nothing else."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        url = url.set(database=str(tmp_path_factory.mktemp("demo") / "demo.sqlite3"))
    else:
        server = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            connection.execute(sa.text("DROP DATABASE IF EXISTS demo"))
            connection.execute(sa.text("CREATE DATABASE demo"))
        server.dispose()
        url = url.set(database="demo")
    database = Database(url.render_as_string(hide_password=False))
    migrate.upgrade(database.engine)
    reference.load_reference(database, quiet=True)
    yield database
    database.close()


@pytest.fixture
def empty(referenced: Database) -> Iterator[Database]:
    """Reference data, and whatever the test adds to it."""
    with undone(referenced) as database:
        yield database


@pytest.fixture(scope="module")
def loaded(referenced: Database) -> Iterator[tuple[Database, demo.Loaded]]:
    """The default demo but for its number of students, for tests that only look."""
    with undone(referenced) as database:
        yield database, demo.load(database, demo.Size(students=200), on=ON, quiet=True)
