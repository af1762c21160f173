"""Starting jobs, showing how far they are, and cancelling them. Running them is in `service_running`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.jobs import rules
from app.jobs.models import Job, JobState
from app.jobs.rules import JobKind

KEPT_FOR = timedelta(days=30)
"""How long a finished job can be looked at."""


class NoSuchJob(errors.NotFound):
    """No job has this id, or somebody else has started it."""

    title = "No such job"


class NotYoursToStart(errors.NotAllowed):
    """Work that concerns everybody is started by administrators."""

    title = "Not yours to start"


class JobEnded(errors.Conflict):
    """What is done, failed or cancelled cannot be cancelled any more."""

    title = "The job has ended"


def ask_for(
    session: Session, actor: Actor, kind: JobKind, arguments: Mapping[str, Any], *, now: datetime
) -> Job:
    """Start work that concerns everybody; what runs already is not started again. Raises NotYoursToStart."""
    auth.require_scope(actor, "jobs:write")
    if not rules.can_start(actor, kind):
        raise NotYoursToStart
    present = session.scalar(
        sa.select(Job).where(Job.kind == kind, Job.state.in_(rules.OPEN)).order_by(Job.created_at).limit(1)
    )
    return present or start(session, actor, kind, arguments, now=now)


def start(
    session: Session, actor: Actor, kind: JobKind, arguments: Mapping[str, Any], *, now: datetime
) -> Job:
    """Queue a job; whoever calls has judged that the actor may. `arguments` hold ids and numbers, never names."""
    job = Job(kind=kind, arguments=dict(arguments), started_by=actor.mark, created_at=now)
    session.add(job)
    session.flush()
    events.record(session, actor, "job.started", job.id, {"kind": str(kind)})
    return job


def search(session: Session, actor: Actor, *, limit: int, after: tuple[datetime, UUID] | None) -> list[Job]:
    """The jobs that the actor sees, the latest first."""
    auth.require_scope(actor, "jobs:read")
    query = sa.select(Job).order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)
    if not actor.is_administrator:
        query = query.where(Job.started_by == actor.mark)
    if after is not None:
        query = query.where(sa.tuple_(Job.created_at, Job.id) < after)
    return list(session.scalars(query))


def read(session: Session, actor: Actor, job_id: UUID, *, scope: str = "jobs:read") -> Job:
    """One job. Raises NoSuchJob."""
    auth.require_scope(actor, scope)
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or not rules.can_see(actor, job):
        raise NoSuchJob
    return job


def cancel(session: Session, actor: Actor, job_id: UUID, *, now: datetime) -> Job:
    """End a job that waits, and ask whoever runs it to stop at the next step; again changes nothing.

    Raises NoSuchJob, and JobEnded for what has come to another end.
    """
    job = read(session, actor, job_id, scope="jobs:write")
    waits = {"state": JobState.CANCELLED, "cancel_asked_at": now, "finished_at": now}
    ended = _change(session, job, waits, Job.state == JobState.QUEUED)
    asked = ended or _change(
        session, job, {"cancel_asked_at": now}, Job.state == JobState.RUNNING, Job.cancel_asked_at.is_(None)
    )
    session.refresh(job)
    if asked:
        events.record(session, actor, "job.cancelled", job.id)
    elif job.cancel_asked_at is None or job.state in (JobState.DONE, JobState.FAILED):
        raise JobEnded(f"The job is {job.state}.")
    return job


def _change(session: Session, job: Job, values: dict[str, Any], *conditions: sa.ColumnElement[bool]) -> bool:
    changed = session.execute(
        sa.update(Job)
        .where(Job.id == job.id, *conditions)
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount)  # type: ignore[attr-defined]


def forget_old(session: Session, now: datetime) -> int:
    """Delete what ended long ago; how many."""
    gone = session.execute(sa.delete(Job).where(Job.finished_at <= now - KEPT_FOR))
    return int(gone.rowcount)  # type: ignore[attr-defined]
