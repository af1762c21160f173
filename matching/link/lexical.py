"""Labels compared word by word, with room for inflection, typing errors and translation (soft TF-IDF).

A word of the query counts for every word of the vocabulary that is spelt much like it or that the lexicon gives as its
translation, by the weight of that likeness (Cohen, Ravikumar, Fienberg 2003, with character trigrams as inner
similarity). Words are few thousand where labels are many, so this is also the fast way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from typing import Any, Final

import numpy as np

from matching.link.words import WORD, edits, head, long_form, plain, stem, stems

ALIKE: Final = 0.55
"""Two words whose trigrams have a smaller cosine are taken for different words."""

FAINTLY: Final = 0.25
"""A word that no label has is compared letter by letter with those above this cosine: it may be misspelt."""

SOUND: Final = 3
"""Letters for each that may be wrong."""

MOST_EDITS: Final = 2

MISSPELT: Final = 0.15
"""Lost for every wrong letter."""

MOST_ALIKE: Final = 12

MOST_KNOWN: Final = 50_000
"""Words remembered with what they are like: a service runs for months, and adverts bring new ones every day."""

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


class Postings:
    """A sparse table that is added up row by row: which columns each row has, with what value."""

    def __init__(self, rows: Any, columns: Any, values: Any, shape: tuple[int, int]) -> None:
        order = np.lexsort((columns, rows))
        self._ends = np.searchsorted(np.asarray(rows)[order], np.arange(shape[0] + 1))
        self._columns = np.asarray(columns, np.int64)[order]
        self._values = np.asarray(values, np.float32)[order]
        self._width = shape[1]

    def total(self, weights: Mapping[int, float]) -> Floats:
        """The sum of some rows, each times its weight."""
        parts = [slice(self._ends[row], self._ends[row + 1]) for row in weights]
        if not parts:
            return np.zeros(self._width, np.float32)
        columns = np.concatenate([self._columns[part] for part in parts])
        values = [self._values[part] * weight for part, weight in zip(parts, weights.values(), strict=True)]
        return np.bincount(columns, np.concatenate(values), self._width).astype(np.float32)


class Spelling:
    """Finds the words of a vocabulary that are spelt like a given one."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words
        self.place = {word: place for place, word in enumerate(words)}
        self._grams: dict[str, int] = {}
        rows, columns, values = [], [], []
        for column, word in enumerate(words):
            own = dict.fromkeys(trigrams(word))
            rows += [self._grams.setdefault(gram, len(self._grams)) for gram in own]
            columns += [column] * len(own)
            values += [1.0 / math.sqrt(len(own))] * len(own)
        self._by_gram = Postings(rows, columns, values, (len(self._grams), len(words)))
        self._known: dict[str, list[tuple[int, float]]] = {}

    def like(self, word: str) -> list[tuple[int, float]]:
        """Places of the words spelt like this one, with what each counts for it, the word itself first."""
        return self._remembered(word, self._inflected)

    def meant(self, word: str) -> list[tuple[int, float]]:
        """Places of the words that this one may be a misspelling of, with what each counts."""
        return self._remembered(word, self._misspelt)

    def _remembered(
        self, word: str, search: Callable[[str], list[tuple[int, float]]]
    ) -> list[tuple[int, float]]:
        found = self._known.get(word)
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[word] = search(word)
        return found

    def _inflected(self, word: str) -> list[tuple[int, float]]:
        own = self.place.get(word)
        found = [] if own is None else [(own, 1.0)]
        if len(word) < LONG_ENOUGH:
            return found
        return found + [
            (place, min(1.0, cosine**2))
            for place, cosine in self._near(word, ALIKE)
            if place != own and len(self.words[place]) >= LONG_ENOUGH
        ]

    def _misspelt(self, word: str) -> list[tuple[int, float]]:
        most = min(MOST_EDITS, len(word) // SOUND)
        near = [place for place, _ in self._near(word, FAINTLY)]
        counted = ((place, edits(word, self.words[place], most)) for place in sorted(near))
        return [(place, 1.0 - MISSPELT * count) for place, count in counted if count <= most]

    def _near(self, word: str, least: float) -> list[tuple[int, float]]:
        grams = [gram for gram in trigrams(word) if gram in self._grams]
        share = 1.0 / math.sqrt(max(1, len(set(trigrams(word)))))
        cosine = self._by_gram.total({self._grams[gram]: share for gram in grams})
        near = np.flatnonzero(cosine >= least)
        best = near[np.lexsort((near, -cosine[near]))][:MOST_ALIKE]
        return [(int(place), float(cosine[place])) for place in best]


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
        self.lexicon = read_lexicon()
        self.words = [stems(text, language) for text, language in labels]
        frequency = Counter(word for words in self.words for word in words)
        vocabulary = sorted(frequency)
        self.spelling = Spelling(vocabulary)
        written: dict[str, set[int]] = {}
        for text, language in labels:
            for found in WORD.findall(plain(text)):
                place = self.spelling.place.get(stem(found, language))
                if place is not None:
                    written.setdefault(found, set()).add(place)
        self._written = Spelling(sorted(written))
        self._stems = [sorted(written[found]) for found in self._written.words]
        self._rarest = math.log1p(len(labels))
        self.idf: Floats = np.array(
            [math.log1p(len(labels) / frequency[word]) for word in vocabulary], np.float32
        )
        places = self.spelling.place
        counts = np.array([len(words) for words in self.words], np.int64)
        label = np.repeat(np.arange(len(labels)), counts)
        word = np.array([places[word] for words in self.words for word in words], np.int64)
        idf = self.idf[word]
        lengths = np.sqrt(np.bincount(label, idf**2, len(labels)))[label]
        totals = np.bincount(label, idf, len(labels))[label]
        shape = (len(vocabulary), len(labels))
        self.cosine = Postings(word, label, idf / lengths, shape)
        self.cover = Postings(word, label, idf / totals, shape)
        concepts = owners[-1] + 1
        self.union = _incidence(
            zip(word.tolist(), np.asarray(owners)[label].tolist(), strict=True), (len(vocabulary), concepts)
        )
        self.heads = _incidence(
            (
                (places[first], owner)
                for words, (text, language), owner in zip(self.words, labels, owners, strict=True)
                if (first := head(words, text, language)) in places
            ),
            (len(vocabulary), concepts),
        )

    def weight(self, word: str) -> float:
        """The inverse document frequency; a word that no label has counts as the rarest."""
        place = self.spelling.place.get(word)
        return self._rarest if place is None else float(self.idf[place])

    def alike(self, word: str, written: str) -> dict[int, float]:
        """Places of the vocabulary's stems that a word may be, given its stem and how it is written."""
        found = dict(self.spelling.like(word))
        if word not in self.spelling.place:
            # The ending of a misspelt word leads the stemmer astray, so whole words are compared.
            for place, value in self._written.meant(written):
                for one in self._stems[place]:
                    found[one] = max(value, found.get(one, 0.0))
        return found

    def expand(self, word: str, written: str, language: str) -> dict[int, float]:
        """Places of the vocabulary's stems that stand for a word, with what each counts (at most 1)."""
        found = self.alike(word, written)

        def add(other: str, share: float) -> None:
            for place, value in self.spelling.like(other):
                if value * share > found.get(place, 0.0):
                    found[place] = value * share

        for other, value in self.lexicon.get((language, word), {}).items():
            add(other, value)
        for other in long_form(word, language):
            add(other, ABBREVIATED)
        return found

    def compare(self, text: str, language: str) -> tuple[Floats, Floats, Floats, Floats]:
        """Likeness to each label and the share met of each; the share of the query met by, and its head word a head
        word of, each concept."""
        written = {stem(word, language): word for word in WORD.findall(plain(text))}
        words = stems(text, language)
        own = [self.weight(word) for word in words]
        length, total = math.sqrt(sum(one * one for one in own)) or 1.0, sum(own) or 1.0
        likes: dict[int, float] = {}
        weighted: dict[int, float] = {}
        first: Mapping[int, float] = {}
        leading = head(words, text, language)
        for word, weight in zip(words, own, strict=True):
            expanded = self.expand(word, written.get(word, word), language)
            if word == leading:
                first = expanded
            for place, value in expanded.items():
                likes[place] = max(value, likes.get(place, 0.0))
                weighted[place] = max(value * weight / length, weighted.get(place, 0.0))
        found = (
            self.cosine.total(weighted),
            self.cover.total(likes),
            self.union.total(weighted) * np.float32(length / total),
            self.heads.total(first),
        )
        return tuple(np.minimum(one, 1.0) for one in found)  # type: ignore[return-value]


def _incidence(pairs: Iterable[tuple[int, int]], shape: tuple[int, int]) -> Postings:
    """Ones wherever a pair occurs, however often."""
    distinct = sorted(set(pairs))
    rows, columns = [row for row, _ in distinct], [column for _, column in distinct]
    return Postings(rows, columns, np.ones(len(distinct)), shape)
