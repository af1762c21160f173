"""The next months of a monthly count, with an interval from how wrong the same rule was before: pure.

With two years or more it is the month of a year ago (seasonal naive), with less a damped trend (Gardner and McKenzie 1985).
No model of the noise is assumed: the rule is tried at each past month, and the interval of a horizon is as wide as its
errors there were (split conformal; Stankevičiūtė and others 2021), growing as they grew.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from typing import NamedTuple

SEASON = 12
LEAST_MONTHS = 9
"""With fewer there is nothing to learn from."""
COVERAGE = 0.8
"""Of the months, so many shall lie within their interval."""
_LEVEL, _TREND, _DAMPING = 0.5, 0.2, 0.85


class Month(NamedTuple):
    """What is expected of a month, and between which bounds it mostly lies."""

    value: float
    low: float
    high: float


def forecast(counts: Sequence[float], horizon: int) -> list[Month]:
    """The next months after `counts`, the latest of which is the last; empty where there are too few.

    >>> [round(one.value) for one in forecast([10, 20] * 12, 2)]
    [10, 20]
    >>> forecast([3, 4], 2)
    []
    """
    if len(counts) < LEAST_MONTHS:
        return []
    errors = _errors(counts, horizon)
    found, widest = [], 0.0
    for step, value in enumerate(_ahead(counts, horizon)):
        widest = max(widest, _quantile(errors[step]))  # further ahead is never surer
        found.append(Month(value, max(0.0, value - widest), value + widest))
    return found


def _ahead(counts: Sequence[float], horizon: int) -> list[float]:
    if len(counts) >= 2 * SEASON:
        return [float(counts[len(counts) - SEASON + step % SEASON]) for step in range(horizon)]
    level, trend = float(counts[0]), 0.0
    for count in counts[1:]:
        before = level
        level = _LEVEL * count + (1 - _LEVEL) * (level + _DAMPING * trend)
        trend = _TREND * (level - before) + (1 - _TREND) * _DAMPING * trend
    found, damped = [], 0.0
    for step in range(1, horizon + 1):
        damped += _DAMPING**step
        found.append(max(0.0, level + damped * trend))
    return found


def _errors(counts: Sequence[float], horizon: int) -> list[list[float]]:
    """By horizon, how wrong the rule that is used now was at each month at which it can be tried."""
    is_seasonal = len(counts) >= 2 * SEASON
    first = SEASON if is_seasonal else LEAST_MONTHS // 2
    found: list[list[float]] = [[] for _ in range(horizon)]
    for end in range(first, len(counts)):
        told = (
            [float(counts[end - SEASON + step % SEASON]) for step in range(horizon)]
            if is_seasonal
            else _ahead(counts[:end], horizon)
        )
        for step, value in enumerate(told[: len(counts) - end]):
            found[step].append(abs(counts[end + step] - value))
    return found


def _quantile(errors: Sequence[float]) -> float:
    """The error that so many of the errors do not exceed, with the correction for few of them."""
    if not errors:
        return 0.0
    rank = min(len(errors), ceil((len(errors) + 1) * COVERAGE))
    return sorted(errors)[rank - 1]
