"""The chain over the log: each event's link stands on the one before it, and the end of each day is kept apart.

The worker makes the links some minutes after the events, in the order of their moments, so that recording an event waits
for nothing. An event enters with seals in place of the ids of people: whoever is forgotten takes the salts along, and the
chain still holds.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db
from app.events.models import AuditDay, Event
from app.events.service import seal

START = "0" * 64
"""What the first link stands on."""
DELAY = timedelta(minutes=15)
"""No transaction lasts so long: what happened earlier is committed, and nothing comes to stand before it."""
AT_ONCE = 2000

_EVENTS = Event.__table__.c
_rows = sa.select(Event.__table__).order_by(_EVENTS.at, _EVENTS.id)


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing wrong: an event, or only a day where no single event can be named."""

    event_id: int | None
    day: date
    reason: str


@dataclass(frozen=True, slots=True)
class Report:
    """How much holds together, the end of the chain, and what does not, if anything."""

    events: int
    days: int
    waiting: int
    head: str
    finding: Finding | None


# --- making -----------------------------------------------------------------------------------------------------------


def extend(session: Session, now: datetime, *, at_once: int = AT_ONCE) -> int:
    """Link the next events that are old enough; how many. Two who do it at once write the same links."""
    last = session.execute(_last_linked).one_or_none()
    until = now.astimezone(UTC) - DELAY
    wanted = _rows.where(_EVENTS.chain.is_(None), _EVENTS.at <= until).limit(at_once)
    head = START
    if last is not None:
        head = last.chain
        wanted = wanted.where(sa.tuple_(_EVENTS.at, _EVENTS.id) > sa.tuple_(_moment(last.at), last.id))
    links = []
    for row in session.execute(wanted):
        head = _link(head, row)
        links.append({"of": row.id, "link": head})
    if links:
        session.connection().execute(_write_link, links)
    return len(links)


_last_linked = (
    sa.select(_EVENTS.at, _EVENTS.id, _EVENTS.chain)
    .where(_EVENTS.chain.is_not(None))
    .order_by(_EVENTS.at.desc(), _EVENTS.id.desc())
    .limit(1)
)
_write_link = (
    sa.update(Event.__table__)  # type: ignore[arg-type]
    .where(_EVENTS.id == sa.bindparam("of"), _EVENTS.chain.is_(None))
    .values(chain=sa.bindparam("link"))
)


def _moment(at: datetime) -> sa.ColumnElement[datetime]:
    return sa.literal(at, _EVENTS.at.type)


def _link(before: str, row: Any) -> str:
    told = [
        row.id, row.at.astimezone(UTC).isoformat(timespec="microseconds"), row.action, row.object_type,
        row.object_seal, row.actor_kind, row.actor_seal, row.data,
    ]  # fmt: skip
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{before}\n{text}".encode()).hexdigest()


def seal_days(session: Session, now: datetime) -> list[AuditDay]:
    """Keep the end of the chain for each day that is over and linked; the days that were sealed now."""
    last = session.scalar(sa.select(sa.func.max(AuditDay.day)))
    until = (now.astimezone(UTC) - DELAY).date()
    first_event = session.scalar(sa.select(sa.func.min(_EVENTS.at)))
    if first_event is None:
        return []
    sealed = []
    day = max(first_event.astimezone(UTC).date(), last + timedelta(days=1) if last else date.min)
    while day < until:
        found = _of_day(session, day)
        if found is None:
            break
        if found[0]:
            row = {"day": day, "events": found[0], "digest": found[1], "sealed_at": now}
            session.execute(db.inserting(session, AuditDay).values(row).on_conflict_do_nothing())
            sealed.append(AuditDay(**row))
        day += timedelta(days=1)
    return sealed


def _of_day(session: Session, day: date) -> tuple[int, str] | None:
    """How many events the day has and its last link; None while one of them has no link yet."""
    begin = datetime.combine(day, time(), UTC)
    within = sa.and_(_EVENTS.at >= begin, _EVENTS.at < begin + timedelta(days=1))
    number, linked = session.execute(
        sa.select(sa.func.count(), sa.func.count(_EVENTS.chain)).where(within)
    ).one()
    if number != linked:
        return None
    last = sa.select(_EVENTS.chain).where(within).order_by(_EVENTS.at.desc(), _EVENTS.id.desc()).limit(1)
    return number, session.scalar(last) or ""


# --- checking ---------------------------------------------------------------------------------------------------------


def verify(session: Session, *, gone: Collection[UUID], head: str | None = None) -> Report:
    """Compute every link and every day again.

    Parameters
    ----------
    gone
        The ids that may stand where a salt is missing: those of tombstones.
    head
        An end of the chain that was noted elsewhere, in a log for instance; it must still be one of the links.
    """
    days = {row.day: row for row in session.scalars(sa.select(AuditDay))}
    check = _Check(days, frozenset(str(one) for one in gone), head)
    with session.execute(_rows.execution_options(yield_per=AT_ONCE)) as rows:
        for row in rows:
            check.take(row)
            if check.finding is not None:
                break
    return check.report()


class _Check:
    """Walks along the chain and stops at the first thing that is wrong."""

    def __init__(self, days: dict[date, AuditDay], gone: frozenset[str], wanted_head: str | None) -> None:
        self.days, self.gone, self.wanted_head = days, gone, wanted_head
        self.head, self.events, self.waiting = START, 0, 0
        self.day: date | None = None
        self.of_day = 0
        self.days_done: set[date] = set()
        self.unlinked: Any = None
        self.finding: Finding | None = None

    def take(self, row: Any) -> None:
        day = row.at.astimezone(UTC).date()
        # The event before the day: where both are wrong, an event says more.
        for reason in self._faults(row):
            self.finding = Finding(row.id, day, reason)
            return
        if day != self.day:
            self._end_day()
            self.day, self.of_day = day, 0
        if self.finding is not None:
            return
        if row.chain is None and day in self.days:
            self.finding = Finding(row.id, day, "came in after its day was sealed")
            return
        if row.chain is None:
            self.waiting += 1
            self.unlinked = self.unlinked or row
            return
        if self.unlinked is not None:
            at = self.unlinked.at.astimezone(UTC).date()
            self.finding = Finding(self.unlinked.id, at, "came in after the events behind it were linked")
            return
        self.head = row.chain
        self.events += 1
        self.of_day += 1
        if self.wanted_head == row.chain:
            self.wanted_head = None

    def _faults(self, row: Any) -> Iterator[str]:
        if row.chain is not None and row.chain != _link(self.head, row):
            yield "does not follow from the event before it: changed, moved, or something before it is missing"
        for salt, sealed, named in (
            (row.object_salt, row.object_seal, row.object_id),
            (row.actor_salt, row.actor_seal, row.actor_id),
        ):
            if salt and seal(salt, str(named)) != sealed:
                yield "names somebody or something else than when it was recorded"
            elif not salt and named and str(named) not in self.gone:
                yield "names somebody or something without a seal"

    def _end_day(self) -> None:
        if self.day is None:
            return
        kept = self.days.get(self.day)
        self.days_done.add(self.day)
        if kept is None:
            if any(day > self.day for day in self.days):
                self.finding = Finding(None, self.day, "the day's seal is missing")
        elif kept.events != self.of_day or (self.of_day and kept.digest != self.head):
            reason = f"the day was sealed with {kept.events} events and another end of the chain"
            self.finding = Finding(None, self.day, reason)

    def report(self) -> Report:
        """What was found, with what shows only at the end."""
        if self.finding is None:
            self._end_day()
        if self.finding is None:
            empty = sorted(self.days.keys() - self.days_done)
            if empty:
                self.finding = Finding(None, empty[0], "the day was sealed, and has no events any more")
            elif self.wanted_head is not None:
                reason = "the chain does not have the end that was noted"
                self.finding = Finding(None, self.day or date.min, reason)
        return Report(
            self.events, len(self.days_done & self.days.keys()), self.waiting, self.head, self.finding
        )
