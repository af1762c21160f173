"""Judge any assignment, ours or one made by hand: lawful? stable? fair?

Nothing here is shared with the solvers but the question itself (`problem`, `market`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import NamedTuple, Unpack

import numpy as np

from matching.blocking import Blocking, blocking_edges, is_followed, wanted_edges
from matching.errors import MatchingError
from matching.market import NONE, Bools, Ints, NamedMarket, market_of
from matching.outcome import Assignment
from matching.problem import Problem, Rules, Scores, Seat, Seats, Wishes, pose, seat_of
from matching.types import Reason
from matching.why import Standing, reason_why_not


class BlockingPair(NamedTuple):
    """A student who would rather have a seat that could be theirs.

    `kind` is `"free_seat"`, `"lower_ranked"` (somebody of lower priority has it) or `"same_tutor"` (it is
    theirs only because they would leave a seat of the same tutor).
    """

    student: str
    opportunity: str
    period: str | None
    kind: str


class Exposure(NamedTuple):
    """What a class of companies offers and gets."""

    opportunities: int
    used: int
    seats: int
    filled: int
    share_of_seats: float
    share_of_placed: float


@dataclass(frozen=True, slots=True, eq=False)
class Report:
    """The judgement of `check`.

    Parameters
    ----------
    violations
        Broken rules, as codes with values.
    blocking
        Pairs that would rather have each other. None: the assignment is stable.
    could_open
        Seats closed for want of students although enough would rather be there.
    profile
        Students by the wish they got, from 1; `beyond` their wishes; `unplaced`.
    envy
        Students who would rather have a seat that somebody else has, and how many of them go before that
        somebody (`justified_envy`).
    exposure
        By class of company, as given in `sizes`.
    """

    violations: tuple[Reason, ...]
    blocking: tuple[BlockingPair, ...]
    could_open: tuple[Reason, ...]
    profile: Mapping[int, int]
    beyond: int
    unplaced: int
    envy: int
    justified_envy: int
    placed_share: float
    exposure: Mapping[str, Exposure]
    _standing: Standing = field(repr=False)

    @property
    def is_valid(self) -> bool:
        """Whether no rule is broken."""
        return not self.violations

    @property
    def is_stable(self) -> bool:
        """Whether no student and seat would rather have each other."""
        return not self.blocking and not self.could_open

    def why_not(self, student: str, opportunity: str) -> Reason:
        """Why a student does not have a seat at an opportunity: the first cause that holds.

        `matching.why.say_why` puts it into words; `matching.why.CODES` lists the codes.
        """
        return reason_why_not(self._standing, student, opportunity)


def check(
    assignment: Assignment | Mapping[str, Seat],
    students: Sequence[str] | None = None,
    seats: Mapping[str, int | Mapping[str, int] | Seats] | None = None,
    scores: Scores | None = None,
    wishes: Wishes | None = None,
    *,
    sizes: Mapping[str, str] | None = None,
    **rules: Unpack[Rules],
) -> Report:
    """Judge an assignment.

    Parameters
    ----------
    assignment
        Of `assign`, or student to opportunity, or to (opportunity, period).
    students, seats, scores, wishes, **rules
        The question, as for `assign`; left out, the one that the assignment answers.
    sizes
        Opportunity to a class of company, such as "under 50 staff".

    Examples
    --------
    Anna would rather be at the workshop, and the workshop would rather have her than Bruno.

    >>> report = check(
    ...     {"anna": "office", "bruno": "workshop"},
    ...     ["anna", "bruno"], {"office": 1, "workshop": 1},
    ...     {("anna", "workshop"): 0.9, ("bruno", "workshop"): 0.4},
    ...     {"anna": ["workshop", "office"], "bruno": ["workshop", "office"]},
    ... )
    >>> report.blocking
    (BlockingPair(student='anna', opportunity='workshop', period=None, kind='lower_ranked'),)
    >>> report.profile, report.envy, report.placed_share
    ({1: 1, 2: 1}, 1, 1.0)
    """
    problem, named = _question(assignment, students, seats, scores, wishes, rules)
    plan = _plan(assignment)
    standing = _standing(problem, named, plan)
    pairs = tuple(_pairs(problem, named, standing.blocking))
    profile, beyond = _profile(problem, plan)
    placed = len(plan.keys() & set(problem.students))
    return Report(
        violations=tuple(violations(problem, plan)),
        blocking=pairs,
        could_open=tuple(_could_open(named, standing)),
        profile=profile,
        beyond=beyond,
        unplaced=len(problem.students) - placed,
        envy=_envious(standing),
        justified_envy=len({pair.student for pair in pairs if pair.kind == "lower_ranked"}),
        placed_share=placed / len(problem.students) if problem.students else 1.0,
        exposure=_exposure(problem, plan, sizes or {}),
        _standing=standing,
    )


Plan = Mapping[str, tuple[str, str | None]]


def _question(
    assignment: Assignment | Mapping[str, Seat],
    students: Sequence[str] | None,
    seats: Mapping[str, int | Mapping[str, int] | Seats] | None,
    scores: Scores | None,
    wishes: Wishes | None,
    rules: Rules,
) -> tuple[Problem, NamedMarket]:
    if students is not None and seats is not None and scores is not None and wishes is not None:
        problem = pose(students, seats, scores, wishes, **rules)
        return problem, market_of(problem)
    if isinstance(assignment, Assignment) and not rules:
        return assignment.problem, assignment.named
    raise MatchingError("an assignment made by hand is judged with students, seats, scores and wishes")


def _plan(assignment: Assignment | Mapping[str, Seat]) -> Plan:
    if isinstance(assignment, Assignment):
        return {student: (name, assignment.periods.get(student)) for student, name in assignment.items()}
    return {student: seat_of(seat) for student, seat in assignment.items()}


def violations(problem: Problem, plan: Plan) -> Iterator[Reason]:
    """Every rule that a plan breaks, read from the question as it was asked."""
    known = {}
    for student, (name, period) in plan.items():
        if student not in problem.unit_of:
            yield Reason("unknown_student", {"student": student})
        elif name not in problem.seats:
            yield Reason("unknown_opportunity", {"student": student, "opportunity": name})
        elif period not in problem.seats[name].by_period():
            yield Reason("unknown_period", {"student": student, "opportunity": name, "period": str(period)})
        else:
            known[student] = (name, period)
    for student, (name, period) in known.items():
        yield from _personal_violations(problem, student, name, period)
    yield from _quota_violations(problem, Counter(known.values()), known.keys())
    for group, members in problem.groups.items():
        if len({known.get(student) for student in members}) > 1:
            yield Reason("group_split", {"group": group})
    for unit, (name, period) in problem.pins.items():
        for student in problem.units[unit]:
            own = known.get(student)
            if own is None or own[0] != name or period not in (None, own[1]):
                yield Reason("pin_broken", {"student": student, "opportunity": name})


def _personal_violations(problem: Problem, student: str, name: str, period: str | None) -> Iterator[Reason]:
    unit = problem.unit_of[student]
    about: dict[str, str | int | float] = {"student": student, "opportunity": name}
    for who in {student, unit}:
        if (who, name) in problem.forbidden:
            yield Reason("forbidden", {**about, "rule": problem.forbidden[who, name]})
        if period is not None and period not in problem.free.get(who, {period}):
            yield Reason("not_free", {**about, "period": period})
    if problem.seats[name].groups_only and unit == student:
        yield Reason("groups_only", about)
    if unit not in problem.pins and not _is_listed(problem, unit, name):
        yield Reason("not_listed", about)


def _is_listed(problem: Problem, unit: str, name: str) -> bool:
    if any(name in tied for tied in problem.wishes.get(unit, ())):
        return True
    if problem.wishes_only:
        return False
    return name in problem.row(unit)


def _quota_violations(
    problem: Problem, taken: Mapping[tuple[str, str | None], int], placed: Set[str]
) -> Iterator[Reason]:
    by_name: Counter[str] = Counter()
    for (name, period), count in taken.items():
        by_name[name] += count
        offer = problem.seats[name]
        about: dict[str, str | int | float] = {"opportunity": name, "taken": count}
        if period is not None:
            about["period"] = period
        if count > offer.by_period()[period]:
            yield Reason("seats_exceeded", {**about, "seats": offer.by_period()[period]})
        if count < offer.minimum:
            yield Reason("below_minimum", {**about, "minimum": offer.minimum})
    for name, count in by_name.items():
        total = problem.seats[name].total
        if problem.seats[name].periods and total is not None and count > total:
            yield Reason("seats_exceeded", {"opportunity": name, "taken": count, "seats": total})
    for tutor, (capacity, names) in problem.tutors.items():
        count = sum(by_name[name] for name in names)
        if count > capacity:
            yield Reason("tutor_exceeded", {"tutor": tutor, "taken": count, "capacity": capacity})
    for tutor, (capacity, students) in problem.school_tutors.items():
        count = len(placed & set(students))
        if count > capacity:
            yield Reason("school_tutor_exceeded", {"tutor": tutor, "taken": count, "capacity": capacity})


def _standing(problem: Problem, named: NamedMarket, plan: Plan) -> Standing:
    """The plan in the market's numbers. Who sits where the market has no edge is left there for good."""
    market = named.market
    number = {seat: place for place, seat in enumerate(named.seats)}
    chosen = np.full(market.units, NONE)
    capacity, follows = market.capacity.copy(), market.follows.copy()
    for unit, name in enumerate(named.units):
        members = problem.units[name]
        sat = {plan.get(student) for student in members}
        seat = number.get(sat.pop() or ("", None), NONE) if len(sat) == 1 else NONE
        if seat == NONE:
            continue
        first, behind = market.start[unit], market.start[unit + 1]
        found = np.flatnonzero(market.seat[first:behind] == seat)
        if len(found):
            chosen[unit] = first + found[0]
        else:
            capacity[market.chain(seat)] -= len(members)
            if market.tutor[unit] != NONE:
                follows[market.tutor[unit]] -= len(members)
    judged = replace(market, capacity=capacity, follows=follows)
    return Standing(problem, replace(named, market=judged), plan, chosen, blocking_edges(judged, chosen))


def _pairs(problem: Problem, named: NamedMarket, blocking: Blocking) -> Iterator[BlockingPair]:
    unit = named.market.unit
    for edge, is_free, is_move in zip(
        blocking.edges.tolist(), blocking.is_free.tolist(), blocking.is_move.tolist(), strict=True
    ):
        kind = "same_tutor" if is_move else "free_seat" if is_free else "lower_ranked"
        name, period = named.seats[named.market.seat[edge]]
        for student in problem.units[named.units[unit[edge]]]:
            yield BlockingPair(student, name, period, kind)


def _could_open(named: NamedMarket, standing: Standing) -> Iterator[Reason]:
    """Closed seats for which enough students would leave what they have."""
    market = standing.named.market
    edges = wanted_edges(market, standing.chosen)
    edges = edges[is_followed(market, standing.chosen)[market.unit[edges]]]
    weight = market.size[market.unit[edges]]
    wanting = np.bincount(market.seat[edges], weights=weight, minlength=len(market.minimum))
    for seat in np.flatnonzero(standing.blocking.is_closed & (wanting >= market.minimum)).tolist():
        name, period = named.seats[seat]
        values: dict[str, str | int | float] = {"opportunity": name, "wanting": int(wanting[seat])}
        yield Reason("could_open", values if period is None else {**values, "period": period})


def _profile(problem: Problem, plan: Plan) -> tuple[dict[int, int], int]:
    """Students by wish, and how many got none of their wishes."""
    got: Counter[int] = Counter()
    for student, (name, _) in plan.items():
        wishes = problem.wishes.get(problem.unit_of.get(student, student), ())
        got[next((place for place, tied in enumerate(wishes, 1) if name in tied), 0)] += 1
    beyond = got.pop(0, 0)
    return {place: got[place] for place in sorted(got)}, beyond


def _envious(standing: Standing) -> int:
    """Students who would rather have a seat that somebody has."""
    market = standing.named.market
    held = standing.chosen[standing.chosen != NONE]
    taken: Bools = np.zeros(len(market.minimum), np.bool_)
    taken[market.seat[held]] = True
    edges = wanted_edges(market, standing.chosen)
    units: Ints = np.unique(market.unit[edges[taken[market.seat[edges]]]])
    return int(market.size[units].sum())


def _exposure(problem: Problem, plan: Plan, sizes: Mapping[str, str]) -> dict[str, Exposure]:
    filled: Counter[str] = Counter(name for name, _ in plan.values())
    seats = {name: _most(offer) for name, offer in problem.seats.items()}
    classes: dict[str, list[str]] = {}
    for name in problem.seats:
        if name in sizes:
            classes.setdefault(sizes[name], []).append(name)
    return {band: _exposed(names, seats, filled) for band, names in sorted(classes.items())}


def _exposed(names: Iterable[str], seats: Mapping[str, int], filled: Mapping[str, int]) -> Exposure:
    own = [(seats[name], filled.get(name, 0)) for name in names]
    offered, got = sum(seat for seat, _ in own), sum(count for _, count in own)
    return Exposure(
        opportunities=len(own),
        used=sum(count > 0 for _, count in own),
        seats=offered,
        filled=got,
        share_of_seats=offered / max(1, sum(seats.values())),
        share_of_placed=got / max(1, sum(filled.values())),
    )


def _most(offer: Seats) -> int:
    by_period = sum(offer.by_period().values())
    return by_period if offer.total is None else min(offer.total, by_period)
