"""How many of those who have booked will come, learnt from who came before; and what more seats would risk.

Two small models, both with priors, so that a few check-ins say little and many say much. Whether anybody of a booking comes
is a logistic regression with normal priors on every coefficient (a school, a weekday, a part of the day and a sort of session
differ from the rest only as far as the data insist); its posterior is taken as normal around its mode (Laplace). Of a group
that comes, how many are missing is beta-binomial: those of one class are ill, or on another trip, together. Predictions are
drawn from both, so that their interval holds what is not known as well as chance.

The approximation: D. J. C. MacKay, "The evidence framework applied to classification networks", Neural Computation 4(5),
1992, section 3. Weather is not looked at: nobody books by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, expit

Floats = NDArray[np.float64]

DRAWS = 4000
_FIRST_GUESS = -2.0
"""Log-odds that nobody of a booking comes before anything is known: one in eight."""
_SPREADS = {"base": 1.5, "group": 1.0, "lead": 1.0, "weekday": 0.4, "part": 0.4, "sort": 0.4, "school": 0.6}
_MISSING = np.array([-3.0, 3.0])
"""Of a group that comes: log-odds that one is missing, and the logarithm of how alike groups are."""
_MISSING_SPREAD = 1.5


@dataclass(frozen=True, slots=True)
class Expected:
    """A booking as it is known before the day. `lead_days` from asking to coming; `sort` of session, such as its language."""

    people: int
    is_group: bool
    lead_days: float
    weekday: int
    part: str
    school: str
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Past:
    """A booking of the past, and how many of its people came."""

    expected: Expected
    came: int


@dataclass(frozen=True, slots=True)
class Risk:
    """With so many more seats, the chance that somebody who comes finds none."""

    extra: int
    refusal: float


@dataclass(frozen=True, slots=True)
class Advice:
    """How many will come of those who have booked, with an interval of 90 %, and what more seats would risk.

    `extra` is the most that keeps to the risk that was asked for; `risks` has all that were looked at, from none on.
    """

    mean: float
    low: int
    high: int
    extra: int
    risks: tuple[Risk, ...]


@dataclass(frozen=True, slots=True)
class Turnout:
    """What has been learnt. Made by `learn`."""

    columns: dict[tuple[str, str], int]
    mode: Floats
    root: Floats
    """A square root of the posterior's covariance."""
    missing_mode: Floats
    missing_root: Floats
    learnt_from: int

    def draw(self, booked: Sequence[Expected], chance: np.random.Generator) -> Floats:
        """How many come of each booking, so many times: an array of draws by bookings."""
        number = DRAWS
        rows = _rows(self.columns, booked)
        shifts = rows @ (self.mode[:, None] + self.root @ chance.standard_normal((len(self.mode), number)))
        for name in sorted({name for one in booked for name in _levels(one)} - self.columns.keys()):
            of_name = np.array([name in _levels(one) for one in booked])
            shifts[of_name] += _SPREADS[name[0]] * chance.standard_normal(number)
        comes = chance.random(shifts.shape) >= expit(shifts)
        come = comes * np.array([one.people for one in booked], dtype=float)[:, None]
        groups = np.array([one.is_group for one in booked], dtype=bool)
        if groups.any():
            logit, alike = self.missing_mode[:, None] + self.missing_root @ chance.standard_normal(
                (2, number)
            )
            size = np.exp(alike)
            shape = (int(groups.sum()), number)
            share = chance.beta(
                np.maximum(expit(logit) * size, 1e-6), np.maximum(expit(-logit) * size, 1e-6), shape
            )
            come[groups] -= chance.binomial(come[groups].astype(int), share)
        drawn: Floats = come.T
        return drawn


def learn(past: Sequence[Past]) -> Turnout:
    """Learn from bookings whose people have been counted; from none it knows no more than the priors.

    Examples
    --------
    >>> booking = Expected(people=1, is_group=False, lead_days=7, weekday=2, part="morning", school="Aldini")
    >>> often, rarely = (
    ...     learn([Past(booking, came=number % 5 < share) for number in range(200)]) for share in (4, 1)
    ... )
    >>> coming = lambda known: float(known.draw([booking], np.random.default_rng(1)).mean())
    >>> round(coming(often), 1), round(coming(rarely), 1)
    (0.8, 0.2)
    """
    columns = {("base", ""): 0, ("group", ""): 1, ("lead", ""): 2}
    for one in past:
        for name in _levels(one.expected):
            columns.setdefault(name, len(columns))
    rows = _rows(columns, [one.expected for one in past])
    absent = np.array([one.came == 0 for one in past], dtype=float)
    precision = np.array([_SPREADS[kind] ** -2 for kind, _ in columns])
    centre = np.zeros(len(columns))
    centre[0] = _FIRST_GUESS
    mode = centre.copy()
    for _ in range(100):  # Newton; the posterior is log-concave
        chance = expit(rows @ mode)
        slope = rows.T @ (absent - chance) - precision * (mode - centre)
        curve = (rows.T * (chance * (1 - chance))) @ rows + np.diag(precision)
        step = np.linalg.solve(curve, slope)
        mode = mode + step / max(1.0, float(np.abs(step).max()))  # a whole step from afar goes too far
        if np.abs(step).max() < 1e-8:
            break
    root = np.linalg.cholesky(np.linalg.inv(curve))
    groups = [one for one in past if one.expected.is_group and one.came]
    return Turnout(columns, mode, root, *_learn_missing(groups), len(past))


def advise(
    known: Turnout,
    booked: Sequence[Expected],
    newcomer: Expected,
    *,
    seats: int,
    room: int,
    risk: float,
    most: int = 30,
    seed: int = 0,
) -> Advice:
    """Say how many come of those who have booked `seats`, and how many seats more the `room` would bear.

    Seats that are still free, and those that are added, are taken by people like the `newcomer`, one by one.

    Parameters
    ----------
    seats : int
        That can be booked now.
    room : int
        People who find a place on the day.
    risk : float
        Between 0 and 1: how likely it may be that somebody who comes finds none.
    """
    if not 0 < risk < 1:
        raise ValueError("risk is between 0 and 1")
    chance = np.random.default_rng(seed)
    free = max(0, seats - sum(one.people for one in booked))
    # One draw for all: what is not known of a school or a weekday is shared by those who book and by who may come.
    coming = known.draw([*booked, *[newcomer] * (free + most)], chance)
    come = coming[:, : len(booked)].sum(axis=1)
    later = np.cumsum(coming[:, len(booked) :], axis=1)
    risks = []
    for extra in range(most + 1):
        more = later[:, free + extra - 1] if free + extra else 0
        risks.append(Risk(extra, float(np.mean(come + more > room))))
    best = max((one.extra for one in risks if one.refusal <= risk), default=0)
    low, high = np.quantile(come, [0.05, 0.95], method="closest_observation") if booked else (0, 0)
    mean = float(come.mean()) if booked else 0.0
    return Advice(mean, int(low), int(high), best, tuple(risks))


def _levels(one: Expected) -> list[tuple[str, str]]:
    return [("weekday", str(one.weekday)), ("part", one.part), ("sort", one.sort), ("school", one.school)]


def _rows(columns: dict[tuple[str, str], int], bookings: Sequence[Expected]) -> Floats:
    rows = np.zeros((len(bookings), len(columns)))
    for row, one in zip(rows, bookings, strict=True):
        row[0], row[1], row[2] = 1, one.is_group, np.log1p(max(0.0, one.lead_days)) - 2
        for name in _levels(one):
            if name in columns:
                row[columns[name]] = 1
    return rows


def _learn_missing(groups: Sequence[Past]) -> tuple[Floats, Floats]:
    people = np.array([one.expected.people for one in groups], dtype=float)
    missing = people - np.array([one.came for one in groups], dtype=float)

    def cost(at: Floats) -> float:
        size = np.exp(at[1])
        first, second = expit(at[0]) * size, expit(-at[0]) * size
        likely = betaln(missing + first, people - missing + second) - betaln(first, second)
        return float((((at - _MISSING) / _MISSING_SPREAD) ** 2).sum() / 2 - likely.sum())

    found = minimize(cost, _MISSING, method="BFGS")
    covariance = (found.hess_inv + found.hess_inv.T) / 2 + 1e-9 * np.eye(2)
    return found.x, np.linalg.cholesky(covariance)
