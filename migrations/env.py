"""How Alembic runs our migrations; the engine comes from `app.migrate`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context
from sqlalchemy.engine import Connection, Engine

from app.models import metadata


def run() -> None:
    """Run the migrations asked for, in one transaction."""
    engine: Engine = context.config.attributes["engine"]
    # A second attempt may find a half-set connection in the pool; a fresh one is cheap here.
    engine.dispose()
    with engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            # Before the transaction: afterwards SQLite ignores it, and a batch change of a parent table that
            # cascades would delete its children.
            _outside_transaction(connection, "PRAGMA foreign_keys=OFF")
        context.configure(
            connection=connection,
            target_metadata=metadata,
            render_as_batch=is_sqlite,
            compare_type=True,
            transactional_ddl=True,
        )
        with context.begin_transaction():
            if not is_sqlite:
                connection.execute(sa.text("SET LOCAL lock_timeout = '4s'"))
                connection.execute(sa.text("SET LOCAL statement_timeout = '5s'"))
            context.run_migrations()
            if is_sqlite:
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                if broken:
                    raise RuntimeError(f"the migration would leave rows without their parent: {broken[:5]}")
        if is_sqlite:
            _outside_transaction(connection, "PRAGMA foreign_keys=ON")


def _outside_transaction(connection: Connection, statement: str) -> None:
    raw = connection.connection.dbapi_connection
    assert raw is not None  # noqa: S101 -- a connected connection has one
    raw.cursor().execute(statement)


run()
