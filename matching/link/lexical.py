"""Labels compared word by word, with room for inflection, typing errors and translation (soft TF-IDF).

A word of the query counts for every word of the vocabulary that is spelt much like it or that the lexicon gives as its
translation, by the weight of that likeness (Cohen, Ravikumar, Fienberg 2003, with character trigrams as inner
similarity). Words are few thousand where labels are many, so this is also the fast way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
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

NAMES: Final = ("spelling", "label_cover", "query_cover", "head")
"""What words say: likeness to the best label, the share of the best label that is met, the share of the query that the
concept's labels meet together, and whether the head word is a head word of the concept."""

Floats = np.ndarray[Any, np.dtype[np.float32]]
Doubles = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.intp]]


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
        self.words = words
        self.place = {word: place for place, word in enumerate(words)}
        grams = [dict.fromkeys(trigrams(word)) for word in words]
        holding: dict[str, list[int]] = {}
        for column, own in enumerate(grams):
            for gram in own:
                holding.setdefault(gram, []).append(column)
        self._holding = {gram: np.array(columns, np.intp) for gram, columns in holding.items()}
        self._shares: Floats = np.array([1.0 / math.sqrt(len(own)) for own in grams], np.float32)
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
        own = dict.fromkeys(trigrams(word))
        holding = [self._holding[gram] for gram in own if gram in self._holding]
        if not holding:
            return []
        common = np.bincount(np.concatenate(holding), minlength=len(self.words))
        cosine = (common * (self._shares * np.float32(1.0 / math.sqrt(len(own))))).astype(np.float32)
        near = np.flatnonzero(cosine >= least)
        best = near[np.argsort(-cosine[near], kind="stable")[:MOST_ALIKE]]
        return list(zip(best.tolist(), cosine[best].tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Query:
    """A text as an index reads it.

    `words` are its stems in order of the alphabet, `places` the stems of the labels that stand for them. `counts` says
    what each stem of the labels counts for each of `NAMES`, `scale` by what those features are multiplied.
    """

    words: tuple[str, ...]
    places: list[int]
    counts: Floats
    scale: Floats


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
        self.concepts = int(owners[-1]) + 1
        self._known: dict[tuple[str, str, str], dict[int, float]] = {}
        self._lay_out(labels, np.asarray(owners, np.intp))

    def _lay_out(self, labels: Sequence[tuple[str, str]], owners: Ints) -> None:
        """Write down each word of each label with what it brings, and by word what it can bring a concept at most."""
        places, vocabulary = self.spelling.place, len(self.spelling.words)
        label = np.repeat(np.arange(len(labels)), [len(words) for words in self.words])
        place = np.array([places[word] for words in self.words for word in words], np.intp)
        idf = self.idf[place]
        values = np.zeros((len(label), len(NAMES)), np.float32)
        values[:, 0] = idf / np.sqrt(np.bincount(label, idf**2, len(labels)))[label]
        values[:, 1] = idf / np.bincount(label, idf, len(labels))[label]
        # A concept is asked once for each word that any of its labels has, and once for each head.
        values[_firsts(owners[label] * vocabulary + place), 2] = 1.0
        led = [
            (number, places[first])
            for number, (words, (text, language)) in enumerate(zip(self.words, labels, strict=True))
            if (first := head(words, text, language)) in places
        ]
        leading = np.array(led, np.intp).reshape(-1, 2)
        leading = leading[_firsts(owners[leading[:, 0]] * vocabulary + leading[:, 1])]
        heads = np.tile(np.array([0, 0, 0, 1], np.float32), (len(leading), 1))

        label, place = np.concatenate([label, leading[:, 0]]), np.concatenate([place, leading[:, 1]])
        values = np.concatenate([values, heads])
        order = np.argsort(label, kind="stable")
        self._labels, self._places, self._values = label[order], place[order], values[order]
        self._ends = np.searchsorted(owners[self._labels], np.arange(self.concepts + 1))

        order = np.lexsort((owners[label], place))
        place, owner = place[order], owners[label[order]]
        starts = runs(place * self.concepts + owner)
        self._holders = owner[starts]
        self._most = np.maximum.reduceat(values[order], starts, axis=0)
        self._held = np.searchsorted(place[starts], np.arange(vocabulary + 1)).tolist()

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
        found = self._known.get((word, written, language))
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            found = self._known[word, written, language] = self._expanded(word, written, language)
        return found

    def _expanded(self, word: str, written: str, language: str) -> dict[int, float]:
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

    def read(self, text: str, language: str) -> Query:
        """A text as words of the labels."""
        words = stems(text, language)
        written = {stem(word, language): word for word in WORD.findall(plain(text))}
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
        places = list(likes)
        counts = np.zeros((len(self.spelling.words), len(NAMES)), np.float32)
        counts[places] = [
            (weighted[place], like, weighted[place], first.get(place, 0.0)) for place, like in likes.items()
        ] or np.zeros((0, len(NAMES)))
        return Query(tuple(sorted(words)), places, counts, np.array([1, 1, length / total, 1], np.float32))

    def most(self, query: Query, weights: Floats) -> Doubles:
        """What no concept's weighted features exceed (rounding aside): as if one label had the best of all.

        Without the words in which a concept and the query agree it is 0, exactly.
        """
        parts = [slice(self._held[place], self._held[place + 1]) for place in query.places]
        if not parts:
            return np.zeros(self.concepts)
        rows = np.concatenate([self._most[part] for part in parts])
        holders = np.concatenate([self._holders[part] for part in parts])
        counts = query.counts[query.places] * (query.scale * weights)
        sizes = [part.stop - part.start for part in parts]
        found = np.einsum("ij,ij->i", rows, np.repeat(counts, sizes, axis=0))
        return np.asarray(np.bincount(holders, found, self.concepts), np.float64)

    def features(self, query: Query, concepts: Ints) -> Floats:
        """The features of some concepts, as concepts × `NAMES`."""
        starts, stops = self._ends[concepts], self._ends[concepts + 1]
        sizes = stops - starts
        ends = np.cumsum(sizes)
        entries = np.arange(ends[-1]) + np.repeat(stops - ends, sizes)
        values = self._values[entries] * query.counts[self._places[entries]]
        labels = runs(self._labels[entries])
        totals = np.add.reduceat(values, labels, axis=0, dtype=np.float64)
        firsts = np.searchsorted(labels, ends - sizes)
        found = np.empty((len(concepts), len(NAMES)), np.float32)
        found[:, :2] = np.maximum.reduceat(totals[:, :2], firsts, axis=0)
        found[:, 2:] = np.add.reduceat(totals[:, 2:], firsts, axis=0)
        found *= query.scale
        return np.minimum(found, np.float32(1.0), out=found)


def runs(numbers: Ints) -> Ints:
    """Where each run of equal numbers begins."""
    is_new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=is_new[1:])
    return np.flatnonzero(is_new)


def _firsts(numbers: Ints) -> Ints:
    """Where each number stands first."""
    return np.unique(numbers, return_index=True)[1]
