"""What a portfolio of events lacks, and whom to ask next: pure, out of sessions, gaps and companies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app import errors
from app.actors.rules import Areas
from app.appetites.models import Appetite
from app.places.gazetteer import search_key

LOOK = timedelta(days=5)
"""So long before it a session with fewer than half of its seats taken is half-empty."""
LOW_LOAD = 2
"""A company that is sent less than this part of its most is easy to ask."""


LONGEST = timedelta(days=366)
USUAL = timedelta(weeks=8)


class UnfitSpan(errors.Invalid):
    """The last day lies before the first, or more than a year after it."""

    title = "Not a span of days to look at"


def span(first: date | None, last: date | None, today: date) -> tuple[date, date]:
    """The days to look at, from today for eight weeks unless it is said otherwise. Raises UnfitSpan.

    >>> span(None, None, date(2026, 1, 12))
    (datetime.date(2026, 1, 12), datetime.date(2026, 3, 8))
    """
    starts_on = first or today
    ends_on = last or starts_on + USUAL - timedelta(days=1)
    if not timedelta() <= ends_on - starts_on <= LONGEST:
        detail = "is before starts_on" if ends_on < starts_on else "is more than a year after starts_on"
        raise UnfitSpan(faults=[{"in": "query", "field": "ends_on", "detail": detail}])
    return starts_on, ends_on


@dataclass(frozen=True, slots=True)
class EventSession:
    """One date of an event. `topics` are its skills; `waiting` counts people; moments are those of the territory's clocks."""

    id: UUID
    opportunity_id: UUID
    title: str
    company_id: UUID
    company: str
    starts_at: datetime
    municipality_istat: str | None
    place: str | None
    districts: frozenset[str]
    sectors: frozenset[str]
    topics: frozenset[str]
    seats: int
    seats_taken: int
    waiting: int

    @property
    def day(self) -> date:
        """On which it is."""
        return self.starts_at.date()

    @property
    def places(self) -> frozenset[str]:
        """Where others would meet it: its districts, else its municipality; online it meets nobody."""
        return self.districts or frozenset(filter(None, [self.municipality_istat]))


class Clash(NamedTuple):
    """Sessions of different events that want the same people: the same day, the same place, the same topics."""

    day: date
    place: str
    topics: tuple[str, ...]
    sessions: tuple[EventSession, ...]


class Week(NamedTuple):
    """The sessions from a Monday on, in their order."""

    monday: date
    sessions: tuple[EventSession, ...]


def weeks(sessions: Iterable[EventSession]) -> list[Week]:
    """Sessions by week, those without any left out."""
    found: dict[date, list[EventSession]] = defaultdict(list)
    for one in sorted(sessions, key=_order):
        found[one.day - timedelta(days=one.day.weekday())].append(one)
    return [Week(monday, tuple(found[monday])) for monday in sorted(found)]


def _order(one: EventSession) -> tuple[datetime, str, UUID]:
    return one.starts_at, one.title, one.id


def clashes(sessions: Iterable[EventSession]) -> list[Clash]:
    """Where different events take each other's guests; the same sessions stand there once, with all that they share."""
    together: dict[tuple[date, str, str], list[EventSession]] = defaultdict(list)
    for one in sorted(sessions, key=_order):
        for place in one.places:
            for topic in one.topics:
                together[one.day, place, topic].append(one)
    topics: dict[tuple[date, str, tuple[EventSession, ...]], list[str]] = defaultdict(list)
    for (day, place, topic), met in together.items():
        if len({one.opportunity_id for one in met}) > 1:
            topics[day, place, tuple(met)].append(topic)
    found = [Clash(day, place, tuple(sorted(shared)), met) for (day, place, met), shared in topics.items()]
    return sorted(found, key=lambda one: (one.day, one.place, -len(one.sessions), one.topics))


def duplicates(sessions: Iterable[EventSession]) -> list[tuple[EventSession, ...]]:
    """Sessions on one day of events that a company has written twice, under the same title."""
    same: dict[tuple[date, UUID, str], list[EventSession]] = defaultdict(list)
    for one in sorted(sessions, key=_order):
        same[one.day, one.company_id, search_key(one.title)].append(one)
    return [tuple(ones) for ones in same.values() if len({one.opportunity_id for one in ones}) > 1]


def overbooked(sessions: Iterable[EventSession]) -> list[EventSession]:
    """Sessions with a waiting list, the longest first."""
    return sorted((one for one in sessions if one.waiting), key=lambda one: (-one.waiting, *_order(one)))


def is_half_empty(one: EventSession, now: datetime) -> bool:
    """Whether fewer than half of the seats are taken, five days before and later."""
    return now >= one.starts_at - LOOK and 2 * one.seats_taken < one.seats


# --- gaps -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Gaps:
    """What no session reaches: keys of districts and priority areas, ids of programmes, years of the course."""

    districts: tuple[str, ...]
    priorities: tuple[str, ...]
    programmes: tuple[str, ...]
    years: tuple[int, ...]


def gaps(
    sessions: Sequence[EventSession],
    areas: Areas,
    *,
    classes: Collection[tuple[str | None, int]],
    reached: Collection[tuple[str | None, int]],
    day: date,
) -> Gaps:
    """Districts and priority areas without a session; programmes and years of `classes` of which none is `reached`."""
    with_events = {key for one in sessions for key in one.districts}
    cared_for = {key for one in sessions for key in areas.priorities_of(one.districts, one.sectors, day)}
    programmes = {programme for programme, _ in classes} - {programme for programme, _ in reached}
    return Gaps(
        tuple(one.key for one in areas.districts if one.key not in with_events),
        tuple(
            one.key
            for one in areas.priorities
            if one.is_on(day) and (one.district or one.sector) and one.key not in cared_for
        ),
        tuple(sorted(programme for programme in programmes if programme is not None)),
        tuple(sorted({year for _, year in classes} - {year for _, year in reached})),
    )


# --- companies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Candidate:
    """A company that could be asked. `programmes` are those that its opportunities, of any year, are meant for."""

    company_id: UUID
    name: str
    districts: frozenset[str] = frozenset()
    sectors: frozenset[str] = frozenset()
    programmes: frozenset[str] = frozenset()
    appetite: Appetite | None = None
    sent: int = 0
    most: int = 1
    is_paused: bool = False
    is_hidden: bool = False
    is_invited: bool = False
    has_offered: bool = False
    has_event: bool = False

    @property
    def is_left_alone(self) -> bool:
        """Whether it must not be asked: it said no, it is hidden or pauses, is full, or has an event already."""
        return (
            self.appetite in (Appetite.NOT_THIS_YEAR, Appetite.ORGANISED)
            or self.is_hidden
            or self.is_paused
            or self.sent >= self.most
            or self.has_event
        )


class Why(StrEnum):
    """Why a company should be asked next; the first three cover a gap."""

    DISTRICT = "district"
    PRIORITY = "priority"
    PROGRAMME = "programme"
    WANTS = "wants"
    LOW_LOAD = "low_load"
    NEVER_INVITED = "never_invited"


class Ground(NamedTuple):
    """A reason, and the gap that it covers."""

    why: Why
    key: str = ""


class Suggestion(NamedTuple):
    """Whom to ask, and why."""

    candidate: Candidate
    grounds: tuple[Ground, ...]


COVERS = (Why.DISTRICT, Why.PRIORITY, Why.PROGRAMME)
WEIGHTS: Mapping[Why, int] = {
    Why.DISTRICT: 3, Why.PRIORITY: 3, Why.PROGRAMME: 3, Why.WANTS: 2, Why.LOW_LOAD: 1, Why.NEVER_INVITED: 1,
}  # fmt: skip


def grounds(one: Candidate, lacking: Gaps, areas: Areas, day: date) -> tuple[Ground, ...]:
    """Why to ask a company; none where it is left alone, or covers nothing that is lacking.

    >>> lacking = Gaps(("imola",), (), (), ())
    >>> grounds(Candidate(UUID(int=1), "Reno", frozenset({"imola"})), lacking, Areas(), date(2026, 1, 12))[0]
    Ground(why=<Why.DISTRICT: 'district'>, key='imola')
    >>> grounds(Candidate(UUID(int=1), "Reno", frozenset({"imola"}), sent=1), lacking, Areas(), date(2026, 1, 12))
    ()
    """
    if one.is_left_alone:
        return ()
    cared_for = areas.priorities_of(one.districts, one.sectors, day)
    covering = [
        *(Ground(Why.DISTRICT, key) for key in lacking.districts if key in one.districts),
        *(Ground(Why.PRIORITY, key) for key in lacking.priorities if key in cared_for),
        *(Ground(Why.PROGRAMME, key) for key in lacking.programmes if key in one.programmes),
    ]
    if not covering:
        return ()
    if one.appetite is not None:
        covering.append(Ground(Why.WANTS))
    if LOW_LOAD * one.sent < one.most:
        covering.append(Ground(Why.LOW_LOAD))
    if not one.is_invited:
        covering.append(Ground(Why.NEVER_INVITED))
    return tuple(covering)


def suggest(
    candidates: Iterable[Candidate], lacking: Gaps, areas: Areas, day: date, *, most: int
) -> list[Suggestion]:
    """Whom to ask next, the best grounded first; of equals who is sent least, then by name.

    A gap that somebody ahead covers counts for less, so that the first few cover more than one gap.
    """
    left = [Suggestion(one, why) for one in candidates if (why := grounds(one, lacking, areas, day))]
    covered: Counter[Ground] = Counter()

    def key(one: Suggestion) -> tuple[float, int, str, UUID]:
        weights: dict[Why, float] = defaultdict(float)
        for ground in one.grounds:
            # Ten programmes are no better a reason than one.
            weight = WEIGHTS[ground.why] / (1 + covered[ground])
            weights[ground.why] = max(weights[ground.why], weight)
        weight = sum(weights.values())
        return -weight, one.candidate.sent, one.candidate.name.casefold(), one.candidate.company_id

    found: list[Suggestion] = []
    while left and len(found) < most:
        best = min(left, key=key)
        left.remove(best)
        found.append(best)
        covered.update(ground for ground in best.grounds if ground.why in COVERS)
    return found
