"""The worker's jobs that keep promises about people's data and about the log."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.db import Database
    from app.settings import Settings


def keep_retention(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Archive, ask for erasures, warn, and take from old events who did them."""
    from app.auth.actors import system
    from app.class_tests import service as class_tests
    from app.concerns import service_clock as concerns
    from app.network import service_notes as notes
    from app.privacy import service_looks as looks
    from app.privacy import service_retention as retention
    from app.series import service_clock as series

    actor = system("worker")
    with database.write() as session:
        done = {"restored": retention.restore(session, actor, now)}
        done |= retention.carry_out(session, actor, settings, now)
        done["warned"] = len(retention.warn(session, actor, settings, now))
    with database.write() as session:
        done["actors"] = retention.forget_actors(session, now, years=settings.event_years)
        done["looks"] = looks.forget_old(session, now, days=settings.look_days)
        done["concerns"] = concerns.forget_old(session, now, days=settings.concern_keep_days)
        done["contacts"] = series.forget_contacts(session, now, days=settings.series_contact_days)
        done["class_tests"] = class_tests.forget_old(session, now)
        done["notes"] = notes.forget_old(session, now, days=settings.company_note_days)
    return done


def strike_concerns(settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Pass on the reported problems whose owner has let the time pass."""
    from app.concerns import service_clock as concerns
    from app.concerns.rules import Deadlines

    return concerns.strike(database, Deadlines.of(settings), now)


def remind_of_proposals(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Remind steering groups of the events that wait for their answer."""
    from app.series import service_clock as series

    return series.remind(database, now)


def erase(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Forget those whose time has come, and take what was erased off the disk."""
    from app.auth.actors import system
    from app.privacy import service_erasure as erasures

    with database.read() as session:
        due = erasures.list_due(session, now)
    done = 0
    for erasure_id in due:
        with database.write() as session:
            done += erasures.carry_out_due(session, system("worker"), erasure_id, now)
    return {"done": done, "wiped": int(erasures.wipe(database))}


def chain_log(_settings: Settings, database: Database, now: datetime) -> dict[str, int]:
    """Link the events that are old enough, and seal the days that are over."""
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
