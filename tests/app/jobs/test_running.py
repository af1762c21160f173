"""Jobs are run once, taken over when a runner dies, cancelled between two steps, and told to whoever started them."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.auth.actors import Actor, Grant, Role, system
from app.commands import working
from app.db import Database
from app.jobs import service as jobs
from app.jobs import service_running as running
from app.jobs.models import Job, JobState
from app.jobs.rules import JobKind
from app.matches.models import Match, MatchRun
from app.notifications.models import Notification
from app.settings import Settings
from tests.factories import NOW, Factory

SETTINGS = Settings()
KIND = JobKind.MATCH_RUN
SOMEBODY = system("tests")


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def start(database: Database, *, by: Actor = SOMEBODY, **arguments: Any) -> UUID:
    with database.write() as session:
        return jobs.start(session, by, KIND, arguments, now=NOW).id


def see(database: Database, job_id: UUID) -> Job:
    with database.read() as session:
        return session.get_one(Job, job_id)


def run(database: Database, handler: running.Handler, clock: Clock | None = None) -> UUID | None:
    return running.run_next({KIND: handler}, SETTINGS, database, clock or Clock())


def test_a_job_tells_how_far_it_is_and_what_came_out(database: Database) -> None:
    job_id = start(database, limit=3)
    seen: list[tuple[int, int | None]] = []

    def handler(work: running.Work) -> dict[str, Any]:
        assert work.arguments == {"limit": 3}
        for done in (1, 2):
            work.step(done, 4)
            job = see(database, job_id)
            seen.append((job.done, job.total))
            assert job.state is JobState.RUNNING
        return {"students": 2}

    assert run(database, handler) == job_id
    job = see(database, job_id)
    assert seen == [(1, 4), (2, 4)]
    assert (job.state, job.done, job.result, job.finished_at) == (JobState.DONE, 4, {"students": 2}, NOW)
    assert run(database, handler) is None


def test_a_job_that_fails_says_so_and_others_go_on(database: Database) -> None:
    first, second = start(database), start(database)

    def handler(work: running.Work) -> dict[str, Any]:
        if work.job_id == min(first, second):
            raise LookupError("not for anybody's eyes")
        return {}

    run(database, handler)
    run(database, handler)
    failed, done = see(database, min(first, second)), see(database, max(first, second))
    assert (failed.state, failed.problem, done.state) == (JobState.FAILED, "LookupError", JobState.DONE)


def test_a_running_job_stops_at_its_next_step(database: Database) -> None:
    job_id = start(database)
    steps = []

    def handler(work: running.Work) -> dict[str, Any]:
        work.step(1, 3)
        steps.append(1)
        with database.write() as session:
            jobs.cancel(session, system("admin"), job_id, now=NOW)
        work.step(2)
        steps.append(2)
        return {}

    run(database, handler)
    assert steps == [1]
    assert see(database, job_id).state is JobState.CANCELLED
    with pytest.raises(jobs.NoSuchJob), database.write() as session:
        jobs.cancel(session, Actor("user", UUID(int=1), "somebody else"), job_id, now=NOW)
    with database.write() as session:  # again changes nothing
        assert jobs.cancel(session, SOMEBODY, job_id, now=NOW).state is JobState.CANCELLED


def test_a_waiting_job_is_cancelled_at_once_and_a_finished_one_is_not(database: Database) -> None:
    waiting, done = start(database), start(database)
    with database.write() as session:
        assert jobs.cancel(session, SOMEBODY, waiting, now=NOW).state is JobState.CANCELLED
    assert run(database, lambda _: {}) == done
    with pytest.raises(jobs.JobEnded), database.write() as session:
        jobs.cancel(session, SOMEBODY, done, now=NOW)


def test_a_dead_runner_s_job_is_taken_over_and_the_dead_one_learns_it(database: Database) -> None:
    job_id, clock = start(database), Clock()
    claimed = running.claim({KIND: dict}, SETTINGS, database, clock)  # type: ignore[dict-item]
    assert claimed is not None
    assert run(database, lambda _: {}, clock) is None
    clock.now += running.LEASE
    assert run(database, lambda _: {"by": "the second"}, clock) == job_id
    with pytest.raises(running.Lost):
        claimed[1].step(1)
    assert see(database, job_id).result == {"by": "the second"}


def test_a_step_holds_the_job_for_longer(database: Database) -> None:
    start(database)
    clock = Clock()

    def handler(work: running.Work) -> dict[str, Any]:
        for done in range(3):
            clock.now += running.LEASE - timedelta(seconds=1)
            work.step(done)
            assert running.claim({KIND: handler}, SETTINGS, database, clock) is None
        return {}

    run(database, handler, clock)


@pytest.mark.parametrize(("asked", "state"), [(False, JobState.FAILED), (True, JobState.CANCELLED)])
def test_a_job_that_kills_its_runners_is_given_up(database: Database, asked: bool, state: JobState) -> None:
    job_id, clock = start(database), Clock()
    for _ in range(running.MOST_ATTEMPTS):
        assert running.claim({KIND: dict}, SETTINGS, database, clock) is not None  # type: ignore[dict-item]
        clock.now += running.LEASE
    if asked:
        with database.write() as session:
            jobs.cancel(session, SOMEBODY, job_id, now=clock.now)
    assert running.claim({KIND: dict}, SETTINGS, database, clock) is None  # type: ignore[dict-item]
    assert see(database, job_id).state is state


def race(database: Database, monkeypatch: pytest.MonkeyPatch) -> Counter[UUID]:
    """Eight runners and one job, all of which have seen it wait before one takes it; who has run it."""
    start(database)
    ran: Counter[UUID] = Counter()
    together = threading.Barrier(8)
    read = database.read

    @contextmanager
    def slow_read() -> Iterator[Any]:
        with read() as session:
            yield session
        together.wait(timeout=60)

    monkeypatch.setattr(database, "read", slow_read)

    def handler(work: running.Work) -> dict[str, Any]:
        ran[work.job_id] += 1
        time.sleep(0.5)  # until all others have tried to take it
        return {}

    threads = [threading.Thread(target=run, args=(database, handler)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return ran


def test_eight_runners_run_a_job_once(shared: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list(race(shared, monkeypatch).values()) == [1]


def test_without_the_condition_it_would_run_several_times(
    shared: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "is_free", lambda _now: sa.true())
    assert max(race(shared, monkeypatch).values()) > 1


def test_whoever_started_it_is_told_of_the_end(database: Database, make: Factory) -> None:
    make.signed_in(Grant(Role.ADMINISTRATOR), name="Ada")
    with database.read() as session:
        user_id = session.scalar(sa.text("SELECT id FROM users WHERE name = 'Ada'"))
    job_id = start(database, by=Actor("user", UUID(str(user_id)), "Ada"))
    run(database, lambda _: {})
    with database.read() as session:
        [told] = session.scalars(sa.select(Notification))
        assert (told.kind, told.path, told.mail_due_at) == ("job_ended", f"/jobs/{job_id}", None)


def test_a_match_run_ranks_for_everybody(database: Database, make: Factory) -> None:
    make.student(max_km=None)
    make.opportunity()
    job_id = start(database, limit=5)
    assert running.run_next(working.HANDLERS, SETTINGS, database, Clock()) == job_id
    job = see(database, job_id)
    assert job.state is JobState.DONE, job.problem
    assert (job.done, job.total) == (1, 1)
    assert job.result is not None
    assert (job.result["students"], job.result["matches"]) == (1, 1)
    with database.read() as session:
        assert session.get_one(MatchRun, UUID(job.result["run_id"])).finished_at is not None
        assert session.query(Match).count() == 1


def test_finished_jobs_are_forgotten(database: Database) -> None:
    start(database)
    run(database, lambda _: {})
    waiting = start(database)
    for now, gone in ((NOW + jobs.KEPT_FOR - timedelta(seconds=1), 0), (NOW + jobs.KEPT_FOR, 1)):
        with database.write() as session:
            assert jobs.forget_old(session, now) == gone
    assert see(database, waiting).state is JobState.QUEUED
