"""A year of visits booked by the published rule, and by first come, first served, on the same arrivals.

    python -m benchmarks.fair_booking [--seeds 30] [--events 60]

Schools are of different size, and some learn of an event hours after it is published, others days or weeks. Students and
whole classes ask, cancel, answer offers or do not, and some stay away. The rule is `app.bookings.rules`, and nothing of it
is written again here. Beside it stand first come, first served with a waiting list, where the earliest who fits is next,
and without one, where a seat that comes free is for whoever asks next. Figures are means over seeded years, differences
are paired by year, with 95 % intervals.
"""

from __future__ import annotations

import argparse
import heapq
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from uuid import UUID

from app.bookings import rules
from app.bookings.models import BookingState
from app.bookings.rules import Guest, Hall, Limits, Share, Turn, Waiter

START = datetime(2026, 9, 14, 8, tzinfo=UTC)
LIMITS = Limits(hold=timedelta(minutes=15), offer=timedelta(hours=48))
CLOCK = timedelta(hours=6)
"""So often the clock looks whether somebody who waits can be served, in the last days."""
LAST_DAYS = timedelta(days=8)
ANSWER_HOURS = 10
"""The mean; an answer that comes after the offer's time is none."""
SCHOOLS = 14
GROUPS = 0.12
"""Of the requests."""
CANCELS, SILENT, DECLINES, ABSENT = 0.14, 0.12, 0.12, 0.1

Policy = Callable[[Hall, Collection[Waiter], Mapping[UUID, int]], Turn | None]


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks when for which session, and what they will do; the same whatever the policy."""

    id: UUID
    visit: int
    guest: Guest
    people: int
    asked_at: datetime
    cancels: float | None
    """At this part of the time between booking and session."""
    accepts: bool
    answers_after: timedelta | None
    """None is never."""
    is_absent: bool


@dataclass(frozen=True, slots=True)
class Event:
    """Sessions with the same seats and limits."""

    starts: tuple[datetime, ...]
    seats: int
    shares: tuple[Share, ...]
    requests: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Year:
    """Events, and how quick each school is: 0 the quickest, 1 the slowest."""

    events: tuple[Event, ...]
    slowness: Mapping[UUID, float]


def first_come(hall: Hall, waiters: Collection[Waiter], _served: Mapping[UUID, int]) -> Turn | None:
    """The earliest who fits."""
    for one in sorted(waiters, key=lambda one: (one.asked_at, one.draw)):
        if one.people <= rules.room(hall, one.guest):
            return Turn(one, ())
    return None


# --- the year ---------------------------------------------------------------------------------------------------------


def invent(seed: int, events: int = 60) -> Year:
    """A year; the same for the same seed."""
    chance = random.Random(seed)
    schools = [UUID(int=chance.getrandbits(128), version=4) for _ in range(SCHOOLS)]
    size = {one: chance.lognormvariate(0, 0.7) for one in schools}
    slowness = {one: rank / (SCHOOLS - 1) for rank, one in enumerate(schools)}
    return Year(tuple(_event(chance, size, slowness) for _ in range(events)), slowness)


def _event(chance: random.Random, size: Mapping[UUID, float], slowness: Mapping[UUID, float]) -> Event:
    opened = START + timedelta(days=chance.uniform(0, 200))
    first = opened + timedelta(days=chance.uniform(25, 60))
    starts = tuple(sorted(first + timedelta(days=chance.uniform(0, 14)) for _ in range(chance.randint(1, 3))))
    seats = chance.randint(20, 60)
    wanted = seats * len(starts) * chance.lognormvariate(0.25, 0.6)
    limit = Share(_id(chance), None, most_groups=2)
    requests: list[Request] = []
    people = 0
    while people < wanted:
        [school] = chance.choices(list(size), list(size.values()))
        is_group = chance.random() < GROUPS
        visit = chance.randrange(len(starts))
        number = chance.randint(16, min(27, seats)) if is_group else 1
        # The quickest schools ask within hours, the slowest after two weeks.
        asked_at = opened + timedelta(days=0.1 + 14 * slowness[school] ** 2) * chance.expovariate(1)
        if asked_at < starts[visit] - timedelta(hours=1):
            requests.append(
                Request(
                    _id(chance), visit, Guest(school, 4, None, is_group), number, asked_at,
                    chance.random() if chance.random() < CANCELS else None,
                    chance.random() >= DECLINES,
                    None if chance.random() < SILENT else timedelta(hours=chance.expovariate(1 / ANSWER_HOURS)),
                    chance.random() < ABSENT,
                )
            )  # fmt: skip
        people += number
    return Event(starts, seats, (limit,) if chance.random() < 0.2 else (), tuple(requests))


def _id(chance: random.Random) -> UUID:
    return UUID(int=chance.getrandbits(128), version=4)


# --- one event --------------------------------------------------------------------------------------------------------


class Booked:
    """An event as it is booked by a policy."""

    def __init__(self, event: Event, policy: Policy, *, has_list: bool = True) -> None:
        self._event, self._policy, self._has_list = event, policy, has_list
        self._requests = {one.id: one for one in event.requests}
        self._waiting: list[dict[UUID, int]] = [{} for _ in event.starts]
        """Of each session, who waits, and how often each was passed over."""
        self._seated: list[dict[UUID, Request]] = [{} for _ in event.starts]
        self._offered: set[UUID] = set()
        self._served: Counter[UUID] = Counter()
        self._draws = {one.id: rules.draw(one.visit, one.id) for one in event.requests}
        self.booked_at: dict[UUID, datetime] = {}
        self._agenda: list[tuple[datetime, int, int, Request | None, Callable[..., None]]] = []
        self._order = count()
        for one in event.requests:
            self._plan(one.asked_at, self._ask, one.visit, one)
        for visit, starts_at in enumerate(event.starts):
            for number in range(1, LAST_DAYS // CLOCK):
                self._plan(starts_at - number * CLOCK, self._serve, visit)
        while self._agenda:
            now, _, visit, request, act = heapq.heappop(self._agenda)
            if now < event.starts[visit]:
                act(visit if request is None else request, now)

    @property
    def coming(self) -> list[Request]:
        """Who has a seat when the session begins."""
        return [one for here in self._seated for one in here.values() if one.id not in self._offered]

    def _plan(
        self, at: datetime, act: Callable[..., None], visit: int, request: Request | None = None
    ) -> None:
        heapq.heappush(self._agenda, (at, next(self._order), visit, request, act))

    def _ask(self, request: Request, now: datetime) -> None:
        hall = self._hall(request.visit, now)
        if request.people > rules.most(hall, request.guest):
            return
        self._waiting[request.visit][request.id] = 0
        self._serve(request.visit, now, newcomer=request.id)
        if not self._has_list:
            self._waiting[request.visit].pop(request.id, None)

    def _serve(self, visit: int, now: datetime, newcomer: UUID | None = None) -> None:
        while (turn := self._next(visit, now)) is not None:
            for one in turn.passed:
                self._waiting[visit][one.id] += 1
            request = self._requests[turn.served.id]
            del self._waiting[visit][request.id]
            self._seated[visit][request.id] = request
            self._served[request.guest.school_id] += request.people
            if request.id == newcomer:
                self._book(request, now)
            else:
                self._offer(request, now)

    def _offer(self, request: Request, now: datetime) -> None:
        self._offered.add(request.id)
        due_at = rules.due_at(BookingState.OFFERED, self._event.starts[request.visit], now, LIMITS)
        assert due_at is not None
        if request.answers_after is None or now + request.answers_after >= due_at:
            self._plan(due_at, self._decline, request.visit, request)
        else:
            act = self._accept if request.accepts else self._decline
            self._plan(now + request.answers_after, act, request.visit, request)

    def _next(self, visit: int, now: datetime) -> Turn | None:
        hall = self._hall(visit, now)
        if not self._waiting[visit] or not hall.free:
            return None
        waiters = [
            Waiter(one.id, one.guest, one.people, one.asked_at, self._draws[one.id], passes)
            for one, passes in ((self._requests[key], passes) for key, passes in self._waiting[visit].items())
        ]
        return self._policy(hall, waiters, self._served)

    def _hall(self, visit: int, now: datetime) -> Hall:
        here, starts_at = self._seated[visit].values(), self._event.starts[visit]
        if not self._event.shares:
            return Hall(self._event.seats, sum(one.people for one in here), (), now, starts_at)
        hall = Hall(self._event.seats, 0, self._event.shares, now, starts_at)
        for one in here:
            hall = rules.seated(hall, one.guest, one.people)
        return hall

    def _book(self, request: Request, now: datetime) -> None:
        self.booked_at[request.id] = now
        if request.cancels is not None:
            left = self._event.starts[request.visit] - now
            self._plan(now + left * request.cancels, self._leave, request.visit, request)

    def _accept(self, request: Request, now: datetime) -> None:
        self._offered.discard(request.id)
        self._book(request, now)

    def _decline(self, request: Request, now: datetime) -> None:
        self._offered.discard(request.id)
        self._leave(request, now)

    def _leave(self, request: Request, now: datetime) -> None:
        del self._seated[request.visit][request.id]
        self._served[request.guest.school_id] -= request.people
        self._serve(request.visit, now)


# --- figures ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a year."""

    filled: float
    """Seats with somebody in them, of all seats."""
    wanted: float
    """The same of the seats that anybody asked for: no more than there are in any session."""
    jain: float
    """Jain's index of served per asked by school, 1 is equal."""
    gini: float
    worst: float
    """Served per asked of the school that fares worst."""
    slow: float
    """Served per asked of the slower half of the schools, beside the quicker half."""
    groups: float
    """Served per asked of classes, beside single students."""
    wait_hours: float


def figures(year: Year, policy: Policy, *, has_list: bool = True) -> Figures:
    """Play a year, and measure."""
    asked, served, sizes = Counter[UUID](), Counter[UUID](), Counter[tuple[bool, bool]]()
    seats = inside = sought = 0
    waits = []
    for event in year.events:
        booked = Booked(event, policy, has_list=has_list)
        seats += event.seats * len(event.starts)
        for visit in range(len(event.starts)):
            sought += min(event.seats, sum(one.people for one in event.requests if one.visit == visit))
        coming = {one.id for one in booked.coming}
        for one in event.requests:
            asked[one.guest.school_id] += one.people
            sizes[one.guest.is_group, False] += one.people
            if one.id in coming:
                served[one.guest.school_id] += one.people
                sizes[one.guest.is_group, True] += one.people
                inside += 0 if one.is_absent else one.people
                waits.append((booked.booked_at[one.id] - one.asked_at).total_seconds() / 3600)
    share = {school: served[school] / asked[school] for school in asked}
    halves = [
        sum(served[one] for one in asked if (year.slowness[one] > 0.5) == is_slow)
        / sum(asked[one] for one in asked if (year.slowness[one] > 0.5) == is_slow)
        for is_slow in (True, False)
    ]
    return Figures(
        filled=inside / seats, wanted=inside / sought, jain=jain(list(share.values())), gini=gini(list(share.values())),
        worst=min(share.values()), slow=halves[0] / halves[1],
        groups=(sizes[True, True] / sizes[True, False]) / (sizes[False, True] / sizes[False, False]),
        wait_hours=statistics.mean(waits),
    )  # fmt: skip


def jain(shares: Sequence[float]) -> float:
    """Jain's index of fairness.

    >>> jain([1, 1, 0, 0])
    0.5
    """
    return sum(shares) ** 2 / (len(shares) * sum(one**2 for one in shares))


def gini(shares: Sequence[float]) -> float:
    """Half the mean difference between two, beside the mean.

    >>> gini([0, 0, 0, 1])
    0.75
    """
    between = sum(abs(one - other) for one in shares for other in shares)
    return between / (2 * len(shares) * sum(shares))


POLICIES: Mapping[str, tuple[Policy, bool]] = {
    "the rule": (rules.next_turn, True),
    "first come, with a list": (first_come, True),
    "first come, no list": (first_come, False),
}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval (normal)."""
    return statistics.mean(values), 1.96 * statistics.stdev(values) / math.sqrt(len(values))


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--events", type=int, default=60)
    given = parser.parse_args()
    years = [invent(seed, given.events) for seed in range(given.seeds)]
    found = {
        name: [figures(year, policy, has_list=has_list) for year in years]
        for name, (policy, has_list) in POLICIES.items()
    }
    print(f"{given.seeds} years of {given.events} events, {SCHOOLS} schools")
    print(f"{'':<12}" + "".join(f"{name:>26}" for name in POLICIES) + f"{'rule less first come':>28}")
    for field in Figures.__dataclass_fields__:
        values = {name: [getattr(one, field) for one in all_] for name, all_ in found.items()}
        cells = [f"{mean:.4f} ± {half:.4f}" for mean, half in map(interval, values.values())]
        ours, theirs = list(values.values())[:2]
        mean, half = interval([one - other for one, other in zip(ours, theirs, strict=True)])
        ratio = statistics.mean(ours) / statistics.mean(theirs)
        print(
            f"{field:<12}"
            + "".join(f"{cell:>26}" for cell in cells)
            + f"{mean:+.4f} ± {half:.4f} (×{ratio:.3f})".rjust(28)
        )


if __name__ == "__main__":
    main()
