"""The question of a round as plain values: what can be kept, solved again years later, and changed to see what if.

Opportunities and students are named by their ids; within a question an opportunity is the number of its place among
the offers, which keeps two thousand rows small.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from matching.assign import assign
from matching.errors import Infeasible
from matching.optimal import AIMS
from matching.problem import Rules, Seats
from matching.problem import Seat as EngineSeat

NEAR_AIMS = ("placed", "changes", "profile", "score")
"""The aims of a run that is to stay close to an earlier one: only who is placed goes before the changes."""

SECONDS = 60.0
"""Time for the optimal way; when it is over, the result says how far it may be from the best."""

BANNED = "ban"
SAID_NO = "company_no"
BUSY = "busy"
LAW = "law"
"""Exclusions that the ranking knows nothing of: what people decide, and what stands in the student's calendar already."""

PERSONAL = frozenset({"travel", "calendar"})
"""Rules that stand for what students have said of themselves: who pins has asked them."""


class PinsClash(Exception):  # noqa: N818 -- not a failure: people have asked for what cannot be
    """The pins fit no lawful assignment."""


class Seat(NamedTuple):
    """The place of an opportunity among the offers, and which of its periods, from 0; None where it has no choice."""

    offer: int
    period: int | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """Seats of an opportunity. `periods` counts those to choose from; 0 where it is the same to all others which it is."""

    id: str
    seats: int
    minimum: int = 0
    periods: int = 0
    size: str = ""


@dataclass(frozen=True, slots=True)
class Tutors:
    """How many students of the question the tutors of a host, or of a school, can follow together.

    `offers` are those of the host's whose days meet, from the first of `days` to the last; a school's students name it
    themselves.
    """

    owner_id: str
    most: int
    offers: tuple[int, ...] = ()
    days: tuple[str, ...] = ()

    @classmethod
    def unpack(cls, packed: Mapping[str, Any]) -> Tutors:
        """Back from JSON."""
        return cls(packed["owner_id"], packed["most"], tuple(packed["offers"]), tuple(packed["days"]))


@dataclass(frozen=True, slots=True)
class Asker:
    """A student: wishes, most wanted first; scores of what comes into question; and what binds.

    `free` names, for opportunities with a choice of periods, those that suit; `barred` the rule that keeps away;
    `school` is the place of the school among those whose tutors are limited.
    """

    id: str
    wishes: tuple[int, ...] = ()
    scores: Mapping[int, float] = field(default_factory=dict)
    free: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    barred: Mapping[int, str] = field(default_factory=dict)
    pin: Seat | None = None
    school: int | None = None

    def pack(self) -> dict[str, Any]:
        """As JSON, without the id, which stands in a column."""
        return {
            "wishes": list(self.wishes), "options": list(self.scores), "scores": list(self.scores.values()),
            "free": {str(offer): list(periods) for offer, periods in self.free.items()},
            "barred": {str(offer): rule for offer, rule in self.barred.items()},
            "pin": None if self.pin is None else list(self.pin), "school": self.school,
        }  # fmt: skip

    @classmethod
    def unpack(cls, student_id: str, packed: Mapping[str, Any]) -> Asker:
        """Back from JSON."""
        return cls(
            id=student_id, wishes=tuple(packed["wishes"]),
            scores=dict(zip(packed["options"], packed["scores"], strict=True)),
            free={int(offer): tuple(periods) for offer, periods in packed["free"].items()},
            barred={int(offer): rule for offer, rule in packed["barred"].items()},
            pin=None if packed["pin"] is None else Seat(*packed["pin"]), school=packed.get("school"),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Question:
    """Everything that decides who goes where."""

    offers: tuple[Offer, ...]
    askers: tuple[Asker, ...]
    seed: int
    is_wishes_only: bool = False
    hosts: tuple[Tutors, ...] = ()
    schools: tuple[Tutors, ...] = ()

    def number(self) -> dict[str, int]:
        """Opportunity → its place among the offers."""
        return {offer.id: place for place, offer in enumerate(self.offers)}


class Change(NamedTuple):
    """Who is pinned or banned for the sake of seeing what if; a `seat` of None takes a pin away."""

    student_id: str
    seat: Seat | None
    is_ban: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """Who sits where, and of each aim of the optimal way what was reached and what nothing can better."""

    seats: Mapping[str, Seat]
    levels: tuple[tuple[str, float, float], ...]


def solve(
    question: Question, *, is_optimal: bool, near: Mapping[str, Seat] | None = None, seconds: float = SECONDS
) -> Answer:
    """Give out the seats; `near` is a plan to stay close to, which only the optimal way can. Raises PinsClash.

    The same question gets the same answer, wherever and whenever it is asked, unless the time runs out.
    """
    try:
        found = assign(
            *posed(question),
            mode="optimal" if is_optimal else "stable",
            previous=None if near is None else plan(question, near),
            seconds=seconds,
            aims=AIMS if near is None else NEAR_AIMS,
            **binding(question),
        )
    except Infeasible as error:
        raise PinsClash from error
    place_of = question.number()
    seats = {
        student: Seat(place_of[opportunity], _period(found.periods.get(student)))
        for student, opportunity in found.placed.items()
    }
    return Answer(seats, tuple((level.name, level.value, level.bound) for level in found.levels))


def posed(
    question: Question,
) -> tuple[list[str], dict[str, Seats], dict[str, dict[str, float]], dict[str, list[str]]]:
    """Students, seats, scores and wishes as the engine takes them."""
    offers = question.offers
    return (
        [asker.id for asker in question.askers],
        {offer.id: _seats(offer) for offer in offers},
        {
            asker.id: {offers[place].id: score for place, score in asker.scores.items()}
            for asker in question.askers
        },
        {asker.id: [offers[place].id for place in asker.wishes] for asker in question.askers},
    )


def binding(question: Question) -> Rules:
    """What binds besides: pins, exclusions, periods, tutors, and the lot."""
    offers = question.offers
    return {
        "pins": {asker.id: _named(offers, asker.pin) for asker in question.askers if asker.pin is not None},
        "forbidden": {
            (asker.id, offers[place].id): rule
            for asker in question.askers
            for place, rule in asker.barred.items()
        },
        "free": {asker.id: _free(offers, asker) for asker in question.askers},
        "tutors": {
            host_name(place): (host.most, [offers[one].id for one in host.offers])
            for place, host in enumerate(question.hosts)
            # Whoever can follow all who have a seat there binds nothing, and would only make it slower.
            if host.most < sum(offers[one].seats for one in host.offers)
        },
        "school_tutors": {
            school_name(place): (school.most, _of_school(question, place))
            for place, school in enumerate(question.schools)
        },
        "wishes_only": question.is_wishes_only,
        "seed": question.seed,
    }


def host_name(place: int) -> str:
    """What the tutors of a host are called in reasons."""
    return f"host-{place}"


def school_name(place: int) -> str:
    """What the tutors of a school are called in reasons."""
    return f"school-{place}"


def _of_school(question: Question, place: int) -> list[str]:
    return [asker.id for asker in question.askers if asker.school == place]


def plan(question: Question, seats: Mapping[str, Seat]) -> dict[str, EngineSeat]:
    """Seats as the engine names them."""
    return {student: _named(question.offers, seat) for student, seat in seats.items()}


def changed(question: Question, changes: Iterable[Change]) -> Question:
    """The question with some pins and bans more or less."""
    askers = {asker.id: asker for asker in question.askers}
    for change in changes:
        asker = askers[change.student_id]
        if change.seat is None:
            askers[asker.id] = replace(asker, pin=None)
        elif change.is_ban:
            pin = None if asker.pin is not None and asker.pin.offer == change.seat.offer else asker.pin
            askers[asker.id] = replace(asker, pin=pin, barred={**asker.barred, change.seat.offer: BANNED})
        else:
            askers[asker.id] = pinned(asker, change.seat)
    return replace(question, askers=tuple(askers.values()))


def pinned(asker: Asker, seat: Seat) -> Asker:
    """The student with a pin, which overrules a ban and what the student has said; no other rule."""
    barred = {
        offer: rule
        for offer, rule in asker.barred.items()
        if offer != seat.offer or rule not in PERSONAL | {BANNED}
    }
    free = dict(asker.free)
    if seat.period is not None and seat.offer in free:
        free[seat.offer] = tuple(sorted({*free.get(seat.offer, ()), seat.period}))
    return replace(asker, pin=seat, barred=barred, free=free)


def wish_of(asker: Asker, seat: Seat | None) -> int | None:
    """Which wish of the student a seat is, from 1; None without a seat, and beyond the wishes."""
    if seat is None or seat.offer not in asker.wishes:
        return None
    return asker.wishes.index(seat.offer) + 1


def _seats(offer: Offer) -> Seats:
    periods = {_period_name(offer, period): offer.seats for period in range(offer.periods)}
    return Seats(total=offer.seats, periods=periods, minimum=offer.minimum)


def _period_name(offer: Offer, period: int) -> str:
    # A student's free periods are named for all opportunities together.
    return f"{offer.id}#{period}"


def _period(name: str | None) -> int | None:
    return None if name is None else int(name.rpartition("#")[2])


def _named(offers: Sequence[Offer], seat: Seat) -> tuple[str, str | None]:
    offer = offers[seat.offer]
    period = seat.period if offer.periods else None
    return offer.id, None if period is None else _period_name(offer, period)


def _free(offers: Sequence[Offer], asker: Asker) -> list[str]:
    return [
        _period_name(offers[place], period) for place, periods in asker.free.items() for period in periods
    ]
