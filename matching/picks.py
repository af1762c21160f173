"""Rows picked for a student: which are the best, and when that is settled."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from matching.layout import Layout
from matching.location import Floats
from matching.points import Ways
from matching.profile import Ints
from matching.ties import Ties


class Pick(NamedTuple):
    """Rows of one layout with what makes up their scores, before they are explained."""

    layout: Layout
    rows: Ints
    scores: Floats
    values: Floats
    ways: Ways

    def take(self, places: Ints) -> Pick:
        """Some of them, in the order given."""
        values = self.values[:, places]
        return Pick(self.layout, self.rows[places], self.scores[places], values, self.ways.take(places))


def highest(bounds: Floats, count: int) -> tuple[Ints, float]:
    """Positions of the highest bounds, ascending, and a value that no other bound is above."""
    if count >= len(bounds):
        return np.arange(len(bounds)), -1.0
    order = np.argpartition(bounds, len(bounds) - count)[len(bounds) - count :]
    return np.sort(order), float(bounds[order[0]])


def is_settled(pick: Pick, k: int, bound: float) -> bool:
    """Whether nothing that was left out, which scores `bound` at most, can come among the best."""
    return bound < 0.0 or (len(pick.rows) == k and float(pick.scores[-1]) > bound)


def first(scores: Floats, ties: Ties, k: int, last: tuple[float, np.uint64] | None) -> Ints:
    """Positions of the best `k` behind the last line seen, in order."""
    among = None
    if last is not None:
        among = np.flatnonzero((scores < last[0]) | ((scores == last[0]) & (ties > last[1])))
        scores, ties = scores[among], ties[among]
    if len(scores) > k > 0:
        least = np.partition(scores, len(scores) - k)[len(scores) - k]
        keep = np.flatnonzero(scores >= least)
        order: Ints = keep[np.lexsort((ties[keep], -scores[keep]))[:k]]
    else:
        order = np.lexsort((ties, -scores))[:k]
    return order if among is None else among[order]
