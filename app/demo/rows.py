"""Writing many rows: thousands at a time, those that others point to first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import Base

AT_ONCE = 5_000


class Rows:
    """Collects rows of any table. All rows of one table have the same columns."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: dict[str, list[Mapping[str, Any]]] = {}
        self._count = 0

    def add(self, kind: type[Base], /, **row: Any) -> None:
        """Add one row, and write what has gathered when it is much."""
        self.extend(kind, (row,))

    def extend(self, kind: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add rows, and write what has gathered when it is much."""
        self._waiting.setdefault(kind.__tablename__, []).extend(rows)
        self._count += len(rows)
        if self._count >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write everything that has gathered, in an order in which no foreign key fails."""
        for table in Base.metadata.sorted_tables:
            rows = self._waiting.pop(table.name, None)
            if rows:
                self._session.execute(sa.insert(table), cast("list[dict[str, Any]]", rows))
        self._count = 0
