"""Small random classes, and brute force over everything that could be done with them.

Nothing of the solvers or of the checker is used here: rules and aims are written out once more, from the
plain question.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import product

from hypothesis import strategies as st

from matching.problem import Seats

SCORES = (0.0, 0.25, 0.5, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Question:
    """The arguments of `assign`."""

    students: list[str]
    seats: dict[str, Seats]
    scores: dict[tuple[str, str], float]
    wishes: dict[str, list[list[str]]]
    rules: dict[str, object] = field(default_factory=dict)

    def arguments(self):
        return self.students, self.seats, self.scores, self.wishes

    def units(self) -> dict[str, tuple[str, ...]]:
        groups = self.rules.get("groups", {})
        grouped = {student for members in groups.values() for student in members}
        singles = {student: (student,) for student in self.students if student not in grouped}
        return {**singles, **{name: tuple(members) for name, members in groups.items()}}


def lot(seed: int, name: str) -> int:
    return int.from_bytes(blake2b(f"{seed}:{name}".encode(), digest_size=8).digest())


@st.composite
def questions(draw: st.DrawFn, *, side: str = "") -> Question:
    """A class of at most five with at most four opportunities. `side` names what may bind besides seats."""
    students = [f"s{n}" for n in range(draw(st.integers(1, 5)))]
    names = [f"o{n}" for n in range(draw(st.integers(1, 4)))]
    groups = {}
    if "groups" in side and len(students) > 2:
        groups = {"g": students[: draw(st.integers(2, min(3, len(students) - 1)))]}
    seats = {}
    for name in names:
        minimum = draw(st.integers(0, 3)) if "minimum" in side else 0
        only = draw(st.booleans()) if groups else False
        if "periods" in side and draw(st.booleans()):
            periods = {"p": draw(st.integers(0, 2)), "q": draw(st.integers(0, 2))}
            seats[name] = Seats(draw(st.one_of(st.none(), st.integers(0, 3))), periods, minimum, only)
        else:
            seats[name] = Seats(draw(st.integers(0, 3)), {}, minimum, only)
    askers = [student for student in students if not any(student in members for members in groups.values())]
    askers += list(groups)
    pair = st.tuples(st.sampled_from(askers), st.sampled_from(names))
    scores = draw(st.dictionaries(pair, st.sampled_from(SCORES), max_size=12))
    wishes = {}
    for asker in askers:
        listed = draw(st.lists(st.sampled_from(names), unique=True))
        cuts = draw(st.lists(st.booleans(), min_size=len(listed), max_size=len(listed)))
        wishes[asker] = []
        for name, cut in zip(listed, cuts, strict=True):
            if cut or not wishes[asker] or "ties" not in side:
                wishes[asker].append([name])
            else:
                wishes[asker][-1].append(name)
    rules: dict[str, object] = {
        "seed": draw(st.integers(0, 3)),
        "wishes_only": draw(st.booleans()),
        "forbidden": draw(st.dictionaries(pair, st.just("age"), max_size=3)),
    }
    if groups:
        rules["groups"] = groups
    if "periods" in side:
        spans = st.frozensets(st.sampled_from(["p", "q"]), min_size=1)
        rules["free"] = draw(st.dictionaries(st.sampled_from(students), spans, max_size=2))
    if "tutors" in side:
        followed = draw(st.lists(st.sampled_from(names), unique=True))
        cut = draw(st.integers(0, len(followed)))
        rules["tutors"] = {
            "t": (draw(st.integers(0, 4)), followed[:cut]),
            "u": (draw(st.integers(0, 4)), followed[cut:]),
        }
    if "school" in side:
        group_of = {member: name for name, members in groups.items() for member in members}
        at_school: dict[str, list[str]] = {"v": [], "w": [], "nobody": []}
        tutor_of = {asker: draw(st.sampled_from(["v", "v", "w", "nobody"])) for asker in askers}
        for student in students:
            at_school[tutor_of[group_of.get(student, student)]].append(student)
        rules["school_tutors"] = {name: (draw(st.integers(0, 3)), at_school[name]) for name in "vw"}
    if "pins" in side:
        asker, name = draw(pair)
        if (asker, name) not in rules["forbidden"]:
            rules["pins"] = {asker: name}
    return Question(students, seats, scores, wishes, rules)


def choices(question: Question, unit: str) -> list[tuple[str, str | None]]:
    """The seats a unit may be given, most wanted first; ties by score, then by lot."""
    rules = question.rules
    seed = rules["seed"]
    wishes = question.wishes.get(unit, [])
    rank = {name: place for place, tied in enumerate(wishes) for name in tied}
    listed = (
        [] if rules["wishes_only"] else [name for name in question.seats if (unit, name) in question.scores]
    )
    names = set(rank) | set(listed)
    pin = rules.get("pins", {}).get(unit)
    if pin is not None:
        names = {pin}
    members = question.units()[unit]
    is_group = unit in rules.get("groups", {})

    def order(name):
        score = question.scores.get((unit, name), 0.0)
        return rank.get(name, len(wishes)), -score, lot(seed, name) ^ lot(seed, unit)

    found = []
    for name in sorted(names, key=order):
        offer = question.seats[name]
        if any((who, name) in rules["forbidden"] for who in (unit, *members)):
            continue
        if offer.groups_only and not is_group:
            continue
        for period in offer.periods or (None,):
            free = rules.get("free", {})
            if period is None or all(period in free.get(who, {period}) for who in (unit, *members)):
                found.append((name, period))
    return found


def priority(question: Question, unit: str, name: str) -> tuple[bool, float, int]:
    """Higher goes first."""
    is_pinned = unit in question.rules.get("pins", {})
    score = 0.0 if is_pinned else question.scores.get((unit, name), 0.0)
    return is_pinned, score, lot(question.rules["seed"], unit)


def quotas(question: Question) -> list[tuple[set[tuple[str, str | None]], int]]:
    """Sets of seats and how many students they take together."""
    found = []
    for name, offer in question.seats.items():
        if offer.periods:
            found += [({(name, period)}, seats) for period, seats in offer.periods.items()]
        inside = {(name, period) for period in offer.periods or (None,)}
        if offer.total is not None:
            found.append((inside, offer.total))
    for capacity, names in question.rules.get("tutors", {}).values():
        inside = {(name, p) for name in names for p in question.seats[name].periods or (None,)}
        found.append((inside, capacity))
    return found


Plan = dict[str, tuple[str, str | None]]


def followed(question: Question, plan: Plan, capacity: int, students: list[str]) -> int:
    """How many students a tutor at school can still follow."""
    placed = [one for unit in plan for one in question.units()[unit]]
    return capacity - len(set(placed) & set(students))


def is_lawful(question: Question, plan: Plan) -> bool:
    """Whether a plan by unit keeps seats, tutors, minimum sizes and pins."""
    size = {unit: len(members) for unit, members in question.units().items()}
    for inside, capacity in quotas(question):
        if sum(size[unit] for unit, seat in plan.items() if seat in inside) > capacity:
            return False
    if any(
        followed(question, plan, *tutor) < 0 for tutor in question.rules.get("school_tutors", {}).values()
    ):
        return False
    taken = Counter()
    for unit, seat in plan.items():
        taken[seat] += size[unit]
    if any(count < question.seats[name].minimum for (name, _), count in taken.items()):
        return False
    return all(unit in plan for unit in question.rules.get("pins", {}))


def plans(question: Question) -> list[Plan]:
    """Every lawful plan, by unit."""
    units = list(question.units())
    options = [[None, *choices(question, unit)] for unit in units]
    everything = (
        {unit: seat for unit, seat in zip(units, picked, strict=True) if seat is not None}
        for picked in product(*options)
    )
    return [plan for plan in everything if is_lawful(question, plan)]


def blocking(question: Question, plan: Plan, *, leaves: bool) -> set[tuple[str, tuple[str, str | None]]]:
    """Units with the seats they would rather have and for which higher priority leaves room in every quota.

    `leaves`: the unit's own seat is given up first; otherwise it competes like any other.
    """
    taken = Counter(plan.values())
    size = {unit: len(members) for unit, members in question.units().items()}
    found = set()
    for unit in size:
        wanted = choices(question, unit)
        for seat in wanted[: wanted.index(plan[unit])] if unit in plan else wanted:
            is_closed = not taken[seat] and size[unit] < question.seats[seat[0]].minimum
            if (
                not is_closed
                and has_room(question, plan, unit, seat, leaves=leaves)
                and (unit in plan or is_followed(question, plan, unit))
            ):
                found.add((unit, seat))
    return found


def is_followed(question: Question, plan: Plan, unit: str) -> bool:
    """Whether the tutor at school can follow a unit besides those with higher lots; pinned ones go before all."""

    def claim(one: str) -> tuple[bool, int]:
        return one in question.rules.get("pins", {}), lot(question.rules["seed"], one)

    members = question.units()[unit]
    before = {other: seat for other, seat in plan.items() if claim(other) > claim(unit)}
    return all(
        followed(question, before, *tutor) >= len(members)
        for tutor in question.rules.get("school_tutors", {}).values()
        if members[0] in tutor[1]
    )


def has_room(
    question: Question, plan: Plan, unit: str, seat: tuple[str, str | None], *, leaves: bool
) -> bool:
    size = {other: len(members) for other, members in question.units().items()}
    mine = priority(question, unit, seat[0])
    rivals = {
        other: held
        for other, held in plan.items()
        if (not leaves if other == unit else True) and priority(question, other, held[0]) >= mine
    }
    return all(
        size[unit] + sum(size[other] for other, held in rivals.items() if held in inside) <= capacity
        for inside, capacity in quotas(question)
        if seat in inside
    )


def rank_of(question: Question, unit: str, name: str) -> int:
    """From 1; beyond the wishes one more than the longest list."""
    for place, tied in enumerate(question.wishes.get(unit, []), 1):
        if name in tied:
            return place
    return 1 + max((len(row) for row in question.wishes.values()), default=0)


def worth(question: Question, plan: Plan, previous: Plan | None = None) -> tuple[float, ...]:
    """The aims of an optimal assignment, smaller is better."""
    size = {unit: len(members) for unit, members in question.units().items()}
    last = 1 + max((len(row) for row in question.wishes.values()), default=0)
    ranks = Counter()
    for unit, (name, _) in plan.items():
        ranks[rank_of(question, unit, name)] += size[unit]
    placed = sum(size[unit] for unit in plan)
    score = sum(size[unit] * question.scores.get((unit, name), 0.0) for unit, (name, _) in plan.items())
    changes = 0
    if previous is not None:
        changes = -sum(size[unit] for unit, seat in plan.items() if previous.get(unit) == seat)
    return (-placed, *(ranks[rank] for rank in range(last, 1, -1)), -round(score, 6), changes)
