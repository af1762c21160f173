"""An attacker with a solver for whole numbers tries what `protect` lets out; each guard is switched off once, and loses."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from app.evidence.suppression import LEAST, Atoms, Published, Told, protect

Figures = dict[str, Atoms]
COUNTS = st.sampled_from([0, 1, 2, 3, 4, 4, 5, 6, 9, 14, 31])


def table(rows: int, columns: int) -> Figures:
    """Cells with both margins and the whole."""
    found = {f"{row}.{column}": frozenset({row * columns + column}) for row in range(rows) for column in range(columns)}  # fmt: skip
    found |= {f"{row}.": frozenset(range(row * columns, (row + 1) * columns)) for row in range(rows)}
    found |= {f".{column}": frozenset(range(column, rows * columns, columns)) for column in range(columns)}
    return found | {"all": frozenset(range(rows * columns))}


def values(editions: Sequence[Told], figures: Figures, size: int, base: int, secret: Atoms) -> int:
    """How many whole values of a sum of atoms agree with all editions, if counts only grow."""
    sums, low = [], []
    for age, edition in enumerate(editions):
        for key, value in edition.items():
            if value is not None:
                sums.append(_ones(_since(figures[key], 0, age, size), size * len(editions)))
                low.append(value)
    ends = []
    for sign in (1, -1):
        solved = milp(
            sign * _ones(secret, size * len(editions)), bounds=Bounds(0, 999), integrality=1,
            constraints=LinearConstraint(np.array(sums), low, np.array(low) + base - 1) if sums else (),
        )  # fmt: skip
        ends.append(round(sign * solved.fun))
    return ends[1] - ends[0] + 1


def _ones(atoms: Atoms, size: int) -> np.ndarray:  # type: ignore[type-arg]
    found = np.zeros(size)
    found[list(atoms)] = 1
    return found


def _since(atoms: Atoms, first: int, last: int, size: int) -> Atoms:
    return frozenset(atom + size * step for atom in atoms for step in range(first, last + 1))


def narrowed(counts: Sequence[int], figures: Figures, told: Told, base: int) -> list[str]:
    """Small figures of which the attacker knows more than that they are small."""
    return [
        key
        for key, atoms in figures.items()
        if sum(counts[atom] for atom in atoms) < LEAST
        and values([told], figures, len(counts), base, atoms) < LEAST
    ]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[int], Figures]:
    rows, columns = draw(st.integers(2, 4)), draw(st.integers(2, 3))
    counts = draw(st.lists(COUNTS, min_size=rows * columns, max_size=rows * columns))
    regions = draw(st.lists(st.frozensets(st.integers(0, rows * columns - 1), min_size=1), max_size=3))
    return counts, table(rows, columns) | {f"region {at}": one for at, one in enumerate(regions)}


@given(tables(), st.sampled_from([1, LEAST]))
def test_nobody_narrows_a_small_count(of: tuple[list[int], Figures], base: int) -> None:
    counts, figures = of
    told = protect(counts, figures, base=base)
    assert not narrowed(counts, figures, told, base)
    for key, value in told.items():
        assert value is None or value <= sum(counts[atom] for atom in figures[key]) < value + base


@pytest.mark.parametrize(
    ("counts", "base", "known"),
    [
        # One cell is left out of a row, and the margin says what it was.
        ([3, 19, 12, 8], 1, ["0.0"]),
        # Nothing is exact, and five times "fewer than five" that add up to twenty are four each.
        ([4, 4, 4, 4, 4, 0, 0, 0, 0, 0], LEAST, ["0.0", "0.1", "0.2", "0.3", "0.4"]),
    ],
)
def test_without_the_secondary_suppression_margins_tell(
    counts: list[int], base: int, known: list[str]
) -> None:
    figures = table(2, len(counts) // 2)
    bare = protect(counts, figures, base=base, is_complete=False)
    assert set(known) <= set(narrowed(counts, figures, bare, base))
    assert not narrowed(counts, figures, protect(counts, figures, base=base), base)


def test_an_area_and_the_same_with_another_one_do_not_tell_the_other() -> None:
    counts, figures = [40, 3], {"A": frozenset({0}), "A and B": frozenset({0, 1})}
    bare = protect(counts, figures, base=1, is_complete=False)
    assert values([bare], figures, 2, 1, frozenset({1})) == 1
    told = protect(counts, figures, base=1)
    assert values([told], figures, 2, 1, frozenset({1})) >= LEAST


@given(tables(), st.data())
def test_nobody_learns_who_has_come_since(of: tuple[list[int], Figures], data: st.DataObject) -> None:
    counts, figures = of
    size = len(counts)
    growth = data.draw(st.lists(st.sampled_from([0, 0, 1, 2, 5, 11]), min_size=size, max_size=size))
    since = [before + more for before, more in zip(counts, growth, strict=True)]
    first = protect(counts, figures)
    second = protect(since, figures, earlier=[first])
    some = data.draw(st.lists(st.sampled_from(sorted(figures)), min_size=1, max_size=3, unique=True))
    for atoms in (figures[key] for key in some):
        assert values([first, second], figures, size, LEAST, _since(atoms, 1, 1, size)) >= LEAST
        if sum(counts[atom] for atom in atoms) < LEAST:
            assert values([first, second], figures, size, LEAST, atoms) >= LEAST


def test_without_the_earlier_edition_a_second_one_tells_who_has_come() -> None:
    figures = table(2, 2)
    counts, since = [20, 20, 20, 20], [21, 20, 20, 20]
    editions = [protect(one, figures, base=1) for one in (counts, since)]
    assert values(editions, figures, 4, 1, frozenset({4})) == 1
    kept = [editions[0], protect(since, figures, base=1, earlier=editions[:1])]
    assert values(kept, figures, 4, 1, frozenset({4})) >= LEAST


def test_counts_that_have_fallen_are_told_all_the_same() -> None:
    figures = table(2, 2)
    first = protect([20, 20, 20, 20], figures)
    assert protect([9, 20, 20, 20], figures, earlier=[first])["0.0"] == 5


def fewest_where_others_fell(
    counts: Sequence[int], growth: Sequence[int], first_row: Sequence[int] = (20, 50, 50)
) -> dict[str, int]:
    """Somebody leaves a school of the first row, where fifty each were. Of each figure of the other rows: the values its growth can have still.

    Whoever knows where it happened keeps to what is told of the others.
    """
    figures = table(3, 3) | {"others": frozenset(range(3, 9))}
    before = [50, 50, 50, *counts]
    since = [*first_row, *(was + more for was, more in zip(counts, growth, strict=True))]
    first = protect(before, figures)
    second = protect(since, figures, earlier=[first])
    apart = {key: atoms for key, atoms in figures.items() if min(atoms) >= 3}
    editions = [{key: one[key] for key in apart} for one in (first, second)]
    return {key: values(editions, figures, 9, LEAST, _since(atoms, 1, 1, 9)) for key, atoms in apart.items()}


@settings(max_examples=30)
@given(
    st.lists(COUNTS, min_size=6, max_size=6),
    st.lists(st.sampled_from([0, 0, 1, 2, 5, 11]), min_size=6, max_size=6),
    st.lists(st.sampled_from([20, 44, 48, 50, 51, 56]), min_size=3, max_size=3),
)
def test_where_some_counts_have_fallen_growth_elsewhere_is_hidden_still(
    counts: list[int], growth: list[int], first_row: list[int]
) -> None:
    assert min(fewest_where_others_fell(counts, growth, first_row).values()) >= LEAST


def test_what_fell_is_looked_for_where_it_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of several ways to explain a fall only one is true: a row elsewhere that is dropped for it would be forgotten."""
    case = [0, 9, 1, 0, 1, 4], [0, 11, 0, 5, 11, 5]
    assert min(fewest_where_others_fell(*case).values()) >= LEAST
    monkeypatch.setattr(Published, "_let_fall", lambda _: False)
    assert min(fewest_where_others_fell(*case).values()) < LEAST


def test_without_looking_at_what_has_not_fallen_growth_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = table(3, 3)
    before, since = [50, 50, 50, 0, 0, 0, 0, 1, 4], [20, 50, 50, 0, 0, 0, 0, 1, 5]

    def known() -> int:
        first = protect(before, figures)
        editions = [
            {key: one[key] for key in figures if min(figures[key]) >= 3}
            for one in (first, protect(since, figures, earlier=[first]))
        ]
        return min(values(editions, figures, 9, LEAST, _since(figures[key], 1, 1, 9)) for key in editions[0])

    assert known() >= LEAST
    monkeypatch.setattr(Published, "make_agree", lambda self, _: self.rows.clear())
    assert known() < LEAST


def test_the_same_counts_are_told_the_same_way_each_time() -> None:
    draw = random.Random(7)  # noqa: S311
    counts = [draw.choice([1, 2, 4, 7, 12, 30]) for _ in range(24)]
    figures = table(6, 4)
    first = protect(counts, figures)
    shuffled = dict(sorted(figures.items(), reverse=True))
    assert protect(counts, shuffled) == first
    assert protect(counts, figures, earlier=[first]) == first
