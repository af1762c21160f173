"""Running jobs: each by one runner at a time, taken over when that one dies.

A runner claims a job by one conditional UPDATE and holds it for `LEASE`; each step renews that. Whoever has lost a job,
because a step took longer, learns it at the next step and stops: what it wrote in between stands, so what a job does
must bear being begun again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID

import sqlalchemy as sa
import structlog

from app.auth.actors import Actor
from app.auth.models import User
from app.jobs.models import Job, JobState
from app.notifications import service as notifications
from app.notifications.rules import NotificationKind

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Clock, Settings

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3
"""Runners that may die of a job before it is given up."""
POLL_SECONDS = 2.0


class Cancelled(Exception):  # noqa: N818 -- not a failure: somebody has asked for it
    """Somebody wants the job to stop."""


class Lost(Exception):  # noqa: N818 -- not a failure of this job
    """Another runner has the job, or it is gone."""


@dataclass(frozen=True)
class Work:
    """A claimed job as its handler sees it. Steps are told outside of any block."""

    job_id: UUID
    attempt: int
    arguments: Mapping[str, Any]
    actor: Actor
    """Who has started it, for the log of events; without any right."""
    settings: Settings
    database: Database
    clock: Clock

    def step(self, done: int, total: int | None = None) -> None:
        """Tell how far it is, and hold the job for another `LEASE`. Raises Cancelled and Lost."""
        now = self.clock()
        values: dict[str, Any] = {"done": done, "claimed_until": now + LEASE}
        if total is not None:
            values["total"] = total
        if not _note(self.database, self, values):
            raise Lost
        with self.database.read() as session:
            is_asked = session.scalar(
                sa.select(Job.cancel_asked_at.is_not(None)).where(Job.id == self.job_id)
            )
        if is_asked:
            raise Cancelled


Handler = Callable[[Work], dict[str, Any]]
"""Does a job step by step; what it returns is the job's result."""


def run_next(
    handlers: Mapping[str, Handler], settings: Settings, database: Database, clock: Clock
) -> UUID | None:
    """Run the job that has waited longest, if there is one; which it was."""
    claimed = claim(handlers, settings, database, clock)
    if claimed is None:
        return None
    kind, work = claimed
    end: dict[str, Any]
    try:
        result = handlers[kind](work)
    except Lost:
        log.warning("job_lost", job=str(work.job_id), kind=kind)
        return work.job_id
    except Cancelled:
        end = {"state": JobState.CANCELLED}
    except Exception as error:
        log.exception("job_failed", job=str(work.job_id), kind=kind)
        end = {"state": JobState.FAILED, "problem": type(error).__name__[:80]}
    else:
        end = {"state": JobState.DONE, "result": result, "done": sa.func.coalesce(Job.total, Job.done)}
    _finish(work, end)
    return work.job_id


def _finish(work: Work, end: dict[str, Any]) -> None:
    now = work.clock()
    if (
        _note(work.database, work, end | {"finished_at": now, "claimed_until": None})
        and work.actor.kind == "user"
    ):
        with work.database.write() as session:
            if work.actor.id is not None and session.get(User, work.actor.id) is not None:
                notifications.tell(
                    session,
                    [work.actor.id],
                    NotificationKind.JOB_ENDED,
                    work.job_id,
                    path=f"/jobs/{work.job_id}",
                    data={},
                    now=now,
                )


def claim(
    handlers: Mapping[str, Handler], settings: Settings, database: Database, clock: Clock
) -> tuple[str, Work] | None:
    """The job that has waited longest, if it is ours to run now."""
    now = clock()
    waiting = sa.select(Job.id).where(is_free(now), Job.kind.in_(handlers)).order_by(Job.created_at, Job.id)
    with database.read() as session:
        ids = list(session.scalars(waiting.limit(10)))
    for job_id in ids:
        taking = (
            sa.update(Job)
            .where(Job.id == job_id, is_free(now))
            .values(
                state=JobState.RUNNING, claimed_until=now + LEASE, attempts=Job.attempts + 1, done=0,
                started_at=sa.func.coalesce(Job.started_at, now),
            )
        )  # fmt: skip
        with database.write() as session:
            _give_up(session, now)
            taken = session.execute(taking, execution_options={"synchronize_session": False})
            if taken.rowcount == 1:  # type: ignore[attr-defined]
                job = session.get_one(Job, job_id)
                work = Work(
                    job.id, job.attempts, job.arguments, _starter(job.started_by), settings, database, clock
                )
                return job.kind, work
    return None


def is_free(now: datetime) -> sa.ColumnElement[bool]:
    """Waits for a runner, or its runner has not been heard of."""
    is_orphan = sa.and_(Job.state == JobState.RUNNING, Job.claimed_until <= now)
    return sa.or_(Job.state == JobState.QUEUED, is_orphan)


def _give_up(session: Any, now: datetime) -> None:
    """What has killed so many runners, or was to be cancelled when its runner died, does not begin again."""
    orphans = sa.update(Job).where(Job.state == JobState.RUNNING, Job.claimed_until <= now)
    for condition, end in (
        (Job.cancel_asked_at.is_not(None), {"state": JobState.CANCELLED}),
        (Job.attempts >= MOST_ATTEMPTS, {"state": JobState.FAILED, "problem": "RunnerDied"}),
    ):
        values = end | {"finished_at": now, "claimed_until": None}
        session.execute(
            orphans.where(condition).values(values), execution_options={"synchronize_session": False}
        )


def _note(database: Database, work: Work, values: dict[str, Any]) -> bool:
    """Change the job if it is still this runner's; whether it is."""
    is_mine = (Job.id == work.job_id, Job.attempts == work.attempt, Job.state == JobState.RUNNING)
    with database.write() as session:
        changed = session.execute(
            sa.update(Job).where(*is_mine).values(values), execution_options={"synchronize_session": False}
        )
        return bool(changed.rowcount)  # type: ignore[attr-defined]


def _starter(mark: str) -> Actor:
    kind, _, named = mark.partition(":")
    try:
        return Actor(kind=kind, id=UUID(named), name="")
    except ValueError:
        return Actor(kind=kind, id=None, name=named)


class Runner:
    """A thread that runs jobs until it is stopped: one after the other, so that pages and mails keep their turn."""

    def __init__(
        self, handlers: Mapping[str, Handler], settings: Settings, database: Database, clock: Clock
    ) -> None:
        self._parts = (handlers, settings, database, clock)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._end.is_set():
            try:
                if run_next(*self._parts) is not None:
                    continue
            except Exception:
                log.exception("jobs_not_reached")
            self._end.wait(POLL_SECONDS)
