"""The chance that both sides say yes, learnt from what came of earlier matches.

The model is additive: every part of the score gives its own points of log-odds, a line with corners at `KNOTS`; points
are added up and turned into a chance. Where sense demands it, the line never falls: more skill fit never lowers the
chance, whatever the data say (non-negative steps between corners; Tutz and Leitenstorfer 2007, Generalized smooth
monotonic regression). So a model can be read, drawn and checked by a person, and predicts with a table look-up.

It sees parts of the score and nothing else: neither gender, nor origin, nor the name of a school can be given to it.
Groups may be passed along to *report* whether a chance means the same for all; no model ever contains them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from matching.errors import MatchingError
from matching.evaluate import Bin, Calibration, calibration, calibration_by_group, lift
from matching.location import Floats
from matching.score import PARTS

RISING: Final = frozenset({"skills", "interest", "travel", "calendar", "programme"})
"""Parts of which more never lowers the chance. Learning and hours may count either way: to a company much to learn
means less work done, and many hours are a burden to one side and a relief to the other."""

LEARNABLE: Final = tuple(name for name in PARTS if name != "chance")
"""The parts that a model may use: those of the score, but not its own output."""

SEGMENTS: Final = 4
KNOTS: Final = tuple(place / SEGMENTS for place in range(SEGMENTS + 1))
"""Where the lines have corners."""

RIDGE: Final = 3.0
"""Penalty on half of each squared step of log-odds: a prior of standard deviation 0.6 on every step."""

STEADY: Final = (10.0, 10.0)
"""The same on the change of level and of spread at the latest time: a prior of standard deviation 0.3."""

HELD: Final = 0.2
"""The latest share of the outcomes: sets the level and spread of the chances, and in a second fit tests them."""

LEAST: Final = 500
"""Outcomes under which nothing is learnt: from there on the chance alone orders better than the rule weights in every
world of `benchmarks/quality.py`, with a margin for data less tidy than theirs."""

RAREST: Final = 0.1
"""Of them so many must be of the rarer answer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a match: the parts as they were then, the answers, and the day of the last one.

    `company` is None when it was never asked, because the student said no.
    """

    parts: Mapping[str, float]
    student: bool
    company: bool | None
    on: date

    @property
    def is_agreed(self) -> bool | None:
        """Whether both said yes; None while the company has not answered."""
        return False if not self.student else self.company


@dataclass(frozen=True, slots=True)
class Figures:
    """How the method did on the latest outcomes, learnt from the earlier ones only.

    `usual_brier` is the Brier score of always stating the share of agreements seen before; `lift` that of the tenth
    with the highest chances.
    """

    test: Calibration
    usual_brier: float
    lift: float
    groups: Mapping[str, Calibration] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChanceModel:
    """Points of log-odds for each part, with where they come from and how good they are.

    `points` holds for each part its log-odds at `KNOTS`, `missing` those of a part that does not apply. `first` and
    `last` are the days of the earliest and the latest of the `outcomes` learnt from, of which `agreed` were agreed.
    """

    version: str
    parts: tuple[str, ...]
    intercept: float
    points: tuple[tuple[float, ...], ...]
    missing: tuple[float, ...]
    first: date
    last: date
    outcomes: int
    agreed: int
    figures: Figures
    _table: Floats = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check(self)
        object.__setattr__(self, "_table", _table(self.points, self.missing))

    def chance(self, values: npt.ArrayLike) -> Floats:
        """The chance that both sides say yes.

        Parameters
        ----------
        values
            An array (n, parts) in the order of `parts`: 0..1, NaN where a part does not apply.

        Returns
        -------
        array (n,)
            The same for a row whether it comes alone or with others.
        """
        given = np.asarray(values, np.float64)
        if given.ndim != 2 or given.shape[1] != len(self.parts):
            raise MatchingError(f"a row needs the {len(self.parts)} parts {', '.join(self.parts)}")
        odds = _points_of(self._table, given).sum(axis=1)
        odds += self.intercept
        chances: Floats = 1.0 / (1.0 + np.exp(-odds))
        return chances

    def to_json(self) -> str:
        """The model as text that people can read and compare."""
        lines = {
            name: {"points": list(points), "missing": missing}
            for name, points, missing in zip(self.parts, self.points, self.missing, strict=True)
        }
        told = {
            "version": self.version,
            "outcomes": self.outcomes,
            "agreed": self.agreed,
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "knots": list(KNOTS),
            "intercept": self.intercept,
            "parts": lines,
            "figures": asdict(self.figures),
        }
        return json.dumps(told, indent=2, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> ChanceModel:
        """The model that `to_json` wrote.

        Raises
        ------
        MatchingError
            Text that is no model, or a model that `fit_chance` cannot have made.
        """
        try:
            return _model_from(json.loads(text))
        except MatchingError:
            raise
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise MatchingError("this text is no model of chances") from error


def shortage(outcomes: Iterable[Outcome], least: int = LEAST) -> str | None:
    """Why nothing can be learnt yet: `"too_few_outcomes"`, `"too_few_agreed"`, `"too_few_refused"`, or None.

    Outcomes that still wait for an answer do not count.

    Examples
    --------
    >>> shortage([Outcome({"skills": 1.0}, True, True, date(2026, 5, 4))])
    'too_few_outcomes'
    """
    answers = [one.is_agreed for one in outcomes if one.is_agreed is not None]
    rarest = RAREST * least
    if len(answers) < max(least, 2):
        return "too_few_outcomes"
    if sum(answers) < max(rarest, 1):
        return "too_few_agreed"
    return "too_few_refused" if len(answers) - sum(answers) < max(rarest, 1) else None


def fit_chance(
    outcomes: Sequence[Outcome], *, least: int = LEAST, groups: Sequence[str] | None = None
) -> ChanceModel | None:
    """Learn the chance of agreement, or return None where `shortage` says why not.

    Parameters
    ----------
    outcomes
        In any order; those that wait for an answer are left out.
    least
        How many are needed; a tenth of it for each answer.
    groups
        A label for each outcome, for the report by group only.

    Raises
    ------
    MatchingError
        A part that is not one of the score's (`LEARNABLE`), or a value outside 0..1.

    Examples
    --------
    >>> days = [date(2026, 1, 1 + n % 28) for n in range(100)]
    >>> some = [Outcome({"skills": n % 10 / 9}, True, n % 10 > 4, day) for n, day in enumerate(days)]
    >>> model = fit_chance(some, least=100)
    >>> low, high = model.chance([[0.1], [0.9]])
    >>> bool(low < 0.3 < 0.7 < high)
    True
    >>> fit_chance(some), shortage(some)
    (None, 'too_few_outcomes')
    """
    if groups is not None and len(groups) != len(outcomes):
        raise MatchingError(f"{len(groups)} groups for {len(outcomes)} outcomes")
    if shortage(outcomes, least) is not None:
        return None
    known = [row for row, one in enumerate(outcomes) if one.is_agreed is not None]
    parts, values, agreed, days = _columns([outcomes[row] for row in known])
    order = np.lexsort((*np.nan_to_num(values, nan=-1.0).T, agreed, days))
    values, agreed = values[order], agreed[order]
    labels = None if groups is None else [groups[known[row]] for row in order.tolist()]
    fitted = _fit(parts, values, agreed)
    model = ChanceModel(
        version="",
        parts=parts,
        intercept=fitted[0],
        points=fitted[1],
        missing=fitted[2],
        first=date.fromordinal(int(days.min())),
        last=date.fromordinal(int(days.max())),
        outcomes=len(agreed),
        agreed=int(agreed.sum()),
        figures=_test(parts, values, agreed, labels),
    )
    digest = hashlib.blake2b(model.to_json().encode(), digest_size=4).hexdigest()
    return replace(model, version=f"1-{model.last.isoformat()}-{digest}")


def values_of(lines: Iterable[Mapping[str, float]], parts: Sequence[str]) -> Floats:
    """Parts as an array (lines, parts), NaN where a line lacks one.

    Examples
    --------
    >>> values_of([{"skills": 0.5}, {"skills": 1.0, "travel": 0.25}], ["skills", "travel"]).tolist()
    [[0.5, nan], [1.0, 0.25]]
    """
    rows = [[line.get(name, np.nan) for name in parts] for line in lines]
    return np.array(rows, np.float64).reshape(len(rows), len(parts))


Fitted = tuple[float, tuple[tuple[float, ...], ...], tuple[float, ...]]
"""Intercept, points and missing."""


def _columns(outcomes: Sequence[Outcome]) -> tuple[tuple[str, ...], Floats, Floats, Floats]:
    """The parts that occur, their values, whether there was agreement, and the days."""
    seen = {name for one in outcomes for name in one.parts}
    for name in sorted(seen - set(LEARNABLE)):
        raise MatchingError(f"nothing is learnt from {name!r}, only from {', '.join(LEARNABLE)}")
    parts = tuple(name for name in LEARNABLE if name in seen)
    values = values_of((one.parts for one in outcomes), parts)
    if ((values < 0.0) | (values > 1.0)).any():
        raise MatchingError("a part lies between 0 and 1")
    agreed = np.array([bool(one.is_agreed) for one in outcomes], np.float64)
    return parts, values, agreed, np.array([one.on.toordinal() for one in outcomes], np.float64)


def _fit(parts: Sequence[str], values: Floats, agreed: Floats) -> Fitted:
    """Learn the lines from the earlier rows, then level and spread of the chances from the latest."""
    cut = _cut(len(agreed))
    features = _features(values)
    lower = np.concatenate([np.full(SEGMENTS + 1, -np.inf) for _ in parts])
    for place, name in enumerate(parts):
        if name in RISING:
            lower[place * (SEGMENTS + 1) : place * (SEGMENTS + 1) + SEGMENTS] = 0.0
    level, steps = _logistic(features[:cut], agreed[:cut], lower, np.zeros(cut), (0.0, RIDGE))
    odds = level + features[cut:] @ steps
    # Platt (1999), drawn towards no change: the lines hold the order, this their level at the latest time.
    shift, slope = _logistic(odds[:, None], agreed[cut:], np.array([-1.0]), odds, STEADY)
    spread = 1.0 + float(slope[0])
    by_part = (spread * steps).reshape(len(parts), SEGMENTS + 1)
    points = np.concatenate((np.zeros((len(parts), 1)), np.cumsum(by_part[:, :SEGMENTS], axis=1)), axis=1)
    return (
        spread * level + shift,
        tuple(tuple(line) for line in points.tolist()),
        tuple(by_part[:, SEGMENTS].tolist()),
    )


def _cut(rows: int) -> int:
    """How many rows are earlier; at least one on each side."""
    return min(max(1, round((1.0 - HELD) * rows)), rows - 1)


def _features(values: Floats) -> Floats:
    """For each part how far each segment is climbed, 0 to 1, and whether the part is missing."""
    climbed = np.clip(values[:, :, None] * SEGMENTS - np.arange(SEGMENTS), 0.0, 1.0)
    missing = np.isnan(values)[:, :, None]
    found: Floats = np.concatenate((np.where(missing, 0.0, climbed), missing), axis=2).reshape(
        len(values), -1
    )
    return found


def _logistic(
    features: Floats, agreed: Floats, lower: Floats, offset: Floats, ridges: tuple[float, float]
) -> tuple[float, Floats]:
    """Intercept and coefficients, at least `lower`, of a logistic regression with L2 penalties on either."""
    from scipy.optimize import minimize  # costs a fifth of a second to import

    def loss(weights: Floats) -> tuple[float, Floats]:
        odds = offset + weights[0] + features @ weights[1:]
        slope = 1.0 / (1.0 + np.exp(-odds)) - agreed
        value = np.logaddexp(0.0, odds).sum() - agreed @ odds + 0.5 * (penalty * weights) @ weights
        return float(value), np.concatenate(([slope.sum()], slope @ features)) + penalty * weights

    penalty = np.append(ridges[0], np.full(features.shape[1], ridges[1]))
    start = np.zeros(features.shape[1] + 1)
    # The intercept stays finite even where all rows agree.
    bounds = [(-20.0, 20.0), *((low, None) for low in lower.tolist())]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"gtol": 1e-6})
    return float(found.x[0]), found.x[1:]


def _test(parts: Sequence[str], values: Floats, agreed: Floats, labels: Sequence[str] | None) -> Figures:
    """Learn from the earlier rows as if they were all, and compare with the latest."""
    cut = _cut(len(agreed))
    intercept, points, missing = _fit(parts, values[:cut], agreed[:cut])
    odds = intercept + _points_of(_table(points, missing), values[cut:]).sum(axis=1)
    chances, true = 1.0 / (1.0 + np.exp(-odds)), agreed[cut:]
    usual = np.full(len(true), agreed[:cut].mean())
    return Figures(
        calibration(chances, true),
        calibration(usual, true).brier,
        lift(chances, true),
        {} if labels is None else calibration_by_group(chances, true, labels[cut:]),
    )


def _table(points: Sequence[Sequence[float]], missing: Sequence[float]) -> Floats:
    """Two lines of cells: the value at the left corner, and the rise to the next.

    Each part has a cell for every segment, one for the right end, and one for a part that does not apply.
    """
    corners = np.array(points, np.float64).reshape(len(points), SEGMENTS + 1)
    flat = np.zeros((len(points), 2))
    left = np.column_stack((corners, np.array(missing, np.float64)))
    rise = np.column_stack((np.diff(corners, axis=1), flat))
    return np.stack((left.ravel(), rise.ravel()))


def _points_of(table: Floats, values: Floats) -> Floats:
    """The log-odds of every value, each worked out by itself, so that rows do not depend on one another."""
    place = np.fmin(np.fmax(values, 0.0), 1.0) * SEGMENTS  # fmax takes NaN for 0
    cell = place.astype(np.int64)
    place -= cell
    cell[np.isnan(values)] = SEGMENTS + 1
    cell += np.arange(0, table.shape[1], SEGMENTS + 2)
    found: Floats = table[0].take(cell)
    found += table[1].take(cell) * place
    return found


def _check(model: ChanceModel) -> None:
    if not set(model.parts) <= set(LEARNABLE) or len(set(model.parts)) != len(model.parts):
        raise MatchingError(f"a model uses only {', '.join(LEARNABLE)}")
    if {len(model.points), len(model.missing)} != {len(model.parts)}:
        raise MatchingError("a model needs points for each of its parts")
    for name, points in zip(model.parts, model.points, strict=True):
        if len(points) != len(KNOTS):
            raise MatchingError(f"{name!r} needs points at {KNOTS}")
        if name in RISING and (np.diff(points) < 0.0).any():
            raise MatchingError(f"more of {name!r} must not lower the chance")
    if not np.isfinite(
        [model.intercept, *model.missing, *(one for line in model.points for one in line)]
    ).all():
        raise MatchingError("points must be finite")


def _model_from(told: Mapping[str, Any]) -> ChanceModel:
    if tuple(told["knots"]) != KNOTS:
        raise MatchingError(f"the corners must be at {KNOTS}")
    lines = told["parts"]
    return ChanceModel(
        version=str(told["version"]),
        parts=tuple(lines),
        intercept=float(told["intercept"]),
        points=tuple(tuple(map(float, line["points"])) for line in lines.values()),
        missing=tuple(float(line["missing"]) for line in lines.values()),
        first=date.fromisoformat(told["first"]),
        last=date.fromisoformat(told["last"]),
        outcomes=int(told["outcomes"]),
        agreed=int(told["agreed"]),
        figures=_figures_from(told["figures"]),
    )


def _figures_from(told: Mapping[str, Any]) -> Figures:
    groups = {label: _calibration_from(one) for label, one in told["groups"].items()}
    return Figures(_calibration_from(told["test"]), told["usual_brier"], told["lift"], groups)


def _calibration_from(told: Mapping[str, Any]) -> Calibration:
    return Calibration(**{**told, "bins": tuple(Bin(*one) for one in told["bins"])})
