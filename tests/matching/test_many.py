"""All at once is the same as one by one."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import world
from matching import many
from matching.errors import MatchingError, UnknownSkill
from matching.rank import Index
from matching.table import Alternatives
from matching.types import HeldSkill, Kind, Opportunity, Student
from tests.matching.strategies import ON, VOCABULARY, offers, opportunities, steady, students, weights

STUDENT = Student("s", 44.4949, 11.3426, max_km=60.0, skills=(HeldSkill("plc", 3),), interests=("robotics",))


@st.composite
def crowds(draw):
    """Students some of whom share place, limits and days, as those of one class do."""
    some = draw(st.lists(students(), max_size=6))
    for one in list(some):
        other = draw(students())
        shared = {
            name: getattr(one, name) for name in ("latitude", "longitude", "max_km", "max_minutes", "minutes")
        }
        some.append(replace(other, **shared, free=draw(st.sampled_from([one.free, other.free]))))
    return draw(st.permutations(some))


kinds = st.sampled_from([None, None, *Kind])


def at_once(index, some, k, kind=None):
    found = sorted(many.top(index, some, k, kind), key=lambda best: best.position)
    assert [best.position for best in found] == list(range(len(some)))
    return found


def same_as_one_by_one(index, some, k, kind=None):
    for one, best in zip(some, at_once(index, some, k, kind), strict=True):
        expected = index.top(one, k, kind)
        assert best.ids == [line.id for line in expected]
        assert best.scores == [line.score for line in expected]
        assert best.parts(one) == [line.parts for line in expected]
        assert index.explained(one, best.pick) == expected


@steady
@given(offers(), crowds(), st.integers(0, 5), kinds, weights, st.integers(0, 3))
def test_all_at_once_is_the_same_as_one_by_one(some, crowd, k, kind, weights, seed):
    same_as_one_by_one(Index(some, VOCABULARY, weights, on=ON, seed=seed), crowd, k, kind)


@steady
@given(offers(), st.lists(opportunities(), max_size=3), crowds())
def test_what_came_and_went_counts(some, more, crowd):
    index = Index(some, VOCABULARY, on=ON)
    for number, one in enumerate(more):
        index.put(replace(one, id=f"new-{number}"))
    for one in some[::2]:
        index.drop(one.id)
    before = [index.top(one) for one in crowd]
    found = at_once(index, crowd, 20)
    assert [best.ids for best in found] == [[line.id for line in lines] for lines in before]
    assert [best.scores for best in found] == [[line.score for line in lines] for lines in before]


@pytest.mark.parametrize("max_km", [30.0, None])
def test_a_country_of_students_is_ranked_as_one_by_one(max_km):
    alternatives = Alternatives()
    table = world.table(3000, alternatives)
    index = Index.of_table(table, world.vocabulary(), alternatives, on=world.ON)
    some = world.students(150 if max_km else 20, max_km=max_km)
    some[::3] = [replace(one, latitude=45.46, longitude=9.19) for one in some[::3]]
    same_as_one_by_one(index, some, 20)


def test_equal_scores_go_on_until_the_order_is_certain():
    alike = [Opportunity(f"o{number}", Kind.VISIT, 44.5, 11.35) for number in range(300)]
    same_as_one_by_one(Index(alike, VOCABULARY, on=ON), [STUDENT, replace(STUDENT, max_km=None)], 5)


def test_the_too_young_are_told_apart_from_their_neighbours():
    some = [
        Opportunity(f"o{number}", Kind.VISIT, 44.5, 11.35, min_age=16 * (number % 2)) for number in range(80)
    ]
    young, old = (replace(STUDENT, born_on=ON.replace(year=ON.year - age)) for age in (15, 17))
    index = Index(some, VOCABULARY, on=ON)
    found = at_once(index, [young, old, STUDENT], 80)
    assert [len(best.ids) for best in found] == [40, 80, 80]
    same_as_one_by_one(index, [young, old, STUDENT], 5)


def test_nobody_and_nothing_are_no_trouble():
    index = Index([], VOCABULARY, on=ON)
    assert list(many.top(index, [])) == []
    [best] = many.top(index, [STUDENT])
    assert (best.ids, best.scores, best.parts(STUDENT)) == ([], [], [])


def test_results_come_before_all_students_are_ranked():
    index = Index([Opportunity("o", Kind.VISIT, 44.5, 11.35)], VOCABULARY, on=ON)
    far_off = replace(STUDENT, latitude=60.0, skills=(HeldSkill("nonsense", 1),))
    results = many.top(index, [STUDENT, far_off])
    assert next(results).ids == ["o"]
    with pytest.raises(UnknownSkill):
        next(results)


@pytest.mark.parametrize("change", [{"skills": (HeldSkill("nonsense", 1),)}, {"interests": ("nonsense",)}])
def test_an_unknown_skill_is_refused(change):
    with pytest.raises(UnknownSkill):
        list(many.top(Index([], VOCABULARY, on=ON), [STUDENT, replace(STUDENT, **change)]))


@pytest.mark.parametrize("level", [0, 5])
def test_a_level_that_cannot_be_is_refused(level):
    with pytest.raises(MatchingError):
        list(many.top(Index([], VOCABULARY, on=ON), [replace(STUDENT, skills=(HeldSkill("plc", level),))]))


def test_a_negative_number_is_refused():
    with pytest.raises(MatchingError):
        next(many.top(Index([], VOCABULARY, on=ON), [STUDENT], -1))
