"""Which sessions get in each other's way: the same host or room at the same time, or the same topic nearby in one week."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from app.db import folded

NEARBY = timedelta(days=7)


class ClashKind(StrEnum):
    """What two sessions share, the gravest first; `TEST` is no other session but a test of a class that comes."""

    ROOM = "room"
    HOST = "host"
    TEST = "test"
    TOPIC = "topic"


@dataclass(frozen=True, slots=True)
class Slot:
    """A session, planned or only thought of."""

    id: UUID
    opportunity_id: UUID
    company_id: UUID
    starts_at: datetime
    ends_at: datetime
    room: str = ""
    municipality_istat: str | None = None
    skill_ids: frozenset[str] = frozenset()

    @property
    def room_key(self) -> str:
        """The room without what people write differently: case, accents and blanks; where none is said, the event's own place."""
        return " ".join(folded(self.room).split()) or str(self.opportunity_id)


@dataclass(frozen=True, slots=True)
class Clash:
    """Two sessions that share something; the pair stands in the order of their beginnings."""

    kind: ClashKind
    first: UUID
    second: UUID


def clashes(slots: Iterable[Slot]) -> list[Clash]:
    """Every pair of sessions that clash, once, by the gravest kind; in n log n, and as many steps as there are pairs."""
    slots = list(slots)
    found: dict[tuple[UUID, UUID], ClashKind] = {}
    by_host: defaultdict[Hashable, list[Slot]] = defaultdict(list)
    by_topic: defaultdict[Hashable, list[Slot]] = defaultdict(list)
    for slot in slots:
        by_host[slot.company_id].append(slot)
        for skill_id in slot.skill_ids if slot.municipality_istat is not None else ():
            by_topic[slot.municipality_istat, skill_id].append(slot)
    for group in by_host.values():
        for first, second in overlaps(group):
            is_room = first.room_key == second.room_key
            found[first.id, second.id] = ClashKind.ROOM if is_room else ClashKind.HOST
    for group in by_topic.values():
        for first, second in overlaps(group, margin=NEARBY):
            if first.company_id != second.company_id:
                found.setdefault((first.id, second.id), ClashKind.TOPIC)
    return [Clash(kind, *pair) for pair, kind in found.items()]


def overlaps(slots: Iterable[Slot], *, margin: timedelta = timedelta()) -> Iterator[tuple[Slot, Slot]]:
    """Pairs that overlap, or lie within the margin: a line sweeps over the beginnings. One that ends as another begins does not."""
    running: list[tuple[datetime, UUID, Slot]] = []
    for slot in sorted(slots, key=lambda one: (one.starts_at, one.id)):
        while running and running[0][0] <= slot.starts_at:
            heapq.heappop(running)
        for _, _, other in running:
            yield other, slot
        heapq.heappush(running, (slot.ends_at + margin, slot.id, slot))
