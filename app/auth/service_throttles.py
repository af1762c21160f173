"""Back-off after wrong tries, per account, per address and per known device, in the database: all processes share it.

A try is counted before it is judged, and given back when it was right: a thousand at once are a thousand counted.
Nobody is locked out. A device on which somebody has signed in before has a counter of its own for that person, which
strangers cannot raise; a mailed link needs no counter; and mails can be asked for again before the last link ends.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth.devices import Device
from app.auth.models import Throttle
from app.auth.seals import fingerprint
from app.rates import network

FORGOTTEN_AFTER = timedelta(days=1)
"""Without a further wrong try, a counter begins anew."""


class TooManyTries(errors.TooManyRequests):
    """Wrong tries came too fast; Retry-After says when the next one counts. The same for accounts that do not exist."""

    title = "Too many wrong tries"


class Door(StrEnum):
    """What is being tried; each has counters of its own."""

    PASSWORD = "password"  # noqa: S105 -- a name
    CODE = "code"
    SECOND_FACTOR = "second_factor"
    MAIL = "mail"
    CLASS_CODE = "class_code"
    FAMILY_CODE = "family_code"
    INVITATION = "invitation"
    CHECK_IN = "check_in"
    GUEST = "guest"


@dataclass(frozen=True, slots=True)
class Backoff:
    """So many tries are free; then the wait doubles from the first to the longest."""

    free: int
    first_seconds: int
    longest_seconds: int

    def wait(self, tries: int) -> timedelta:
        """How long the next try has to wait after so many."""
        over = tries - self.free
        if over < 0:
            return timedelta()
        doublings = min(over, 20)  # lest the power grow without end
        return timedelta(seconds=min(self.first_seconds * 2**doublings, self.longest_seconds))


TRIES = Backoff(free=5, first_seconds=2, longest_seconds=900)
# A whole school stands behind one address.
TRIES_FROM_ADDRESS = Backoff(free=30, first_seconds=2, longest_seconds=300)
# The longest wait is shorter than a mailed link lives: while somebody floods an account with requests, its owner
# always has a link that works in the mailbox.
MAILS = Backoff(free=3, first_seconds=60, longest_seconds=600)
MAILS_FROM_ADDRESS = Backoff(free=30, first_seconds=2, longest_seconds=300)


@dataclass(frozen=True, slots=True)
class Turn:
    """A try that has been counted. `seconds` is what the next one has to wait if this one is wrong."""

    keys: tuple[str, ...]
    seconds: int


def enter(
    session: Session,
    secret: SecretStr,
    door: Door,
    *,
    account: str | None,
    address: str,
    device: Device,
    now: datetime,
) -> Turn:
    """Count a try at a door; in a write block of its own, before the work. Raises TooManyTries.

    `account` is what names the person, existing or not: an address, lower case or not; None where only the code does.
    """
    limits = _limits(secret, door, account, address, device)
    for key in sorted(limits):
        session.execute(_open, {"key": key, "now": now})
    # In the order of keys, so that those who count at once wait for each other in one direction.
    rows = session.scalars(
        sa.select(Throttle)
        .where(Throttle.key.in_(limits))
        .order_by(Throttle.key)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    wait = max((row.blocked_until - now).total_seconds() for row in rows)
    if wait > 0:
        raise TooManyTries(f"Wait {math.ceil(wait)} s.", headers={"Retry-After": str(math.ceil(wait))})
    longest = timedelta()
    for row in rows:
        row.tries = 1 if row.tried_at <= now - FORGOTTEN_AFTER else row.tries + 1
        pause = limits[row.key].wait(row.tries)
        row.tried_at, row.blocked_until = now, now + pause
        longest = max(longest, pause)
    session.flush()
    return Turn(tuple(sorted(limits)), math.ceil(longest.total_seconds()))


def give_back(session: Session, turn: Turn, now: datetime) -> None:
    """The try was right: it does not count."""
    session.execute(
        sa.update(Throttle)
        .where(Throttle.key.in_(turn.keys), Throttle.tries > 0)
        .values(tries=Throttle.tries - 1, blocked_until=now)
    )


def forget(session: Session, now: datetime) -> int:
    """Delete counters that would begin anew anyway; how many."""
    old = sa.delete(Throttle).where(Throttle.tried_at <= now - FORGOTTEN_AFTER, Throttle.blocked_until <= now)
    return int(session.execute(old).rowcount)  # type: ignore[attr-defined]


_open = sa.text(
    "INSERT INTO throttles (key, tries, tried_at, blocked_until) VALUES (:key, 0, :now, :now) ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("now", type_=Throttle.__table__.c.tried_at.type))


def _limits(
    secret: SecretStr, door: Door, account: str | None, address: str, device: Device
) -> dict[str, Backoff]:
    """The counters that a try goes through. Keyed hashes: the table tells neither accounts nor addresses."""
    is_mail = door in (Door.MAIL, Door.GUEST)
    if account is not None and device.knows(secret, account):
        key = fingerprint(secret, "throttle", door, "device", device.number, _normal(account))
        return {key: MAILS if is_mail else TRIES}
    limits = {
        fingerprint(secret, "throttle", door, "address", network(address)): (
            MAILS_FROM_ADDRESS if is_mail else TRIES_FROM_ADDRESS
        )
    }
    if account is not None:
        key = fingerprint(secret, "throttle", door, "account", _normal(account))
        limits[key] = MAILS if is_mail else TRIES
    return limits


def _normal(account: str) -> str:
    return account.strip().lower()
