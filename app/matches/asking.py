"""Each student of a round against its opportunities: what comes into question, how well it fits, and what keeps away."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np

from app import dates
from app.applications.days import Days
from app.matches.engine import Known
from app.matches.seating import BANNED, BUSY, LAW, SAID_NO, Asker, Offer, Seat, Tutors, pinned
from matching import Index, Opportunity, Student
from matching.calendar import fails_age, least_share, share_free
from matching.many import Top, top

PAIRS = 30_000
FEWEST, MOST = 10, 200
"""So many opportunities beside the wishes come into question for a student, and so many pairs in all: more would
make a large round slow, and a small one no better.
"""

NEUTRAL = 0.5
"""What stands for the score of a student who is not ranked: only the wishes and the lot decide."""

FIRST_CHOICE = 1.0
"""Added to the scores of those whom a company has put in order, so that they go before all others."""


class Following(NamedTuple):
    """How many students of the round the tutors of a host follow at its opportunities, or those of a school its students."""

    owner_id: UUID
    most: int
    those: Collection[UUID]
    days: tuple[date, ...] = ()


def _lawful(_student: UUID, _opportunity: UUID, _when: Days) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Given:
    """What people have said, as the round has collected it; all of it by students' and opportunities' ids.

    `held` seats are taken by students of the round already, who are pinned to them; who is `busy` has something else then;
    `is_unlawful` says whether the law forbids a student to be at an opportunity on some days.
    """

    wishes: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    pins: Mapping[UUID, tuple[UUID, int | None]] = field(default_factory=dict)
    bans: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    refusals: Mapping[UUID, Collection[UUID]] = field(default_factory=dict)
    orders: Mapping[UUID, Sequence[UUID]] = field(default_factory=dict)
    held: Mapping[UUID, int] = field(default_factory=dict)
    busy: Mapping[UUID, Sequence[Days]] = field(default_factory=dict)
    is_unlawful: Callable[[UUID, UUID, Days], bool] = _lawful
    hosts: Sequence[Following] = ()
    schools: Sequence[Following] = ()


class Asking:
    """The opportunities of one round, and what people have said about them."""

    def __init__(
        self,
        index: Index,
        opportunities: Sequence[Opportunity],
        offers: Sequence[Offer],
        alternatives: Sequence[Sequence[Days]],
        given: Given,
    ) -> None:
        self.index, self.opportunities, self.offers, self.given = index, opportunities, offers, given
        self.alternatives = alternatives
        self.opportunity_ids = [UUID(offer.id) for offer in offers]
        self.place = {offer.id: place for place, offer in enumerate(offers)}
        self.school = {one: place for place, following in enumerate(given.schools) for one in following.those}
        self.order = {
            (str(student), self.place[str(opportunity)]): (position, len(order))
            for opportunity, order in given.orders.items() if str(opportunity) in self.place
            for position, student in enumerate(order)
        }  # fmt: skip

    def askers(self, students: Sequence[Known]) -> tuple[Asker, ...]:
        """The students, in their order, with what comes into question for each."""
        ranked = [known for known in students if known.profile.is_ranked]
        count = min(MOST, max(FEWEST, PAIRS // max(1, len(students))))
        found: dict[str, Asker] = {}
        if self.opportunities:
            folded = self.index.folded().table.ids.tolist()
            places = np.array([self.place[name.decode()] for name in folded])
            # To pick few and to pick all costs the same here, and no wish has to be looked up one by one.
            for best in top(self.index, [known.student for known in ranked], len(self.opportunities)):
                known = ranked[best.position]
                found[known.student.id] = self._asker(known, places[best.pick.rows], best, count)
        return tuple(
            found.get(known.student.id) or self._asker(known, np.zeros(0, np.int64), None, 0)
            for known in students
        )

    def hosts(self) -> tuple[Tutors, ...]:
        """The tutors of hosts, with the places of their opportunities that are on offer."""
        return tuple(
            Tutors(
                str(one.owner_id),
                one.most,
                tuple(sorted(self._offered(one.those))),
                tuple(day.isoformat() for day in one.days),
            )
            for one in self.given.hosts
        )

    def first_suiting(self, known: Known, place: int) -> int | None:
        """The first period of an opportunity that suits the student; None where there is no choice."""
        return next(iter(self._suiting(known, place)), None)

    def _asker(self, known: Known, places: Any, best: Top | None, count: int) -> Asker:
        """`places` are the offers that no rule hides, best first, and `best` holds their scores."""
        who, student = known.profile.id, known.student
        wished = self._offered(self.given.wishes.get(who, ()))
        pin = self.given.pins.get(who)
        named = {*wished, *self._offered([] if pin is None else [pin[0]])}
        scored = {} if best is None else self._scores(places, best, named, count)
        barred = {
            place: rule
            for place in named - scored.keys()
            if (rule := self.index.hidden_by(student, self.offers[place].id)) is not None
        }
        if who in self.given.busy:
            barred |= {place: BUSY for place in {*wished, *scored} if self._is_taken(known, place)}
        barred |= {
            place: LAW for place in {*named, *scored} - barred.keys() if self._is_unlawful(known, place)
        }
        for decided, rule in ((self.given.refusals, SAID_NO), (self.given.bans, BANNED)):
            barred |= dict.fromkeys(self._offered(decided.get(who, ())), rule)
        kept = {place: scored.get(place, NEUTRAL) for place in wished if place not in barred}
        kept |= {place: value for place, value in scored.items() if place not in barred and place not in kept}
        asker = Asker(
            id=student.id, wishes=tuple(wished), barred=barred, school=self.school.get(who),
            scores={place: self._put_first(student.id, place, value) for place, value in kept.items()},
            free={place: tuple(self._suiting(known, place)) for place in kept if self.offers[place].periods},
        )  # fmt: skip
        if pin is None or str(pin[0]) not in self.place:
            return asker
        seat = Seat(self.place[str(pin[0])], pin[1])
        value = self._put_first(student.id, seat.offer, scored.get(seat.offer, NEUTRAL))
        return pinned(replace(asker, scores={seat.offer: value, **asker.scores}), seat)

    def _offered(self, opportunities: Collection[UUID]) -> list[int]:
        return [self.place[str(one)] for one in opportunities if str(one) in self.place]

    @staticmethod
    def _scores(places: Any, best: Top, named: Collection[int], count: int) -> dict[int, float]:
        """The scores of what is named, of the best half of `count`, and of as many spread over the rest.

        If everybody asked for the same best ones only, the others would stay empty.
        """
        half, whole = count // 2, len(places)
        chosen = np.arange(whole)
        if whole > count:
            spread = np.linspace(half, whole - 1, count - half).astype(np.int64)
            chosen = np.concatenate([chosen[:half], spread])
        chosen = np.union1d(chosen, np.flatnonzero(np.isin(places, list(named))))
        values = np.round(best.pick.scores[chosen], 6)
        return dict(zip(places[chosen].tolist(), values.tolist(), strict=True))

    def _is_taken(self, known: Known, place: int) -> bool:
        """Whether the student has something else in every period that would suit."""
        return self._keeps_away(known, place, lambda when: self._clashes(known.profile.id, when))

    def _is_unlawful(self, known: Known, place: int) -> bool:
        """Whether the law forbids every period that would suit."""
        return self._keeps_away(known, place, lambda when: self._forbids(known, place, when))

    def _keeps_away(self, known: Known, place: int, hits: Callable[[Days], bool]) -> bool:
        hit = [hits(when) for when in self.alternatives[place]]
        return any(hit) and (all(hit) or self.first_suiting(known, place) is None)

    def _forbids(self, known: Known, place: int, when: Days) -> bool:
        return self.given.is_unlawful(known.profile.id, self.opportunity_ids[place], when)

    def _clashes(self, who: UUID, wanted: Days) -> bool:
        return any(dates.clash(wanted, one) for one in self.given.busy.get(who, ()))

    def _put_first(self, student_id: str, place: int, value: float) -> float:
        """The score, or for whom the company has put in order one above all scores."""
        position = self.order.get((student_id, place))
        if position is None:
            return value
        return round(FIRST_CHOICE + (position[1] - position[0]) / (position[1] + 1), 6)

    def _suiting(self, known: Known, place: int) -> Iterator[int]:
        """The periods of an opportunity in which the student is free, and of the right age."""
        one, student = self.opportunities[place], known.student
        for number, span in enumerate(one.spans if len(self.alternatives[place]) > 1 else ()):
            if (
                fails_age(student, one, span.starts_on) is None
                and span.ends_on >= self.index.on
                and self._is_free(student, one, number)
                and not self._clashes(known.profile.id, self.alternatives[place][number])
                and not self._forbids(known, place, self.alternatives[place][number])
            ):
                yield number

    def _is_free(self, student: Student, one: Opportunity, number: int) -> bool:
        least = least_share(one.kind, self.index.weights.attendance)
        return not student.free or share_free(student.free, one.spans[number]) >= least
