"""Labels compared word by word, with room for inflection, typing errors and translation (soft TF-IDF).

A word of the query counts for every word of the vocabulary that is spelt much like it or that the lexicon gives as its
translation, by the weight of that likeness (Cohen, Ravikumar, Fienberg 2003, with character trigrams as inner
similarity). Words are few thousand where labels are many, so this is also the fast way round.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final, NamedTuple

import numpy as np

from matching.link.loops import Labels, Spelt, asked, loops
from matching.link.words import WORD, edits, head, long_form, plain, read_words, stem, stems

ALIKE: Final = 0.55
"""Two words whose trigrams have a smaller cosine are taken for different words."""

SOUND: Final = 3
"""Letters for each that may be wrong, counted in the longer of two words."""

MOST_EDITS: Final = 2

MISSPELT: Final = 0.8
"""What a word would lose if all of its letters were wrong; of a wrong letter its share is lost."""

INFLECTED: Final = 0.8
"""What a misspelling counts for a word that stems to a known one: it may just as well be a new form of that."""

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
Column = np.ndarray[Any, Any]


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


def pieces(word: str, size: int) -> list[str]:
    """Overlapping runs of `size` characters, each once, with the beginning and the end of the word marked.

    Examples
    --------
    >>> pieces("plc", 3)
    ['^pl', 'plc', 'lc$']
    """
    marked = f"^{word}$"
    return list(dict.fromkeys(marked[at : at + size] for at in range(max(1, len(marked) - size + 1))))


class Pieces:
    """Words by the pieces that they consist of."""

    def __init__(self, words: Sequence[str], size: int) -> None:
        self.words = words
        self.place = {word: place for place, word in enumerate(words)}
        self._size = size
        self._numbers: dict[str, int] = {}
        own = [
            [self._numbers.setdefault(piece, len(self._numbers)) for piece in pieces(word, size)]
            for word in words
        ]
        self._pieces = np.array([len(some) for some in own], np.int32)
        self._shares: Floats = np.array([1.0 / math.sqrt(len(some)) for some in own], np.float32)
        self._lengths = np.array([len(word) for word in words], np.int64)
        number = np.array([one for some in own for one in some], np.intp)
        order = np.argsort(number, kind="stable")
        self._holding = np.repeat(np.arange(len(words), dtype=np.int32), self._pieces)[order]
        self._first = np.searchsorted(number[order], np.arange(len(self._numbers) + 1))
        self._loops = loops()
        self._spelt = Spelt.checked(
            first=self._first,
            word=self._holding,
            pieces=self._pieces,
            share=self._shares,
            start=np.concatenate([[0], np.cumsum(self._lengths)]),
            letter=np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), np.uint32),
            words=len(words),
        )

    def _known(self, own: Iterable[str]) -> list[int]:
        """The numbers of some pieces, as far as a word has them."""
        return [number for piece in own if (number := self._numbers.get(piece)) is not None]

    def _shared(self, numbers: Sequence[int]) -> Ints:
        """How many of some pieces each word has."""
        held = [self._holding[self._first[number] : self._first[number + 1]] for number in numbers]
        return np.bincount(np.concatenate(held), minlength=len(self.words))


class Spelling(Pieces):
    """Finds the words of a vocabulary that are spelt like a given one, by their trigrams."""

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, 3)
        self._found: dict[str, list[tuple[int, float]]] = {}

    def like(self, word: str) -> list[tuple[int, float]]:
        """Places of the words spelt like this one, with what each counts for it, the word itself first."""
        found = self._found.get(word)
        if found is None:
            if len(self._found) >= MOST_KNOWN:
                self._found.clear()
            found = self._found[word] = self._search(word)
        return found

    def _search(self, word: str) -> list[tuple[int, float]]:
        own = self.place.get(word)
        found = [] if own is None else [(own, 1.0)]
        if len(word) < LONG_ENOUGH:
            return found
        return found + [
            (place, min(1.0, cosine**2))
            for place, cosine in self._near(word)
            if place != own and len(self.words[place]) >= LONG_ENOUGH
        ]

    def _near(self, word: str) -> list[tuple[int, float]]:
        own = pieces(word, self._size)
        share = np.float32(1.0 / math.sqrt(len(own)))
        known = self._known(own)
        if not known:
            return []
        if self._loops is not None:
            return self._loops.near(self._spelt, known, float(share), ALIKE, MOST_ALIKE)
        cosine = (self._shared(known) * (self._shares * share)).astype(np.float32)
        near = np.flatnonzero(cosine >= np.float32(ALIKE))
        best = near[np.argsort(-cosine[near], kind="stable")[:MOST_ALIKE]]
        return list(zip(best.tolist(), cosine[best].tolist(), strict=True))


class Writing(Pieces):
    """Finds the words that a given one may be a misspelling of: those with the fewest letters changed.

    A letter changed spoils two pairs of letters, a swap three: words that share too few pairs are not compared.
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(words, 2)

    def meant(self, word: str) -> list[tuple[int, float]]:
        """Places of the words that this one may be a misspelling of, with what each counts."""
        count, found = self._search(word)
        return [(place, 1.0 - MISSPELT * count / max(len(word), len(self.words[place]))) for place in found]

    def _search(self, word: str) -> tuple[int, list[int]]:
        own = pieces(word, self._size)
        known = self._known(own)
        if not known:
            return 0, []
        if self._loops is not None:
            return self._loops.meant(self._spelt, known, len(own), word, SOUND, MOST_EDITS)
        common = self._shared(known)
        most = np.minimum(MOST_EDITS, np.maximum(self._lengths, len(word)) // SOUND)
        enough = np.maximum(np.maximum(self._pieces, len(own)) - 2 * most - 1, 1)
        near = np.flatnonzero((common >= enough) & (abs(self._lengths - len(word)) <= most))
        counts = {place: edits(word, self.words[place], int(most[place])) for place in near.tolist()}
        counts = {place: count for place, count in counts.items() if count <= most[place]}
        least = min(counts.values(), default=0)
        return least, [place for place, count in counts.items() if count == least]


class Standing(NamedTuple):
    """What stands for a word of a query: places of the labels' stems with what each counts (at most 1), the word's weight.

    `asked` says the same to the compiled loops.
    """

    values: dict[int, float]
    weight: float
    asked: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """A text as an index reads it.

    `words` are its stems in order of the alphabet, `standing` what stands for each in the order of the text, `leading`
    the place of the head there (-1 for none). `length` is the root of the sum of the squared weights, `total` their sum.
    """

    words: tuple[str, ...]
    standing: list[Standing]
    leading: int
    length: float
    total: float


@dataclass(frozen=True, slots=True)
class Counts:
    """A query by the stems of the labels: what each counts for each of `NAMES`, and the query's word that it stands for.

    `places` are those that count at all, `scale` is by what the features are multiplied.
    """

    places: list[int]
    counts: Floats
    askers: Ints
    scale: Floats


class LexicalIndex:
    """The labels of all concepts as weighted words.

    Parameters
    ----------
    labels
        Text and language of every label, those of one concept together.
    owners
        The concept's number of every label, rising.
    forms
        Words of labels that were left out, as they are written, with their language.
    """

    def __init__(
        self,
        labels: Sequence[tuple[str, str]],
        owners: Sequence[int],
        forms: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.lexicon = read_lexicon()
        self.words = [stems(text, language) for text, language in labels]
        frequency = Counter(word for words in self.words for word in words)
        vocabulary = sorted(frequency)
        self.spelling = Spelling(vocabulary)
        written: dict[str, set[int]] = {}
        own = ((word, language) for text, language in labels for word in WORD.findall(plain(text)))
        for word, language in (*own, *forms):
            place = self.spelling.place.get(stem(word, language))
            if place is not None:
                written.setdefault(word, set()).add(place)
        self._written = Writing(sorted(written))
        self._stems = [sorted(written[word]) for word in self._written.words]
        self._rarest = math.log1p(len(labels))
        self.idf: Floats = np.array(
            [math.log1p(len(labels) / frequency[word]) for word in vocabulary], np.float32
        )
        self.concepts = int(owners[-1]) + 1
        self._known: dict[tuple[str, str, str], Standing] = {}
        self.loops = loops()
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
        self._labels, self._places = label[order].astype(np.int32), place[order].astype(np.int32)
        self._values = values[order]
        self._ends = np.searchsorted(owners[self._labels], np.arange(self.concepts + 1))

        order = np.lexsort((owners[label], place))
        place, owner = place[order], owners[label[order]]
        starts = runs(place * self.concepts + owner)
        self._holders = owner[starts].astype(np.int32)
        self._most = np.maximum.reduceat(values[order], starts, axis=0)
        self._held = np.searchsorted(place[starts], np.arange(vocabulary + 1))
        self.table = Labels.checked(
            held=self._held,
            holder=self._holders,
            most=self._most,
            entry=self._ends,
            label=self._labels,
            place=self._places,
            value=self._values,
            concepts=self.concepts,
            words=vocabulary,
        )

    def alike(self, word: str, written: str) -> dict[int, float]:
        """Places of the vocabulary's stems that a word may be, given its stem and how it is written."""
        return self._alike(word, self._meant(written))

    def _alike(self, word: str, meant: Mapping[int, float]) -> dict[int, float]:
        found = dict(self.spelling.like(word))
        share = INFLECTED if word in self.spelling.place else 1.0
        for place, value in meant.items():
            found[place] = max(value * share, found.get(place, 0.0))
        return found

    def _meant(self, written: str) -> dict[int, float]:
        """Places of the stems that a word which no label has so may be a misspelling of, with what each counts.

        The ending of a misspelt word leads the stemmer astray, so whole words are compared.
        """
        if written in self._written.place:
            return {}
        found: dict[int, float] = {}
        for place, value in self._written.meant(written):
            for one in self._stems[place]:
                found[one] = max(value, found.get(one, 0.0))
        return found

    def expand(self, word: str, written: str, language: str) -> Standing:
        """What stands for a word, given its stem and how it is written.

        It weighs as much as the commonest word that it may be (its inverse document frequency), one that is like none as
        much as the rarest.
        """
        found = self._known.get((word, written, language))
        if found is None:
            if len(self._known) >= MOST_KNOWN:
                self._known.clear()
            meant = self._meant(written)
            values = self._translated(word, language, self._alike(word, meant))
            own = self.spelling.place.get(word)
            places = meant if own is None else [*meant, own]
            weight = min([float(self.idf[place]) for place in places], default=self._rarest)
            found = self._known[word, written, language] = Standing(values, weight, asked(values, weight))
        return found

    def _translated(self, word: str, language: str, found: dict[int, float]) -> dict[int, float]:
        """What a word may be, and what the lexicon and its long form add to that."""

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
        words = read_words(text, language)
        standing = [self.expand(word, written, language) for word, written in words.items()]
        names = list(words)
        leading = head(names, text, language)
        length = math.sqrt(sum([one.weight * one.weight for one in standing])) or 1.0
        total = sum([one.weight for one in standing]) or 1.0
        return Query(
            tuple(sorted(names)), standing, names.index(leading) if leading in words else -1, length, total
        )

    def counts(self, query: Query) -> Counts:
        """A query by the stems of the labels."""
        likes: dict[int, float] = {}
        weighed: dict[int, float] = {}
        first: dict[int, float] = {}
        askers = np.zeros(len(self.spelling.words), np.intp)
        for number, one in enumerate(query.standing):
            for place, value in one.values.items():
                likes[place] = max(value, likes.get(place, 0.0))
                if value * one.weight / query.length > weighed.get(place, 0.0):
                    weighed[place] = value * one.weight / query.length
                    askers[place] = number
                if number == query.leading:
                    first[place] = value
        places = list(likes)
        counts = np.zeros((len(self.spelling.words), len(NAMES)), np.float32)
        counts[places] = [
            (weighed[place], like, weighed[place], first.get(place, 0.0)) for place, like in likes.items()
        ] or np.zeros((0, len(NAMES)))
        scale = np.array([1, 1, query.length / query.total, 1], np.float32)
        return Counts(places, counts, askers, scale)

    def met(self, query: Query, concept: int) -> int:
        """The label of a concept that is likest to a query; the first of equals."""
        weighed: dict[int, float] = {}
        for one in query.standing:
            for place, value in one.values.items():
                weighed[place] = max(value * one.weight, weighed.get(place, 0.0))
        entries = slice(self._ends[concept], self._ends[concept + 1])
        labels, places = self._labels[entries].tolist(), self._places[entries].tolist()
        totals: dict[int, float] = dict.fromkeys(labels, 0.0)
        for label, place, value in zip(labels, places, self._values[entries, 0].tolist(), strict=True):
            totals[label] += value * weighed.get(place, 0.0)
        return max(totals, key=lambda label: totals[label])

    def most(self, query: Counts, weights: Floats) -> Doubles:
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

    def features(self, query: Counts, concepts: Ints) -> Floats:
        """The features of some concepts, as concepts × `NAMES`."""
        starts, stops = self._ends[concepts], self._ends[concepts + 1]
        sizes = stops - starts
        ends = np.cumsum(sizes)
        entries = np.arange(ends[-1]) + np.repeat(stops - ends, sizes)
        places = self._places[entries]
        values = self._values[entries] * query.counts[places]
        labels = runs(self._labels[entries])
        totals = np.add.reduceat(values, labels, axis=0, dtype=np.float64)
        firsts = np.searchsorted(labels, ends - sizes)
        found = np.empty((len(concepts), len(NAMES)), np.float32)
        found[:, :2] = np.maximum.reduceat(totals[:, :2], firsts, axis=0)
        found[:, 3] = np.add.reduceat(totals[:, 3], firsts)
        # Several words of a concept may stand for one of the query (tubo, tubista, tubazione): it is asked for once.
        covered = np.zeros((len(concepts), int(query.askers.max(initial=0)) + 1), np.float32)
        rows = np.repeat(np.arange(len(concepts)), sizes)
        np.maximum.at(covered, (rows, query.askers[places]), values[:, 2])
        found[:, 2] = covered.sum(axis=1, dtype=np.float64)
        found *= query.scale
        return np.minimum(found, np.float32(1.0), out=found)


def runs(numbers: Column) -> Ints:
    """Where each run of equal numbers begins."""
    is_new = np.ones(len(numbers), np.bool_)
    np.not_equal(numbers[1:], numbers[:-1], out=is_new[1:])
    return np.flatnonzero(is_new)


def _firsts(numbers: Ints) -> Ints:
    """Where each number stands first."""
    return np.unique(numbers, return_index=True)[1]
