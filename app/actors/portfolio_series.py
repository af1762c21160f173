"""How the series of a portfolio are filled, and whom to ask for each: pure, out of sessions and companies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from app.actors import portfolio
from app.actors.portfolio import Candidate, EventSession, Gaps, Suggestion
from app.actors.rules import Areas
from app.network.rules import told

MOST_ASKED = 3


class Filling(StrEnum):
    """How the seats of a series are taken: somebody waits; fewer than half are; neither."""

    OVERBOOKED = "overbooked"
    HALF_EMPTY = "half_empty"
    EVEN = "even"


class NamedSeries(NamedTuple):
    """A series, or what is in none: without an id."""

    id: UUID | None
    it: str
    en: str


NO_SERIES = NamedSeries(None, "Fuori dalle rassegne", "In no series")


class SeriesLoad(NamedTuple):
    """A series on the days of the portfolio. `attended` are people as `told`; `lacking` are districts that it does not reach."""

    series: NamedSeries
    sessions: int
    seats: int
    seats_taken: int
    waiting: int
    attended: int
    lacking: Sequence[str]
    suggestions: Sequence[Suggestion]

    @property
    def filling(self) -> Filling:
        """Whether it has too few seats, or too many."""
        if self.waiting:
            return Filling.OVERBOOKED
        return Filling.HALF_EMPTY if 2 * self.seats_taken < self.seats else Filling.EVEN


def loads(
    sessions: Sequence[EventSession],
    series_of: Mapping[UUID, NamedSeries],
    attended: Mapping[UUID, int],
    candidates: Collection[Candidate],
    areas: Areas,
    day: date,
) -> list[SeriesLoad]:
    """Each series by name, and last what is in none; `series_of` is by opportunity, `attended` by session.

    Whoever lies in a district that a series does not reach is asked for it: more guests for empty seats, or more seats.
    """
    found: dict[NamedSeries, list[EventSession]] = defaultdict(list)
    for one in sessions:
        found[series_of.get(one.opportunity_id, NO_SERIES)].append(one)
    return [
        _load(series, found[series], attended, candidates, areas, day)
        for series in sorted(found, key=lambda one: (one.id is None, one.it, str(one.id)))
    ]


def _load(
    series: NamedSeries,
    sessions: Sequence[EventSession],
    attended: Mapping[UUID, int],
    candidates: Collection[Candidate],
    areas: Areas,
    day: date,
) -> SeriesLoad:
    reached = {key for one in sessions for key in one.districts}
    lacking = tuple(one.key for one in areas.districts if one.key not in reached) if series.id else ()
    gaps = Gaps(lacking, (), (), ())
    return SeriesLoad(
        series,
        len(sessions),
        sum(one.seats for one in sessions),
        sum(one.seats_taken for one in sessions),
        sum(one.waiting for one in sessions),
        told(sum(attended.get(one.id, 0) for one in sessions)),
        lacking,
        portfolio.suggest(candidates, gaps, areas, day, most=MOST_ASKED) if lacking else (),
    )
