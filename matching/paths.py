"""Training paths: which modules, in which order, close a gap or bring more opportunities into reach.

A need counts as met from a share of `ENOUGH` on, and by one skill alone: the best that is held or was taught.
So each demand of the problem (a level of the goal, what a module requires, what an opportunity requires) is
met as soon as one module that teaches enough has ended in time. The rest is a choice of dated options under
a budget of hours: `options` lays it out, `frontier` makes it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from matching.calendar import days_of
from matching.errors import MatchingError
from matching.frontier import WIDTH, frontier, undominated
from matching.location import travel_km
from matching.optimum import optimum
from matching.options import (
    Demand,
    Frame,
    Lacks,
    Option,
    Targets,
    Teaching,
    choices_of,
    learnt,
    options_of,
)
from matching.reach import ENOUGH, last_start, unmet
from matching.skills import REQUIRED, Vocabulary
from matching.types import Opportunity, SkillNeed, Span, Student, Weights

NEVER: Final = date.max.toordinal() + 1
"""The day before which everything ends."""


class Goal(StrEnum):
    """Goals that are neither a profile nor an opportunity."""

    REACH = "reach"
    """As many more opportunities in reach as possible."""


@dataclass(frozen=True, slots=True)
class Step:
    """A module of a path. `spans` is the period or session to take, or all lessons; none without dates.

    `adds` are the levels that are higher than what the student has by then. `travel_km` is one way.
    """

    id: str
    spans: tuple[Span, ...]
    starts_on: date
    ends_on: date
    hours: int
    travel_km: float | None
    adds: tuple[SkillNeed, ...]


@dataclass(frozen=True, slots=True)
class Path:
    """Modules in their order, and what they bring.

    Attributes
    ----------
    hours, travel_km
        Of all steps; kilometres by road, there and back on each day.
    adds
        The highest level of each skill that rises.
    closes, open
        The goal's needs that the path meets, and those that stay unmet.
    missing
        Levels that `open` still lacks; those that a wished opportunity requires count twice.
    brings
        Ids of the opportunities that come into reach.
    least_missing
        No path within the budget leaves fewer levels missing than this. Where it equals `missing`, the
        path is as good for the goal as any.
    is_best
        Whether the search was complete: then no path is at least as good in hours, missing levels and
        opportunities and better in one of them.
    """

    steps: tuple[Step, ...]
    hours: int
    travel_km: float
    adds: tuple[SkillNeed, ...]
    closes: tuple[SkillNeed, ...]
    open: tuple[SkillNeed, ...]
    missing: int
    brings: tuple[str, ...]
    least_missing: int
    is_best: bool


def plan(
    student: Student,
    goal: Goal | Opportunity | Collection[SkillNeed],
    modules: Iterable[Opportunity],
    vocabulary: Vocabulary,
    budget_hours: int,
    by: date | None = None,
    *,
    on: date | None = None,
    opportunities: Iterable[Opportunity] | None = None,
    weights: Weights | None = None,
    share: float = ENOUGH,
    k: int = 10,
    width: int = WIDTH,
) -> list[Path]:
    """Find the paths that no other path beats in hours, levels still missing, and opportunities gained.

    Parameters
    ----------
    goal
        A profile (the needs of an occupation), a wished opportunity, or `Goal.REACH`.
    modules
        Training paths, visits and internships; of two with the same id the later one counts. What hides a
        module from the student, or what it requires and neither the student nor an earlier module has,
        keeps it out.
    budget_hours
        Hours that a path may take.
    by
        The last day of a path; no limit if left out.
    on
        The day of the plan: what ended or closed before it is over, and nothing begins earlier. If left out,
        the first day on which a module begins.
    opportunities
        Those that may come into reach; the modules if left out.
    weights
        Only `attendance` is used here.
    share
        The share from which a need counts as met.
    k
        How many paths at most.
    width
        Labels of the search: see `frontier`. With more of them a large search is slower and may be better.

    Returns
    -------
    list of Path
        For a profile or an opportunity those that bring it nearer, the fewest missing levels first, then
        the fewest hours; for `Goal.REACH` the most opportunities first, then the fewest hours. Empty when
        nothing helps, and when nothing is missing.

    Raises
    ------
    UnknownSkill
        A skill that the vocabulary does not hold.
    MatchingError
        A negative budget, or no day at all to plan from.

    Notes
    -----
    An opportunity comes into reach when every skill that it requires is met by what has been learnt before
    the last day on which the student could begin it (`reach.last_start`).

    Exact while no more than `width` undominated labels are alive at once and no more than `MOST_OPTIONS`
    options lead to a goal. Beyond that the best of them are searched on and `Path.is_best` is false; then
    an integer programme finds the path with the fewest missing levels and hours, or a bound
    (`Path.least_missing`).

    Examples
    --------
    >>> from matching.types import Concept, Kind
    >>> vocabulary = Vocabulary([Concept("plc", {}), Concept("robotics", {})])
    >>> def lesson(first):
    ...     return (Span(date(2027, 3, first), date(2027, 3, first)),)
    >>> basics = Opportunity("basics", Kind.TRAINING, spans=lesson(2), taught=(SkillNeed("plc", 2),), hours=20)
    >>> cell = Opportunity(
    ...     "cell", Kind.TRAINING, spans=lesson(9), hours=12,
    ...     required=(SkillNeed("plc", 2),), taught=(SkillNeed("robotics", 3),),
    ... )
    >>> goal = [SkillNeed("plc", 2), SkillNeed("robotics", 3)]
    >>> student = Student("s", 44.49, 11.34)
    >>> for path in plan(student, goal, [cell, basics], vocabulary, 40, on=date(2026, 11, 22)):
    ...     print([step.id for step in path.steps], path.hours, path.missing)
    ['basics', 'cell'] 32 0
    ['basics'] 20 3
    """
    by_id = {module.id: module for module in modules}
    if isinstance(goal, Opportunity):
        by_id.pop(goal.id, None)
    taught = [by_id[name] for name in sorted(by_id) if by_id[name].taught]
    among = list(by_id.values() if opportunities is None else opportunities)
    if budget_hours < 0:
        raise MatchingError(f"nothing can be learnt in {budget_hours} hours")
    frame = Frame(
        student,
        _first_day(taught, by) if on is None else on,
        date.max if by is None else by,
        budget_hours,
        (Weights() if weights is None else weights).attendance,
    )
    lacks = _lacking(student, vocabulary, share)
    aim = _aim(goal, frame, lacks)
    teaching = Teaching(taught, vocabulary, share)
    chances = list(_chances(among, teaching, frame, lacks))
    found, least_missing, is_best = _search(teaching, _targets(aim, chances, lacks), frame, lacks, width)
    if goal == Goal.REACH:
        found.sort(key=_most_opportunities)
    else:
        found = sorted((one for one in found if one.worth), key=_fewest_missing)
    planner = _Planner(student, vocabulary, share, taught, aim, chances, least_missing, is_best)
    return [planner.path(one.options) for one in found[:k]]


def _first_day(modules: Iterable[Opportunity], by: date | None) -> date:
    days = [span.starts_on for module in modules for span in module.spans]
    if by is not None:
        days.append(by)
    if not days:
        raise MatchingError("say on which day the plan begins: nothing has a date")
    return min(days)


def _lacking(student: Student, vocabulary: Vocabulary, share: float) -> Lacks:
    """Which of some needs the student does not meet today; each need is looked at once."""
    known: dict[SkillNeed, bool] = {}

    def lacks(needs: Iterable[SkillNeed]) -> tuple[SkillNeed, ...]:
        missing = []
        for need in needs:
            if need not in known:
                known[need] = bool(unmet(student.skills, (need,), vocabulary, share))
            if known[need]:
                missing.append(need)
        return tuple(missing)

    return lacks


class _Aim(NamedTuple):
    """The goal's unmet needs with the worth of a level, and the day before which they must be met."""

    needs: tuple[tuple[SkillNeed, int], ...]
    before: int


def _aim(goal: Goal | Opportunity | Collection[SkillNeed], frame: Frame, lacks: Lacks) -> _Aim:
    if isinstance(goal, str):
        Goal(goal)
        return _Aim((), NEVER)
    if not isinstance(goal, Opportunity):
        return _Aim(tuple((need, 1) for need in lacks(goal)), NEVER)
    # What a rule hides may still be wished for; then only the needs count.
    start = last_start(frame.student, goal, frame.on, frame.attendance)
    needs = [(need, int(REQUIRED)) for need in lacks(goal.required)]
    needs += [(need, 1) for need in lacks(goal.wanted)]
    return _Aim(tuple(needs), NEVER if start is None else start.toordinal())


class _Chance(NamedTuple):
    """An opportunity that is out of reach for want of skills that are taught, and its last first day."""

    opportunity: Opportunity
    before: int


def _chances(
    opportunities: Iterable[Opportunity], teaching: Teaching, frame: Frame, lacks: Lacks
) -> Iterable[_Chance]:
    for one in opportunities:
        missing = lacks(one.required)
        if missing and all(map(teaching.of, missing)):
            start = last_start(frame.student, one, frame.on, frame.attendance)
            if start is not None:
                yield _Chance(one, start.toordinal())


def _levels(need: SkillNeed) -> Iterable[SkillNeed]:
    return (replace(need, level=level) for level in range(1, need.level + 1))


def _targets(aim: _Aim, chances: Iterable[_Chance], lacks: Lacks) -> Targets:
    """Each missing level of the goal is worth something by itself; an opportunity asks for all that it lacks."""
    return Targets(
        [(Demand(level, aim.before), worth) for need, worth in aim.needs for level in lacks(_levels(need))],
        [tuple(Demand(need, one.before) for need in lacks(one.opportunity.required)) for one in chances],
    )


class _Found(NamedTuple):
    """A choice of options, with what it takes and brings."""

    hours: int
    worth: int
    opportunities: int
    options: tuple[Option, ...]


def _fewest_missing(one: _Found) -> tuple[int, int, int]:
    return -one.worth, one.hours, -one.opportunities


def _most_opportunities(one: _Found) -> tuple[int, int, int]:
    return -one.opportunities, one.hours, -one.worth


class _Result(NamedTuple):
    """What a search has found; `least_missing` as in `Path`."""

    found: list[_Found]
    least_missing: int
    is_best: bool


def _search(teaching: Teaching, targets: Targets, frame: Frame, lacks: Lacks, width: int) -> _Result:
    """The undominated sets of options without the empty one.

    What is too large to be searched whole still gets the best choice for the goal, and a bound on it.
    """
    needs = {demand.need: None for demand, _ in targets.levels}
    needs |= {demand.need: None for group in targets.groups for demand in group}
    options = options_of(teaching, teaching.towards(needs, lacks), frame, lacks)
    options, choices, is_whole = choices_of(options, teaching, targets, lacks)
    best, is_complete = frontier(choices, frame.budget_hours, width)
    most_worth = max(one.worth for one in best)
    if not is_complete and choices.worth:
        head, most_worth = optimum(choices, frame.budget_hours)
        best = undominated([*best, head] if head else best)
    found = [
        _Found(one.hours, one.worth, one.grouped, tuple(options[place] for place in one.options))
        for one in best
        if one.options
    ]
    total = sum(worth for _, worth in targets.levels)
    return _Result(found, total - most_worth if is_whole else 0, is_whole and is_complete)


class _Planner(NamedTuple):
    """Makes a path of options: everything it says is worked out anew on the changed student."""

    student: Student
    vocabulary: Vocabulary
    share: float
    modules: Sequence[Opportunity]
    aim: _Aim
    chances: Sequence[_Chance]
    least_missing: int
    is_best: bool

    def path(self, options: Sequence[Option]) -> Path:
        steps = self._steps(options)
        lacks = self._lacks(options, self.aim.before)
        still = lacks(need for need, _ in self.aim.needs)
        adds: dict[str, SkillNeed] = {}
        for added in (added for step in steps for added in step.adds):
            adds[added.id] = added
        return Path(
            steps=steps,
            hours=sum(step.hours for step in steps),
            travel_km=sum(
                2.0 * (step.travel_km or 0.0) * (sum(map(days_of, step.spans)) or 1) for step in steps
            ),
            adds=tuple(adds.values()),
            closes=tuple(need for need, _ in self.aim.needs if need not in still),
            open=tuple(need for need, _ in self.aim.needs if need in still),
            missing=sum(worth * len(lacks(_levels(need))) for need, worth in self.aim.needs),
            brings=tuple(self._brings(options)),
            least_missing=self.least_missing,
            is_best=self.is_best,
        )

    def _lacks(self, options: Iterable[Option], before: int) -> Lacks:
        """Which needs the student does not meet with all that has been learnt before a day."""
        held = list(self.student.skills)
        for option in options:
            if option.ends < before:
                held += learnt(self.modules[option.module])
        return _lacking(replace(self.student, skills=tuple(held)), self.vocabulary, self.share)

    def _brings(self, options: Sequence[Option]) -> Iterable[str]:
        ends = sorted(option.ends for option in options)
        by_ended: dict[int, Lacks] = {}
        for opportunity, before in self.chances:
            ended = bisect_left(ends, before)
            if ended not in by_ended:
                by_ended[ended] = self._lacks(options, before)
            if not by_ended[ended](opportunity.required):
                yield opportunity.id

    def _steps(self, options: Sequence[Option]) -> tuple[Step, ...]:
        highest: dict[str, int] = {}
        for held in self.student.skills:
            highest[held.id] = max(held.level, highest.get(held.id, 0))
        steps = []
        for option in options:
            module = self.modules[option.module]
            adds = []
            for taught in sorted(module.taught, key=lambda need: (need.id, -need.level)):
                if taught.level > highest.get(taught.id, 0):
                    highest[taught.id] = taught.level
                    adds.append(taught)
            steps.append(
                Step(
                    module.id,
                    option.spans,
                    date.fromordinal(option.starts),
                    date.fromordinal(option.ends),
                    option.hours,
                    travel_km(self.student, module),
                    tuple(adds),
                )
            )
        return tuple(steps)
