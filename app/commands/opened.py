"""What every command begins with: the settings, the database, and a way to say that something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import typer

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Settings


@contextmanager
def opened() -> Iterator[tuple[Settings, Database]]:
    """The settings and the database, closed afterwards."""
    import app.models  # noqa: F401 -- foreign keys lead from table to table; all must be known
    from app.db import Database
    from app.settings import Settings

    settings = Settings()
    database = Database(settings.database_url, connections=settings.threads)
    try:
        yield settings, database
    finally:
        database.close()


def fail(message: str, code: int = 1) -> NoReturn:
    """End the command with a message."""
    typer.echo(message, err=True)
    raise typer.Exit(code)
