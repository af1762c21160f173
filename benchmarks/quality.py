"""How good score and learnt chance are, in a seeded world of which the truth is known.

    python -m benchmarks.quality [--seeds 5] [--students 200] [--opportunities 300]

Prints, as means over the seeds: what dropping each part of the score does to nDCG against the true chance of agreement;
what the learnt chance gains over the rule weights, by number of outcomes (that number justifies `learn.LEAST`); the same
beside scikit-learn's boosted trees under the same monotone constraints, and its logistic regression; and the time of a
prediction. All methods learn from the same outcomes, and are judged on pairs by their true chances.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import warnings
from collections.abc import Callable, Sequence
from time import process_time
from typing import Any

import numpy as np

from matching.evaluate import ablation, ndcg
from matching.learn import LEARNABLE, LEAST, RISING, Outcome, fit_chance, values_of
from matching.location import Floats
from matching.score import PARTS, part_weights
from matching.types import Weights
from matching.world import World, outcomes_of, seeded_world

COUNTS = (125, 250, 500, 1000, 2000, 4000, 8000)
K = 10
Chance = Callable[[Floats], Floats]


def additive(outcomes: Sequence[Outcome]) -> Chance:
    """Ours, at any number of outcomes."""
    model = fit_chance(outcomes, least=0)
    assert model is not None
    if model.parts == LEARNABLE:
        return model.chance
    columns = [LEARNABLE.index(name) for name in model.parts]
    return lambda values: model.chance(values[:, columns])


def _table(outcomes: Sequence[Outcome]) -> tuple[Floats, Floats]:
    return values_of((one.parts for one in outcomes), LEARNABLE), np.array(
        [one.is_agreed for one in outcomes], float
    )


def boosted(outcomes: Sequence[Outcome]) -> Chance:
    """scikit-learn's boosted trees under the same constraints, stopped early on held-out rows."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rising = [int(name in RISING) for name in LEARNABLE]
    peer = HistGradientBoostingClassifier(
        monotonic_cst=rising, learning_rate=0.05, max_leaf_nodes=8, early_stopping=True, random_state=0
    )
    peer.fit(*_table(outcomes))
    return lambda values: peer.predict_proba(values)[:, 1]


def logistic(outcomes: Sequence[Outcome]) -> Chance:
    """scikit-learn's logistic regression: one slope a part, the mean where a part is missing, no constraints."""
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    peer: Any = make_pipeline(
        SimpleImputer(keep_empty_features=True, add_indicator=True), LogisticRegression()
    )
    peer.fit(*_table(outcomes))
    return lambda values: peer.predict_proba(values)[:, 1]


LEARNERS = {"additive": additive, "boosted": boosted, "logistic": logistic}


class Judged:
    """A world's pairs as arrays, by student."""

    def __init__(self, world: World) -> None:
        rows = [row for row, lines in enumerate(world.lines) if len(lines) > K]
        self.parts = [values_of((line.parts for line in world.lines[row]), PARTS) for row in rows]
        self.values = [values_of((line.parts for line in world.lines[row]), LEARNABLE) for row in rows]
        self.gains = [world.agreed(row) for row in rows]
        self.scores = [np.array([line.score for line in world.lines[row]]) for row in rows]
        scales = {kind: part_weights(Weights(), kind) for kind in ("internship", "visit", "training")}
        self.weights = [
            np.array([[scales[world.kind_of(line)][name] for name in PARTS] for line in world.lines[row]])
            for row in rows
        ]

    def order(self, values: Sequence[Floats]) -> float:
        """Mean nDCG@10 of ordering by these values, against the true chances."""
        return statistics.fmean(
            ndcg(gains[np.argsort(-some, kind="stable")].tolist(), K)
            for some, gains in zip(values, self.gains, strict=True)
        )

    def excess(self, chance: Chance) -> float:
        """Mean log-loss beyond that of the true chances (Kullback-Leibler divergence), on lines near the top."""
        found = []
        for values, gains, scores in zip(self.values, self.gains, self.scores, strict=True):
            top = np.argsort(-scores, kind="stable")[:30]
            stated, true = np.clip(chance(values[top]), 1e-6, 1 - 1e-6), gains[top]
            found.append(
                np.mean(true * np.log(true / stated) + (1 - true) * np.log((1 - true) / (1 - stated)))
            )
        return float(np.mean(found))


def ablate(worlds: Sequence[Judged]) -> None:
    print(
        f"\nnDCG@{K} against the true chance, and its change when a part is dropped (a fall: the part helps)"
    )
    found = [ablation(one.parts, one.gains, one.weights, PARTS, K) for one in worlds]
    print(f"  whole score   {statistics.fmean(one[''].ndcg for one in found):.4f}")
    for name in PARTS:
        error = statistics.fmean(one[name].error for one in found) / len(found) ** 0.5
        print(f"  {name:12} {statistics.fmean(one[name].change for one in found):+.4f} ± {error:.4f}")


def learn(seeds: Sequence[int], worlds: Sequence[World], judged: Sequence[Judged]) -> None:
    print(
        f"\nby outcomes learnt from: nDCG@{K} by chance / by the mean of score and chance / excess log-loss × 1000"
    )
    rules = statistics.fmean(one.order(one.scores) for one in judged)
    perfect = statistics.fmean(one.order(one.gains) for one in judged)
    print(f"  rule weights {rules:.4f}, perfect knowledge {perfect:.4f}")
    for count in COUNTS:
        line, beaten = [], 0
        for name, learner in LEARNERS.items():
            figures = []
            for seed, world, one in zip(seeds, worlds, judged, strict=True):
                chance = learner(outcomes_of(world, count, seed=seed))
                values = [chance(some) for some in one.values]
                mixed = [(a + b) / 2 for a, b in zip(values, one.scores, strict=True)]
                figures.append((one.order(values), one.order(mixed), one.excess(chance)))
                beaten += name == "additive" and figures[-1][0] >= one.order(one.scores)
            order, mix, excess = (statistics.fmean(column) for column in zip(*figures, strict=True))
            line.append(f"{name} {order:.4f} {mix:.4f} {excess * 1e3:6.1f}")
        print(f"  {count:5}  {'   '.join(line)}   additive beats the rules in {beaten} of {len(seeds)}")
    print(f"  nothing is learnt from fewer than {LEAST}")


def time_prediction(outcomes: Sequence[Outcome]) -> None:
    print("\nprocessor time of a prediction, median of 200, in turn")
    values = _table(outcomes)[0]
    runs = {name: learner(outcomes) for name, learner in LEARNERS.items()}
    for rows in (1, 100, len(values)):
        some = np.ascontiguousarray(values[:rows])
        times: dict[str, list[float]] = {name: [] for name in runs}
        for _ in range(200):
            for name, run in runs.items():
                begun = process_time()
                run(some)
                times[name].append(process_time() - begun)
        middle = {name: statistics.median(taken) for name, taken in times.items()}
        print(
            f"  {rows:5} rows  "
            + "   ".join(
                f"{name} {one * 1e6:8.1f} µs ({one / middle['additive']:5.1f} ×)"
                for name, one in middle.items()
            )
            + f"   {middle['additive'] / some.size * 1e9:.1f} ns a value"
        )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seeds", type=int, default=5)
    options.add_argument("--students", type=int, default=200)
    options.add_argument("--opportunities", type=int, default=300)
    given = options.parse_args()
    warnings.filterwarnings("ignore", category=UserWarning)
    seeds = range(1, given.seeds + 1)
    worlds = [
        seeded_world(seed, students=given.students, opportunities=given.opportunities) for seed in seeds
    ]
    judged = [Judged(world) for world in worlds]
    print(f"Python {platform.python_version()}, numpy {np.__version__}, {platform.machine()}, one thread")
    print(f"{given.seeds} worlds of {given.students} students and {given.opportunities} opportunities")
    ablate(judged)
    learn(seeds, worlds, judged)
    time_prediction(outcomes_of(worlds[0], 2000))


if __name__ == "__main__":
    main()
