"""Jobs over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from starlette.responses import Response

from app.jobs import service as jobs
from app.jobs.models import Job
from app.jobs.schemas import JobIn, JobList, JobOut
from app.rest import Cursor, IdempotencyHeader, InCall, Limit, answers, decode_cursor, encode_cursor

router = APIRouter(prefix="/jobs", tags=["jobs"])

JobId = Annotated[UUID, Path(description="The job.")]


@router.post(
    "", summary="Start a job", status_code=201, response_model=JobOut, responses=answers(401, 403, 422)
)
def create_job(
    call: InCall,
    body: JobIn,
    idempotency_key: IdempotencyHeader = None,  # noqa: ARG001
) -> Response:
    """For administrators. Where such work waits or runs already, that one is the answer."""
    with call.create(body) as (session, actor):
        job = jobs.ask_for(session, actor, body.kind, {"limit": body.limit}, now=call.now())
        return call.created(show(job), location=f"/jobs/{job.id}")


@router.get("", summary="List jobs", responses=answers(401, 403, 422))
def list_jobs(call: InCall, limit: Limit = 20, cursor: Cursor = None) -> JobList:
    """Those that you have started, and all for administrators; the latest first."""
    after = decode_cursor(cursor, datetime, UUID)
    with call.read() as (session, actor):
        found = jobs.search(session, actor, limit=limit + 1, after=after)
    last = found[limit - 1] if len(found) > limit else None
    return JobList(
        items=[show(job) for job in found[:limit]],
        next_cursor=encode_cursor(last.created_at, last.id) if last else None,
    )


@router.get("/{job_id}", summary="Read a job", responses=answers(401, 403, 404, 422))
def read_job(call: InCall, job_id: JobId) -> JobOut:
    """How far it is."""
    with call.read() as (session, actor):
        return show(jobs.read(session, actor, job_id))


@router.post("/{job_id}/cancel", summary="Cancel a job", responses=answers(401, 403, 404, 409, 422))
def cancel_job(call: InCall, job_id: JobId) -> JobOut:
    """A job that runs stops at its next step; a second call changes nothing."""
    with call.write() as (session, actor):
        return show(jobs.cancel(session, actor, job_id, now=call.now()))


def show(job: Job) -> JobOut:
    """The job with what callers may know of it."""
    return JobOut(
        id=job.id, kind=job.kind, state=job.state, done=job.done, total=job.total, problem=job.problem,
        is_cancel_asked=job.cancel_asked_at is not None, created_at=job.created_at, started_at=job.started_at,
        finished_at=job.finished_at,
    )  # fmt: skip
