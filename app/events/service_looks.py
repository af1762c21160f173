"""Noting who looked at which student, without making the reader wait for it.

The first look of somebody at somebody in one way on one day is written before the answer leaves; repetitions are only
counted, and written with the next ones. Rankings are asked for so often that even first looks are gathered, for some
seconds, and written together.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from enum import StrEnum
from threading import Lock
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.auth.actors import Actor
from app.db import Base, Database
from app.events.models import Look

NOBODY = UUID(int=0)
"""Stands for no opportunity and no ranking: a key's column cannot be empty."""
_waiting: ContextVar[list[bool] | None] = ContextVar("looks_that_are_written_together", default=None)
MOST_KNOWN = 100_000
AT_ONCE = 500


class LookKind(StrEnum):
    """In which way a student was seen."""

    PROFILE = "profile"
    RANKING = "ranking"
    STORED = "stored_ranking"
    CANDIDATE = "candidate"
    NAME = "name"
    EXPORT = "export"


class _Seen(NamedTuple):
    student_id: UUID
    day: date
    kind: LookKind
    viewer_kind: str
    viewer_id: UUID
    about_id: UUID


class Looks:
    """The looks of one process. May be called from any thread, outside of blocks."""

    def __init__(
        self, database: Database, *, delay_seconds: float, timer: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._delay = delay_seconds
        self._timer = timer
        self._lock = Lock()
        self._pending: Counter[_Seen] = Counter()
        self._known: set[_Seen] = set()
        self._since = 0.0

    def see(
        self,
        actor: Actor,
        kind: LookKind,
        student_ids: Iterable[UUID],
        day: date,
        *,
        about_id: UUID | None = None,
        company_id: UUID | None = None,
    ) -> None:
        """Note that the actor has seen these students, for the company if it is the actor's.

        Nobody looks at themselves, and the service is nobody.
        """
        viewer_kind, viewer_id = actor.kind, actor.id
        if company_id is not None and actor.is_of_company(company_id):
            viewer_kind, viewer_id = "company", company_id
        if viewer_id is None:
            return
        seen = [
            _Seen(student_id, day, kind, viewer_kind, viewer_id, about_id or NOBODY)
            for student_id in student_ids
            if not actor.is_student(student_id)
        ]
        if seen and self._add(seen, is_gathered=kind is LookKind.RANKING):
            waiting = _waiting.get()
            if waiting is None:
                self.flush()
            else:
                waiting.append(True)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Write what is seen within at its end, in one block: for lists, whose lines are seen each in its own way."""
        waiting: list[bool] = []
        token = _waiting.set(waiting)
        try:
            yield
        finally:
            _waiting.reset(token)
        if waiting:
            self.flush()

    def _add(self, seen: list[_Seen], *, is_gathered: bool) -> bool:
        """Count; whether it is time to write."""
        with self._lock:
            now = self._timer()
            if not self._pending:
                self._since = now
            is_new = not self._known.issuperset(seen)
            self._pending.update(seen)
            if len(self._known) > MOST_KNOWN:
                self._known.clear()
            self._known.update(seen)
            is_late = now - self._since >= self._delay or len(self._pending) >= AT_ONCE
            return is_late or (is_new and not is_gathered)

    def flush(self) -> None:
        """Write what has been gathered; what could not be written waits for the next time."""
        with self._lock:
            pending, self._pending = self._pending, Counter()
        if not pending:
            return
        try:
            with self._database.write() as session:
                _write(session, pending)
        except BaseException:
            with self._lock:
                self._pending.update(pending)
            raise


def _write(session: Session, pending: Counter[_Seen]) -> None:
    # Keys in order, lest two who write the same rows wait for one another.
    rows = sorted(pending.items())
    students = Base.metadata.tables["students"].c.id
    wanted = {seen.student_id for seen, _ in rows}
    # Who is gone meanwhile has nobody left to be told; who is there stays until the looks are written. All are locked in
    # order of their ids, in a way that only an erasure minds.
    there = sa.select(students).where(students.in_(wanted)).order_by(students)
    present = set(session.scalars(there.with_for_update(read=True, key_share=True)))
    values = [
        seen._asdict() | {"kind": str(seen.kind), "times": count}
        for seen, count in rows
        if seen.student_id in present
    ]
    if values:
        insert = db.inserting(session, Look)
        more = {"times": Look.__table__.c.times + insert.excluded.times}
        key = [column.name for column in Look.__table__.primary_key]
        # Row by row in one call: a statement with all values would cost its making anew each time.
        session.connection().execute(insert.on_conflict_do_update(index_elements=key, set_=more), values)
