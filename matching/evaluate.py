"""How good a ranking is: of its order, of what it shows to whom, and of the chances it states.

The definitions are the field's; each docstring names its source. Nothing here knows how a ranking was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.errors import MatchingError
from matching.location import Floats

BINS: Final = 10
"""Reliability bins, as in most of the literature."""


def discounts(k: int) -> Floats:
    """What a line counts by its place: 1 / log2(place + 1).

    Source: Järvelin and Kekäläinen (2002), ACM Transactions on Information Systems 20(4).

    Examples
    --------
    >>> discounts(3).round(3).tolist()
    [1.0, 0.631, 0.5]
    """
    return 1.0 / np.log2(np.arange(2, k + 2))


def ndcg(gains: Sequence[float], k: int, ideal: Sequence[float] | None = None) -> float:
    """Normalised discounted cumulative gain of the first `k` lines, between 0 and 1.

    Source: Järvelin and Kekäläinen (2002), with the gain itself, not 2^gain, as numerator.

    Parameters
    ----------
    gains
        What each line is worth, at least 0, in the order shown.
    ideal
        The gains of all that could have been shown; those of the list itself if left out.

    Returns
    -------
    float
        1 for an ideal order, and where there is nothing to gain.

    Examples
    --------
    >>> ndcg([3.0, 2.0, 1.0], 3)
    1.0
    >>> round(ndcg([1.0, 2.0], 2, ideal=[1.0, 2.0, 3.0]), 3)
    0.531
    """
    shown = np.asarray(gains, np.float64)[:k]
    best = -np.sort(-np.asarray(gains if ideal is None else ideal, np.float64))[:k]
    if min(shown.min(initial=0.0), best.min(initial=0.0)) < 0.0:
        raise MatchingError("a gain below 0 has no nDCG")
    most = float(best @ discounts(len(best)))
    return float(shown @ discounts(len(shown))) / most if most > 0.0 else 1.0


def recall(shown: Sequence[str], relevant: Collection[str], k: int) -> float:
    """The share of the relevant that stands among the first `k`; 1 where nothing is relevant.

    Examples
    --------
    >>> recall(["a", "b", "c"], {"a", "c"}, 2)
    0.5
    """
    wanted = set(relevant)
    return len(wanted & set(shown[:k])) / len(wanted) if wanted else 1.0


def exposure(lists: Iterable[Sequence[str]], k: int) -> Counter[str]:
    """In how many lists each id stands among the first `k`.

    Examples
    --------
    >>> sorted(exposure([["a", "b"], ["a", "c"]], 1).items())
    [('a', 2)]
    """
    return Counter(one for shown in lists for one in shown[:k])


def coverage(lists: Iterable[Sequence[str]], ids: Collection[str], k: int) -> float:
    """The share of `ids` that stands among the first `k` of somebody's list (catalogue coverage).

    Source: Ge, Delgado-Battenfeld and Jannach (2010), RecSys. An empty catalogue is covered.

    Examples
    --------
    >>> coverage([["a", "b"], ["a", "c"]], {"a", "b", "c", "d"}, 2)
    0.75
    """
    catalogue = set(ids)
    return len(catalogue & exposure(lists, k).keys()) / len(catalogue) if catalogue else 1.0


def gini(values: Iterable[float]) -> float:
    """The Gini coefficient: 0 when all have the same, (n − 1) / n when one of n has all.

    Source: Gini (1912), in the form for sorted values. 0 for no values and for zeros only.

    Examples
    --------
    >>> gini([1.0, 1.0, 1.0]), gini([0.0, 0.0, 0.0, 8.0])
    (0.0, 0.75)
    """
    ordered = np.sort(np.fromiter(values, np.float64))
    if ordered.min(initial=0.0) < 0.0:
        raise MatchingError("the Gini coefficient of a value below 0 has no meaning")
    count, total = len(ordered), float(ordered.sum())
    if total == 0.0:
        return 0.0
    weights = 2.0 * np.arange(1, count + 1) - count - 1.0
    # The weights add up to 0; without what all have, equal values give 0 to the last bit.
    return max(float(weights @ (ordered - ordered[0])) / (count * total), 0.0)


class Bin(NamedTuple):
    """A reliability bin: how many rows, the mean chance stated, the share that came true."""

    rows: int
    chance: float
    share: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How stated chances agree with what came true.

    `brier` is the mean squared error (Brier 1950, Monthly Weather Review 78(1)), `log_loss` the mean negative
    logarithm of the chance given to what happened, `error` the expected calibration error: the mean gap between
    chance and share over `bins` of equal count (Naeini, Cooper and Hauskrecht 2015, AAAI; equal counts as in
    Nguyen and O'Connor 2015, EMNLP).
    """

    rows: int
    share: float
    brier: float
    log_loss: float
    error: float
    bins: tuple[Bin, ...]


def calibration(chances: npt.ArrayLike, came_true: npt.ArrayLike, bins: int = BINS) -> Calibration:
    """Compare stated chances with what came true.

    Equal chances are never parted by their order: they share a bin, or are spread over bins in equal measure.

    Raises
    ------
    MatchingError
        No rows, columns of different length, or a chance outside 0..1.

    Examples
    --------
    >>> found = calibration([0.25, 0.25, 0.25, 0.25, 1.0], [0, 0, 1, 0, 1], bins=2)
    >>> found.error, found.brier, found.share
    (0.0, 0.15, 0.4)
    """
    stated, true = _paired(chances, came_true)
    order = np.argsort(stated, kind="stable")
    stated = stated[order]
    true = _shared_by_ties(stated, true[order])
    edges = np.linspace(0, len(stated), min(bins, len(stated)) + 1).round().astype(np.int64)
    found = [
        Bin(int(end - begin), float(stated[begin:end].mean()), float(true[begin:end].mean()))
        for begin, end in pairwise(edges)
    ]
    error = sum(one.rows * abs(one.chance - one.share) for one in found) / len(stated)
    return Calibration(
        len(stated), float(true.mean()), _brier(stated, true), _log_loss(stated, true), error, tuple(found)
    )


def lift(chances: npt.ArrayLike, came_true: npt.ArrayLike, share: float = 0.1) -> float:
    """How many times more often the rows with the highest chances came true than rows at large.

    `share` of the rows is looked at, at least one; equal chances count by their mean. 1 when nothing came true.

    Examples
    --------
    >>> lift([0.9, 0.8, 0.2, 0.1], [1, 1, 0, 0], share=0.5)
    2.0
    """
    stated, true = _paired(chances, came_true)
    order = np.argsort(-stated, kind="stable")
    true = _shared_by_ties(stated[order], true[order])
    most = max(1, round(share * len(true)))
    usual = float(true.mean())
    return float(true[:most].mean()) / usual if usual > 0.0 else 1.0


def calibration_by_group(
    chances: npt.ArrayLike, came_true: npt.ArrayLike, groups: Sequence[str], bins: int = 5
) -> dict[str, Calibration]:
    """The calibration within each group, by label: whether a chance means the same for all.

    Source: calibration within groups, Kleinberg, Mullainathan and Raghavan (2017), ITCS.

    Examples
    --------
    >>> found = calibration_by_group([0.5, 0.5, 0.5], [1, 0, 1], ["a", "a", "b"])
    >>> {label: one.share for label, one in found.items()}
    {'a': 0.5, 'b': 1.0}
    """
    stated, true = _paired(chances, came_true)
    labels = np.asarray(groups, dtype=np.str_)
    if len(labels) != len(stated):
        raise MatchingError(f"{len(labels)} groups for {len(stated)} rows")
    return {
        str(label): calibration(stated[labels == label], true[labels == label], bins)
        for label in np.unique(labels)
    }


def _paired(chances: npt.ArrayLike, came_true: npt.ArrayLike) -> tuple[Floats, Floats]:
    stated = np.asarray(chances, np.float64)
    true = np.asarray(came_true, np.float64)
    if stated.shape != true.shape or stated.ndim != 1 or not len(stated):
        raise MatchingError("chances and outcomes must be two columns of one length, not empty")
    if not ((stated >= 0.0) & (stated <= 1.0)).all():
        raise MatchingError("a chance lies between 0 and 1")
    return stated, true


def _shared_by_ties(ordered: Floats, true: Floats) -> Floats:
    """What came true, with every row of a tie given the tie's mean: the order within it then says nothing."""
    _, group, counts = np.unique(ordered, return_inverse=True, return_counts=True)
    means: Floats = np.bincount(group, true) / counts
    return means[group]


def _brier(stated: Floats, shares: Floats) -> float:
    # Within a tie (s − y)² averages to s² − 2 s·ȳ + ȳ for y in 0 and 1.
    return float(np.mean(stated * stated - 2.0 * stated * shares + shares))


def _log_loss(stated: Floats, shares: Floats) -> float:
    sure = np.clip(stated, 1e-15, 1.0 - 1e-15)
    return float(-np.mean(shares * np.log(sure) + (1.0 - shares) * np.log1p(-sure)))


class Ablated(NamedTuple):
    """What dropping a part does to nDCG: the mean without it, the change, and the change's standard error."""

    ndcg: float
    change: float
    error: float


def ablation(
    parts: Sequence[Floats],
    gains: Sequence[Floats],
    weights: Sequence[Floats],
    names: Sequence[str],
    k: int = 10,
) -> dict[str, Ablated]:
    """Drop one part of the score at a time, and see how nDCG against the truth moves.

    Parameters
    ----------
    parts
        For each student an array (opportunities, parts), NaN where a part does not apply.
    gains
        For each student what every opportunity is truly worth.
    weights
        For each student an array (opportunities, parts) of the weights of the parts. Equal scores keep the
        order of the rows, which should say nothing of the gains.
    names
        The names of the parts.

    Returns
    -------
    dict
        `""` for the whole score, then every part by its name. A negative change: the part helps.

    Examples
    --------
    >>> parts, gains = [np.array([[1.0, 0.0], [0.0, 1.0]])], [np.array([1.0, 0.0])]
    >>> found = ablation(parts, gains, [np.array([[0.6, 0.4], [0.6, 0.4]])], ["skills", "travel"], k=1)
    >>> {name: one.change for name, one in found.items()}
    {'': 0.0, 'skills': -1.0, 'travel': 0.0}
    """
    if not 0 < len(parts) == len(gains) == len(weights):
        raise MatchingError("parts, gains and weights must have a line for each student, and one at least")
    whole = _ndcg_of_each(parts, gains, weights, None, k)
    found = {"": Ablated(float(whole.mean()), 0.0, 0.0)}
    for column, name in enumerate(names):
        without = _ndcg_of_each(parts, gains, weights, column, k)
        change = without - whole
        error = float(change.std(ddof=1)) / len(change) ** 0.5 if len(change) > 1 else 0.0
        found[name] = Ablated(float(without.mean()), float(change.mean()), error)
    return found


def _ndcg_of_each(
    parts: Sequence[Floats], gains: Sequence[Floats], weights: Sequence[Floats], drop: int | None, k: int
) -> Floats:
    found = []
    for values, worth, scale in zip(parts, gains, weights, strict=True):
        loads = np.where(np.isnan(values), 0.0, scale)
        if drop is not None:
            loads[:, drop] = 0.0
        totals = loads.sum(axis=1)
        scores = (loads * np.nan_to_num(values)).sum(axis=1) / np.where(totals > 0.0, totals, 1.0)
        found.append(ndcg(worth[np.argsort(-scores, kind="stable")].tolist(), k))
    return np.array(found)
