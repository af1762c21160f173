"""How sure a share is: 95 % intervals for counts of people, good for small ones too."""

from __future__ import annotations

from math import hypot, sqrt
from typing import NamedTuple

Z = 1.959963984540054
"""Of the normal distribution, for 95 %."""
LEAST_WHOLE = 20
"""Of fewer people no share is told: it would say nothing."""


class Share(NamedTuple):
    """A share, or a difference of two, with the bounds of its interval."""

    value: float
    low: float
    high: float


def wilson(part: int, whole: int) -> Share:
    """The share `part / whole` (Wilson 1927). `whole` is positive, `part` not above it.

    >>> wilson(81, 263)  # Newcombe 1998a, table I, method 3
    Share(value=0.308, low=0.2553, high=0.3662)
    """
    share, square = part / whole, Z * Z
    middle = (part + square / 2) / (whole + square)
    half = Z * sqrt(part * (whole - part) / whole + square / 4) / (whole + square)
    return Share(round(share, 4), round(max(0.0, middle - half), 4), round(min(1.0, middle + half), 4))


def newcombe(part: int, whole: int, other_part: int, other_whole: int) -> Share:
    """The difference of two independent shares (Newcombe 1998b, method 10).

    >>> newcombe(56, 70, 48, 80)  # his example (a)
    Share(value=0.2, low=0.0524, high=0.3339)
    """
    one, other = wilson(part, whole), wilson(other_part, other_whole)
    first, second = part / whole, other_part / other_whole
    low = first - second - hypot(first - one.low, other.high - second)
    high = first - second + hypot(one.high - first, second - other.low)
    return Share(round(first - second, 4), round(low, 4), round(high, 4))
