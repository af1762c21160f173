"""What the tests of the demo share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import sqlalchemy as sa

from app.db import Base, Database
from tests.conftest import UndoneDatabase

ON = date(2026, 11, 22)
NOT_THE_DEMOS = {"events", "api_keys", "api_key_secrets", "reference_loads", "revisions"}


@contextmanager
def undone(database: Database) -> Iterator[Database]:
    """The same database, as it was before when the block ends."""
    with database.engine.connect() as connection:
        transaction = connection.begin()
        yield UndoneDatabase(connection)
        transaction.rollback()


def dump(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table that the demo fills, without hashes of passwords."""
    found = {}
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            if table.name not in NOT_THE_DEMOS:
                columns = [column for column in table.columns if column.name != "password_hash"]
                rows = session.execute(sa.select(*columns).order_by(*table.primary_key.columns))
                found[table.name] = [tuple(row) for row in rows]
    return found
