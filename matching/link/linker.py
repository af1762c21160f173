"""Free text to the concepts of a vocabulary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from matching.errors import MatchingError
from matching.link.conflicts import Conflict, Structured, find_conflicts
from matching.link.encoders import default_model
from matching.link.features import Features, is_sentence, weights
from matching.link.lexical import NAMES, Floats, Query
from matching.link.mentions import LinkedSkill, Mentions
from matching.link.words import LANGUAGES, WORD, check_language, guess_language, plain, stems
from matching.types import Concept

VERSION: Final = "2"
"""Changes whenever the same labels would give other vectors; a folder of another version is not read."""

_TOGETHER: Final = 32
"""Queries compared in one go: enough for the matrix products to pay, few enough to stay in the cache."""

_ROUNDED: Final = 1e-5
"""What a bound is raised by, so that no rounding puts it below what it bounds."""

_SAME: Final = 1.0
"""Added for a concept one of whose labels has exactly the query's words."""


SETTLED: Final = 0.92
"""From this score by words on, a mention stands for the label of its language that it meets nearly word by word: the
encoders, whom wrong letters lead astray, are asked about the label, which they know already."""


@dataclass(frozen=True, slots=True)
class _Labels:
    """What a linker knows of its concepts: the only thing that is stored besides the vectors.

    `forms` are words of labels that were left out, as they are written, with their language.
    """

    ids: list[str]
    labels: list[tuple[str, str]]
    owners: list[int]
    forms: list[tuple[str, str]]


class SkillLinker:
    """Finds concepts (skills, occupations) for what people write. Made by `fit` or `load`; never changes afterwards.

    Examples
    --------
    >>> linker = SkillLinker.fit(
    ...     [
    ...         Concept("plc", {"it": ("programmazione PLC",), "en": ("PLC programming",)}),
    ...         Concept("turning", {"it": ("tornitura",), "en": ("turning", "lathe work")}),
    ...         Concept("welding", {"it": ("saldatura", "saldatore"), "en": ("welding",)}),
    ...     ],
    ...     model="words",
    ... )
    >>> ids, scores = linker.rank(["tornitore o tornitrice", "PLC programing"], top_k=1)
    >>> ids
    [['turning'], ['plc']]
    >>> text = "Tornitura e programmazione del PLC; non serve esperienza di saldatura."
    >>> [(found.id, text[found.start : found.end]) for found in linker.link(text)]
    [('turning', 'Tornitura'), ('plc', 'programmazione del PLC')]
    """

    def __init__(self, known: _Labels, model: str, vectors: Sequence[dict[str, Any]] = ()) -> None:
        if not known.ids:
            raise MatchingError("a linker needs at least one concept with a label")
        self._known = known
        self.model = model
        self._features = Features(known.labels, known.owners, known.forms)
        self._features.encode(model, vectors)
        names = self._features.names()
        self._weights = {
            length: np.array([counts.get(name, 0.0) for name in names], np.float32)
            for length, counts in weights(model).items()
        }
        self._words = np.array([weights("words")["mention"].get(name, 0.0) for name in NAMES], np.float32)
        self._exact: dict[tuple[str, ...], list[int]] = {}
        for words, owner in zip(self._features.lexical.words, known.owners, strict=True):
            owners = self._exact.setdefault(tuple(sorted(words)), [])
            if owner not in owners:
                owners.append(owner)
        self._mentions = Mentions(self._features.lexical, known.ids, known.labels, known.owners)

    @classmethod
    def fit(
        cls,
        concepts: Iterable[Concept],
        languages: Sequence[str] = LANGUAGES,
        *,
        model: str | None = None,
        previous: SkillLinker | None = None,
    ) -> Self:
        """Read the labels of some concepts.

        Parameters
        ----------
        concepts
            What may be found. A concept without a label in any of the languages is left out.
        languages
            Which labels to read, `"it"` and `"en"`; queries may be in either all the same.
        model
            `"words"`, `"light"` or `"strong"`; the best that is installed of the first two if left out.
        previous
            A linker of the same model whose vectors are taken over for labels that it knows.

        Raises
        ------
        MissingModel
            A model whose package is not installed.
        MatchingError
            A language or a model that does not exist, two concepts of one id, or no label at all.
        """
        chosen = model or default_model()
        vectors = previous.vectors() if previous is not None and previous.model == chosen else ()
        return cls(_read(concepts, [check_language(one) for one in languages]), chosen, vectors)

    def vectors(self) -> list[dict[str, Any]]:
        """What the encoders of the model said of the labels, by text."""
        return self._features.vectors()

    def __len__(self) -> int:
        return len(self._known.ids)

    def rank(
        self, queries: Sequence[str], top_k: int = 10, language: str | None = None
    ) -> tuple[list[list[str]], list[list[float]]]:
        """The concepts that come nearest to each query: a job title, a skill, or a whole sentence.

        Parameters
        ----------
        language
            The language of the queries; guessed for each of them if left out.

        Returns
        -------
        tuple
            Ids and scores, a list for each query, the best first; equal scores in the order of the concepts.
            A query without a single letter or digit gets nothing.

        Examples
        --------
        >>> linker = SkillLinker.fit([Concept("a", {"en": ("welder",)}), Concept("b", {"en": ("turner",)})], model="words")
        >>> linker.rank(["welders", "?"], top_k=1)[0]
        [['a'], []]
        """
        ids: list[list[str]] = [[] for _ in queries]
        scores: list[list[float]] = [[] for _ in queries]
        read: dict[int, Query] = {}
        heard: dict[int, str] = {}
        for place, query in enumerate(queries):
            spoken = self._spoken(query, language)
            found = self._features.lexical.read(query, spoken)
            if found.words:
                read[place], heard[place] = found, self._heard(query, found, spoken)
        places = list(read)
        for at in range(0, len(places), _TOGETHER):
            some = places[at : at + _TOGETHER]
            meaning = self._features.meaning([heard[place] for place in some])
            for row, place in enumerate(some):
                weights = self._weights["sentence" if is_sentence(queries[place]) else "mention"]
                best = self._best(read[place], meaning[:, row], weights, top_k)
                ids[place] = [self._known.ids[concept] for concept, _ in best]
                scores[place] = [score for _, score in best]
        return ids, scores

    def _spoken(self, text: str, language: str | None) -> str:
        return check_language(language) if language else guess_language(text)

    def _heard(self, text: str, query: Query, language: str) -> str:
        """What the encoders are asked about: the label that a mention nearly is, or its own text."""
        if not self._features.meanings or is_sentence(text):
            return text
        [(concept, score)] = self._best(query, np.empty((0, len(self)), np.float32), self._words, 1)
        if score < SETTLED:
            return text
        label, spoken = self._known.labels[self._features.lexical.met(query, concept)]
        return label if spoken == language else text

    def _best(self, query: Query, meaning: Floats, weights: Floats, count: int) -> list[tuple[int, float]]:
        """The best concepts for a query, with their scores.

        Bounds are cheap and scores are not: concepts are scored in the order of their bounds until those that lead are
        all scored.
        """
        lexical = self._features.lexical
        same = self._exact.get(query.words, [])
        if lexical.loops is not None:
            words = [one.asked for one in query.standing]
            lengths = query.length, query.total
            return lexical.loops.nearest(
                lexical.table, words, query.leading, lengths, weights, meaning, same, min(count, len(self))
            )
        counts = lexical.counts(query)
        bounds = lexical.most(counts, weights[: len(NAMES)])
        is_open = bounds > 0.0
        near = np.flatnonzero(is_open)
        if len(meaning) or len(near) < count:
            near = np.arange(len(bounds))
        values, is_open = bounds[near], is_open[near]
        np.add(values, _ROUNDED, out=values, where=is_open)
        if len(meaning):
            values += _weighted(weights[len(NAMES) :], meaning)
        if same:
            values[np.searchsorted(near, same)] += _SAME
        while True:
            best = _top(values, 2 * count)
            first = best[:count]
            if not is_open[first].any():
                return list(zip(near[first].tolist(), values[first].tolist(), strict=True))
            waiting = best[is_open[best]]
            concepts = near[waiting]
            scores = _weighted(weights, (*lexical.features(counts, concepts).T, *meaning[:, concepts]))
            if same:
                scores[np.isin(concepts, same)] += _SAME
            values[waiting] = scores
            is_open[waiting] = False

    def link(self, text: str, top_k: int = 10, language: str | None = None) -> list[LinkedSkill]:
        """The concepts that a text names, in the order of the text; what it denies ("non serve saldatura") is left out.

        Only concepts whose labels stand in the text nearly word by word are returned, with the place where they stand:
        `text[found.start:found.end] == found.text`. At most `top_k`, the surest ones.

        Examples
        --------
        >>> linker = SkillLinker.fit([Concept("plc", {"it": ("programmazione PLC", "PLC")})], model="words")
        >>> linker.link("Un po' di PLC Siemens.")
        [LinkedSkill(id='plc', score=1.0, start=10, end=13, text='PLC')]
        >>> linker.link("Cerchiamo una persona gentile.")
        []
        """
        spoken = self._spoken(text, language)
        return self._mentions.wanted(text, spoken, top_k)

    def check(self, text: str, structured: Structured, language: str | None = None) -> list[Conflict]:
        """Where a text and its form disagree, in the order of the text, so that the writer can be asked.

        Examples
        --------
        >>> linker = SkillLinker.fit([Concept("welding", {"it": ("saldatura",)})], model="words")
        >>> [conflict] = linker.check("Non serve saldatura.", Structured(required=("welding",)))
        >>> conflict.code, conflict.text
        ('skill_denied', 'saldatura')
        """
        spoken = self._spoken(text, language)
        return find_conflicts(text, structured, self._mentions.all(text, spoken))

    def save(self, folder: Path) -> None:
        """Write the linker into a folder, which is made if need be; whoever reads at that moment sees the old one."""
        folder.mkdir(parents=True, exist_ok=True)
        kept = {
            "version": VERSION,
            "model": self.model,
            "ids": self._known.ids,
            "labels": self._known.labels,
            "owners": self._known.owners,
            "forms": self._known.forms,
            "texts": self._features.texts,
        }
        for number, meaning in enumerate(self._features.meanings):
            fresh = folder / f"vectors-{number}.tmp"
            with fresh.open("wb") as file:
                np.save(file, meaning.labels.floats())
            fresh.replace(folder / f"vectors-{number}.npy")
        fresh = folder / "labels.tmp"
        fresh.write_text(json.dumps(kept, ensure_ascii=False), encoding="utf-8")
        fresh.replace(folder / "labels.json")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a linker that `save` has written.

        Raises
        ------
        MatchingError
            Nothing there, or written by another version.
        MissingModel
            A model whose package is not installed any more.
        """
        try:
            kept = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
            if kept["version"] != VERSION:
                raise MatchingError(f"{folder} was written by another version")
            labels, forms = (
                [(text, language) for text, language in kept[name]] for name in ("labels", "forms")
            )
            known = _Labels(kept["ids"], labels, kept["owners"], forms)
            paths = sorted(folder.glob("vectors-*.npy"))
            vectors = [
                dict(zip(kept["texts"], np.load(path, allow_pickle=False), strict=True)) for path in paths
            ]
            return cls(known, kept["model"], vectors)
        except (OSError, KeyError, TypeError, ValueError) as trouble:
            if isinstance(trouble, MatchingError):
                raise
            raise MatchingError(f"no linker in {folder}: {trouble}") from trouble


def _read(concepts: Iterable[Concept], languages: Sequence[str]) -> _Labels:
    """The labels in the languages; of those with the same words, the first."""
    known = _Labels([], [], [], [])
    forms: set[tuple[str, str]] = set()
    seen: set[str] = set()
    for concept in concepts:
        if concept.id in seen:
            raise MatchingError(f"concept {concept.id!r} occurs twice")
        seen.add(concept.id)
        own: dict[tuple[str, ...], tuple[str, str]] = {}
        for language in languages:
            for label in concept.labels.get(language, ()):
                words = tuple(sorted(stems(label, language)))
                if words and own.setdefault(words, (label, language)) != (label, language):
                    forms.update((word, language) for word in WORD.findall(plain(label)))
        if own:
            known.owners.extend([len(known.ids)] * len(own))
            known.labels.extend(own.values())
            known.ids.append(concept.id)
    known.forms.extend(sorted(forms))
    return known


def _weighted(weights: Floats, features: Iterable[Floats]) -> Floats:
    """The sum of some features, each times its weight.

    One after the other: a matrix product rounds by the number of concepts, and equal scores would part.
    """
    found, *others = (weight * feature for weight, feature in zip(weights, features, strict=True))
    for other in others:
        found += other
    return np.asarray(found, np.float32)


def _top(values: Any, count: int) -> Any:
    """The places of the greatest values, equal ones in their order."""
    near = np.arange(len(values))
    if 0 < count < len(values):
        near = np.flatnonzero(values >= np.partition(values, len(values) - count)[len(values) - count])
    return near[np.argsort(-values[near], kind="stable")][:count]
