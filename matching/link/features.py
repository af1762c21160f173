"""What speaks for a concept when a mention or a sentence is compared with its labels, and how much each thing counts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import accumulate
from typing import Any, Final

import numpy as np

from matching.link.encoders import MODELS, SQUEEZED, Encode, encoders, normalised, one_thread
from matching.link.lexical import NAMES, Floats, LexicalIndex, runs
from matching.link.vectors import Vectors
from matching.link.words import without_gender

MEANING: Final = ("nearest", "whole", "centre")
"""Of each encoder: the best clause against the best label, the whole text against the best label, and against the mean
of the concept's labels."""

_CLAUSE: Final = re.compile(r"[,;:.()\n]+\s*|\s(?:and|or|as well as|with|e|ed|o|oppure|con)\s", re.IGNORECASE)

SENTENCE_WORDS: Final = 9
"""From this many words on, a query counts as a sentence."""


def is_sentence(text: str) -> bool:
    """Whether a query is a sentence that may name several things rather than one mention.

    Examples
    --------
    >>> is_sentence("addetto alle macchine utensili CNC")
    False
    """
    return len(text.split()) >= SENTENCE_WORDS


def clauses(text: str) -> list[str]:
    """The text, and the parts between its commas and conjunctions.

    Examples
    --------
    >>> clauses("montaggio quadri e PLC, disegno")
    ['montaggio quadri e PLC, disegno', 'montaggio quadri', 'PLC', 'disegno']
    """
    parts = (part.strip() for part in _CLAUSE.split(text))
    return list(dict.fromkeys([text, *(part for part in parts if len(part) > 2)]))


@cache
def weights(model: str) -> dict[str, dict[str, float]]:
    """How much each feature counts, for a mention and for a sentence, as learnt by `benchmarks/linking/learn.py`."""
    text = resources.files("matching.link").joinpath("data/weights.json").read_text(encoding="utf-8")
    found: dict[str, dict[str, float]] = json.loads(text)[model]
    return found


@dataclass(frozen=True, slots=True)
class Meaning:
    """The labels of all concepts as one encoder sees them."""

    encode: Encode
    labels: Vectors
    centres: Vectors
    floor: float


class Features:
    """Compares queries with the labels of all concepts.

    Parameters
    ----------
    labels
        Text and language of every label, those of one concept together.
    owners
        The concept's number of every label, rising, without gaps.
    forms
        Words of labels that were left out, as they are written, with their language.
    """

    def __init__(
        self,
        labels: Sequence[tuple[str, str]],
        owners: Sequence[int],
        forms: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.lexical = LexicalIndex(labels, owners, forms)
        self.meanings: list[Meaning] = []
        # A label that only repeats words of labels before it says little that is new; to encode it costs the same.
        telling = _telling(self.lexical.words, owners)
        self._telling_starts = runs(np.array([owners[place] for place in telling]))
        self.texts = [without_gender(labels[place][0]) for place in telling]
        self._encoded: dict[str, int] = {}

    def encode(self, model: str, known: Sequence[Mapping[str, Any]] = ()) -> None:
        """Add what the model's encoders say of the labels; `known` holds vectors of texts encoded before."""
        self.encode_with(encoders(model), known)

    def encode_with(self, chosen: Sequence[Encode], known: Sequence[Mapping[str, Any]] = ()) -> None:
        """The same with encoders of the caller's choice."""
        self._encoded = {text: place for place, text in enumerate(self.texts)}
        for number, encode in enumerate(chosen):
            before = known[number] if number < len(known) else {}
            fresh = [text for text in dict.fromkeys(self.texts) if text not in before]
            vectors = dict(zip(fresh, encode(fresh), strict=True)) if fresh else {}
            rows = np.array([before.get(text, vectors.get(text)) for text in self.texts], np.float32)
            labels = Vectors(rows, self._telling_starts)
            means = normalised(np.add.reduceat(labels.floats(), self._telling_starts, axis=0))
            centres = Vectors(means, np.arange(len(means)))
            floor = SQUEEZED.get(MODELS[number + 1], 0.0)
            self.meanings.append(Meaning(encode, labels, centres, floor))

    def vectors(self) -> list[dict[str, Any]]:
        """The vectors of all label texts, for `encode` of a later linker."""
        return [dict(zip(self.texts, meaning.labels.floats(), strict=True)) for meaning in self.meanings]

    def names(self) -> list[str]:
        """The features in the order of `compare`."""
        encoded = MODELS[1 : len(self.meanings) + 1]
        return [*NAMES, *(f"{model}_{name}" for model in encoded for name in MEANING)]

    def compare(self, texts: Sequence[str], language: str) -> Floats:
        """All features of all concepts for a few queries, as features × queries × concepts."""
        everything = np.arange(self.lexical.concepts)
        read = [self.lexical.counts(self.lexical.read(text, language)) for text in texts]
        words = np.stack([self.lexical.features(query, everything).T for query in read], axis=1)
        return np.concatenate([words, self.meaning(texts)])

    def meaning(self, texts: Sequence[str]) -> Floats:
        """What the encoders say of all concepts for a few queries, as features × queries × concepts."""
        found = np.empty((len(self.meanings) * len(MEANING), len(texts), self.lexical.concepts), np.float32)
        if not self.meanings:
            return found
        parts = [clauses(text) if is_sentence(text) else [text] for text in texts]
        firsts = list(accumulate((len(some) for some in parts), initial=0))[:-1]
        together = [without_gender(part) for some in parts for part in some]
        with one_thread():
            for number, meaning in enumerate(self.meanings):
                vectors = self._vectors(meaning, together)
                nearest = meaning.labels.cosines(vectors)
                cosines = (
                    np.maximum.reduceat(nearest, firsts, axis=0),
                    nearest[firsts],
                    meaning.centres.cosines(vectors[firsts]),
                )
                for place, cosine in enumerate(cosines, start=number * len(MEANING)):
                    found[place] = (cosine - meaning.floor) / (1 - meaning.floor)
        return found

    def _vectors(self, meaning: Meaning, texts: Sequence[str]) -> Floats:
        """The vectors of some texts; those of labels are known."""
        fresh = [text for text in dict.fromkeys(texts) if text not in self._encoded]
        encoded = dict(zip(fresh, meaning.encode(fresh), strict=True)) if fresh else {}
        return np.array(
            [encoded[text] if text in encoded else meaning.labels.row(self._encoded[text]) for text in texts]
        )


def _telling(labels: Sequence[Sequence[str]], owners: Sequence[int]) -> list[int]:
    """The labels with a word that no label of the same concept before them has."""
    found: list[int] = []
    said: set[tuple[int, str]] = set()
    for place, (words, owner) in enumerate(zip(labels, owners, strict=True)):
        fresh = {(owner, word) for word in words} - said
        if fresh:
            said |= fresh
            found.append(place)
    return found
