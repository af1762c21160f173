"""What an assignment is: who has which seat, and how far it is proven best."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from matching.market import NamedMarket
from matching.problem import Problem


class Level(NamedTuple):
    """One aim of an optimal assignment: what was reached, and what no assignment can better.

    Higher values are better for `placed` and `score`, lower ones for the others.
    """

    name: str
    value: float
    bound: float

    @property
    def gap(self) -> float:
        """How far the value may be from the best: 0 when it is proven."""
        return abs(self.bound - self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Assignment(Mapping[str, str]):
    """Student to opportunity, for those who have a seat.

    `levels` holds the aims of an optimal assignment in their order; empty for a stable one.
    """

    placed: Mapping[str, str]
    periods: Mapping[str, str]
    unplaced: tuple[str, ...]
    mode: str
    levels: tuple[Level, ...]
    problem: Problem = field(repr=False)
    named: NamedMarket = field(repr=False)

    def __getitem__(self, student: str) -> str:
        return self.placed[student]

    def __iter__(self) -> Iterator[str]:
        return iter(self.placed)

    def __len__(self) -> int:
        return len(self.placed)

    @property
    def is_proven(self) -> bool:
        """Whether every aim was reached in full within the time."""
        return all(level.gap == 0 for level in self.levels)
