"""Counting the statements that a piece of code sends."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event

from app.db import Database


@dataclass
class Queries:
    """What was sent to the database, savepoints left out."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)


@contextmanager
def count_queries(database: Database) -> Iterator[Queries]:
    """The statements sent within the block: `with count_queries(database) as queries: …`."""
    queries = Queries()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "PRAGMA")):
            queries.statements.append(statement)

    # A connection that is open already asks nobody but itself whether someone listens.
    target = getattr(database, "connection", database.engine)
    event.listen(target, "before_cursor_execute", note)
    try:
        yield queries
    finally:
        event.remove(target, "before_cursor_execute", note)
