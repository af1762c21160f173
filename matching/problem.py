"""What an assignment is asked to do: students, seats, scores, wishes and the rules that bind them.

Inputs are plain mappings and sequences of ids. `pose` reads them once into a `Problem`; the solvers and the
checker both start from there and share nothing else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import Final, NamedTuple, TypeAlias, TypedDict

import numpy as np
import numpy.typing as npt

from matching.errors import Infeasible, MatchingError

Wish: TypeAlias = "str | Collection[str]"
"""An opportunity, or several that the student likes equally well."""

Scores: TypeAlias = (
    "Mapping[tuple[str, str], float] | Mapping[str, Mapping[str, float]] | npt.NDArray[np.floating]"
)
Wishes: TypeAlias = "Mapping[str, Sequence[Wish]] | Sequence[Sequence[Wish]]"
Seat: TypeAlias = "str | tuple[str, str | None]"
"""An opportunity, or an opportunity and one of its periods."""

Pins: TypeAlias = "Mapping[str, Seat] | Iterable[tuple[str, str] | tuple[str, str, str | None]]"
Forbidden: TypeAlias = "Mapping[tuple[str, str], str] | Iterable[tuple[str, str] | tuple[str, str, str]]"

UNNAMED_RULE: Final = "forbidden"


@dataclass(frozen=True, slots=True)
class Seats:
    """How many an opportunity takes.

    Parameters
    ----------
    total
        Most students over all periods; None when only the periods limit.
    periods
        Seats in each period or session, in the order in which students prefer them. Empty for an
        opportunity without dates.
    minimum
        A period (or the whole opportunity, where it has none) takes place with at least so many students
        or not at all.
    groups_only
        Whether only whole groups are taken.

    Examples
    --------
    >>> visit = Seats(periods={"monday": 25, "friday": 25}, total=40, minimum=10)
    """

    total: int | None = None
    periods: Mapping[str, int] = field(default_factory=dict)
    minimum: int = 0
    groups_only: bool = False

    def __post_init__(self) -> None:
        numbers = [self.minimum, *self.periods.values(), *([] if self.total is None else [self.total])]
        if any(number < 0 for number in numbers):
            raise MatchingError("a number of seats is 0 or more")
        if self.total is None and not self.periods:
            raise MatchingError("seats need a total or periods")

    def by_period(self) -> Mapping[str | None, int]:
        """Seats in each period; the one period None where there are no dates."""
        if self.periods:
            return dict(self.periods.items())
        assert self.total is not None  # noqa: S101 - __post_init__
        return {None: self.total}


class Tutor(NamedTuple):
    """How many students a tutor follows, over these opportunities together."""

    capacity: int
    opportunities: Collection[str]


class SchoolTutor(NamedTuple):
    """How many of these students a tutor at school follows, wherever they go."""

    capacity: int
    students: Collection[str]


class Rules(TypedDict, total=False):
    """What may bind an assignment besides seats: the keywords that `pose`, `assign` and `check` share."""

    pins: Pins
    forbidden: Forbidden
    tutors: Mapping[str, Tutor | tuple[int, Collection[str]]]
    school_tutors: Mapping[str, SchoolTutor | tuple[int, Collection[str]]]
    groups: Mapping[str, Collection[str]]
    free: Mapping[str, Collection[str]]
    wishes_only: bool
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A question, read and found sound. Made by `pose`.

    A *unit* is what is placed as one: a student, or a group under its own name.
    """

    students: tuple[str, ...]
    seats: Mapping[str, Seats]
    scores: Mapping[str, Mapping[str, float]] | npt.NDArray[np.float64]
    wishes: Mapping[str, tuple[tuple[str, ...], ...]]
    pins: Mapping[str, tuple[str, str | None]]
    forbidden: Mapping[tuple[str, str], str]
    tutors: Mapping[str, Tutor]
    school_tutors: Mapping[str, SchoolTutor]
    groups: Mapping[str, tuple[str, ...]]
    free: Mapping[str, frozenset[str]]
    wishes_only: bool
    seed: int
    units: Mapping[str, tuple[str, ...]]
    unit_of: Mapping[str, str]
    number: Mapping[str, int]

    def row(self, unit: str) -> Mapping[str, float]:
        """The scores of a unit by opportunity."""
        if isinstance(self.scores, np.ndarray):
            values = zip(self.seats, self.scores[self.number[unit]].tolist(), strict=True)
            return {name: value for name, value in values if value == value}
        return self.scores.get(unit, {})


def pose(
    students: Sequence[str],
    seats: Mapping[str, int | Mapping[str, int] | Seats],
    scores: Scores,
    wishes: Wishes,
    *,
    pins: Pins = (),
    forbidden: Forbidden = (),
    tutors: Mapping[str, Tutor | tuple[int, Collection[str]]] | None = None,
    school_tutors: Mapping[str, SchoolTutor | tuple[int, Collection[str]]] | None = None,
    groups: Mapping[str, Collection[str]] | None = None,
    free: Mapping[str, Collection[str]] | None = None,
    wishes_only: bool = False,
    seed: int = 0,
) -> Problem:
    """Read a question and refuse what contradicts itself.

    Parameters
    ----------
    students
        Ids, each once.
    seats
        Opportunity to a number, to seats by period, or to `Seats`.
    scores
        How well they fit, higher is better: by (student, opportunity), by student and opportunity, or an
        array of students by opportunities in the order of `students` and `seats`, with NaN for "no score".
        A wish without a score counts 0.
    wishes
        By student, or in the order of `students`: opportunities, most wanted first. A collection among
        them is a tie. Where the wishes end, the scored opportunities follow, best first.
    pins
        Decided already: student to opportunity, or to (opportunity, period). A pin goes before all others
        and overrules wishes and scores, never a rule.
    forbidden
        Pairs (student, opportunity), with the name of the rule as a third entry or as the mapping's value.
    tutors
        Name to (most students, opportunities). An opportunity has at most one tutor.
    school_tutors
        Name to (most students, students). A student has at most one, and so has a group.
    groups
        Name to students who go together or not at all; wishes and scores stand under the group's name.
        What is forbidden to one member is forbidden to the group.
    free
        Student to the periods in which they can come; who is not named can always come.
    wishes_only
        Place nobody beyond their wishes.
    seed
        Decides equal scores, by one lot per student.

    Raises
    ------
    MatchingError
        An id that occurs twice or is unknown, a score that is no number.
    Infeasible
        A pin that a rule forbids.

    Examples
    --------
    >>> problem = pose(["anna", "bruno"], {"firm": 1}, {("anna", "firm"): 0.9}, {"bruno": ["firm"]})
    >>> problem.seats["firm"].total
    1
    """
    names = tuple(students)
    if len(set(names)) < len(names):
        raise MatchingError("a student occurs twice")
    offered = {name: _seats_of(value) for name, value in seats.items()}
    units, unit_of = _units(names, groups or {})
    problem = Problem(
        students=names,
        seats=offered,
        scores=_scores_of(scores, names, offered, units),
        wishes=_wishes_of(wishes, names),
        pins=_pins_of(pins, unit_of),
        forbidden=_forbidden_of(forbidden),
        tutors={name: Tutor(*tutor) for name, tutor in (tutors or {}).items()},
        school_tutors={name: SchoolTutor(*tutor) for name, tutor in (school_tutors or {}).items()},
        groups={name: members for name, members in units.items() if name in (groups or {})},
        free={name: frozenset(periods) for name, periods in (free or {}).items()},
        wishes_only=wishes_only,
        seed=seed,
        units=units,
        unit_of=unit_of,
        number={name: place for place, name in enumerate(names)},
    )
    _refuse_unknown(problem)
    _refuse_forbidden_pins(problem)
    return problem


def _seats_of(value: int | Mapping[str, int] | Seats) -> Seats:
    if isinstance(value, Seats):
        return value
    return Seats(periods=value) if isinstance(value, Mapping) else Seats(int(value))


def _units(
    students: tuple[str, ...], groups: Mapping[str, Collection[str]]
) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Unit to its students, and student to its unit."""
    unit_of = dict(zip(students, students, strict=True))
    for name, members in groups.items():
        if name in unit_of:
            raise MatchingError(f"{name!r} is a student and a group")
        if not members:
            raise MatchingError(f"group {name!r} is empty")
        for student in members:
            if unit_of.get(student) != student:
                raise MatchingError(f"{student!r} is no student, or is in two groups")
            unit_of[student] = name
    units: dict[str, list[str]] = {}
    for student in students:
        units.setdefault(unit_of[student], []).append(student)
    return {name: tuple(members) for name, members in units.items()}, unit_of


def _scores_of(
    scores: Scores, students: tuple[str, ...], seats: Mapping[str, Seats], units: Mapping[str, object]
) -> Mapping[str, Mapping[str, float]] | npt.NDArray[np.float64]:
    if isinstance(scores, np.ndarray):
        if scores.shape != (len(students), len(seats)):
            raise MatchingError("the scores are no table of students by opportunities")
        if len(units) < len(students) or any(student not in units for student in students):
            raise MatchingError("with groups, give the scores by name")
        if np.isinf(scores).any():
            raise MatchingError("a score is infinite")
        return scores.astype(np.float64, copy=False)
    rows: dict[str, Mapping[str, float]] = {}
    pairs: dict[str, dict[str, float]] = {}
    for key, value in scores.items():
        if isinstance(value, Mapping):
            rows[str(key)] = value
        else:
            pairs.setdefault(key[0], {})[key[1]] = float(value)
    rows.update(pairs)
    if not all(isfinite(value) for row in rows.values() for value in row.values()):
        raise MatchingError("a score is no finite number")
    return rows


def _wishes_of(wishes: Wishes, students: tuple[str, ...]) -> dict[str, tuple[tuple[str, ...], ...]]:
    """Every wish as the tuple of the opportunities that are liked equally."""
    if not isinstance(wishes, Mapping):
        if len(wishes) != len(students):
            raise MatchingError("wishes without names need one list per student")
        wishes = dict(zip(students, wishes, strict=True))
    found: dict[str, tuple[tuple[str, ...], ...]] = {}
    for unit, listed in wishes.items():
        found[unit] = tuple((wish,) if isinstance(wish, str) else tuple(wish) for wish in listed)
        flat = [name for wish in found[unit] for name in wish]
        if len(set(flat)) < len(flat):
            raise MatchingError(f"{unit!r} wishes for the same opportunity twice")
    return found


def _pins_of(pins: Pins, unit_of: Mapping[str, str]) -> dict[str, tuple[str, str | None]]:
    """Pins by unit."""
    found: dict[str, tuple[str, str | None]] = {}
    for student, seat in _pin_pairs(pins):
        unit = unit_of.get(student, student)
        if found.setdefault(unit, seat) != seat:
            raise Infeasible(f"{unit!r} is pinned twice")
    return found


def _pin_pairs(pins: Pins) -> Iterator[tuple[str, tuple[str, str | None]]]:
    if isinstance(pins, Mapping):
        for student, seat in pins.items():
            yield student, seat_of(seat)
    else:
        for student, opportunity, *period in pins:
            yield student, (opportunity, period[0] if period else None)


def seat_of(seat: Seat) -> tuple[str, str | None]:
    """An opportunity and its period, None where none is named.

    Examples
    --------
    >>> seat_of("firm"), seat_of(("firm", "june"))
    (('firm', None), ('firm', 'june'))
    """
    return (seat, None) if isinstance(seat, str) else (seat[0], seat[1])


def _forbidden_of(forbidden: Forbidden) -> dict[tuple[str, str], str]:
    if isinstance(forbidden, Mapping):
        return dict(forbidden)
    return {
        (student, opportunity): rule[0] if rule else UNNAMED_RULE for student, opportunity, *rule in forbidden
    }


def _refuse_unknown(problem: Problem) -> None:
    people = set(problem.students) | set(problem.groups)
    for what, named in {
        "wishes": problem.wishes,
        "scores": () if isinstance(problem.scores, np.ndarray) else problem.scores,
        "pins": problem.pins,
        "forbidden": [student for student, _ in problem.forbidden],
        "free": problem.free,
    }.items():
        _refuse(what, named, people)
    places = set(problem.seats)
    _refuse("wishes", (name for row in problem.wishes.values() for wish in row for name in wish), places)
    _refuse("pins", (opportunity for opportunity, _ in problem.pins.values()), places)
    _refuse("forbidden", (opportunity for _, opportunity in problem.forbidden), places)
    if not isinstance(problem.scores, np.ndarray):
        _refuse("scores", (name for row in problem.scores.values() for name in row), places)
    followed = [name for tutor in problem.tutors.values() for name in tutor.opportunities]
    _refuse("tutors", followed, places)
    if len(set(followed)) < len(followed):
        raise MatchingError("an opportunity has two tutors")
    _refuse_school_tutors(problem)
    for opportunity, period in problem.pins.values():
        if period is not None and period not in problem.seats[opportunity].periods:
            raise MatchingError(f"{opportunity!r} has no period {period!r}")


def _refuse_school_tutors(problem: Problem) -> None:
    pairs = [(student, name) for name, tutor in problem.school_tutors.items() for student in tutor.students]
    _refuse("school_tutors", (student for student, _ in pairs), set(problem.students))
    tutor_of = dict(pairs)
    if len(tutor_of) < len(pairs):
        raise MatchingError("a student has two tutors at school")
    for group, members in problem.groups.items():
        if len({tutor_of.get(student) for student in members}) > 1:
            raise MatchingError(f"group {group!r} has more than one tutor at school")


def _refuse(what: str, named: Iterable[str], known: set[str]) -> None:
    for name in named:
        if name not in known:
            raise MatchingError(f"unknown in {what}: {name!r}")


def _refuse_forbidden_pins(problem: Problem) -> None:
    for unit, (opportunity, _) in problem.pins.items():
        rule = barred_by(problem, unit, opportunity)
        if rule is not None:
            raise Infeasible(f"{unit!r} is pinned to {opportunity!r}, which {rule!r} forbids")


def barred_by(problem: Problem, unit: str, opportunity: str) -> str | None:
    """The rule that keeps a unit, or one of its members, from an opportunity."""
    for name in (unit, *problem.units[unit]):
        rule = problem.forbidden.get((name, opportunity))
        if rule is not None:
            return rule
    return None
