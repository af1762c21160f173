"""Modules as dated options, and who teaches what: the choice that a training path is, as sets of bits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Final, NamedTuple

from matching.calendar import days_of
from matching.frontier import Choices
from matching.reach import ways
from matching.rules import hidden_by
from matching.skills import Vocabulary, best_of
from matching.types import Evidence, HeldSkill, Opportunity, Parts, SkillNeed, Span, Student

LEARNT: Final = Evidence.CURRICULUM
"""How a taught level counts: more than one's own word, but nobody has examined it."""

HOURS_PER_PART: Final = 4
"""Hours of a part of the day, for a module that does not state its hours: a full day has eight, the most that
a minor may work."""

MOST_OPTIONS: Final = 400
"""Options that are searched; of more, those that are worth most by the hour."""

A_DAY: Final = Parts.EVENING.bit_length()
"""Bits of a day: one for each of its parts."""

Lacks = Callable[[Iterable[SkillNeed]], tuple[SkillNeed, ...]]
"""Which of some needs the student does not meet today."""


class Option(NamedTuple):
    """A module (by its position among the modules) on certain days, as ordinals."""

    module: int
    spans: tuple[Span, ...]
    starts: int
    ends: int
    hours: int


class Demand(NamedTuple):
    """A need that counts only if it is met before a day (an ordinal)."""

    need: SkillNeed
    before: int


@dataclass(frozen=True, slots=True)
class Targets:
    """What a path is for: levels of the goal with their worth, and the demands of each opportunity."""

    levels: Sequence[tuple[Demand, int]]
    groups: Sequence[tuple[Demand, ...]]


def learnt(module: Opportunity) -> tuple[HeldSkill, ...]:
    """What a student holds once a module has ended."""
    return tuple(HeldSkill(taught.id, taught.level, LEARNT) for taught in module.taught)


class Teaching:
    """Which modules teach enough for a need, each on its own."""

    def __init__(self, modules: Sequence[Opportunity], vocabulary: Vocabulary, share: float) -> None:
        self.modules = modules
        self._vocabulary = vocabulary
        self._share = share
        self._by_level: dict[str, dict[int, list[int]]] = {}
        for position, module in enumerate(modules):
            for taught in module.taught:
                self._by_level.setdefault(taught.id, {}).setdefault(taught.level, []).append(position)
        self._found: dict[SkillNeed, tuple[int, ...]] = {}

    def of(self, need: SkillNeed) -> tuple[int, ...]:
        """Positions of the modules that teach enough, in order."""
        found = self._found.get(need)
        if found is None:
            enough = {
                position
                for skill_id in self._vocabulary.covered_by(need.id)
                for level, positions in self._by_level.get(skill_id, {}).items()
                if self._meets(HeldSkill(skill_id, level, LEARNT), need)
                for position in positions
            }
            found = self._found[need] = tuple(sorted(enough))
        return found

    def _meets(self, held: HeldSkill, need: SkillNeed) -> bool:
        return best_of((held,), need, self._vocabulary)[0] >= self._share

    def towards(self, needs: Iterable[SkillNeed], lacks: Lacks) -> list[int]:
        """The modules that teach for some needs, and those that teach what these modules require, and so on."""
        found: set[int] = set()
        waiting = list(needs)
        while waiting:
            new = set(self.of(waiting.pop())) - found
            found |= new
            waiting += [need for one in sorted(new) for need in lacks(self.modules[one].required)]
        return sorted(found)


@dataclass(frozen=True, slots=True)
class Frame:
    """Within what a path must stay: `by` is its last day, `attendance` as in `Weights`."""

    student: Student
    on: date
    by: date
    budget_hours: int
    attendance: float

    def holds(self, option: Option) -> bool:
        """Whether an option begins in time, ends in time and is not too long by itself."""
        in_time = self.on.toordinal() <= option.starts <= option.ends <= self.by.toordinal()
        return in_time and 1 <= option.hours <= self.budget_hours


def options_of(teaching: Teaching, wanted: Sequence[int], frame: Frame, lacks: Lacks) -> list[Option]:
    """All ways to take the wanted modules that the rules and the frame leave, in the order of their start.

    A module without dates takes one day of the student's choice: today, or where it requires something new,
    the day after a module that teaches it. One with neither dates nor hours cannot be planned.
    """
    options: list[Option] = []
    undated = []
    for position in wanted:
        module = teaching.modules[position]
        if module.spans:
            found = ways(frame.student, module, frame.on, frame.attendance)
            options += [_dated(position, module, spans) for spans in found if all(map(days_of, spans))]
        elif hidden_by(frame.student, module, frame.on, frame.attendance) is None:
            undated.append(position)
    options += _undated(teaching, undated, options, frame, lacks)

    def place(option: Option) -> tuple[object, ...]:
        spans = [(span.starts_on, span.ends_on, span.weekdays, span.parts) for span in option.spans]
        return option.starts, option.ends, teaching.modules[option.module].id, spans

    return sorted(filter(frame.holds, options), key=place)


def _dated(position: int, module: Opportunity, spans: tuple[Span, ...]) -> Option:
    starts = min(span.starts_on for span in spans).toordinal()
    ends = max(span.ends_on for span in spans).toordinal()
    parts = sum(days_of(span) * span.parts.bit_count() for span in spans)
    return Option(position, spans, starts, ends, module.hours or HOURS_PER_PART * parts)


def _undated(
    teaching: Teaching, undated: Sequence[int], dated: Sequence[Option], frame: Frame, lacks: Lacks
) -> list[Option]:
    """Modules without dates on each day that can be the first one on which all is known that they require."""
    today, last = frame.on.toordinal(), frame.by.toordinal()
    ends: dict[int, set[int]] = {}
    for option in dated:
        ends.setdefault(option.module, set()).add(option.ends)
    requiring = {}
    for position in undated:
        lacking = lacks(teaching.modules[position].required)
        ends[position] = set() if lacking else {today}
        if lacking:
            requiring[position] = {one for need in lacking for one in teaching.of(need)} - {position}
    for _ in requiring:  # a chain of modules that wait for one another is no longer than this
        for position, teachers in requiring.items():
            days = {day + 1 for teacher in teachers for day in ends.get(teacher, ())}
            ends[position] |= {day for day in days if day <= last}
    return [
        Option(position, (), day, day, teaching.modules[position].hours)
        for position in undated
        for day in ends[position]
    ]


def choices_of(
    options: Sequence[Option], teaching: Teaching, targets: Targets, lacks: Lacks, most: int = MOST_OPTIONS
) -> tuple[list[Option], Choices, bool]:
    """The options that can be taken at all, the choice among them, and whether these are all.

    Of more than `most` options those that are worth most by the hour are kept.
    """
    kept, choices = _laid_out(options, teaching, targets, lacks)
    is_whole = len(kept) <= most
    if not is_whole:
        kept, choices = _laid_out(_worthiest(kept, choices, most), teaching, targets, lacks)
    return kept, replace(choices, excludes=_excludes(kept)), is_whole


def _laid_out(
    options: Sequence[Option], teaching: Teaching, targets: Targets, lacks: Lacks
) -> tuple[list[Option], Choices]:
    """The options that can be taken at all, as choices that exclude nothing yet.

    Two demands that the same options meet are one; what no option meets is left out.
    """
    kept, supply = _takeable(options, teaching, lacks)
    numbers: dict[tuple[int, ...], int] = {}

    def number(demand: Demand) -> int | None:
        suppliers = supply(demand)
        return numbers.setdefault(suppliers, len(numbers)) if suppliers else None

    def together(demands: Iterable[Demand]) -> int | None:
        found = {number(demand) for demand in demands}
        return None if None in found else sum(1 << one for one in found if one is not None)

    worth: dict[int, int] = {}
    for demand, value in targets.levels:
        one = number(demand)
        if one is not None:
            worth[one] = worth.get(one, 0) + value
    groups: dict[int, int] = {}
    for group in map(together, targets.groups):
        if group is not None:
            groups[group] = groups.get(group, 0) + 1
    requires = [
        together(Demand(need, one.starts) for need in lacks(teaching.modules[one.module].required)) or 0
        for one in kept
    ]
    covers = [0] * len(kept)
    for suppliers, demand_number in numbers.items():
        for supplier in suppliers:
            covers[supplier] |= 1 << demand_number
    return kept, Choices([one.hours for one in kept], covers, requires, [], worth, groups)


def _takeable(
    options: Sequence[Option], teaching: Teaching, lacks: Lacks
) -> tuple[list[Option], Callable[[Demand], tuple[int, ...]]]:
    """The options whose requirements others can teach in time, and who of them meets a demand."""
    kept = list(options)
    while True:
        places: dict[int, list[int]] = {}
        for place, option in enumerate(kept):
            places.setdefault(option.module, []).append(place)
        supply = partial(_suppliers, kept, teaching, places)
        left = [
            one
            for one in kept
            if all(supply(Demand(need, one.starts)) for need in lacks(teaching.modules[one.module].required))
        ]
        if len(left) == len(kept):
            return kept, supply
        kept = left


def _suppliers(
    options: Sequence[Option], teaching: Teaching, places: Mapping[int, Sequence[int]], demand: Demand
) -> tuple[int, ...]:
    """Places of the options that end before the demand's day and teach enough."""
    return tuple(
        place
        for module in teaching.of(demand.need)
        for place in places.get(module, ())
        if options[place].ends < demand.before
    )


def _excludes(options: Sequence[Option]) -> list[int]:
    """For each option the others that cannot be taken with it: the same module, or the same time."""
    excluded = [0] * len(options)
    of_module: dict[int, int] = {}
    first = min((one.starts for one in options), default=0)
    taken = [occupied(one.spans, first) for one in options]
    for place, one in enumerate(options):
        of_module[one.module] = of_module.get(one.module, 0) | 1 << place
        for later in range(place + 1, len(options)):
            if options[later].starts > one.ends:
                break
            if taken[place] & taken[later]:
                excluded[place] |= 1 << later
                excluded[later] |= 1 << place
    return [bits | of_module[one.module] for bits, one in zip(excluded, options, strict=True)]


def occupied(spans: Iterable[Span], first: int) -> int:
    """The parts of days from ordinal `first` on that spans take, as bits: none begins earlier.

    Examples
    --------
    >>> from matching.types import Parts
    >>> monday = date(2027, 6, 7)
    >>> fortnight = Span(monday, date(2027, 6, 18), weekdays=0b0000001, parts=Parts.AFTERNOON)
    >>> bin(occupied([fortnight], monday.toordinal()))  # two afternoons, seven days apart
    '0b10000000000000000000010'
    """
    taken = 0
    for span in spans:
        start = span.starts_on.toordinal()
        days = max(0, span.ends_on.toordinal() + 1 - start)
        week = sum(
            span.parts << day * A_DAY for day in range(7) if span.weekdays >> (start - 1 + day) % 7 & 1
        )  # from its own first day on; ordinal 1 was a Monday
        # A one at the beginning of each week, times a week, is that week again and again.
        weeks = ((1 << -(-days // 7) * 7 * A_DAY) - 1) // ((1 << 7 * A_DAY) - 1)
        taken |= (week * weeks & (1 << days * A_DAY) - 1) << (start - first) * A_DAY
    return taken


def _worthiest(options: Sequence[Option], choices: Choices, most: int) -> list[Option]:
    """The options that are worth most by the hour, in their order.

    An option is worth the levels of the goal that it teaches, then what it does for opportunities; and one
    that others require is worth at least as much as the best of these.
    """
    of_demand: dict[int, float] = {demand: float(value) for demand, value in choices.worth.items()}
    scale = 1.0 + sum(count * group.bit_count() for group, count in choices.groups.items())
    for group, count in choices.groups.items():
        for demand in bits_of(group):
            of_demand[demand] = of_demand.get(demand, 0.0) + count / scale
    value = [0.0] * len(options)
    for place in reversed(range(len(options))):
        # Who requires something comes later than who teaches it: by now its demands have their full value.
        value[place] = sum(of_demand.get(demand, 0.0) for demand in bits_of(choices.covers[place]))
        for demand in bits_of(choices.requires[place]):
            of_demand[demand] = max(of_demand.get(demand, 0.0), value[place])
    order = sorted(range(len(options)), key=lambda place: (-value[place] / options[place].hours, place))
    return [options[place] for place in sorted(order[:most])]


def bits_of(bits: int) -> list[int]:
    """The numbers of the bits that are set, lowest first.

    Examples
    --------
    >>> bits_of(0b1101)
    [0, 2, 3]
    """
    numbers = []
    while bits:
        lowest = bits & -bits
        numbers.append(lowest.bit_length() - 1)
        bits ^= lowest
    return numbers
