"""The days of placements: who says what of them, one by one, or a week of many students at once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.hours import rules, service_ledger
from app.hours.models import EntryState, HourEntry
from app.hours.rules import Voices
from app.opportunities.models import Opportunity
from app.opportunities.rules import Fault
from app.placements import rules as placement_rules
from app.placements import service as placements
from app.placements.models import Party, Placement
from app.placements.service import Seen
from app.students.models import Student


class NoSuchDay(errors.NotFound):
    """Nobody has said anything about this day of the placement."""

    title = "No such day"


class BadHours(errors.Invalid):
    """A day on which the student was not to be there, or more than a day has; `faults` names the field."""

    title = "These hours cannot be"


class NotRunning(errors.Conflict):
    """The placement has not begun, or its hours are settled for good."""

    title = "Its hours are not open"


class DayNoted(errors.Conflict):
    """Somebody has said something about this day already."""

    title = "The day is noted already"


class SaidMeanwhile(errors.Conflict):
    """Somebody else has said something about the same day; `faults` names each."""

    title = "Somebody else has said something meanwhile"


class NotYourHours(errors.NotAllowed):
    """Hours are said by the student, the host and the school."""

    title = "Not yours to say"


class Said(NamedTuple):
    """What somebody says of a day of a placement; `version` is the one that they have seen, 0 of a day without words."""

    placement_id: UUID
    worked_on: date
    minutes: int
    version: int = 0


# --- reading ----------------------------------------------------------------------------------------------------------


def search(
    session: Session, actor: Actor, placement_id: UUID, *, after: date | None = None, limit: int
) -> tuple[Seen, list[HourEntry]]:
    """The placement and its days of which somebody has said something, the first first. Raises NoSuchPlacement."""
    seen = placements.find(session, actor, placement_id)
    query = sa.select(HourEntry).where(HourEntry.placement_id == placement_id)
    if after is not None:
        query = query.where(HourEntry.worked_on > after)
    return seen, list(session.scalars(query.order_by(HourEntry.worked_on).limit(limit)))


def read(session: Session, actor: Actor, placement_id: UUID, entry_id: UUID) -> tuple[Seen, HourEntry]:
    """One day. Raises NoSuchPlacement and NoSuchDay."""
    seen = placements.find(session, actor, placement_id)
    entry = session.get(HourEntry, entry_id)
    if entry is None or entry.placement_id != placement_id:
        raise NoSuchDay
    return seen, entry


# --- saying -----------------------------------------------------------------------------------------------------------


def note(
    session: Session, actor: Actor, placement_id: UUID, worked_on: date, minutes: int, *, now: datetime
) -> HourEntry:
    """Say something of a day of which nobody has. Raises NoSuchPlacement, NotYourHours, NotRunning, BadHours, DayNoted."""
    seen = open_for(session, actor, placement_id)
    _refuse(hours_faults(seen.placement, worked_on, minutes, now))
    if _entries(session, [seen.placement.id], [worked_on]):
        raise DayNoted(f"There are hours for {worked_on}; change them.")
    entry = HourEntry(placement_id=placement_id, worked_on=worked_on, state=EntryState.NOTED)
    session.add(entry)
    say(session, actor, entry, seen.party, minutes, now)
    service_ledger.settle(session, [seen.student.id])
    return entry


def edit(
    session: Session, actor: Actor, placement_id: UUID, entry_id: UUID, minutes: int, *, now: datetime
) -> HourEntry:
    """Say something else of a day, or answer what others have said: one's own word only.

    Raises NoSuchPlacement, NoSuchDay, NotYourHours, NotRunning and BadHours.
    """
    read(session, actor, placement_id, entry_id)
    seen = open_for(session, actor, placement_id)
    entry = session.get_one(HourEntry, entry_id, populate_existing=True)
    _refuse(hours_faults(seen.placement, entry.worked_on, minutes, now))
    say(session, actor, entry, seen.party, minutes, now)
    service_ledger.settle(session, [seen.student.id])
    return entry


def say_many(session: Session, actor: Actor, said: Sequence[Said], *, now: datetime) -> list[HourEntry]:
    """The host's, or the school's, word about days of several placements: all or none; to repeat it changes nothing.

    Raises NotYourHours, BadHours with a fault for each item that cannot be, NotRunning and SaidMeanwhile.
    """
    auth.require_scope(actor, "placements:write")
    found = _seen(session, actor, {one.placement_id for one in said})
    _refuse(_unfit(said, found, now))
    lock(session, [seen.student.id for seen in found.values()])
    for seen in found.values():
        _refuse_closed(seen.placement)
    entries = _entries(session, list(found), {one.worked_on for one in said})
    _refuse_overtaken(said, found, entries)
    for one in said:
        entry = entries.get((one.placement_id, one.worked_on))
        if entry is None:
            entry = entries[one.placement_id, one.worked_on] = HourEntry(
                placement_id=one.placement_id, worked_on=one.worked_on, state=EntryState.NOTED
            )
            session.add(entry)
        say(session, actor, entry, found[one.placement_id].party, one.minutes, now)
    service_ledger.settle(session, {seen.student.id for seen in found.values()})
    return [entries[one.placement_id, one.worked_on] for one in said]


def open_for(session: Session, actor: Actor, placement_id: UUID) -> Seen:
    """A placement whose days the actor may speak of, its student locked until the block ends.

    Raises NoSuchPlacement, NotYourHours and NotRunning.
    """
    auth.require_scope(actor, "placements:write")
    seen = placements.find(session, actor, placement_id)
    if seen.party not in rules.VOICE:
        raise NotYourHours("Whoever runs the service was not there.")
    lock(session, [seen.student.id])
    session.refresh(seen.placement)
    _refuse_closed(seen.placement)
    return seen


def say(session: Session, actor: Actor, entry: HourEntry, party: Party, minutes: int, now: datetime) -> None:
    """Put down one side's word, and whose stands; the same word again changes nothing."""
    voice = rules.VOICE[party]
    if getattr(entry, voice) == minutes:
        return
    setattr(entry, voice, minutes)
    entry.state = rules.state(voices(entry))
    entry.changed_at, entry.changed_by = now.astimezone(UTC), actor.mark
    session.flush()
    events.record(
        session, actor, "hours.said", entry.placement_id, {"for": party.value, "to": entry.state.value}
    )


def voices(entry: HourEntry) -> Voices:
    """What each side has said."""
    return Voices(entry.student_minutes, entry.host_minutes, entry.school_minutes)


def lock(session: Session, student_ids: Iterable[UUID]) -> None:
    """Let whoever speaks of the same students wait; in the order of their ids, so that nobody waits in a circle."""
    wanted = sa.select(Student.id).where(Student.id.in_(set(student_ids)))
    session.execute(wanted.order_by(Student.id).with_for_update())


def hours_faults(placement: Placement, worked_on: date, minutes: int, now: datetime) -> list[Fault]:
    """What cannot be of these hours, on the clocks of the territory."""
    return rules.hours_faults(placement, worked_on, minutes, now.date())


def _refuse(faults: Collection[tuple[str, str]]) -> None:
    if faults:
        raise BadHours(faults=[{"in": "body", "field": field, "detail": detail} for field, detail in faults])


def _refuse_closed(placement: Placement) -> None:
    if placement.state not in rules.WORKED:
        raise NotRunning(f"The placement is {placement.state}.")


def _entries(
    session: Session, placement_ids: Collection[UUID], days: Collection[date]
) -> dict[tuple[UUID, date], HourEntry]:
    # What the block has read before may be older than the lock.
    rows = session.scalars(
        sa.select(HourEntry).where(HourEntry.placement_id.in_(placement_ids), HourEntry.worked_on.in_(days)),
        execution_options={"populate_existing": True},
    )
    return {(entry.placement_id, entry.worked_on): entry for entry in rows}


# --- many at once -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Mine:
    placement: Placement
    student: Student
    party: Party


def _seen(session: Session, actor: Actor, placement_ids: Collection[UUID]) -> Mapping[UUID, _Mine]:
    """Those of the placements that are the actor's, as host or as school."""
    rows = session.execute(
        sa.select(Placement, Student, Opportunity.kind)
        .join(Student, Student.id == Placement.student_id)
        .join(Opportunity, Opportunity.id == Placement.opportunity_id)
        .where(Placement.id.in_(placement_ids))
        .order_by(Placement.id)
    )
    found = {}
    for placement, student, kind in rows:
        party = placement_rules.party_of(actor, student, placement.company_id, kind)
        if party in (Party.STUDENT, Party.SERVICE):
            raise NotYourHours("Only the host and the school speak of many days at once.")
        if party is not None:
            found[placement.id] = _Mine(placement, student, party)
    return found


def _unfit(said: Sequence[Said], found: Mapping[UUID, _Mine], now: datetime) -> list[Fault]:
    faults = []
    known: set[tuple[UUID, date]] = set()
    for number, one in enumerate(said):
        seen = found.get(one.placement_id)
        if seen is None:
            faults.append(Fault("placement_id", "no placement of yours has this id"))
        elif (one.placement_id, one.worked_on) in known:
            faults.append(Fault("worked_on", "stands there twice"))
        else:
            faults += hours_faults(seen.placement, one.worked_on, one.minutes, now)
        faults = [
            one if one.field.startswith("items.") else Fault(f"items.{number}.{one.field}", one.detail)
            for one in faults
        ]
        known.add((one.placement_id, one.worked_on))
    return faults


def _refuse_overtaken(
    said: Sequence[Said], found: Mapping[UUID, _Mine], entries: Mapping[tuple[UUID, date], HourEntry]
) -> None:
    faults = []
    for number, one in enumerate(said):
        entry = entries.get((one.placement_id, one.worked_on))
        if entry is None or entry.version == one.version:
            continue
        if getattr(entry, rules.VOICE[found[one.placement_id].party]) != one.minutes:
            detail = f"the day has version {entry.version} by now"
            faults.append({"in": "body", "field": f"items.{number}.version", "detail": detail})
    if faults:
        raise SaidMeanwhile(faults=faults)
