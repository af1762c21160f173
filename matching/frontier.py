"""All best choices of dated options under a budget: a labelling search with dominance.

The problem is the one that `paths` makes of modules and needs. Options come in the order of their start. Each
takes hours, covers some demands, requires that others be covered by options chosen before it, and excludes
some options. Demands are weighed on their own (`worth`) and in groups that count once all are covered.

A label is a choice made so far. It is dominated when another one took no more hours, covers every demand that
can still matter, and excludes no later option that it leaves open: whatever completes the first completes the
second as well (Irnich and Desaulniers 2005, "Shortest Path Problems with Resource Constraints", in Column
Generation, Springer). Without the cap on labels the search is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

WIDTH: Final = 256
"""Labels kept from one option to the next. A step compares at most twice as many in pairs, so the whole search
takes at most `options × (2 × WIDTH)²` comparisons of bit sets, and memory for one step of them."""

CLASSES: Final = 16
"""Classes of hours among which a capped search shares out its labels, so that short choices stay too."""

Words = npt.NDArray[np.uint64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Choices:
    """Options in the order of their start. Sets of demands, and of options, are bits of an int.

    What an option requires is covered by options before it only.
    `groups` maps a set of demands to how much it counts once all of it is covered.
    """

    hours: Sequence[int]
    covers: Sequence[int]
    requires: Sequence[int]
    excludes: Sequence[int]
    worth: Mapping[int, int]
    groups: Mapping[int, int]


class Choice(NamedTuple):
    """Positions of the chosen options, in order, with what they take and what they bring."""

    hours: int
    worth: int
    grouped: int
    options: tuple[int, ...]


def frontier(choices: Choices, budget: int, width: int = WIDTH) -> tuple[list[Choice], bool]:
    """The choices that no other choice beats in hours, worth and groups together, by rising hours.

    Parameters
    ----------
    budget
        Hours that a choice may take.
    width
        Labels kept from one option to the next.

    Returns
    -------
    list of Choice
        One for each value of the three; the empty choice is among them. Of equals the one with the fewest
        options counts, then the one whose options come first.
    bool
        Whether the search was complete, so that nothing better exists.

    Examples
    --------
    >>> choices = Choices(
    ...     hours=[10, 20, 15], covers=[0b01, 0b10, 0b11], requires=[0, 0b01, 0], excludes=[0b100, 0, 0b001],
    ...     worth={0: 1, 1: 1}, groups={},
    ... )
    >>> frontier(choices, 40)[0]  # doctest: +NORMALIZE_WHITESPACE
    [Choice(hours=0, worth=0, grouped=0, options=()),
     Choice(hours=10, worth=1, grouped=0, options=(0,)),
     Choice(hours=15, worth=2, grouped=0, options=(2,))]
    """
    scale = _Scale(choices)
    labels = _Labels.empty(scale)
    is_complete = True
    for position in range(len(choices.hours)):
        labels = labels.joined(labels.extended(scale, position, budget))
        labels = labels.take(_undominated(labels, scale.matters[position], scale.later[position]))
        if len(labels.hours) > width:
            is_complete = False
            labels = labels.take(_promising(labels, width, budget))
    return _best(labels, len(choices.hours)), is_complete


class _Scale:
    """The choices as arrays."""

    def __init__(self, choices: Choices) -> None:
        self.hours = choices.hours
        self.options = len(choices.hours)
        sets = [*choices.covers, *choices.requires, *choices.groups]
        demands = max((one.bit_length() for one in sets), default=0)
        demands = max(demands, *choices.worth, 0) + 1
        self.covers = _words(choices.covers, demands)
        self.requires = _words(choices.requires, demands)
        self.excludes = _words(choices.excludes, self.options)
        self.single = _words([1 << position for position in range(self.options)], self.options)
        self.worth = np.zeros(self.covers.shape[1] * 64, np.int64)
        self.worth[list(choices.worth)] = list(choices.worth.values())
        self.groups = _words(list(choices.groups), demands)
        self.counts = np.array(list(choices.groups.values()), np.int64)
        self.touched = [np.flatnonzero((self.groups & cover).any(axis=1)) for cover in self.covers]
        """For each option the groups that it can make whole."""
        matter = sum(1 << demand for demand in choices.worth)
        for group in choices.groups:
            matter |= group
        behind, later = [], []
        for position in reversed(range(self.options)):
            behind.append(matter)
            later.append((1 << self.options) - (1 << position + 1))
            matter |= choices.requires[position]
        self.matters = _words(behind[::-1], demands)
        """After each option: the demands that can still count or be required."""
        self.later = _words(later[::-1], self.options)
        """After each option: those that are still to come."""


def _words(sets: Sequence[int], bits: int) -> Words:
    """Bit sets as rows of 64-bit words, the lowest bits first."""
    words = max(1, -(-bits // 64))
    rows = b"".join(one.to_bytes(words * 8, "little") for one in sets)
    return np.frombuffer(rows, np.dtype("<u8")).reshape(len(sets), words).astype(np.uint64)


@dataclass(frozen=True, slots=True)
class _Labels:
    """Choices made so far, a row each."""

    chosen: Words
    covered: Words
    excluded: Words
    hours: Ints
    worth: Ints
    grouped: Ints

    @classmethod
    def empty(cls, scale: _Scale) -> _Labels:
        """The one label that has chosen nothing."""
        none, demands, zero = _words([0], scale.options), _words([0], len(scale.worth)), np.zeros(1, np.int64)
        return cls(none, demands, none, zero, zero, zero)

    def take(self, rows: Any) -> _Labels:
        return _Labels(*(column[rows] for column in self._columns()))

    def joined(self, more: _Labels) -> _Labels:
        pairs = zip(self._columns(), more._columns(), strict=True)
        return _Labels(*(np.concatenate(pair) for pair in pairs))

    def _columns(self) -> tuple[Any, ...]:
        return self.chosen, self.covered, self.excluded, self.hours, self.worth, self.grouped

    def extended(self, scale: _Scale, position: int, budget: int) -> _Labels:
        """The labels that can choose an option, each with it chosen; who gains nothing from it is left out."""
        cover, required = scale.covers[position] & scale.matters[position], scale.requires[position]
        is_open = (
            (self.hours + scale.hours[position] <= budget)
            & ((self.covered & required) == required).all(axis=1)
            & ((self.excluded & scale.single[position]) == 0).all(axis=1)
            & ((cover & ~self.covered) != 0).any(axis=1)
        )
        old = self.take(is_open)
        covered = old.covered | scale.covers[position]
        groups, counts = scale.groups[scale.touched[position]], scale.counts[scale.touched[position]]
        more = _includes(covered[:, None], groups) & ~_includes(old.covered[:, None], groups)
        bits = np.unpackbits(covered.astype("<u8").view(np.uint8), axis=1, bitorder="little")
        return _Labels(
            old.chosen | scale.single[position],
            covered,
            old.excluded | scale.excludes[position],
            old.hours + scale.hours[position],
            bits.astype(np.int64) @ scale.worth,
            old.grouped + more @ counts,
        )


def _includes(larger: Words, smaller: Words) -> Bools:
    """Where every bit of the smaller sets is in the larger ones; word by word, to keep the arrays small."""
    found: Bools = (smaller[..., 0] & ~larger[..., 0]) == 0
    for word in range(1, smaller.shape[-1]):
        found &= (smaller[..., word] & ~larger[..., word]) == 0
    return found


def _undominated(labels: _Labels, matters: Words, later: Words) -> Ints:
    """The rows that no other row dominates; of equal ones the first."""
    covered, left_out = labels.covered & matters, ~labels.excluded & later
    bits = np.concatenate([covered, left_out], axis=1)
    size = len(bits)
    table = labels.hours[:, None] <= labels.hours
    table &= (bits[:, 0] & ~bits[:, :1]) == 0
    np.fill_diagonal(table, val=False)
    one, other = np.divmod(np.flatnonzero(table), size)
    for word in range(1, bits.shape[1]):
        # Few pairs are left after the first word, so the list of them is shorter than a table.
        beats = (bits[other, word] & ~bits[one, word]) == 0
        one, other = one[beats], other[beats]
    table[:] = False
    table[one, other] = True
    is_beaten = np.zeros(size, np.bool_)
    is_beaten[other[~table[other, one] | (one < other)]] = True
    return np.flatnonzero(~is_beaten)


def _promising(labels: _Labels, width: int, budget: int) -> Ints:
    """The rows that a capped search goes on with: the best of each class of hours in turn, in their old order.

    First comes worth, then groups, then demands covered (which others require), then few hours.
    """
    classes = labels.hours * CLASSES // (budget + 1)
    covered = np.bitwise_count(labels.covered).sum(axis=1, dtype=np.int64)
    order = np.lexsort((labels.hours, -covered, -labels.grouped, -labels.worth, classes))
    starts = np.searchsorted(classes[order], classes[order])
    turn = np.arange(len(order)) - starts
    return np.sort(order[np.argsort(turn, kind="stable")[:width]])


def _best(labels: _Labels, options: int) -> list[Choice]:
    bits = np.unpackbits(labels.chosen.astype("<u8").view(np.uint8), axis=1, bitorder="little")
    columns = labels.hours.tolist(), labels.worth.tolist(), labels.grouped.tolist(), bits
    return undominated(
        Choice(hours, worth, grouped, tuple(np.flatnonzero(row[:options]).tolist()))
        for hours, worth, grouped, row in zip(*columns, strict=True)
    )


def undominated(some: Iterable[Choice]) -> list[Choice]:
    """The choices that no other one beats, by rising hours; of equals the simplest.

    Examples
    --------
    >>> [one.hours for one in undominated([Choice(9, 1, 0, (0,)), Choice(5, 1, 0, (1,)), Choice(7, 0, 2, (2,))])]
    [5, 7]
    """
    best: list[Choice] = []
    for one in sorted(
        some, key=lambda one: (one.hours, -one.worth, -one.grouped, len(one.options), one.options)
    ):
        if not any(other.worth >= one.worth and other.grouped >= one.grouped for other in best):
            best.append(one)
    return best
