"""Plans against brute force: every subset of modules, in every period, walked through day by day."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise, product
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from matching.options import (
    HOURS_PER_PART,
    occupied,
)
from matching.paths import Goal, plan
from matching.reach import unmet
from matching.rules import hidden_by
from matching.types import Evidence, HeldSkill, Kind, Opportunity, Parts, SkillNeed, Span, Student
from tests.matching.strategies import ON, VOCABULARY, examples
from tests.matching.test_paths import FREE, LAST, STUDENT, day

skills = st.sampled_from(["plc", "plc", "robotics", "turning"])
levels = st.sampled_from([1, 1, 2, 2, 3])
needs = st.builds(SkillNeed, skills, levels)
single = st.integers(0, 14).map(lambda number: Span(day(number), day(number)))
several = st.builds(
    lambda first, length, week, part: Span(day(first), day(first + length), week, part),
    st.integers(-1, 12), st.integers(0, 3), st.sampled_from([127, 127, 31, 42]), st.sampled_from([Parts.DAY, *Parts]),
)  # fmt: skip
spans = st.lists(st.one_of(single, single, several), max_size=2).map(tuple)


def few(of, most: int, least: int = 0):
    return st.lists(of, min_size=least, max_size=most).map(tuple)


def rarely(of, usual):
    return st.integers(0, 9).flatmap(lambda chance: of if chance == 9 else st.just(usual))


def offers(least: int = 0):
    """Opportunities that require at least so many skills, and hide from few."""
    return st.builds(
        Opportunity, st.just(""), st.sampled_from(Kind), spans=spans, required=few(needs, least + 1, least),
        wanted=rarely(few(needs, 1), ()), taught=few(needs, 2, 1), hours=st.sampled_from([0, 3, 3, 5, 8]),
        seats_free=rarely(st.just(0), 1), closes_on=rarely(st.just(day(-1)), None),
    )  # fmt: skip


def named(of, most: int, prefix: str, least: int = 0):
    return st.lists(of, min_size=least, max_size=most).map(
        lambda found: [replace(one, id=f"{prefix}{number}") for number, one in enumerate(found)]
    )


students = st.builds(
    Student, st.just("s"), st.just(44.5), st.just(11.3),
    skills=rarely(few(st.builds(HeldSkill, skills, levels, st.sampled_from(Evidence)), 2), ()),
    free=rarely(st.just((Span(day(0), day(9)),)), FREE),
)  # fmt: skip
goals = st.one_of(
    st.just(Goal.REACH),
    few(needs, 3, 1),
    offers(1).map(lambda one: replace(one, id="goal")),
    offers(1).map(lambda one: replace(one, id="m0")),
)
sparse = st.fixed_dictionaries(
    {
        "student": students,
        "goal": goals,
        "modules": named(offers(), 5, "m", 1),
        "opportunities": named(offers(1), 4, "o", 1),
        "budget": st.sampled_from([0, 8, 16, 40, 200]),
        "by": rarely(st.just(day(8)), None),
    }
)


def dense_world(seed: int):
    """A world in which most modules can be taken and lead somewhere; hypothesis alone seldom draws one."""
    chance = Random(seed)  # noqa: S311

    def some(most, least=0, levels=(1, 1, 2, 3)):
        skills = chance.sample(["plc", "robotics", "turning", "drawing"], chance.randint(least, most))
        return tuple(SkillNeed(skill, chance.choice(levels)) for skill in skills)

    def offer(name, last, **values):
        days = (chance.randint(0, last) for _ in range(chance.choice([0, 1, 1, 2])))
        parts = [Parts.DAY, Parts.MORNING, Parts.AFTERNOON]
        spans = tuple(
            Span(day(one), day(one + chance.choice([0, 1])), parts=chance.choice(parts)) for one in days
        )
        return Opportunity(
            name, chance.choice(list(Kind)), spans=spans, hours=chance.choice([3, 4, 5, 8]), **values
        )

    def wish(name):
        return offer(name, 20, required=some(2, 1), wanted=some(1), taught=some(1))

    return {
        "student": replace(STUDENT, skills=(HeldSkill("plc", 1),) * chance.choice([0, 0, 1])),
        "goal": chance.choice([Goal.REACH, some(3, 2), some(3, 2), wish("goal"), wish("m0")]),
        "modules": [
            offer(f"m{number}", 10, required=some(1, 0, (1, 1, 2)), taught=some(2, 1, (1, 2, 2, 3)))
            for number in range(chance.randint(3, 5))
        ],
        "opportunities": [wish(f"o{number}") for number in range(chance.randint(1, 4))],
        "budget": chance.choice([8, 16, 40]),
        "by": chance.choice([None, None, day(10)]),
    }


dense = st.integers(0, 2**32).map(dense_world)
worlds = st.one_of(dense, dense, sparse)


def solve(world, **values):
    return plan(
        world["student"], world["goal"], world["modules"], VOCABULARY, world["budget"], world["by"], on=ON,
        opportunities=world["opportunities"], k=10_000, **values,
    )  # fmt: skip


def single_ways(student, one):
    """Each way of taking it: spans, or () on a day of one's choice."""
    if not one.spans or one.kind is Kind.TRAINING:
        return [one.spans] if hidden_by(student, one, ON) is None else []
    return [(span,) for span in one.spans if hidden_by(student, replace(one, spans=(span,)), ON) is None]


def days_in(spans) -> set[tuple[date, Parts]]:
    return {
        (span.starts_on + timedelta(days=number), part)
        for span in spans
        for number in range((span.ends_on - span.starts_on).days + 1)
        if span.weekdays >> (span.starts_on + timedelta(days=number)).weekday() & 1
        for part in (Parts.MORNING, Parts.AFTERNOON, Parts.EVENING)
        if part & span.parts
    }


def walk(world, taken) -> dict[str, tuple[date, date]] | None:
    """First and last day of every module taken, by living through the days; None if one cannot be begun."""
    student, last = world["student"], world["by"] or LAST
    dates: dict[str, tuple[date, date]] = {}
    today = ON
    while today <= last:
        held = held_on(student, taken, dates, today)
        begun = {
            module.id: (today, max((span.ends_on for span in way), default=today))
            for module, way in taken
            if module.id not in dates
            and today == min((span.starts_on for span in way), default=today)
            and not unmet(held, module.required, VOCABULARY)
        }
        dates |= begun
        today += timedelta(days=1)
    if len(dates) < len(taken) or any(end > last for _, end in dates.values()):
        return None
    return dates


def held_on(student, taken, dates, today):
    learnt = [
        HeldSkill(taught.id, taught.level, Evidence.CURRICULUM)
        for module, _ in taken
        if module.id in dates and dates[module.id][1] < today
        for taught in module.taught
    ]
    return (*student.skills, *learnt)


def value_of(world, taken, dates) -> tuple[int, int]:
    """Missing levels, and opportunities gained."""
    student, goal = world["student"], world["goal"]
    pairs, deadline = [], date.max
    if isinstance(goal, Opportunity):
        pairs = [(need, 2) for need in goal.required] + [(need, 1) for need in goal.wanted]
        if hidden_by(student, goal, ON) is None and goal.spans:
            deadline = max(min(span.starts_on for span in way) for way in single_ways(student, goal))
    elif goal is not Goal.REACH:
        pairs = [(need, 1) for need in goal]
    held = held_on(student, taken, dates, deadline)
    missing = sum(
        weight
        for need, weight in pairs
        for level in range(1, need.level + 1)
        if unmet(held, [SkillNeed(need.id, level)], VOCABULARY)
    )
    gained = 0
    for one in world["opportunities"]:
        if hidden_by(student, one, ON) is None and unmet(student.skills, one.required, VOCABULARY):
            starts = [
                min((span.starts_on for span in way), default=date.max) for way in single_ways(student, one)
            ]
            gained += any(
                not unmet(held_on(student, taken, dates, start), one.required, VOCABULARY) for start in starts
            )
    return missing, gained


def every_choice(world):
    """Hours, missing levels and gain of every choice that can be lived through, by its modules and spans."""
    goal = world["goal"]
    modules = [one for one in world["modules"] if not (isinstance(goal, Opportunity) and one.id == goal.id)]
    ways = [
        [None] + [way for way in single_ways(world["student"], one) if all(days_in([span]) for span in way)]
        for one in modules
    ]
    found = {}
    for choice in product(*ways):
        taken = [(one, way) for one, way in zip(modules, choice, strict=True) if way is not None]
        hours = [
            module.hours or HOURS_PER_PART * sum(len(days_in([span])) for span in way)
            for module, way in taken
        ]
        busy = [days_in(way) for _, way in taken]
        if sum(hours) > world["budget"] or 0 in hours:
            continue
        if any(one & other for place, one in enumerate(busy) for other in busy[:place]):
            continue
        dates = walk(world, taken)
        if dates is not None:
            key = frozenset((module.id, way) for module, way in taken)
            found[key] = (sum(hours), *value_of(world, taken, dates))
    return found


def undominated(values) -> set[tuple[int, int, int]]:
    return {
        one
        for one in values
        if not any(
            other != one and other[0] <= one[0] and other[1] <= one[1] and other[2] >= one[2]
            for other in values
        )
    }


def judge(world) -> None:
    """Hold a plan against every choice that there is."""
    choices = every_choice(world)
    paths = solve(world)
    found = {(path.hours, path.missing, len(path.brings)) for path in paths}
    nothing = choices[frozenset()]
    expected = undominated(set(choices.values())) - {nothing}
    if world["goal"] is not Goal.REACH:
        expected = {value for value in expected if value[1] < nothing[1]}
    assert found == expected
    assert len(found) == len(paths)
    for path in paths:
        assert path.is_best
        key = frozenset((step.id, step.spans) for step in path.steps)
        assert choices[key] == (path.hours, path.missing, len(path.brings))


@examples(200)
@given(worlds)
def test_plan_is_what_brute_force_finds(world):
    judge(world)


def test_plan_is_what_brute_force_finds_where_there_is_much_to_choose():
    several = 0
    for seed in range(200):
        world = dense_world(seed)
        judge(world)
        several += any(len(path.steps) > 1 for path in solve(world))
    assert several > 40


@examples(60)
@given(worlds, st.randoms())
def test_plan_does_not_hang_on_the_order_of_what_it_is_given(world, random):
    shuffled = world | {"modules": random.sample(world["modules"], len(world["modules"]))}
    assert solve(shuffled) == solve(world)


@examples(100)
@given(worlds, st.integers(1, 3))
def test_a_narrow_search_is_sound_and_says_when_it_is_not_complete(world, width):
    narrow, whole = solve(world, width=width), solve(world)
    choices = every_choice(world)
    for path in narrow:
        key = frozenset((step.id, step.spans) for step in path.steps)
        assert choices[key] == (path.hours, path.missing, len(path.brings))
    if narrow and narrow[0].is_best:
        assert narrow == whole


@examples(100)
@given(worlds)
def test_the_first_path_is_the_best_for_the_goal_however_narrow_the_search(world):
    narrow, whole = solve(world, width=1), solve(world)
    assert len(narrow[:1]) == len(whole[:1]) or world["goal"] is Goal.REACH
    if whole and world["goal"] is not Goal.REACH:
        assert (narrow[0].missing, narrow[0].hours) == (whole[0].missing, whole[0].hours)
        assert narrow[0].least_missing == whole[0].least_missing == whole[0].missing


@examples(100)
@given(spans, spans)
def test_what_clashes_has_a_common_part_of_a_common_day(some, others):
    first = min((span.starts_on.toordinal() for span in (*some, *others)), default=1)
    assert bool(occupied(some, first) & occupied(others, first)) == bool(days_in(some) & days_in(others))


@examples(60)
@given(worlds)
def test_steps_come_in_the_order_of_their_days(world):
    for path in solve(world):
        assert all(one.starts_on <= other.starts_on for one, other in pairwise(path.steps))
        assert sum(step.hours for step in path.steps) == path.hours <= world["budget"]
        assert path.closes + path.open == () or not set(path.closes) & set(path.open)
