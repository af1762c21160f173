"""Choices under a budget, against all subsets; spread out so that sets take several words."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.frontier import Choice, Choices, frontier, undominated
from matching.optimum import optimum
from tests.matching.strategies import examples

BUDGET = 30


@st.composite
def problems(draw, most: int = 7):
    """A few real options between many that are too long, and demands far apart."""
    size = draw(st.integers(1, most))
    gap, far = draw(st.sampled_from([(1, 1), (11, 1), (1, 29), (11, 29)]))
    demands = [number * far for number in range(6)]

    def bits(least: int, most: int) -> int:
        chosen = draw(st.lists(st.sampled_from(demands), min_size=least, max_size=most, unique=True))
        return sum(1 << one for one in chosen)

    hours, covers, requires, excludes = [], [], [], []
    for place in range(size * gap):
        is_real = place % gap == 0
        hours.append(draw(st.integers(1, 12)) if is_real else BUDGET + 1)
        covers.append(bits(1, 3) if is_real else sum(1 << one for one in demands))
        requires.append(bits(0, 1) if is_real and draw(st.booleans()) else 0)
        excludes.append(0)
    for place, required in enumerate(requires):
        for later in range(place, len(covers)):
            covers[later] &= ~required
    pairs = st.lists(st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)), max_size=4)
    for one, other in draw(pairs):
        if one != other:
            excludes[one * gap] |= 1 << other * gap
            excludes[other * gap] |= 1 << one * gap
    worth = draw(st.dictionaries(st.sampled_from(demands), st.integers(1, 3), max_size=4))
    groups = draw(st.dictionaries(st.builds(bits, st.just(1), st.just(3)), st.integers(1, 4), max_size=4))
    return Choices(hours, covers, requires, excludes, worth, groups)


def value(choices: Choices, options: tuple[int, ...]) -> Choice | None:
    """What a choice takes and brings, or None when it cannot be made."""
    covered = excluded = 0
    for place in options:
        if choices.requires[place] & ~covered or excluded >> place & 1:
            return None
        covered |= choices.covers[place]
        excluded |= choices.excludes[place]
    hours = sum(choices.hours[place] for place in options)
    worth = sum(number for demand, number in choices.worth.items() if covered >> demand & 1)
    grouped = sum(count for group, count in choices.groups.items() if not group & ~covered)
    return Choice(hours, worth, grouped, options) if hours <= BUDGET else None


def every_choice(choices: Choices) -> list[Choice]:
    usable = [place for place, hours in enumerate(choices.hours) if hours <= BUDGET]
    subsets = (some for number in range(len(usable) + 1) for some in combinations(usable, number))
    return [one for one in (value(choices, some) for some in subsets) if one is not None]


def triples(some) -> list[tuple[int, int, int]]:
    return [one[:3] for one in some]


@examples(300)
@given(problems())
def test_frontier_is_all_that_no_other_choice_beats(choices):
    everything = every_choice(choices)
    best = {
        one[:3]
        for one in everything
        if not any(
            (other.hours <= one.hours and other.worth >= one.worth and other.grouped >= one.grouped)
            and other[:3] != one[:3]
            for other in everything
        )
    }
    found, is_complete = frontier(choices, BUDGET)
    assert is_complete
    assert sorted(triples(found)) == sorted(best)
    assert all(value(choices, one.options) == one for one in found)


@examples(200)
@given(problems(), st.integers(1, 4))
def test_a_capped_search_is_sound_and_complete_only_when_it_says_so(choices, width):
    found, is_complete = frontier(choices, BUDGET, width)
    assert all(value(choices, one.options) == one for one in found)
    if is_complete:
        assert found == frontier(choices, BUDGET)[0]


@examples(100)
@given(problems())
def test_optimum_has_the_greatest_worth_in_the_fewest_hours(choices):
    best = max(every_choice(choices), key=lambda one: (one.worth, -one.hours))
    found, most_worth = optimum(choices, BUDGET)
    assert most_worth == best.worth
    if best.worth:
        assert found is not None
        assert value(choices, found.options) == found
        assert (found.worth, found.hours) == (best.worth, best.hours)
    else:
        assert found is None


@examples(50)
@given(problems())
def test_a_bound_holds_however_early_the_solver_stops(choices):
    found, most_worth = optimum(choices, BUDGET, nodes=0)
    assert max(one.worth for one in every_choice(choices)) <= most_worth <= sum(choices.worth.values())
    assert found is None or value(choices, found.options) == found


@pytest.mark.parametrize("order", [1, -1])
def test_undominated_keeps_the_simplest_of_equals(order):
    some = [Choice(5, 1, 0, (0, 1)), Choice(5, 1, 0, (2,)), Choice(6, 1, 0, (3,)), Choice(7, 0, 1, (4,))]
    assert undominated(some[::order]) == [some[1], some[3]]
