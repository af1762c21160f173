"""The two rules of law that the ledger counts by, with the days from which they hold and where they stand."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import NamedTuple


class Dated(NamedTuple):
    """A rule's value from a day on, and its source."""

    since: date
    value: Fraction
    source: str


SHARE = (Dated(date(2019, 1, 1), Fraction(3, 4), "DM 774/2019, linee guida"),)
MINIMUM = {
    "technical": (Dated(date(2019, 1, 1), Fraction(150), "L. 145/2018, art. 1, c. 784"),),
    "vocational": (Dated(date(2019, 1, 1), Fraction(210), "L. 145/2018, art. 1, c. 784"),),
    "liceo": (Dated(date(2019, 1, 1), Fraction(90), "L. 145/2018, art. 1, c. 784"),),
}


def _on(rules: tuple[Dated, ...], day: date) -> Dated | None:
    return next((rule for rule in reversed(rules) if rule.since <= day), None)


def share(day: date) -> Fraction:
    """How much of a project's hours must be attended for it to count, if it begins on this day; 0 where no rule holds."""
    rule = _on(SHARE, day)
    return rule.value if rule is not None else Fraction(0)


def minimum_hours(kind: str, day: date) -> int:
    """How many hours a study path of this kind needs for the diploma; 0 where no law says."""
    rule = _on(MINIMUM.get(kind, ()), day)
    return int(rule.value) if rule is not None else 0
