"""`python -m app worker`: what is due in the background, one job after the other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
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
        while True:
            for name, job in jobs().items():
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
    return {"expired_forgotten": _forget_expired, "keys_reminded": _remind_of_keys}


def _forget_expired(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth import service as auth
    from app.matches import service_rankings as rankings

    with database.write() as session:
        return auth.forget_expired(session) | rankings.forget_expired(session, now)


def _remind_of_keys(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth import service_keys as keys

    with database.write() as session:
        return {"reminded": keys.remind_of_ends(session, now)} | keys.forget_ended(session, now)
