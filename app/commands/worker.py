"""`python -m app worker`: what is due in the background, one job after the other."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from app.commands import keeping
from app.commands.opened import opened

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Settings

Work = Callable[["Settings", "Database", datetime], dict[str, int]]
"""Does what is due at a moment, in blocks of its own; how much of what it did. Must bear being done twice at once."""


class Job(NamedTuple):
    """What is done in the background, and how often. A quiet one is logged only when it has done something."""

    do: Work
    every_seconds: int = 600
    is_quiet: bool = False


def work(*, once: Annotated[bool, typer.Option("--once", help="Do what is due and stop.")] = False) -> None:
    """Do what is due in the background, until it is stopped."""
    import time

    from app import logs
    from app.commands.working import HANDLERS
    from app.jobs.service_running import Runner, run_next
    from app.settings import local_clock

    with opened() as (settings, database), ExitStack() as running:
        logs.set_up(settings)
        now = local_clock(settings)
        if once:
            while run_next(HANDLERS, settings, database, now):
                pass
        else:
            # In a thread of its own: a long job must not keep mails waiting.
            running.enter_context(Runner(HANDLERS, settings, database, now))
        due_at = dict.fromkeys(jobs(), time.monotonic())
        while True:
            for name, job in jobs().items():
                if due_at[name] > time.monotonic():
                    continue
                run(name, job, settings, database, now(), is_strict=once)
                due_at[name] = time.monotonic() + job.every_seconds
            if once:
                return
            time.sleep(max(0.0, min(due_at.values()) - time.monotonic()))


def run(
    name: str, job: Job, settings: Settings, database: Database, now: datetime, *, is_strict: bool = False
) -> None:
    """Do one job. One that fails must not keep the others from being done, unless whoever asks is strict."""
    import structlog

    log = structlog.get_logger("app.worker")
    try:
        told = job.do(settings, database, now)
    except Exception:
        log.exception("job_failed", job=name)
        if is_strict:
            raise
    else:
        if not job.is_quiet or any(told.values()):
            log.info(name, **told)


def keep_mailing(settings: Settings, database: Database) -> None:
    """Send mails, or show them on the console, until the process ends: in development nobody starts a worker."""
    import time

    from app.settings import local_clock

    now, job = local_clock(settings), jobs()["mails"]
    while True:
        run("mails", job, settings, database, now())
        time.sleep(job.every_seconds)


def jobs() -> dict[str, Job]:
    """Every job by the name under which the log tells of it."""
    return {
        "mails": Job(_send_mails, every_seconds=5, is_quiet=True),
        "expired_forgotten": Job(_forget_expired),
        "keys_reminded": Job(_remind_of_keys, every_seconds=3600),
        "retention_kept": Job(keeping.keep_retention, every_seconds=24 * 3600),
        "erasures_done": Job(keeping.erase, is_quiet=True),
        "rounds_moved": Job(_move_rounds, is_quiet=True),
        "applications": Job(_move_applications, every_seconds=60, is_quiet=True),
        "bookings": Job(_move_bookings, every_seconds=60, is_quiet=True),
        "visits_thanked": Job(_thank_visitors, every_seconds=3600, is_quiet=True),
        "placements_moved": Job(_move_placements, is_quiet=True),
        "hours_reminded": Job(_remind_of_hours, every_seconds=3600, is_quiet=True),
        "companies_recalled": Job(_recall_companies, every_seconds=6 * 3600, is_quiet=True),
        "proposals_reminded": Job(keeping.remind_of_proposals, every_seconds=3600, is_quiet=True),
        "concerns": Job(keeping.strike_concerns, is_quiet=True),
        "log_chained": Job(keeping.chain_log, is_quiet=True),
        "papers_kept": Job(_keep_papers, is_quiet=True),
    }


def _send_mails(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.bookings import service_guest_mails as guests
    from app.mails import service as mails
    from app.notifications import service_mailing as notifications

    told = notifications.queue_due(database, now, settings.public_url)
    told |= guests.queue_due(database, now, settings.public_url.rstrip("/"), settings.secret_key)
    return told | mails.send_due(settings, database, now)


def _keep_papers(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.agreements import service_clock as papers

    return papers.keep(database, now, settings.public_url.rstrip("/"))


def _move_applications(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.applications import service_clocks
    from app.applications.rules import Caps

    return service_clocks.run(database, now, Caps.of(settings))


def _move_bookings(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.bookings import service_turns
    from app.bookings.rules import Limits

    return service_turns.run(database, now, Limits.of(settings))


def _thank_visitors(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.attendances import service_thanks

    return service_thanks.run(database, now)


def _forget_expired(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.agreements import service_codes as signing_codes
    from app.auth import service as auth
    from app.auth import service_codes as codes
    from app.auth import service_oidc as flows
    from app.auth import service_throttles as throttles
    from app.bookings import service_guests as guests
    from app.bulk_changes import service as bulk_changes
    from app.concerns import service_family as families
    from app.invitations import service_accept as invitations
    from app.jobs import service as long_jobs
    from app.matches import service_rankings as rankings
    from app.notifications import service as notifications

    with database.write() as session:
        told = auth.forget_expired(session, now) | rankings.forget_expired(session, now)
        return (
            told
            | {
                "signing_codes": signing_codes.forget(session, now),
                "sign_in_codes": codes.forget(session, now),
                "throttles": throttles.forget(session, now),
                "oidc_flows": flows.forget(session, now),
                "jobs": long_jobs.forget_old(session, now),
                "notifications": notifications.forget_old(session, now, settings.notification_days),
                "invitations": invitations.forget(session, now),
                "family_codes": families.forget_ended(session, now),
                "guests": guests.forget_old(session, now),
            }
            | bulk_changes.forget_expired(session, now)
        )


def _move_rounds(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.rounds import service_clocks as clocks

    return clocks.strike(database, now)


def _move_placements(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.placements import service_clock as placements

    return placements.run(database, now)


def _remind_of_hours(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.hours import service_reminders as reminders

    return reminders.run(database, now)


def _recall_companies(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.appetites import service_recalls as recalls
    from app.network.rules import Thresholds

    return recalls.run(
        database, now, thresholds=Thresholds.of(settings), months=settings.company_ask_months,
        most=settings.contacts_per_month,
    )  # fmt: skip


def _remind_of_keys(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    from app.auth import service_keys as keys

    with database.write() as session:
        return {"reminded": keys.remind_of_ends(session, now)} | keys.forget_ended(session, now)
