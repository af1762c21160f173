"""Learns what `matching/link/data` holds: the lexicon, the turn of the encoder's vectors, the weights of the features.

    python -m benchmarks.linking.learn ESCO_FOLDER [--strong]

The folder holds the ESCO occupations and ISCO groups in Italian and English, as CSV. The concepts are drawn into three
parts: the first teaches lexicon and turn, the second the weights (so that they know what the turn is worth for concepts
that it has not seen), the third is measured. Then lexicon and turn are learnt anew from all concepts and written; the
weights stay. Takes five minutes, half an hour with the strong model.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import minimize

from benchmarks.linking.questions import (
    Questions,
    Source,
    across,
    group_titles,
    groups,
    hidden_synonyms,
    misspelt,
    occupations,
    vocabulary,
)
from matching.link import encoders
from matching.link.features import Features
from matching.link.linker import _read
from matching.link.words import FUNCTION_WORDS, stem, stems

DATA = Path(encoders.__file__).parent / "data"
RIDGE = 0.03
"""Spreads the weight over features that say much the same, which costs nothing here and travels better."""

SENTENCE = {
    "words": {"spelling": 0.4, "label_cover": 0.3, "query_cover": 0.3},
    "light": {
        "spelling": 0.14, "label_cover": 0.09, "query_cover": 0.09,
        "light_nearest": 0.27, "light_whole": 0.18, "light_centre": 0.23,
    },
    "strong": {
        "spelling": 0.14, "label_cover": 0.09, "query_cover": 0.09, "light_nearest": 0.14, "light_whole": 0.09,
        "light_centre": 0.11, "strong_nearest": 0.14, "strong_whole": 0.09, "strong_centre": 0.11,
    },
}  # fmt: skip
"""Set by hand: of about a dozen mixes and ten regressions the best R-precision at 5 on the sentences that are measured too,
so the figures for sentences are those of a development set."""

NOTICE = "# Stems that translate one another, learnt by benchmarks/linking/learn.py.\n# This service uses the ESCO classification of the European Commission.\n"


def lexicon(sources: Iterable[Source], least: float = 0.2, most: int = 5) -> str:
    """Pairs of stems that occur in the labels of the same concepts, by their Dice coefficient."""
    pairs: Counter[tuple[str, str]] = Counter()
    counts: dict[str, Counter[str]] = {"it": Counter(), "en": Counter()}
    for source in sources:
        own = {
            language: {word for label in source.concept.labels[language] for word in stems(label, language)}
            for language in ("it", "en")
        }
        for language, words in own.items():
            counts[language].update(words)
        pairs.update((one, other) for one in own["it"] for other in own["en"])
    functional = {stem(word, language) for language, words in FUNCTION_WORDS.items() for word in words}
    found: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for (one, other), together in pairs.items():
        dice = 2 * together / (counts["it"][one] + counts["en"][other] + 1)
        if (
            together >= 2
            and dice >= least
            and len(one) > 2
            and not {one, other} & functional
            and one != other
        ):
            found[one].append((dice, other))
    lines = [
        f"{one}\t{other}\t{min(1.0, 1.5 * dice):.2f}"
        for one, others in sorted(found.items())
        for dice, other in sorted(others, key=lambda pair: (-pair[0], pair[1]))[:most]
    ]
    return NOTICE + "\n".join(lines) + "\n"


def turn(
    groups: Sequence[np.ndarray[Any, Any]],
    vectors: encoders.Floats,
    *,
    size: int = 128,
    steps: int = 1000,
    rate: float = 5e-4,
    temperature: float = 0.1,
    batch: int = 512,
) -> tuple[encoders.Floats, encoders.Floats]:
    """A centre and a matrix after which texts of one group lie nearer to one another than to those of other groups.

    Starts from the main axes and lowers the contrastive loss of random pairs (InfoNCE) with Adam.
    """
    draw = np.random.default_rng(0)
    used = vectors[np.concatenate(groups)]
    centre = used.mean(0)
    matrix = np.linalg.svd((used - centre)[::7], full_matrices=False)[2][:size].T.copy()
    first, second = np.zeros_like(matrix), np.zeros_like(matrix)
    for step in range(steps):
        chosen = draw.choice(len(groups), batch, replace=False)
        left, right = (vectors[[draw.choice(groups[one]) for one in chosen]] - centre for _ in range(2))
        gradient = _contrast(left, right, matrix, temperature)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        scale = np.sqrt(second / (1 - 0.999 ** (step + 1))) + 1e-8
        matrix -= rate * (1 - step / steps) * (first / (1 - 0.9 ** (step + 1))) / scale
    return centre, matrix


def _contrast(left: Any, right: Any, matrix: Any, temperature: float) -> Any:
    """The gradient of the contrastive loss of some pairs."""
    sides = []
    for side in (left, right):
        turned = side @ matrix
        length = np.linalg.norm(turned, axis=1, keepdims=True)
        sides.append((turned / length, length))
    (one, one_length), (other, other_length) = sides
    logits = one @ other.T / temperature
    by_row = np.exp(logits - logits.max(1, keepdims=True))
    by_column = np.exp(logits - logits.max(0, keepdims=True))
    shares = (by_row / by_row.sum(1, keepdims=True) + by_column / by_column.sum(0, keepdims=True)) / 2
    outer = (shares - np.eye(len(left), dtype=np.float32)) / (len(left) * temperature)
    toward, back = outer @ other, outer.T @ one
    toward = (toward - one * (toward * one).sum(1, keepdims=True)) / one_length
    back = (back - other * (back * other).sum(1, keepdims=True)) / other_length
    return left.T @ toward + right.T @ back


class Texts:
    """Vectors of texts, each encoded once."""

    def __init__(self, encode: encoders.Encode) -> None:
        self._encode, self._known = encode, dict[str, Any]()

    def __call__(self, texts: Sequence[str]) -> encoders.Floats:
        fresh = [text for text in dict.fromkeys(texts) if text not in self._known]
        if fresh:
            self._known.update(zip(fresh, self._encode(fresh), strict=True))
        return np.array([self._known[text] for text in texts], np.float32)


def write_turn(sources: Sequence[Source], raw: Texts) -> None:
    """Learn lexicon and turn from some concepts and write them where the linker reads them."""
    (DATA / "lexicon.tsv").write_text(lexicon(sources), encoding="utf-8")
    texts: list[str] = []
    places = []
    for source in sources:
        own = [*source.concept.labels["it"], *source.concept.labels["en"], *source.descriptions.values()]
        places.append(np.arange(len(texts), len(texts) + len(own)))
        texts += own
    centre, matrix = turn(places, raw(texts))
    np.savez_compressed(
        DATA / "projection.npz", centre=centre.astype(np.float16), turn=matrix.astype(np.float16)
    )


def light(raw: Texts) -> encoders.Encode:
    """The light encoder with the turn written last."""
    with np.load(DATA / "projection.npz") as stored:
        centre, matrix = stored["centre"].astype(np.float32), stored["turn"].astype(np.float32)
    return lambda texts: encoders.normalised((raw(texts) - centre) @ matrix)


def compared(
    questions: Questions, encode: Sequence[encoders.Encode], negatives: int = 60
) -> tuple[list[str], list[tuple[Any, Any]]]:
    """Feature names, and for each question the features of its right answers and of the hardest wrong ones.

    Questions that are a label of a right answer are left out: those the linker answers by a rule.
    """
    known = _read(questions.concepts, questions.languages)
    features = Features(known.labels, known.owners, known.forms)
    features.encode_with(encode)
    ids = np.array(known.ids)
    exact = {
        (known.ids[owner], tuple(sorted(words)))
        for words, owner in zip(features.lexical.words, known.owners, strict=True)
    }
    asked = [
        (text, right)
        for text, right in questions.asked
        if not any((one, tuple(sorted(stems(text, questions.language)))) in exact for one in right)
    ]
    pairs = []
    for at in range(0, len(asked), 32):
        some = asked[at : at + 32]
        table = features.compare([text for text, _ in some], questions.language)
        rough = table[0] + table[4:].sum(0)
        for row, (_, right) in enumerate(some):
            is_right = np.isin(ids, list(right))
            order = np.argsort(-rough[row] + 100 * is_right)[:negatives]
            pairs.append((table[:, row, is_right].T, table[:, row, order].T))
    return features.names(), pairs


def learn(sets: Sequence[list[tuple[Any, Any]]], ridge: float = RIDGE) -> Any:
    """Weights, none below 0, that put right answers before wrong ones: pairwise logistic regression.

    Each set counts the same, whatever its size. Of several right answers the best by the weights so far is meant.
    """
    size = sets[0][0][0].shape[1]
    weights = np.full(size, 1 / size)
    for _ in range(3):
        rows, shares = [], []
        for pairs in sets:
            own = [
                right[np.argmax(right @ weights)] - wrong
                for right, wrong in pairs
                if len(right) and len(wrong)
            ]
            rows.append(np.concatenate(own))
            shares.append(np.full(len(rows[-1]), 1 / len(rows[-1]) / len(sets)))
        differences, share = np.concatenate(rows).astype(float), np.concatenate(shares)
        scale = differences.std(0) + 1e-9

        def loss(values: Any, scaled: Any = differences / scale, share: Any = share) -> tuple[float, Any]:
            margin = scaled @ values
            slope = -share / (1 + np.exp(np.minimum(margin, 500)))
            return float(share @ np.logaddexp(0, -margin) + ridge * values @ values), (
                scaled.T @ slope + 2 * ridge * values
            )

        best = minimize(loss, np.zeros(size), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size)
        weights = best.x / scale
    return weights


def place_of_right(pairs: list[tuple[Any, Any]], weights: Any) -> float:
    """The mean reciprocal rank among the wrong answers kept."""
    values = [
        1 / (1 + int((wrong @ weights > (right @ weights).max()).sum()))
        for right, wrong in pairs
        if len(right)
    ]
    return math.fsum(values) / len(values)


def halved(light: dict[str, float]) -> dict[str, float]:
    """Weights for the strong model where it was not there to learn: both encoders share what the light one has."""
    shared = {name: value / 2 if name.startswith("light") else value for name, value in light.items()}
    strong = {
        name.replace("light", "strong"): value for name, value in shared.items() if name.startswith("light")
    }
    return {name: round(value, 3) for name, value in (shared | strong).items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--strong", action="store_true")
    options = parser.parse_args()
    esco, own = occupations(options.folder), vocabulary()
    titles = groups(options.folder)
    draw = random.Random(11)
    part = {one.concept.id: draw.choices((0, 1, 2), (45, 30, 25))[0] for one in (*esco, *own)}
    half = {code: draw.random() < 0.5 for code in sorted(titles)}
    raw = Texts(encoders.sentence_encoder())
    write_turn([one for one in (*esco, *own) if part[one.concept.id] == 0], raw)

    def asked_in(chosen: int) -> list[Questions]:
        some = {code: known for code, known in titles.items() if half[code] == (chosen == 2)}
        drawn = [
            *(hidden_synonyms(esco, language, 5, 2400) for language in ("it", "en")),
            across(esco, 6, 1500),
            misspelt(esco, "it", 7, 600),
            hidden_synonyms(own, "en", 8, 1000),
        ]
        return [one.only(lambda found: part[found] == chosen) for one in drawn] + [
            group_titles(esco, some, "it", "it", "it"),
            group_titles(esco, some, "it", "it", "en"),
            group_titles(esco, some, "examples", "en", "en"),
        ]

    encode: list[encoders.Encode] = [light(raw)]
    if options.strong:
        encode += [Texts(encoder) for encoder in encoders.encoders("strong")[1:]]
    stored = json.loads((DATA / "weights.json").read_text()) if (DATA / "weights.json").exists() else {}
    tables = {chosen: [(one.name, *compared(one, encode)) for one in asked_in(chosen)] for chosen in (1, 2)}
    for number, model in enumerate(("words", "light", "strong")[: len(encode) + 1]):
        used = slice(0, 4 + 3 * number)
        found = learn(
            [[(right[:, used], wrong[:, used]) for right, wrong in pairs] for _, _, pairs in tables[1]]
        )
        found /= found.sum()
        names = tables[1][0][1][used]
        mention = {name: round(float(value), 3) for name, value in zip(names, found, strict=True)}
        stored[model] = {"mention": mention, "sentence": SENTENCE[model]}
        print(model, mention)
        for name, _, pairs in tables[2]:
            cut = [(right[:, used], wrong[:, used]) for right, wrong in pairs]
            print(f"  {name}: {place_of_right(cut, found):.3f}")
    if not options.strong:
        stored["strong"] = {"mention": halved(stored["light"]["mention"]), "sentence": SENTENCE["strong"]}
    (DATA / "weights.json").write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")
    write_turn([*esco, *own], raw)


if __name__ == "__main__":
    main()
