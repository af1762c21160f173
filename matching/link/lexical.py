"""Labels compared word by word, with room for inflection, typing errors and translation (soft TF-IDF).

A word of the query counts for every word of the vocabulary that is spelt much like it or that the lexicon gives as its
translation, by the weight of that likeness (Cohen, Ravikumar, Fienberg 2003, with character trigrams as inner
similarity). Words are few thousand where labels are many, so this is also the fast way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any, Final

import numpy as np

from matching.link.words import head, long_form, stems

ALIKE: Final = 0.55
"""Two words whose trigrams have a smaller cosine are taken for different words."""

MOST_ALIKE: Final = 12

LONG_ENOUGH: Final = 4
"""Shorter words (PLC, MIG, CAD) count only when they are the same: one letter more is another thing."""

ABBREVIATED: Final = 0.7
"""What the words of an abbreviation's long form count."""

Floats = np.ndarray[Any, np.dtype[np.float32]]


def read_lexicon() -> dict[tuple[str, str], dict[str, float]]:
    """Translations of stems, `(language, stem) -> {stem of the other language: weight}`."""
    found: dict[tuple[str, str], dict[str, float]] = {}
    text = resources.files("matching.link").joinpath("data/lexicon.tsv").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            italian, english, weight = line.split("\t")
            found.setdefault(("it", italian), {})[english] = float(weight)
            found.setdefault(("en", english), {})[italian] = float(weight)
    return found


def trigrams(word: str) -> list[str]:
    """Overlapping character trigrams, with the beginning and the end marked.

    Examples
    --------
    >>> trigrams("plc")
    ['^pl', 'plc', 'lc$']
    """
    marked = f"^{word}$"
    return [marked[at : at + 3] for at in range(max(1, len(marked) - 2))]


class Spelling:
    """Finds the words of a vocabulary that are spelt like a given one."""

    def __init__(self, words: Sequence[str]) -> None:
        from scipy import sparse  # costs more than all of `matching`; only a fitted linker needs it

        self.words = words
        self.place = {word: place for place, word in enumerate(words)}
        self._grams: dict[str, int] = {}
        rows, columns = [], []
        lengths = np.empty(len(words), np.float32)
        for row, word in enumerate(words):
            own = dict.fromkeys(trigrams(word))
            lengths[row] = math.sqrt(len(own))
            rows += [row] * len(own)
            columns += [self._grams.setdefault(gram, len(self._grams)) for gram in own]
        values = 1.0 / lengths[rows] if rows else np.empty(0, np.float32)
        shape = (len(self._grams), len(words))
        self._by_gram = sparse.csr_matrix((values, (columns, rows)), shape=shape, dtype=np.float32)
        self._known: dict[str, list[tuple[int, float]]] = {}

    def like(self, word: str) -> list[tuple[int, float]]:
        """Places of the words spelt like this one with the square of their likeness, the word itself first."""
        found = self._known.get(word)
        if found is None:
            found = self._known[word] = self._search(word)
            if len(self._known) > 50_000:  # a service runs for months; adverts bring new words every day
                self._known.pop(next(iter(self._known)))
        return found

    def _search(self, word: str) -> list[tuple[int, float]]:
        own = self.place.get(word)
        found = [] if own is None else [(own, 1.0)]
        if len(word) < LONG_ENOUGH or not self.words:
            return found
        grams = set(trigrams(word))
        total = np.zeros(len(self.words), np.float32)
        indptr, indices, data = self._by_gram.indptr, self._by_gram.indices, self._by_gram.data
        for gram in sorted(grams):
            row = self._grams.get(gram)
            if row is not None:
                part = slice(indptr[row], indptr[row + 1])
                total[indices[part]] += data[part]
        total /= math.sqrt(len(grams))
        near = np.flatnonzero(total >= ALIKE)
        near = near[np.lexsort((near, -total[near]))][:MOST_ALIKE]
        return found + [
            (int(place), float(total[place]) ** 2)
            for place in near
            if place != own and len(self.words[place]) >= LONG_ENOUGH
        ]


class LexicalIndex:
    """The labels of all concepts as weighted words.

    Parameters
    ----------
    labels
        Text and language of every label, those of one concept together.
    owners
        The concept's number of every label, rising.
    """

    def __init__(self, labels: Sequence[tuple[str, str]], owners: Sequence[int]) -> None:
        from scipy import sparse

        self.lexicon = read_lexicon()
        self.words = [stems(text, language) for text, language in labels]
        frequency = Counter(word for words in self.words for word in words)
        vocabulary = sorted(frequency)
        self.spelling = Spelling(vocabulary)
        self._rarest = math.log1p(max(1, len(labels)))
        self.idf: Floats = np.array(
            [math.log1p(len(labels) / frequency[word]) for word in vocabulary], np.float32
        )
        place = self.spelling.place
        counts = np.array([len(words) for words in self.words], np.int64)
        rows = np.repeat(np.arange(len(labels)), counts)
        columns = np.array([place[word] for words in self.words for word in words], np.int64)
        idf = self.idf[columns]
        squares = np.bincount(rows, idf.astype(float) ** 2, len(labels))
        sums = np.bincount(rows, idf, len(labels))
        shape = (len(vocabulary), len(labels))
        lengths, totals = np.sqrt(squares)[rows], sums[rows]
        self.cosine = sparse.csr_matrix((idf / lengths, (columns, rows)), shape, dtype=np.float32)
        self.cover = sparse.csr_matrix((idf / totals, (columns, rows)), shape, dtype=np.float32)
        concepts = (owners[-1] + 1) if len(owners) else 0
        self.union = _incidence(columns, np.asarray(owners)[rows], (len(vocabulary), concepts))
        heads = [
            (place[word], owner)
            for words, (text, language), owner in zip(self.words, labels, owners, strict=True)
            if (word := head(words, text, language)) in place
        ]
        self.heads = _incidence(
            np.array([word for word, _ in heads], np.int64),
            np.array([owner for _, owner in heads], np.int64),
            (len(vocabulary), concepts),
        )

    def weight(self, word: str) -> float:
        """The inverse document frequency; a word that no label has counts as the rarest."""
        place = self.spelling.place.get(word)
        return self._rarest if place is None else float(self.idf[place])

    def expand(self, word: str, language: str) -> dict[int, float]:
        """Places of the vocabulary's words that stand for this one, with what each counts (at most 1)."""
        found: dict[int, float] = {}

        def add(other: str, share: float) -> None:
            for place, value in self.spelling.like(other):
                if value * share > found.get(place, 0.0):
                    found[place] = value * share

        add(word, 1.0)
        for other, value in self.lexicon.get((language, word), {}).items():
            add(other, value)
        for other in long_form(word, language):
            add(other, ABBREVIATED)
        return found

    def shares(self, cosine: Any, texts: Sequence[str], language: str) -> Floats:
        """The share of each query's weight that the labels of each concept meet together."""
        scale = np.empty((len(texts), 1), np.float32)
        for row, text in enumerate(texts):
            own = [self.weight(word) for word in stems(text, language)]
            scale[row] = math.sqrt(sum(one * one for one in own)) / (sum(own) or 1.0)
        return np.asarray((cosine @ self.union).toarray() * scale, np.float32)

    def queries(self, texts: Sequence[str], language: str) -> tuple[Any, Any, Any]:
        """Sparse rows of the queries: weighted and of length 1, plain likenesses, and the head word alone."""
        cosine, plain, heads = _Rows(), _Rows(), _Rows()
        for text in texts:
            words = stems(text, language)
            length = math.sqrt(sum(self.weight(word) ** 2 for word in words)) or 1.0
            expanded = {word: self.expand(word, language) for word in words}
            best: dict[int, float] = {}
            weighted: dict[int, float] = {}
            for word, likes in expanded.items():
                for place, value in likes.items():
                    best[place] = max(value, best.get(place, 0.0))
                    weighted[place] = max(value * self.weight(word) / length, weighted.get(place, 0.0))
            cosine.add(weighted)
            plain.add(best)
            heads.add(expanded.get(head(words, text, language), {}))
        size = len(self.idf)
        return cosine.matrix(size), plain.matrix(size), heads.matrix(size)


class _Rows:
    """Collects the rows of a sparse matrix."""

    def __init__(self) -> None:
        self._ends, self._places, self._values = [0], list[int](), list[float]()

    def add(self, row: Mapping[int, float]) -> None:
        self._places += row.keys()
        self._values += row.values()
        self._ends.append(len(self._places))

    def matrix(self, columns: int) -> Any:
        from scipy import sparse

        values = np.array(self._values, np.float32)
        return sparse.csr_matrix((values, self._places, self._ends), (len(self._ends) - 1, columns))


def _incidence(rows: Any, columns: Any, shape: tuple[int, int]) -> Any:
    from scipy import sparse

    found = sparse.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), shape)
    found.data[:] = 1.0  # repeated pairs were added up
    return found
