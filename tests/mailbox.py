"""The mails that a test has caused, in the order in which they were written: the clock stands still for all of them."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from app.db import Database
from app.mails.models import Mail


def written(database: Database) -> Sequence[Mail]:
    """All mails, the last one last."""
    with database.read() as session:
        is_sqlite = session.get_bind().dialect.name == "sqlite"
        # Not by the place in the table: PostgreSQL gives room that has become free to later rows.
        order = "mails.rowid" if is_sqlite else "mails.xmin::text::bigint, mails.cmin::text::bigint"
        return session.scalars(sa.select(Mail).order_by(sa.literal_column(order))).all()
