"""`python -m app worker`: what is due in the background, one job after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from app.commands.opened import opened

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Settings

EVERY_SECONDS = 600

Job = Callable[["Settings", "Database", datetime], dict[str, int]]
"""Does what is due at a moment, in blocks of its own; how much of what it did. Must bear being done twice at once."""


def work(*, once: Annotated[bool, typer.Option("--once", help="Do what is due and stop.")] = False) -> None:
    """Do what is due in the background, until it is stopped."""
    import time

    import structlog

    from app import logs
    from app.settings import local_clock

    with opened() as (settings, database):
        logs.set_up(settings)
        now = local_clock(settings)
        log = structlog.get_logger("app.worker")
        work_list = jobs()
        while True:
            for name, job in work_list.items():
                try:
                    log.info(name, **job(settings, database, now()))
                except Exception:
                    # One job that fails must not keep the others from being done.
                    log.exception("job_failed", job=name)
                    if once:
                        raise
            if once:
                return
            time.sleep(EVERY_SECONDS)


def jobs() -> dict[str, Job]:
    """Every job by the name under which the log tells of it."""
    return {
        "expired_forgotten": _forget_expired,
        "retention_kept": _daily(_keep_retention),
        "erasures_done": _erase,
        "log_chained": _chain,
    }


def _daily(job: Job) -> Job:
    """The job, but only once a day: it reads more than the others."""
    done_on: set[date] = set()

    def do(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
        if now.date() in done_on:
            return {}
        done_on.clear()
        done = job(settings, database, now)
        done_on.add(now.date())
        return done

    return do


def _forget_expired(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth import service as auth
    from app.matches import service_rankings as rankings

    with database.write() as session:
        return auth.forget_expired(session) | rankings.forget_expired(session, now)


def _keep_retention(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth.actors import system
    from app.privacy import service_looks as looks
    from app.privacy import service_retention as retention

    actor = system("worker")
    with database.write() as session:
        done = {"restored": retention.restore(session, actor, now)}
        done |= retention.carry_out(session, actor, settings, now)
        done["warned"] = len(retention.warn(session, actor, settings, now))
    with database.write() as session:
        done["actors"] = retention.forget_actors(session, now, years=settings.event_years)
        done["looks"] = looks.forget_old(session, now, days=settings.look_days)
    return done


def _erase(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth.actors import system
    from app.privacy import service_erasure as erasure

    with database.read() as session:
        due = erasure.list_due(session, now)
    done = 0
    for erasure_id in due:
        with database.write() as session:
            done += erasure.carry_out_due(session, system("worker"), erasure_id, now)
    return {"done": done, "wiped": int(erasure.wipe(database))}


def _chain(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    import structlog

    from app.events import service_chain as chain

    linked = 0
    while True:
        with database.write() as session:
            made = chain.extend(session, now)
        linked += made
        if made < chain.AT_ONCE:
            break
    with database.write() as session:
        sealed = chain.seal_days(session, now)
    for day in sealed:
        # A copy outside of the database: `audit verify --head` holds the chain against it.
        structlog.get_logger("app.worker").info("day_sealed", day=day.day.isoformat(), digest=day.digest)
    return {"linked": linked, "sealed": len(sealed)}
