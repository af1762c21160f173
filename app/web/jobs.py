"""Long work: the list, how far one is, and its end."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

import anyio.to_thread
from fastapi import APIRouter, Query
from starlette.responses import Response, StreamingResponse

from app import rest
from app.jobs import rules
from app.jobs import service as jobs
from app.jobs.models import Job
from app.jobs.rules import JobKind
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

AT_ONCE = 20
OPPORTUNITIES_KEPT = 20
LOOK_SECONDS = 1.0
STREAM_SECONDS = 20.0
"""How long one answer goes on; the browser asks again, and a server that is stopped need not wait longer."""


@router.get("/jobs")
def show_jobs(
    view: InView, after: Annotated[str | None, Query(max_length=400, pattern=r"^[A-Za-z0-9_-]+$")] = None
) -> Response:
    """What one has started, the latest first; administrators see all and start what concerns everybody."""
    position = rest.decode_cursor(after, datetime, UUID)
    with view.read() as (session, actor):
        found = jobs.search(session, actor, limit=AT_ONCE + 1, after=position)
        can_start = rules.can_start(actor, JobKind.MATCH_RUN)
    last = found[AT_ONCE - 1] if len(found) > AT_ONCE else None
    cursor = rest.encode_cursor(last.created_at, last.id) if last else None
    return view.show("jobs/jobs.html", jobs=found[:AT_ONCE], next_cursor=cursor, can_start=can_start)


@router.post("/jobs")
def start_job(view: InView) -> Response:
    """Rank for everybody, unless that runs already."""
    with view.write() as (session, actor):
        job = jobs.ask_for(session, actor, JobKind.MATCH_RUN, {"limit": OPPORTUNITIES_KEPT}, now=view.now())
    return view.go(f"/jobs/{job.id}")


@router.get("/jobs/{job_id}")
def show_job(view: InView, job_id: UUID) -> Response:
    """How far it is; the page may be closed."""
    with view.read() as (session, actor):
        job = jobs.read(session, actor, job_id)
    return view.show("jobs/job.html", job=job, is_open=job.state in rules.OPEN)


@router.post("/jobs/{job_id}/cancel")
def cancel_job(view: InView, job_id: UUID) -> Response:
    """Stop it at its next step."""
    with view.write() as (session, actor):
        jobs.cancel(session, actor, job_id, now=view.now())
    return view.go(f"/jobs/{job_id}")


@router.get("/jobs/{job_id}/progress")
async def follow_job(view: InView, job_id: UUID) -> Response:
    """Server-sent events with how far it is. Async because it mostly waits; each look at the database has a thread."""
    job = await anyio.to_thread.run_sync(_look, view, job_id)
    return StreamingResponse(
        _follow(view, job), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


def _look(view: View, job_id: UUID) -> Job:
    with view.read() as (session, actor):
        return jobs.read(session, actor, job_id)


async def _follow(view: View, job: Job) -> AsyncIterator[str]:
    end, told = time.monotonic() + STREAM_SECONDS, ""
    while True:
        state = json.dumps({"done": job.done, "total": job.total, "is_open": job.state in rules.OPEN})
        if state != told:
            told = state
            yield f"retry: 1000\ndata: {state}\n\n"
        if job.state not in rules.OPEN or time.monotonic() > end:
            return
        await asyncio.sleep(LOOK_SECONDS)
        job = await anyio.to_thread.run_sync(_look, view, job.id)
