"""Why a student does not have a seat somewhere: the cause as a code with values, and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from matching.blocking import Blocking, is_followed
from matching.errors import MatchingError
from matching.market import NONE, Ints, NamedMarket
from matching.problem import Problem
from matching.types import Reason

Values = dict[str, str | int | float]


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """An assignment beside its question: the ground on which causes are looked for."""

    problem: Problem
    named: NamedMarket
    plan: Mapping[str, tuple[str, str | None]]
    chosen: Ints
    blocking: Blocking


def reason_why_not(standing: Standing, student: str, opportunity: str) -> Reason:
    """The first cause that holds: what no wish can change, then the student's side, then the seats'.

    Raises
    ------
    MatchingError
        A student or an opportunity that the question does not know.
    """
    problem = standing.problem
    if student not in problem.unit_of:
        raise MatchingError(f"unknown student {student!r}")
    if opportunity not in problem.seats:
        raise MatchingError(f"unknown opportunity {opportunity!r}")
    barred = _barred(standing, student, opportunity)
    if barred is not None:
        return barred
    unit = standing.named.units.index(problem.unit_of[student])
    edges = _edges_to(standing, unit, opportunity)
    if not edges:
        return _no_edge(standing, student, opportunity)
    own = int(standing.chosen[unit])
    if own != NONE and own < edges[0]:
        return _prefers_own(standing, student, own, edges[0])
    return _of_seats(standing, edges)


def _barred(standing: Standing, student: str, opportunity: str) -> Reason | None:
    """What holds whatever the student wishes."""
    problem = standing.problem
    unit = problem.unit_of[student]
    if standing.plan.get(student, ("",))[0] == opportunity:
        return Reason("has_it", {"opportunity": opportunity})
    for name in (student, unit, *problem.units[unit]):
        if (name, opportunity) in problem.forbidden:
            return Reason("forbidden", {"rule": problem.forbidden[name, opportunity]})
    if problem.seats[opportunity].groups_only and unit == student:
        return Reason("groups_only", {"opportunity": opportunity})
    if unit in problem.pins and problem.pins[unit][0] != opportunity:
        return Reason("pinned", {"own": problem.pins[unit][0]})
    return None


def _edges_to(standing: Standing, unit: int, opportunity: str) -> list[int]:
    market = standing.named.market
    return [
        edge
        for edge in range(int(market.start[unit]), int(market.start[unit + 1]))
        if standing.named.seats[market.seat[edge]][0] == opportunity
    ]


def _no_edge(standing: Standing, student: str, opportunity: str) -> Reason:
    problem = standing.problem
    unit = problem.unit_of[student]
    wished = any(opportunity in tied for tied in problem.wishes.get(unit, ()))
    if wished or (not problem.wishes_only and opportunity in problem.row(unit)):
        return Reason("period_clash", {"periods": ", ".join(problem.seats[opportunity].periods)})
    return Reason("not_listed", {"opportunity": opportunity})


def _prefers_own(standing: Standing, student: str, own: int, edge: int) -> Reason:
    market = standing.named.market
    values: Values = {"own": standing.plan[student][0], "rank": int(market.rank[edge])}
    if market.rank[own] == market.beyond:
        return Reason("better_score", {"own": standing.plan[student][0]})
    return Reason("prefers_own", {**values, "own_rank": int(market.rank[own])})


def _of_seats(standing: Standing, edges: list[int]) -> Reason:
    """Why none of the seats that the student would rather have is theirs: the cause at the first of them."""
    blocking, market = standing.blocking, standing.named.market
    for edge in edges:
        place = np.flatnonzero(blocking.edges == edge)
        if len(place):
            if blocking.is_move[place[0]]:
                return Reason("same_tutor", {"tutor": _tutor(standing, edge)})
            if blocking.is_free[place[0]]:
                return Reason("seat_free")
            return Reason("lower_ranked", {"lower": _lower(standing, edge)})
    unit = int(market.unit[edges[0]])
    if not is_followed(market, standing.chosen)[unit]:
        return _school_tutor_full(standing, unit)
    opened = [edge for edge in edges if not blocking.is_closed[market.seat[edge]]]
    if not opened:
        seat = int(market.seat[edges[0]])
        return Reason("below_minimum", {"minimum": int(market.minimum[seat])})
    return _full(standing, opened[0])


def _lower(standing: Standing, edge: int) -> int:
    """How many of lower priority hold the seat, or, where that is free, are followed by the same tutor at school."""
    market = standing.named.market
    held = _ranked(standing, edge, int(market.seat[edge]))[2]
    unit = market.unit[edge]
    followed = (market.tutor == market.tutor[unit]) & (standing.chosen != NONE) & ~market.pinned
    return held or int((followed & (market.lot < market.lot[unit])).sum())


def _school_tutor_full(standing: Standing, unit: int) -> Reason:
    tutors = standing.problem.school_tutors
    name = list(tutors)[int(standing.named.market.tutor[unit])]
    return Reason("school_tutor_full", {"tutor": name, "capacity": tutors[name].capacity})


def _full(standing: Standing, edge: int) -> Reason:
    """The innermost quota that those of higher priority fill."""
    market, problem = standing.named.market, standing.problem
    seat = int(market.seat[edge])
    quota = next(quota for quota in market.chain(seat) if not _leaves_room(standing, edge, quota))
    position, last, _ = _ranked(standing, edge, quota)
    if last == 0:
        return Reason("no_seats")
    values: Values = {"position": position, "last": last, "above": position - last}
    if quota >= len(market.parent) - len(problem.tutors):
        tutor = _tutor(standing, edge)
        return Reason("tutor_full", {"tutor": tutor, "capacity": problem.tutors[tutor].capacity, **values})
    return Reason("full", {"seats": int(market.capacity[quota]), **values})


def _tutor(standing: Standing, edge: int) -> str:
    opportunity = standing.named.seats[standing.named.market.seat[edge]][0]
    tutors = standing.problem.tutors
    return next(name for name, tutor in tutors.items() if opportunity in tutor.opportunities)


def _leaves_room(standing: Standing, edge: int, quota: int) -> bool:
    market = standing.named.market
    mine = _priority(standing, edge)
    unit = market.unit[edge]
    used = sum(
        int(market.size[market.unit[other]])
        for other in _held_in(standing, quota)
        if market.unit[other] != unit and _priority(standing, other) > mine
    )
    return bool(used + market.size[unit] <= market.capacity[quota])


def _held_in(standing: Standing, quota: int) -> list[int]:
    market = standing.named.market
    inside = [seat for seat in range(len(market.minimum)) if quota in market.chain(seat)]
    held = standing.chosen[standing.chosen != NONE]
    found: list[int] = held[np.isin(market.seat[held], inside)].tolist()
    return found


def _ranked(standing: Standing, edge: int, quota: int) -> tuple[int, int, int]:
    """The unit's place among all who may come, the place of the last who does, and how many come after it."""
    market = standing.named.market
    inside = [seat for seat in range(len(market.minimum)) if quota in market.chain(seat)]
    best: dict[int, tuple[float, int]] = {}
    for other in np.flatnonzero(np.isin(market.seat, inside)).tolist():
        unit = int(market.unit[other])
        best[unit] = max(best.get(unit, (-np.inf, 0)), _priority(standing, other))
    mine = _priority(standing, edge)
    best[int(market.unit[edge])] = mine
    position = 1 + sum(other > mine for other in best.values())
    kept = [_priority(standing, other) for other in _held_in(standing, quota)]
    last = 1 + sum(other > min(kept) for other in best.values()) if kept else 0
    return position, last, sum(other < mine for other in kept)


def _priority(standing: Standing, edge: int) -> tuple[float, int]:
    market = standing.named.market
    unit = market.unit[edge]
    return (np.inf if market.pinned[unit] else float(market.score[edge])), int(market.lot[unit])


PHRASES: Final = {
    "it": {
        "has_it": "Ha già questo posto.",
        "forbidden": "Non è ammesso dalla regola: {rule}.",
        "groups_only": "Accoglie solo gruppi interi.",
        "pinned": "È già fissato un altro posto: {own}.",
        "period_clash": "Non è disponibile nei periodi offerti: {periods}.",
        "not_listed": "Non è tra le sue preferenze né tra le proposte adatte.",
        "prefers_own": "Ha {own}, che è la sua scelta {own_rank}; questa è la {rank}.",
        "better_score": "Ha {own}, che viene prima nella sua lista.",
        "below_minimum": "Non si fa: servono almeno {minimum} studenti.",
        "no_seats": "Non ci sono posti.",
        "full": "I posti sono pieni ({seats}): l'ultimo accolto è al posto {last} della graduatoria, "
        "lo studente al {position}.",
        "tutor_full": "{tutor}: più di {capacity} studenti non si possono seguire. L'ultimo accolto è al posto {last} "
        "della graduatoria, lo studente al {position}.",
        "school_tutor_full": "{tutor}: più di {capacity} studenti non si possono seguire. Chi resta fuori lo decide "
        "il sorteggio.",
        "seat_free": "C'è un posto libero: si può spostare.",
        "lower_ranked": "Il posto è andato a chi viene dopo in graduatoria ({lower}), per il bene di tutta la classe.",
        "same_tutor": "Potrebbe andarci lasciando il posto che ha: il tutor resta {tutor}.",
    },
    "en": {
        "has_it": "Has this seat already.",
        "forbidden": "Not allowed by the rule: {rule}.",
        "groups_only": "Takes whole groups only.",
        "pinned": "Another seat is fixed already: {own}.",
        "period_clash": "Not available in the periods on offer: {periods}.",
        "not_listed": "Neither among the wishes nor among the suggestions that fit.",
        "prefers_own": "Has {own}, which is choice number {own_rank}; this one is number {rank}.",
        "better_score": "Has {own}, which comes first on the list.",
        "below_minimum": "Does not take place: at least {minimum} students are needed.",
        "no_seats": "There are no seats.",
        "full": "The seats are full ({seats}): the last one taken is number {last} in the ranking, "
        "the student number {position}.",
        "tutor_full": "{tutor}: no more than {capacity} students can be followed. The last one taken is number {last} "
        "in the ranking, the student number {position}.",
        "school_tutor_full": "{tutor}: no more than {capacity} students can be followed. Who is left out is decided "
        "by lot.",
        "seat_free": "A seat is free: the student can be moved.",
        "lower_ranked": "The seat went to somebody lower in the ranking ({lower}), for the good of the whole class.",
        "same_tutor": "Could go there by leaving the present seat: the tutor stays {tutor}.",
    },
}

CODES: Final = frozenset(PHRASES["it"])
"""All codes that `why_not` can answer."""


def say_why(reason: Reason, language: str = "it", names: Mapping[str, str] | None = None) -> str:
    """Put a cause into plain words for the teacher.

    Parameters
    ----------
    language
        `"it"` or `"en"`.
    names
        What to call opportunities, tutors, rules and periods; an id that is not in it stands for itself.

    Examples
    --------
    >>> cause = Reason("full", {"seats": 3, "position": 8, "last": 5, "above": 3})
    >>> say_why(cause, "en")
    'The seats are full (3): the last one taken is number 5 in the ranking, the student number 8.'
    """
    called = names or {}
    words = {key: called.get(str(value), value) for key, value in reason.values.items()}
    return PHRASES[language][reason.code].format_map(words)
