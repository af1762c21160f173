"""What tables are made of again and again. Migrations stand on it that have been run: add to it, never change it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op


def among(name: str, *values: str) -> sa.Enum:
    """A text that is one of these; its CHECK, not a type of the database, says so."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=40)


def of(table: str, column: str, parent: str, *, on_delete: str | None = None) -> sa.ForeignKeyConstraint:
    """The column of `table` that holds the id of a `parent`."""
    name = op.f(f"fk_{table}_{column}_{parent}")
    return sa.ForeignKeyConstraint([column], [f"{parent}.id"], name=name, ondelete=on_delete)
