"""The diary: two lines a day that the student writes and the school reads."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.events import service as events
from app.hours import rules
from app.hours import service as hours
from app.hours.models import DiaryEntry
from app.placements import service as placements
from app.placements.models import Party
from app.placements.service import Seen


class NoSuchDiaryEntry(errors.NotFound):
    """Nothing is written under this id in the diary of the placement."""

    title = "No such line in the diary"


class NotYourDiary(errors.NotAllowed):
    """The diary is the student's to write, and the school's to read; the host reads none of it."""

    title = "The diary is between student and school"


class BadDiaryDay(errors.Invalid):
    """A day on which there was nothing to write about."""

    title = "Not a day of the diary"


class DayWritten(errors.Conflict):
    """There are lines for this day already."""

    title = "The day is written already"


class Lines(NamedTuple):
    """What the student did, and what the student learnt."""

    did: str
    learnt: str


def search(
    session: Session, actor: Actor, placement_id: UUID, *, after: date | None = None, limit: int
) -> tuple[Seen, list[DiaryEntry]]:
    """The placement and the days that are written, the first first. Raises NoSuchPlacement and NotYourDiary."""
    seen = placements.find(session, actor, placement_id)
    if seen.party not in rules.READS_DIARY:
        raise NotYourDiary
    query = sa.select(DiaryEntry).where(DiaryEntry.placement_id == placement_id)
    if after is not None:
        query = query.where(DiaryEntry.written_on > after)
    return seen, list(session.scalars(query.order_by(DiaryEntry.written_on).limit(limit)))


def read(session: Session, actor: Actor, placement_id: UUID, entry_id: UUID) -> tuple[Seen, DiaryEntry]:
    """One day. Raises NoSuchPlacement, NotYourDiary and NoSuchDiaryEntry."""
    seen, _ = search(session, actor, placement_id, limit=0)
    entry = session.get(DiaryEntry, entry_id)
    if entry is None or entry.placement_id != placement_id:
        raise NoSuchDiaryEntry
    return seen, entry


def write(
    session: Session, actor: Actor, placement_id: UUID, written_on: date, lines: Lines, *, now: datetime
) -> DiaryEntry:
    """Write the lines of a day. Raises NoSuchPlacement, NotYourDiary, NotRunning, BadDiaryDay and DayWritten."""
    seen = _own(session, actor, placement_id)
    detail = rules.day_fault(seen.placement, written_on, now.date())
    if detail is not None:
        raise BadDiaryDay(faults=[{"in": "body", "field": "written_on", "detail": detail}])
    if find(session, placement_id, written_on) is not None:
        raise DayWritten(f"There are lines for {written_on}; change them.")
    entry = DiaryEntry(placement_id=placement_id, written_on=written_on)
    session.add(entry)
    return _put(session, actor, entry, lines, now)


def edit(
    session: Session, actor: Actor, placement_id: UUID, entry_id: UUID, lines: Lines, *, now: datetime
) -> DiaryEntry:
    """Write other lines. Raises NoSuchPlacement, NotYourDiary, NoSuchDiaryEntry and NotRunning."""
    read(session, actor, placement_id, entry_id)
    _own(session, actor, placement_id)
    entry = session.get_one(DiaryEntry, entry_id, populate_existing=True)
    return _put(session, actor, entry, lines, now)


def find(session: Session, placement_id: UUID, written_on: date) -> DiaryEntry | None:
    """What is written for a day of a placement that the caller may read."""
    return session.scalar(
        sa.select(DiaryEntry).where(
            DiaryEntry.placement_id == placement_id, DiaryEntry.written_on == written_on
        )
    )


def _own(session: Session, actor: Actor, placement_id: UUID) -> Seen:
    auth.require_scope(actor, "placements:write")
    if placements.find(session, actor, placement_id).party is not Party.STUDENT:
        raise NotYourDiary
    return hours.open_for(session, actor, placement_id)


def _put(session: Session, actor: Actor, entry: DiaryEntry, lines: Lines, now: datetime) -> DiaryEntry:
    if entry.did == lines.did and entry.learnt == lines.learnt:
        return entry
    entry.did, entry.learnt, entry.written_at = lines.did, lines.learnt, now.astimezone(UTC)
    session.flush()
    # What is written stays out of the log.
    events.record(session, actor, "diary.written", entry.placement_id)
    return entry
