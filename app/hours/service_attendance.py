"""Arriving and leaving with the code that the host shows: no position of anybody, only that host and student met."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.orm import Session

from app import errors
from app.auth import codes
from app.auth import service as auth
from app.auth.actors import Actor
from app.auth.seals import fingerprint
from app.events import service as events
from app.hours import rules, service_days, service_ledger
from app.hours import service as hours
from app.hours.models import EntryState, HourEntry
from app.placements.models import Party, State

LASTS = timedelta(minutes=10)
"""For so long a code is shown; it is taken for as long again, since people type slowly."""
SIGNS = 6
"""23 to the sixth are 148 million: at the rate at which a student may call, guessing takes longer than a placement."""


class What(StrEnum):
    """What a student does with the code."""

    ARRIVAL = "arrival"
    DEPARTURE = "departure"


class NotTheCode(errors.Invalid):
    """Not the code that the host shows now."""

    title = "The code is not the host's"


class NotArrived(errors.Conflict):
    """Who leaves has come."""

    title = "No arrival is noted today"


class Code(NamedTuple):
    """What the host shows, and until when."""

    text: str
    ends_at: datetime


def show(session: Session, actor: Actor, company_id: UUID, secret: SecretStr, *, now: datetime) -> Code:
    """The code of the moment, for who works there. Raises NoSuchCompany and NotAllowed."""
    auth.require_scope(actor, "placements:read")
    company = service_days.require_host(session, actor, company_id)
    return code_at(company.id, secret, now)


def code_at(company_id: UUID, secret: SecretStr, now: datetime) -> Code:
    """The code of a company at a moment: nobody stores it, and nobody without the secret can make it."""
    slot = int(now.timestamp() // LASTS.total_seconds())
    number = int(fingerprint(secret, "attendance code", str(company_id), str(slot)), 16)
    signs = ""
    for _ in range(SIGNS):
        number, sign = divmod(number, len(codes.ALPHABET))
        signs += codes.ALPHABET[sign]
    return Code(signs, datetime.fromtimestamp((slot + 1) * LASTS.total_seconds(), UTC))


def attend(
    session: Session,
    actor: Actor,
    placement_id: UUID,
    what: What,
    typed: str,
    secret: SecretStr,
    *,
    now: datetime,
) -> HourEntry:
    """Note the student's arrival, or leaving: the first arrival and the last leaving of the day stand.

    The host still confirms the day. Raises NoSuchPlacement, NotYourHours, NotRunning, BadHours, NotTheCode, NotArrived.
    """
    seen = hours.open_for(session, actor, placement_id)
    if seen.party is not Party.STUDENT:
        raise hours.NotYourHours("The code is for the student who comes and goes.")
    placement, today = seen.placement, now.date()
    if placement.state is not State.RUNNING:
        raise hours.NotRunning(f"The placement is {placement.state}.")
    if not _is_shown(placement.company_id, typed, secret, now):
        fault = {"in": "body", "field": "code", "detail": "is not the code that the host shows now"}
        raise NotTheCode(faults=[fault])
    fault_of_day = rules.day_fault(placement, today, today)
    if fault_of_day is not None:
        raise hours.NotRunning(f"Today {fault_of_day}.")
    entry = session.scalar(
        sa.select(HourEntry).where(HourEntry.placement_id == placement_id, HourEntry.worked_on == today),
        execution_options={"populate_existing": True},
    )
    if what is What.ARRIVAL:
        return _arrive(session, actor, placement_id, entry, now)
    if entry is None or entry.arrived_at is None:
        raise NotArrived
    entry.left_at = max(now.astimezone(UTC), entry.arrived_at)
    stayed = round((entry.left_at - entry.arrived_at).total_seconds() / 60)
    hours.say(session, actor, entry, Party.STUDENT, min(stayed, rules.most_minutes(placement)), now)
    session.flush()
    service_ledger.settle(session, [seen.student.id])
    return entry


def _arrive(
    session: Session, actor: Actor, placement_id: UUID, entry: HourEntry | None, now: datetime
) -> HourEntry:
    if entry is None:
        entry = HourEntry(placement_id=placement_id, worked_on=now.date(), state=EntryState.NOTED)
        session.add(entry)
    if entry.arrived_at is None:
        entry.arrived_at = now.astimezone(UTC)
        entry.changed_at, entry.changed_by = now.astimezone(UTC), actor.mark
        session.flush()
        events.record(session, actor, "hours.arrived", placement_id)
    return entry


def _is_shown(company_id: UUID, typed: str, secret: SecretStr, now: datetime) -> bool:
    given = codes.read(typed).encode()
    shown = (code_at(company_id, secret, moment).text.encode() for moment in (now, now - LASTS))
    return any(hmac.compare_digest(given, one) for one in shown)
