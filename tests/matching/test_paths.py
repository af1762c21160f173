"""What a plan is, for each sort of goal; `test_paths_exact` holds it against brute force."""

from __future__ import annotations

import doctest
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from matching.errors import MatchingError, UnknownSkill
from matching.frontier import WIDTH
from matching.options import (
    HOURS_PER_PART,
    MOST_OPTIONS,
    Demand,
    Frame,
    Targets,
    Teaching,
    choices_of,
    options_of,
)
from matching.paths import Goal, plan
from matching.reach import ENOUGH
from matching.types import Kind, Opportunity, Parts, SkillNeed, Span, Student
from tests.matching.strategies import ON, VOCABULARY

FREE = (Span(date.min, date.max),)
STUDENT = Student("s", 44.4949, 11.3426, max_km=60.0, free=FREE)
LAST = ON + timedelta(days=30)


def day(number: int) -> date:
    return ON + timedelta(days=number)


def course(name: str, *days: int, hours: int = 10, requires=(), teaches=(), **values) -> Opportunity:
    return Opportunity(
        name,
        Kind.TRAINING,
        spans=tuple(Span(day(one), day(one)) for one in days),
        hours=hours,
        required=tuple(SkillNeed(*need) for need in requires),
        taught=tuple(SkillNeed(*need) for need in teaches),
        **values,
    )


def names(paths) -> list[list[str]]:
    return [[step.id for step in path.steps] for path in paths]


def solo(*values, **more):
    """A plan that does not look at what comes into reach."""
    return plan(*values, opportunities=(), **more)


# --- what a plan is -----------------------------------------------------------------------------------------------------


def test_plan_orders_modules_by_what_they_require():
    first = course("z-first", 3, teaches=[("plc", 2)])
    second = course("a-second", 7, requires=[("plc", 2)], teaches=[("robotics", 2)])
    [whole, half] = solo(
        STUDENT, [SkillNeed("robotics", 2), SkillNeed("plc", 1)], [second, first], VOCABULARY, 40, on=ON
    )
    assert [step.id for step in whole.steps] == ["z-first", "a-second"]
    assert (whole.hours, whole.missing, whole.open) == (20, 0, ())
    assert whole.closes == (SkillNeed("robotics", 2), SkillNeed("plc", 1))
    assert whole.adds == (SkillNeed("plc", 2), SkillNeed("robotics", 2))
    assert [step.adds for step in whole.steps] == [(SkillNeed("plc", 2),), (SkillNeed("robotics", 2),)]
    assert (half.hours, half.missing, half.open) == (10, 2, (SkillNeed("robotics", 2),))
    assert whole.is_best


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"spans": (Span(day(2), day(3)),)}, "ends on the day on which the other begins"),
        ({"seats_free": 0}, "is full"),
        ({"closes_on": day(-1)}, "is closed"),
        ({"latitude": 41.9, "longitude": 12.5}, "is too far"),
        ({"min_age": 18}, "is for adults"),
        ({"hours": 31}, "is too long"),
        ({"spans": (Span(day(-1), day(1)),)}, "has begun"),
        ({"spans": ()  , "hours": 0}, "says neither when nor how long"),
        ({"spans": (Span(day(2), day(1)),)}, "ends before it begins"),
        ({"spans": (Span(day(2), day(2), weekdays=0),)}, "has no day"),
        ({"required": (SkillNeed("welding"),)}, "requires what nobody teaches"),
        ({"taught": (SkillNeed("plc", 1),)}, "teaches too little"),
    ],
)  # fmt: skip
def test_plan_leaves_out_a_module_that(change, why):
    young = replace(STUDENT, born_on=date(2010, 12, 1), free=())
    first = course("first", 2, teaches=[("plc", 2)])
    second = course("second", 3, requires=[("plc", 2)], teaches=[("robotics", 2)], hours=5)
    wish = [SkillNeed("robotics", 2)]
    assert names(solo(young, wish, [first, second], VOCABULARY, 30, on=ON)) == [["first", "second"]]
    assert solo(young, wish, [replace(first, **change), second], VOCABULARY, 30, on=ON) == [], why


def test_plan_keeps_to_the_last_day_and_to_the_students_calendar():
    one = course("one", 5, teaches=[("plc", 2)])
    goal = [SkillNeed("plc", 2)]
    assert names(solo(STUDENT, goal, [one], VOCABULARY, 40, day(5), on=ON)) == [["one"]]
    assert solo(STUDENT, goal, [one], VOCABULARY, 40, day(4), on=ON) == []
    busy = replace(STUDENT, free=(Span(day(0), day(4)),))
    assert solo(busy, goal, [one], VOCABULARY, 40, on=ON) == []


def test_plan_takes_one_session_of_a_visit_and_all_lessons_of_a_course():
    lessons = course("course", 3, 6, teaches=[("plc", 2)])
    spans = (Span(day(6), day(6)), Span(day(8), day(8)))
    visit = Opportunity("visit", Kind.VISIT, spans=spans, hours=3, taught=(SkillNeed("drawing"),))
    [path, *_] = solo(
        STUDENT, [SkillNeed("plc", 2), SkillNeed("drawing")], [visit, lessons], VOCABULARY, 40, on=ON
    )
    assert [(step.id, step.spans) for step in path.steps] == [("course", lessons.spans), ("visit", spans[1:])]
    assert (path.steps[0].starts_on, path.steps[0].ends_on) == (day(3), day(6))


def test_plan_puts_a_module_without_dates_on_the_first_day_that_will_do():
    base = course("base", 2, teaches=[("plc", 1)])
    middle = course("z-middle", requires=[("plc", 1)], teaches=[("plc", 2)])
    top = course("a-top", requires=[("plc", 2)], teaches=[("plc", 3)])
    last = course("last", 5, requires=[("plc", 3)], teaches=[("robotics", 2)])
    [path] = solo(STUDENT, [SkillNeed("robotics", 2)], [last, top, middle, base], VOCABULARY, 99, on=ON)
    assert [(step.id, step.starts_on) for step in path.steps] == [
        ("base", day(2)), ("z-middle", day(3)), ("a-top", day(4)), ("last", day(5)),
    ]  # fmt: skip
    sooner = replace(last, spans=(Span(day(4), day(4)),))
    assert solo(STUDENT, [SkillNeed("robotics", 2)], [sooner, top, middle, base], VOCABULARY, 99, on=ON) == []


def test_modules_that_wait_for_each_other_lead_nowhere():
    one = course("one", requires=[("plc", 1)], teaches=[("welding", 1)])
    other = course("other", requires=[("welding", 1)], teaches=[("plc", 1)])
    assert solo(STUDENT, [SkillNeed("plc")], [one, other], VOCABULARY, 99, day(20), on=ON) == []


def test_hours_that_are_not_stated_are_those_of_the_days():
    week = Span(date(2026, 12, 7), date(2026, 12, 11), parts=Parts.AFTERNOON)
    module = Opportunity("o", Kind.INTERNSHIP, spans=(week,), taught=(SkillNeed("plc", 2),))
    [path] = solo(STUDENT, [SkillNeed("plc", 2)], [module], VOCABULARY, 40, on=ON)
    assert path.hours == 5 * HOURS_PER_PART


def test_travel_is_there_and_back_on_each_day():
    imola = {"latitude": 44.3533, "longitude": 11.7143}
    two = course("two", 3, 4, teaches=[("plc", 2)], **imola)
    undated = course("undated", teaches=[("drawing", 2)], **imola)
    online = course("online", 9, teaches=[("welding", 2)])
    goal = [SkillNeed("plc", 2), SkillNeed("drawing", 2), SkillNeed("welding", 2)]
    path = solo(STUDENT, goal, [two, undated, online], VOCABULARY, 40, on=ON)[0]
    ways = {step.id: step.travel_km for step in path.steps}
    assert ways["online"] is None
    assert ways["two"] == pytest.approx(43.5, abs=0.1)
    assert path.travel_km == pytest.approx(6 * ways["two"])


def test_sessions_of_one_module_exclude_each_other():
    spans = (Span(day(1), day(1)), Span(day(3), day(3)))
    visit = Opportunity("visit", Kind.VISIT, spans=spans, hours=3, taught=(SkillNeed("plc"),))
    teaching = Teaching([visit], VOCABULARY, ENOUGH)
    options = options_of(teaching, [0], Frame(STUDENT, ON, LAST, 40, 0.75), tuple)
    targets = Targets([(Demand(SkillNeed("plc"), LAST.toordinal()), 1)], [])
    assert [option.spans for option in options] == [spans[:1], spans[1:]]
    assert choices_of(options, teaching, targets, tuple)[1].excludes == [0b11, 0b11]


# --- goals --------------------------------------------------------------------------------------------------------------


def test_a_wished_opportunity_is_prepared_before_it_begins():
    spans = (Span(day(5), day(9)), Span(day(12), day(16)))
    wish = Opportunity(
        "wish", Kind.INTERNSHIP, spans=spans, hours=40,
        required=(SkillNeed("plc", 2),), wanted=(SkillNeed("drawing"),), taught=(SkillNeed("plc", 3),),
    )  # fmt: skip
    early, late = course("early", 11, teaches=[("plc", 2)]), course("late", 12, teaches=[("plc", 2)], hours=1)
    extra = course("extra", 2, teaches=[("drawing", 1)], hours=3)
    paths = plan(STUDENT, wish, [wish, early, late, extra], VOCABULARY, 60, on=ON, opportunities=[wish])
    assert names(paths) == [["extra", "early"], ["early"], ["extra"]]
    assert [(path.missing, path.brings) for path in paths] == [(0, ("wish",)), (1, ("wish",)), (4, ())]
    assert paths[1].open == (SkillNeed("drawing"),)


def test_a_wish_that_a_rule_hides_still_has_needs():
    full = Opportunity("full", Kind.VISIT, seats_free=0, required=(SkillNeed("plc", 2),))
    [path] = plan(
        STUDENT, full, [course("c", 2, teaches=[("plc", 2)])], VOCABULARY, 60, on=ON, opportunities=[full]
    )
    assert (path.closes, path.brings) == ((SkillNeed("plc", 2),), ())


def test_more_opportunities_come_first_when_reach_is_the_goal():
    plc, weld = course("plc", 2, teaches=[("plc", 2)]), course("weld", 3, teaches=[("welding", 2)], hours=6)
    offers = [
        Opportunity(f"o{number}", Kind.INTERNSHIP, required=(SkillNeed(skill, 2),))
        for number, skill in enumerate(("plc", "plc", "welding"))
    ] + [Opportunity("open", Kind.INTERNSHIP)]
    paths = plan(STUDENT, Goal.REACH, [plc, weld], VOCABULARY, 40, on=ON, opportunities=offers)
    assert [(path.brings, path.hours) for path in paths] == [
        (("o0", "o1", "o2"), 16), (("o0", "o1"), 10), (("o2",), 6),
    ]  # fmt: skip
    assert names(plan(STUDENT, "reach", [plc, weld], VOCABULARY, 40, on=ON, opportunities=offers, k=1)) == [
        ["plc", "weld"]
    ]
    assert plan(STUDENT, Goal.REACH, [plc, weld], VOCABULARY, 40, on=ON, opportunities=[]) == []


def test_the_modules_are_the_opportunities_when_none_are_given():
    plc = course("plc", 2, teaches=[("plc", 2)])
    firm = Opportunity("firm", Kind.INTERNSHIP, required=(SkillNeed("plc", 2),))
    [path] = plan(STUDENT, Goal.REACH, [plc, firm], VOCABULARY, 40, on=ON)
    assert path.brings == ("firm",)


def test_the_plan_begins_with_the_first_module_when_no_day_is_given():
    late = course("late", 2, teaches=[("plc", 2)], closes_on=day(3))
    assert names(plan(STUDENT, [SkillNeed("plc", 2)], [late], VOCABULARY, 40)) == [["late"]]
    free = course("free", teaches=[("plc", 2)])
    assert plan(STUDENT, [SkillNeed("plc", 2)], [free], VOCABULARY, 40, day(9))[0].steps[0].starts_on == day(
        9
    )
    with pytest.raises(MatchingError, match="which day"):
        plan(STUDENT, [SkillNeed("plc", 2)], [free], VOCABULARY, 40)


def test_plan_refuses_faults():
    with pytest.raises(UnknownSkill, match="'x'"):
        plan(STUDENT, [SkillNeed("x")], [], VOCABULARY, 40, on=ON)
    with pytest.raises(MatchingError, match="-1 hours"):
        plan(STUDENT, [SkillNeed("plc")], [], VOCABULARY, -1, on=ON)
    with pytest.raises(ValueError, match="'wealth'"):
        plan(STUDENT, "wealth", [], VOCABULARY, 1, on=ON)


def test_a_large_plan_keeps_what_is_worth_most_and_says_that_it_is_not_whole():
    short = course("short", requires=[("drawing", 1)], teaches=[("robotics", 4)], hours=2)
    before = course("before", 0, teaches=[("drawing", 1)], hours=6)
    many = [
        course(f"c{number:03}", number % 90, teaches=[("robotics", 2)], hours=30) for number in range(450)
    ]
    goal = [SkillNeed("robotics", 4)]
    [best] = solo(STUDENT, goal, [*many, short, before], VOCABULARY, 60, on=ON)
    assert [step.id for step in best.steps] == ["before", "short"]
    assert (best.missing, best.least_missing, best.is_best) == (0, 0, False)


def test_a_large_plan_keeps_what_most_opportunities_require():
    rare = [course(f"r{number:03}", number % 90, teaches=[("turning", 2)], hours=10) for number in range(300)]
    common = [course(f"z{number:03}", number % 90, teaches=[("plc", 2)], hours=10) for number in range(150)]
    firms = [
        Opportunity(f"o{number}", Kind.INTERNSHIP, required=(SkillNeed("plc" if number else "turning", 2),))
        for number in range(4)
    ]
    paths = plan(STUDENT, Goal.REACH, [*rare, *common], VOCABULARY, 20, on=ON, opportunities=firms)
    assert [(path.hours, len(path.brings), path.is_best) for path in paths] == [
        (20, 4, False),
        (10, 3, False),
    ]


def test_the_page_tells_the_truth():
    page = Path(__file__).parents[2] / "docs" / "paths.md"
    done = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert (done.attempted > 10, done.failed) == (True, 0)
    text = " ".join(page.read_text(encoding="utf-8").split())
    assert f"no more than {WIDTH} labels" in text
    assert f"more than {MOST_OPTIONS} options" in text
    assert f"at least {ENOUGH}" in text
