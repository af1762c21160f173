"""Reach against plain counting: everybody judged anew for every change."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.errors import UnknownSkill
from matching.reach import ANY_DAY, OBSTACLES, last_start, obstacles, reach, unmet, visible_to, ways
from matching.rules import RULES, hidden_by
from matching.skills import best_held
from matching.types import (
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    SkillNeed,
    Span,
    Student,
    Weights,
)
from tests.matching.strategies import (
    ON,
    VOCABULARY,
    examples,
    held_skills,
    needs,
    opportunities,
    students,
    tuples,
    weights,
)

WEEK = Span(date(2026, 12, 7), date(2026, 12, 11))
STUDENT = Student(
    "s", 44.4949, 11.3426, max_km=20.0, skills=(HeldSkill("plc", 3),), year=4, born_on=date(2010, 12, 10)
)
SITES = {"imola": (44.3533, 11.7143), "south": (-30.0, 170.0)}


def is_in_reach(student, one, attendance=0.75, share=0.7) -> bool:
    met = all(best_held(student, need, VOCABULARY)[0] >= share for need in one.required)
    return met and hidden_by(student, one, ON, attendance) is None


# --- what is in reach ---------------------------------------------------------------------------------------------------


@examples(100)
@given(tuples(held_skills, 4), tuples(needs, 3), st.sampled_from([0.0, 0.3, 0.7, 0.85, 1.0]))
def test_a_need_is_unmet_below_the_share(skills, some, share):
    student = replace(STUDENT, skills=skills)
    expected = tuple(need for need in some if best_held(student, need, VOCABULARY)[0] < share)
    assert unmet(skills, some, VOCABULARY, share) == expected


@examples(150)
@given(students(), opportunities(), weights)
def test_obstacles_are_the_rules_and_the_skills(student, one, weighing):
    found = obstacles(student, one, VOCABULARY, on=ON, attendance=weighing.attendance)
    assert (found == ()) == is_in_reach(student, one, weighing.attendance)
    assert (found in ((), ("skills",))) == (hidden_by(student, one, ON, weighing.attendance) is None)


@examples(100)
@given(st.lists(students(), max_size=6), opportunities(), weights)
def test_an_opportunity_is_visible_to_those_from_whom_no_rule_hides_it(some, one, weighing):
    expected = [student for student in some if hidden_by(student, one, ON, weighing.attendance) is None]
    assert visible_to(one, some, ON, weighing.attendance) == expected


@examples(150)
@given(students(), opportunities())
def test_ways_are_there_when_no_rule_hides(student, one):
    visible = hidden_by(student, one, ON) is None
    found = ways(student, one, ON)
    assert bool(found) == (visible and bool(one.spans))
    last = last_start(student, one, ON)
    if one.spans:
        assert last == max((min(span.starts_on for span in way) for way in found), default=None)
    else:
        assert last == (ANY_DAY if visible else None)
    for way in found:
        assert hidden_by(student, replace(one, spans=way), ON) is None


# --- counting -----------------------------------------------------------------------------------------------------------


def test_reach_counts_who_fits_from_where_and_what_alone_keeps_the_others_away():
    firm = Opportunity(
        "firm", Kind.INTERNSHIP, 44.4949, 11.3426, spans=(WEEK,), required=(SkillNeed("plc", 3),),
        eligibility=(Eligibility(years=frozenset({4})),), min_age=15,
    )  # fmt: skip
    some = [
        STUDENT,
        replace(STUDENT, latitude=44.5, longitude=11.35),
        STUDENT,
        replace(STUDENT, skills=()),
        replace(STUDENT, skills=(), year=3),
        replace(STUDENT, year=5),
        replace(STUDENT, latitude=44.3533, longitude=11.7143),
        replace(STUDENT, born_on=date(2011, 12, 10)),
        replace(STUDENT, free=(Span(date(2027, 1, 1), date(2027, 2, 1)),)),
    ]
    found = reach(firm, some, VOCABULARY, on=ON, sites=SITES)
    assert (found.students, found.visible, found.fit) == (9, 4, 3)
    assert list(found.places.items()) == [((44.4949, 11.3426), 2), ((44.5, 11.35), 1)]
    assert list(found.alone.items()) == [
        ("year", 1),
        ("age_low", 1),
        ("travel", 1),
        ("calendar", 1),
        ("skills", 1),
    ]
    assert [(one.code, dict(one.values), one.gained, one.lost) for one in found.changes] == [
        ("drop_skill", {"skill": "plc", "level": 3}, 1, 0),
        ("min_age", {"age": 14}, 1, 0),
        ("online", {}, 1, 0),
        ("week_later", {}, 1, 0),
        ("year", {"year": 5}, 1, 0),
    ]
    assert reach(firm, some, VOCABULARY, on=ON, place=lambda _: "here").places == {"here": 3}


def test_reach_of_nobody_is_nothing():
    found = reach(Opportunity("o", Kind.VISIT), [], VOCABULARY, on=ON)
    assert (found.students, found.visible, found.fit, found.places, found.alone, found.changes) == (
        0,
        0,
        0,
        {},
        {},
        (),
    )


def test_reach_names_an_unknown_skill():
    with pytest.raises(UnknownSkill, match="'x'"):
        reach(Opportunity("o", Kind.VISIT, required=(SkillNeed("x"),)), [STUDENT], VOCABULARY, on=ON)


def test_a_change_that_shuts_out_as_many_as_it_lets_in_is_none():
    west = replace(STUDENT, latitude=44.3533, longitude=11.7143)
    firm = Opportunity("firm", Kind.INTERNSHIP, 44.4949, 11.3426)
    sites = {"imola": SITES["imola"]}
    assert [one.code for one in reach(firm, [STUDENT, west], VOCABULARY, on=ON, sites=sites).changes] == [
        "online"
    ]
    [site, online] = reach(firm, [STUDENT, west, west], VOCABULARY, on=ON, sites=sites).changes[::-1]
    assert (site.code, site.values, site.gained, site.lost) == ("site", {"site": "imola"}, 2, 1)
    assert (online.code, online.gained, online.lost) == ("online", 2, 0)


def test_dates_are_not_moved_into_the_past_or_out_of_the_calendar():
    away = replace(STUDENT, free=(Span(date(2027, 1, 1), date(2027, 1, 2)),))
    for first in (ON, ON + timedelta(days=6)):
        soon = Opportunity("soon", Kind.VISIT, spans=(Span(first, first),))
        free = replace(STUDENT, free=(Span(first - timedelta(days=7), first - timedelta(days=7)),))
        assert reach(soon, [free], VOCABULARY, on=ON).changes == ()
    later = Opportunity("later", Kind.VISIT, spans=(Span(ON + timedelta(days=7), ON + timedelta(days=7)),))
    free = replace(STUDENT, free=(Span(ON, ON),))
    assert [one.code for one in reach(later, [free], VOCABULARY, on=ON).changes] == ["week_earlier"]
    never = Opportunity("never", Kind.VISIT, spans=(Span(date.max, date.max),))
    assert reach(never, [away], VOCABULARY, on=ON).changes == ()


# --- against plain counting ---------------------------------------------------------------------------------------------


def every_change(one: Opportunity, sites):
    """All small changes, made by hand."""
    if one.latitude is not None:
        yield "online", {}, replace(one, latitude=None, longitude=None)
        for name, (latitude, longitude) in sites.items():
            yield "site", {"site": name}, replace(one, latitude=latitude, longitude=longitude)
    for code, days in (("week_later", 7), ("week_earlier", -7)):
        ends = [end.toordinal() + days for span in one.spans for end in (span.starts_on, span.ends_on)]
        if ends and min(ends) >= 1 and max(ends) <= date.max.toordinal():
            moved = tuple(
                replace(
                    span, starts_on=span.starts_on + timedelta(days), ends_on=span.ends_on + timedelta(days)
                )
                for span in one.spans
            )
            if days > 0 or all(span.starts_on >= ON for span in moved):
                yield code, {}, replace(one, spans=moved)
    for place, need in enumerate(one.required):
        rest = [*one.required]
        del rest[place]
        yield "drop_skill", {"skill": need.id, "level": need.level}, replace(one, required=tuple(rest))
        if need.level > 1:
            rest.insert(place, SkillNeed(need.id, need.level - 1))
            yield (
                "lower_skill",
                {"skill": need.id, "level": need.level - 1},
                replace(one, required=tuple(rest)),
            )
    named = {year for way in one.eligibility for year in way.years}
    for year in {number + step for number in named for step in (-1, 0, 1)}:
        alternatives = tuple(
            replace(way, years=way.years | {year}) if way.years else way for way in one.eligibility
        )
        yield "year", {"year": year}, replace(one, eligibility=alternatives)
    if one.min_age is not None:
        yield "min_age", {"age": one.min_age - 1}, replace(one, min_age=one.min_age - 1)
    if one.max_age is not None:
        yield "max_age", {"age": one.max_age + 1}, replace(one, max_age=one.max_age + 1)


@st.composite
def near_misses(draw):
    """An opportunity, and students most of whom fail it in few things."""
    one = draw(opportunities())
    some = [
        replace(student, id=f"s{number}")
        for number, student in enumerate(draw(st.lists(students(), max_size=8)))
    ]
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311
    way = one.eligibility[0] if one.eligibility else Eligibility()
    made = []
    for number in range(chance.randint(0, 10)):
        skills = tuple(
            HeldSkill(
                need.id, max(1, need.level - chance.choice([0, 0, 1, 2])), chance.choice(list(Evidence))
            )
            for need in one.required
        )
        free = [
            Span(
                span.starts_on + timedelta(days=chance.choice([0, 0, 3, 7])), span.ends_on + timedelta(days=9)
            )
            for span in one.spans
            if span.starts_on < date(2100, 1, 1) and span.ends_on < date(2100, 1, 1)
        ]
        latitude, longitude = chance.choice([*SITES.values(), (44.4949, 11.3426)])
        made.append(
            Student(
                f"m{number}", latitude, longitude, max_km=chance.choice([None, 10.0, 60.0]), skills=skills,
                free=tuple(free) if chance.random() < 0.7 else (), school_kind=next(iter(way.school_kinds), ""),
                sector=next(iter(way.sectors), ""), programmes=way.programmes,
                year=chance.choice([*way.years, 3, 4, 5]),
                born_on=chance.choice([None, date(2011, 12, 10), date(2010, 12, 10), date(2008, 12, 10)]),
            )
        )  # fmt: skip
    return replace(one, seats_free=1, closes_on=None), some + made


@examples(250)
@given(near_misses(), weights)
def test_reach_is_what_plain_counting_finds(world, weighing):
    one, some = world
    found = reach(one, some, VOCABULARY, weighing, on=ON, sites=SITES)
    attendance = weighing.attendance
    fit = [student for student in some if is_in_reach(student, one, attendance)]
    assert (found.students, found.fit, sum(found.places.values())) == (len(some), len(fit), len(fit))
    assert found.visible == sum(hidden_by(student, one, ON, attendance) is None for student in some)
    whys = [obstacles(student, one, VOCABULARY, on=ON, attendance=attendance) for student in some]
    assert found.alone == {code: whys.count((code,)) for code in OBSTACLES if (code,) in whys}
    expected = []
    for code, values, changed in every_change(one, SITES):
        reached = [is_in_reach(student, changed, attendance) for student in some]
        before = [student in fit for student in some]
        gained = sum(now and not then for now, then in zip(reached, before, strict=True))
        lost = sum(then and not now for now, then in zip(reached, before, strict=True))
        if gained > lost:
            expected.append((code, sorted(values.items()), gained, lost, changed))
    assert sorted(
        (
            (line.code, sorted(line.values.items()), line.gained, line.lost, line.opportunity)
            for line in found.changes
        ),
        key=str,
    ) == sorted(expected, key=str)
    nets = [line.gained - line.lost for line in found.changes]
    assert nets == sorted(nets, reverse=True)


def test_a_move_is_judged_by_each_student_s_own_minutes():
    firm = Opportunity("firm", Kind.INTERNSHIP, 44.4949, 11.3426)
    near = replace(STUDENT, max_km=10.0)
    train = replace(near, minutes={SITES["imola"]: 25.0}, max_minutes=30.0)
    slow = replace(near, minutes={SITES["imola"]: 45.0, (44.4949, 11.3426): 45.0}, max_minutes=30.0)
    away = replace(near, minutes={(44.4949, 11.3426): 45.0, SITES["imola"]: 25.0}, max_minutes=30.0)
    for order in ([near, train, slow, away], [away, slow, train, near]):
        found = {
            one.values.get("site", one.code): (one.gained, one.lost)
            for one in reach(firm, order, VOCABULARY, on=ON, sites=SITES).changes
        }
        assert found == {"online": (2, 0)}  # to Imola one comes (away) and one is lost (near): no gain
    [moved, *_] = [
        one for one in reach(firm, [away, slow], VOCABULARY, on=ON, sites=SITES).changes if one.code == "site"
    ]
    assert (moved.gained, moved.lost) == (1, 0)


@examples(40)
@given(near_misses(), st.randoms())
def test_reach_does_not_hang_on_the_order_of_students(world, random):
    one, some = world
    shuffled = random.sample(some, len(some))
    first, second = (reach(one, each, VOCABULARY, on=ON, sites=SITES) for each in (some, shuffled))
    assert first == second
    assert list(first.places) == list(second.places)


def test_obstacles_are_the_rules_and_skills_by_name():
    assert (*RULES, "skills") == OBSTACLES


def test_reach_is_several_times_faster_than_judging_everybody_anew():
    chance = Random(1)  # noqa: S311
    summer = Span(date(2027, 6, 1), date(2027, 8, 31))
    classes = [tuple(HeldSkill(skill, chance.randint(1, 4)) for skill in VOCABULARY.ids()) for _ in range(20)]
    towns = [(44.2 + chance.random() / 2, 11.0 + chance.random()) for _ in range(20)]
    some = [
        Student(
            f"s{number}", *chance.choice(towns), max_km=chance.choice([20.0, 40.0, 80.0]),
            skills=chance.choice(classes), free=(summer,), year=chance.randint(3, 5),
            born_on=date(2009, chance.randint(1, 12), chance.randint(1, 28)),
        )
        for number in range(600)
    ]  # fmt: skip
    firm = Opportunity(
        "firm", Kind.INTERNSHIP, 44.4949, 11.3426, min_age=17, required=(SkillNeed("plc", 3), SkillNeed("turning", 2)),
        spans=tuple(Span(date(2027, 6, first), date(2027, 6, first + 11)) for first in (7, 14)),
        eligibility=(Eligibility(years=frozenset({4, 5})),),
    )  # fmt: skip
    sites = {f"site{number}": (44.3, 11.3) for number in range(5)}
    ratios = []
    for _ in range(3):
        started = time.process_time()
        found = reach(firm, some, VOCABULARY, Weights(), on=ON, sites=sites)
        between = time.process_time()
        plain = [
            sum(is_in_reach(student, changed) for student in some)
            for _, _, changed in every_change(firm, sites)
        ]
        ratios.append((time.process_time() - between) / (between - started))
    assert found.fit > 10
    assert {found.fit + one.gained - one.lost for one in found.changes} <= set(plain)
    assert sorted(ratios)[1] > 2.0
